"""Addresses of the dashboard's pages: parameters are Spanish words, as the pages are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.quality.freshness import (
    FUTURE_DATE,
    IRREGULAR,
    NO_DATE,
    NO_FREQUENCY,
    OVERDUE,
    REALTIME,
    UP_TO_DATE,
)
from ckanext.mxopendata.quality.register import REGISTER

PAGE_SIZE = 50
NO_FORMAT = "ninguno"
FRESHNESS_WORDS: Mapping[str, str] = {
    UP_TO_DATE: "al-dia",
    OVERDUE: "vencido",
    IRREGULAR: "irregular",
    REALTIME: "tiempo-real",
    NO_FREQUENCY: "sin-frecuencia",
    NO_DATE: "sin-fecha",
    FUTURE_DATE: "fecha-futura",
}
SORT_WORDS: Mapping[str, str] = {
    "title": "nombre",
    "due": "vence",
    "-due": "-vence",
    "points": "puntos",
    "-points": "-puntos",
    "resources": "recursos",
    "-resources": "-recursos",
}
LIST_PARAMETERS = (
    "institucion",
    "orden",
    "entidad",
    "frescura",
    "indicador",
    "cumple",
    "formato",
    "falta",
    "tramo",
    "ordenar",
)
# Word of the address → what ``mxopendata_ranking`` takes.
RANKING_PARAMETERS: Mapping[str, str] = {
    "orden": "gov_type",
    "sector": "sector",
    "entidad": "state",
    "trimestre": "quarter",
}
_FRESHNESS = {word: verdict for verdict, word in FRESHNESS_WORDS.items()}
_SORTS = {word: sort for sort, word in SORT_WORDS.items()}
INDEX = "mx.index"
# Figures that count harvested records, not datasets.
_HARVEST_INDICATORS = ("mx.last_harvest", "mx.harvest_findings")


def filters_of(arguments: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of an address as ``mxopendata_measurement_list`` takes them; an unknown word is passed on.

    Args:
        arguments: ``institucion``, ``orden``, ``entidad``, ``frescura``, ``indicador``, ``cumple`` (``si``, ``no``),
            ``formato``, ``falta``, ``tramo``, ``ordenar``.
    """
    found: dict[str, Any] = {
        "institution": arguments.get("institucion"),
        "gov_type": arguments.get("orden"),
        "state": arguments.get("entidad"),
        "freshness": _FRESHNESS.get(arguments.get("frescura", ""), arguments.get("frescura")),
        "indicator": arguments.get("indicador"),
        "missing": arguments.get("falta"),
        "step": arguments.get("tramo"),
        "sort": _SORTS.get(arguments.get("ordenar", ""), arguments.get("ordenar")),
        "format": arguments.get("formato"),
    }
    found = {name: value for name, value in found.items() if value}
    if found.get("format") == NO_FORMAT:
        found["format"] = ""
    if arguments.get("cumple"):
        found["meets"] = arguments["cumple"] != "no"
    return found


def page_of(arguments: Mapping[str, str]) -> int:
    """The number of the page asked for, 1 where it is not a number."""
    text = arguments.get("pagina", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 8 else 1


def index_url() -> str:
    """The page of the whole portal, with the root path and the language of the visitor."""
    return tk.url_for("mxopendata_dashboard.index")


def dataset_url(name: str) -> str:
    """The page of a dataset."""
    return tk.url_for("dataset.read", id=name)


def datasets_url(**parameters: Any) -> str:
    """The page that lists the datasets of the whole portal that fit some parameters."""
    return tk.url_for("mxopendata_dashboard.datasets", **parameters)


def institution_url(name: str, **parameters: Any) -> str:
    """The page of an institution; with parameters, at its list of datasets."""
    anchor = {"_anchor": "conjuntos"} if parameters else {}
    return tk.url_for("mxopendata_dashboard.institution", name=name, **parameters, **anchor)


def ranking_url(**parameters: Any) -> str:
    """The ranking of institutions."""
    return tk.url_for("mxopendata_dashboard.ranking", **parameters)


def filtered_url(page: str, **parameters: str) -> str:
    """The address of a page with more parameters: making one for each of many figures takes too long.

    Args:
        page: an address that another function here made, without an anchor.
        parameters: words of the address.
    """
    return f"{page}{'&' if '?' in page else '?'}{urlencode(parameters)}"


def list_url_below(page: str, indicator_id: str) -> str:
    """The list behind a figure of an institution whose page is known: thousands of them are told at once.

    Args:
        page: address of the institution's page, as :func:`institution_url` makes it.
        indicator_id: the figure.
    """
    if indicator_id == INDEX:
        return f"{page}#indice"
    if indicator_id in _HARVEST_INDICATORS:
        return f"{page}#cosechas"
    chosen = filtered_url(page, indicador=indicator_id) if REGISTER[indicator_id].criterion else page
    return f"{chosen}#conjuntos"


def list_url(indicator_id: str) -> str:
    """The list behind a figure of the whole portal."""
    if indicator_id == INDEX:
        return ranking_url()
    if indicator_id in _HARVEST_INDICATORS:
        return tk.url_for("mxopendata_dashboard.index", _anchor="cosechas")
    return datasets_url(**({"indicador": indicator_id} if REGISTER[indicator_id].criterion else {}))
