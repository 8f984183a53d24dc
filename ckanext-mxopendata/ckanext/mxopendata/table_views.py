"""The page on which an institution's catalogue comes in as a table, and the files it goes out as."""

from __future__ import annotations

import io
import json
from pathlib import PurePath
from typing import Any

from flask import Blueprint, Response
from werkzeug.datastructures import FileStorage

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import refusal, table_response
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.table_export import FORMATS
from ckanext.mxopendata.table_import import ImportReport, import_catalogue
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

bp = Blueprint("mxopendata_tables", __name__, url_prefix="/organization/<name>")

MAXIMUM_DATASETS = 300
# What a table is: this, or a part.
WHOLE = "whole"


@bp.errorhandler(tk.ObjectNotFound)
def _not_found(_error: tk.ObjectNotFound) -> tuple[str, int]:
    return refusal(404, tk._("Not found"), tk._("There is no such institution."))


@bp.errorhandler(tk.NotAuthorized)
def _not_allowed(_error: tk.NotAuthorized) -> tuple[str, int]:
    return refusal(403, tk._("Not allowed"), tk._("Only editors of the institution upload its catalogue."))


@bp.errorhandler(413)
def _more_than_the_server_takes(_error: Exception) -> tuple[str, int]:
    return refusal(413, tk._("Too large"), more_than_the_server_takes())


@bp.route("/tabla", methods=["GET"])
def page(name: str) -> str:
    """What the table is for; for editors, the upload."""
    return _render(name)


@bp.route("/tabla", methods=["POST"])
def preview(name: str) -> str | tuple[str, int]:
    """What would become of each row of an uploaded table; nothing is stored."""
    institution = _for_editors(name)
    content = uploaded()
    if refusal_of := refused(content):
        words, status = refusal_of
        return _render(name, problem=words), status
    whole = _whole_catalogue(name) if tk.request.form.get("is") == WHOLE else None
    own = (whole or {}).get("source_title")
    report = import_catalogue(content, institution, tk.current_user.name, dry_run=True, own_source=own)
    if len(report.catalogue.datasets) > MAXIMUM_DATASETS:
        words = tk._("The table has more than 300 datasets. Split it, or ask whoever runs the portal to import it.")
        return _render(name, problem=words), 400
    document = report.to_dict(current_language())
    found = findings_beside(report.catalogue.table, document["findings"])
    file_name = PurePath(tk.request.files["upload"].filename or "").name
    token = _kept(institution).keep({"content": content, "findings": found, "name": file_name.encode()})
    listed = {dataset.identifier for dataset in report.catalogue.datasets}
    missing = [one for one in (whole or {}).get("datasets", ()) if one["identifier"] not in listed]
    return _render(name, report=report, document=document, token=token, is_whole=whole is not None, missing=missing)


@bp.route("/tabla/guardar", methods=["POST"])
def store(name: str) -> str | Response | tuple[str, int]:
    """Store what was looked at."""
    institution = _for_editors(name)
    token = tk.request.form.get("token", "")
    kept = _kept(institution)
    content = kept.part(token, "content")
    if content is None:
        return _render(name, problem=too_old()), 410
    if tk.request.form.get("is") == WHOLE:
        return _store_whole(name, content, (kept.part(token, "name") or b"").decode())
    report = import_catalogue(content, institution, tk.current_user.name)
    document = report.to_dict(current_language())
    return _render(name, report=report, document=document, token=token, stored=True)


def _store_whole(name: str, content: bytes, file_name: str) -> str | Response | tuple[str, int]:
    """Make the table the institution's catalogue, and lead to the report of its harvest."""
    upload = FileStorage(io.BytesIO(content), file_name)
    try:
        action = tk.get_action("mxopendata_harvest_upload")
    except KeyError:  # switched off since the preview
        return _render(name, problem=tk._("Not available")), 400
    try:
        run = action({"user": who()}, {"institution": name, "upload": upload})["run"]
    except tk.ValidationError as error:
        return _render(name, problem="; ".join(map(str, error.error_summary.values()))), 400
    return tk.redirect_to("mxopendata_harvest.run", source=run["source"], run=run["run"])


def _whole_catalogue(name: str) -> dict[str, Any] | None:
    """The table that is the institution's whole catalogue; ``None`` on a portal that does not harvest."""
    try:
        action = tk.get_action("mxopendata_harvest_upload_show")
    except KeyError:
        return None
    return action({"user": who(), "auth_user_obj": tk.current_user}, {"institution": name})


@bp.route("/tabla/hallazgos.<extension>")
def findings(name: str, extension: str) -> Response | tuple[str, int]:
    """The uploaded table with what was found beside each row."""
    institution = _for_editors(name)
    kept = _kept(institution).part(tk.request.args.get("token", ""), "findings")
    if kept is None:
        return refusal(410, tk._("Not available"), too_old())
    headings, rows = json.loads(kept)
    return _file(f"{institution['name']}-hallazgos", extension, headings, rows)


@bp.route("/tabla.<extension>")
def download(name: str, extension: str) -> Response | tuple[str, int]:
    """The institution's public datasets in the template."""
    table = tk.get_action("mxopendata_table_show")({"user": who()}, {"institution": name})
    return _file(f"{table['institution']}-catalogo", extension, table["headings"], table["rows"])


def _file(name: str, extension: str, headings: list[str], rows: list[list[str]]) -> Response | tuple[str, int]:
    if extension in FORMATS:
        return table_response(name, headings, rows, extension, "catalogo")
    return refusal(404, tk._("Not found"), tk._("The table is there as CSV and as XLSX."))


def _for_editors(name: str) -> dict[str, Any]:
    context: Any = {"user": who(), "auth_user_obj": tk.current_user}
    tk.check_access("mxopendata_table_import", context, {"institution": name})
    return tk.get_action("organization_show")({"ignore_auth": True}, {"id": name})


def _may_upload(name: str) -> bool:
    try:
        _for_editors(name)
    except tk.NotAuthorized:
        return False
    return True


def _render(name: str, **values: Any) -> str:
    institution = tk.get_action("organization_show")({"user": who()}, {"id": name})
    report: ImportReport | None = values.pop("report", None)
    if report is not None:
        values["lines"] = _lines(report)
        values["findings"] = together(values["document"]["findings"], _column)
        values["readable"] = report.catalogue.table.is_readable and bool(report.catalogue.datasets)
    may_upload = _may_upload(name)
    shown = {
        "group_dict": institution,
        "group_type": "organization",
        "may_upload": may_upload,
        "whole": _whole_catalogue(name) if may_upload else None,
        "findings_shown": FINDINGS_SHOWN,
        **values,
    }
    return tk.render("mxopendata/tables/page.html", extra_vars=shown)


def _lines(report: ImportReport) -> list[dict[str, Any]]:
    """One line of the preview for each dataset."""
    together = zip(report.catalogue.datasets, report.fates, report.names, strict=True)
    return [
        {
            "identifier": dataset.identifier,
            "title": dataset.dataset.get("title") or "",
            "rows": dataset.rows,
            "resources": len(dataset.dataset.get("resources", ())),
            "fate": fate,
            "name": name,
        }
        for dataset, fate, name in together
    ]


def _column(field: str | None) -> str | None:
    """The column of the table, or the label of a field that has none there."""
    if field is None or ":" in field:
        return field
    schema = tk.h.scheming_get_dataset_schema("dataset") or {}
    known = {item["field_name"]: item["label"] for item in schema.get("dataset_fields", ())}
    return tk.h.scheming_language_text(known[field]) if field in known else field


def _kept(institution: dict[str, Any]) -> Kept:
    return Kept("table", institution["id"])
