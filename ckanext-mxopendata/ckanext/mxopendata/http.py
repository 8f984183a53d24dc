"""The only way in which the suite fetches something from another machine.

Every address is resolved here, checked here and connected to as it was checked, at each redirect again, so that a name
that changes its address in between (DNS rebinding) gains nothing. What comes back is counted on the wire and after
decompression. Whatever goes wrong becomes one :class:`FetchError` that carries one finding.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.exceptions import InvalidURL
from urllib3.exceptions import DecodeError, HTTPError, NameResolutionError, ProtocolError, ReadTimeoutError

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.http_adapter import CappedRetry, CheckedAdapter
from ckanext.mxopendata.local_files import write_all, writing
from ckanext.mxopendata.metadata.findings import Finding

SCHEMES = ("http", "https")
MAXIMUM_REDIRECTS = 5
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
CHUNK = 64 * 1024
Answer = TypeVar("Answer")


class FetchError(SourceError):
    """A fetch that failed."""


@dataclass(frozen=True)
class HttpSettings:
    """The limits of one client.

    Attributes:
        user_agent: how we present ourselves.
        allowed_private: ``host:port`` pairs that may be private addresses.
        proxy: address of ``ckan.download_proxy``, or ``None``.
        ca_bundle: file of certificates to trust besides, or ``None`` for the usual ones.
        connect_timeout: seconds to wait for a connection.
        read_timeout: seconds to wait between two bytes.
        total_timeout: seconds one answer may take as a whole, redirects included.
        maximum_bytes: size an answer may have, on the wire and after decompression.
        retries: how many times a failed connection or a passing error of the server is tried again.
        interval: seconds from one request to the next, at least.
    """

    user_agent: str
    allowed_private: frozenset[str] = frozenset()
    proxy: str | None = None
    ca_bundle: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    total_timeout: float = 100.0
    maximum_bytes: int = 200 * 1024 * 1024
    retries: int = 2
    interval: float = 0.0


@dataclass(frozen=True)
class Fetched:
    """An answer, stored in a file.

    Attributes:
        path: where its body is; the caller removes it.
        url: the address that answered, after redirects.
        content_type: what the server says it is, in lower case without parameters; empty where it says nothing.
        size: bytes of the body after decompression.
    """

    path: Path
    url: str
    content_type: str
    size: int


@dataclass(frozen=True)
class Beginning:
    """How a file on another machine begins.

    Attributes:
        content: its first bytes, all of them where it is not longer.
        url: the address that answered, after redirects.
        content_type: what the server says it is, in lower case without parameters; empty where it says nothing.
        size: bytes of the whole file, or ``None`` where the server does not say.
    """

    content: bytes
    url: str
    content_type: str
    size: int | None


class ForbiddenAddressError(Exception):
    """The name resolves to an address that must not be fetched."""


class HttpClient:
    """Fetches addresses within the limits of its settings; use as a context manager."""

    def __init__(self, settings: HttpSettings, folder: Path | None = None) -> None:
        self.settings = settings
        self.folder = folder
        self._next_request = 0.0
        self._watched: list[socket.socket] | None = None
        self._session = requests.Session()
        # Proxies and .netrc of the process's environment would go round the address check.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = settings.user_agent
        self._session.headers["Accept"] = "application/json, */*;q=0.5"
        self._session.verify = settings.ca_bundle or True
        if settings.proxy:
            self._session.proxies = dict.fromkeys(SCHEMES, settings.proxy)
        retry = CappedRetry(
            total=settings.retries,
            backoff_factor=0.3,
            status_forcelist=RETRIED_STATUSES,
            allowed_methods=("GET", "HEAD"),
            redirect=False,
            raise_on_status=False,
        )
        adapter = CheckedAdapter(self._checked_address, self._watch, max_retries=retry)
        for scheme in SCHEMES:
            self._session.mount(f"{scheme}://", adapter)

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def fetch(self, url: str) -> Fetched:
        """Fetch an address into a file.

        Args:
            url: an ``http`` or ``https`` address.

        Returns:
            The answer; its status was 200.

        Raises:
            FetchError: for everything that is not a complete answer of status 200 within the limits.
        """
        return self._follow(url, self._store, {})

    def fetch_beginning(self, url: str, maximum: int) -> Beginning:
        """Fetch only how a file begins; the server is asked for no more, and cut off where it sends more.

        Unlike :meth:`fetch`, whatever the server does, this ends soon after ``total_timeout``: also where it drips its
        headers, each in time. Somebody waits for the answer, and with them a worker of the site.

        Args:
            url: an ``http`` or ``https`` address.
            maximum: how many bytes to read, at most.

        Raises:
            FetchError: for everything that is not an answer of status 200 or 206 within the limits.
        """

        def take(response: requests.Response, address: str, deadline: float) -> Beginning:
            return self._begin(response, address, deadline, maximum)

        self._watched = []
        # A little later than the deadline, so that it is known what ended the answer.
        clock = threading.Timer(self.settings.total_timeout + 0.1, self._hang_up)
        clock.daemon = True
        clock.start()
        try:
            # Compressed, neither its size nor its bytes would be those of the file.
            return self._follow(url, take, {"Range": f"bytes=0-{maximum - 1}", "Accept-Encoding": "identity"})
        finally:
            clock.cancel()
            for opened in self._watched:
                opened.close()
            self._watched = None

    def _follow(
        self, url: str, take: Callable[[requests.Response, str, float], Answer], headers: Mapping[str, str]
    ) -> Answer:
        """What ``take`` makes of the answer that is no redirect."""
        deadline = time.monotonic() + self.settings.total_timeout
        address = url
        try:
            for _ in range(MAXIMUM_REDIRECTS + 1):
                self._check_url(address)
                self._keep_pace()
                response = self._session.get(
                    address,
                    headers=dict(headers),
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.settings.connect_timeout, self.settings.read_timeout),
                )
                with response:
                    if response.status_code not in REDIRECT_STATUSES:
                        return take(response, address, deadline)
                    address = urljoin(address, response.headers.get("Location", ""))
                if time.monotonic() > deadline:
                    raise self._too_slow(url)
        except ForbiddenAddressError as error:
            raise FetchError(Finding("http_private_address", location=address, value=_host(address))) from error
        except (requests.RequestException, HTTPError, OSError) as error:
            if self._watched is not None and time.monotonic() > deadline:
                raise self._too_slow(url) from error
            raise FetchError(self._explain(error, address)) from error
        raise FetchError(Finding("http_too_many_redirects", location=url, value=str(MAXIMUM_REDIRECTS)))

    def _watch(self, connection: socket.socket) -> None:
        if self._watched is not None:
            # TLS takes the socket over; its duplicate still ends the same connection.
            self._watched.append(connection.dup())

    def _hang_up(self) -> None:
        for opened in self._watched or ():
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if now < self._next_request:
            time.sleep(self._next_request - now)
        self._next_request = max(now, self._next_request) + self.settings.interval

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            known = parts.scheme.lower() in SCHEMES and bool(parts.hostname)
            parts.port  # noqa: B018 - raises ValueError on a bad port
        except ValueError as error:
            raise FetchError(Finding("http_bad_url", location=url, value=url)) from error
        if not known:
            raise FetchError(Finding("http_scheme", location=url, value=parts.scheme or url))
        if self.settings.proxy:
            # The proxy resolves the name itself: ours can only be asked beforehand.
            port = parts.port or (443 if parts.scheme == "https" else 80)
            with contextlib.suppress(OSError):
                self._checked_address(str(parts.hostname), port)

    def _checked_address(self, host: str, port: int) -> str:
        """The address to connect to, or an error where any of the name's addresses is not public."""
        allowed = f"{host}:{port}" in self.settings.allowed_private
        addresses = [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not allowed and not all(_is_public(address) for address in addresses):
            raise ForbiddenAddressError(host)
        # IPv4 first: many servers announce IPv6 addresses that do not answer.
        return sorted(addresses, key=lambda address: ":" in address)[0]

    def _store(self, response: requests.Response, url: str, deadline: float) -> Fetched:
        status = response.status_code
        if status != requests.codes.ok:
            raise FetchError(_status_finding(status, url))
        limit = self.settings.maximum_bytes
        if int(_number(response.headers.get("Content-Length"))) > limit:
            raise _too_large(url, limit)
        with writing():
            handle, name = tempfile.mkstemp(prefix="mxopendata-", suffix=".part", dir=self.folder)
        path = Path(name)
        size = 0
        try:
            # Without a buffer: what cannot be written fails in its own place, and not when the file is closed.
            with os.fdopen(handle, "wb", buffering=0) as file:
                while chunk := response.raw.read1(CHUNK, decode_content=True):
                    size += len(chunk)
                    if size > limit or response.raw.tell() > limit:
                        raise _too_large(url, limit)  # noqa: TRY301 - the file is removed below
                    if time.monotonic() > deadline:
                        raise self._too_slow(url)  # noqa: TRY301
                    with writing():
                        write_all(file, chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Fetched(path=path, url=url, content_type=_content_type(response), size=size)

    def _begin(self, response: requests.Response, url: str, deadline: float, maximum: int) -> Beginning:
        ranged = response.headers.get("Content-Range", "")
        if response.status_code == requests.codes.requested_range_not_satisfiable and ranged.endswith("*/0"):
            return Beginning(b"", url, _content_type(response), 0)
        if response.status_code not in (requests.codes.ok, requests.codes.partial_content):
            raise FetchError(_status_finding(response.status_code, url))
        content = bytearray()
        while len(content) < maximum and (chunk := response.raw.read1(CHUNK, decode_content=True)):
            content += chunk
            if time.monotonic() > deadline:
                raise self._too_slow(url)
        if time.monotonic() > deadline:
            raise self._too_slow(url)  # what looks like its end is where we hung up
        size: int | None = len(content)
        if len(content) >= maximum:
            told = ranged.rpartition("/")[2] if ranged else response.headers.get("Content-Length")
            size = int(_number(told)) or None if "Content-Encoding" not in response.headers else None
        return Beginning(bytes(content[:maximum]), url, _content_type(response), size)

    def _too_slow(self, url: str) -> FetchError:
        return FetchError(Finding("http_too_slow", location=url, value=f"{self.settings.total_timeout:.0f}"))

    def _explain(self, error: BaseException, url: str) -> Finding:
        reasons = list(_causes(error))
        host = _host(url)
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


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return parsed.is_global and not parsed.is_multicast


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


def _status_finding(status: int, url: str) -> Finding:
    codes = {401: "http_forbidden", 403: "http_forbidden", 404: "http_not_found", 410: "http_not_found"}
    codes[429] = "http_too_many_requests"
    code = codes.get(status, "http_server_error" if status >= 500 else "http_status")
    return Finding(code, location=url, value=str(status))


def _too_large(url: str, limit: int) -> FetchError:
    return FetchError(Finding("http_too_large", location=url, value=f"{limit / 1024 / 1024:.0f}"))


def _content_type(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url
