"""A key for one host: sent to nobody else."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ckanext.mxopendata.http_pace import host_key


@dataclass(frozen=True)
class Credential:
    """What a host wants to see in the header ``Authorization``.

    Attributes:
        host: the only host it is sent to, with its port where that is not the usual one.
        header: the header's value; in no representation, so that no log shows it.
    """

    host: str
    header: str = field(repr=False)

    def belongs_to(self, url: str) -> bool:
        """Whether an address is one of its host's."""
        return host_key(url) == self.host.lower()

    def travels_safely(self, url: str, allowed_private: frozenset[str]) -> bool:
        """Whether nobody on the way to an address can read it: over TLS, or inside the operator's own network."""
        parts = urlsplit(url)
        return parts.scheme.lower() == "https" or f"{parts.hostname}:{parts.port or 80}" in allowed_private
