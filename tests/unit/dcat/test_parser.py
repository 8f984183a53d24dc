"""The parser is the generator's opposite: every field of the crosswalk comes back, what cannot is named here."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.dcat.graph import graph_of
from ckanext.mxopendata.dcat.parser import ParsedDataset, parse_datasets
from ckanext.mxopendata.dcat.triples import render_dataset
from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.vocabularies import vocabulary

from .conftest import INSTITUTION

# Fields that a graph does not carry, and why.
LOST = {
    ("dataset", "name"): "the address on this portal; another one gives its own",
    ("dataset", "archived_at"): "of this portal's harvest; an archived dataset is not exported at all",
    ("dataset", "possible_duplicate_of"): "a note of this portal's harvest to its administrators",
    ("organization", "ministry"): "DCAT says nothing of an institution's rank",
    ("organization", "ranked"): "this portal's own list",
    ("organization", "legal_instrument"): "of an institution's file, not of its data",
    ("organization", "legal_instrument_on"): "of an institution's file, not of its data",
}
RANK = {
    "ministry": "true",
    "ranked": "true",
    "legal_instrument": "Decreto",
    "legal_instrument_on": "2015-02-20",
}
STORED_AS = {"tag_string": "tags", "owner_org": "organization", "parent": "parent_id"}
# What may come in any order: a graph has none. Of themes the first is kept.
UNORDERED = ("language", "documentation", "policy_alignment", "conforms_to", "applicable_legislation", "tags", "theme")
ROWS = [row for row in crosswalk() if not row.subfield]


def parse(dataset: dict[str, Any], context: ExportContext) -> ParsedDataset:
    (parsed,) = parse_datasets(graph_of(render_dataset(dataset, context).all_triples()))
    return parsed


def same(name: str, value: Any) -> Any:
    """A value in the form in which two ways to write the same are equal."""
    if name == "theme":
        return value[0], sorted(value)
    if name == "tags":
        return sorted(tag["name"] for tag in value)
    if name in UNORDERED:
        return sorted(value)
    if name == "spatial_coverage" and isinstance(value, list):
        return sorted((_place(place) for place in value), key=str)
    if name == "schema":
        return json.loads(value) if isinstance(value, str) else value
    if name == "hash":
        return value.rpartition(":")[2]
    if name == "organization":
        return value["id"], value["name"], value["title"]
    return value


def _place(place: dict[str, str]) -> dict[str, Any]:
    def shape(text: str) -> Any:
        return json.loads(readers.read_place(text).value.get("bbox") or text)

    return {key: shape(value) if key in ("bbox", "geom") else value for key, value in place.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.level}.{row.field}")
def test_every_row_of_the_crosswalk_comes_back(row, whole, context):
    institution = {**INSTITUTION, **RANK}
    parsed = parse(whole, dataclasses.replace(context, organization=lambda short: institution))
    name = STORED_AS.get(row.field, row.field)
    given, came = {
        "dataset": ([whole], [{**parsed.dataset, "organization": parsed.organization}]),
        "resource": (whole["resources"], parsed.dataset["resources"]),
        "organization": ([institution], [parsed.organization]),
    }[row.level]
    assert all(owner.get(name) for owner in given), f"the sample has no {row.field}: add one"
    if (row.level, row.field) in LOST:
        assert not any(owner.get(name) for owner in came), "it does come back: take it out of LOST"
        return
    for before, after in zip(given, came, strict=True):
        assert name in after, f"{row.level}.{row.field} is lost: mend the export, or name it in LOST with the reason"
        assert same(name, after[name]) == same(name, before[name])


def test_nothing_is_doubtful_about_what_we_write(whole, context):
    assert parse(whole, context).findings == []


def test_resources_and_contacts_keep_their_order(whole, context):
    parsed = parse(whole, context)
    assert [address.rpartition("/")[2] for address in parsed.resource_uris] == [r["id"] for r in whole["resources"]]
    assert parsed.dataset["contact"] == whole["contact"]
    assert parsed.dataset["temporal_coverage"] == whole["temporal_coverage"]


# Values that come back in another form, and why that is the same.
@pytest.mark.parametrize(
    ("level", "name", "given", "comes_back"),
    [
        # "not listed" is what a dataset without the field says, too
        ("dataset", "priority_list", "none", None),
        # the address of the resource, which alone has a meaning elsewhere
        (
            "dataset",
            "documentation",
            ["7d0c2f8a-53d5-4a58-8a4c-1f2e3d4c5b01"],
            ["https://datos.salud.gob.mx/camas.csv"],
        ),
        # the number of digits says which checksum it is
        ("resource", "hash", "SHA-256:" + "AB" * 32, "ab" * 32),
        # a resource has a licence of its own only where it differs
        ("resource", "license", "cc-by-4.0", None),
        # EU's availability is a code
        ("resource", "availability", "STABLE", "stable"),
        # a moment of UTC
        ("dataset", "modified", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        # a deprecated licence is read as the one that replaced it
        ("dataset", "license_id", "odc-odbl", "odbl"),
        # a description that says no more than the title is what an export writes for lack of one
        ("dataset", "notes", "Camas hospitalarias", None),
        # eleven centimetres
        (
            "dataset",
            "spatial_coverage",
            [{"geom": '{"type": "Point", "coordinates": [-99.12345678, 19]}'}],
            [{"geom": '{"type": "Point", "coordinates": [-99.123457, 19.0]}'}],
        ),
        # places are a set
        ("dataset", "spatial_coverage", [{"cvegeo": "14"}, {"cvegeo": "14"}], [{"cvegeo": "14"}]),
    ],
)
def test_values_that_come_back_otherwise(level, name, given, comes_back, full, context):
    owner = full if level == "dataset" else full["resources"][0]
    owner[name] = given
    dataset = parse(full, context).dataset
    assert (dataset if level == "dataset" else dataset["resources"][0]).get(name) == comes_back


@pytest.mark.parametrize(
    ("given", "comes_back"),
    [
        ({"url": "https://x.mx/a.csv"}, {"url": "https://x.mx/a.csv"}),
        ({"url": "https://x.mx/a.csv", "download_url": "https://x.mx/a.csv"}, None),
        # what stands beside a page is the file
        (
            {"url": "https://x.mx/a.csv", "access_url": "https://x.mx/a"},
            {"url": "https://x.mx/a.csv", "access_url": "https://x.mx/a", "download_url": "https://x.mx/a.csv"},
        ),
        # an uploaded file is one
        (
            {"url": "https://x.mx/a.csv", "url_type": "upload"},
            {"url": "https://x.mx/a.csv", "download_url": "https://x.mx/a.csv"},
        ),
        ({"url": ""}, {"url": ""}),
    ],
)
def test_addresses_of_a_resource(given, comes_back, bare, context):
    bare["resources"] = [{"id": "r1", **given}]
    assert parse(bare, context).dataset["resources"] == [comes_back or given]


@pytest.mark.parametrize(
    "schema",
    [
        {"fields": [{"name": "a", "type": "geojson"}]},
        {"fields": [{"name": "a", "constraints": {"enum": ["x"], "required": True}}], "primaryKey": "a"},
        {"fields": [{"name": "a", "type": "any", "title": "A", "unit": "kg"}]},
        {"fields": [{"name": "clave ñ", "type": "double"}], "missingValues": ["", "N/D"]},
        {"fields": [{"name": "a"}, {"name": "b", "constraints": {"required": True}}]},
    ],
)
def test_a_table_schema_comes_back_whole(schema, bare, context):
    bare["resources"] = [{"id": "r1", "url": "https://x.mx/a.csv", "schema": json.dumps(schema)}]
    (resource,) = parse(bare, context).dataset["resources"]
    assert json.loads(resource["schema"]) == schema


def test_a_plain_dictionary_is_not_written_twice(full, context):
    triples = render_dataset(full, context).triples
    assert not [triple for triple in triples if triple.predicate.value.endswith("#value")]


TERMS = {
    "frequency": ("dataset", "frequencies"),
    "access_rights": ("dataset", "access_rights"),
    "theme": ("dataset", "themes"),
    "language": ("dataset", "languages"),
    "policy_alignment": ("dataset", "policies"),
    "license_id": ("dataset", "licences"),
    "format": ("resource", "file_types"),
}


@pytest.mark.parametrize("name", TERMS)
def test_every_term_of_every_vocabulary_comes_back(name, bare, context):
    """By the address that the EU, the UN or we gave it; other portals' base does not matter."""
    level, vocabulary_id = TERMS[name]
    lost = []
    for term in vocabulary(vocabulary_id).active():
        value = [term.id] if name in ("theme", "language", "policy_alignment") else term.id
        resource = {"id": "r1", "url": "https://x.mx/a", **({name: value} if level == "resource" else {})}
        dataset = {**bare, "resources": [resource], **({name: value} if level == "dataset" else {})}
        came = parse(dataset, context).dataset
        if (came if level == "dataset" else came["resources"][0]).get(name) != value:
            lost.append(term.id)
    assert lost == []


def test_every_order_of_government_and_place_of_an_institution(bare, context):
    for key in ("federal", "state", "municipal", "autonomous"):
        facts = {**bare["organization"], "gov_type": key, "cvegeo": "14039"}
        other = ExportContext(context.catalogue, context.vocabulary_base, organization=lambda short, f=facts: f)
        parsed = parse(bare, other)
        assert (parsed.dataset["gov_type"], parsed.organization["cvegeo"]) == (key, "14039")
