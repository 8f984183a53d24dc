"""What an institution promised and what came of it, as counts that can be added up. Pure: the day is given.

A promise is a line of an inventory or an opening plan (room ``planning``); days are texts of ISO 8601, which compare as
days do. A promise that is withdrawn after it fell due was not kept: taking it back wins no points.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

WITHDRAWN, PUBLISHED, UNDATED, OVERDUE, PENDING = "withdrawn", "published", "undated", "overdue", "pending"
PUBLIC, RESTRICTED, NON_PUBLIC = "public", "restricted", "non_public"


@dataclass(frozen=True)
class CommitmentFacts:
    """One promise.

    Attributes:
        in_inventory: whether an inventory names it.
        in_plan: whether an opening plan names it.
        access_level: ``public``, ``restricted``, ``non_public`` or ``None`` where nobody said.
        due_from: the first day that it is promised for, or ``None``.
        due_on: the last one, on which it falls due, or ``None``.
        withdrawn_on: the day on which it was taken back, or ``None``.
        published_on: the day on which its dataset was published, or ``None`` where none is public.
        title: of the dataset promised; ``None`` in the archives of before.
    """

    in_inventory: bool
    in_plan: bool
    access_level: str | None
    due_from: str | None
    due_on: str | None
    withdrawn_on: str | None
    published_on: str | None
    title: str | None = None

    def status(self, today: date) -> str:
        """How it stands on a day: ``withdrawn``, ``published``, ``undated``, ``overdue`` or ``pending``."""
        if self.withdrawn_on is not None:
            return WITHDRAWN
        if self.published_on is not None:
            return PUBLISHED
        if self.due_on is None:
            return UNDATED
        return OVERDUE if self.due_on < today.isoformat() else PENDING


@dataclass(frozen=True)
class CommitmentSums:
    """Counts of promises: those of a state are those of its institutions, added.

    Attributes:
        lines: all of them.
        inventoried: lines of an inventory.
        inventory_published: of them, those published.
        planned: lines of a plan.
        committed: of them, those not withdrawn.
        committed_unpublished: of these, those not published.
        published: published and not withdrawn.
        published_late: of them, those after the last day promised.
        early: of them, those before the first day promised.
        on_time: of them, those in between.
        overdue: not published, not withdrawn, and the last day promised is over.
        withdrawn: taken back.
        withdrawn_overdue: of them, those that had fallen due by then, unpublished.
        access_public, access_restricted, access_non_public: lines by level of access.
        planned_this_year: different titles in the lines of a plan that are promised for this year.
        committed_this_year: different titles in those of them that are not withdrawn.
    """

    lines: int = 0
    inventoried: int = 0
    inventory_published: int = 0
    planned: int = 0
    committed: int = 0
    committed_unpublished: int = 0
    published: int = 0
    published_late: int = 0
    early: int = 0
    on_time: int = 0
    overdue: int = 0
    withdrawn: int = 0
    withdrawn_overdue: int = 0
    access_public: int = 0
    access_restricted: int = 0
    access_non_public: int = 0
    planned_this_year: int = 0
    committed_this_year: int = 0

    def __add__(self, other: CommitmentSums) -> CommitmentSums:
        return CommitmentSums(**{name: getattr(self, name) + getattr(other, name) for name in FIELDS})

    @property
    def late(self) -> int:
        """Published late, or overdue."""
        return self.published_late + self.overdue

    @property
    def in_time(self) -> int:
        """Published by the last day promised."""
        return self.early + self.on_time

    @property
    def judged(self) -> int:
        """Published, or due by now; what was withdrawn after it fell due counts."""
        return self.published + self.overdue + self.withdrawn_overdue

    @property
    def dated(self) -> int:
        """Of the judged, those with a promised date."""
        return self.published_late + self.early + self.on_time + self.overdue + self.withdrawn_overdue


FIELDS = tuple(field.name for field in dataclasses.fields(CommitmentSums))


def total(parts: Iterable[CommitmentSums]) -> CommitmentSums:
    """All parts added."""
    return sum(parts, start=CommitmentSums())


def title_of(text: str) -> str:
    """What titles of one dataset have in common: all but the case of their letters."""
    return text.lower()


def of_commitment(facts: CommitmentFacts, today: date, seen: set[tuple[str, str]]) -> CommitmentSums:
    """The counts over one promise on a day (UTC).

    Args:
        facts: the promise.
        today: the day.
        seen: titles of this year that were counted of the same institution, by count; those of this promise are added.
    """
    status = facts.status(today)
    published = status == PUBLISHED
    day = facts.published_on or ""
    late = published and facts.due_on is not None and facts.due_on < day
    early = published and facts.due_from is not None and facts.due_from > day
    withdrawn = status == WITHDRAWN
    counts = {
        "lines": True,
        "inventoried": facts.in_inventory,
        "inventory_published": facts.in_inventory and published,
        "planned": facts.in_plan,
        "committed": facts.in_plan and not withdrawn,
        "committed_unpublished": facts.in_plan and not withdrawn and not published,
        "published": published,
        "published_late": late,
        "early": early,
        "on_time": published and facts.due_on is not None and not late and not early,
        "overdue": status == OVERDUE,
        "withdrawn": withdrawn,
        "withdrawn_overdue": (
            withdrawn
            and facts.published_on is None
            and facts.due_on is not None
            and facts.due_on < (facts.withdrawn_on or "")
        ),
        "access_public": facts.access_level == PUBLIC,
        "access_restricted": facts.access_level == RESTRICTED,
        "access_non_public": facts.access_level == NON_PUBLIC,
    }
    of_this_year = facts.due_on is not None and facts.due_on[:4] == f"{today.year:04}"
    for name in ("planned", "committed") if of_this_year and facts.title is not None else ():
        key = (name, title_of(facts.title or ""))
        counts[f"{name}_this_year"] = counts[name] and key not in seen
        if counts[name]:
            seen.add(key)
    return CommitmentSums(**{name: int(counted) for name, counted in counts.items()})
