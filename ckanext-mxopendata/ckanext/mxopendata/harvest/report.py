"""What a run came to: its figures, its findings grouped by cause, and its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.core_tables import GROUP, PACKAGE
from ckanext.mxopendata.harvest.model import COUNTERS, READ_ACTIONS, Record, Run
from ckanext.mxopendata.metadata.findings import SEVERITIES, Finding, catalogue, general_words

RUNNING = "running"
CSV_COLUMNS = (
    "identificador",
    "titulo",
    "accion",
    "conjunto",
    "gravedad",
    "codigo",
    "campo",
    "lugar",
    "valor",
    "hallazgo",
    "remedio",
    "norma",
)


def close(run: Run, status: str | None = None) -> None:
    """End a run in the current transaction: count what came of it and give it its status.

    Args:
        run: the run.
        status: ``failed`` or ``held``; ``None`` to tell it from the records.
    """
    _count(run)
    run.causes = _count_causes(run)
    if status == "held":
        # Nothing was touched: the datasets that would go are still waiting.
        run.in_grace += run.archived + run.deleted
        run.archived = run.deleted = 0
    severities = [Finding.from_facts(facts).severity for facts in run.findings]
    if status is None:
        worst = model.Session.execute(
            sa.select(Record.severity).where(Record.run_id == run.id, Record.severity.isnot(None)).distinct()
        ).scalars()
        severities += list(worst)
        if run.rejected or "error" in severities:
            status = "finished_with_errors"
        else:
            status = "finished_with_warnings" if "warning" in severities else "finished"
    run.status = status
    # A clock that was set back meanwhile must not end a run before it began.
    run.finished = max(datetime.now(timezone.utc), run.started)


def prune(run: Run) -> None:
    """Drop, in the current transaction, the lines of unchanged records and duplicates from the earlier reports.

    They say nothing that this run's do not, and would soon be most of the database; the counters stay.
    """
    table = Record.__table__
    earlier = sa.select(Run.id).where(Run.source_id == run.source_id, Run.id != run.id)
    statement = sa.delete(table).where(table.c.run_id.in_(earlier), table.c.action.in_(("unchanged", "duplicate")))
    model.Session.execute(statement)


def _count(run: Run) -> None:
    table = Record.__table__
    query = sa.select(
        table.c.action,
        sa.func.count().label("records"),
        sa.func.count().filter(table.c.severity == "warning").label("warnings"),
        sa.func.count(table.c.possible_duplicate_of).filter(table.c.action == "created").label("doubtful"),
    )
    rows = model.Session.execute(query.where(table.c.run_id == run.id).group_by(table.c.action)).all()
    figures = dict.fromkeys(COUNTERS, 0)
    for row in rows:
        figures[row.action] = row.records
        figures["warnings"] += row.warnings
        figures["doubtful"] += row.doubtful
    figures["read"] = sum(figures[action] for action in READ_ACTIONS)
    figures["warnings"] += sum(Finding.from_facts(facts).severity == "warning" for facts in run.findings)
    for name, value in figures.items():
        setattr(run, name, value)


def _count_causes(run: Run) -> dict[str, int]:
    query = sa.text(
        "SELECT f.value->>'code', count(DISTINCT r.number) FROM mxopendata_harvest_record r"
        " CROSS JOIN LATERAL jsonb_array_elements(r.findings) f"
        " WHERE r.run_id = :run AND r.severity IS NOT NULL GROUP BY 1"
    )
    return {row[0]: row[1] for row in model.Session.execute(query, {"run": run.id})}


def run_dict(run: Run, source: Mapping[str, Any], language: str = "es") -> dict[str, Any]:
    """A run as ``interfaces`` fixes it.

    Args:
        run: the run.
        source: name, title and institution of its source.
        language: of the findings' sentences.
    """
    return {
        "run": run.id,
        "source": source["name"],
        "source_title": source["title"],
        "institution": source["institution"],
        "institution_title": source["institution_title"],
        "status": run.status or RUNNING,
        "phase": run.phase if run.status is None else None,
        "started": iso(run.started),
        "finished": iso(run.finished),
        "reading": run.reading,
        "confirmed": run.confirmed,
        **{name: getattr(run, name) for name in COUNTERS},
        "findings": [Finding.from_facts(facts).to_dict(language) for facts in run.findings],
        "report_url": f"{config.site_url()}/harvest/{source['name']}/corrida/{run.id}",
    }


def record_dict(row: Any, language: str = "es") -> dict[str, Any]:
    """A line of a run as ``interfaces`` fixes it."""
    return {
        "identifier": row.identifier,
        "previous_identifier": row.previous_identifier,
        "title": row.title,
        "action": row.action,
        # Of a dataset of another source that nobody may know of, not even the id.
        "dataset_id": None if row.action == "duplicate" and row.dataset_name is None else row.dataset_id,
        "dataset_name": row.dataset_name,
        "matched_by": row.matched_by,
        "possible_duplicate_of": row.possible_duplicate_of,
        "findings": [Finding.from_facts(facts).to_dict(language) for facts in row.findings],
    }


def records(
    run_id: str, action: str | None = None, severity: str | None = None, offset: int = 0, limit: int | None = None
) -> tuple[int, list[Any]]:
    """Lines of a run.

    Args:
        run_id: id of the run.
        action: only these, or ``None``.
        severity: only those whose gravest finding is this, or ``None``.
        offset: how many to leave out.
        limit: how many to give, or ``None`` for all.

    Returns:
        How many there are, and the wanted ones in the order of the list.
    """
    table, packages = Record.__table__, PACKAGE
    conditions = [table.c.run_id == run_id]
    if action:
        conditions.append(table.c.action == action)
    if severity:
        conditions.append(table.c.severity == severity)
    count = model.Session.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar_one()
    query = (
        sa.select(table, packages.c.name.label("dataset_name"))
        .outerjoin(packages, sa.and_(packages.c.id == table.c.dataset_id, _may_be_named(table, packages)))
        .where(*conditions)
        .order_by(table.c.number)
        .offset(offset)
        .limit(limit)
    )
    return count, list(model.Session.execute(query).all())


def causes(run: Run, language: str = "es", examples: int = 5) -> list[dict[str, Any]]:
    """The findings of a run's records, grouped by cause, the gravest and most frequent first.

    Returns:
        ``[{"code", "severity", "message", "cure", "norm", "count", "examples": [{"identifier", "title", "value",
        "location", "message", "dataset_name"}]}]``; ``message`` is that of the first example.
    """
    # A record counts once for a cause, whatever number of its fields or files has it.
    query = sa.text(
        "WITH one AS (SELECT DISTINCT ON (f.value->>'code', r.number) f.value->>'code' AS code, f.value AS facts,"
        "  r.number, r.identifier, r.title, r.dataset_id, r.action"
        "  FROM mxopendata_harvest_record r CROSS JOIN LATERAL jsonb_array_elements(r.findings) WITH ORDINALITY"
        "  AS f(value, place) WHERE r.run_id = :run AND r.severity IS NOT NULL"
        "  ORDER BY f.value->>'code', r.number, f.place),"
        " found AS (SELECT one.*, count(*) OVER (PARTITION BY code) AS amount,"
        "  row_number() OVER (PARTITION BY code ORDER BY number) AS place FROM one)"
        " SELECT found.*, p.name AS dataset_name FROM found LEFT JOIN package p ON p.id = found.dataset_id"
        " AND (found.action <> 'duplicate' OR NOT p.private AND p.state = 'active')"
        " WHERE place <= :examples ORDER BY code, place"
    )
    groups: dict[str, dict[str, Any]] = {}
    for row in model.Session.execute(query, {"run": run.id, "examples": examples}):
        finding = Finding.from_facts(row.facts).to_dict(language)
        group = groups.setdefault(finding["code"], {**finding, "count": row.amount, "examples": []})
        example = {name: finding[name] for name in ("value", "location", "message", "field")}
        names = {"identifier": row.identifier, "title": row.title, "dataset_name": row.dataset_name}
        group["examples"].append({**example, **names})
    return sorted(groups.values(), key=lambda group: (SEVERITIES.index(group["severity"]), -group["count"]))


def compare(
    found: Sequence[Mapping[str, Any]], run: Run, earlier: Run | None, language: str = "es"
) -> dict[str, list[dict[str, Any]]]:
    """The causes of a run beside those of the run before.

    Args:
        found: as :func:`causes` gives them.
        run: the run.
        earlier: the one before, or ``None``.
        language: of the sentences.

    Returns:
        ``{"causes", "gone"}``: ``found``, each with ``before`` (how many records had it; ``None`` where that is not
        known), and ``[{"code", "severity", "message", "before"}]`` of those that no record has any more.
    """
    finished = (run.status or "").startswith("finished")
    known = earlier.causes if finished and earlier is not None else None
    listed = [{**cause, "before": None if known is None else known.get(cause["code"], 0)} for cause in found]
    told = catalogue().keys() - {cause["code"] for cause in found}
    gone = [{**general_words(code, language), "before": count} for code, count in (known or {}).items() if code in told]
    gone.sort(key=lambda cause: (SEVERITIES.index(cause["severity"]), -cause["before"]))
    return {"causes": listed, "gone": gone}


def csv_rows(run: Run, language: str = "es") -> Iterator[list[Any]]:
    """The lines of a run under :data:`CSV_COLUMNS`: one for each finding of a record, one for a record without any."""
    for facts in run.findings:
        yield ["", "", "corrida", "", *_finding_cells(Finding.from_facts(facts).to_dict(language))]
    _, rows = records(run.id)
    for row in rows:
        head = [row.identifier, row.title, row.action, row.dataset_name]
        found = [Finding.from_facts(facts).to_dict(language) for facts in row.findings]
        for finding in found:
            yield [*head, *_finding_cells(finding)]
        if not found:
            yield [*head, *[""] * 8]


def _may_be_named(records: Any, packages: Any) -> sa.ColumnElement[bool]:
    """Whether a line may name its dataset: a duplicate's is another source's, which may be private."""
    seen = sa.and_(packages.c.private.is_(False), packages.c.state == "active")
    return sa.or_(records.c.action != "duplicate", seen)


def _finding_cells(finding: Mapping[str, Any]) -> list[Any]:
    names = ("severity", "code", "field", "location", "value", "message", "cure", "norm")
    return [finding[name] for name in names]


def sources_by_id(source_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Name, title and institution of harvest sources, by id."""
    packages, groups = PACKAGE, GROUP
    query = (
        sa.select(
            packages.c.id,
            packages.c.name,
            packages.c.title,
            groups.c.name.label("institution"),
            groups.c.title.label("institution_title"),
        )
        .outerjoin(groups, groups.c.id == packages.c.owner_org)
        .where(packages.c.id.in_(set(source_ids)))
    )
    return {row.id: dict(row._mapping) for row in model.Session.execute(query)}


def iso(moment: datetime | None) -> str | None:
    """A time with zone as the actions give it: ISO 8601, in UTC."""
    return moment.astimezone(timezone.utc).isoformat() if moment else None
