"""A plan, an inventory or a count becomes what institutions promised: created, updated by line key, never doubled.

A file adds and changes, it never removes: a line that a newer file leaves out stays, and the report says so. A changed
date is added to the history of its line.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.institutions import stored_facts
from ckanext.mxopendata.metadata.commitment_columns import INVENTORY, TOTALS, year_in
from ckanext.mxopendata.metadata.commitment_table import (
    CommitmentLine,
    CommitmentTable,
    first_day,
    last_day,
    line_key,
    read_commitments,
)
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.planning.commitment_model import Commitment, CommitmentDate, CommitmentTotal
from ckanext.mxopendata.planning.institution_names import InstitutionNames, KnownInstitution

FATES = ("created", "updated", "unchanged", "rejected")
MAXIMUM_FILE_NAME = 200


@dataclass
class ImportReport:
    """What became of a file.

    Attributes:
        read: the file as it was read.
        fates: row number → one of ``FATES``; every row of data has one.
        owners: row number → name of its institution where that is known.
        findings: of the table and of the rows; ``details["row"]`` is the row.
    """

    read: CommitmentTable
    fates: dict[int, str] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def counted(self) -> dict[str, int]:
        """How many rows met each fate."""
        fates = list(self.fates.values())
        return {fate: fates.count(fate) for fate in FATES}

    def to_dict(self, language: str) -> dict[str, Any]:
        """``{"kind", "rows", "created", "updated", "unchanged", "rejected", "findings": [Finding + "row"]}``.

        The four counts are of rows and add up to ``rows``. ``kind`` is ``plan``, ``inventory``, ``totals`` or empty.
        """
        findings = [{**finding.to_dict(language), "row": finding.details.get("row")} for finding in self.findings]
        return {"kind": self.read.kind, "rows": len(self.fates), **self.counted(), "findings": findings}


@dataclass(frozen=True)
class ImportSettings:
    """How a file is imported.

    Attributes:
        file_name: its name, kept with every line; the year of a count is read from it.
        now: the moment of the import.
        institution: id of the only institution whose rows are taken; ``None`` takes those of every institution.
        date_order: ``DMY``, ``MDY``, ``YMD``, or ``None`` to find it out of the file.
        dry_run: whether only to say what would become of each row.
    """

    file_name: str
    now: datetime
    institution: str | None = None
    date_order: str | None = None
    dry_run: bool = False


def known_institutions() -> list[KnownInstitution]:
    """The active institutions of the portal."""
    return [
        KnownInstitution(key, facts["name"], facts["title"] or "", str(facts.get("acronym") or ""))
        for key, facts in stored_facts().items()
    ]


def import_commitments(content: bytes, settings: ImportSettings) -> ImportReport:
    """Read a file of promises and store its rows, all in one transaction; who may is asked before.

    Args:
        content: the CSV or XLSX file.
        settings: for whom, from which file, when.

    Returns:
        The report; nothing is stored, and an ``error`` among the findings, where the file promises nothing.
    """
    report = ImportReport(read_commitments(content, settings.date_order))
    report.findings.extend([*report.read.table.findings, *report.read.findings])
    report.fates = dict.fromkeys(report.read.rejected, "rejected")
    known = known_institutions()
    owners = _Owners(InstitutionNames(known), next((one for one in known if one.id == settings.institution), None))
    if report.read.kind == TOTALS:
        _store_totals(report, owners, settings)
    else:
        _store_lines(report, owners, settings)
    model.Session.flush()
    if settings.dry_run:
        model.Session.rollback()
    else:
        model.Session.commit()
    report.findings.sort(key=lambda finding: finding.details.get("row") or 0)
    return report


@dataclass
class _Owners:
    """Finds whose row it is; ``only`` is the institution that the whole file is imported for."""

    names: InstitutionNames
    only: KnownInstitution | None

    def of(self, row: int, text: str, report: ImportReport) -> KnownInstitution | None:
        """The institution, or ``None`` and a finding."""
        found = self.names.find(text) if text else [self.only] if self.only else []
        details: dict[str, Any] = {"row": row}
        if len(found) > 1 and self.only in found:
            found = [self.only]
        if len(found) == 1 and found[0] is not None:
            if self.only in (None, found[0]):
                report.owners[row] = found[0].name
                return found[0]
            code = "commitment_of_another"
        elif found:
            code = "commitment_institution_ambiguous"
            details["names"] = ", ".join(one.name for one in found if one)
        else:
            code = "commitment_institution_unknown" if text else "commitment_institution_missing"
        report.fates[row] = "rejected"
        report.findings.append(Finding(code, "institution", str(row), text, details))
        return None


def _store_totals(report: ImportReport, owners: _Owners, settings: ImportSettings) -> None:
    named = year_in(settings.file_name)
    year = int(named) if named else settings.now.year
    if not named:
        report.findings.append(Finding("commitment_year_assumed", None, None, settings.file_name, {"read": year}))
    said: dict[str, int] = {}
    for total in report.read.totals:
        owner = owners.of(total.row, total.institution, report)
        if owner is None:
            continue
        if owner.id in said:
            _again(report, total.row, said[owner.id], total.institution, differs=True)
            continue
        said[owner.id] = total.row
        stored: Any = model.Session.get(CommitmentTotal, (owner.id, year))
        report.fates[total.row] = (
            "created" if stored is None else "unchanged" if stored.committed == total.committed else "updated"
        )
        if report.fates[total.row] == "unchanged":
            continue
        if stored is None:
            stored = CommitmentTotal(organization_id=owner.id, year=year)
            model.Session.add(stored)
        stored.committed, stored.modified_at = total.committed, settings.now
        stored.source_file, stored.source_row = settings.file_name[:MAXIMUM_FILE_NAME], total.row


def _again(report: ImportReport, row: int, first: int, value: str, *, differs: bool) -> None:
    """A row that says once more what another said: the first counts; one that contradicts it is rejected."""
    report.fates[row] = "rejected" if differs else "unchanged"
    code = "commitment_contradicts" if differs else "commitment_twice"
    report.findings.append(Finding(code, None, str(row), value, {"row": row, "first": first}))


def _store_lines(report: ImportReport, owners: _Owners, settings: ImportSettings) -> None:
    lines: dict[str, dict[str, CommitmentLine]] = defaultdict(dict)
    for line in report.read.lines:
        owner = owners.of(line.row, line.institution, report)
        if owner is None:
            continue
        first = lines[owner.id].setdefault(line.key, line)
        if first is not line:
            _again(report, line.row, first.row, line.title, differs=first.promised != line.promised)
    stored = _stored(list(lines))
    in_inventory = report.read.kind == INVENTORY
    for organization_id, own in lines.items():
        existing = stored.get(organization_id, {})
        for key, line in own.items():
            before = existing.get(key)
            report.fates[line.row] = write_line(before, organization_id, line, settings, in_inventory=in_inventory)
            if before is not None and before.withdrawn_on:
                details = {"row": line.row, "day": before.withdrawn_on.isoformat()}
                report.findings.append(Finding("commitment_withdrawn_before", None, str(line.row), line.title, details))
        named = {existing[key].id for key in own if key in existing}
        left = {one.id: one for one in existing.values() if one.id not in named}.values()
        _say_left_out(report, report.owners[next(iter(own.values())).row], left, in_inventory)


def _say_left_out(report: ImportReport, name: str, left: Iterable[Any], in_inventory: bool) -> None:
    """How many promises of the same kind of document an institution's new file does not name any more."""
    known = [one for one in left if one.source_file and not one.withdrawn_on]
    number = sum(1 for one in known if (one.in_inventory if in_inventory else one.in_plan))
    if number:
        report.findings.append(Finding("commitment_left_out", None, None, name, {"count": number}))


def _stored(organization_ids: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    query = sa.select(Commitment).where(Commitment.organization_id.in_(organization_ids))
    lines: list[Any] = list(model.Session.execute(query).scalars())
    for one in lines:
        found[one.organization_id][one.line_key] = one
    for one in lines:
        # One whose name was corrected by hand answers to both names.
        found[one.organization_id].setdefault(line_key(one.title, one.resource), one)
    return found


def write_line(
    before: Any, organization_id: str, line: CommitmentLine, settings: ImportSettings, *, in_inventory: bool
) -> str:
    """Write one line into the session.

    Args:
        before: the line as it is stored, or ``None``.
        organization_id: of the institution.
        line: what is said of it now; what it leaves empty stays as it was.
        settings: ``file_name`` (empty for a line entered by hand) and ``now``.
        in_inventory: whether an inventory says it; else a plan does.

    Returns:
        ``created``, ``updated`` or ``unchanged``.
    """
    one: Any = before or Commitment(
        id=str(uuid.uuid4()), organization_id=organization_id, line_key=line.key, created_at=settings.now
    )
    said: Mapping[str, Any] = {
        "title": line.title,
        "resource": line.resource,
        "description": line.description,
        "area": line.area,
        "frequency": line.frequency,
        "legal_basis": line.legal_basis,
        "access_level": line.access_level,
        "access_reason": line.reason,
        "in_inventory" if in_inventory else "in_plan": True,
    }
    changed = [name for name, value in said.items() if value not in (None, "") and getattr(one, name) != value]
    for name in changed:
        setattr(one, name, said[name])
    # A plan says nothing of access: it opens no line that an inventory keeps closed.
    if before is None or in_inventory:
        if one.open_to_all != line.open_to_all:
            changed.append("open_to_all")
        one.open_to_all = line.open_to_all
    one.seen_at = settings.now
    moved = line.promised is not None and line.promised != one.promised
    if before is None or changed or moved:
        one.modified_at = settings.now
        one.source_file, one.source_row = settings.file_name[:MAXIMUM_FILE_NAME] or None, line.row or None
    if before is None:
        model.Session.add(one)
    if moved:
        promise(one, line.promised, settings, line.row, is_new=before is None)
    return "created" if before is None else "updated" if changed or moved else "unchanged"


def promise(
    one: Any, promised: str | None, settings: ImportSettings, row: int | None = None, *, is_new: bool = False
) -> None:
    """Give a commitment another promised date, and add it to its history.

    Args:
        one: the commitment, already in the session.
        promised: ISO 8601 in any precision, or ``None`` where a date is taken back.
        settings: ``file_name`` and ``now``.
        row: of the file.
        is_new: whether the commitment has no history yet.
    """
    one.promised = promised
    one.due_from, one.due_on = (first_day(promised), last_day(promised)) if promised else (None, None)
    position = 1
    if not is_new:
        last = sa.select(sa.func.max(CommitmentDate.position)).where(CommitmentDate.commitment_id == one.id)
        position = (model.Session.execute(last).scalar() or 0) + 1
    model.Session.add(
        CommitmentDate(
            commitment_id=one.id,
            position=position,
            promised=promised,
            source_file=settings.file_name[:MAXIMUM_FILE_NAME] or None,
            source_row=row or None,
            recorded_at=settings.now,
        )
    )
