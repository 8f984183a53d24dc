"""Keeps the table of measurements in step with the datasets: what changed is measured again, the rest is left alone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.dashboard.model import Measurement
from ckanext.mxopendata.dashboard.published import families_of, portal_context
from ckanext.mxopendata.dashboard.stored import StoredDataset, read_datasets
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.quality.adela import ResourceFacts
from ckanext.mxopendata.quality.argentine_profile import FieldUse
from ckanext.mxopendata.quality.completeness import Completeness, MissingField
from ckanext.mxopendata.quality.facts import FORMULA_VERSION, DatasetFacts, measure
from ckanext.mxopendata.quality.families import FamilyFacts
from ckanext.mxopendata.quality.freshness import FreshnessFacts
from ckanext.mxopendata.quality.pydatajson_sums import EntryFacts
from ckanext.mxopendata.quality.years import YearFacts

BATCH = 200
_TABLE = Measurement.__table__
# Facts whose column holds what the fact is.
_PLAIN_FACTS = (
    "resources", "open_resources", "machine_readable_resources", "formats", "licensed", "with_contact", "archived",
)  # fmt: skip
_YEAR_COLUMNS = ("created_years", "updated_years")
_PLAIN_ENTRY_FACTS = ("distributions", "valid", "with_data", "basis", "stale_on", "modified")
_FAMILY_COLUMNS = (
    "mqa", "adela_medals", "adela_stars", *(f"entry_{name}" for name in _PLAIN_ENTRY_FACTS), "entry_fields",
)  # fmt: skip
_KEY_AND_TIME = ("dataset_id", "measured_at")


def _upsert() -> Any:
    """Write many rows, one parameter in all: a parameter a value takes longer to prepare than to write."""
    given = sa.func.jsonb_populate_recordset(
        sa.literal_column(f"NULL::{_TABLE.name}"), sa.cast(sa.bindparam("rows", type_=sa.Text), JSONB)
    ).table_valued(*(sa.column(column.name, column.type) for column in _TABLE.c), name="given")
    statement = insert(_TABLE).from_select([column.name for column in _TABLE.c], sa.select(*given.c))
    facts = [column.name for column in _TABLE.c if column.name not in _KEY_AND_TIME]
    return statement.on_conflict_do_update(
        index_elements=[_TABLE.c.dataset_id],
        set_={name: statement.excluded[name] for name in (*facts, "measured_at")},
        where=sa.or_(*(_TABLE.c[name].is_distinct_from(statement.excluded[name]) for name in facts)),
    ).returning(_TABLE.c.dataset_id)


_UPSERT = _upsert()


@dataclasses.dataclass
class Outcome:
    """What a computation did.

    Attributes:
        measured: datasets whose facts were computed.
        changed: of them, how many came out different and were written.
        removed: measurements of datasets that are no more.
    """

    measured: int = 0
    changed: int = 0
    removed: int = 0


def measure_datasets(dataset_ids: Iterable[str], now: datetime, outcome: Outcome) -> None:
    """Measure datasets and write the rows that differ, one transaction a batch; the caller holds the lock.

    Args:
        dataset_ids: which; ids without a dataset lose their measurement.
        now: written as ``measured_at``.
        outcome: counts are added to it.
    """
    context = portal_context()
    for batch in batches(sorted(set(dataset_ids)), BATCH):
        _measure_batch(batch, context, now, outcome)
        model.Session.commit()


def out_of_step() -> set[str]:
    """Ids of datasets whose measurement is missing, or of another state, owner, date or formula than the dataset.

    It finds what bypassed the change log: SQL, a plugin that was off, a purge (the purged ids are included).
    """
    differs = sa.or_(
        _TABLE.c.dataset_id.is_(None),
        _TABLE.c.package_modified.is_distinct_from(PACKAGE.c.metadata_modified),
        _TABLE.c.owner_org.is_distinct_from(PACKAGE.c.owner_org),
        _TABLE.c.private.is_distinct_from(PACKAGE.c.private),
        _TABLE.c.state.is_distinct_from(PACKAGE.c.state),
        _TABLE.c.formula_version != FORMULA_VERSION,
    )
    changed = (
        sa.select(PACKAGE.c.id)
        .select_from(PACKAGE.outerjoin(_TABLE, _TABLE.c.dataset_id == PACKAGE.c.id))
        .where(PACKAGE.c.type == "dataset", differs)
    )
    gone = (
        sa.select(_TABLE.c.dataset_id)
        .select_from(_TABLE.outerjoin(PACKAGE, PACKAGE.c.id == _TABLE.c.dataset_id))
        .where(PACKAGE.c.id.is_(None))
    )
    return set(model.Session.execute(sa.union(changed, gone)).scalars())


def all_dataset_ids() -> set[str]:
    """Ids of every dataset and of every measurement, whether or not the other exists."""
    query = sa.union(sa.select(PACKAGE.c.id).where(PACKAGE.c.type == "dataset"), sa.select(_TABLE.c.dataset_id))
    return set(model.Session.execute(query).scalars())


def batches(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """The items in lists of at most ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _measure_batch(dataset_ids: Sequence[str], context: ExportContext, now: datetime, outcome: Outcome) -> None:
    rows = [
        _row(stored, measure(stored.content, families_of(stored.content, context)), now)
        for stored in read_datasets(dataset_ids)
    ]
    outcome.measured += len(rows)
    if rows:
        document = json.dumps(rows, default=lambda at: at.isoformat())
        outcome.changed += len(model.Session.execute(_UPSERT, {"rows": document}).all())
    gone = set(dataset_ids) - {row["dataset_id"] for row in rows}
    if gone:
        removed = sa.delete(_TABLE).where(_TABLE.c.dataset_id.in_(gone)).returning(_TABLE.c.dataset_id)
        outcome.removed += len(model.Session.execute(removed).all())


def facts_of(row: Mapping[str, Any]) -> DatasetFacts:
    """The facts of a dataset from its row of the table: the opposite of what was written."""
    missing = tuple(MissingField(**each) for each in row["missing"])
    return DatasetFacts(
        freshness=FreshnessFacts(
            row["frequency"], row["freshness_basis"], row["modified"], row["due"], row["late_after"]
        ),
        completeness=Completeness(row["points"], row["points_max"], missing),
        **{name: row[name] for name in _PLAIN_FACTS},
        years=YearFacts(*(years if years is None else tuple(years) for years in map(row.get, _YEAR_COLUMNS))),
        families=_families_of(row) if row["mqa"] is not None else None,
    )


def _families_of(row: Mapping[str, Any]) -> FamilyFacts:
    entry = {name: row[f"entry_{name}"] for name in _PLAIN_ENTRY_FACTS}
    without_medal, bronze, owned = row["adela_medals"]
    return FamilyFacts(
        row["mqa"],
        ResourceFacts(without_medal, bronze, owned, tuple(row["adela_stars"])),
        EntryFacts(**entry, use=FieldUse(*row["entry_fields"])),
    )


def _family_columns(facts: FamilyFacts | None) -> dict[str, Any]:
    if facts is None:
        return dict.fromkeys(_FAMILY_COLUMNS)
    resources, entry = facts.adela, facts.pydatajson
    return {
        "mqa": facts.mqa,
        "adela_medals": [resources.without_medal, resources.bronze, resources.owned],
        "adela_stars": list(resources.stars),
        **{f"entry_{name}": getattr(entry, name) for name in _PLAIN_ENTRY_FACTS},
        "entry_fields": list(dataclasses.astuple(entry.use)),
    }


def _row(stored: StoredDataset, facts: DatasetFacts, now: datetime) -> Mapping[str, Any]:
    return {
        "dataset_id": stored.id,
        "owner_org": stored.owner_org,
        "private": stored.private,
        "state": stored.state,
        "archived": facts.archived,
        "frequency": facts.freshness.frequency,
        "freshness_basis": facts.freshness.basis,
        "modified": facts.freshness.modified,
        "due": facts.freshness.due,
        "late_after": facts.freshness.late_after,
        "points": facts.completeness.points,
        "points_max": facts.completeness.maximum,
        "missing": [dataclasses.asdict(field) for field in facts.completeness.missing],
        "resources": facts.resources,
        "open_resources": facts.open_resources,
        "machine_readable_resources": facts.machine_readable_resources,
        "formats": dict(facts.formats),
        "licensed": facts.licensed,
        "with_contact": facts.with_contact,
        **dict(zip(_YEAR_COLUMNS, (facts.years.created, facts.years.updated), strict=True)),
        **_family_columns(facts.families),
        "package_modified": stored.metadata_modified,
        "formula_version": FORMULA_VERSION,
        "measured_at": now,
    }
