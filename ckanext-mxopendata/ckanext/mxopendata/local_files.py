"""Writing files of ours: a full disk is a finding of this server, and never the fault of the portal that is read."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.metadata.findings import Finding

log = logging.getLogger(__name__)

# No space, no quota, a file that may not become larger.
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


@contextmanager
def writing() -> Iterator[None]:
    """Do nothing inside but write files.

    The folder is named in the log only: reports of public sources are public.

    Raises:
        SourceError: where they cannot be written.
    """
    try:
        yield
    except OSError as error:
        log.warning("a catalogue cannot be kept: %s", error)
        code = "disk_full" if error.errno in _FULL else "folder_not_writable"
        raise SourceError(Finding(code, value=errno.errorcode.get(error.errno or 0, ""))) from error


def write_all(file: RawIOBase, content: bytes) -> None:
    """Write all of something into a file without a buffer, which takes only what there is room for."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) or 0 :]
