"""What can go wrong with a fetch, each as one finding."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import InvalidURL
from urllib3.exceptions import DecodeError, NameResolutionError, ProtocolError, ReadTimeoutError

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.metadata.findings import Finding

_STATUS_CODES = {
    401: "http_forbidden",
    403: "http_forbidden",
    404: "http_not_found",
    410: "http_not_found",
    429: "http_too_many_requests",
    451: "http_forbidden",
}


class FetchError(SourceError):
    """A fetch that failed.

    Attributes:
        retry_after: seconds after which the server wants to be asked again, where it says so.
    """

    def __init__(self, finding: Finding, retry_after: float | None = None) -> None:
        super().__init__(finding)
        self.retry_after = retry_after


class HostBusyError(FetchError):
    """So many requests to the host wait already that this one would wait too long: try again later."""


class ForbiddenAddressError(Exception):
    """The name resolves to an address that must not be fetched."""


def explain(error: BaseException, url: str) -> Finding:
    """What an exception of the libraries means, for an address."""
    reasons = list(_causes(error))
    host = host_of(url)
    if any(isinstance(reason, (InvalidURL, requests.exceptions.InvalidSchema)) for reason in reasons):
        return Finding("http_bad_url", location=url, value=url)
    if any(isinstance(reason, (NameResolutionError, socket.gaierror)) for reason in reasons):
        return Finding("http_unknown_host", location=url, value=host)
    if any(isinstance(reason, requests.exceptions.SSLError) for reason in reasons):
        return Finding("http_tls", location=url, value=host, details={"reason": str(reasons[-1])[:200]})
    if any(isinstance(reason, (requests.Timeout, ReadTimeoutError, TimeoutError)) for reason in reasons):
        return Finding("http_timeout", location=url, value=host)
    if any(isinstance(reason, (DecodeError, ProtocolError)) for reason in reasons):
        return Finding("http_broken_answer", location=url, value=host)
    return Finding("http_unreachable", location=url, value=host)


def of_status(status: int, url: str, retry_after: float | None = None) -> FetchError:
    """What a status other than 200 means."""
    code = _STATUS_CODES.get(status, "http_server_error" if status >= 500 else "http_status")
    return FetchError(Finding(code, location=url, value=str(status)), retry_after)


def too_large(url: str, limit: int) -> FetchError:
    """An answer of more than ``limit`` bytes."""
    return FetchError(Finding("http_too_large", location=url, value=f"{limit / 1024 / 1024:.0f}"))


def too_slow(url: str, seconds: float) -> FetchError:
    """An answer that took more than ``seconds``."""
    return FetchError(Finding("http_too_slow", location=url, value=f"{seconds:.0f}"))


def host_of(url: str) -> str:
    """Host and port of an address, for people; the address itself where it has none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url


def _causes(error: BaseException) -> Iterable[BaseException]:
    """The exception and those it came from, however the libraries wrapped them."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [item.__cause__, getattr(item, "reason", None), *item.args]
