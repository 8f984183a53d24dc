"""Actions on the catalogue of an institution without a portal: a table that it uploads as a whole."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import report, runner, runs, uploaded
from ckanext.mxopendata.institutions import ONLY_THE_RECORD
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.uploads import given_file


def mxopendata_harvest_upload(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make a table the whole catalogue of an institution and harvest it (issue 9).

    What it lists is created and updated, what a table before it listed and this one does not waits and is archived, as
    of any source. The first table makes the source; datasets that came by ``mxopendata_table_import`` are taken over.

    Args:
        context: CKAN's.
        data_dict: ``{"institution", "upload": a CSV or XLSX file, as a multipart field}``.

    Returns:
        ``{"institution", "source", "run"}``: name of the source, and the run as ``interfaces`` fixes it.

    Raises:
        ValidationError: without a file, or where it is no catalogue; the catalogue of before stays. Also where the one
            of before is being read; the new one is kept then, and read the next time.
        ObjectNotFound, NotAuthorized: for an institution that is none, or not the caller's.
    """
    name = tk.get_or_bust(data_dict, "institution")
    tk.check_access("mxopendata_harvest_upload", context, data_dict)
    content, file_name = given_file(data_dict)
    institution = tk.get_action("organization_show")({"ignore_auth": True}, {"id": name, **ONLY_THE_RECORD})
    if refused := _refused(content):
        raise tk.ValidationError({"upload": [_sentence(refused)]})
    now = datetime.now(timezone.utc)
    source_id = uploaded.keep(content, file_name, institution, now)
    try:
        run = runs.get_run(runner.harvest(source_id, now))
    except runs.RunInProgressError as error:
        raise tk.ValidationError({"upload": [_sentence(Finding("table_kept_for_later"))]}) from error
    source = report.sources_by_id([source_id])[source_id]
    shown = report.run_dict(run, source, current_language())
    return {"institution": institution["name"], "source": source["name"], "run": shown}


@tk.side_effect_free
def mxopendata_harvest_upload_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The table that is the whole catalogue of an institution.

    Args:
        context: CKAN's.
        data_dict: ``{"institution"}``.

    Returns:
        ``{"institution", "source", "source_title", "file_name", "uploaded", "datasets": [{"identifier", "title",
        "name"}]}``; ``source`` is ``None``, and nothing else is said, where there is none.

    Raises:
        ObjectNotFound, NotAuthorized: for an institution that is none, or not the caller's.
    """
    name = tk.get_or_bust(data_dict, "institution")
    tk.check_access("mxopendata_harvest_upload_show", context, data_dict)
    institution = tk.get_action("organization_show")({"ignore_auth": True}, {"id": name, **ONLY_THE_RECORD})
    known = uploaded.of_institution(institution["id"])
    if known is None:
        return {"institution": institution["name"], "source": None}
    return {
        "institution": institution["name"],
        "source": known.name,
        "source_title": known.title,
        "file_name": known.file_name,
        "uploaded": known.uploaded.isoformat(),
        "datasets": uploaded.datasets_of(known.source_id),
    }


def _refused(content: bytes) -> Finding | None:
    try:
        return uploaded.refuse(content)
    except SourceError as error:
        return error.finding


def _sentence(finding: Finding) -> str:
    said = finding.to_dict(current_language())
    return f"{said['message']} {said['cure']}"
