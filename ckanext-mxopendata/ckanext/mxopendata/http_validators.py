"""By what a server can tell whether a file is still the one that it sent (RFC 9110, section 8.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests

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
