"""The page on which an institution's administrators upload a plan or an inventory: look first, then store."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import PurePath
from typing import Any

from flask import Blueprint, Response

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import refusal, refuse_in_words, table_response
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.planning.commitment_import import (
    MAXIMUM_FILE_NAME,
    ImportReport,
    ImportSettings,
    import_commitments,
)
from ckanext.mxopendata.uploads import (
    FINDINGS_SHOWN,
    Kept,
    findings_beside,
    more_than_the_server_takes,
    refused,
    together,
    too_old,
    uploaded,
    who,
)

bp = Blueprint("mxopendata_commitments_import", __name__, url_prefix="/organization/<name>/compromisos/importar")
MAXIMUM_ROWS = 20_000
_LINES_SHOWN = 200


refuse_in_words(bp)


@bp.errorhandler(413)
def _more_than_the_server_takes(_error: Exception) -> tuple[str, int]:
    return refusal(413, tk._("Too large"), more_than_the_server_takes())


@bp.route("", methods=["GET"])
def page(name: str) -> str:
    """The upload."""
    return _render(_for_administrators(name))


@bp.route("", methods=["POST"])
def preview(name: str) -> str | tuple[str, int]:
    """What would become of each row of an uploaded file; nothing is stored."""
    institution = _for_administrators(name)
    content = uploaded()
    if refusal_of := refused(content):
        words, status = refusal_of
        return _render(institution, problem=words), status
    file_name = PurePath(tk.request.files["upload"].filename or "").name[:MAXIMUM_FILE_NAME]
    report = _imported(content, file_name, institution, dry_run=True)
    if len(report.fates) > MAXIMUM_ROWS:
        words = tk._("The file has more than 20,000 rows. Split it, or ask whoever runs the portal to import it.")
        return _render(institution, problem=words), 400
    document = report.to_dict(current_language())
    found = findings_beside(report.read.table, document["findings"])
    token = _kept(institution).keep({"content": content, "findings": found, "name": file_name.encode()})
    return _render(institution, report=report, document=document, token=token)


@bp.route("/guardar", methods=["POST"])
def store(name: str) -> str | tuple[str, int]:
    """Store what was looked at; once more changes nothing."""
    institution = _for_administrators(name)
    token = tk.request.form.get("token", "")
    kept = _kept(institution)
    content, file_name = kept.part(token, "content"), kept.part(token, "name")
    if content is None or file_name is None:
        return _render(institution, problem=too_old()), 410
    report = _imported(content, file_name.decode(), institution, dry_run=False)
    document = report.to_dict(current_language())
    return _render(institution, report=report, document=document, token=token, stored=True)


@bp.route("/hallazgos.<any(csv,xlsx):extension>")
def findings(name: str, extension: str) -> Response | tuple[str, int]:
    """The uploaded file with what was found beside each row."""
    institution = _for_administrators(name)
    kept = _kept(institution).part(tk.request.args.get("token", ""), "findings")
    if kept is None:
        return refusal(410, tk._("Not available"), too_old())
    headings, rows = json.loads(kept)
    return table_response(f"{institution['name']}-hallazgos", headings, rows, extension, "hallazgos")


def _imported(content: bytes, file_name: str, institution: dict[str, Any], *, dry_run: bool) -> ImportReport:
    order = tk.request.form.get("date_order") or None
    settings = ImportSettings(
        file_name=file_name,
        now=datetime.now(timezone.utc),
        institution=institution["id"],
        date_order=order if order in ("DMY", "MDY", "YMD") else None,
        dry_run=dry_run,
    )
    return import_commitments(content, settings)


def _for_administrators(name: str) -> dict[str, Any]:
    context: Any = {"user": who(), "auth_user_obj": tk.current_user}
    tk.check_access("mxopendata_commitment_create", context, {"institution": name})
    return tk.get_action("organization_show")({"ignore_auth": True}, {"id": name, "include_datasets": False})


def _kept(institution: dict[str, Any]) -> Kept:
    return Kept("commitments", institution["id"])


def _render(institution: dict[str, Any], **values: Any) -> str:
    report: ImportReport | None = values.pop("report", None)
    if report is not None:
        values["lines"] = _lines(report)
        values["findings"] = together(values["document"]["findings"], lambda field: field)
        values["readable"] = bool(report.read.kind)
        values["date_order"] = tk.request.form.get("date_order", "")
    shown = {
        "group_dict": institution,
        "group_type": "organization",
        "findings_shown": FINDINGS_SHOWN,
        "lines_shown": _LINES_SHOWN,
        **values,
    }
    return tk.render("mxopendata/planning/import.html", extra_vars=shown)


def _lines(report: ImportReport) -> list[dict[str, Any]]:
    """One line of the preview for each row that says something; what is unchanged last."""
    lines = [
        {"row": line.row, "title": line.title, "resource": line.resource, "promised": line.promised,
         "fate": report.fates.get(line.row, "rejected"), "closed": not line.open_to_all}
        for line in report.read.lines
    ]  # fmt: skip
    lines += [
        {"row": total.row, "title": total.institution, "resource": str(total.committed), "promised": None,
         "fate": report.fates.get(total.row, "rejected"), "closed": False}
        for total in report.read.totals
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line["fate"] == "unchanged")
