"""Our own indicators (family ``mx``): what an institution published and how good it is.

Those of datasets count what is public, active and not archived, measured in the database; those of promises stand in
:mod:`.commitment_indicators`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ckanext.mxopendata.quality.commitment_indicators import COMMITMENT_INDICATORS
from ckanext.mxopendata.quality.indicators import Evidence, Indicator
from ckanext.mxopendata.quality.publication_index import publication_index, weights
from ckanext.mxopendata.quality.values import Value, count, no_data, percentage
from ckanext.mxopendata.quality.years import PORTAL_OF_2025

_GUIDE = "Guía de Implementación de la Política de Datos Abiertos, 2017"
_OPENNESS = "Decreto por el que se establece la regulación en materia de Datos Abiertos, 2015, artículo 4"
_FORMATS = "schemas/vocabularies/file_types.csv"


def _datasets(evidence: Evidence) -> Value:
    return count(evidence.sums.datasets, "datasets")


def _resources(evidence: Evidence) -> Value:
    return count(evidence.sums.resources, "resources")


def _up_to_date(evidence: Evidence) -> Value:
    return percentage(evidence.sums.up_to_date, evidence.sums.judged)


def _overdue(evidence: Evidence) -> Value:
    judged = evidence.sums.judged
    return count(evidence.sums.overdue, "datasets", judged) if judged else no_data("datasets", 0, 0)


def _completeness(evidence: Evidence) -> Value:
    return percentage(round(evidence.sums.points, 1), evidence.sums.points_max)


def _open_formats(evidence: Evidence) -> Value:
    return percentage(evidence.sums.open_resources, evidence.sums.resources)


def _machine_readable(evidence: Evidence) -> Value:
    return percentage(evidence.sums.machine_readable_resources, evidence.sums.resources)


def _licensed(evidence: Evidence) -> Value:
    return percentage(evidence.sums.licensed, evidence.sums.datasets)


def _with_contact(evidence: Evidence) -> Value:
    return percentage(evidence.sums.with_contact, evidence.sums.datasets)


def _created_this_year(evidence: Evidence) -> Value:
    return _where_known(evidence, evidence.sums.created_this_year, evidence.sums.created_known)


def _updated_this_year(evidence: Evidence) -> Value:
    return _where_known(evidence, evidence.sums.updated_this_year, evidence.sums.updated_known)


def _where_known(evidence: Evidence, number: int, known: int) -> Value:
    """A count of datasets; no data where there are some and nothing is known of any."""
    return count(number, "datasets", known) if known or not evidence.sums.datasets else no_data("datasets", 0, 0)


def _index(evidence: Evidence) -> Value:
    given = weights()
    return publication_index({name: INDICATORS[name].compute(evidence) for name in given.indicators}, given)


def _last_harvest(evidence: Evidence) -> Value:
    if not evidence.runs:
        return no_data("days")
    age = evidence.now - max(run.finished for run in evidence.runs)
    return count(max(age // timedelta(days=1), 0), "days")


def _harvest_findings(evidence: Evidence) -> Value:
    known = [run for run in evidence.runs if run.with_findings is not None]
    if not known:
        return no_data("records")
    return count(sum(run.with_findings or 0 for run in known), "records", sum(run.read for run in known))


_DEFINITIONS = (
    Indicator(
        id="mx.datasets",
        name={"es": "Conjuntos de datos", "en": "Datasets"},
        formula={
            "es": "Número de conjuntos de datos públicos, activos y no archivados.",
            "en": "Number of datasets that are public, active and not archived.",
        },
        unit="datasets",
        direction="more",
        source=_GUIDE,
        compute=_datasets,
    ),
    Indicator(
        id="mx.resources",
        name={"es": "Recursos", "en": "Resources"},
        formula={
            "es": "Número de recursos (archivos y servicios) de esos conjuntos de datos.",
            "en": "Number of resources (files and services) of those datasets.",
        },
        unit="resources",
        direction="more",
        source=_GUIDE,
        compute=_resources,
    ),
    Indicator(
        id="mx.up_to_date",
        name={"es": "Al día", "en": "Up to date"},
        formula={
            "es": (
                "Conjuntos cuya antigüedad (hoy menos su fecha de modificación o, si no la dicen, la más reciente de "
                "sus recursos) es menor que 1.2 veces el periodo de "
                "su frecuencia declarada, entre los conjuntos con frecuencia periódica y fecha legible, por 100. Un "
                "año son 365 días y un mes, 30. Los conjuntos irregulares, en tiempo real, sin frecuencia, sin fecha o "
                "con fecha futura no se pueden juzgar: se muestran aparte y no entran en la división."
            ),
            "en": (
                "Datasets whose age (today minus their date of modification or, where they do not say it, the newest "
                "of their resources) is less than 1.2 times the period of "
                "their declared frequency, divided by the datasets with a periodic frequency and a readable date, "
                "times 100. A year is 365 days and a month 30. Datasets that are irregular, real time, without "
                "frequency, without date or dated in the future cannot be judged: they are shown apart and left out "
                "of the division."
            ),
        },
        unit="percent",
        direction="more",
        source=f"{_GUIDE} (frecuencia de actualización); tolerancia de 1.2: pydatajson, Argentina",
        compute=_up_to_date,
        criterion="up_to_date",
    ),
    Indicator(
        id="mx.overdue",
        name={"es": "Vencidos", "en": "Overdue"},
        formula={
            "es": (
                "Número de conjuntos con frecuencia periódica y fecha legible cuya antigüedad es de 1.2 veces el "
                "periodo declarado o más."
            ),
            "en": (
                "Number of datasets with a periodic frequency and a readable date whose age is 1.2 times the declared "
                "period or more."
            ),
        },
        unit="datasets",
        direction="less",
        source=f"{_GUIDE} (frecuencia de actualización); tolerancia de 1.2: pydatajson, Argentina",
        compute=_overdue,
        criterion="overdue",
    ),
    Indicator(
        id="mx.completeness",
        name={"es": "Metadatos completos", "en": "Complete metadata"},
        formula={
            "es": (
                "Suma de los puntos de metadatos que tienen los conjuntos entre la suma de los que podrían tener, por "
                "100. La tabla de puntos por campo está en la metodología."
            ),
            "en": (
                "Sum of the metadata points that the datasets have, divided by the sum of those they could have, times "
                "100. The table of points by field stands in the methodology."
            ),
        },
        unit="percent",
        direction="more",
        source=f"{_GUIDE} (metadatos obligatorios y recomendados)",
        compute=_completeness,
        criterion="complete",
    ),
    Indicator(
        id="mx.open_formats",
        name={"es": "Formatos abiertos", "en": "Open formats"},
        formula={
            "es": (
                "Recursos que declaran un formato abierto (no propietario) según el vocabulario de formatos, entre "
                "todos los recursos, por 100. Un recurso sin formato reconocible no cuenta como abierto."
            ),
            "en": (
                "Resources that declare an open (non-proprietary) format of the vocabulary of formats, divided by all "
                "resources, times 100. A resource without a recognisable format does not count as open."
            ),
        },
        unit="percent",
        direction="more",
        source=f"{_OPENNESS}; {_FORMATS}",
        compute=_open_formats,
        criterion="open_formats",
    ),
    Indicator(
        id="mx.machine_readable",
        name={"es": "Legibles por máquina", "en": "Machine readable"},
        formula={
            "es": (
                "Recursos que declaran un formato legible por máquina según el vocabulario de formatos, entre todos "
                "los recursos, por 100. Un recurso sin formato reconocible no cuenta como legible."
            ),
            "en": (
                "Resources that declare a machine readable format of the vocabulary of formats, divided by all "
                "resources, times 100. A resource without a recognisable format does not count as readable."
            ),
        },
        unit="percent",
        direction="more",
        source=f"{_OPENNESS}; {_FORMATS}",
        compute=_machine_readable,
        criterion="machine_readable",
    ),
    Indicator(
        id="mx.licensed",
        name={"es": "Con licencia", "en": "With a licence"},
        formula={
            "es": (
                "Conjuntos que nombran una licencia conocida, propia o en cada uno de sus recursos, entre todos los "
                "conjuntos, por 100."
            ),
            "en": (
                "Datasets that name a known licence, their own or one on each of their resources, divided by all "
                "datasets, times 100."
            ),
        },
        unit="percent",
        direction="more",
        source=_GUIDE,
        compute=_licensed,
        criterion="licensed",
    ),
    Indicator(
        id="mx.with_contact",
        name={"es": "Con contacto", "en": "With a contact"},
        formula={
            "es": ("Conjuntos con un contacto que tiene correo electrónico, entre todos los conjuntos, por 100."),
            "en": "Datasets with a contact that has an e-mail, divided by all datasets, times 100.",
        },
        unit="percent",
        direction="more",
        source=_GUIDE,
        compute=_with_contact,
        criterion="with_contact",
    ),
    Indicator(
        id="mx.created_this_year",
        name={"es": "Creados este año", "en": "Created this year"},
        formula={
            "es": (
                "Conjuntos con al menos un recurso creado en el año en curso (tiempo universal), de los que se sabe "
                "cuándo se crearon sus recursos. Un recurso cosechado se creó cuando llegó al portal."
            ),
            "en": (
                "Datasets with at least one resource created in the current year (universal time), of those of which "
                "it is known when their resources were created. A harvested resource was created when it came to the "
                "portal."
            ),
        },
        unit="datasets",
        direction="more",
        source=PORTAL_OF_2025,
        compute=_created_this_year,
        criterion="created_this_year",
    ),
    Indicator(
        id="mx.updated_this_year",
        name={"es": "Actualizados este año", "en": "Updated this year"},
        formula={
            "es": (
                "Conjuntos con al menos un recurso creado en un año anterior y modificado por última vez en el año en "
                "curso (tiempo universal), de los que se sabe cuándo se crearon y se modificaron sus recursos."
            ),
            "en": (
                "Datasets with at least one resource created in an earlier year and last modified in the current one "
                "(universal time), of those of which it is known when their resources were created and modified."
            ),
        },
        unit="datasets",
        direction="more",
        source=PORTAL_OF_2025,
        compute=_updated_this_year,
        criterion="updated_this_year",
    ),
    Indicator(
        id="mx.index",
        name={"es": "Índice de publicación", "en": "Publication index"},
        formula={
            "es": (
                "Suma de los puntos de las dimensiones (cada porcentaje por su peso, los pesos suman 100), entre el "
                "peso de las dimensiones con datos, por 100. Una dimensión sin datos no cuenta como cero: se deja "
                "fuera y se dice. Si se conoce menos de la mitad del peso, no hay índice."
            ),
            "en": (
                "Sum of the points of the dimensions (each percentage times its weight, the weights add up to 100), "
                "divided by the weight of the dimensions that are known, times 100. A dimension without data does not "
                "count as zero: it is left out, and that is said. Where less than half of the weight is known there "
                "is no index."
            ),
        },
        unit="points",
        direction="more",
        source="schemas/quality.yaml (index)",
        compute=_index,
    ),
    Indicator(
        id="mx.last_harvest",
        name={"es": "Días desde la última cosecha", "en": "Days since the last harvest"},
        formula={
            "es": "Días completos entre el fin de la última cosecha terminada de sus fuentes y hoy.",
            "en": "Whole days between the end of the last finished harvest of its sources and today.",
        },
        unit="days",
        direction="less",
        source="ckanext-mxopendata",
        compute=_last_harvest,
    ),
    Indicator(
        id="mx.harvest_findings",
        name={"es": "Registros con hallazgos", "en": "Records with findings"},
        formula={
            "es": "Registros con avisos o rechazados en la última cosecha terminada de cada fuente, sumados.",
            "en": "Records with warnings or rejected in the last finished harvest of each source, added up.",
        },
        unit="records",
        direction="less",
        source="ckanext-mxopendata",
        compute=_harvest_findings,
    ),
)

INDICATORS: Mapping[str, Indicator] = {indicator.id: indicator for indicator in (*_DEFINITIONS, *COMMITMENT_INDICATORS)}
