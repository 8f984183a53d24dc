"""Compression of parts that are copied into files later: a compressed file is joined from them, never compressed again.

Each part is a piece of raw DEFLATE (RFC 1951) that ends at a byte and looks at nothing before it (zlib's full flush).
Pieces one after another, between the head and the checksum of a gzip member (RFC 1952), are a gzip file like any other.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from isal import isal_zlib

# Python's own zlib takes three to four times as long for the same size, a tenth of an export's time.
_LEVEL = 1
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"


class Packer:
    """Compresses parts one by one."""

    def __init__(self) -> None:
        self._compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)

    def pack(self, part: bytes) -> bytes:
        """A part as a piece of raw DEFLATE."""
        return self._compressor.compress(part) + self._compressor.flush(isal_zlib.Z_FULL_FLUSH)


def unpack(piece: bytes) -> bytes:
    """The part that a piece was made of."""
    return isal_zlib.decompressobj(-isal_zlib.MAX_WBITS).decompress(piece)


class GzipWriter:
    """Joins pieces to a gzip file."""

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        self._write = write
        self._checksum = 0
        self._size = 0
        write(_HEAD)

    def add(self, part: bytes, piece: bytes) -> None:
        """Append a part, given as it is and as the piece that was made of it."""
        self._checksum = isal_zlib.crc32(part, self._checksum)
        self._size += len(part)
        self._write(piece)

    def finish(self) -> None:
        """Write the end."""
        self._write(_LAST_BLOCK + struct.pack("<LL", self._checksum, self._size & 0xFFFFFFFF))
