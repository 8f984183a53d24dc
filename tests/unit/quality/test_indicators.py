"""Our indicators, with figures worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ckanext.mxopendata.quality.completeness import Completeness
from ckanext.mxopendata.quality.facts import DatasetFacts
from ckanext.mxopendata.quality.freshness import VERDICTS, FreshnessFacts, freshness_facts
from ckanext.mxopendata.quality.indicators import Evidence, HarvestRun, compute_all
from ckanext.mxopendata.quality.mexican import INDICATORS
from ckanext.mxopendata.quality.sums import Sums, of_datasets, total

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
ANNUAL_FRESH = freshness_facts({"frequency": "R/P1Y", "modified": "2026-06-01"})
ANNUAL_LATE = freshness_facts({"frequency": "R/P1Y", "modified": "2024-06-01"})


def _facts(freshness: FreshnessFacts = ANNUAL_FRESH, **given: object) -> DatasetFacts:
    facts: dict[str, object] = {
        "freshness": freshness,
        "completeness": Completeness(60, 100, ()),
        "resources": 3,
        "open_resources": 2,
        "machine_readable_resources": 1,
        "formats": {"CSV": 3},
        "licensed": True,
        "with_contact": False,
        "archived": False,
        **given,
    }
    return DatasetFacts(**facts)  # pyright: ignore[reportArgumentType]


def _value(indicator_id: str, sums: Sums, *runs: HarvestRun) -> tuple[float | None, float | None, int | None, str]:
    value = compute_all(INDICATORS, Evidence(sums, NOW, runs))[indicator_id]
    assert value["unit"] == INDICATORS[indicator_id].unit
    return value["value"], value["numerator"], value["denominator"], value["status"]


def test_counts_of_nothing_are_zero_and_everything_else_is_unknown():
    values = compute_all(INDICATORS, Evidence(Sums(), NOW))
    known = {key for key, value in values.items() if value["status"] == "ok"}
    assert known == {"mx.datasets", "mx.resources", "mx.created_this_year", "mx.updated_this_year"}
    assert all(values[key]["value"] == 0 for key in known)
    assert all(value["value"] is None for key, value in values.items() if key not in known)


def test_what_cannot_be_judged_is_left_out_of_the_division():
    datasets = [
        _facts(ANNUAL_FRESH),
        _facts(ANNUAL_FRESH),
        _facts(ANNUAL_LATE),
        *(
            _facts(freshness_facts(each))
            for each in (
                {"frequency": "irregular"},
                {"frequency": "realtime"},
                {"modified": "2026-01-01"},
                {"frequency": "R/P1M"},
                {"frequency": "R/P1M", "modified": "2030-01-01"},
            )
        ),
    ]
    sums = of_datasets(datasets, NOW)
    assert _value("mx.up_to_date", sums) == (66.6667, 2, 3, "ok")
    assert _value("mx.overdue", sums) == (1, 1, 3, "ok")
    assert {name: getattr(sums, name) for name in VERDICTS} == {
        "up_to_date": 2,
        "overdue": 1,
        "irregular": 1,
        "realtime": 1,
        "no_frequency": 1,
        "no_date": 1,
        "future_date": 1,
    }


def test_only_datasets_that_cannot_be_judged_give_no_data_and_never_zero():
    sums = of_datasets([_facts(freshness_facts({"frequency": "irregular"}))], NOW)
    assert _value("mx.up_to_date", sums) == (None, 0, 0, "no_data")
    assert _value("mx.overdue", sums) == (None, 0, 0, "no_data")


def test_shares_are_of_sums_not_means_of_shares():
    small = _facts(resources=1, open_resources=1, machine_readable_resources=1, completeness=Completeness(100, 100, ()))
    large = _facts(
        resources=9, open_resources=0, machine_readable_resources=3, completeness=Completeness(20.5, 100, ())
    )
    sums = of_datasets([small, large], NOW)
    assert _value("mx.open_formats", sums) == (10.0, 1, 10, "ok")
    assert _value("mx.machine_readable", sums) == (40.0, 4, 10, "ok")
    assert _value("mx.completeness", sums) == (60.25, 120.5, 200, "ok")


def test_licence_and_contact_are_shares_of_datasets():
    sums = of_datasets([_facts(licensed=True), _facts(licensed=False), _facts(with_contact=True)], NOW)
    assert _value("mx.licensed", sums) == (66.6667, 2, 3, "ok")
    assert _value("mx.with_contact", sums) == (33.3333, 1, 3, "ok")


def test_datasets_without_resources_leave_formats_unknown():
    sums = of_datasets([_facts(resources=0, open_resources=0, machine_readable_resources=0)], NOW)
    assert _value("mx.open_formats", sums)[3] == "no_data"
    assert _value("mx.resources", sums) == (0, 0, None, "ok")


def test_archived_datasets_are_not_counted():
    assert of_datasets([_facts(archived=True), _facts()], NOW).datasets == 1


def test_sums_of_parts_are_the_sum_of_the_whole():
    datasets = [_facts(ANNUAL_FRESH), _facts(ANNUAL_LATE), _facts(freshness_facts({}))]
    parts = [of_datasets([each], NOW) for each in datasets]
    assert total(parts) == of_datasets(datasets, NOW)


def test_the_last_harvest_is_the_newest_of_all_sources():
    runs = (HarvestRun(NOW - timedelta(days=9), 4, 100), HarvestRun(NOW - timedelta(days=2, hours=23), 1, 20))
    assert _value("mx.last_harvest", Sums(), *runs)[0] == 2
    assert _value("mx.harvest_findings", Sums(), *runs) == (5, 5, 120, "ok")


def test_a_run_that_does_not_say_is_not_zero_findings():
    assert _value("mx.harvest_findings", Sums(), HarvestRun(NOW, None, 5))[3] == "no_data"


def test_a_run_of_a_clock_ahead_is_of_today():
    assert _value("mx.last_harvest", Sums(), HarvestRun(NOW + timedelta(hours=3), 0, 5))[0] == 0


@pytest.mark.parametrize("indicator", INDICATORS.values(), ids=INDICATORS)
def test_every_indicator_explains_itself_in_both_languages(indicator):
    assert indicator.id.startswith("mx.")
    for language in ("es", "en"):
        told = indicator.to_dict(language)
        assert told["name"]
        assert told["formula"].endswith(".")
    assert indicator.name["es"] != indicator.name["en"] or indicator.id == ""
    assert indicator.source
    assert indicator.direction in ("more", "less", "neutral")
