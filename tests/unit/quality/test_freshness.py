"""Age against declared frequency: every branch, with cases worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ckanext.mxopendata.moments import read_moment
from ckanext.mxopendata.quality import freshness

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def _verdict(now: datetime = NOW, **dataset: object) -> str:
    facts = freshness.freshness_facts(dataset)
    return freshness.verdict(facts.basis, facts.modified, facts.late_after, now)


@pytest.mark.parametrize(
    ("frequency", "days"),
    [
        ("R/P1D", 1),
        ("R/P1W", 7),
        ("R/P2W", 14),
        ("R/P0.5M", 15),
        ("R/P1M", 30),
        ("R/P2M", 60),
        ("R/P3M", 90),
        ("R/P4M", 120),
        ("R/P6M", 180),
        ("R/P1Y", 365),
        ("R/P2Y", 730),
        ("R/P5Y", 1825),
        ("R/P10Y", 3650),
        ("R/P1Y6M", 545),
        ("R/PT12H", 0.5),
    ],
)
def test_a_period_in_days(frequency: str, days: float):
    assert freshness.period_days(frequency) == pytest.approx(days)


@pytest.mark.parametrize("frequency", [None, "", "irregular", "realtime", "Anual", "R/P", "R/PX", "R/P0D", "P1Y", "R/"])
def test_what_is_no_period_has_no_days(frequency: str | None):
    assert freshness.period_days(frequency) is None


@pytest.mark.parametrize(
    ("age_in_days", "expected"),
    [
        (0, "up_to_date"),
        (30, "up_to_date"),
        (35, "up_to_date"),
        # 1.2 x 30 days: the day on which the tolerance ends is late.
        (36, "overdue"),
        (400, "overdue"),
    ],
)
def test_a_monthly_dataset_is_late_from_36_days_on(age_in_days: int, expected: str):
    modified = (NOW - timedelta(days=age_in_days)).isoformat()
    assert _verdict(frequency="R/P1M", modified=modified) == expected


def test_the_second_before_the_tolerance_ends_is_in_time():
    modified = "2026-10-17T12:00:00Z"
    end = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
    assert _verdict(end - timedelta(seconds=1), frequency="R/P1M", modified=modified) == "up_to_date"
    assert _verdict(end, frequency="R/P1M", modified=modified) == "overdue"


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ({"frequency": "irregular", "modified": "2001-01-01"}, "irregular"),
        ({"frequency": "irregular"}, "irregular"),
        ({"frequency": "realtime", "modified": "2001-01-01"}, "realtime"),
        ({"frequency": None, "modified": "2026-11-01"}, "no_frequency"),
        ({"frequency": "", "modified": "2026-11-01"}, "no_frequency"),
        ({"frequency": "cuando se pueda", "modified": "2026-11-01"}, "no_frequency"),
        ({"frequency": "R/P1Y"}, "no_date"),
        ({"frequency": "R/P1Y", "modified": ""}, "no_date"),
        ({"frequency": "R/P1Y", "modified": "ayer"}, "no_date"),
        ({"frequency": "R/P1Y", "modified": 2024}, "no_date"),
        ({"frequency": "R/P1Y", "modified": "9999-12-31"}, "no_date"),
        ({"frequency": "R/P1D", "modified": "2027-01-01"}, "future_date"),
    ],
)
def test_what_cannot_be_judged_says_why(dataset: dict[str, object], expected: str):
    assert _verdict(**dataset) == expected


def test_a_date_of_tomorrow_is_the_difference_of_clocks_and_later_is_the_future():
    assert _verdict(frequency="R/P1D", modified="2026-11-23") == "up_to_date"
    assert _verdict(frequency="R/P1D", modified="2026-11-24") == "future_date"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", datetime(2024, 1, 1, tzinfo=timezone.utc)),
        ("2024-05", datetime(2024, 5, 1, tzinfo=timezone.utc)),
        (" 2024-05-06 ", datetime(2024, 5, 6, tzinfo=timezone.utc)),
        ("2024-05-06T10:00:00-06:00", datetime(2024, 5, 6, 16, tzinfo=timezone.utc)),
    ],
)
def test_a_date_is_read_as_its_first_moment(text: str, expected: datetime):
    assert read_moment(text) == expected


def test_without_a_date_of_its_own_a_dataset_is_as_new_as_its_newest_resource():
    resources = [{"modified": "2026-01-01"}, {"modified": "2026-11-20"}, {"modified": "nunca"}, {}]
    facts = freshness.freshness_facts({"frequency": "R/P1M", "resources": resources})
    assert facts.modified == datetime(2026, 11, 20, tzinfo=timezone.utc)
    own = freshness.freshness_facts({"frequency": "R/P1M", "modified": "2025-01-01", "resources": resources})
    assert own.modified == datetime(2025, 1, 1, tzinfo=timezone.utc)


def test_the_next_update_is_due_one_period_later_and_late_after_the_tolerance():
    facts = freshness.freshness_facts({"frequency": "R/P1Y", "modified": "2025-01-01"})
    assert facts.due == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert facts.late_after == datetime(2025, 1, 1, tzinfo=timezone.utc) + timedelta(days=438)


@pytest.mark.parametrize(
    ("modified", "verdict", "late"),
    [
        ("2026-11-01", "up_to_date", None),  # due on 1 December
        ("2026-10-23", "up_to_date", 0),  # due today
        ("2026-10-20", "up_to_date", 3),  # within the tolerance, until 25 November
        ("2026-09-08", "overdue", 45),
        ("2016-11-24", "overdue", 3620),
        ("2027-11-01", "future_date", None),
    ],
)
def test_how_late_is_counted_from_the_day_it_was_expected(modified: str, verdict: str, late: int | None):
    standing = freshness.standing({"frequency": "R/P1M", "modified": modified}, NOW)
    assert (standing.verdict, standing.days_late) == (verdict, late)


@pytest.mark.parametrize("dataset", [{}, {"frequency": "irregular", "modified": "2020"}, {"frequency": "R/P1M"}])
def test_nobody_is_late_who_promised_no_date(dataset: dict[str, object]):
    assert freshness.standing(dataset, NOW).days_late is None
