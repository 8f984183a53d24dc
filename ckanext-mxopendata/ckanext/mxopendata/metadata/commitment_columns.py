"""The headings of tables that promise data: opening plans, inventories, and counts of what is committed. Pure.

Sources: the plans of the national portal of 2026 (``conjunto_datos``, …, under the many headings its institutions
write), the plans of ADELA (``dep,name,desc,date``), the inventory of eight columns of the Guía, and the portal's count
of committed datasets (``institucion, filas_en_plan``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ckanext.mxopendata.metadata.catalogue_table import COLUMNS as CATALOGUE_COLUMNS
from ckanext.mxopendata.metadata.text import fold

PLAN, INVENTORY, TOTALS, CATALOGUE = "plan", "inventory", "totals", "catalogue"
# Years that a heading of dates may name.
_YEARS = range(2013, 2041)
_DATES = ("Fecha publicación", "Fecha de publicación")

_PLAN: Mapping[str, str] = {
    "conjunto_datos": "title",
    "Conjunto de datos": "title",
    "Nombre del conjunto de datos": "title",
    "descripcion_conjunto_datos": "description",
    "Descripción del conjunto de datos": "description",
    "recurso_datos": "resource",
    "Recurso de datos": "resource",
    "Nombre del recurso de datos": "resource",
    "descripcion_recurso_datos": "resource_description",
    "Descripción del recurso de datos": "resource_description",
    "area_genera_recurso_datos": "area",
    "area_que_genera_recurso_datos": "area",
    "Área que genera el recurso de datos": "area",
    "poblacion_objetivo_sector_uso": "users",
    "Población objetivo o sector de uso": "users",
    "Ciudadanía objetivo o sector de uso": "users",
    "importancia_recurso": "importance",
    "Importancia del recurso": "importance",
    "formato_recurso": "format",
    "Formato del recurso": "format",
    "formato": "format",
    "periodicidad_publicacion": "frequency",
    "Periodicidad de publicación": "frequency",
    **dict.fromkeys(_DATES, "promised"),
    **{f"{words} {year}": "promised" for words in _DATES for year in _YEARS},
    "observaciones": "notes",
    "fundamento": "legal_basis",
}
_ADELA: Mapping[str, str] = {"dep": "institution", "name": "title", "desc": "description", "date": "promised"}
_INVENTORY: Mapping[str, str] = {
    "Responsable": "area",
    "Nombre del conjunto": "title",
    "Nombre del recurso": "resource",
    "¿De qué es?": "description",
    "¿Tiene datos privados?": "access",
    "¿Tiene datos privados? (Público|Privado)": "access",
    "Razón por la cual los datos son privados": "reason",
    "¿En qué plataforma, tecnología, programa o sistema se albergan?": "platform",
    "Fecha estimada de publicación en datos.gob.mx": "promised",
    "Fecha estimada de publicación en datos.gob.mx (AAAA-MM[-DD])": "promised",
    "Fecha estimada de publicación": "promised",
}
_TOTALS: Mapping[str, str] = {"institucion": "institution", "filas_en_plan": "committed"}
# May stand in plans and inventories of several institutions.
_INSTITUTION: Mapping[str, str] = {"dependencia": "institution", "siglas": "institution"}
# Heading → what it is, of every kind of table.
HEADINGS: Mapping[str, str] = {**_PLAN, **_ADELA, **_INVENTORY, **_TOTALS, **_INSTITUTION}
KNOWN: tuple[str, ...] = (*HEADINGS, *CATALOGUE_COLUMNS)
_KINDS = (
    (CATALOGUE, frozenset(CATALOGUE_COLUMNS)),
    (INVENTORY, frozenset(_INVENTORY)),
    (TOTALS, frozenset(_TOTALS)),
    (PLAN, frozenset(_PLAN)),
    (PLAN, frozenset(_ADELA)),
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def kind_of(headings: Iterable[str]) -> str:
    """Which kind of table has these headings: the one with most of them.

    Args:
        headings: as :func:`ckanext.mxopendata.metadata.tables.read_table` names them.

    Returns:
        ``plan``, ``inventory``, ``totals``, or ``catalogue`` for a table that publishes instead of promising.
    """
    found = set(headings)
    return max(_KINDS, key=lambda kind: len(found & kind[1]))[0]


def year_in(text: str) -> str | None:
    """The only year that a heading or the name of a file names, or ``None``."""
    years = set(_YEAR.findall(fold(text)))
    return years.pop() if len(years) == 1 else None
