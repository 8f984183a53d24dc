"""What the HTTP client gives back; by what a server tells that a file is still the same, or has moved (RFC 9110)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
# Those by which a server says that the address is to be replaced wherever it is written down.
PERMANENT_STATUSES = frozenset({301, 308})

# A file that changed less than this before it was sent may change again within the second that its date can tell.
SETTLED_SECONDS = 60


@dataclass(frozen=True)
class Validators:
    """By what a server can tell whether a file is still the one it sent.

    Attributes:
        url: the address that answered, after redirects.
        etag: its ``ETag``; empty where it gave none.
        last_modified: its ``Last-Modified``; empty where it gave none that tells two versions apart.
    """

    url: str = ""
    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, memory: Mapping[str, Any]) -> Validators:
        """Those that were kept as :meth:`facts`; none where nothing of the kind was."""
        return cls(**{name: str(memory.get(name) or "") for name in ("url", "etag", "last_modified")})

    def facts(self) -> dict[str, str]:
        """All of them, to be kept."""
        return asdict(self)

    def headers(self) -> dict[str, str]:
        """What is to be asked with; empty where there is nothing to ask by."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True)
class Fetched:
    """An answer, stored in a file.

    Attributes:
        path: where its body is; the caller removes it.
        url: the address that answered, after redirects.
        content_type: what the server says it is, in lower case without parameters; empty where it says nothing.
        size: bytes of the body after decompression.
        validators: by what the server can tell next time whether it is still the same.
    """

    path: Path
    url: str
    content_type: str
    size: int
    validators: Validators = Validators()


@dataclass(frozen=True)
class Beginning:
    """How a file on another machine begins.

    Attributes:
        content: its first bytes, all of them where it is not longer.
        url: the address that answered, after redirects.
        content_type: what the server says it is, in lower case without parameters; empty where it says nothing.
        size: bytes of the whole file, or ``None`` where the server does not say.
        moved_to: where the server says that it is from now on, for good; ``None`` where it says nothing of the kind.
    """

    content: bytes
    url: str
    content_type: str
    size: int | None
    moved_to: str | None = None


def content_type_of(response: requests.Response) -> str:
    """What an answer says it is, in lower case without parameters; empty where it says nothing."""
    return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def next_address(address: str, location: str) -> str:
    """Where a redirect leads."""
    try:
        return urljoin(address, location)
    except ValueError:
        return location  # badly written: refused like any other such address


def permanent_address(response: requests.Response) -> str | None:
    """Where the redirects before an answer led for good; ``None`` where the first of them was for now only."""
    address = None
    for hop in response.history:
        if hop.status_code not in PERMANENT_STATUSES:
            break
        address = next_address(hop.url, hop.headers.get("Location", ""))
    return address


def validators_of(response: requests.Response, url: str) -> Validators:
    """The validators that an answer carries; ``url`` is the address that gave it."""
    headers = response.headers
    changed = headers.get("Last-Modified", "")
    try:
        age = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(changed)
        settled = age.total_seconds() >= SETTLED_SECONDS
    except (TypeError, ValueError):  # no date, or none that can be read
        settled = False
    return Validators(url, headers.get("ETag", ""), changed if settled else "")
