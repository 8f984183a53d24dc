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
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidURL
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import DecodeError, HTTPError, NameResolutionError, ProtocolError, ReadTimeoutError
from urllib3.util.retry import Retry

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.metadata.findings import Finding

SCHEMES = ("http", "https")
MAXIMUM_REDIRECTS = 5
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
CHUNK = 64 * 1024
MAXIMUM_RETRY_AFTER = 30.0


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


class ForbiddenAddressError(Exception):
    """The name resolves to an address that must not be fetched."""


class _CappedRetry(Retry):
    """Respects ``Retry-After`` as far as it is reasonable: an answer of one hour must not hold a worker."""

    def get_retry_after(self, response: Any) -> float | None:
        """Seconds the server asks us to wait, at most :data:`MAXIMUM_RETRY_AFTER`."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, MAXIMUM_RETRY_AFTER)


class HttpClient:
    """Fetches addresses within the limits of its settings; use as a context manager."""

    def __init__(self, settings: HttpSettings, folder: Path | None = None) -> None:
        self.settings = settings
        self.folder = folder
        self._next_request = 0.0
        self._session = requests.Session()
        # Proxies and .netrc of the process's environment would go round the address check.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = settings.user_agent
        self._session.headers["Accept"] = "application/json, */*;q=0.5"
        self._session.verify = settings.ca_bundle or True
        if settings.proxy:
            self._session.proxies = dict.fromkeys(SCHEMES, settings.proxy)
        retry = _CappedRetry(
            total=settings.retries,
            backoff_factor=0.3,
            status_forcelist=RETRIED_STATUSES,
            allowed_methods=("GET", "HEAD"),
            redirect=False,
            raise_on_status=False,
        )
        adapter = _CheckedAdapter(self._checked_address, max_retries=retry)
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
        deadline = time.monotonic() + self.settings.total_timeout
        address = url
        try:
            for _ in range(MAXIMUM_REDIRECTS + 1):
                self._check_url(address)
                self._keep_pace()
                response = self._session.get(
                    address,
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.settings.connect_timeout, self.settings.read_timeout),
                )
                with response:
                    if response.status_code not in REDIRECT_STATUSES:
                        return self._store(response, address, deadline)
                    address = urljoin(address, response.headers.get("Location", ""))
                if time.monotonic() > deadline:
                    raise self._too_slow(url)
        except ForbiddenAddressError as error:
            raise FetchError(Finding("http_private_address", location=address, value=_host(address))) from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise FetchError(self._explain(error, address)) from error
        raise FetchError(Finding("http_too_many_redirects", location=url, value=str(MAXIMUM_REDIRECTS)))

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
        handle, name = tempfile.mkstemp(prefix="mxopendata-", suffix=".part", dir=self.folder)
        path = Path(name)
        size = 0
        try:
            with os.fdopen(handle, "wb") as file:
                while chunk := response.raw.read1(CHUNK, decode_content=True):
                    size += len(chunk)
                    if size > limit or response.raw.tell() > limit:
                        raise _too_large(url, limit)  # noqa: TRY301 - the file is removed below
                    if time.monotonic() > deadline:
                        raise self._too_slow(url)  # noqa: TRY301
                    file.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        return Fetched(path=path, url=url, content_type=kind, size=size)

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


class _CheckedAdapter(HTTPAdapter):
    """Makes connections to the address that was checked, under the name that was asked for."""

    def __init__(self, checked_address: Callable[[str, int], str], **options: Any) -> None:
        self._checked_address = checked_address
        super().__init__(**options)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """As requests does, with our connections."""
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._checked_address)


def _pools(checked_address: Callable[[str, int], str]) -> dict[str, Any]:
    """The connection pools of urllib3, whose connections resolve through ``checked_address``."""

    class Checked:
        def _new_conn(self: Any) -> socket.socket:
            name = self._dns_host
            try:
                self._dns_host = checked_address(name, self.port)
            except socket.gaierror as error:
                raise NameResolutionError(name, self, error) from error
            try:
                return super()._new_conn()  # pyright: ignore[reportAttributeAccessIssue]
            finally:
                # TLS and the Host header go by the name.
                self._dns_host = name

    class PlainConnection(Checked, HTTPConnection):
        pass

    class TlsConnection(Checked, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection  # pyright: ignore[reportAssignmentType]

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection  # pyright: ignore[reportAssignmentType]

    return {"http": PlainPool, "https": TlsPool}


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


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url
