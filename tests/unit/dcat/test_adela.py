"""``catalogo.json``: what ADELA published, and what reads it back."""

from __future__ import annotations

import json

import pytest

from ckanext.mxopendata.dcat.adela import render_entry
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.mapping import map_record

from .assembling import write_catalogue

# What ADELA says elsewhere than in an entry, or has no place for.
ELSEWHERE = {"owner_org", "gov_type"}


def test_what_is_known_is_said(full, context):
    entry = render_entry(full, context).properties
    kept = {name: entry[name] for name in ("title", "identifier", "keyword", "govType", "public", "language")}
    assert kept == {
        "title": "Camas hospitalarias",
        "identifier": "SSA-0001",
        "keyword": ["hospitales", "camas"],
        "govType": "state",
        "public": False,
        "language": "es",
    }
    assert entry["publisher"]["name"] == "Secretaría de Salud"
    assert entry["theme"] == "Salud"
    assert entry["accrualPeriodicity"] == "R/P1Y"


def test_every_field_that_adela_has_comes_back(full, context):
    """By the crosswalk's own column: what an entry says is read as the field it was written from."""
    read = map_record(render_entry(full, context).properties, "datajson").dataset
    wanted = {row.field for row in crosswalk() if row.level == "dataset" and row.ways("adela_json")} - ELSEWHERE
    present = {name for name in wanted if full.get(name) or name == "tag_string"}
    lost = {name for name in present if not (read.get(name) or (name == "tag_string" and read.get("tags")))}
    # ``landingPage`` is the data dictionary; the page of the dataset has no place beside it.
    assert lost - {"url"} == set()
    for name in ("title", "identifier", "frequency", "issued", "modified", "access_rights"):
        if name != "access_rights":
            assert read[name] == full[name], name


@pytest.mark.parametrize(
    ("formats", "stars"),
    [
        (["XLS", "CSV"], 2),
        (["xlsx"], 2),
        (["CSV"], 3),
        (["GeoJSON"], 1),
        (["KMZ", "PDF"], 3),
        (["RDF"], 4),
        (["PDF"], 1),
        ([], 1),
    ],
)
def test_openness_is_counted_as_adela_did(formats, stars, bare, context):
    bare["resources"] = [{"id": str(n), "url": "https://a.mx/b", "format": name} for n, name in enumerate(formats)]
    assert render_entry(bare, context).properties["openessRating"] == stars


def test_stand_ins_are_counted(bare, context):
    entry = render_entry({**bare, "notes": "", "identifier": ""}, context)
    assert entry.properties["description"] == entry.properties["title"]
    assert entry.properties["identifier"] == bare["id"]
    assert set(entry.filled) >= {"notes", "identifier", "access_rights"}


def test_dirt_is_dropped_and_counted(dirty, context):
    written, report = write_catalogue([[dirty]], context, "adela")
    assert json.loads(written)["dataset"][0]["id"] == dirty["id"]
    assert report.datasets == 1


def test_the_head_names_the_institution(full, context):
    organization = {**full["organization"], "landing_page": "https://salud.gob.mx"}
    document = json.loads(write_catalogue([[full]], context, "adela", institution=organization)[0])
    assert document["title"] == "Catálogo de datos abiertos de Secretaría de Salud"
    assert document["homepage"] == "https://salud.gob.mx"
    assert document["license"] == "https://datos.gob.mx/libreusomx"
