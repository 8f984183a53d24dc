"""SQLite files in which connectors keep what they read until it can be given in its order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.metadata.findings import Finding

# How SQLite says what the system refuses it; Python 3.10 gives no code.
_REFUSALS = {
    "disk is full": "disk_full",
    "unable to open": "folder_not_writable",
    "readonly": "folder_not_writable",
    "disk I/O": "folder_not_writable",
}


@contextmanager
def writing_database() -> Iterator[None]:
    """Do nothing inside but fill such a file.

    Raises:
        SourceError: where it cannot be written.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        code = next((code for words, code in _REFUSALS.items() if words in str(error)), None)
        if code is None:
            raise
        raise SourceError(Finding(code, value=str(error))) from error
