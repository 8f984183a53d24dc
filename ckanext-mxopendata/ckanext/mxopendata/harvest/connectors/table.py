"""Catalogues that are tables: the template ``ds:/rs:``, the workbook of pydatajson, one file or a folder of them.

Inventories and opening plans promise data, they publish none: nothing of them becomes a dataset. The connector hands
them over as they are (:class:`.base.Promises`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors import web_folder
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page, Promises
from ckanext.mxopendata.harvest.connectors.one_document import fetch_if_other, unmodified
from ckanext.mxopendata.harvest.connectors.table_records import NO_TABLE, records_of, take_in
from ckanext.mxopendata.harvest.connectors.table_store import Store
from ckanext.mxopendata.http import Fetched, HttpClient
from ckanext.mxopendata.metadata.commitment_columns import CATALOGUE
from ckanext.mxopendata.metadata.findings import Finding

PAGE_SIZE = 200
MOST_FILES = 100
_COMPLETE = "complete"


class TableConnector(ListConnector):
    """Fetches the file, keeps its rows in a file of its own, and gives each dataset with all of its rows."""

    platform = "table"
    title = "Tabla CSV o XLSX (México)"
    description = "Catálogo en una tabla CSV o XLSX (plantilla ds:/rs:, libro de pydatajson) o carpeta web con tablas."

    is_template = True

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; one file may be unmodified, a folder is always read."""
        memory: Mapping[str, Any] | None = None
        if not _is_complete(document):
            collected = yield from _collect(client, url, position, document, None if position else known)
            if collected is None:
                return
            memory = collected
        with Store(document) as store:
            total, read = store.count(), int(position.get("read", 0))
            findings = store.said() if not read else []
            while rows := store.datasets(read, PAGE_SIZE):
                records = [record for one in rows for record in records_of(one)]
                read += len(rows)
                yield Page(records, {"read": read}, total, findings, memory=memory)
                findings, memory = [], None
            if findings or memory is not None:
                yield Page([], {"read": read}, total, findings, memory=memory)


def _is_complete(document: Path) -> bool:
    if not document.exists():
        return False
    try:
        with Store(document) as store:
            return store.fact(_COMPLETE) != ""
    except sqlite3.DatabaseError:
        return False


def _collect(
    client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None
) -> Generator[Page, None, Mapping[str, Any] | None]:
    """Fill the store.

    Yields:
        Pages without records: promises, and how far a folder is read.

    Returns:
        What to be reminded of; ``None`` where nothing has changed.
    """
    if "files" in position and document.exists():
        yield from _read_folder(client, int(position["files"]), document)
        return {}
    Store.remove(document)
    fetched, memory = fetch_if_other(client, url, known)
    if fetched is None:
        yield unmodified(memory)
        return None
    try:
        if web_folder.is_page(fetched.path) and not web_folder.is_file(url):
            _list_folder(fetched, document)
        else:
            with Store(document) as store:
                kind = take_in(fetched.path, url, store, _COMPLETE)
            if kind != CATALOGUE:
                # Whether somebody keeps promises may change while the file does not: it is read each time.
                memory = {}
                yield Page([], {}, memory=memory, promises=[_promises(fetched.path, url)])
            return memory
    except BaseException:
        Store.remove(document)
        raise
    finally:
        fetched.path.unlink(missing_ok=True)
    yield Page([], {"files": 0}, memory={})
    yield from _read_folder(client, 0, document)
    return {}


def _list_folder(fetched: Fetched, document: Path) -> None:
    """Keep which files are to be read."""
    files = web_folder.files_in(fetched.path, fetched.url)
    if not files:
        raise SourceError(Finding("table_of_another_kind", location=fetched.url, value="HTML/XML"))
    if len(files) > MOST_FILES:
        details = {"files": len(files), "limit": MOST_FILES}
        raise SourceError(Finding("table_folder_too_many", location=fetched.url, details=details))
    with Store(document) as store:
        store.remember("files", json.dumps(files))


def _read_folder(client: HttpClient, done: int, document: Path) -> Iterator[Page]:
    """Read the files one by one, a page without records after each, since a carrier has little time."""
    with Store(document) as store:
        files: list[str] = json.loads(store.fact("files"))
        said = {store.fact(_mark(number)) for number in range(done)}
    for number in range(done, len(files)):
        kind, promises = _read_file(client, files[number], number, document)
        said.add(kind)
        yield Page([], {"files": number + 1}, promises=promises)
    if said <= {""}:
        raise SourceError(Finding("table_folder_without_catalogue", value=str(len(files))))
    with Store(document) as store:
        store.remember(_COMPLETE, CATALOGUE)


def _read_file(client: HttpClient, address: str, number: int, document: Path) -> tuple[str, list[Promises]]:
    """Read one file of a folder; what it is, nothing for one that is neither a catalogue nor promises."""
    with Store(document) as store:
        if (kind := store.fact(_mark(number))) == CATALOGUE:  # of a process that ended right after it
            return kind, []
        fetched = client.fetch(address)
        try:
            _refuse_others(fetched.url, address)
            kind = take_in(fetched.path, address, store, _mark(number))
            return kind, [] if kind == CATALOGUE else [_promises(fetched.path, address)]
        except SourceError as error:
            if error.finding.code not in NO_TABLE:
                raise
            store.say([Finding("table_file_left", location=address, value=_name(address))])
            return "", []
        finally:
            fetched.path.unlink(missing_ok=True)


def _refuse_others(answered: str, address: str) -> None:
    if urlsplit(answered).netloc != urlsplit(address).netloc:
        raise SourceError(Finding("table_file_elsewhere", location=address, value=answered))


def _mark(number: int) -> str:
    return f"file {number}"


def _promises(path: Path, address: str) -> Promises:
    return Promises(_name(address), path.read_bytes())


def _name(address: str) -> str:
    return PurePosixPath(unquote(urlsplit(address).path)).name
