"""The years of a dataset, and the figures of this one that are made from them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ckanext.mxopendata.quality.facts import measure
from ckanext.mxopendata.quality.indicators import Evidence, compute_all
from ckanext.mxopendata.quality.mexican import INDICATORS
from ckanext.mxopendata.quality.sums import of_datasets
from ckanext.mxopendata.quality.years import YearFacts, year_facts

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
_MEXICO = timezone(timedelta(hours=-6))


def _resource(created: Any = None, modified: Any = None) -> dict[str, Any]:
    return {"created": created, "metadata_modified": modified}


OLD_AND_TOUCHED = _resource("2024-03-01T10:00:00.123456", "2026-02-01T10:00:00")
OLD = _resource("2024-03-01T10:00:00", "2024-03-02T10:00:00")
NEW = _resource("2026-03-01T10:00:00", "2026-03-02T10:00:00")


@pytest.mark.parametrize(
    ("resources", "created", "updated"),
    [
        ([], (), ()),
        (None, (), ()),
        ([OLD], (2024,), ()),
        ([NEW], (2026,), ()),
        ([OLD_AND_TOUCHED], (2024,), (2026,)),
        ([NEW, OLD_AND_TOUCHED, OLD], (2024, 2026), (2026,)),
        ([_resource("2024-01-01")], (2024,), None),
        ([_resource(None, "2026-01-01")], None, None),
        ([_resource("ayer", "hoy"), {}], None, None),
        ([_resource(None, None), NEW], (2026,), ()),
        # CKAN's own dates have no zone and are UTC's; the others are taken there.
        ([_resource(datetime(2025, 12, 31, 23, 59))], (2025,), None),  # noqa: DTZ001
        ([_resource(datetime(2025, 12, 31, 20, tzinfo=_MEXICO))], (2026,), None),
        ([_resource("2025-12-31T20:00:00-06:00")], (2026,), None),
        ([_resource("0001-01-01T00:00:00+06:00")], None, None),
        # A file knows what its source says; in a portal, what the portal says comes first.
        ([{"issued": "2025-05-01", "modified": "2026"}], (2025,), (2026,)),
        ([{**NEW, "issued": "2019-01-01", "modified": "2019-01-02"}], (2026,), ()),
    ],
)
def test_the_years_of_a_dataset(resources: Any, created: Any, updated: Any):
    assert year_facts({"resources": resources}) == YearFacts(created, updated)


def _values(*datasets: list[dict[str, Any]], now: datetime = NOW) -> dict[str, tuple[Any, Any]]:
    measured = [measure({"resources": resources}) for resources in datasets]
    values = compute_all(INDICATORS, Evidence(of_datasets(measured, now), now))
    return {name: (values[f"mx.{name}_this_year"]["value"], values[f"mx.{name}_this_year"]["denominator"])
            for name in ("created", "updated")}  # fmt: skip


def test_datasets_are_counted_not_resources():
    found = _values([NEW, NEW], [OLD_AND_TOUCHED, OLD_AND_TOUCHED, NEW], [OLD], [])
    assert found == {"created": (2, 4), "updated": (1, 4)}


def test_the_year_goes_by_without_a_measurement():
    datasets = ([NEW], [OLD_AND_TOUCHED], [OLD])
    assert _values(*datasets, now=NOW.replace(year=2024)) == {"created": (2, 3), "updated": (0, 3)}
    # Still 31 December in Mexico.
    new_year = datetime(2026, 12, 31, 20, tzinfo=_MEXICO)
    assert _values(*datasets, now=new_year) == {"created": (0, 3), "updated": (0, 3)}


def test_what_nobody_knows_is_left_out_and_is_not_zero():
    assert _values([{}], [NEW]) == {"created": (1, 1), "updated": (0, 1)}
    assert _values([{}], [_resource(None, "2026-01-01")]) == {"created": (None, 0), "updated": (None, 0)}
    assert _values([_resource("2026-01-01")]) == {"created": (1, 1), "updated": (None, 0)}
