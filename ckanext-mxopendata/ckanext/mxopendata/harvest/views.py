"""Pages of the harvest room; they show nothing that the actions do not give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import csv_lines, csv_response, json_response, refusal
from ckanext.mxopendata.form_start import person_context
from ckanext.mxopendata.harvest import duplicates, give_back_views, listing, report
from ckanext.mxopendata.harvest.give_back_words import ChangeWords
from ckanext.mxopendata.harvest.new_source_views import institutions_of
from ckanext.mxopendata.harvest.runs import get_run
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.mended import Change

__all__ = ["bp"]

bp = Blueprint("mxopendata_harvest", __name__)

PAGE_SIZE = 25
SOURCES_ON_A_PAGE = 50
_SOURCE_COLUMNS = (
    "title",
    "name",
    "institution_title",
    "type",
    "url",
    "schedule",
    "next_run",
    "health",
    "failures",
    "last_success",
    "last_status",
    "last_finished",
    "datasets",
    "read",
    "created",
    "updated",
    "unchanged",
    "rejected",
    "warnings",
)
_OF_THE_RUN = _SOURCE_COLUMNS[_SOURCE_COLUMNS.index("read") :]


@bp.errorhandler(tk.ObjectNotFound)
def _not_found(_error: tk.ObjectNotFound) -> tuple[str, int]:
    return refusal(404, tk._("Not found"), tk._("There is no such harvest, or its source was removed."))


@bp.errorhandler(tk.NotAuthorized)
def _not_authorized(_error: tk.NotAuthorized) -> tuple[str, int]:
    return refusal(403, tk._("Not allowed"), tk._("You may not see the harvests of this source."))


@bp.errorhandler(tk.ValidationError)
def _not_valid(_error: tk.ValidationError) -> tuple[str, int]:
    return refusal(400, tk._("Not understood"), tk._("The address asks for something that does not exist."))


@bp.route("/cosechas")
def index() -> str:
    """All sources: whose, when last and next, with what result, those that need attention first."""
    page = _page_number()
    asked = {key: tk.request.args.get(key, "").strip() for key in ("q", "estado")}
    if asked["estado"] not in listing.HEALTHS:
        asked["estado"] = ""
    found = _act(
        "mxopendata_harvest_source_search",
        q=asked["q"],
        health=asked["estado"],
        offset=(page - 1) * SOURCES_ON_A_PAGE,
        limit=SOURCES_ON_A_PAGE,
    )
    return tk.render(
        "mxopendata/harvest/index.html",
        {
            "found": found,
            "q": asked["q"],
            "wanted": asked["estado"],
            # The chosen state stands there also where no source is in it.
            "states": {**found["health"], **({asked["estado"]: found["count"]} if asked["estado"] else {})},
            "kept": {key: value for key, value in asked.items() if value},
            "page": page,
            "pages": math.ceil(found["count"] / SOURCES_ON_A_PAGE),
            "doubtful": bool(tk.current_user.is_authenticated) and duplicates.is_any_waiting(),
            "may_add": bool(institutions_of(person_context())),
        },
    )


@bp.route("/cosechas.<any(csv,json):extension>")
def index_file(extension: str) -> Response:
    """All sources as a file."""
    sources = _act("mxopendata_harvest_source_list")
    if extension == "json":
        return json_response(sources)
    rows = [_flat(source) for source in sources]
    return csv_response(
        "cosechas", csv_lines(_SOURCE_COLUMNS, ([row.get(name) for name in _SOURCE_COLUMNS] for row in rows))
    )


@bp.route("/harvest/<source>/corrida/<run>")
def run(source: str, run: str) -> str:
    """The report of one run."""
    found = _run(source, run, causes=True)
    filters = {key: tk.request.args[key] for key in ("action", "severity") if tk.request.args.get(key)}
    page = _page_number()
    lines = _act("mxopendata_harvest_record_list", run=run, offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE, **filters)
    runs = _act("mxopendata_harvest_run_list", source=source, limit=10)
    given = _act("mxopendata_harvest_change_list", source=source, limit=0)
    return tk.render(
        "mxopendata/harvest/run.html",
        {
            "run": found,
            "runs": runs,
            "given": {**given, "offered": give_back_views.offered()},
            "words": ChangeWords(),
            "examples": [Change.from_facts(field["example"]) for field in given["fields"]],
            "records": lines,
            "filters": filters,
            "page": page,
            "pages": math.ceil(lines["count"] / PAGE_SIZE),
        },
    )


@bp.route("/harvest/<source>/corrida/<run>.<any(csv,json):extension>")
def run_file(source: str, run: str, extension: str) -> Response:
    """The report of one run as a file, with every record."""
    found = _run(source, run)
    if extension == "csv":
        lines = csv_lines(report.CSV_COLUMNS, report.csv_rows(get_run(run), current_language()))
        return csv_response(f"cosecha-{source}-{run}", lines)
    _, rows = report.records(run)
    records = [report.record_dict(row, current_language()) for row in rows]
    return json_response({**found, "records": records})


def _act(name: str, /, **data_dict: Any) -> Any:
    return tk.get_action(name)({}, data_dict)


def _run(source: str, run: str, causes: bool = False) -> dict[str, Any]:
    found = _act("mxopendata_harvest_run_show", run=run, causes=causes)
    if found["source"] != source:
        raise tk.ObjectNotFound("Run not found")
    return found


def _page_number() -> int:
    text = tk.request.args.get("page", "1")
    return max(1, int(text)) if text.isdigit() and len(text) < 7 else 1


def _flat(source: Mapping[str, Any]) -> dict[str, Any]:
    return {**source, **{key: value for key, value in (source["run"] or {}).items() if key in _OF_THE_RUN}}
