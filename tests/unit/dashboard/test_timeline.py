"""Where promises stand on their line of time."""

from __future__ import annotations

from datetime import date
from typing import Any

from ckanext.mxopendata.dashboard.timeline import timeline

TODAY = date(2026, 6, 30)


def line(due: str | None, *, status: str = "pending", published: str | None = None, **more: Any) -> dict[str, Any]:
    given = {
        "title": "A",
        "promised": due,
        "due_on": due,
        "former": [],
        "published_on": published,
        "withdrawn_on": None,
    }
    return {**given, "status": status, **more}


def test_time_runs_from_left_to_right():
    moved = line("2026-09-30", former=["2026-03", "2026-05-01"])
    time = timeline([line("2027-01-31", title="B"), moved, line(None, status="undated")], TODAY)
    assert [one["title"] for one in time["lines"]] == ["A", "B", "A"]
    first = time["lines"][0]["marks"]
    assert [mark["kind"] for mark in first] == ["former", "former", "promised"]
    assert first[0]["day"] == "2026-03-31"
    assert first[0]["at"] < first[1]["at"] < time["today"] < first[2]["at"] < time["lines"][1]["marks"][0]["at"]
    assert time["lines"][2]["marks"] == []
    assert 0 < first[0]["at"] < 100
    assert [tick["day"] for tick in time["ticks"]] == ["2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"]


def test_a_delay_reaches_to_the_publication_or_to_today():
    late = line("2026-01-31", status="published", published="2026-03-01")
    overdue = line("2026-02-28", status="overdue")
    time = timeline([late, overdue, line("2026-12-31")], TODAY)
    spans = [one["span"] for one in time["lines"]]
    assert spans[0] == [mark["at"] for mark in time["lines"][0]["marks"]]
    assert spans[1] == [time["lines"][1]["marks"][0]["at"], time["today"]]
    assert spans[2] is None


def test_a_date_of_another_age_does_not_press_the_others_together():
    time = timeline([line("2999-12-31"), line("1990-01-01", status="overdue"), line("2026-12-31")], TODAY)
    assert (time["from"], time["to"]) == ("2022-07-01", "2029-06-30")
    beyond = {one["due_on"]: one["marks"][0]["beyond"] for one in time["lines"]}
    assert beyond == {"2999-12-31": "after", "1990-01-01": "before", "2026-12-31": None}
    assert all(tick["months"] == 12 for tick in time["ticks"])


def test_a_day_of_publication_that_is_none_is_not_drawn():
    time = timeline([line("2026-01-31", status="published", published="2026-13-45")], TODAY)
    assert ([mark["kind"] for mark in time["lines"][0]["marks"]], time["lines"][0]["span"]) == (["promised"], None)


def test_without_promises_there_is_a_line_all_the_same():
    assert timeline([], TODAY)["lines"] == []
