"""A catalogue in a file, measured by any family of indicators: nothing is saved, no site and no database are needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyoxigraph

from ckanext.mxopendata.dcat.catalogue import foreign_labels
from ckanext.mxopendata.dcat.compliance import compliant_datasets
from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from ckanext.mxopendata.dcat.described import describe_datasets
from ckanext.mxopendata.dcat.graph import FORMATS, graph_of
from ckanext.mxopendata.dcat.parser import parse_datasets
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.metadata.mapping import map_record
from ckanext.mxopendata.quality import adela, mqa, pydatajson
from ckanext.mxopendata.quality.facts import DatasetFacts, measure
from ckanext.mxopendata.quality.federation_gap import datasets_of
from ckanext.mxopendata.quality.indicators import Evidence, compute_all
from ckanext.mxopendata.quality.links import Links
from ckanext.mxopendata.quality.mexican import INDICATORS
from ckanext.mxopendata.quality.sums import of_dataset, of_datasets

_SITE = "urn:catalogo"


class UnreadableError(ValueError):
    """The file is no catalogue; the message says so in Spanish."""


@dataclass(frozen=True)
class CatalogueFile:
    """What a file holds.

    Attributes:
        document: the data.json, or ``None`` for RDF.
        quads: pyoxigraph's quads of RDF.
    """

    document: dict[str, Any] | None = None
    quads: list[Any] = field(default_factory=list)

    def datasets(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Identifier and dataset in our model, of each dataset."""
        if self.document is None:
            for parsed in parse_datasets(graph_of(self.quads)):
                yield str(parsed.dataset.get("identifier") or parsed.uri), parsed.dataset
            return
        for record in datasets_of(self.document):
            yield str(record.get("identifier") or ""), map_record(record, "datajson").dataset

    def triples(self) -> list[Any]:
        """Its triples; those of a data.json are as our export would write them."""
        if self.document is None:
            return self.quads
        context = ExportContext(Catalogue(uri=_SITE, title=_SITE), f"{_SITE}/vocabularios", labels=foreign_labels())
        found: list[Any] = []
        for position, record in enumerate(datasets_of(self.document)):
            dataset = _as_stored(map_record(record, "datajson").dataset, record, position)
            found += render_dataset(dataset, context).all_triples()
        return found


def read_catalogue(path: Path) -> CatalogueFile:
    """Read a data.json or RDF, by the ending of its name.

    Raises:
        UnreadableError: where it cannot be read.
    """
    form = path.suffix.lower().lstrip(".")
    document = None if form in FORMATS else read_json(path, form)
    if document is None or "@graph" in document or ("@context" in document and "dataset" not in document):
        return CatalogueFile(quads=_read_quads(path, form if form in FORMATS else "jsonld"))
    if not isinstance(document.get("dataset", []), list):
        raise UnreadableError(f"«{path}»: «dataset» no es una lista, así que no es un data.json.")
    return CatalogueFile(document)


def read_json(path: Path, form: str = "json") -> dict[str, Any]:
    """An object of a JSON file; a list is read as the datasets of a catalogue.

    Raises:
        UnreadableError: where it is no JSON.
    """
    if form != "json":
        raise UnreadableError(f"No se reconoce «{path}»: se leen .json y {', '.join(f'.{each}' for each in FORMATS)}.")
    content = _read(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"línea {error.lineno}, columna {error.colno}"
        raise UnreadableError(f"«{path}» no es JSON ({place}): {error.msg}.") from error
    except RecursionError as error:
        raise UnreadableError(f"«{path}» no es un catálogo: hay demasiados niveles anidados.") from error
    if isinstance(document, list):
        return {"dataset": document}
    if not isinstance(document, dict):
        raise UnreadableError(f"«{path}» no es un catálogo: se esperaba un objeto JSON.")
    return document


def measure_file(
    catalogue: CatalogueFile,
    family: str,
    now: datetime,
    *,
    links: Links | None = None,
    central: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The indicators of a family over a catalogue.

    Args:
        catalogue: see :func:`read_catalogue`.
        family: one of :data:`FAMILIES`.
        now: the moment they are for, with time zone.
        links: what is known of links.
        central: a central catalogue as data.json, for the federation gap of ``pydatajson``.

    Returns:
        ``{"family", "values": {id: value}, "datasets": [{"identifier", "points", "values"}]}``; a value is ``None``
        where nobody knows, points are ``None`` where the family gives a dataset none.

    Raises:
        UnreadableError: for RDF, where the family is about data.json.
    """
    values, datasets = FAMILIES[family](catalogue, now, links, central)
    return {"family": family, "values": values, "datasets": datasets}


Measured = tuple[dict[str, Any], list[dict[str, Any]]]


def _pydatajson(
    catalogue: CatalogueFile, now: datetime, links: Links | None, central: Mapping[str, Any] | None
) -> Measured:
    if catalogue.document is None:
        raise UnreadableError("La familia pydatajson se calcula sobre un data.json, no sobre RDF.")
    figures = pydatajson.of_catalogue(catalogue.document, now, links=links, central=central)
    lines = [_line(each["identifier"], None, {**each}) for each in figures.datasets]
    for line in lines:
        line["values"].pop("identifier")
    return figures.values, lines


def _mqa(catalogue: CatalogueFile, now: datetime, links: Links | None, central: Mapping[str, Any] | None) -> Measured:
    triples = catalogue.triples()
    compliant = compliant_datasets(triples) if find_spec("pyshacl") else {}
    found = list(describe_datasets(graph_of(triples)))
    scores = [
        mqa.measure(each.dataset, each.distributions, links=links, compliant=compliant.get(each.node)) for each in found
    ]
    lines = [_line(each.identifier, score.total, score.to_dict()) for each, score in zip(found, scores, strict=True)]
    return mqa.average(scores).to_dict(), lines


def _adela(catalogue: CatalogueFile, now: datetime, links: Links | None, central: Mapping[str, Any] | None) -> Measured:
    counted = [(identifier, adela.resource_counts(each, now)) for identifier, each in catalogue.datasets()]
    lines = [_line(identifier, *_graded(counts)) for identifier, counts in counted]
    return _graded(adela.total(counts for _, counts in counted))[1], lines


def _graded(counts: adela.ResourceCounts) -> tuple[int, dict[str, Any]]:
    """Promises, use and recommendations are not in a file: the grade says out of how many points it is."""
    grade = adela.grade(counts, unpublished=None, downloads=None, recommendations=None)
    return grade.points, {
        "calificacion": grade.value,
        "calificacion_puntos": grade.points,
        "calificacion_de": grade.out_of,
        "medalla": adela.institution_medal(counts),
        "apertura": adela.opening(counts),
        "recursos": sum(counts.medals.values()),
    }


def _mexican(
    catalogue: CatalogueFile, now: datetime, links: Links | None, central: Mapping[str, Any] | None
) -> Measured:
    measured = [(identifier, measure(each)) for identifier, each in catalogue.datasets()]
    evidence = Evidence(of_datasets((facts for _, facts in measured), now), now)
    values = {name: value["value"] for name, value in compute_all(INDICATORS, evidence).items()}
    lines = [_line(identifier, facts.completeness.points, _own_sums(facts, now)) for identifier, facts in measured]
    return values, lines


def _own_sums(facts: DatasetFacts, now: datetime) -> dict[str, Any]:
    sums = asdict(of_dataset(facts, now))
    # The families of others are measured by themselves.
    sums.pop("families")
    return sums


FAMILIES: Mapping[str, Callable[[CatalogueFile, datetime, Links | None, Mapping[str, Any] | None], Measured]] = {
    "pydatajson": _pydatajson,
    "mqa": _mqa,
    "adela": _adela,
    "mx": _mexican,
}


def _line(identifier: Any, points: float | None, values: dict[str, Any]) -> dict[str, Any]:
    return {"identifier": identifier, "points": points, "values": values}


def _as_stored(dataset: dict[str, Any], record: Mapping[str, Any], position: int) -> dict[str, Any]:
    """With the ids that a site would give, and the publisher as its institution."""
    publisher = record.get("publisher")
    name = publisher.get("name") if isinstance(publisher, dict) else publisher
    resources = [{**each, "id": f"{position}-{number}"} for number, each in enumerate(dataset.get("resources") or ())]
    organization = {"id": str(name), "name": str(name), "title": str(name)} if name else None
    return {**dataset, "id": str(position), "name": str(position), "resources": resources, "organization": organization}


def _read_quads(path: Path, form: str) -> list[Any]:
    try:
        return list(pyoxigraph.parse(_read(path), format=FORMATS[form], lenient=True))
    except (SyntaxError, ValueError) as error:
        raise UnreadableError(f"«{path}» no se puede leer como RDF ({form}): {error}") from error


def unreadable(path: Path, error: OSError) -> str:
    """Why a file could not be opened, in a sentence."""
    reasons = (
        (FileNotFoundError, "no existe"),
        (IsADirectoryError, "es una carpeta"),
        (PermissionError, "no hay permiso"),
    )
    reason = next((words for kind, words in reasons if isinstance(error, kind)), error.strerror)
    return f"No se puede leer «{path}»: {reason}."


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(unreadable(path, error)) from error
