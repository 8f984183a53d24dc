"""The page on which an institution's catalogue comes in as a table, and the files it goes out as."""

from __future__ import annotations

import json
import secrets
import zlib
from typing import Any

from flask import Blueprint, Response, current_app

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata.downloads import refusal, table_response
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.findings_table import findings_table
from ckanext.mxopendata.table_export import FORMATS
from ckanext.mxopendata.table_import import ImportReport, import_catalogue

bp = Blueprint("mxopendata_tables", __name__, url_prefix="/organization/<name>")

MAXIMUM_UPLOAD = 10_000_000
MAXIMUM_DATASETS = 300
# What a browser sends beside the file itself.
_AROUND_A_FILE = 100_000
FINDINGS_SHOWN = 200
_ROWS_NAMED = 12
# Between the preview and the word to store it.
_KEPT_SECONDS = 3_600


@bp.errorhandler(tk.ObjectNotFound)
def _not_found(_error: tk.ObjectNotFound) -> tuple[str, int]:
    return refusal(404, tk._("Not found"), tk._("There is no such institution."))


@bp.errorhandler(tk.NotAuthorized)
def _not_allowed(_error: tk.NotAuthorized) -> tuple[str, int]:
    return refusal(403, tk._("Not allowed"), tk._("Only editors of the institution upload its catalogue."))


@bp.errorhandler(413)
def _more_than_the_server_takes(_error: Exception) -> tuple[str, int]:
    """An operator may let the server take less than this page; a table sent as a field instead of a file is none."""
    maximum = min(MAXIMUM_UPLOAD, int(current_app.config.get("MAX_CONTENT_LENGTH") or MAXIMUM_UPLOAD))
    is_larger = (tk.request.content_length or 0) > maximum
    return refusal(413, tk._("Too large"), _larger_than(maximum) if is_larger else _no_file())


@bp.route("/tabla", methods=["GET"])
def page(name: str) -> str:
    """What the table is for; for editors, the upload."""
    return _render(name)


@bp.route("/tabla", methods=["POST"])
def preview(name: str) -> str | tuple[str, int]:
    """What would become of each row of an uploaded table; nothing is stored."""
    institution = _for_editors(name)
    content = _uploaded()
    if not content:
        return _render(name, problem=_no_file()), 400
    if len(content) > MAXIMUM_UPLOAD:
        return _render(name, problem=_larger_than(MAXIMUM_UPLOAD)), 413
    report = import_catalogue(content, institution, tk.current_user.name, dry_run=True)
    if len(report.catalogue.datasets) > MAXIMUM_DATASETS:
        words = tk._("The table has more than 300 datasets. Split it, or ask whoever runs the portal to import it.")
        return _render(name, problem=words), 400
    document = report.to_dict(current_language())
    token = secrets.token_urlsafe(24)
    _keep(token, institution["id"], content, _findings_file(report, document))
    return _render(name, report=report, document=document, token=token)


def _uploaded() -> bytes:
    """The uploaded file; of one that is too large no more than shows it, and nothing where the request says so."""
    if (tk.request.content_length or 0) > MAXIMUM_UPLOAD + _AROUND_A_FILE:
        return b" " * (MAXIMUM_UPLOAD + 1)
    upload = tk.request.files.get("upload")
    return upload.stream.read(MAXIMUM_UPLOAD + 1) if upload else b""


def _no_file() -> str:
    return tk._("Choose a CSV or XLSX file.")


def _larger_than(maximum: int) -> str:
    words = tk._("The file is larger than {size} MB. Split it, or ask whoever runs the portal to import it.")
    return words.format(size=f"{maximum / 1_000_000:.3g}")


@bp.route("/tabla/guardar", methods=["POST"])
def store(name: str) -> str | tuple[str, int]:
    """Store what was looked at."""
    institution = _for_editors(name)
    token = tk.request.form.get("token", "")
    content = _kept(token, institution["id"], "content")
    if content is None:
        return _render(name, problem=tk._("The preview is older than an hour. Upload the table again.")), 410
    report = import_catalogue(content, institution, tk.current_user.name)
    document = report.to_dict(current_language())
    return _render(name, report=report, document=document, token=token, stored=True)


@bp.route("/tabla/hallazgos.<extension>")
def findings(name: str, extension: str) -> Response | tuple[str, int]:
    """The uploaded table with what was found beside each row."""
    institution = _for_editors(name)
    kept = _kept(tk.request.args.get("token", ""), institution["id"], "findings")
    if kept is None:
        return refusal(410, tk._("Not available"), tk._("The preview is older than an hour. Upload the table again."))
    headings, rows = json.loads(kept)
    return _file(f"{institution['name']}-hallazgos", extension, headings, rows)


@bp.route("/tabla.<extension>")
def download(name: str, extension: str) -> Response | tuple[str, int]:
    """The institution's public datasets in the template."""
    table = tk.get_action("mxopendata_table_show")({"user": _user()}, {"institution": name})
    return _file(f"{table['institution']}-catalogo", extension, table["headings"], table["rows"])


def _file(name: str, extension: str, headings: list[str], rows: list[list[str]]) -> Response | tuple[str, int]:
    if extension in FORMATS:
        return table_response(name, headings, rows, extension, "catalogo")
    return refusal(404, tk._("Not found"), tk._("The table is there as CSV and as XLSX."))


def _user() -> str:
    return tk.current_user.name if tk.current_user.is_authenticated else ""


def _for_editors(name: str) -> dict[str, Any]:
    context: Any = {"user": _user(), "auth_user_obj": tk.current_user}
    tk.check_access("mxopendata_table_import", context, {"institution": name})
    return tk.get_action("organization_show")({"ignore_auth": True}, {"id": name})


def _may_upload(name: str) -> bool:
    try:
        _for_editors(name)
    except tk.NotAuthorized:
        return False
    return True


def _render(name: str, **values: Any) -> str:
    institution = tk.get_action("organization_show")({"user": _user()}, {"id": name})
    report: ImportReport | None = values.pop("report", None)
    if report is not None:
        values["lines"] = _lines(report)
        values["findings"] = _together(values["document"]["findings"])
        values["readable"] = report.catalogue.table.is_readable and bool(report.catalogue.datasets)
    shown = {
        "group_dict": institution,
        "group_type": "organization",
        "may_upload": _may_upload(name),
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


def _together(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings that say the same of several rows, as one line with all of them."""
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for item in findings:
        key = tuple(item[name] for name in ("code", "field", "value", "message"))
        line = lines.setdefault(key, {**item, "column": _column(item["field"]), "rows": []})
        if item["row"]:
            line["rows"].append(item["row"])
    for line in lines.values():
        rows = [str(row) for row in line["rows"]]
        more = len(rows) - _ROWS_NAMED
        line["rows"] = ", ".join(rows[:_ROWS_NAMED]) + (f" (+{more})" if more > 0 else "") if rows else "–"
    return list(lines.values())


def _column(field: str | None) -> str | None:
    """The column of the table, or the label of a field that has none there."""
    if field is None or ":" in field:
        return field
    schema = tk.h.scheming_get_dataset_schema("dataset") or {}
    known = {item["field_name"]: item["label"] for item in schema.get("dataset_fields", ())}
    return tk.h.scheming_language_text(known[field]) if field in known else field


def _findings_file(report: ImportReport, document: dict[str, Any]) -> bytes:
    headings, rows = findings_table(report.catalogue.table, document["findings"])
    return json.dumps([headings, rows], ensure_ascii=False).encode()


def _key(token: str, institution_id: str, part: str) -> str:
    return f"ckan:{tk.config['ckan.site_id']}:mxopendata:table:{_user()}:{institution_id}:{token}:{part}"


def _keep(token: str, institution_id: str, content: bytes, found: bytes) -> None:
    """Keep an upload for an hour: where each of several machines of a portal finds it, and nobody else."""
    connection: Any = connect_to_redis()
    for part, octets in (("content", content), ("findings", found)):
        connection.set(_key(token, institution_id, part), zlib.compress(octets), ex=_KEPT_SECONDS)


def _kept(token: str, institution_id: str, part: str) -> bytes | None:
    connection: Any = connect_to_redis()
    packed = connection.get(_key(token, institution_id, part)) if token else None
    return zlib.decompress(packed) if packed else None
