"""The archive of a quarter: today's holds the methods of others, one of the former formulas is verified as it was."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timezone
from typing import Any

import pytest

from ckanext.mxopendata.quality import archive
from ckanext.mxopendata.quality.adela import ResourceFacts
from ckanext.mxopendata.quality.argentine_profile import FieldUse
from ckanext.mxopendata.quality.facts import measure
from ckanext.mxopendata.quality.families import FamilyFacts
from ckanext.mxopendata.quality.indicators import Evidence, compute_all
from ckanext.mxopendata.quality.mexican import INDICATORS
from ckanext.mxopendata.quality.publication_index import weights
from ckanext.mxopendata.quality.pydatajson import freshness_of
from ckanext.mxopendata.quality.pydatajson_sums import EntryFacts
from ckanext.mxopendata.quality.register import REGISTER
from ckanext.mxopendata.quality.sums import of_datasets

NOW = datetime(2026, 9, 30, 12, tzinfo=timezone.utc)
_DATASET = {
    "frequency": "R/P1Y",
    "modified": "2026-06-01",
    "resources": [{"format": "CSV", "created": "2024-05-01T00:00:00", "metadata_modified": "2026-06-01T00:00:00"}],
}
_ENTRY = freshness_of({"accrualPeriodicity": "R/P1Y", "modified": "2026-06-01"})
FAMILIES = FamilyFacts(
    "1111?1?11111?1111110111",
    ResourceFacts(0, 0, 1, (0, 0, 1, 0, 0)),
    EntryFacts(1, False, True, _ENTRY.basis, _ENTRY.stale_on, None, FieldUse(3, 9, 1, 4)),
)


def _archive() -> bytes:
    facts = measure(_DATASET, FAMILIES)
    values = compute_all(REGISTER, Evidence(of_datasets([facts], NOW), NOW))
    about = {"gov_type": None, "state": None, "sectors": [], "ranked": False}
    institutions = [archive.Frozen(name, name, about, (), values) for name in ("", "salud")]
    return archive.write("2026Q3", NOW, weights(), institutions, [("camas", "salud", facts)])[0]


def _changed(content: bytes, change: Any) -> bytes:
    """The archive with each line of each of its files changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            lines = [change(name, json.loads(line)) for line in old.read(name).splitlines()]
            new.writestr(name, "\n".join(map(json.dumps, lines)))
    return buffer.getvalue()


def test_an_archive_holds_the_facts_and_figures_of_every_family():
    found = archive.verify(_archive())
    assert (found.datasets, found.institutions, found.differences) == (1, 1, [])


def test_a_changed_fact_of_a_family_is_found():
    def without_keywords(name: str, line: dict[str, Any]) -> dict[str, Any]:
        if name == archive.DATASETS:
            line["facts"]["families"]["mqa"] = "0" + FAMILIES.mqa[1:]
        return line

    wrong = {each["indicator"] for each in archive.verify(_changed(_archive(), without_keywords)).differences}
    assert wrong == {"mqa.keywordAvailability", "mqa.Findability", "mqa.total"}


# Version of the formulas → the facts of a dataset that it did not have, and the figures.
_LACKED = {
    "1": (("families", "years"), lambda key: key not in INDICATORS or key.endswith("_this_year")),
    "2": (("years",), lambda key: key.endswith("_this_year")),
}


def _as_before(version: str) -> Any:
    """As a former version of the formulas wrote it."""
    facts, is_new = _LACKED[version]

    def written(name: str, line: dict[str, Any]) -> dict[str, Any]:
        if name == archive.DATASETS:
            line["facts"] = {key: value for key, value in line["facts"].items() if key not in facts}
        elif name == archive.INSTITUTIONS:
            line["indicators"] = {key: value for key, value in line["indicators"].items() if not is_new(key)}
        elif name == archive.MANIFEST:
            line["formula_version"] = version
        return line

    return written


def test_a_changed_year_is_found():
    def never_updated(name: str, line: dict[str, Any]) -> dict[str, Any]:
        if name == archive.DATASETS:
            assert line["facts"]["years"] == {"created": [2024], "updated": [2026]}
            line["facts"]["years"]["updated"] = []
        return line

    wrong = archive.verify(_changed(_archive(), never_updated)).differences
    assert {each["indicator"] for each in wrong} == {"mx.updated_this_year"}
    assert [(each["frozen"]["value"], each["recomputed"]["value"]) for each in wrong] == [(1, 0), (1, 0)]


@pytest.mark.parametrize("version", _LACKED)
def test_an_archive_of_the_former_formulas_is_verified_as_it_was(version: str):
    old = _changed(_archive(), _as_before(version))
    assert archive.verify(old).differences == []

    def tampered(name: str, line: dict[str, Any]) -> dict[str, Any]:
        if name == archive.DATASETS:
            line["facts"]["open_resources"] = 0
        return line

    assert "mx.open_formats" in {each["indicator"] for each in archive.verify(_changed(old, tampered)).differences}


def test_formulas_that_nobody_knows_are_refused():
    def unknown(name: str, line: dict[str, Any]) -> dict[str, Any]:
        return {**line, "formula_version": "99"} if name == archive.MANIFEST else line

    with pytest.raises(archive.ArchiveError, match="99"):
        archive.verify(_changed(_archive(), unknown))
