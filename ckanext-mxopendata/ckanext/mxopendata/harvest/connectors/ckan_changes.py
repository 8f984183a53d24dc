"""Of a portal on CKAN, only what has changed since the last run.

A cheap list of all ids with their ``metadata_modified`` says which records are still there and which of them are the
ones we know: equality is asked, not which is later, so no clock matters, neither the portal's nor ours. CKAN gives such
pairs since 2.7 (``package_search`` with ``fl``, straight from the index); older ones, and portals that only answer like
CKAN, ignore it: their list is read in full.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, Page, Same, Unreadable
from ckanext.mxopendata.harvest.connectors.ckan_api import NO_SEARCH, call, show
from ckanext.mxopendata.http import HttpClient

# The first page is small: a portal that does not know ``fl`` answers with whole records.
FIRST_PAIRS, PAIRS = 10, 1000
RECORDS = 200
# How often the pairs are listed again because their number changed meanwhile: one that is removed moves the others, and
# one of them may slip to a page that was read already.
AGAIN = 2
# As many ids as fit into an address that every server takes.
ASKED_AT_ONCE = 50
# Where more of the list than this has changed, reading all of it costs the portal fewer requests: a fiftieth of what
# changed and a thousandth of the list on the one side, a two-hundredth of the list on the other.
MOST_CHANGED = 0.2
# Answers of a portal that is there, but does not take such a filter.
NO_FILTER = NO_SEARCH - {"http_server_error"}
MODE = "changes"
_MILLISECONDS = len("2026-01-31T10:00:00.000")


class NotOfferedError(Exception):
    """The portal does not give such a list, or too much of it has changed: it is to be read in full."""


def version(record: Mapping[str, Any]) -> str | None:
    """Id and date of change of a record, or of a pair of the cheap list; ``None`` where it has not both."""
    key, modified = record.get("id"), record.get("metadata_modified")
    if not (isinstance(key, str) and key and isinstance(modified, str) and modified):
        return None
    # The index keeps milliseconds, drops zeros at their end and says that the time is UTC.
    day, point, fraction = modified.rstrip("Z").partition(".")
    return f"{key} {f'{day}.{fraction}'.ljust(_MILLISECONDS, '0')[:_MILLISECONDS] if point else f'{day}.000'}"


def read_changes(
    client: HttpClient, api: str, position: Mapping[str, Any], document: Path, known: Known
) -> Iterator[Page]:
    """The list, with :class:`Same` for each record that need not be read.

    Args:
        client: the only way to fetch anything.
        api: address of the portal's actions.
        position: that of the last page which was kept; empty at the beginning.
        document: where the pairs are kept until all of them are there.
        known: what the last complete run knew of the list.

    Raises:
        NotOfferedError: before any record was given; the list is to be read in full.
        SourceError: where the list cannot be read to its end.
    """
    after = str(position.get("after", ""))
    if position.get("start") is None or not document.exists():
        document.unlink(missing_ok=True)
        position = {}
    count = position.get("count")
    if not position.get("listed"):
        count = yield from _list_pairs(client, api, position, document, after)
    pairs = _pairs(document)
    same = _known_of(pairs, known)
    if not after and len(pairs) - len(same) > max(ASKED_AT_ONCE, MOST_CHANGED * len(pairs)):
        raise NotOfferedError
    # What the portal says: a list that is shorter is not complete, and the report says so.
    total = count if isinstance(count, int) else len(pairs)
    left = iter(sorted(key for key in pairs if key > after))
    while keys := list(islice(left, RECORDS)):
        changed = [key for key in keys if pairs[key] not in same]
        records: list[Any] = []
        for start in range(0, len(changed), ASKED_AT_ONCE):
            records += _fetch(client, api, changed[start : start + ASKED_AT_ONCE])
        # What is gone since it was listed is no part of the list any more.
        total -= len(changed) - len(records)
        records += [Same(pairs[key]) for key in keys if pairs[key] in same]
        reached = {"mode": MODE, "start": 0, "listed": True, "count": total, "after": keys[-1]}
        yield Page(records=records, position=reached, total=total, reading="changes")


def _list_pairs(
    client: HttpClient, api: str, position: Mapping[str, Any], document: Path, after: str
) -> Generator[Page, None, int]:
    """Write the pairs to the file, page by page; the pages given hold no record yet. Returns how many there are."""
    start, count, again = int(position.get("start", 0)), position.get("count"), int(position.get("again", 0))
    while True:
        rows = PAIRS if start else FIRST_PAIRS
        asked = {"rows": rows, "start": start, "sort": "id asc", "fl": "id,metadata_modified"}
        try:
            result = call(client, f"{api}/package_search?{urlencode(asked)}")
        except SourceError as error:
            if error.finding.code in NO_SEARCH:
                raise NotOfferedError from error
            raise
        found = result.get("results") if isinstance(result, dict) else None
        total = result.get("count") if isinstance(result, dict) else None
        if not isinstance(found, list) or not isinstance(total, int):
            raise NotOfferedError
        # Who answers with whole records does not know ``fl``.
        pairs = [pair for pair in found if isinstance(pair, Mapping) and "resources" not in pair]
        versions = [version(pair) for pair in pairs] if len(pairs) == len(found) else [None]
        if None in versions:
            raise NotOfferedError
        if count not in {None, total} and again < AGAIN:
            document.unlink()
            start, count, again = 0, None, again + 1
            continue
        count = total
        with document.open("a", encoding="utf-8") as file:
            file.writelines(f"{word}\n" for word in versions)
        start += len(found)
        if not found or start >= total:
            return total
        reached = {"start": start, "count": count, "again": again, "after": after}
        yield Page(records=[], position={"mode": MODE, **reached}, reading="changes")


def _pairs(document: Path) -> dict[str, str]:
    """Id → version, of all that was listed; what slipped from one page to the next and so came twice, once."""
    with document.open(encoding="utf-8") as file:
        versions = [line.rstrip("\n") for line in file]
    return {word.rpartition(" ")[0]: word for word in versions}


def _known_of(pairs: Mapping[str, str], known: Known) -> set[str]:
    found: set[str] = set()
    waiting = iter(pairs.values())
    while some := list(islice(waiting, PAIRS)):
        found |= known.among(some)
    return found


def _fetch(client: HttpClient, api: str, keys: list[str]) -> list[Any]:
    """The records with these ids; one that is gone is left out."""
    wanted = " OR ".join(f'"{key}"' for key in keys)
    query = urlencode({"rows": len(keys), "sort": "id asc", "fq": f"id:({wanted})"})
    try:
        result = call(client, f"{api}/package_search?{query}")
    except SourceError as error:
        if error.finding.code not in NO_FILTER:
            raise
        result = {}  # each is asked for by itself
    found = result.get("results") if isinstance(result, dict) else None
    listed = found if isinstance(found, list) else []
    records = {record.get("id"): record for record in listed if isinstance(record, Mapping)}
    given = [records[key] if key in records else show(client, api, key) for key in keys]
    return [record for record in given if not _is_gone(record)]


def _is_gone(record: Any) -> bool:
    return isinstance(record, Unreadable) and record.finding.code == "http_not_found"
