"""``update_frequency``, by which the national portal of 2025 says a frequency: given, read, never doubled."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ckanext.mxopendata.harvest.identity import content_hash
from ckanext.mxopendata.metadata.mapping import map_record
from ckanext.mxopendata.metadata.update_frequency import KEY, add_to, term, without_repeated


def _dataset(*resources: dict[str, Any], **fields: Any) -> dict[str, Any]:
    numbered = [
        {"name": str(number), "url": f"https://x.mx/{number}.csv", **own} for number, own in enumerate(resources)
    ]
    return {"title": "Aforo", "identifier": "a", **fields, "resources": numbered}


def _said(dataset: dict[str, Any]) -> list[str | None]:
    return [resource.get(KEY) for resource in dataset["resources"]]


def test_the_label_of_the_resource_else_of_the_dataset() -> None:
    dataset = _dataset({"frequency": "R/P1D"}, {}, {"frequency": ""}, frequency="R/P1Y")
    add_to(dataset)
    assert _said(dataset) == ["Diario", "Anual", "Anual"]


def test_where_nothing_is_known_nothing_is_said() -> None:
    dataset = _dataset({}, {"frequency": "cuando se pueda"})
    add_to(dataset)
    assert _said(dataset) == [None, None]


def test_what_is_stored_under_that_name_is_the_resources_own_word() -> None:
    dataset = _dataset({KEY: "Semanal"}, {KEY: "Semanal", "frequency": "R/P1D"}, frequency="R/P1Y")
    add_to(dataset)
    assert _said(dataset) == ["Semanal", "Diario"]


@pytest.mark.parametrize(("written", "meant"), [("Anual", "R/P1Y"), ("anualmente", "R/P1Y"), ("R/P1M", "R/P1M")])
def test_what_a_text_means(written: str, meant: str) -> None:
    assert term(written) == meant


@pytest.mark.parametrize("nothing", ["", "  ", None, 3, "cuando se pueda", ["Anual"]])
def test_what_means_nothing(nothing: Any) -> None:
    assert term(nothing) is None


def test_a_portal_of_this_suite_is_harvested_as_if_it_did_not_say_it() -> None:
    plain = _dataset({"frequency": "R/P1D"}, {}, frequency="R/P1Y")
    said = copy.deepcopy(plain)
    add_to(said)
    assert content_hash(said, "ckan") == content_hash(plain, "ckan")
    assert map_record(said, "ckan") == map_record(plain, "ckan")
    assert "frequency" not in map_record(said, "ckan").dataset["resources"][1]


def test_what_another_portal_says_by_it_counts() -> None:
    record = _dataset({KEY: "Mensual"}, {KEY: "Anual"}, frequency="R/P1Y")
    assert without_repeated(record)["resources"] == [record["resources"][0], {"name": "1", "url": "https://x.mx/1.csv"}]
    mapped = map_record(record, "ckan").dataset["resources"]
    assert [resource.get("frequency") for resource in mapped] == ["R/P1M", None]
    changed = _dataset({KEY: "Semanal"}, {KEY: "Anual"}, frequency="R/P1Y")
    assert content_hash(record, "ckan") != content_hash(changed, "ckan")


@pytest.mark.parametrize("odd", [None, "x", {"a": 1}, [None, "x", 3, []], [{KEY: None}], [{KEY: ["Anual"]}]])
def test_whatever_a_portal_sends(odd: Any) -> None:
    record = {"title": "x", "resources": odd, "frequency": "R/P1Y"}
    assert without_repeated(record) is record
    content_hash(record, "ckan")
