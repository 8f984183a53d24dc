"""Holds an export against what DCAT-AP 3.0.1 asks of it, batch by batch, while it is written.

The shapes are our own statement of the cardinalities, kinds and classes that the specification demands of what we
export (``schemas/shapes/dcat_ap.ttl``). Needs pyshacl: ``pip install 'ckanext-mxopendata[check]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from io import BytesIO

import rdflib
from pyoxigraph import parse, serialize
from rdflib.namespace import SH

from ckanext.mxopendata.dcat import blocks
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.fragments import Fragment, SharedPart
from ckanext.mxopendata.dcat.frames import FORMATS
from ckanext.mxopendata.dcat.writer import CatalogueWriter

MAXIMUM_LISTED = 100

Shared = Callable[[CatalogueWriter], Iterable[SharedPart]]


class Checker:
    """Validates batches and remembers what was wrong.

    Attributes:
        count: violations so far.
        results: the first of them: ``{"node", "path", "value", "message"}``.
    """

    def __init__(self, context: ExportContext, shapes: rdflib.Graph | None = None) -> None:
        self._context = context
        self._shapes = shapes if shapes is not None else own_shapes()
        self.count = 0
        self.results: list[dict[str, str]] = []
        self.check("nt", (), lambda _: ())  # an empty catalogue has to be valid too

    def check(self, name: str, fragments: Sequence[Fragment], shared: Shared) -> None:
        """Validate some datasets as a catalogue of their own.

        Args:
            name: the format they are in.
            fragments: the datasets.
            shared: gives the parts that a file names.
        """
        document = BytesIO()
        writer = CatalogueWriter(name, self._context, document.write)
        writer.add(blocks.join(self._context, name, fragments))
        writer.finish(shared(writer))
        # rdflib reads N-Triples fastest, and pyoxigraph everything else.
        lines = serialize(
            (quad.triple for quad in parse(document.getvalue(), format=FORMATS[name])), format=FORMATS["nt"]
        )
        self.validate(rdflib.Graph().parse(data=lines or b"", format="nt"))

    def validate(self, graph: rdflib.Graph) -> None:
        """Validate one graph."""
        report = violations(graph, self._shapes)
        for result in report.subjects(rdflib.RDF.type, SH.ValidationResult):
            self.count += 1
            if len(self.results) < MAXIMUM_LISTED:
                self.results.append(
                    {
                        "node": str(report.value(result, SH.focusNode)),
                        "path": str(report.value(result, SH.resultPath) or ""),
                        "value": str(report.value(result, SH.value) or ""),
                        "message": str(report.value(result, SH.resultMessage) or ""),
                    }
                )


def violations(graph: rdflib.Graph, shapes: rdflib.Graph) -> rdflib.Graph:
    """What a graph does against shapes, as SHACL's own report.

    Raises:
        ImportError: without pyshacl.
    """
    from pyshacl import validate  # an extra

    _, report, _ = validate(graph, shacl_graph=shapes, inference="none", advanced=False)
    assert isinstance(report, rdflib.Graph)  # noqa: S101  (pyshacl gives bytes only when asked to serialise)
    return report


def own_shapes() -> rdflib.Graph:
    """What we hold our exports against."""
    text = (files("ckanext.mxopendata.schemas") / "shapes" / "dcat_ap.ttl").read_text(encoding="utf-8")
    return rdflib.Graph().parse(data=text, format="turtle")
