"""The whole catalogue as a stream: each dataset is rendered, written and forgotten.

A dataset becomes a fragment of N-Triples of its own first. One that cannot be expressed is thereby left out whole, with
its reason, and never leaves half of itself in a file; and every format is made from the same lines.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pyoxigraph import RdfFormat, Triple, parse, serialize

from ckanext.mxopendata.dcat.catalogue import link_datasets, render_catalogue
from ckanext.mxopendata.dcat.context import ExportContext, Rendering, SharedKey
from ckanext.mxopendata.dcat.terms import PREFIXES
from ckanext.mxopendata.dcat.triples import render_dataset

log = logging.getLogger(__name__)

FORMATS: Mapping[str, RdfFormat] = {
    "ttl": RdfFormat.TURTLE,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "nt": RdfFormat.N_TRIPLES,
}
CONTENT_TYPES: Mapping[str, str] = {
    "ttl": "text/turtle; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
}
PROFILE = "mx_dcat_ap"

# What a dictionary that is not what it should be may raise on its way through the generator and the serialiser.
UNUSABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

Lines = Callable[[bytes], Any]


class Counted(Protocol):
    """What a rendered dataset says of itself, in whatever format."""

    distributions: int
    dropped: Counter[tuple[str, str]]
    filled: Counter[str]


@dataclass
class ExportReport:
    """What an export did.

    Attributes:
        datasets: datasets in the file.
        distributions: distributions in the file.
        rendered: datasets whose triples were made anew.
        reused: datasets whose triples were taken from an earlier export.
        left_out: datasets that could not be expressed: ``{"id", "reason"}``.
        dropped: how often a value of a field could not be expressed, by (field, code of the reason).
        filled: how often a field got a stand-in, by field.
    """

    datasets: int = 0
    distributions: int = 0
    rendered: int = 0
    reused: int = 0
    left_out: list[dict[str, str]] = field(default_factory=list)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)

    def leave_out(self, dataset: Mapping[str, Any], error: Exception) -> None:
        """Note a dataset that could not be expressed."""
        self.left_out.append({"id": str(dataset.get("id")), "reason": f"{type(error).__name__}: {error}"[:200]})

    def count(self, rendering: Counted) -> None:
        """Add one rendered dataset."""
        self.datasets += 1
        self.rendered += 1
        self.distributions += rendering.distributions
        self.dropped.update(rendering.dropped)
        self.filled.update(rendering.filled)

    def to_dict(self) -> dict[str, Any]:
        """The counts in the fixed form of the command and the manifest."""
        dropped = sorted(self.dropped.items(), key=lambda entry: (-entry[1], entry[0]))
        filled = sorted(self.filled.items(), key=lambda entry: (-entry[1], entry[0]))
        return {
            "datasets": self.datasets,
            "distributions": self.distributions,
            "rendered": self.rendered,
            "reused": self.reused,
            "left_out": self.left_out,
            "dropped": [{"field": name, "reason": reason, "count": count} for (name, reason), count in dropped],
            "filled": [{"field": name, "count": count} for name, count in filled],
        }


def to_lines(triples: Iterable[Triple]) -> bytes:
    """Triples as N-Triples."""
    return serialize(triples, format=RdfFormat.N_TRIPLES) or b""


def write_lines(
    batches: Iterable[list[dict[str, Any]]],
    context: ExportContext,
    write: Lines,
    check: Callable[[list[Rendering]], None] | None = None,
    advance: Callable[[int], Any] | None = None,
) -> ExportReport:
    """Write the catalogue as N-Triples, with memory for one batch and for the terms that datasets share.

    Args:
        batches: validated dataset dictionaries.
        context: the catalogue and the vocabularies.
        write: takes bytes, for example a file's ``write``.
        check: is shown each batch after it was written.
        advance: is told how many datasets of a batch are done.

    Returns:
        What was written, left out, dropped and filled.
    """
    report = ExportReport()
    written: set[SharedKey] = set()
    write(to_lines(render_catalogue(context)))
    if check is not None:
        check([])  # an empty catalogue has to be valid too
    for batch in batches:
        renderings = list(_write_batch(batch, context, write, written, report))
        write(to_lines(link_datasets(context.catalogue, renderings)))
        if check is not None:
            check(renderings)
        if advance is not None:
            advance(len(batch))
    return report


def _write_batch(
    batch: list[dict[str, Any]],
    context: ExportContext,
    write: Lines,
    written: set[SharedKey],
    report: ExportReport,
) -> Iterator[Rendering]:
    for dataset in batch:
        try:
            rendering = render_dataset(dataset, context)
            new = [key for key in rendering.shared if key not in written]
            lines = to_lines(rendering.triples) + to_lines(t for key in new for t in rendering.shared[key])
        except UNUSABLE as error:
            log.exception("dataset %s cannot be exported", dataset.get("id"))
            report.leave_out(dataset, error)
            continue
        write(lines)
        written.update(new)
        report.count(rendering)
        yield rendering


def convert(lines: Path, name: str, output: Any) -> None:
    """Write a file of N-Triples in another format, as a stream.

    Args:
        lines: the N-Triples.
        name: ``ttl``, ``rdf``, ``jsonld`` or ``nt``.
        output: a binary file to write to.
    """
    triples = (quad.triple for quad in parse(path=str(lines), format=RdfFormat.N_TRIPLES))
    serialize(triples, output, FORMATS[name], prefixes=None if name == "nt" else PREFIXES)
