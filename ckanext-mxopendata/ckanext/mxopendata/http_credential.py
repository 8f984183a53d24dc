"""A key for one host: sent to nobody else, and repeated nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from ckanext.mxopendata.http_pace import host_key


@dataclass(frozen=True)
class Credential:
    """A key that a host wants to see in the header ``Authorization``, or in a parameter of each address.

    Attributes:
        host: the only host it is sent to, with its port where that is not the usual one.
        value: of the header or of the parameter; in no representation, so that no log shows it.
        parameter: name of the parameter; ``None`` where it goes into the header.
    """

    host: str
    value: str = field(repr=False)
    parameter: str | None = None

    def belongs_to(self, url: str) -> bool:
        """Whether an address is one of its host's."""
        return host_key(url) == self.host.lower()

    def travels_safely(self, url: str, allowed_private: frozenset[str]) -> bool:
        """Whether nobody on the way to an address can read it: over TLS, or inside the operator's own network."""
        parts = urlsplit(url)
        return parts.scheme.lower() == "https" or f"{parts.hostname}:{parts.port or 80}" in allowed_private

    def signed(self, target: str) -> str:
        """What is asked of its host, with the key where that goes there."""
        if self.parameter is None:
            return target
        return f"{target}{'&' if '?' in target else '?'}{self.parameter}={quote(self.value, safe='')}"

    def unsigned(self, address: str) -> str:
        """An address without the key, which a host may repeat when it leads elsewhere."""
        return address if self.parameter is None else without_parameter(address, self.parameter)


def without_parameter(text: str, name: str) -> str:
    """An address, or a text with addresses in it, without a parameter of theirs."""
    pattern = rf"(?P<before>[?&]|&amp;){re.escape(name)}=[^&#\s\"'<>]*(?P<after>&amp;|&)?"
    return re.sub(pattern, lambda found: found["before"] if found["after"] else "", text, flags=re.IGNORECASE)
