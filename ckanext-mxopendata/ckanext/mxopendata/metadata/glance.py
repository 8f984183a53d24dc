"""What of a dataset is read at a glance: places, terms, dictionary and licence as facts, before any word or address.

The values may be those of an operator's own schema, or text of before: what does not have our form is left out. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.mxopendata.metadata.dictionary import columns_of
from ckanext.mxopendata.metadata.readers.place import place_name
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads, stored_list
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.vocabularies import vocabulary

# Solr fields of places, as the index has them.
STATE, MUNICIPALITY = "vocab_state", "vocab_municipality"
_STATE_KEY, _MUNICIPALITY_KEY = 2, 5
_COUNTRY = frozenset(("mexico", "estados unidos mexicanos"))
_WEB = ("http://", "https://", "ftp://")


@dataclass(frozen=True)
class Place:
    """A place that a dataset or an institution speaks of.

    Attributes:
        name: in words.
        field: the Solr field in which datasets of the same place are found, or empty.
        key: what is looked for there.
    """

    name: str
    field: str = ""
    key: str = ""


@dataclass(frozen=True)
class Dictionary:
    """Where the columns of the data are explained.

    Attributes:
        addresses: of documents.
        texts: what was written in their place and is no address.
        resources: resources of the dataset that explain the columns or carry them: id, name, number of columns.
    """

    addresses: tuple[str, ...]
    texts: tuple[str, ...]
    resources: tuple[tuple[str, str, int], ...]

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.addresses or self.texts or self.resources)


@dataclass(frozen=True)
class Licence:
    """A licence in words.

    Attributes:
        label: its name.
        summary: in one sentence what one may do; empty where we do not know the licence.
        address: of its text, or empty.
        is_open: whether it conforms to the Open Definition.
    """

    label: str
    summary: str
    address: str
    is_open: bool


def rows(value: Any) -> list[Mapping[str, Any]]:
    """The rows of a repeating field: those that say something, whatever was stored."""
    return [item for item in as_list(loads(value)) if isinstance(item, Mapping) and not is_empty(list(item.values()))]


def place(key: Any, text: Any = "", language: str = "es") -> Place:
    """A place by its INEGI key and its description, either of which may be missing."""
    written, described = str(key or ""), " ".join(str(text or "").split())
    named = place_name(written, language) or ""
    if not named:
        return Place(described or written)
    known = fold(named)
    parts = [fold(part) for part in described.split(",")]
    name = named if all(part in known or part in _COUNTRY for part in parts) else f"{named} ({described})"
    if len(written) == _STATE_KEY:
        return Place(name, STATE, written)
    return Place(name, MUNICIPALITY, written[:_MUNICIPALITY_KEY])


def places(dataset: Mapping[str, Any], language: str = "es") -> list[Place]:
    """The places a dataset is about, each once; a mere shape or address is no name and left out."""
    found = [place(row.get("cvegeo"), row.get("text"), language) for row in rows(dataset.get("spatial_coverage"))]
    return [one for one in dict.fromkeys(found) if one.name]


def dictionary(dataset: Mapping[str, Any]) -> Dictionary:
    """Where the columns of a dataset are explained: in documents, and in resources that describe or carry them."""
    written = [str(item) for item in stored_list(dataset.get("documentation")) if not isinstance(item, Mapping)]
    resources = []
    for resource in dataset.get("resources") or ():
        columns = len(columns_of(resource.get("schema")))
        if columns or "diccionario" in fold(resource.get("name") or "").split():
            resources.append((str(resource.get("id") or ""), str(resource.get("name") or ""), columns))
    return Dictionary(
        addresses=tuple(item for item in written if item.startswith(_WEB)),
        texts=tuple(item for item in written if not item.startswith(_WEB)),
        resources=tuple(resources),
    )


def licence(dataset: Mapping[str, Any], language: str = "es") -> Licence | None:
    """The licence of a dataset, from our vocabulary or, where it is the operator's own, as CKAN knows it.

    Args:
        dataset: as ``package_show`` gives it (``license_id``, ``license_title``, ``license_url``, ``isopen``).
        language: ``es`` or ``en``.
    """
    licence_id = str(dataset.get("license_id") or "")
    if not licence_id:
        return None
    term = vocabulary("licences").get(licence_id)
    if term is None:
        address = str(dataset.get("license_url") or "")
        label = str(dataset.get("license_title") or licence_id)
        return Licence(label, "", address if address.startswith(_WEB) else "", bool(dataset.get("isopen")))
    summary = term.facts.get(f"summary_{language}") or term.facts.get("summary_es") or ""
    return Licence(term.label(language), summary, term.uri, term.facts.get("open_definition") == "approved")
