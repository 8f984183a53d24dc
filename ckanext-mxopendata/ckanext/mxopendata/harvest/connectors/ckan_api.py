"""The action API of CKAN, as its portals and those that answer like one really speak it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page, Unreadable
from ckanext.mxopendata.harvest.connectors.one_by_one import read_one_by_one
from ckanext.mxopendata.harvest.documents import fetch_json, load_json
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

# Answers after which it is worth asking in another way: the portal is there, but its search is not.
NO_SEARCH = frozenset((
    "http_not_found", "http_status", "http_forbidden", "http_server_error", "api_error", "api_shape",
    "json_is_html", "json_empty", "json_invalid", "json_says_error",
))  # fmt: skip
PACKAGES = 100
# As CKAN until 1.8 answers a question that is not in the body of a POST; newer ones take it either way.
_BODY_WANTED = frozenset(("400", "405", "411"))
_NO_BODY = re.compile(r"json error|request body|bad request", re.IGNORECASE)
# What may be the matter with one record alone. All else concerns the portal, and with it the whole list.
OF_ONE_RECORD = frozenset(
    {
        "http_not_found",
        "http_status",
        "http_forbidden",
        "http_server_error",
        "http_too_large",
        "api_error",
        "api_shape",
        "json_empty",
        "json_is_html",
        "json_invalid",
        "json_cut_off",
        "json_says_error",
    }
)


def call(client: HttpClient, address: str) -> Any:
    """The ``result`` of an action.

    Raises:
        SourceError: where there is none.
    """
    try:
        return _result(fetch_json(client, address), address)
    except SourceError as error:
        if not _wants_a_body(error.finding):
            raise
        try:
            return _result(_ask_with_a_body(client, address), address)
        except SourceError:
            raise error from None  # what it said first is more telling


def _wants_a_body(said: Finding) -> bool:
    if said.code == "api_error":
        return bool(_NO_BODY.search(said.value or ""))
    return said.code == "http_status" and said.value in _BODY_WANTED


def _ask_with_a_body(client: HttpClient, address: str) -> Any:
    """The same question, in the body."""
    asked = dict(parse_qsl(urlsplit(address).query))
    numbers = {name: int(value) for name, value in asked.items() if name != "id" and value.isdigit()}
    fetched = client.post(address, json.dumps({**asked, **numbers}).encode(), "application/json")
    try:
        return load_json(fetched.path, address)
    finally:
        fetched.path.unlink(missing_ok=True)


def _result(answer: Any, address: str) -> Any:
    if isinstance(answer, str):
        raise SourceError(Finding("api_error", location=address, value=answer))
    if not isinstance(answer, dict) or "result" not in answer and "success" not in answer:
        raise SourceError(Finding("api_shape", location=address, value="result"))
    if answer.get("success") is False or "result" not in answer:
        error = answer.get("error")
        said = error.get("message") or error.get("__type") if isinstance(error, dict) else error
        raise SourceError(Finding("api_error", location=address, value=str(said or "success: false")))
    return answer["result"]


def names(client: HttpClient, api: str) -> list[str]:
    """The names of all datasets, each once.

    Raises:
        SourceError: where the portal does not list them.
    """
    address = f"{api}/package_list"
    found = call(client, address)
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise SourceError(Finding("api_shape", location=address, value="result"))
    return sorted(set(found))


def show(client: HttpClient, api: str, name: str) -> Any:
    """One record by its name or id, or :class:`Unreadable`.

    Raises:
        SourceError: where it is not the record that cannot be read, but the portal.
    """
    address = f"{api}/package_show?{urlencode({'id': name})}"
    try:
        record = call(client, address)
    except SourceError as error:
        if error.finding.code not in OF_ONE_RECORD:
            raise
        return Unreadable(name, error.finding)
    # DKAN 1 answers with a list of one.
    return record[0] if isinstance(record, list) and len(record) == 1 else record


def read_packages(client: HttpClient, api: str, position: Mapping[str, Any]) -> Iterator[Page]:
    """All records, many at once, with ``current_package_list_with_resources``.

    Args:
        client: the only way to fetch anything.
        api: address of the portal's actions.
        position: that of the last page which was kept; goes on after ``offset`` records.

    Raises:
        SourceError: where the portal does not give them, or always gives the same.
    """
    offset, before = int(position.get("offset", 0)), position.get("first")
    while True:
        # Before CKAN 2.2 pages have numbers; newer ones go by the offset.
        asked = {"limit": PACKAGES, "offset": offset, "page": offset // PACKAGES + 1}
        address = f"{api}/current_package_list_with_resources?{urlencode(asked)}"
        found = call(client, address)
        if not isinstance(found, list):
            raise SourceError(Finding("api_shape", location=address, value="result"))
        # DKAN puts the list into a list of one.
        records = found[0] if len(found) == 1 and isinstance(found[0], list) else found
        first = first_id(records)
        if not records:
            return
        if offset and first == before:
            # Who does not know the parameters gives all of it each time; who knows the limit only, not all of it.
            if len(records) == PACKAGES and len(names(client, api)) > offset:
                raise SourceError(Finding("api_same_page", location=address, value=str(offset)))
            return
        offset += len(records)
        yield Page(records=records, position={"offset": offset, "first": first})
        before = first


def first_id(records: Sequence[Any]) -> str | None:
    """The id of the first of some records."""
    return str(records[0].get("id")) if records and isinstance(records[0], Mapping) else None


def portal_address(url: str) -> str:
    """The address of a portal's first page, whichever of its addresses the operator copied."""
    address = url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].rstrip("/").split("/api/")[0]
    for tail in ("/api", "/dataset", "/organization"):
        address = address.removesuffix(tail)
    return address


def read_singly(
    client: HttpClient,
    api: str,
    position: Mapping[str, Any],
    listed: list[str] | None = None,
    findings: Sequence[Finding] = (),
) -> Iterator[Page]:
    """All records, each by ``package_show``.

    Args:
        client: the only way to fetch anything.
        api: address of the portal's actions.
        position: that of the last page which was kept; goes on after ``done`` records.
        listed: names of all datasets, where they are known already.
        findings: for the first page.

    Raises:
        SourceError: where the portal does not list them, or refuses one after the other.
    """
    listed = names(client, api) if listed is None else listed
    position = {"mode": "single", "done": position.get("done", 0)}
    yield from read_one_by_one(listed, lambda name: show(client, api, name), position, findings)
