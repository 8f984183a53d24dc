"""Holds an export against what DCAT-AP 3.0.1 asks of it, batch by batch, while it is written.

The shapes are our own statement of the cardinalities, kinds and classes that the specification demands of what we
export (``schemas/shapes/dcat_ap.ttl``). Needs pyshacl: ``pip install 'ckanext-mxopendata[check]'``.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import rdflib
from rdflib.namespace import SH

from ckanext.mxopendata.dcat.catalogue import link_datasets, render_catalogue
from ckanext.mxopendata.dcat.context import ExportContext, Rendering, SharedKey
from ckanext.mxopendata.dcat.writer import to_lines

MAXIMUM_LISTED = 100


class Checker:
    """Validates batches and remembers what was wrong.

    Attributes:
        count: violations so far.
        results: the first of them: ``{"node", "path", "value", "message"}``.
    """

    def __init__(self, context: ExportContext, shapes: rdflib.Graph | None = None) -> None:
        self._context = context
        self._shapes = shapes if shapes is not None else own_shapes()
        self._catalogue = to_lines(render_catalogue(context))
        self.count = 0
        self.results: list[dict[str, str]] = []

    def __call__(self, renderings: list[Rendering]) -> None:
        """Validate one batch: its datasets, the terms they name, and the catalogue that names them."""
        shared: dict[SharedKey, Any] = {}
        for rendering in renderings:
            shared.update(rendering.shared)
        lines = [
            self._catalogue,
            to_lines(link_datasets(self._context.catalogue, renderings)),
            *(to_lines(rendering.triples) for rendering in renderings),
            to_lines(triple for description in shared.values() for triple in description),
        ]
        self.validate(rdflib.Graph().parse(data=b"".join(lines), format="nt"))

    def validate(self, graph: rdflib.Graph) -> None:
        """Validate one graph."""
        from pyshacl import validate  # an extra: only --check needs it

        _, report, _ = validate(graph, shacl_graph=self._shapes, inference="none", advanced=False)
        assert isinstance(report, rdflib.Graph)  # noqa: S101  (pyshacl gives bytes only when asked to serialise)
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


def own_shapes() -> rdflib.Graph:
    """What we hold our exports against."""
    text = (files("ckanext.mxopendata.schemas") / "shapes" / "dcat_ap.ttl").read_text(encoding="utf-8")
    return rdflib.Graph().parse(data=text, format="turtle")
