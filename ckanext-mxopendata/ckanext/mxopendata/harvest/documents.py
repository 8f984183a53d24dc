"""JSON documents as portals really serve them: any encoding, a byte order mark, HTML instead, cut off half-way.

Documents stay on disk and are read as a stream, so that the size of a catalogue does not matter.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import charset_normalizer
import ijson

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.local_files import writing
from ckanext.mxopendata.metadata.findings import Finding

# Where the list of datasets may be: Project Open Data and ADELA, a bare list, a catalogue inside a wrapper.
LIST_PLACES = ("dataset", "", "catalog.dataset", "catalogo.dataset", "catalog.item.dataset", "item.dataset")
ERROR_KEYS = ("error", "message", "errors", "detail")
CHUNK = 1024 * 1024
SAMPLE = 64 * 1024
# Longer marks first: that of UTF-32 begins like that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def digest_of(path: Path) -> str:
    """40 hexadecimal digits that are equal where two files are, byte by byte."""
    digest = hashlib.blake2b(digest_size=20)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def make_utf8(path: Path, declared: str | None = None) -> str:
    """Rewrite a text file in UTF-8 without a byte order mark, where it is not that already.

    Args:
        path: the file, changed in place.
        declared: the encoding that it says it has; it is believed where it is not in UTF-8.

    Returns:
        The encoding it had, as Python names it.
    """
    encoding = _encoding(path)
    if declared and not encoding.startswith("utf") and _is_encoding(declared):
        encoding = declared
    if encoding == "utf-8":
        return encoding
    mended = path.with_name(f"{path.name}.utf8")
    try:
        with (
            writing(),
            path.open("r", encoding=encoding, errors="replace", newline="") as old,
            mended.open("w", encoding="utf-8", newline="") as new,
        ):
            while text := old.read(CHUNK):
                new.write(text)
        mended.replace(path)
    finally:
        mended.unlink(missing_ok=True)
    return encoding


def load_json(path: Path, url: str) -> Any:
    """A whole JSON document, for the short answers of an API.

    Raises:
        SourceError: where it is not JSON.
    """
    make_utf8(path)
    refuse_html(path, url)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        cut_off = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
        raise SourceError(_not_json(path, url, cut_off)) from error
    except RecursionError as error:
        raise SourceError(_not_json(path, url, cut_off=False)) from error


def fetch_json(client: HttpClient, url: str) -> Any:
    """Fetch a short answer of an API, and keep nothing of it.

    Raises:
        SourceError: where it cannot be fetched, or is not JSON.
    """
    fetched = client.fetch(url)
    try:
        return load_json(fetched.path, url)
    finally:
        fetched.path.unlink(missing_ok=True)


def stream_list(path: Path, url: str, skip: int = 0) -> Iterator[Any]:
    """The records of a catalogue file, one after the other.

    Args:
        path: the file, in UTF-8 (see :func:`make_utf8`).
        url: where it came from, for messages.
        skip: how many records to leave out because they were read before.

    Raises:
        SourceError: where the file is not JSON, has no list of datasets, or ends too early; the records before that
            have been given by then.
    """
    refuse_html(path, url)
    place = _find_list(path, url)
    prefix = f"{place}.item" if place else "item"
    with path.open("rb") as file:
        records = ijson.items(file, prefix, use_float=True)
        position = 0
        while True:
            try:
                record = next(records)
            except StopIteration:
                return
            except (ijson.JSONError, UnicodeDecodeError) as error:
                if "trailing garbage" in str(error):  # the list is complete; what follows it is the server's
                    return
                raise SourceError(_not_json(path, url, cut_off="EOF" in str(error), after=position)) from error
            position += 1
            if position > skip:
                yield record


def read_beside_list(path: Path, url: str, enough: Collection[str] = ()) -> dict[str, Any]:
    """What stands in a catalogue beside its list of datasets, before or after it; the list is passed over unread.

    Args:
        path: the file, in UTF-8 (see :func:`make_utf8`).
        url: where it came from, for messages.
        enough: keys after which nothing else matters: a large file is not passed over for what nobody will use.

    Returns:
        Key → text or number, list of such, or ``None`` for an object; empty for a bare list and for several
        catalogues in one file. Of a file that ends too early, what stands before its end.

    Raises:
        SourceError: where the file has no list of datasets.
    """
    refuse_html(path, url)
    place = _find_list(path, url)
    parent = place.removesuffix("dataset")
    found: dict[str, Any] = {}
    if parent == place or "item" in place:
        return found
    try:
        with path.open("rb") as file:
            for where, event, value in ijson.parse(file, use_float=True):
                if event == "map_key" and value in enough and where == parent.removesuffix("."):
                    found[value] = None
                    break
                if not where.startswith(parent) or where.startswith(place):
                    continue
                name, _, below = where.removeprefix(parent).partition(".")
                if event == "start_map" and name and not below:
                    found[name] = None
                elif event in {"string", "boolean", "number"}:
                    if not below:
                        found[name] = value
                    elif below == "item":
                        found[name] = [*(found.get(name) or ()), value]
    except (ijson.JSONError, UnicodeDecodeError):
        pass  # stream_list says so when the records before it have been read
    return found


def refuse_html(path: Path, url: str) -> None:
    """Say so where a web page came instead of data.

    Raises:
        SourceError: for a page of HTML, for an empty answer.
    """
    with path.open("rb") as file:
        beginning = file.read(SAMPLE).lstrip()
    if not beginning:
        raise SourceError(Finding("json_empty", location=url))
    lowered = beginning[:2000].lower()
    if beginning.startswith(b"<") and (b"<html" in lowered or b"<!doctype" in lowered or b"<body" in lowered):
        raise SourceError(Finding("json_is_html", location=url, value=_readable(beginning)))


def _find_list(path: Path, url: str) -> str:
    """Where the list of datasets is; one of :data:`LIST_PLACES`."""
    keys: list[str] = []
    said: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            for place, event, value in ijson.parse(file, use_float=True):
                if event == "start_array" and place in LIST_PLACES:
                    return place
                if place == "" and event == "map_key":
                    keys.append(value)
                elif event in {"string", "boolean", "number"} and place.split(".")[0] in (*ERROR_KEYS, "success"):
                    said[place] = value
    except (ijson.JSONError, UnicodeDecodeError) as error:
        if "trailing garbage" not in str(error):
            raise SourceError(_not_json(path, url, cut_off="EOF" in str(error))) from error
    texts = [str(value) for place, value in said.items() if place != "success" and isinstance(value, str)]
    if texts or said.get("success") is False:
        raise SourceError(Finding("json_says_error", location=url, value=texts[0] if texts else "success: false"))
    raise SourceError(Finding("json_no_list", location=url, value=", ".join(keys[:8])))


def _not_json(path: Path, url: str, cut_off: bool, after: int = 0) -> Finding:
    if cut_off:
        return Finding("json_cut_off", location=url, value=str(after), details={"bytes": path.stat().st_size})
    with path.open("rb") as file:
        return Finding("json_invalid", location=url, value=_readable(file.read(120)), details={"after": after})


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        beginning = file.read(4)
        for mark, encoding in MARKS:
            if beginning.startswith(mark):
                return encoding
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        while chunk := file.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:  # noqa: PERF203 - each fails on its own
                return _guess(chunk[max(0, error.start - SAMPLE // 2) : error.start + SAMPLE // 2])
    return "utf-8"


def _is_encoding(name: str) -> bool:
    try:
        return not codecs.lookup(name).name.startswith("utf")
    except LookupError:
        return False


def _guess(sample: bytes) -> str:
    """The encoding of text that is not UTF-8; in doubt Windows-1252, of which Latin-1's letters are a part."""
    best = charset_normalizer.from_bytes(sample, cp_isolation=["cp1252", "latin_1", "mac_roman", "cp850"]).best()
    return best.encoding if best and best.encoding != "latin_1" else "cp1252"


def _readable(beginning: bytes) -> str:
    text = beginning.decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else "·" for letter in " ".join(text.split()))[:80]
