"""Portals on Junar, by its API 2; a key goes into the parameter ``auth_key`` of what is asked, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page
from ckanext.mxopendata.harvest.connectors.junar_records import AUTH_KEY, of_resource
from ckanext.mxopendata.harvest.documents import load_json, make_utf8, stream_list
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

RESOURCES = "/api/v2/resources.json"
LIMIT = 100


class JunarConnector(ListConnector):
    """Reads the list in pages; where the portal sends all of it at once, as a bare array, from a file."""

    platform = "junar"
    title = "Junar (México)"
    description = "Portal en Junar, por su API 2; suele pedir una clave (secret)."
    authorization = f"?{AUTH_KEY}={{key}}"
    # Five are allowed for a key, and whoever asks more is shut out for a second.
    fastest: float | None = 4.0
    repeats_while_paging = True

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`."""
        api = _api(url)
        if "offset" in position:
            yield from _counted(client, api, int(position["offset"]), str(position["first"]))
            return
        if not document.exists():
            answer = _answer(client, api, 0, document)
            if answer is not None:
                yield from _counted(client, api, 0, "", answer)
                return
        read, first = int(position.get("read", 0)), str(position.get("first", ""))
        items = stream_list(document, _address(api, 0), skip=read)
        while batch := list(islice(items, LIMIT)):
            read, first = read + len(batch), first or _identifier(batch[0])
            yield Page([of_resource(item, api) for item in batch], {"read": read, "first": first})
        if read == LIMIT:
            # As many as were asked for: it may be a page after all, though it does not say so.
            yield from _counted(client, api, read, first)


def _api(url: str) -> str:
    """Where the API is, whichever of its addresses the operator copied."""
    return url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].split("/api/", maxsplit=1)[0].rstrip("/")


def _address(api: str, offset: int) -> str:
    # Of the orders that it knows, the date is the only one that does not change when somebody looks at a dataset.
    return f"{api}{RESOURCES}?{urlencode({'limit': LIMIT, 'offset': offset, 'order': 'last'})}"


def _answer(client: HttpClient, api: str, offset: int, document: Path | None) -> Any:
    """What the portal answers; ``None`` where it is an array that was kept in ``document``."""
    address = _address(api, offset)
    fetched = client.fetch(address)
    try:
        make_utf8(fetched.path)
        with fetched.path.open("rb") as file:
            is_array = file.read(1024).lstrip().startswith(b"[")
        if not is_array or document is None:
            return load_json(fetched.path, address)
        fetched.path.replace(document)
        return None
    finally:
        fetched.path.unlink(missing_ok=True)


def _counted(client: HttpClient, api: str, offset: int, before: str, answer: Any = None) -> Iterator[Page]:
    """The pages from a place on.

    Args:
        client: the only way to fetch anything.
        api: where the API is.
        offset: how many records came before.
        before: the first identifier of the page before.
        answer: what the portal answered already.
    """
    while True:
        answer = _answer(client, api, offset, None) if answer is None else answer
        items = answer.get("results") if isinstance(answer, Mapping) else answer
        if not isinstance(items, list):
            raise SourceError(Finding("junar_list", location=_address(api, offset), value="results"))
        # Who does not know the parameters gives all of it each time.
        if not items or (offset and isinstance(answer, list) and _identifier(items[0]) == before):
            return
        count = answer.get("count") if isinstance(answer, Mapping) else None
        offset, before, answer = offset + len(items), _identifier(items[0]), None
        # The address of the next page repeats the key: it is counted instead.
        position = {"offset": offset, "first": before}
        yield Page([of_resource(item, api) for item in items], position, count if isinstance(count, int) else None)
        if isinstance(count, int) and offset >= count:
            return


def _identifier(item: Any) -> str:
    return str(item.get("guid") or "") if isinstance(item, Mapping) else ""
