"""The edge towards CKAN: the context of an export, and the datasets that an anonymous visitor may see."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.dcat.utils import catalog_uri

from ckanext.mxopendata import config, institutions
from ckanext.mxopendata.dcat.blocks import Listed
from ckanext.mxopendata.dcat.catalogue import foreign_labels
from ckanext.mxopendata.dcat.context import Catalogue, ExportContext
from ckanext.mxopendata.dcat.fragments import moment_key

# What ckanext-dcat's catalogue leaves out too: these are no datasets, though CKAN keeps them as packages.
NO_DATASETS = ("-dataset_type:harvest", "-dataset_type:showcase")
BATCH = 500
# What CKAN gives at most (ckan.search.rows_max), where nobody allows more.
LISTED = 1000
# As functions, Solr takes them from the columns it sorts by; as plain names, it unpacks each dataset's whole document.
_LISTED_FIELDS = ("id:field(id)", "metadata_modified:field(metadata_modified)")


def current_context(institution_ids: Collection[str] | None = None) -> ExportContext:
    """Everything an export needs to know of this site, read now.

    Args:
        institution_ids: of the institutions that will be named; ``None`` for all.
    """
    return site_context(
        _stored_organizations(institution_ids),
        issued=_date_of_dataset("metadata_created asc", "metadata_created"),
        modified=_date_of_dataset("metadata_modified desc", "metadata_modified"),
    )


def site_context(
    organizations: dict[str, dict[str, Any]] | None = None, issued: str = "", modified: str = ""
) -> ExportContext:
    """The same for what does not describe the catalogue itself: the search index is not asked.

    Args:
        organizations: facts of institutions by id; one that is not among them is looked up when it is named.
        issued: when the catalogue's first dataset was taken in.
        modified: when one of its datasets was last written.
    """
    catalogue = Catalogue(
        uri=catalog_uri().rstrip("/"),
        title=tk.config.get("ckan.site_title") or "",
        description=tk.config.get("ckan.site_description") or "",
        homepage=config.site_url() + "/",
        publisher=tk.config.get("ckan.site_title") or "",
        language=(tk.config.get("ckan.locale_default") or "es").replace("_", "-"),
        issued=issued,
        modified=modified,
    )
    return ExportContext(
        catalogue=catalogue,
        vocabulary_base=config.vocabulary_base(),
        organization=_organization_reader(organizations or {}),
        labels=foreign_labels(),
    )


def _organization_reader(known: dict[str, dict[str, Any]]) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    completed: dict[str, Mapping[str, Any]] = {}

    def read(organization: Mapping[str, Any]) -> Mapping[str, Any]:
        key = organization["id"]
        if key not in completed:
            completed[key] = {**organization, **(known.get(key) or show_organization(key))}
        return completed[key]

    return read


def _stored_organizations(ids: Collection[str] | None) -> dict[str, dict[str, Any]]:
    """The institutions whose stored facts say all; CKAN knows where it keeps an uploaded image."""
    stored = institutions.stored_facts(ids)
    return {key: facts for key, facts in stored.items() if str(facts.get("image_url") or "http").startswith("http")}


def show_organization(organization_id: str) -> dict[str, Any]:
    """The public facts of an institution, with the id of the one above it in ``parent_id``."""
    wanted = {"id": organization_id, **institutions.ONLY_THE_RECORD, "include_groups": True}
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
    """How many datasets :func:`list_datasets` would give."""
    return _search(rows=0, fq_list=_filters(institution, since))["count"]


def list_datasets(institution: str | None = None, since: datetime | None = None) -> Iterator[list[Listed]]:
    """All public, active, not archived datasets, in batches and in the order of their ids.

    Each batch asks for the ids after the last one, so that a dataset that comes or goes meanwhile never shifts
    another one out, and the hundredth batch costs what the first did.

    Args:
        institution: id of the organization to limit it to.
        since: limit it to datasets whose metadata changed at or after this moment, UTC.
    """
    filters = _filters(institution, since)
    last = None
    while True:
        after = [f'id:{{"{last}" TO *]'] if last else []
        found = _search(rows=LISTED, sort="id asc", fl=[*_LISTED_FIELDS], fq_list=[*filters, *after])
        if not found["results"]:
            return
        yield [Listed(entry["id"], moment_key(entry["metadata_modified"])) for entry in found["results"]]
        last = found["results"][-1]["id"]


def list_ahead(institution: str | None = None, since: datetime | None = None) -> Iterator[list[Listed]]:
    """The same as :func:`list_datasets`, each batch fetched while the caller still deals with the one before."""
    batches = list_datasets(institution, since)

    def fetch() -> list[Listed] | None:
        try:
            return next(batches, None)
        finally:
            # Each thread has a session of its own.
            model.Session.remove()

    with ThreadPoolExecutor(max_workers=1) as thread:
        # The application's context goes with it.
        following = thread.submit(copy_context().run, fetch)
        while (batch := following.result()) is not None:
            following = thread.submit(copy_context().run, fetch)
            yield batch


def read_datasets(ids: Sequence[str], *, neighbours: bool = False) -> Iterator[dict[str, Any]]:
    """Those of some datasets that an anonymous visitor may see.

    Args:
        ids: in order.
        neighbours: whether hardly any dataset lies between two of them: then the search index is asked for what lies
            between the first and the last of a page, which is quicker than naming hundreds of them.
    """
    # CKAN gives no more than it allows, and does not say so.
    most = int(tk.config["ckan.search.rows_max"])
    size = max(1, min(BATCH, most // 2 if neighbours else most))
    for start in range(0, len(ids), size):
        page = set(ids[start : start + size])
        if neighbours:
            between = f'id:["{ids[start]}" TO "{ids[start + len(page) - 1]}"]'
            for dataset in _search(rows=most, sort="id asc", fq_list=[between])["results"]:
                if dataset["id"] in page:
                    page.remove(dataset["id"])
                    yield dataset
        if page:
            wanted = " OR ".join(f'"{dataset_id}"' for dataset_id in sorted(page))
            yield from _search(rows=len(page), sort="id asc", fq_list=[f"id:({wanted})"])["results"]
