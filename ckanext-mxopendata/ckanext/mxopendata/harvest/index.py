"""Sends many datasets to the search index in one request.

CKAN has no public call for that: each dataset is one request and, by default, one Solr commit, which costs more than
all the rest of saving it. This file, and no other, therefore uses ``ckan.lib.search`` from within (rule 10 of the
architecture). Where the installed CKAN looks different from what is known here, datasets are added one by one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, cast

import pysolr

import ckan.plugins.toolkit as tk
from ckan import logic
from ckan.lib import search
from ckan.lib.search.index import PackageSearchIndex

log = logging.getLogger(__name__)

_CONNECTION = "make_connection"


class _Collector:
    """Stands for Solr while CKAN makes a document, and keeps the document."""

    url = "collector"

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(self, docs: list[dict[str, Any]], **_: Any) -> None:
        self.documents.extend(docs)


def index_datasets(dataset_ids: Iterable[str]) -> dict[str, str]:
    """Bring the search index up to date for datasets whose transaction is committed.

    Args:
        dataset_ids: their ids.

    Returns:
        For each dataset that could not be indexed, its id and the reason; the others are indexed.

    Raises:
        ckan.lib.search.SearchIndexError: where Solr does not answer at all.
    """
    wanted = list(dict.fromkeys(dataset_ids))
    if not wanted:
        return {}
    failed: dict[str, str] = {}
    documents: dict[str, dict[str, Any]] = {}
    make_document = _document_maker()
    if make_document is None:
        return _index_singly(wanted)
    for dataset_id in wanted:
        try:
            documents[dataset_id] = make_document(dataset_id)
        except _NOT_INDEXABLE as error:  # noqa: PERF203 - each fails on its own
            log.warning("dataset %s has no search document: %s", dataset_id, error)
            failed[dataset_id] = str(error)
    try:
        _send(list(documents.values()))
    except (pysolr.SolrError, OSError) as error:
        if not search.is_available():
            raise search.SearchIndexError("Solr does not answer") from error
        log.info("a batch was refused by Solr (%s); its datasets are added one by one", str(error)[:200])
        failed.update(_index_singly(documents))
    return failed


def rebuild_source(source_id: str, defer_commit: bool = False) -> None:
    """Index a harvest source anew, validated.

    ckanext-harvest 1.6.3 stores an unvalidated dictionary on CKAN 2.12, after which the type of the source is lost.
    """
    logic.index_update_package({"ignore_auth": True}, source_id, defer_commit)


# What a single dataset can make go wrong; a Solr that does not answer is none of these.
_NOT_INDEXABLE = (tk.ObjectNotFound, tk.ValidationError, ValueError, TypeError, KeyError, AttributeError)


def _index_singly(dataset_ids: Iterable[str]) -> dict[str, str]:
    failed: dict[str, str] = {}
    for dataset_id in dataset_ids:
        try:
            logic.index_update_package({"ignore_auth": True}, dataset_id, defer_commit=True)
        except search.SearchIndexError as error:  # noqa: PERF203 - each fails on its own
            if not search.is_available():
                raise
            failed[dataset_id] = str(error)
        except _NOT_INDEXABLE as error:
            failed[dataset_id] = str(error)
    search.commit()
    return failed


def _send(documents: list[dict[str, Any]]) -> None:
    if documents:
        search.make_connection().add(docs=documents, commit=bool(tk.config.get("ckan.search.solr_commit", True)))


def _document_maker() -> Callable[[str], dict[str, Any]] | None:
    """A function from a dataset's id to its search document, or ``None`` where this CKAN is not known.

    It is CKAN's own ``index_package`` over a copy of its globals in which the connection is ours: nothing of CKAN is
    changed, in this thread or in another.
    """
    original = getattr(PackageSearchIndex, "index_package", None)
    both_schemas = getattr(logic, "package_show_default_and_custom_schemas", None)
    known = isinstance(original, FunctionType) and _CONNECTION in original.__code__.co_names
    if not known or both_schemas is None:
        return None
    original = cast(FunctionType, original)
    collector = _Collector()
    names = {**original.__globals__, _CONNECTION: lambda: collector}
    make = FunctionType(original.__code__, names, original.__name__, original.__defaults__, original.__closure__)
    index = PackageSearchIndex()

    def document(dataset_id: str) -> dict[str, Any]:
        default, custom = both_schemas({"ignore_auth": True}, dataset_id)
        collector.documents.clear()
        make(index, dict(default, with_custom_schema=custom), defer_commit=True)
        if len(collector.documents) != 1:
            raise ValueError("no document was made")
        return collector.documents[0]

    return document
