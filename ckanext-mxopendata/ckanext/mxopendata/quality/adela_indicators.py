"""ADELA's grade, medal and opening as indicators of an institution, a state or the whole portal (family ``adela``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ckanext.mxopendata.quality import adela
from ckanext.mxopendata.quality.indicators import Evidence, Indicator
from ckanext.mxopendata.quality.values import Unit, Value, count, no_data

_SOURCE = "ADELA, datos.gob.mx hasta 2018 (mxabierto/adela)"
PREFIX = "adela."
GRADE, MEDAL, OPENING = "adela.calificacion", "adela.medalla", "adela.apertura"
MEDAL_NAMES: Mapping[int, Mapping[str, str]] = {
    adela.NO_MEDAL: {"es": "Sin medalla", "en": "No medal"},
    adela.BRONZE: {"es": "Bronce", "en": "Bronze"},
    adela.SILVER: {"es": "Plata", "en": "Silver"},
    adela.GOLD: {"es": "Oro", "en": "Gold"},
}
# Medal → last word of the id of its count.
WORDS: Mapping[int, str] = {
    adela.GOLD: "oro",
    adela.SILVER: "plata",
    adela.BRONZE: "bronce",
    adela.NO_MEDAL: "sin_medalla",
}
_MEDALS = {
    adela.GOLD: {
        "es": "Recursos con medalla de oro: los de plata cuyo conjunto se actualiza con la frecuencia que declara.",
        "en": "Resources with a gold medal: those of silver whose dataset is updated as often as it declares.",
    },
    adela.SILVER: {
        "es": "Recursos con medalla de plata: los de bronce que dicen nombre y correo de un responsable, sin oro.",
        "en": "Resources with a silver medal: those of bronze with name and e-mail of an owner, without gold.",
    },
    adela.BRONZE: {
        "es": "Recursos con medalla de bronce: dirección, título, descripción, tema y etiquetas, sin plata.",
        "en": "Resources with a bronze medal: address, title, description, theme and tags, without silver.",
    },
    adela.NO_MEDAL: {
        "es": "Recursos a los que les falta dirección, título, descripción, tema o etiquetas.",
        "en": "Resources that lack an address, title, description, theme or tags.",
    },
}


def _counts(evidence: Evidence) -> adela.ResourceCounts:
    return evidence.sums.families.adela


def _resources(evidence: Evidence) -> int:
    return sum(_counts(evidence).medals.values())


def _recommendations(evidence: Evidence) -> int:
    """How much the to-do list holds at least: overdue datasets, and whether metadata are missing."""
    sums = evidence.sums
    return sums.overdue + (round(sums.points, 1) < sums.points_max)


def _grade(evidence: Evidence) -> Value:
    if not _resources(evidence):
        return no_data("points")
    promised = evidence.commitments
    found = adela.grade(
        _counts(evidence),
        unpublished=promised.committed_unpublished if promised and promised.planned else None,
        downloads=None,
        recommendations=_recommendations(evidence),
    )
    return Value(value=found.value, unit="points", numerator=found.points, denominator=found.out_of, status="ok")


def _known(unit: Unit, number: int | None) -> Value:
    return (
        no_data(unit)
        if number is None
        else Value(value=number, unit=unit, numerator=None, denominator=None, status="ok")
    )


def _with_medal(medal: int) -> Callable[[Evidence], Value]:
    def compute(evidence: Evidence) -> Value:
        resources = _resources(evidence)
        if not resources:
            return no_data("resources")
        return count(_counts(evidence).medals.get(medal, 0), "resources", resources)

    return compute


_DEFINITIONS = (
    Indicator(
        id=GRADE,
        name={"es": "Calificación, de 0 a 10", "en": "Grade, 0 to 10"},
        formula={
            "es": "Parte entera de los puntos entre diez. 40, 50 o 60 puntos por la medalla de bronce, plata u oro; 15 "
            "si nada de lo comprometido está sin publicar; 15 si hubo descargas; 10 si no hay recomendaciones "
            "abiertas: conjuntos vencidos o metadatos que faltan. Lo que no se sabe no suma, y se dice de cuántos "
            "puntos es la suma: 85 sin cifras de uso, 70 si tampoco se conocen los compromisos.",
            "en": "The whole part of the points divided by ten. 40, 50 or 60 points for the medal of bronze, silver or "
            "gold; 15 if nothing promised is unpublished; 15 if anything was downloaded; 10 without an open "
            "recommendation: overdue datasets or missing metadata. What is not known adds nothing, and it is said of "
            "how many points the sum is: 85 without figures of use, 70 where promises are not known either.",
        },
        unit="points",
        direction="more",
        source=_SOURCE,
        compute=_grade,
    ),
    Indicator(
        id=MEDAL,
        name={"es": "Medalla", "en": "Medal"},
        formula={
            "es": "Parte entera del promedio de las medallas de los recursos (1 bronce, 2 plata, 3 oro); un recurso "
            "sin medalla cuenta como 1, como en el original.",
            "en": "The whole part of the mean of the medals of the resources (1 bronze, 2 silver, 3 gold); a resource "
            "without a medal counts as 1, as in the original.",
        },
        unit="medal",
        direction="more",
        source=_SOURCE,
        compute=lambda evidence: _known("medal", adela.institution_medal(_counts(evidence))),
    ),
    Indicator(
        id=OPENING,
        name={"es": "Apertura, en estrellas", "en": "Opening, in stars"},
        formula={
            "es": "Parte entera de la mediana de las estrellas de los formatos: 1 PDF e imágenes, 2 hojas de cálculo "
            "propietarias, 3 formatos abiertos, 4 RDF, 5 datos enlazados. Los formatos desconocidos no cuentan.",
            "en": "The whole part of the median of the stars of the formats: 1 PDF and images, 2 proprietary "
            "spreadsheets, 3 open formats, 4 RDF, 5 linked data. Unknown formats do not count.",
        },
        unit="stars",
        direction="more",
        source=_SOURCE,
        compute=lambda evidence: _known("stars", adela.opening(_counts(evidence))),
    ),
    *(
        Indicator(
            id=f"{PREFIX}recursos_{word}",
            name={
                "es": f"Recursos: {MEDAL_NAMES[medal]['es'].lower()}",
                "en": f"Resources: {MEDAL_NAMES[medal]['en'].lower()}",
            },
            formula=_MEDALS[medal],
            unit="resources",
            direction="less" if medal == adela.NO_MEDAL else "neutral",
            source=_SOURCE,
            compute=_with_medal(medal),
            criterion=f"{PREFIX}{word}",
        )
        for medal, word in WORDS.items()
    ),
)

INDICATORS: Mapping[str, Indicator] = {indicator.id: indicator for indicator in _DEFINITIONS}
