"""Keeps what was read until the whole list is complete: nothing is decided on half a list, and a run resumes here."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.bulk import arrays, by_column
from ckanext.mxopendata.harvest import identity, origins
from ckanext.mxopendata.harvest.connectors.base import Connector, LeftOut, Noted, Unreadable
from ckanext.mxopendata.harvest.model import Spooled
from ckanext.mxopendata.harvest.settings import SourceSettings
from ckanext.mxopendata.metadata.findings import Finding, worst
from ckanext.mxopendata.metadata.mapping import record_identity, title_key
from ckanext.mxopendata.metadata.names import derived_identifier
from ckanext.mxopendata.metadata.text import storable

_SPOOL = Spooled.__table__
# Fast rather than small: the spool lives for minutes.
_COMPRESSION = 1
# As :meth:`Reader.line` makes them.
_FIELDS = (
    "identifier", "hash", "title", "title_key", "action", "findings", "severity", "version", "origin", "record",
)  # fmt: skip
_TYPES = {"record": "bytea[]"}
_VALUES = ", ".join("CAST(findings AS jsonb)" if name == "findings" else name for name in _FIELDS)
_ADD = sa.text(
    f"INSERT INTO mxopendata_harvest_spool (run_id, page, number, {', '.join(_FIELDS)})"  # noqa: S608  (names of ours)
    f" SELECT :run, :page, CAST(:first AS integer) + place - 1, {_VALUES}"
    f" FROM unnest({arrays(_FIELDS, _TYPES)}) WITH ORDINALITY AS line ({', '.join(_FIELDS)}, place)"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class Reader:
    """What is needed to take a record of one source into the spool.

    Attributes:
        connector: the source's connector.
        settings: the source's configuration.
        institution: name of the institution, for derived identifiers.
    """

    connector: Connector
    settings: SourceSettings
    institution: str

    def line(self, record: Any, number: int) -> dict[str, Any]:
        """The spool's columns for one record, without the run and the page.

        Args:
            record: as the connector gave it.
            number: its place in the list, from 0.
        """
        if isinstance(record, Unreadable):
            return _line(record.identifier, {}, "", action="rejected", findings=[record.finding])
        if not isinstance(record, Mapping):
            found = Finding("record_not_an_object", location=str(number + 1), value=str(record))
            return _line(f"#{number + 1}", {}, "", action="rejected", findings=[found])
        return self._object_line(record, number)

    def _object_line(self, record: Mapping[str, Any], number: int) -> dict[str, Any]:
        known = record_identity(dict(record), self.connector.shape)
        key = title_key(known.title) if known.title else ""
        findings = list(record.findings) if isinstance(record, Noted) else []
        action = None
        identifier = known.identifier
        if not key:
            action = "rejected"
            findings = [Finding("record_without_title", field="title", location=str(number + 1), value=identifier)]
        elif not identifier:
            identifier = derived_identifier(self.institution, key)
            findings.append(
                Finding("record_without_identifier", field="identifier", location=str(number + 1), value=identifier)
            )
        if isinstance(record, LeftOut):
            action = "excluded"
        elif self.connector.not_a_dataset(record):
            action, findings = "excluded", [Finding("record_not_a_dataset", value=known.title)]
        elif not identity.passes(record, self.settings.include, self.settings.exclude):
            action, findings = "excluded", []
        digest = identity.content_hash(record, self.connector.shape)
        line = _line(identifier or f"#{number + 1}", record, digest, known.title, key, action, findings)
        version = self.connector.version(record)
        said = origins.origin(record, self.connector.shape)
        return {
            **line,
            "version": storable(version) if version else None,
            "origin": storable(said) if said else None,
        }


def add(run_id: str, page: int, first_number: int, lines: Iterable[Mapping[str, Any]]) -> int:
    """Keep the records of one page in the current transaction; once more for the same page changes nothing.

    Args:
        run_id: id of the run.
        page: number of the page within the run.
        first_number: place of its first record in the list, from 0.
        lines: as :meth:`Reader.line` makes them.

    Returns:
        How many records there were.
    """
    rows = list(lines)
    if rows:
        columns = by_column(_FIELDS, rows)
        columns["findings"] = [json.dumps(found) if found else "[]" for found in columns["findings"]]
        model.Session.execute(_ADD, {"run": run_id, "page": page, "first": first_number, **columns})
    return len(rows)


def records(run_id: str, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The records themselves, by number; empty ones for those that were not read, since they are what they were."""
    query = sa.select(_SPOOL.c.number, _SPOOL.c.record).where(
        _SPOOL.c.run_id == run_id, _SPOOL.c.number.in_(list(numbers))
    )
    rows = model.Session.execute(query)
    return {row.number: json.loads(zlib.decompress(row.record)) if row.record else {} for row in rows}


def count(run_id: str) -> int:
    """How many records a run has read so far."""
    query = sa.select(sa.func.count()).select_from(_SPOOL).where(_SPOOL.c.run_id == run_id)
    return model.Session.execute(query).scalar_one()


def drop_repeats(run_id: str) -> None:
    """Forget records that slipped from one page to the next and so came twice, with the same content."""
    earlier = _SPOOL.alias()
    again = sa.exists().where(
        earlier.c.run_id == _SPOOL.c.run_id,
        earlier.c.identifier == _SPOOL.c.identifier,
        earlier.c.hash == _SPOOL.c.hash,
        earlier.c.page < _SPOOL.c.page,
    )
    model.Session.execute(sa.delete(_SPOOL).where(_SPOOL.c.run_id == run_id, again))


def clear(run_id: str) -> None:
    """Remove a run's records, which nobody needs once it has ended."""
    model.Session.execute(sa.delete(_SPOOL).where(_SPOOL.c.run_id == run_id))


def _line(  # noqa: PLR0913, PLR0917 - one for each column
    identifier: str,
    record: Mapping[str, Any],
    digest: str,
    title: str | None = None,
    key: str = "",
    action: str | None = None,
    findings: Iterable[Finding] = (),
) -> dict[str, Any]:
    found = list(findings)
    return {
        "identifier": storable(identifier),
        "hash": digest,
        "title": storable(title) if title else None,
        "title_key": storable(key),
        "action": action,
        "findings": [finding.facts() for finding in found],
        "severity": worst(found),
        "version": None,
        "origin": None,
        "record": zlib.compress(json.dumps(record, ensure_ascii=True).encode("ascii"), _COMPRESSION),
    }
