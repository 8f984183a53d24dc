"""The tables of the pages as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.mxopendata.downloads import csv_lines
from ckanext.mxopendata.quality.publication_index import weights
from ckanext.mxopendata.quality.register import HEADLINES, REGISTER, family_of

NO_DATA = "sin datos"
YES, NO = "sí", "no"
_Line = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """One table of a report.

    Attributes:
        key: where its lines are in the report.
        columns: heading → how to read the cell from a line.
    """

    key: str
    columns: Mapping[str, Callable[[_Line], Any]]

    def write(self, rows: Iterable[_Line]) -> Iterator[str]:
        """The file of some lines, line by line."""
        return csv_lines(list(self.columns), self.cells(rows))

    def cells(self, rows: Iterable[_Line]) -> Iterator[list[Any]]:
        """What stands in some lines, as people read it."""
        return ([in_words(read(row)) for read in self.columns.values()] for row in rows)


def in_words(cell: Any) -> Any:
    """A cell as people read it: what is unknown is ``sin datos``, never empty or zero."""
    if cell is None:
        return NO_DATA
    if isinstance(cell, bool):
        return YES if cell else NO
    return cell


def _get(name: str) -> Callable[[_Line], Any]:
    return lambda line: line[name]


def _figure(indicator_id: str) -> Callable[[_Line], Any]:
    return lambda line: line["indicators"][indicator_id]["value"]


def _kept_figure(indicator_id: str) -> Callable[[_Line], Any]:
    # A figure that is newer than the snapshot was not known then.
    return lambda line: line["indicators"].get(indicator_id, {}).get("value")


def _score(dimension: str) -> Callable[[_Line], Any]:
    return lambda line: line["dimensions"].get(dimension, {}).get("score")


def _run(name: str) -> Callable[[_Line], Any]:
    return lambda line: (line["last_run"] or {}).get(name)


def _missing(line: _Line) -> str:
    return "; ".join(each["field"] for each in line["missing"])


_FIGURES = {indicator_id: _figure(indicator_id) for indicator_id in HEADLINES}
_EVERY_FIGURE = {indicator_id: _figure(indicator_id) for indicator_id in REGISTER}
_PART = {"clave": _get("key"), "nombre": _get("label"), "instituciones": _get("institutions"), **_EVERY_FIGURE}
_FORMATS = Table(
    "formats",
    {
        "formato": _get("format"),
        "nombre": _get("label"),
        "abierto": _get("open"),
        "legible_por_maquina": _get("machine_readable"),
        "recursos": _get("resources"),
    },
)
_METHODS = Table(
    "methods",
    {
        "indicador": _get("indicator"),
        "nombre": _get("name"),
        "valor": _get("value"),
        "unidad": _get("unit"),
        "numerador": _get("numerator"),
        "denominador": _get("denominator"),
        "situacion": lambda line: "ok" if line["status"] == "ok" else NO_DATA,
    },
)
_FRESHNESS = Table("freshness", {"situacion": _get("freshness"), "conjuntos": _get("datasets")})

DATASETS = Table(
    "results",
    {
        "conjunto": _get("dataset"),
        "titulo": _get("title"),
        "institucion": _get("institution"),
        "nombre_institucion": _get("institution_title"),
        "situacion": _get("freshness"),
        "frecuencia": _get("frequency"),
        "modificado": _get("modified"),
        "proxima_actualizacion": _get("due"),
        "puntos": _get("points"),
        "puntos_posibles": _get("points_max"),
        "falta": _missing,
        "recursos": _get("resources"),
        "recursos_abiertos": _get("open_resources"),
        "recursos_legibles_por_maquina": _get("machine_readable_resources"),
        "con_licencia": _get("licensed"),
        "con_contacto": _get("with_contact"),
    },
)
PORTAL: Mapping[str, Table] = {
    "instituciones": Table(
        "institutions",
        {
            "institucion": _get("institution"),
            "nombre": _get("title"),
            "orden_de_gobierno": _get("gov_type"),
            "entidad": _get("state"),
            **_FIGURES,
            "ultima_cosecha": _run("finished"),
            "situacion_de_la_cosecha": _run("status"),
        },
    ),
    "ordenes": Table("orders_of_government", _PART),
    "entidades": Table("states", _PART),
    "formatos": _FORMATS,
    "frescura": _FRESHNESS,
    "metodos": _METHODS,
}
INSTITUTION: Mapping[str, Table] = {
    "metodos": _METHODS,
    "frescura": _FRESHNESS,
    "formatos": _FORMATS,
    "metadatos": Table("completeness", {"desde": _get("from"), "hasta": _get("to"), "conjuntos": _get("datasets")}),
    "mejoras": Table(
        "improvements",
        {"campo": _get("field"), "nombre": _get("label"), "conjuntos": _get("datasets"), "puntos": _get("points")},
    ),
    "cifras": Table(
        "figures",
        {
            "indicador": _get("id"),
            "nombre": _get("name"),
            "valor": _get("value"),
            "unidad": _get("unit"),
            "numerador": _get("numerator"),
            "denominador": _get("denominator"),
        },
    ),
    "compromisos": Table(
        "timeline",
        {
            "conjunto": _get("title"),
            "recurso": _get("resource"),
            "fecha_prometida": _get("promised"),
            "fechas_anteriores": lambda line: "; ".join(line["former"]),
            "publicado": _get("published_on"),
            "retirado": _get("withdrawn_on"),
            "situacion": _get("status"),
            "a_tiempo": _get("timing"),
        },
    ),
    "calendario": Table(
        "calendar",
        {"mes": _get("month"), "que": _get("what"), "titulo": _get("title"), "fecha": _get("day")},
    ),
    "anual": Table(
        "per_year",
        {
            "ano": _get("year"),
            "creados": _get("created"),
            "actualizados": _get("updated"),
            "comprometidos": _get("committed"),
            "comprometidos_segun_conteo": _get("counted"),
            "conteo": _get("counted_in"),
        },
    ),
    "cosechas": Table(
        "runs",
        {
            "corrida": _get("run"),
            "fuente": _get("source"),
            "situacion": _get("status"),
            "terminada": _get("finished"),
            "leidos": lambda line: line.get("read"),
            "creados": lambda line: line.get("created"),
            "actualizados": lambda line: line.get("updated"),
            "sin_cambio": lambda line: line.get("unchanged"),
            "rechazados": lambda line: line.get("rejected"),
            "avisos": lambda line: line.get("warnings"),
            "informe": _get("report_url"),
        },
    ),
}


SERIES = Table(
    "series",
    {
        "dia": _get("day"),
        "institucion": _get("institution"),
        "nombre": _get("title"),
        "orden_de_gobierno": _get("gov_type"),
        "entidad": _get("state"),
        **{indicator_id: _kept_figure(indicator_id) for indicator_id in HEADLINES},
        "calculado": _get("as_of"),
        "version_de_las_formulas": _get("formula_version"),
    },
)


def ranking() -> Table:
    """The table of the ranking: one column for each dimension of the weights in use."""
    scores = {f"{name}_de_100": _score(name) for name in weights().dimensions}
    return Table(
        "ranking",
        {
            "lugar": _get("position"),
            "empate": _get("tied"),
            "institucion": _get("institution"),
            "nombre": _get("title"),
            "orden_de_gobierno": _get("gov_type"),
            "entidad": _get("state"),
            "indice": _get("index"),
            "puntos_conocidos": _get("known"),
            **scores,
            "lugar_anterior": _get("previous"),
            "cambio": _get("change"),
            "dia": _get("day"),
        },
    )


FIELDS = Table(
    "fields",
    {
        "campo": _get("field"),
        "nombre": _get("label"),
        "puntos": _get("points"),
        "puntos_posibles": _get("points_max"),
        "hallazgo": lambda line: line["message"] or "",
        "remedio": lambda line: line["cure"] or "",
    },
)
METHODOLOGY = Table(
    "indicators",
    {
        "familia": lambda line: family_of(line["id"]),
        "indicador": _get("id"),
        "nombre": _get("name"),
        "formula": _get("formula"),
        "unidad": _get("unit"),
        "mejor": _get("direction"),
        "fuente": _get("source"),
    },
)
