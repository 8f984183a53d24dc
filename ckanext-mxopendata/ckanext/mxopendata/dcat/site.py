"""The edge towards CKAN: the context of an export, and the datasets that an anonymous visitor may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.dcat.utils import catalog_uri

from ckanext.mxopendata import config
from ckanext.mxopendata.dcat.catalogue import foreign_labels
from ckanext.mxopendata.dcat.context import Catalogue, ExportContext

# What ckanext-dcat's catalogue leaves out too: these are no datasets, though CKAN keeps them as packages.
NO_DATASETS = ("-dataset_type:harvest", "-dataset_type:showcase")
BATCH = 200


def current_context() -> ExportContext:
    """Everything an export needs to know of this site, read now; institutions are looked up once each."""
    catalogue = Catalogue(
        uri=catalog_uri().rstrip("/"),
        title=tk.config.get("ckan.site_title") or "",
        description=tk.config.get("ckan.site_description") or "",
        homepage=config.site_url() + "/",
        publisher=tk.config.get("ckan.site_title") or "",
        language=(tk.config.get("ckan.locale_default") or "es").replace("_", "-"),
        issued=_date_of_dataset("metadata_created asc", "metadata_created"),
        modified=_date_of_dataset("metadata_modified desc", "metadata_modified"),
    )
    return ExportContext(
        catalogue=catalogue,
        vocabulary_base=config.vocabulary_base(),
        organization=_organization_reader(),
        labels=foreign_labels(),
    )


def _organization_reader() -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    known: dict[str, Mapping[str, Any]] = {}

    def read(organization: Mapping[str, Any]) -> Mapping[str, Any]:
        key = organization["id"]
        if key not in known:
            known[key] = {**organization, **_show_organization(key)}
        return known[key]

    return read


def _show_organization(organization_id: str) -> dict[str, Any]:
    leave_out = ("datasets", "dataset_count", "users", "tags", "followers")
    wanted = {"id": organization_id, **{f"include_{part}": False for part in leave_out}}
    # What is read here is public in any case: it stands on the institution's page.
    try:
        facts = tk.get_action("organization_show")({"ignore_auth": True, "user": ""}, wanted)
    except tk.ObjectNotFound:
        return {}
    parents = [group["id"] for group in facts.get("groups") or ()]
    if not parents and facts.get("parent"):
        parent = model.Group.get(facts["parent"])
        parents = [parent.id] if parent else []
    return {**facts, "parent_id": parents[0] if parents else None}


def _search(**wanted: Any) -> dict[str, Any]:
    """``package_search`` as an anonymous visitor sees it, whoever runs the command."""
    context: Any = {"user": "", "auth_user_obj": None, "ignore_auth": False}
    filters = [*NO_DATASETS, *wanted.pop("fq_list", ())]
    return tk.get_action("package_search")(context, {"q": "*:*", "facet": "false", "fq_list": filters, **wanted})


def _date_of_dataset(order: str, name: str) -> str:
    found = _search(rows=1, sort=order)["results"]
    return found[0].get(name) or "" if found else ""


def _filters(institution: str | None, since: datetime | None) -> list[str]:
    filters = []
    if institution:
        filters.append(f'owner_org:"{institution}"')
    if since:
        filters.append(f"metadata_modified:[{since.strftime('%Y-%m-%dT%H:%M:%SZ')} TO *]")
    return filters


def count_datasets(institution: str | None = None, since: datetime | None = None) -> int:
    """How many datasets :func:`read_datasets` would give."""
    return _search(rows=0, fq_list=_filters(institution, since))["count"]


def read_datasets(
    institution: str | None = None, since: datetime | None = None, batch: int = BATCH
) -> Iterator[list[dict[str, Any]]]:
    """All public, active, not archived datasets, in batches and in the order of their ids.

    Each batch asks for the ids after the last one, so that a dataset that comes or goes meanwhile never shifts
    another one out, and the hundredth batch costs what the first did.

    Args:
        institution: id of the organization to limit it to.
        since: limit it to datasets whose metadata changed at or after this moment, UTC.
        batch: how many at a time.
    """
    filters = _filters(institution, since)
    last = None
    while True:
        after = [f'id:{{"{last}" TO *]'] if last else []
        found = _search(rows=batch, sort="id asc", fq_list=[*filters, *after])["results"]
        if not found:
            return
        yield found
        last = found[-1]["id"]
