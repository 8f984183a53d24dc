"""The action that takes in a file of promises."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.planning.logic.commitments import institution_of
from ckanext.mxopendata.uploads import given_file


def mxopendata_commitment_import(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Store what a plan, an inventory or a count promises of an institution (issues 8 and 9); rows of others are left.

    Args:
        context: CKAN's.
        data_dict: ``{"institution", "upload": the file, as a multipart field, "dry_run"}``.

    Returns:
        ``{"institution", "dry_run", "kind", "rows", "created", "updated", "unchanged", "rejected", "findings"}``; the
        four counts are of rows. A file that promises nothing gives no rows and an ``error`` among the findings.

    Raises:
        ValidationError: without a file or an institution.
        ObjectNotFound, NotAuthorized: for an institution that is none, or not the caller's.
    """
    from ckanext.mxopendata.planning.commitment_import import MAXIMUM_FILE_NAME, ImportSettings, import_commitments

    tk.check_access("mxopendata_commitment_import", context, data_dict)
    institution = institution_of(data_dict)
    content, file_name = given_file(data_dict)
    dry_run = tk.asbool(data_dict.get("dry_run", False))
    settings = ImportSettings(
        file_name=file_name[:MAXIMUM_FILE_NAME],
        now=datetime.now(timezone.utc),
        institution=institution.id,
        dry_run=dry_run,
    )
    report = import_commitments(content, settings)
    return {"institution": institution.name, "dry_run": dry_run, **report.to_dict(current_language())}
