"""Checks of the harvests themselves: whether they are started, finish, fail, wait for somebody, have their secrets.

What ckanext-harvest keeps is read: nobody notes that ``harvester run`` was called, but a call leaves no source due and
no job unfinished whose objects are all done.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

import ckan.plugins as p
from ckan import model

from ckanext.mxopendata.doctor.check import Check, failed, passed
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import secrets

# `harvester run` is called every quarter of an hour: missed twice.
SLACK = timedelta(minutes=30)
HELD_FOR = timedelta(days=1)
FAILURES_IN_A_ROW = 3
# A source is late when twice its interval has passed.
INTERVALS = "('ALWAYS', 1), ('DAILY', 1), ('WEEKLY', 7), ('BIWEEKLY', 14), ('MONTHLY', 31)"
NAMES_SHOWN = 5


def harvester_run() -> Check:
    """``ckan harvester run`` is called regularly: no source is long due, no finished harvest is left open."""
    if not p.plugin_loaded("harvest"):
        return passed("harvester_run", "off")
    due = _rows(
        """
        SELECT package.name, coalesce(source.next_run, source.created) AS since
        FROM harvest_source AS source JOIN package ON package.id = source.id
        WHERE source.active AND package.state = 'active' AND source.frequency <> 'MANUAL'
          AND coalesce(source.next_run, source.created) < :before
        ORDER BY since
        """,
        before=_now() - SLACK,
    )
    if due:
        return failed("harvester_run", count=len(due), names=_names(due), since=_time(due[0].since))
    open_jobs = _rows(
        """
        SELECT package.name, max(coalesce(object.import_finished, object.fetch_finished, job.gather_finished)) AS since
        FROM harvest_job AS job JOIN package ON package.id = job.source_id
        LEFT JOIN harvest_object AS object ON object.harvest_job_id = job.id
        WHERE job.status = 'Running' AND job.gather_finished IS NOT NULL
        GROUP BY job.id, package.name
        HAVING coalesce(bool_and(object.state IN ('COMPLETE', 'ERROR')), true)
           AND max(coalesce(object.import_finished, object.fetch_finished, job.gather_finished)) < :before
        ORDER BY since
        """,
        before=_now() - SLACK,
    )
    if open_jobs:
        words = {"count": len(open_jobs), "names": _names(open_jobs), "since": _time(open_jobs[0].since)}
        return failed("harvester_run", "open", **words)
    scheduled = _rows(
        "SELECT min(next_run) AS next, count(*) AS count FROM harvest_source WHERE active AND frequency <> 'MANUAL'"
    )[0]
    if not scheduled.count:
        return passed("harvester_run", "none")
    return passed("harvester_run", count=scheduled.count, next=_time(scheduled.next) if scheduled.next else "–")


def schedule() -> Check:
    """Every source with an interval had a harvest that came to its end within twice that interval."""
    if not p.plugin_loaded("harvest"):
        return passed("schedule", "off")
    late = _rows(
        f"""
        SELECT package.name, source.type, coalesce(max(job.finished), source.created) AS since
        FROM harvest_source AS source JOIN package ON package.id = source.id
        JOIN (VALUES {INTERVALS}) AS every (frequency, days) ON every.frequency = source.frequency
        LEFT JOIN harvest_job AS job ON job.source_id = source.id AND job.status = 'Finished'
        WHERE source.active AND package.state = 'active'
        GROUP BY source.id, package.name, every.days
        HAVING coalesce(max(job.finished), source.created) < :now - 2 * every.days * interval '1 day'
        ORDER BY since
        """,  # noqa: S608 - the intervals are our own
        now=_now(),
    )
    if late:
        first = late[0]
        words = {"count": len(late), "names": _names(late), "since": _time(first.since), "first": first.name}
        return failed("schedule", command=_harvest_command(first), **words)
    return passed("schedule")


def failing_sources() -> Check:
    """No source failed several times in a row: a portal that moved, a changed answer, a blocked address."""
    if not p.plugin_loaded("harvest"):
        return passed("failing_sources", "off")
    rows = _rows(
        """
        SELECT package.name
        FROM harvest_source AS source JOIN package ON package.id = source.id
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT 1 FROM harvest_gather_error AS error WHERE error.harvest_job_id = job.id)
               AND NOT EXISTS (SELECT 1 FROM harvest_object AS object
                               WHERE object.harvest_job_id = job.id AND object.report_status IS DISTINCT FROM 'errored')
                   AS failed
            FROM harvest_job AS job
            WHERE job.source_id = source.id AND job.status = 'Finished'
            ORDER BY job.created DESC LIMIT :times
        ) AS last
        WHERE source.active AND package.state = 'active'
        GROUP BY package.name
        HAVING count(*) = :times AND bool_and(last.failed)
        ORDER BY package.name
        """,
        times=FAILURES_IN_A_ROW,
    )
    if p.plugin_loaded("mxopendata_harvest"):
        rows += _rows(
            """
            SELECT package.name
            FROM harvest_source AS source JOIN package ON package.id = source.id
            CROSS JOIN LATERAL (
                SELECT run.status = 'failed' AS failed
                FROM mxopendata_harvest_run AS run
                WHERE run.source_id = source.id AND run.status IS NOT NULL
                ORDER BY run.started DESC LIMIT :times
            ) AS last
            WHERE source.active AND package.state = 'active'
            GROUP BY package.name
            HAVING count(*) = :times AND bool_and(last.failed)
            ORDER BY package.name
            """,
            times=FAILURES_IN_A_ROW,
        )
    names = list(dict.fromkeys(row.name for row in rows))
    if names:
        shown = ", ".join(names[:NAMES_SHOWN])
        return failed("failing_sources", count=len(names), names=shown, first=names[0], times=FAILURES_IN_A_ROW)
    return passed("failing_sources")


def held_runs() -> Check:
    """No run has been waiting for a person since yesterday: while a guard holds it, its source stays as it was."""
    if not p.plugin_loaded("mxopendata_harvest"):
        return passed("held_runs", "off")
    rows = _rows(
        """
        SELECT package.name, newest.id, newest.started AS since
        FROM (SELECT DISTINCT ON (source_id) * FROM mxopendata_harvest_run ORDER BY source_id, started DESC) AS newest
        JOIN package ON package.id = newest.source_id AND package.state = 'active'
        WHERE newest.status = 'held' AND newest.started < :before
        ORDER BY newest.started
        """,
        before=datetime.now(timezone.utc) - HELD_FOR,
    )
    if rows:
        first = rows[0]
        words = {"count": len(rows), "names": _names(rows), "since": _time(first.since)}
        return failed("held_runs", name=first.name, run=first.id, **words)
    return passed("held_runs")


def source_secrets() -> Check:
    """The environment variables that sources name for their secrets hold a host and a key here."""
    if not p.plugin_loaded("harvest"):
        return passed("source_secrets", "off")
    rows = _rows(
        """
        SELECT package.name, source.config
        FROM harvest_source AS source JOIN package ON package.id = source.id
        WHERE source.active AND package.state = 'active' AND source.config LIKE '%"secret"%'
        ORDER BY package.name
        """
    )
    wanted = {row.name: secret for row in rows if (secret := _secret(row.config))}
    missing = {name: variable for name, variable in wanted.items() if not _is_set(variable)}
    if missing:
        pairs = ", ".join(f"{name} → {variable}" for name, variable in missing.items())
        return failed("source_secrets", pairs=pairs, first=next(iter(missing.values())))
    return passed("source_secrets", count=len(wanted))


def _is_set(variable: str) -> bool:
    try:
        secrets.credential(variable, "{key}")
    except SourceError:
        return False
    return True


def _secret(config: str) -> str | None:
    try:
        content = json.loads(config)
    except ValueError:
        # The source's own form says that its configuration is no JSON.
        return None
    secret = content.get("secret") if isinstance(content, dict) else None
    return secret if isinstance(secret, str) else None


def _rows(query: str, **values: Any) -> list[Any]:
    return list(model.Session.execute(sa.text(query), values))


def _now() -> datetime:
    """The present as ckanext-harvest stores it: UTC without a zone."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _time(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _names(rows: list[Any]) -> str:
    names = ", ".join(row.name for row in rows[:NAMES_SHOWN])
    return f"{names}…" if len(rows) > NAMES_SHOWN else names


def _harvest_command(source: Any) -> str:
    """What harvests one source now: ours for the types of the suite, ckanext-harvest's for the others."""
    return f"mxopendata harvest {source.name}" if source.type.startswith("mx_") else f"harvester job {source.name}"
