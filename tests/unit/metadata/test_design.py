"""The crosswalk against the page that the model was designed on: every name it gives for a field is one of its ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.vocabularies import vocabulary

pytestmark = pytest.mark.payloads
COLUMNS = {
    "A: ADELA JSON": "adela_json",
    "A: old CKAN extra": "ckan_extra",
    "A: inventory CSV": "inventory_csv",
    "B: PNDA": "pnda",
    "data.json (POD 1.1)": "datajson",
    "DCAT": "dcat",
}
# How the page marks what the Guía makes mandatory and what it recommends; nothing, or words, is optional.
MARKS = {"✱": "mandatory", "R": "recommended"}
# Fields that are less than the field they share a line with.
LESS = {"access_comment": "recommended"}
# Names of the page that are no ways of ours, and why. What becomes one has to leave the list.
DIFFERENT = {
    ("gov_type", "ckan_extra", "vocabulary tag"): "a tag of CKAN's; the field of the same name stands beside it",
    ("gov_type", "dcat", "on the agent"): "says where: dct:type is the institution's",
    ("access_rights", "inventory_csv", "Razón…"): "shortened; the heading is the whole question",
    ("license_id", "pnda", "CC-BY-4.0"): "a value; the portal of 2025 has it in license_id",
    ("license_id", "dcat", "dct:license on every distribution"): "says where: dct:license is the distribution's",
    ("documentation", "pnda", "resource"): "there the dictionary is a resource, which counts here, too",
    ("documentation", "dcat", "adms"): "foaf:page says it",
    ("priority_list", "dcat", "own SKOS"): "says of what: dct:isReferencedBy leads to our own terms",
}


@pytest.fixture(scope="module")
def page(shared: Path) -> str:
    return (shared / "design" / "metadata.md").read_text(encoding="utf-8")


def _rows(page: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    """The fields that a line of the table of datasets speaks of, and its cells by heading."""
    section = page.split("\n## Dataset\n")[1].split("\n## ")[0]
    lines = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    headings = [cell.strip() for cell in lines[0]]
    for line in lines[2:]:
        cells = dict(zip(headings, (cell.strip() for cell in line), strict=True))
        yield re.findall(r"`(\w+)`", cells["field"]), cells


def _names(cell: str) -> Iterator[str]:
    """The names in a cell, without what is said of them in brackets."""
    cell = re.sub(r"\s*\([^)]*\)", "", cell)
    cell = re.sub(
        r"(\w+)\{([^}]*)\}", lambda found: ", ".join(f"{found[1]}.{name}" for name in found[2].split(",")), cell
    )
    for part in re.split(r"\s*(?:,|;| / | \+ )\s*", cell):
        name = re.sub(r"@es$|\[0\]$", "", part.strip())
        if name not in ("", "–"):
            yield name


def _said(name: str, ways: set[str]) -> bool:
    return any(way == name or way.split(".")[0] == name or way.partition(":")[0] == name for way in ways)


def test_every_name_of_the_page_is_a_way_of_the_crosswalk(page):
    missing = set()
    for fields, cells in _rows(page):
        for heading, column in COLUMNS.items():
            ways = {
                way for row in crosswalk() if row.level == "dataset" and row.field in fields for way in row.ways(column)
            }
            missing |= {(fields[0], column, name) for name in _names(cells[heading]) if not _said(name, ways)}
    assert missing - set(DIFFERENT) == set()
    assert set(DIFFERENT) - missing == set(), "it is a way now: take it out"


def test_what_the_page_makes_mandatory_is(page):
    ours = {row.field: row.requirement for row in crosswalk() if row.level == "dataset" and not row.subfield}
    said = {field: MARKS.get(cells[""][:1], "optional") for fields, cells in _rows(page) for field in fields}
    # Of DCAT-AP 3, later than the page.
    said["in_series"] = "optional"
    # Named within the line of the priority list.
    said |= dict.fromkeys(("priority_category", "priority_criteria"), "optional")
    assert ours == {**said, **LESS}
    assert all(said[field] != requirement for field, requirement in LESS.items()), (
        "it is what the page says: take it out"
    )


def _named(page: str, heading: str) -> dict[str, str]:
    """The fields that a section without a table speaks of, and what it makes of each."""
    section = page.split(f"\n## {heading}")[1].split("\n## ")[0].split("Roles in table")[0]
    # The last sentence of the resources says how a size is read, under the name it has elsewhere.
    found = re.findall(r"`(\w+)`( ✱)?", section.split("`byteSize`")[0])
    return {name: "mandatory" if mark else "" for name, mark in found}


@pytest.mark.parametrize(
    ("level", "heading", "more"),
    [
        ("resource", "Resource", set()),
        # CKAN's own of every institution, and the day of the legal instrument ("with date")
        ("organization", "Organization", {"name", "image_url", "legal_instrument_on"}),
    ],
)
def test_the_other_levels_have_the_fields_of_the_page(page, level, heading, more):
    named = _named(page, heading)
    ours = {row.field: row.requirement for row in crosswalk() if row.level == level}
    assert set(ours) - more == set(named)
    assert {name for name, mark in named.items() if mark} <= {name for name in ours if ours[name] == "mandatory"}


def test_the_frequencies_are_those_of_the_page(page):
    section = page.split("\n## Frequencies\n")[1].split("Read as well")[0]
    ids = re.findall(r"R/P\d+[A-Z]|`(?:realtime|irregular)`", section)
    assert [found.strip("`") for found in ids] == list(vocabulary("frequencies").terms)
    words = re.findall(r"(?:^|, )([a-z ]+?) (?=R/|`)", section.replace("\n", " "))
    assert [readers.read_frequency(word).value for word in words] == list(vocabulary("frequencies").terms)
