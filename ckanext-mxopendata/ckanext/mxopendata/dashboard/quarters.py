"""Freezes the figures of a quarter for ever: its inputs and results are one archive that anybody can recompute.

Facts are known for the present only, so a quarter is frozen on its last day or after it, while it is the last that
ended; the first computation after its end does it by itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import GROUP, PACKAGE
from ckanext.mxopendata.dashboard import figures, promises, snapshots
from ckanext.mxopendata.dashboard.measurements import facts_of
from ckanext.mxopendata.dashboard.model import Quarter, Snapshot
from ckanext.mxopendata.dashboard.queries import JOINED, MEASURED, PUBLIC
from ckanext.mxopendata.quality import archive
from ckanext.mxopendata.quality.facts import FORMULA_VERSION, DatasetFacts
from ckanext.mxopendata.quality.publication_index import weights

_QUARTER = re.compile(r"(\d{4})Q([1-4])")
_MONTHS = 3
_READ_AT_ONCE = 1000
_TABLE = Quarter.__table__


class QuarterError(ValueError):
    """A quarter that cannot be frozen; the message says why, in Spanish."""


def quarter_of(day: date) -> str:
    """The quarter of a day: ``2026Q4``."""
    return f"{day.year}Q{(day.month - 1) // _MONTHS + 1}"


def last_day_of(quarter: str) -> date:
    """The last day of a quarter.

    Raises:
        QuarterError: where the text is none.
    """
    read = _QUARTER.fullmatch(quarter)
    if read is None:
        raise QuarterError(f"«{quarter}» no es un trimestre; se escribe como 2026Q4")
    year, number = int(read[1]), int(read[2])
    following = date(year + number // 4, number % 4 * _MONTHS + 1, 1)
    return following - timedelta(days=1)


def freeze(quarter: str, now: datetime) -> dict[str, Any]:
    """Take the figures of ``now`` as those of a quarter; the caller holds the lock of the computation and commits.

    Returns:
        ``{"quarter", "day", "as_of", "formula_version", "datasets", "institutions", "sha256"}``.

    Raises:
        QuarterError: where it is frozen already, has not ended, or another has ended since.
    """
    today, ends = snapshots.local_day(now), last_day_of(quarter)
    if model.Session.get(Quarter, quarter) is not None:
        raise QuarterError(f"El trimestre {quarter} ya está congelado; no se cambia")
    if today < ends:
        raise QuarterError(f"El trimestre {quarter} termina el {ends.isoformat()}; antes no se congela")
    if today > ends and quarter_of(today) != quarter_of(ends + timedelta(days=1)):
        raise QuarterError(f"El trimestre {quarter} terminó hace más de un trimestre: ya no se conocen sus datos")
    snapshots.take(now)
    promised = promises.facts(now)
    content, datasets, institutions = archive.write(
        quarter, now, weights(), _institutions(now), _datasets(), commitments=promised
    )
    row = Quarter(
        quarter=quarter,
        day=today,
        as_of=now,
        formula_version=FORMULA_VERSION,
        datasets=datasets,
        institutions=institutions,
        archive=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    model.Session.add(row)
    model.Session.flush()
    return described(row)


def freeze_what_ended(now: datetime) -> dict[str, Any] | None:
    """Freeze the quarter that ended last, where figures were kept in it and nobody has frozen it."""
    today = snapshots.local_day(now)
    quarter = quarter_of(today.replace(day=1, month=(today.month - 1) // _MONTHS * _MONTHS + 1) - timedelta(days=1))
    ends = last_day_of(quarter)
    table = Snapshot.__table__
    kept = sa.select(table.c.day).where(
        table.c.scope == snapshots.PORTAL, table.c.day <= ends, table.c.day > ends - timedelta(days=90)
    )
    frozen = sa.select(_TABLE.c.quarter).where(_TABLE.c.quarter == quarter)
    if model.Session.execute(frozen).first() or not model.Session.execute(kept.limit(1)).first():
        return None
    return freeze(quarter, now)


def frozen_archive(quarter: str) -> bytes | None:
    """The archive of a frozen quarter, or ``None``."""
    found = model.Session.execute(sa.select(_TABLE.c.archive).where(_TABLE.c.quarter == quarter)).scalar()
    return bytes(found) if found is not None else None


def names() -> list[str]:
    """The frozen quarters by name, the newest first."""
    return list(model.Session.execute(sa.select(_TABLE.c.quarter).order_by(_TABLE.c.quarter.desc())).scalars())


def days() -> list[tuple[str, date]]:
    """The frozen quarters with the day whose figures they are, the newest first."""
    query = sa.select(_TABLE.c.quarter, _TABLE.c.day).order_by(_TABLE.c.quarter.desc())
    return [(row.quarter, row.day) for row in model.Session.execute(query)]


def listed() -> list[dict[str, Any]]:
    """The frozen quarters, the newest first, as :func:`freeze` describes each."""
    columns = [column for column in _TABLE.c if column.name != "archive"]
    rows = model.Session.execute(sa.select(*columns).order_by(_TABLE.c.quarter.desc()))
    return [described(row) for row in rows]


def described(row: Any) -> dict[str, Any]:
    """A frozen quarter without its archive."""
    named = {name: getattr(row, name) for name in ("quarter", "formula_version", "datasets", "institutions", "sha256")}
    return {**named, "day": row.day.isoformat(), "as_of": row.as_of.isoformat()}


def _institutions(now: datetime) -> Iterator[archive.Frozen]:
    panorama = figures.panorama(now)
    nothing = {"gov_type": None, "state": None, "sectors": [], "ranked": False}
    yield archive.Frozen("", "", nothing, _runs(panorama.sources), panorama.total.every_indicator)
    for each in panorama.institutions:
        one = each.institution
        about = {"gov_type": one.gov_type, "state": one.state, "sectors": list(one.sectors), "ranked": one.ranked}
        yield archive.Frozen(one.name, one.title, about, _runs(each.sources), each.figures.every_indicator)


def _runs(sources: Any) -> tuple[Any, ...]:
    return tuple(source.evidence for source in sources if source.evidence)


def _datasets() -> Iterator[tuple[str, str, DatasetFacts]]:
    owner = sa.case((sa.and_(GROUP.c.state == "active", GROUP.c.is_organization), GROUP.c.name), else_="")
    query = (
        sa.select(PACKAGE.c.name.label("dataset"), owner.label("institution"), *MEASURED.c)
        .select_from(JOINED.outerjoin(GROUP, GROUP.c.id == MEASURED.c.owner_org))
        .where(PUBLIC)
        .order_by(PACKAGE.c.name)
        .execution_options(yield_per=_READ_AT_ONCE)
    )
    for row in model.Session.execute(query).mappings():
        yield row["dataset"], row["institution"], facts_of({**row})
