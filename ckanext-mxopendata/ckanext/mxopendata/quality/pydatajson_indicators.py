"""pydatajson's indicators of an institution, a state or the whole portal (family ``pydatajson``).

Measured over the entries that the datasets have in the exported data.json; each is taken as one catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ckanext.mxopendata.quality.indicators import Evidence, Indicator
from ckanext.mxopendata.quality.pydatajson_sums import EntrySums, use_of_head
from ckanext.mxopendata.quality.values import Unit, Value, count, no_data, share

_SOURCE = "pydatajson 0.4.67, red de nodos de Argentina (schemas/argentine_profile.yaml)"
PREFIX = "pydatajson."


def _sums(evidence: Evidence) -> EntrySums:
    return evidence.sums.families.pydatajson


def _counted(unit: Unit, read: Callable[[EntrySums], int], *, whole: bool = True) -> Callable[[Evidence], Value]:
    def compute(evidence: Evidence) -> Value:
        sums = _sums(evidence)
        return count(read(sums), unit, sums.datasets if whole else None)

    return compute


def _share(part: Callable[[EntrySums], int]) -> Callable[[Evidence], Value]:
    return lambda evidence: share(part(_sums(evidence)), _sums(evidence).datasets)


def _age(evidence: Evidence) -> Value:
    newest = _sums(evidence).modified
    return no_data("days") if newest is None else count((evidence.now.date() - newest).days, "days")


def _recommended(evidence: Evidence) -> Value:
    use = _sums(evidence).use + use_of_head()
    return share(use.recommended, use.recommended_possible) if _sums(evidence).datasets else no_data("share")


def _optional(evidence: Evidence) -> Value:
    use = _sums(evidence).use + use_of_head()
    return share(use.optional, use.optional_possible) if _sums(evidence).datasets else no_data("share")


def _links(unit: Unit) -> Callable[[Evidence], Value]:
    # Nobody has tried them yet.
    return lambda _evidence: no_data(unit)


def _define(
    name: str,
    names: tuple[str, str],
    formulas: tuple[str, str],
    compute: Callable[[Evidence], Value],
    criterion: str | None = None,
) -> Indicator:
    kind = name.rsplit("_", 1)[-1]
    units: dict[str, Unit] = {"pct": "share", "dias": "days"}
    unit: Unit = units.get(kind, "resources" if name.startswith("distribuciones") else "datasets")
    worse = any(word in name for word in ("error", "sin_datos", "desactualizados", "dias"))
    plain = name in ("datasets_cant", "distribuciones_cant")
    return Indicator(
        id=f"{PREFIX}{name}",
        name={"es": names[0], "en": names[1]},
        formula={"es": formulas[0], "en": formulas[1]},
        unit=unit,
        direction="neutral" if plain else "less" if worse else "more",
        source=_SOURCE,
        compute=compute,
        criterion=f"{PREFIX}{criterion}" if criterion else None,
    )


_VALID = (
    "Conjuntos cuyo registro en el data.json cumple con el perfil de metadatos de Argentina, que pide más que el "
    "nuestro (por ejemplo «superTheme»)",
    "Datasets whose entry in the data.json keeps to Argentina's profile of metadata, which asks for more than ours "
    "(for example “superTheme”)",
)
_DATA = (
    "Conjuntos con al menos una distribución en un formato de datos (CSV, hoja de cálculo, JSON, XML, SHP, KML, ZIP…)",
    "Datasets with at least one distribution in a format of data (CSV, spreadsheet, JSON, XML, SHP, KML, ZIP…)",
)
_UP_TO_DATE = (
    "Conjuntos cuya fecha de modificación tiene menos de 1.2 veces el periodo que declaran, en días completos",
    "Datasets whose date of modification is less than 1.2 times their declared period ago, in whole days",
)
_LINKS = (
    "según la última comprobación de los enlaces; sin datos mientras nadie los compruebe.",
    "by the last check of the links; no data as long as nobody checks them.",
)

_DEFINITIONS = (
    _define(
        "datasets_cant",
        ("Conjuntos de datos", "Datasets"),
        ("Número de conjuntos de datos públicos en el data.json.", "Number of public datasets in the data.json."),
        _counted("datasets", lambda sums: sums.datasets, whole=False),
    ),
    _define(
        "distribuciones_cant",
        ("Distribuciones", "Distributions"),
        ("Número de distribuciones de esos conjuntos.", "Number of distributions of those datasets."),
        _counted("resources", lambda sums: sums.distributions, whole=False),
    ),
    _define(
        "datasets_meta_ok_cant",
        ("Con metadatos válidos", "With valid metadata"),
        (f"{_VALID[0]}.", f"{_VALID[1]}."),
        _counted("datasets", lambda sums: sums.valid),
        "valid",
    ),
    _define(
        "datasets_meta_error_cant",
        ("Con errores en los metadatos", "With errors in the metadata"),
        ("Conjuntos cuyo registro no cumple con ese perfil.", "Datasets whose entry does not keep to that profile."),
        _counted("datasets", lambda sums: sums.datasets - sums.valid),
        "invalid",
    ),
    _define(
        "datasets_meta_ok_pct",
        ("Proporción con metadatos válidos", "Share with valid metadata"),
        (f"{_VALID[0]}, entre todos.", f"{_VALID[1]}, of all."),
        _share(lambda sums: sums.valid),
        "valid",
    ),
    _define(
        "datasets_con_datos_cant",
        ("Con datos", "With data"),
        (f"{_DATA[0]}.", f"{_DATA[1]}."),
        _counted("datasets", lambda sums: sums.with_data),
        "with_data",
    ),
    _define(
        "datasets_sin_datos_cant",
        ("Sin datos en sus distribuciones", "Without data in their distributions"),
        ("Conjuntos sin ninguna distribución de datos.", "Datasets without any distribution of data."),
        _counted("datasets", lambda sums: sums.datasets - sums.with_data),
        "without_data",
    ),
    _define(
        "datasets_con_datos_pct",
        ("Proporción con datos", "Share with data"),
        (f"{_DATA[0]}, entre todos.", f"{_DATA[1]}, of all."),
        _share(lambda sums: sums.with_data),
        "with_data",
    ),
    _define(
        "datasets_actualizados_cant",
        ("Actualizados", "Updated"),
        (f"{_UP_TO_DATE[0]}.", f"{_UP_TO_DATE[1]}."),
        _counted("datasets", lambda sums: sums.fresh),
        "fresh",
    ),
    _define(
        "datasets_desactualizados_cant",
        ("Desactualizados", "Out of date"),
        (
            "Conjuntos con frecuencia que no están actualizados, o sin fecha legible. Uno irregular no tiene periodo: "
            "cuenta aquí, a diferencia de nuestros indicadores.",
            "Datasets with a frequency that are not updated, or without a readable date. An irregular one has no "
            "period: it counts here, unlike in our indicators.",
        ),
        _counted("datasets", lambda sums: sums.stale),
        "stale",
    ),
    _define(
        "datasets_actualizados_pct",
        ("Proporción de actualizados", "Share of updated"),
        (
            f"{_UP_TO_DATE[0]}, entre todos, también los que no dicen su frecuencia.",
            f"{_UP_TO_DATE[1]}, of all, also those that do not say their frequency.",
        ),
        _share(lambda sums: sums.fresh),
        "fresh",
    ),
    _define(
        "catalogo_ultima_actualizacion_dias",
        ("Días desde la última actualización", "Days since the last update"),
        (
            "Días desde la fecha de modificación más reciente de sus conjuntos.",
            "Days since the newest date of modification of its datasets.",
        ),
        _age,
    ),
    _define(
        "campos_recomendados_pct",
        ("Campos recomendados", "Recommended fields"),
        (
            "Campos recomendados por el perfil que están, entre los que podrían estar, del catálogo, sus conjuntos y "
            "distribuciones.",
            "Fields recommended by the profile that are there, of those that could be, of the catalogue, its datasets "
            "and distributions.",
        ),
        _recommended,
    ),
    _define(
        "campos_optativos_pct",
        ("Campos optativos", "Optional fields"),
        ("Lo mismo de los campos optativos del perfil.", "The same of the optional fields of the profile."),
        _optional,
    ),
    _define(
        "distribuciones_download_url_ok_cant",
        ("Descargas que responden", "Downloads that answer"),
        (f"Distribuciones cuya descarga responde, {_LINKS[0]}", f"Distributions whose download answers, {_LINKS[1]}"),
        _links("resources"),
    ),
    _define(
        "distribuciones_download_url_error_cant",
        ("Descargas que no responden", "Downloads that do not answer"),
        (
            f"Distribuciones cuya descarga no responde, {_LINKS[0]}",
            f"Distributions whose download does not answer, {_LINKS[1]}",
        ),
        _links("resources"),
    ),
    _define(
        "distribuciones_download_url_ok_pct",
        ("Proporción de descargas que responden", "Share of downloads that answer"),
        (
            f"Distribuciones cuya descarga responde, entre las comprobadas, {_LINKS[0]}",
            f"Distributions whose download answers, of those checked, {_LINKS[1]}",
        ),
        _links("share"),
    ),
)

INDICATORS: Mapping[str, Indicator] = {indicator.id: indicator for indicator in _DEFINITIONS}
