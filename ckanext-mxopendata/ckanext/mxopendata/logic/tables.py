"""Actions on an institution's catalogue as a table."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.catalogue_table import COLUMNS
from ckanext.mxopendata.uploads import given_file


def mxopendata_table_import(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Store the datasets of a ``ds:/rs:`` catalogue in an institution, each whole or not at all (issue 5).

    Args:
        context: CKAN's.
        data_dict: ``{"institution", "upload": the file, as a multipart field, "dry_run"}``.

    Returns:
        ``{"institution", "dry_run", "rows", "created", "updated", "unchanged", "rejected", "datasets", "findings"}``;
        the four counts are of rows. A file that cannot be read gives no rows and an ``error`` among the findings.

    Raises:
        ValidationError: without a file or an institution.
        ObjectNotFound, NotAuthorized: for an institution that is none, or not the caller's.
    """
    from ckanext.mxopendata.table_import import import_catalogue

    name = tk.get_or_bust(data_dict, "institution")
    tk.check_access("mxopendata_table_import", context, data_dict)
    content, _ = given_file(data_dict)
    institution = tk.get_action("organization_show")({"ignore_auth": True}, {"id": name})
    dry_run = tk.asbool(data_dict.get("dry_run", False))
    report = import_catalogue(content, institution, context.get("user", ""), dry_run)
    return {"institution": institution["name"], "dry_run": dry_run, **report.to_dict(current_language())}


@tk.side_effect_free
def mxopendata_table_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The public datasets of an institution in the ``ds:/rs:`` template.

    Args:
        context: CKAN's.
        data_dict: ``{"institution"}``.

    Returns:
        ``{"institution", "headings", "rows"}``: rows are lists of texts in the order of the headings.

    Raises:
        ObjectNotFound, NotAuthorized: as ``organization_show``.
    """
    from ckanext.mxopendata.table_export import datasets_of, table_rows

    name = tk.get_or_bust(data_dict, "institution")
    tk.check_access("mxopendata_table_show", context, data_dict)
    institution = tk.get_action("organization_show")({"ignore_auth": True}, {"id": name})
    # Nobody's eyes: what leaves as a table is what everybody may see, also for who may see more.
    rows = list(table_rows(datasets_of(institution["id"], {"user": "", "ignore_auth": False})))
    return {"institution": institution["name"], "headings": list(COLUMNS), "rows": rows}
