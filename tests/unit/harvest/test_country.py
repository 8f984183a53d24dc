"""The sources of the country: every known portal is in a file, or on the list of those that no connector reads."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from ckanext.mxopendata.harvest.config_files import read_files
from ckanext.mxopendata.metadata.names import slug
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from portals.platforms import SOFTWARE

FOLDER = Path(__file__).parents[3] / "harvest_configs"
# IPT shows no sign of its own; its catalogue in DCAT is at another address.
TYPES = {**SOFTWARE, "ipt": "mx_dcat"}
# Folders that are not called as their state in the vocabulary.
SHORT = {"estado-de-mexico": "15", "veracruz": "30"}
BEYOND_STATES = {"federal", "no-gubernamentales"}
LIST = "without_connector.csv"


@pytest.fixture(scope="module")
def files() -> dict[str, dict[str, Any]]:
    """All files, by their place below the folder."""
    return {
        str(path.relative_to(FOLDER).with_suffix("")): yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.rglob("*.yaml"))
    }


@pytest.fixture(scope="module")
def others() -> list[dict[str, str]]:
    """The list of portals that no connector reads."""
    with (FOLDER / LIST).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_is_valid():
    found = read_files([FOLDER])
    assert {file.path: file.findings for file in found if file.findings} == {}
    assert len(found) == 75


def test_a_source_is_called_as_its_file(files):
    for place, content in files.items():
        folder, name = place.split("/")
        assert content["name"] == ("mx-" + folder if folder == name else f"mx-{folder}-{name}")
        assert (slug(folder), slug(name)) == (folder, name)


def test_no_address_is_there_twice(files, others):
    addresses = Counter(re.sub(r"^https?://(www\.)?", "", one["url"]).rstrip("/") for one in [*files.values(), *others])
    assert [address for address, count in addresses.items() if count > 1] == []


def test_what_nobody_harvested_is_off_and_says_why(files):
    """Whoever harvests one writes the date into ``verified``, and switches it on."""
    for place, content in files.items():
        assert content["enabled"] is False or re.fullmatch(r"\d{4}-\d\d-\d\d", str(content["verified"])), place
        if not content["enabled"]:
            assert content["disabled_reason"].endswith("."), place
        assert content["confidence"] in {"high", "medium", "low"}, place
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", content["last_checked"]), place


def test_nothing_says_that_we_saw_a_portal_answer(files):
    for place, content in files.items():
        if content["verified"] is False:
            text = f"{content['disabled_reason']} {content.get('notes', '')}"
            assert not re.search(r"\b(se comprobó|comprobamos|vimos|probamos)\b", text), place


def test_places_are_those_of_inegi_and_agree_with_the_folder(files):
    states = {slug(term.label_es): term.id for term in vocabulary("states").terms.values()} | SHORT
    for place, content in files.items():
        folder = place.split("/")[0]
        institution = content["institution"]
        keys = {key for key in (content.get("cvegeo"), institution.get("cvegeo")) if key}
        known = vocabulary("states").terms.keys() | vocabulary("municipalities").terms.keys()
        assert keys <= known, place
        if folder in BEYOND_STATES:
            assert institution.get("gov_type") in ({None} if folder != "federal" else {"federal", "autonomous"}), place
        else:
            assert keys, place
            assert {key[:2] for key in keys} == {states[folder]}, place
        if institution.get("gov_type") == "municipal":
            assert len(institution["cvegeo"]) == 5, place


def test_an_institution_is_described_alike_wherever_it_is_named(files):
    described: dict[str, Any] = {}
    for place, content in files.items():
        institution = content["institution"]
        assert described.setdefault(institution["name"], institution) == institution, place
    titles = Counter(institution["title"] for institution in described.values())
    assert max(titles.values()) == 1


def test_the_list_of_the_others_says_why(others):
    assert len(others) == 46
    for row in others:
        assert row["reason"].endswith("."), row
        assert row["cve_ent"] in vocabulary("states").terms
        assert row["title"]
        assert row["owner"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["last_checked"])


def test_sources_that_a_reason_names_exist(files, others):
    text = " ".join([*(row["reason"] for row in others), *(str(content.get("notes")) for content in files.values())])
    named = set(re.findall(r"\bmx-[a-z0-9-]+", text))
    assert named
    assert named <= {content["name"] for content in files.values()}


@pytest.mark.payloads
def test_every_portal_of_the_registry_is_in_a_file_or_on_the_list(shared, files, others):
    registry = json.loads((shared / "payloads" / "mx" / "registro-portales-mx.json").read_text(encoding="utf-8"))
    by_key = {entry["uid"]: entry for entry in registry}
    assert len(by_key) == 115
    ours = {content["registry"]: content for content in files.values() if "registry" in content}
    left = {row["registry"]: row for row in others if row["registry"]}
    assert len(ours) == sum("registry" in content for content in files.values())
    assert ours.keys() & left.keys() == set()
    assert ours.keys() | left.keys() == by_key.keys()
    for key, content in ours.items():
        entry = by_key[key]
        assert content["type"] == TYPES[entry["software"]["id"]], key
        assert _host(content["url"]) == _host(entry["link"]), key
        assert urlsplit(content["url"]).path.startswith(urlsplit(entry["link"]).path.rstrip("/")), key
    for key, row in left.items():
        assert (row["url"], row["software"]) == (by_key[key]["link"], by_key[key]["software"]["id"]), key
    unread = Counter(row["software"] for row in left.values())
    # A portal of a platform that a connector reads belongs into a file.
    assert {name: count for name, count in unread.items() if name in TYPES} == {"ipt": 1}


def _host(address: str) -> str:
    return urlsplit(address).netloc.removeprefix("www.")
