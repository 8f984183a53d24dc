"""Sends many datasets to the search index in one request.

CKAN has no public call for that: each dataset is one request and, by default, one Solr commit, which costs more than
all the rest of saving it. This file, and no other, therefore uses ``ckan.lib.search`` from within (rule 10 of the
architecture). Where the installed CKAN looks different from what is known here, datasets are added one by one.

CKAN 2.11 indexes what a transaction changed while it is committed, one by one: there a batch is indexed by its commit,
and here only what that left out.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any, cast

import pysolr
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import logic, model
from ckan.lib import search
from ckan.lib.search.index import PackageSearchIndex

from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS, HARVEST_SOURCES, HarvestSource
from ckanext.mxopendata.harvest.together import AskedTogether

log = logging.getLogger(__name__)

_CONNECTION = "make_connection"
# CKAN 2.12 indexes a dataset in the action that saves it, 2.11 in a hook of the database session.
INDEXED_BY_COMMIT = not hasattr(logic, "index_update_package")


class RefusedError(Exception):
    """Solr answers, but refuses a dataset of the transaction, which is therefore not committed (CKAN 2.11)."""


class _Collector:
    """Stands for Solr while CKAN makes a document, and keeps the document."""

    url = "collector"

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(self, docs: list[dict[str, Any]], **_: Any) -> None:
        self.documents.extend(docs)


def commit() -> None:
    """Commit the current transaction; on CKAN 2.11 its datasets are indexed by that.

    Raises:
        RefusedError: where Solr refuses one of them; nothing is committed, and documents of the others may be left in
            the index (:func:`forget`).
        ckan.lib.search.SearchIndexError: where Solr does not answer; nothing is committed.
    """
    try:
        model.repo.commit()
    except search.SearchIndexError as error:
        model.Session.rollback()
        if not search.is_available():
            raise
        raise RefusedError(str(error)) from error


def forget(dataset_ids: Iterable[str]) -> None:
    """Take datasets out of the index that were indexed by a commit which then failed."""
    for dataset_id in dataset_ids:
        search.clear(dataset_id)


class Sending:
    """Datasets on their way to the search index: Solr works while this process goes on with something else."""

    def __init__(self, dataset_ids: Iterable[str]) -> None:
        """Make the search documents of datasets whose transaction is committed, and begin to send them.

        Args:
            dataset_ids: their ids.

        Raises:
            ckan.lib.search.SearchIndexError: where Solr does not answer at all (CKAN 2.11).
        """
        self._failed: dict[str, str] = {}
        self._documents: dict[str, dict[str, Any]] = {}
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None
        wanted = list(dict.fromkeys(dataset_ids))
        # Held while the documents are made: CKAN and ckanext-harvest then find in the session what they would ask
        # the database for, once for each dataset.
        held = _load(wanted)
        make_document = None if INDEXED_BY_COMMIT or not wanted else _document_maker()
        if make_document is None:
            self._failed = _index_singly(_stale(wanted) if INDEXED_BY_COMMIT and wanted else wanted)
            return
        with AskedTogether(wanted):
            for dataset_id in wanted:
                try:
                    self._documents[dataset_id] = make_document(dataset_id)
                except _NOT_INDEXABLE as error:  # noqa: PERF203 - each fails on its own
                    log.warning("dataset %s has no search document: %s", dataset_id, error)
                    self._failed[dataset_id] = str(error)
        del held
        if self._documents:
            # Here, since the configuration is this thread's; the other one only waits for Solr.
            connection, commit = search.make_connection(), bool(tk.config.get("ckan.search.solr_commit", True))
            self._thread = threading.Thread(target=self._send, args=(connection, commit), daemon=True)
            self._thread.start()

    def _send(self, connection: Any, commit: bool) -> None:
        try:
            connection.add(docs=list(self._documents.values()), commit=commit)
        except (pysolr.SolrError, OSError) as error:
            self._error = error

    def wait(self) -> dict[str, str]:
        """Wait until Solr has answered.

        Returns:
            For each dataset that could not be indexed, its id and the reason; the others are indexed.

        Raises:
            ckan.lib.search.SearchIndexError: where Solr does not answer at all.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            if not search.is_available():
                raise search.SearchIndexError("Solr does not answer") from self._error
            reason = str(self._error)[:200]
            log.info("a batch was refused by Solr (%s); its datasets are added one by one", reason)
            self._error = None
            self._failed.update(_index_singly(self._documents))
        return self._failed


def rebuild_source(source_id: str, defer_commit: bool = False) -> None:
    """Index a harvest source anew, validated.

    ckanext-harvest 1.6.3 stores an unvalidated dictionary on CKAN 2.12, after which the type of the source is lost.
    CKAN 2.11 validates it before it is stored.
    """
    if not INDEXED_BY_COMMIT:
        logic.index_update_package({"ignore_auth": True}, source_id, defer_commit)


# What a single dataset can make go wrong; a Solr that does not answer is none of these.
_NOT_INDEXABLE = (tk.ObjectNotFound, tk.ValidationError, ValueError, TypeError, KeyError, AttributeError)


def _index_singly(dataset_ids: Iterable[str]) -> dict[str, str]:
    failed: dict[str, str] = {}
    done = False
    for dataset_id in dataset_ids:
        try:
            if INDEXED_BY_COMMIT:
                search.rebuild(package_ids=[dataset_id])
            else:
                logic.index_update_package({"ignore_auth": True}, dataset_id, defer_commit=True)
            done = True
        except search.SearchIndexError as error:  # noqa: PERF203 - each fails on its own
            if not search.is_available():
                raise
            failed[dataset_id] = str(error)
        except _NOT_INDEXABLE as error:
            failed[dataset_id] = str(error)
    if done:
        search.commit()
    return failed


def _stale(dataset_ids: Sequence[str]) -> list[str]:
    """Those of some harvested datasets that are not in the index with their current harvest object.

    The hook of CKAN 2.11 passes over a dataset of which nothing changed, and over its own failures.
    """
    table = HARVEST_OBJECTS
    query = sa.select(table.c.id).where(table.c.package_id.in_(dataset_ids), table.c.current.is_(True))
    current = " OR ".join(f'"{key}"' for key in model.Session.execute(query).scalars())
    if not current:
        return list(dataset_ids)
    try:
        found = search.make_connection().search(
            f"harvest_object_id:({current})",
            fq=f'+site_id:"{tk.config["ckan.site_id"]}"',
            fl="id",
            rows=len(dataset_ids),
        )
    except (pysolr.SolrError, OSError) as error:
        raise search.SearchIndexError("Solr does not answer") from error
    fresh = {document["id"] for document in found}
    return [dataset_id for dataset_id in dataset_ids if dataset_id not in fresh]


def _load(dataset_ids: Sequence[str]) -> list[Any]:
    """Datasets as they are in the database now, and the harvest sources they are of."""
    fresh = {"populate_existing": True}
    packages = sa.select(model.Package).where(model.Package.id.in_(dataset_ids))
    of_these = HARVEST_OBJECTS.c.package_id.in_(dataset_ids) & HARVEST_OBJECTS.c.current.is_(True)
    ids = sa.select(HARVEST_OBJECTS.c.harvest_source_id).where(of_these)
    sources = sa.select(HarvestSource).where(HARVEST_SOURCES.c.id.in_(ids))
    return [
        *model.Session.execute(packages.execution_options(**fresh)).scalars(),
        *model.Session.execute(sources.execution_options(**fresh)).scalars(),
    ]


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
