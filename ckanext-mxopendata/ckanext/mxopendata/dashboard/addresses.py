"""Addresses of the dashboard's pages: parameters are Spanish words, as the pages are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import ckan.plugins as p
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
# Word of the address → the vocabulary of its values.
VOCABULARIES: Mapping[str, str] = {"orden": "orders_of_government", "sector": "sectors", "entidad": "states"}
_FRESHNESS = {word: verdict for verdict, word in FRESHNESS_WORDS.items()}
_SORTS = {word: sort for sort, word in SORT_WORDS.items()}
INDEX = "mx.index"
# Figures that count promises → the lines that count, and those that do not (words of ``cuenta``).
COMMITMENT_LISTS: Mapping[str, tuple[str, str | None]] = {
    "mx.inventoried": ("inventoried", None),
    "mx.inventory_published": ("inventory_published", "inventory_unpublished"),
    "mx.committed": ("committed", None),
    "mx.committed_this_year": ("committed_this_year", None),
    "mx.commitments_published": ("published", None),
    "mx.commitments_late": ("late", None),
    "mx.commitments_early": ("early", None),
    "mx.commitments_overdue": ("overdue", None),
    "mx.commitments_withdrawn": ("withdrawn", None),
    "mx.commitments_kept": ("published", "not_kept"),
    "mx.commitments_on_time": ("in_time", "not_in_time"),
    "mx.access_public": ("access_public", None),
    "mx.access_restricted": ("access_restricted", None),
    "mx.access_non_public": ("access_non_public", None),
}
_PLANNING_PLUGIN = "mxopendata_planning"
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


def freshness_of(word: str) -> str | None:
    """The verdict that a word of the address stands for, or ``None``."""
    return _FRESHNESS.get(word)


def page_of(arguments: Mapping[str, str]) -> int:
    """The number of the page asked for, 1 where it is not a number."""
    text = arguments.get("pagina", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 8 else 1


def permanent_url(endpoint: str, **parameters: Any) -> str:
    """A page's address as others keep it: whole, and without the language of the visitor."""
    return tk.url_for(endpoint, **parameters, _external=True, locale="default")


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


def commitments_url(**parameters: Any) -> str | None:
    """The list of what was promised; ``None`` where nobody keeps promises."""
    return tk.url_for("mxopendata_commitments.index", **parameters) if p.plugin_loaded(_PLANNING_PLUGIN) else None


def commitment_url(commitment_id: str) -> str:
    """The page of a promise."""
    return tk.url_for("mxopendata_commitments.commitment", commitment_id=commitment_id)


def to_mend_url(indicator_id: str, institution: str, page: str) -> str | None:
    """What does not count for a figure of an institution: its datasets, or its promises.

    Args:
        indicator_id: the figure.
        institution: name of the institution.
        page: address of its page, as :func:`institution_url` makes it.
    """
    if indicator_id in COMMITMENT_LISTS:
        return commitments_url(institucion=institution, cuenta=COMMITMENT_LISTS[indicator_id][1])
    return f"{filtered_url(page, indicador=indicator_id, cumple='no')}#conjuntos"


def filtered_url(page: str, **parameters: str) -> str:
    """The address of a page with more parameters: making one for each of many figures takes too long.

    Args:
        page: an address that another function here made, without an anchor.
        parameters: words of the address.
    """
    return f"{page}{'&' if '?' in page else '?'}{urlencode(parameters)}"


def list_url_below(page: str, indicator_id: str, promises: str | None = None) -> str | None:
    """The list behind a figure of an institution whose page is known: thousands of them are told at once.

    Args:
        page: address of the institution's page, as :func:`institution_url` makes it.
        indicator_id: the figure.
        promises: address of the institution's promises, as :func:`commitments_url` makes it.
    """
    if indicator_id in COMMITMENT_LISTS:
        return filtered_url(promises, cuenta=COMMITMENT_LISTS[indicator_id][0]) if promises else None
    if indicator_id == INDEX:
        return f"{page}#indice"
    if indicator_id in _HARVEST_INDICATORS:
        return f"{page}#cosechas"
    chosen = filtered_url(page, indicador=indicator_id) if REGISTER[indicator_id].criterion else page
    return f"{chosen}#conjuntos"


def list_url(indicator_id: str) -> str | None:
    """The list behind a figure of the whole portal."""
    if indicator_id in COMMITMENT_LISTS:
        return commitments_url(cuenta=COMMITMENT_LISTS[indicator_id][0])
    if indicator_id == INDEX:
        return ranking_url()
    if indicator_id in _HARVEST_INDICATORS:
        return tk.url_for("mxopendata_dashboard.index", _anchor="cosechas")
    return datasets_url(**({"indicador": indicator_id} if REGISTER[indicator_id].criterion else {}))
