"""The file of the whole catalogue: whole, replaced at once, and without what cannot be expressed."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import SH

from ckanext.mxopendata.dcat import dumps, fragments, frames, packing, writer
from ckanext.mxopendata.dcat.catalogue import (
    link_datasets,
    link_institutions,
    render_catalogue,
    render_institution_catalogue,
)
from ckanext.mxopendata.dcat.check import Checker, own_shapes
from ckanext.mxopendata.dcat.fragments import moment_key
from ckanext.mxopendata.dcat.triples import render_dataset
from dcat_shapes import generated_shapes

from .assembling import render_all, write_catalogue

READERS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "nt": "nt"}


def _graph(data: bytes, form: str = "nt") -> rdflib.Graph:
    return rdflib.Graph().parse(data=data, format=form)


def test_a_dataset_that_cannot_be_expressed_is_left_out_whole(full, bare, context):
    broken = {**bare, "id": "roto", "tags": ["no es un diccionario"]}
    written, report = write_catalogue([[full, broken], [bare]], context)
    assert (report.datasets, report.rendered, report.reused, report.distributions) == (2, 2, 0, 1)
    assert [entry["id"] for entry in report.left_out] == ["roto"]
    assert "AttributeError" in report.left_out[0]["reason"]
    assert len(set(_graph(written).objects(None, rdflib.DCAT.dataset))) == 2
    assert b"/dataset/roto" not in written


def test_what_datasets_share_is_written_once(full, context):
    others = [{**full, "id": f"otro-{number}", "resources": []} for number in range(5)]
    written, _ = write_catalogue([others[:3], others[3:]], context)
    lines = written.splitlines()
    name = b'<http://xmlns.com/foaf/0.1/name> "Secretar\xc3\xada de Salud"@es .'
    assert sum(line.endswith(name) for line in lines) == 1


@pytest.mark.parametrize("name", frames.FORMATS)
def test_every_format_holds_the_same_graph(name, full, dirty, bare, context):
    datasets = [full, dirty, bare]
    written, _ = write_catalogue([datasets[:2], datasets[2:]], context, name)
    renderings = [render_dataset(dataset, context) for dataset in datasets]
    institutions = {d["organization"]["id"]: d["organization"] for d in datasets if d.get("organization")}
    expected = {
        *render_catalogue(context),
        *link_datasets(context, renderings),
        *link_institutions(context, institutions),
        *(triple for facts in institutions.values() for triple in render_institution_catalogue(context, facts)),
        *(triple for rendering in renderings for triple in rendering.all_triples()),
    }
    assert {quad.triple for quad in ox.parse(written, format=frames.FORMATS[name])} == expected
    assert len(_graph(written, READERS[name])) == len(expected)


@pytest.mark.parametrize("name", fragments.FORMATS)
def test_an_empty_catalogue_is_a_whole_document(name, context):
    written, report = write_catalogue([], context, name)
    assert report.datasets == 0
    if name in frames.FORMATS:
        assert len(_graph(written, READERS[name])) > 5
    else:
        assert json.loads(written)["dataset"] == []


@pytest.mark.parametrize("name", fragments.FORMATS)
def test_the_compressed_copy_is_the_same_file(name, full, dirty, context):
    packed: list[bytes] = []
    written, _ = write_catalogue([[full], [dirty]], context, name, packed.append)
    assert gzip.decompress(b"".join(packed)) == written
    # One member: some readers stop at the end of the first.
    machine = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert machine.decompress(b"".join(packed)) == written
    assert machine.unused_data == b""
    assert len(b"".join(packed)) < 0.6 * len(written)


def test_equal_parts_give_equal_pieces_whatever_was_packed_before():
    packer = packing.Packer()
    first = packer.pack(b"uno dos tres " * 50)
    packer.pack(b"otra cosa " * 50)
    assert packer.pack(b"uno dos tres " * 50) == first
    assert packing.unpack(first) == b"uno dos tres " * 50


def test_an_institution_has_a_catalogue_of_its_own(full, bare, context):
    written, _ = write_catalogue([[full, bare]], context)
    graph = _graph(written)
    organization = full["organization"]
    own = rdflib.URIRef(f"{context.catalogue.uri}/organization/{organization['id']}#catalogo")
    whole = rdflib.URIRef(context.catalogue.uri)
    assert (whole, rdflib.DCAT.catalog, own) in graph
    assert (own, rdflib.RDF.type, rdflib.DCAT.Catalog) in graph
    assert (own, rdflib.DCTERMS.publisher, graph.value(own, rdflib.DCTERMS.publisher)) in graph
    assert f"{context.catalogue.uri}/dataset/{full['id']}" in set(map(str, graph.objects(own, rdflib.DCAT.dataset)))


def test_the_file_of_an_institution_lists_its_datasets_in_its_own_catalogue(full, context):
    graph = _graph(write_catalogue([[full]], context, institution=full["organization"])[0])
    assert [str(node).endswith("#catalogo") for node in graph.subjects(rdflib.DCAT.dataset)] == [True]
    assert [str(node).endswith("#catalogo") for node in graph.subjects(rdflib.DCAT.record)] == [True]


def test_the_institution_is_apart_from_what_its_datasets_share(full, context):
    """So that a new name of it makes one part anew, not its datasets."""
    full["in_series"] = ""  # described by the name of its institution
    made, shared, _ = render_all([full, {**full, "id": "otro"}], context, "ttl")
    key = fragments.institution_key(full["organization"]["id"])
    assert b"Secretar\xc3\xada de Salud" in shared.parts[key].part
    assert [b"Secretar\xc3\xada de Salud" in fragment.part for fragment in made] == [False, False]
    assert [fragment.names_institution for fragment in made] == [False, False]
    nameless = {**full, "contact": [{"email": "datos@salud.gob.mx"}]}
    (fragment,), _, _ = render_all([nameless], context, "ttl")
    assert fragment.names_institution
    (entry,), _, _ = render_all([full], context, "datajson")
    assert entry.names_institution


def test_moments_of_the_index_and_of_the_dataset_are_compared_alike():
    assert moment_key("2026-11-28T01:02:03.120Z") == moment_key("2026-11-28T01:02:03.120456")
    assert moment_key("2026-11-28T01:02:03Z") == moment_key("2026-11-28T01:02:03.000400")
    assert moment_key("2026-11-28T01:02:03Z") != moment_key("2026-11-28T01:02:04")


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


def test_every_format_has_a_content_type_and_a_profile():
    assert set(frames.FORMATS) == set(frames.CONTENT_TYPES)
    assert set(fragments.FORMATS) == set(writer.PROFILES)


def test_the_check_finds_nothing_wrong_in_what_we_write(full, bare, dirty, context):
    checker = Checker(context)
    for name in frames.FORMATS:
        made, shared, _ = render_all([full, bare, dirty], context, name)
        checker.check(name, made, shared.of)
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

    service = {
        "id": "r-wms",
        "url": "https://mapas.mx/wms?map=1&request=GetCapabilities",
        "format": "WMS",
        "name": "Mapa",
    }
    full["resources"].append(service)
    whole = _graph(write_catalogue([[full]], context)[0])
    official = generated_shapes(shared)
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
