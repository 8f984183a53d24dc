"""The file of the whole catalogue: whole, replaced at once, and without what cannot be expressed."""

from __future__ import annotations

import hashlib
import json

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic
from rdflib.namespace import SH

from ckanext.mxopendata.dcat import dumps, writer
from ckanext.mxopendata.dcat.check import Checker, own_shapes
from ckanext.mxopendata.dcat.writer import convert, write_lines


def _graph(data: bytes, form: str = "nt") -> rdflib.Graph:
    return rdflib.Graph().parse(data=data, format=form)


def test_a_dataset_that_cannot_be_expressed_is_left_out_whole(full, bare, context):
    written: list[bytes] = []
    broken = {**bare, "id": "roto", "tags": ["no es un diccionario"]}
    report = write_lines([[full, broken], [bare]], context, written.append)
    assert (report.datasets, report.rendered, report.distributions) == (2, 2, 1)
    assert [entry["id"] for entry in report.left_out] == ["roto"]
    assert "AttributeError" in report.left_out[0]["reason"]
    graph = _graph(b"".join(written))
    assert len(set(graph.objects(None, rdflib.DCAT.dataset))) == 2
    assert b"/dataset/roto" not in b"".join(written)


def test_what_datasets_share_is_written_once(full, context):
    written: list[bytes] = []
    others = [{**full, "id": f"otro-{number}", "resources": []} for number in range(5)]
    write_lines([others[:3], others[3:]], context, written.append)
    lines = b"".join(written).splitlines()
    name = b'<http://xmlns.com/foaf/0.1/name> "Secretar\xc3\xada de Salud"@es .'
    assert sum(line.endswith(name) for line in lines) == 1


def test_every_format_holds_the_same_graph(tmp_path, full, dirty, context):
    lines = tmp_path / "lines.nt"
    with lines.open("wb") as output:
        write_lines([[full, dirty]], context, output.write)
    graphs = []
    for name, reader in (("ttl", "turtle"), ("rdf", "xml"), ("jsonld", "json-ld"), ("nt", "nt")):
        with dumps.replacing(tmp_path / f"x.{name}") as output:
            convert(lines, name, output)
        graphs.append(_graph((tmp_path / f"x.{name}").read_bytes(), reader))
    assert all(isomorphic(graphs[0], other) for other in graphs[1:])
    assert len(graphs[0]) == len(set(ox.parse(path=str(lines), format=ox.RdfFormat.N_TRIPLES)))


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path):
    path = tmp_path / "volcado.ttl"
    path.write_text("antes")
    with pytest.raises(KeyboardInterrupt):
        _interrupted_write(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["volcado.ttl"]
    assert path.read_text() == "antes"


def _interrupted_write(path):
    with dumps.replacing(path) as output:
        output.write(b"mitad")
        raise KeyboardInterrupt


def test_a_finished_file_says_its_size_and_hash(tmp_path):
    path = tmp_path / "volcado.ttl"
    with dumps.replacing(path) as output:
        output.write(b"uno")
        output.write(b"dos")
    written = output.written(path)
    assert (written.bytes, written.sha256) == (6, hashlib.sha256(b"unodos").hexdigest())
    assert path.read_bytes() == b"unodos"
    assert path.stat().st_mode & 0o777 == 0o644


def test_only_one_export_at_a_time_and_left_overs_are_cleared(tmp_path):
    (tmp_path / ".exportando-viejo").write_text("a medias")
    with dumps.exclusive(tmp_path):
        assert not (tmp_path / ".exportando-viejo").exists()
        with pytest.raises(dumps.ExportUnderwayError), dumps.exclusive(tmp_path):
            pass
    with dumps.exclusive(tmp_path):
        pass


def test_the_manifest_keeps_the_files_of_other_formats(tmp_path):
    counts = {"profile": "mx_dcat_ap", "datasets": 1}
    for name in ("ttl", "rdf"):
        path = dumps.dump_path(tmp_path, name)
        with dumps.replacing(path) as output:
            output.write(name.encode())
        dumps.write_manifest(tmp_path, "2026-11-22T10:00:00Z", counts, [output.written(path)])
    manifest = json.loads((tmp_path / "volcado.json").read_text())
    assert [entry["name"] for entry in manifest["files"]] == ["volcado.rdf", "volcado.ttl"]
    assert manifest["files"][1]["bytes"] == 3
    dumps.dump_path(tmp_path, "ttl").unlink()
    dumps.write_manifest(tmp_path, "2026-11-22T11:00:00Z", counts, [])
    assert [entry["name"] for entry in dumps.read_manifest(tmp_path)["files"]] == ["volcado.rdf"]


def test_every_format_has_a_content_type():
    assert set(writer.FORMATS) == set(writer.CONTENT_TYPES)


def test_the_check_finds_nothing_wrong_in_what_we_write(full, bare, dirty, context):
    checker = Checker(context)
    write_lines([[full, bare], [dirty]], context, lambda lines: None, checker)
    assert (checker.count, checker.results) == (0, [])


def test_the_check_says_which_node_lacks_what(context):
    checker = Checker(context)
    checker.validate(_graph(b"<http://x/d> a <http://www.w3.org/ns/dcat#Dataset> .", "turtle"))
    assert {(result["node"], result["path"].rpartition("/")[2]) for result in checker.results} == {
        ("http://x/d", "title"),
        ("http://x/d", "description"),
    }


@pytest.mark.payloads
def test_our_shapes_judge_as_those_of_dcat_ap(full, context, shared):
    """Whatever triple of a full export is missing or doubled, both find fault or neither does."""
    from pyshacl import validate

    lines: list[bytes] = []
    write_lines([[full]], context, lines.append)
    whole = _graph(b"".join(lines))
    official = rdflib.Graph().parse(shared / "shapes" / "dcat-ap-3.0.1" / "dcat-ap-SHACL.ttl")
    own = Checker(context)
    disagreements, faults = [], 0
    for mutated, what in _mutations(whole, official + own_shapes()):
        own.count = 0
        own.validate(mutated)
        conforms, _, _ = validate(mutated, shacl_graph=official, inference="none")
        faults += not conforms
        if conforms != (own.count == 0):
            disagreements.append((what, conforms))
    assert disagreements == []
    assert faults > 20


def _mutations(whole: rdflib.Graph, shapes: rdflib.Graph):
    """For each kind of triple that a shape speaks of, a graph without it and one with a second, unfit value."""
    mandatory = {shapes.value(shape, SH.path) for shape in shapes.subjects(SH.minCount)}
    spoken_of = set(shapes.objects(None, SH.path))
    seen = set()
    for subject, predicate, value in sorted(whole):
        kinds = tuple(sorted(str(kind) for kind in whole.objects(subject, rdflib.RDF.type)))
        key = (kinds, predicate, value if predicate == rdflib.RDF.type else None)
        if key in seen:
            continue
        seen.add(key)
        what = (str(subject), str(predicate))
        if predicate == rdflib.RDF.type or predicate in mandatory:
            yield _changed(whole, remove=(subject, predicate, value)), ("without", *what)
        if predicate in spoken_of:
            other = rdflib.Literal("otro") if isinstance(value, rdflib.Literal) else rdflib.URIRef("http://otro.mx/")
            yield _changed(whole, add=(subject, predicate, other)), ("twice", *what)


def _changed(graph: rdflib.Graph, remove=None, add=None) -> rdflib.Graph:
    copy = rdflib.Graph()
    for triple in graph:
        copy.add(triple)
    if remove:
        copy.remove(remove)
    if add:
        copy.add(add)
    return copy
