"""What the last complete run knew of a source's list, so that the next need not read what has not changed.

A record that need not be read gets its line in the spool from the report of that run; what becomes of it is decided as
of any other. Where the decision turns out to need a record that was not read, the whole list is read instead
(:func:`lacks_records`): leaning on what is known can cost time, never a dataset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as installed
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest.model import READ_ACTIONS, Run
from ckanext.mxopendata.harvest.source import Source
from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS
from ckanext.mxopendata.metadata.crosswalk import crosswalk

FULL, UNMODIFIED = "full", "unmodified"
COMPLETE = ("finished", "finished_with_warnings", "finished_with_errors")
_SECONDS_A_DAY = 86400

# The lines of a report, and whether each may stand for its record: where what was decided follows from the line alone
# (the filters, no title), or is decided anew from its hash. What CKAN refused, the portal did not give, is stored
# through another source or was not indexed needs its record.
_LINES = """
SELECT r.number, r.identifier, r.hash, r.title, r.title_key, r.version,
    CASE WHEN c.told THEN r.action END AS action,
    CASE WHEN c.told THEN r.findings ELSE '[]' END AS findings,
    CASE WHEN c.told THEN r.severity END AS severity,
    c.told OR c.anew AS usable
FROM mxopendata_harvest_record r
LEFT JOIN mxopendata_harvest_identity i ON i.source_id = :source AND i.identifier = r.identifier
LEFT JOIN package p ON p.id = i.dataset_id
CROSS JOIN LATERAL (SELECT
    (r.action = 'excluded' AND NOT r.findings @> '[{"code": "record_deleted_here"}]')
    OR (r.action = 'rejected' AND (r.findings @> '[{"code": "record_without_title"}]'
        OR r.findings @> '[{"code": "record_not_an_object"}]')) AS told,
    (r.action = 'rejected' AND r.findings @> '[{"code": "record_repeated"}]')
    OR coalesce(i.archived_at IS NULL AND (
        (r.action IN ('created', 'updated', 'unchanged', 'matched', 'restored') AND i.hash = r.hash
            AND NOT r.findings @> '[{"code": "record_not_indexed"}]')
        OR (r.action = 'excluded' AND p.state <> 'active')) AND p.id IS NOT NULL, false) AS anew
) c
WHERE r.run_id = :before AND r.action = ANY(:read)
"""
_CARRY_ALL = """
INSERT INTO mxopendata_harvest_spool
    (run_id, number, page, identifier, hash, title, title_key, action, findings, severity, version, record)
SELECT :run, number, 0, identifier, hash, title, title_key, action, findings, severity, version, ''::bytea
FROM (LINES) line WHERE usable
"""
_CARRY = """
INSERT INTO mxopendata_harvest_spool
    (run_id, number, page, identifier, hash, title, title_key, action, findings, severity, version, record)
SELECT :run, CAST(:first AS integer) + place - 1, :page,
    identifier, hash, title, title_key, action, findings, severity, version, ''::bytea
FROM unnest(CAST(:versions AS text[])) WITH ORDINALITY AS wanted (version, place)
JOIN (SELECT DISTINCT ON (version) * FROM (LINES) line
    WHERE usable AND version = ANY(:versions) ORDER BY version, number) line USING (version)
ON CONFLICT DO NOTHING
"""
_CARRIED = """
SELECT count(*) FROM mxopendata_harvest_spool WHERE run_id = :run AND page = :page AND record = ''::bytea
"""
_AMONG = "SELECT version FROM (LINES) line WHERE usable AND version = ANY(:versions)"
_COUNT = "SELECT count(*) AS lines, count(*) FILTER (WHERE usable) AS usable FROM (LINES) line"
_LACKING = """
SELECT EXISTS (
    SELECT 1 FROM mxopendata_harvest_record r
    JOIN mxopendata_harvest_spool s ON s.run_id = r.run_id AND s.number = r.number
    WHERE r.run_id = :run AND s.record = ''::bytea AND r.action NOT IN ('unchanged', 'excluded', 'rejected')
)
"""


class UnreadRecordError(Exception):
    """A record that need not be read has no line any more: somebody changed what we know, meanwhile."""


@dataclass(frozen=True)
class KnownList:
    """The list of the last complete run; see :class:`ckanext.mxopendata.harvest.connectors.base.Known`.

    Attributes:
        run_id: id of that run.
        source_id: id of the harvest source.
        memory: what the connector asked to be reminded of.
        findings: what was said of the list when it was read.
        whole: whether each of its lines may stand for its record.
        full_at: when all of it was read last.
    """

    run_id: str
    source_id: str
    memory: Mapping[str, Any]
    findings: list[dict[str, Any]]
    whole: bool
    full_at: Any

    def among(self, versions: Sequence[str]) -> set[str]:
        """See :meth:`ckanext.mxopendata.harvest.connectors.base.Known.among`."""
        values = {**self._values(), "versions": list(versions)}
        return set(model.Session.execute(_on_lines(_AMONG), values).scalars())

    def carry(self, run_id: str, page: int, first: int, versions: Sequence[str]) -> int:
        """Keep the records of these versions in the spool, as the report has them.

        Returns:
            How many there were.

        Raises:
            UnreadRecordError: where one is not known any more.
        """
        if not versions:
            return 0
        values = {"run": run_id, "page": page, "first": first, "versions": list(versions)}
        model.Session.execute(_on_lines(_CARRY), {**self._values(), **values})
        if model.Session.execute(sa.text(_CARRIED), values).scalar_one() != len(versions):
            raise UnreadRecordError
        return len(versions)

    def carry_all(self, run_id: str) -> int:
        """Keep the whole list in the spool, as the report has it; returns how many records it has."""
        result: Any = model.Session.execute(_on_lines(_CARRY_ALL), {**self._values(), "run": run_id})
        return int(result.rowcount)

    def _values(self) -> dict[str, Any]:
        return {"source": self.source_id, "before": self.run_id, "read": list(READ_ACTIONS)}


def known_list(run: Run, source: Source) -> KnownList | None:
    """What a run may lean on, or ``None`` where it has to read everything.

    That is so for the first run, for ``--force``, after a run that did not come to its end, where the source or the
    suite is not what it was, where another harvester wrote the source's datasets meanwhile, and at intervals
    (``ckanext.mxopendata.harvest.full_days``).

    Args:
        run: an open run whose ``basis`` is set.
        source: its source.
    """
    if run.force:
        return None
    earlier = model.Session.query(Run).filter(Run.source_id == run.source_id, Run.id != run.id)
    before = earlier.order_by(Run.started.desc()).first()
    if before is None or before.status not in COMPLETE or before.basis != run.basis or before.full_at is None:
        return None
    waited = (run.at - before.full_at).total_seconds()
    if not 0 <= waited < config.harvest_full_days() * _SECONDS_A_DAY or _written_by_others(source.id):
        return None
    values = {"source": source.id, "before": before.id, "read": list(READ_ACTIONS)}
    counted = model.Session.execute(_on_lines(_COUNT), values).one()
    return KnownList(
        run_id=before.id,
        source_id=source.id,
        memory=before.memory.get("connector", {}),
        findings=before.memory.get("findings", []),
        whole=counted.lines == counted.usable == before.read,
        full_at=before.full_at,
    )


def basis(source: Source) -> str:
    """A digest of all that the reading of a record depends on beside the record."""
    parts = (source.url, source.type, source.organization.name, repr(source.settings), _suite())
    return hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()


def lacks_records(run: Run) -> bool:
    """Whether a run that was just decided needs a record that was not read."""
    if run.reading in {None, FULL}:
        return False
    return bool(model.Session.execute(sa.text(_LACKING), {"run": run.id}).scalar_one())


def _on_lines(text: str) -> Any:
    """A statement in which ``(LINES)`` is the report of the last complete run."""
    return sa.text(text.replace("(LINES)", f"({_LINES})"))


@cache
def _suite() -> str:
    return f"{installed('ckanext-mxopendata')} {crosswalk()!r}"


def _written_by_others(source_id: str) -> bool:
    """Whether another harvester is the last that wrote a dataset of the source; it may know records by other names."""
    objects = HARVEST_OBJECTS
    others = sa.exists().where(
        objects.c.harvest_source_id == source_id, objects.c.current.is_(True), objects.c.content.isnot(None)
    )
    return bool(model.Session.execute(sa.select(others)).scalar_one())
