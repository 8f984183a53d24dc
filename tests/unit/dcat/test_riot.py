"""Jena's ``riot`` reads what we write, in every form, and the test would notice if it did not."""

from __future__ import annotations

import pytest

from riot import triples_by_pyoxigraph

from .assembling import write_catalogue

BROKEN = {
    "ttl": b'<http://a.mx/1> <http://a.mx/2> "sin cerrar .\n',
    "nt": b"<http://a.mx/1> <http://a.mx/2> <http://a.mx/con espacio{}> .\n",
    "rdf": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description>',
    "jsonld": b'{"@id": "http://a.mx/1", ',
}
GOOD = b'<http://a.mx/1> <http://a.mx/2> "uno", "dos" .\n'


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_and_its_neighbour_read(riot, tmp_path, name):
    broken, good = tmp_path / f"rota.{name}", tmp_path / "buena.ttl"
    broken.write_bytes(BROKEN[name])
    good.write_bytes(GOOD)
    reading = riot.read([broken, good])
    assert reading.errors
    assert reading.triples == {"buena.ttl": 2}


def test_a_value_that_is_none_of_its_datatype_is_a_warning(riot, tmp_path):
    file = tmp_path / "fecha.nt"
    file.write_bytes(b'<http://a.mx/1> <http://a.mx/2> "ayer"^^<http://www.w3.org/2001/XMLSchema#date> .\n')
    reading = riot.read([file])
    assert (reading.errors, len(reading.warnings), reading.triples) == ([], 1, {"fecha.nt": 1})


def test_rich_bare_and_dirty_datasets_are_read_without_a_warning(riot, tmp_path, context, whole, bare, dirty):
    files = []
    for name in ("ttl", "rdf", "jsonld", "nt"):
        files.append(tmp_path / f"volcado.{name}")
        files[-1].write_bytes(write_catalogue([[whole, bare, dirty]], context, name)[0])
    reading = riot.read(files)
    assert (reading.errors, reading.warnings) == ([], [])
    assert reading.triples == triples_by_pyoxigraph(files)
