"""DCAT-AP's own shapes, as every SHACL engine can read them."""

from __future__ import annotations

from pathlib import Path

import pyrudof
import rdflib
from rdflib.namespace import SH


def generated_shapes(shared: Path) -> rdflib.Graph:
    """The generated shapes of DCAT-AP 3.0.1.

    Two properties of the shape of data services are named and not there, which pyshacl refuses as soon as a graph has a
    service (and Jena always): these names are taken out.
    """
    graph = rdflib.Graph().parse(shared / "shapes" / "dcat-ap-3.0.1" / "dcat-ap-SHACL.ttl")
    for shape, named in list(graph.subject_objects(SH.property)):
        if (named, SH.path, None) not in graph:
            graph.remove((shape, SH.property, named))
    return graph


def violations(file: Path, shared: Path) -> list[str]:
    """What the generated shapes find in a large file of N-Triples; this engine does not mind the two names."""
    shapes = shared / "shapes" / "dcat-ap-3.0.1" / "dcat-ap-SHACL.ttl"
    validator = pyrudof.Rudof(pyrudof.RudofConfig())
    # In this order: reading data forgets the shapes.
    validator.read_data(str(file), format=pyrudof.RDFFormat.NTriples, reader_mode=pyrudof.ReaderMode.Strict)
    validator.read_shacl(str(shapes))
    return [str(violation) for violation in validator.validate_shacl()]
