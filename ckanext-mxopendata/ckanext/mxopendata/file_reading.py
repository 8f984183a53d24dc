"""A resource's file, from an upload, from where CKAN keeps it, or from its address: the facts it tells of itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from werkzeug.datastructures import FileStorage

import ckan.plugins.toolkit as tk
from ckan.lib.uploader import get_resource_uploader

from ckanext.mxopendata import config
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.http_settings import site_settings
from ckanext.mxopendata.metadata.file_facts import FileFacts, read_facts
from ckanext.mxopendata.metadata.records import is_empty


def of_upload(upload: FileStorage, size: int | None = None, with_columns: bool = True) -> FileFacts:
    """The facts of a file that a browser sends, or the beginning of it; it is left where it was.

    Args:
        upload: as Flask gives it.
        size: bytes of the whole file, where only its beginning was sent.
        with_columns: whether its columns are looked at, too.
    """
    stream: BinaryIO = upload.stream  # pyright: ignore[reportAssignmentType]
    sent = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    content = stream.read(config.form_file_bytes())
    stream.seek(0)
    return read_facts(content, upload.filename or "", "", max(sent, size or 0), with_columns)


def of_stored(resource: Mapping[str, Any]) -> FileFacts | None:
    """The facts of a file that was uploaded to this portal; ``None`` where it lies on no disk of this machine.

    Args:
        resource: as ``resource_show`` gives it.
    """
    uploader: Any = get_resource_uploader({"id": resource["id"]})
    try:
        path = Path(uploader.get_path(resource["id"]))
        with path.open("rb") as file:
            content = file.read(config.form_file_bytes())
            size = os.fstat(file.fileno()).st_size
    except (AttributeError, NotImplementedError, TypeError, OSError, tk.ValidationError):
        return None  # in the cloud, or nowhere
    return read_facts(content, str(resource.get("url") or ""), "", size)


def of_address(url: str) -> FileFacts:
    """The facts of a file on another machine; no more than its beginning is asked for.

    Args:
        url: an ``http`` or ``https`` address.

    Raises:
        ckanext.mxopendata.http.FetchError: where it cannot be fetched, or must not be.
    """
    seconds = config.form_file_timeout()
    # Somebody waits: one attempt, and not for its turn.
    with HttpClient(site_settings(read_timeout=seconds, total_timeout=seconds, retries=0, interval=0.0)) as client:
        beginning = client.fetch_beginning(url.strip(), config.form_file_bytes())
    return read_facts(beginning.content, url, beginning.content_type, beginning.size)


def fill_from_upload(resource: dict[str, Any], stored: Mapping[str, Any] | None = None) -> None:
    """Write into a resource that is saved what its uploaded file tells and nobody has written.

    Args:
        resource: as ``resource_create`` and ``resource_update`` take it, with ``upload`` where there is one.
        stored: the resource as it was; what it said of the file before is not true of the new one.
    """
    upload = resource.get("upload")
    if not isinstance(upload, FileStorage) or not upload.filename:
        return
    for name, value in of_upload(upload, with_columns=False).values().items():
        written = resource.get(name)
        of_before = stored is not None and str(written) == str(stored.get(name))
        if is_empty(written) or of_before:
            resource[name] = value
