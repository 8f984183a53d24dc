"""The only way in which the suite fetches something from another machine.

Every address is resolved here, checked here and connected to as it was checked, at each redirect again, so that a name
that changes its address in between (DNS rebinding) gains nothing. What comes back is counted on the wire and after
decompression. Whatever goes wrong becomes one :class:`FetchError` that carries one finding.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from ckanext.mxopendata.http_adapter import CheckedAdapter, PlainSession, is_public
from ckanext.mxopendata.http_answers import (
    REDIRECT_STATUSES,
    Beginning,
    Fetched,
    Validators,
    content_type_of,
    next_address,
    permanent_address,
    validators_of,
)
from ckanext.mxopendata.http_credential import Credential
from ckanext.mxopendata.http_errors import (
    FetchError,
    ForbiddenAddressError,
    HostBusyError,
    explain,
    host_of,
    of_status,
    too_large,
    too_slow,
)
from ckanext.mxopendata.http_pace import MAXIMUM_WAIT, Pace, ProcessPace, host_key
from ckanext.mxopendata.http_retry import asked_to_wait, wait_before
from ckanext.mxopendata.http_robots import MAXIMUM_BYTES, RobotsMemory
from ckanext.mxopendata.http_watch import Watch
from ckanext.mxopendata.local_files import write_all, writing
from ckanext.mxopendata.metadata.findings import Finding

__all__ = ["Beginning", "FetchError", "Fetched", "HostBusyError", "HttpClient", "HttpSettings", "Validators"]

SCHEMES = ("http", "https")
MAXIMUM_REDIRECTS = 5
ROBOTS_TIMEOUT = 20.0
CHUNK = 64 * 1024
_OWN_PACE = ProcessPace()
Answer = TypeVar("Answer")


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
        total_timeout: seconds one answer may take as a whole: redirects, further attempts and their waits included.
        maximum_bytes: size an answer may have, on the wire and after decompression.
        retries: how many times a failed connection or a passing error of the server is tried again.
        interval: seconds from one request to a host to the next, at least.
        interval_agreed: whether the operator chose it for this host: then the general delay of its ``robots.txt``,
            which most portals have from their software, does not lengthen it.
        pace: who keeps the interval, for all that ask the same host.
        robots: what hosts said in their ``robots.txt``; ``None`` where they are not asked.
        credential: the key for one host, or ``None``.
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
    interval_agreed: bool = False
    pace: Pace = _OWN_PACE
    robots: RobotsMemory | None = None
    credential: Credential | None = None


class HttpClient:
    """Fetches addresses within the limits of its settings; use as a context manager."""

    def __init__(self, settings: HttpSettings, folder: Path | None = None) -> None:
        self.settings = settings
        self.folder = folder
        self._watch = Watch()
        self._session = PlainSession()
        # Proxies and .netrc of the process's environment would go round the address check.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = settings.user_agent
        self._session.headers["Accept"] = "application/json, */*;q=0.5"
        if settings.proxy:
            self._session.proxies = dict.fromkeys(SCHEMES, settings.proxy)
        try:
            adapter = CheckedAdapter(self._checked_address, self._watch.see, settings.ca_bundle, settings.credential)
        except OSError as error:
            raise FetchError(Finding("http_ca_bundle", value=settings.ca_bundle)) from error
        for scheme in SCHEMES:
            self._session.mount(f"{scheme}://", adapter)

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def fetch(self, url: str) -> Fetched:
        """Fetch an address into a file.

        Whatever the server does, this ends soon after ``total_timeout``, also where it drips its headers, each in time.

        Args:
            url: an ``http`` or ``https`` address.

        Returns:
            The answer; its status was 200.

        Raises:
            FetchError: for everything that is not a complete answer of status 200 within the limits.
        """
        return self._follow(url, self._store, {})

    def fetch_if_changed(self, url: str, known: Validators) -> Fetched | None:
        """Fetch an address into a file, unless the server says that it is still what it sent before.

        Args:
            url: an ``http`` or ``https`` address.
            known: what the answer of before carried; without any, this is :meth:`fetch`.

        Returns:
            The answer, or ``None`` where nothing has changed.

        Raises:
            FetchError: as :meth:`fetch` does.
        """
        headers = known.headers()

        def take(response: requests.Response, address: str) -> Fetched | bool:
            if response.status_code == requests.codes.not_modified and headers:
                # Of another address than the one that gave them, validators say nothing.
                return address == known.url
            return self._store(response, address)

        answer = self._follow(url, take, headers)
        if isinstance(answer, Fetched):
            return answer
        return None if answer else self.fetch(url)

    def fetch_beginning(self, url: str, maximum: int) -> Beginning:
        """Fetch only how a file begins; the server is asked for no more, and cut off where it sends more.

        Args:
            url: an ``http`` or ``https`` address.
            maximum: how many bytes to read, at most.

        Raises:
            FetchError: for everything that is not an answer of status 200 or 206 within the limits.
        """

        def take(response: requests.Response, address: str) -> Beginning:
            return self._begin(response, address, maximum)

        # Compressed, neither its size nor its bytes would be those of the file.
        return self._follow(url, take, {"Range": f"bytes=0-{maximum - 1}", "Accept-Encoding": "identity"})

    def post(self, url: str, body: bytes, content_type: str) -> Fetched:
        """Ask an address with a body, into a file; only for what asks and changes nothing, since it may be asked again.

        Redirects are followed with the same body, but for those that say to fetch (303).

        Args:
            url: an ``http`` or ``https`` address.
            body: what is sent.
            content_type: what that is, which is wanted back too.

        Raises:
            FetchError: as :meth:`fetch` does.
        """
        wanted = f"{content_type.partition(';')[0]}, */*;q=0.5"
        return self._follow(url, self._store, {"Content-Type": content_type, "Accept": wanted}, body)

    def _follow(
        self,
        url: str,
        take: Callable[[requests.Response, str], Answer],
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """What ``take`` makes of the answer that is no redirect; what passes by itself is tried again."""
        # Waiting for our turn is not the server's fault.
        self._admit(url)
        with self._watch.limit(self.settings.total_timeout):
            attempt = 1
            while True:
                try:
                    return self._attempt(url, take, headers, body)
                except FetchError as error:
                    wait = wait_before(error, attempt, self.settings.retries)
                    if wait is None or wait >= self._watch.left():
                        raise
                time.sleep(wait)
                attempt += 1
                self._admit(url)

    def _attempt(
        self,
        url: str,
        take: Callable[[requests.Response, str], Answer],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer:
        address, hops = url, []
        try:
            for _ in range(MAXIMUM_REDIRECTS + 1):
                response = self._session.request(
                    "GET" if body is None else "POST",
                    address,
                    data=body,
                    headers={**headers, **self._authorization(address)},
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.settings.connect_timeout, self.settings.read_timeout),
                )
                response.history = hops
                with response:
                    if response.status_code not in REDIRECT_STATUSES:
                        return take(response, address)
                    if response.status_code == requests.codes.see_other:
                        body = None
                    hops = [*hops, response]
                    address = self._next_address(address, response.headers.get("Location", ""))
                if self._watch.over():
                    raise self._too_slow(url)
                self._admit(address)
        except ForbiddenAddressError as error:
            raise FetchError(Finding("http_private_address", location=address, value=host_of(address))) from error
        except (requests.RequestException, HTTPError, OSError) as error:
            if self._watch.over():
                raise self._too_slow(url) from error
            raise FetchError(explain(error, address)) from error
        raise FetchError(Finding("http_too_many_redirects", location=url, value=str(MAXIMUM_REDIRECTS)))

    def _admit(self, url: str) -> None:
        """Let an address be asked: it is one of the web, its host does not refuse us, and it is our turn."""
        self._check_url(url)
        interval = self.settings.interval
        if self.settings.robots is not None:
            rules = self.settings.robots.rules(url, self.settings.user_agent, self._robots_text)
            if rules.refuses(url):
                raise FetchError(Finding("http_robots", location=url, value=host_of(url), details={"name": rules.name}))
            if rules.name is not None or not self.settings.interval_agreed:
                interval = max(interval, rules.delay)
        if interval:
            longest = min(MAXIMUM_WAIT, max(self._watch.left(), 0.0))
            wait = self.settings.pace.take(host_key(url), interval, longest)
            # Who did not get a moment has waited all the same, so that nobody asks for one without end.
            time.sleep(longest if wait is None else wait)
            if wait is None:
                raise HostBusyError(Finding("http_host_busy", location=url, value=host_of(url)))

    def _robots_text(self, url: str) -> str | None:
        limits = {"total_timeout": min(ROBOTS_TIMEOUT, self.settings.total_timeout), "retries": 0, "interval": 0.0}
        # Without the credential: the rules are public.
        with HttpClient(replace(self.settings, robots=None, credential=None, **limits)) as client:
            try:
                beginning = client.fetch_beginning(url, MAXIMUM_BYTES)
            except FetchError as error:
                unavailable = error.finding.code in {"http_not_found", "http_forbidden", "http_status"}
                return "" if unavailable else None
        return beginning.content.decode("utf-8", errors="replace")

    def _authorization(self, url: str) -> dict[str, str]:
        credential = self.settings.credential
        if credential is None or not credential.belongs_to(url):
            return {}
        if not credential.travels_safely(url, self.settings.allowed_private):
            raise FetchError(Finding("http_secret_in_clear", location=url, value=host_of(url)))
        return {"Authorization": credential.value} if credential.parameter is None else {}

    def _next_address(self, address: str, location: str) -> str:
        leads_to, credential = next_address(address, location), self.settings.credential
        return leads_to if credential is None else credential.unsigned(leads_to)

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            known = parts.scheme.lower() in SCHEMES and bool(parts.hostname)
            parts.port  # noqa: B018 - raises ValueError on a bad port
        except ValueError as error:
            shown = _without_password(url)
            raise FetchError(Finding("http_bad_url", location=shown, value=shown)) from error
        if parts.username is not None or parts.password is not None:
            raise FetchError(Finding("http_password_in_address", location=_without_password(url), value=host_of(url)))
        if not known:
            raise FetchError(Finding("http_scheme", location=url, value=parts.scheme or url))
        if self.settings.proxy:
            # The proxy resolves the name itself: ours can only be asked beforehand.
            port = parts.port or (443 if parts.scheme == "https" else 80)
            try:
                self._checked_address(str(parts.hostname), port)
            except ForbiddenAddressError as error:
                raise FetchError(Finding("http_private_address", location=url, value=host_of(url))) from error
            except OSError:
                pass  # a name that only the proxy knows

    def _checked_address(self, host: str, port: int) -> str:
        """The address to connect to, or an error where any of the name's addresses is not public."""
        allowed = f"{host}:{port}" in self.settings.allowed_private
        addresses = [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not allowed and not all(is_public(address) for address in addresses):
            raise ForbiddenAddressError(host)
        # IPv4 first: many servers announce IPv6 addresses that do not answer.
        return sorted(addresses, key=lambda address: ":" in address)[0]

    def _store(self, response: requests.Response, url: str) -> Fetched:
        status = response.status_code
        if status != requests.codes.ok:
            raise of_status(status, url, asked_to_wait(response.headers))
        limit = self.settings.maximum_bytes
        if int(_number(response.headers.get("Content-Length"))) > limit:
            raise too_large(url, limit)
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
                        raise too_large(url, limit)  # noqa: TRY301 - the file is removed below
                    if self._watch.over():
                        raise self._too_slow(url)  # noqa: TRY301
                    with writing():
                        write_all(file, chunk)
            if self._watch.over():
                raise self._too_slow(url)  # noqa: TRY301 - what looks like its end is where we hung up
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Fetched(path, url, content_type_of(response), size, validators_of(response, url))

    def _begin(self, response: requests.Response, url: str, maximum: int) -> Beginning:
        ranged = response.headers.get("Content-Range", "")
        if response.status_code == requests.codes.requested_range_not_satisfiable and ranged.endswith("*/0"):
            return Beginning(b"", url, content_type_of(response), 0, permanent_address(response))
        if response.status_code not in (requests.codes.ok, requests.codes.partial_content):
            raise of_status(response.status_code, url, asked_to_wait(response.headers))
        content = bytearray()
        while len(content) < maximum and (chunk := response.raw.read1(CHUNK, decode_content=True)):
            content += chunk
            if self._watch.over():
                raise self._too_slow(url)
        if self._watch.over():
            raise self._too_slow(url)  # what looks like its end is where we hung up
        size: int | None = len(content)
        if len(content) >= maximum:
            told = ranged.rpartition("/")[2] if ranged else response.headers.get("Content-Length")
            size = int(_number(told)) or None if "Content-Encoding" not in response.headers else None
        return Beginning(bytes(content[:maximum]), url, content_type_of(response), size, permanent_address(response))

    def _too_slow(self, url: str) -> FetchError:
        return too_slow(url, self.settings.total_timeout)


def _without_password(url: str) -> str:
    return re.sub(r"//[^/?#]*@", "//", url)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
