"""The action API of CKAN, as its portals and those that answer like one really speak it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page, Unreadable
from ckanext.mxopendata.harvest.connectors.one_by_one import read_one_by_one
from ckanext.mxopendata.harvest.documents import fetch_json
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

# Answers after which it is worth asking in another way: the portal is there, but its search is not.
NO_SEARCH = frozenset(
    {"http_not_found", "http_status", "http_forbidden", "http_server_error", "api_error", "api_shape"}
)
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
    answer = fetch_json(client, address)
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
