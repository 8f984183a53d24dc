"""An institution's datasets in the ``ds:/rs:`` template: the same table that :mod:`.table_import` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.mxopendata.metadata.catalogue_table import COLUMNS, write_dataset

FORMATS = ("csv", "xlsx")
_PAGE = 200


def datasets_of(institution_id: str, context: Context) -> Iterator[dict[str, Any]]:
    """The institution's public, active datasets that are not archived, by name, page by page.

    Args:
        institution_id: its id.
        context: whose eyes they are seen with.
    """
    start = 0
    asked = {"fq": f"owner_org:{institution_id} +dataset_type:dataset", "sort": "name asc", "rows": _PAGE}
    while True:
        found = tk.get_action("package_search")(cast("Context", dict(context)), {**asked, "start": start})["results"]
        yield from found
        if len(found) < _PAGE:
            return
        start += _PAGE


def table_rows(datasets: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    """The rows of the template below its headings, in the order of ``COLUMNS``."""
    for dataset in datasets:
        for cells in write_dataset(dataset):
            yield [cells.get(name, "") for name in COLUMNS]
