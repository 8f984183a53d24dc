"""Is a dataset updated as often as it says? The facts are stored; the verdict is made against ``now`` when it is read.

A dataset is late when its age has reached 1.2 times the declared period, the tolerance that Argentina's network of
nodes uses too. A year counts 365 days and a month 30, so that anyone can recompute the figure with a pencil.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import isodate

from ckanext.mxopendata.moments import read_moment

TOLERANCE = 1.2
DAYS_IN_YEAR = 365
DAYS_IN_MONTH = 30
# Clocks of portals differ and dates without time zone are read as UTC: a date of today is not a date of the future.
CLOCK_DIFFERENCE = timedelta(days=1)

UP_TO_DATE = "up_to_date"
OVERDUE = "overdue"
REALTIME = "realtime"
IRREGULAR = "irregular"
NO_FREQUENCY = "no_frequency"
NO_DATE = "no_date"
FUTURE_DATE = "future_date"
VERDICTS = (UP_TO_DATE, OVERDUE, IRREGULAR, REALTIME, NO_FREQUENCY, NO_DATE, FUTURE_DATE)
JUDGED = (UP_TO_DATE, OVERDUE)

_WITHOUT_PERIOD = {"realtime": REALTIME, "irregular": IRREGULAR}


@dataclass(frozen=True)
class FreshnessFacts:
    """What does not age.

    Attributes:
        frequency: the declared frequency as stored, or ``None``.
        basis: ``dated`` where a verdict depends on ``now``; else the verdict itself (``realtime``, ``irregular``,
            ``no_frequency``, ``no_date``).
        modified: the date of the data, with time zone, or ``None``.
        due: when the next update is expected, or ``None``.
        late_after: when the tolerance ends, or ``None``.
    """

    frequency: str | None
    basis: str
    modified: datetime | None
    due: datetime | None
    late_after: datetime | None

    def verdict(self, now: datetime) -> str:
        """One of :data:`VERDICTS` for the moment ``now``."""
        return verdict(self.basis, self.modified, self.late_after, now)


DATED = "dated"


def period_days(frequency: str | None) -> float | None:
    """The days of a declared period such as ``R/P3M``; ``None`` for anything without one.

    Raises:
        Nothing: a text that is no ISO 8601 repeating period has no period.
    """
    if not frequency or not frequency.startswith("R/P"):
        return None
    try:
        period = isodate.parse_duration(frequency[2:])
    except isodate.ISO8601Error:
        return None
    if isinstance(period, timedelta):
        days = period / timedelta(days=1)
    else:
        days = float(period.years) * DAYS_IN_YEAR + float(period.months) * DAYS_IN_MONTH
        days += period.tdelta / timedelta(days=1)
    return days if days > 0 else None


def newest(texts: Iterable[object]) -> datetime | None:
    """The latest readable moment among some texts."""
    return max((moment for moment in map(read_moment, texts) if moment), default=None)


def freshness_facts(dataset: Mapping[str, Any]) -> FreshnessFacts:
    """The facts about one dataset.

    Args:
        dataset: a dataset as ``package_show`` gives it; read are ``frequency``, ``modified`` and, where the dataset has
            no ``modified``, the newest ``modified`` of its resources.
    """
    frequency = dataset.get("frequency") or None
    modified = read_moment(dataset.get("modified"))
    if modified is None:
        modified = newest(resource.get("modified") for resource in dataset.get("resources") or ())
    if frequency in _WITHOUT_PERIOD:
        return FreshnessFacts(frequency, _WITHOUT_PERIOD[frequency], modified, None, None)
    days = period_days(frequency)
    if days is None:
        return FreshnessFacts(frequency, NO_FREQUENCY, modified, None, None)
    if modified is None:
        return FreshnessFacts(frequency, NO_DATE, None, None, None)
    try:
        due = modified + timedelta(days=days)
        late_after = modified + timedelta(days=days * TOLERANCE)
    except OverflowError:
        return FreshnessFacts(frequency, NO_DATE, modified, None, None)
    return FreshnessFacts(frequency, DATED, modified, due, late_after)


def verdict(basis: str, modified: datetime | None, late_after: datetime | None, now: datetime) -> str:
    """One of :data:`VERDICTS` for the moment ``now``."""
    if basis != DATED or modified is None or late_after is None:
        return basis
    if modified > now + CLOCK_DIFFERENCE:
        return FUTURE_DATE
    return UP_TO_DATE if now < late_after else OVERDUE


@dataclass(frozen=True)
class Standing:
    """How a dataset stands against its promise at one moment.

    Attributes:
        verdict: one of :data:`VERDICTS`.
        facts: what the verdict was made of.
        days_late: whole days since the update was expected, 0 on the day itself; ``None`` where it is still to come or
            nothing is due. A dataset may be some days late and within the tolerance.
    """

    verdict: str
    facts: FreshnessFacts
    days_late: int | None


def standing(dataset: Mapping[str, Any], now: datetime) -> Standing:
    """How a dataset, as ``package_show`` gives it, stands at the moment ``now``."""
    facts = freshness_facts(dataset)
    told = facts.verdict(now)
    late = facts.due is not None and told in JUDGED and now >= facts.due
    return Standing(told, facts, (now - facts.due) // timedelta(days=1) if late and facts.due else None)
