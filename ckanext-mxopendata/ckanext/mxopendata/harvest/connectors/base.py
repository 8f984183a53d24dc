"""What a connector is: it lists the records of one kind of portal, and does nothing else.

Mapping, identity, writing, absence and reporting exist once, elsewhere; a new platform is one file here, one line in
``connectors/__init__.py`` and one folder of recordings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

Platform = Literal["ckan", "datajson"]


@dataclass(frozen=True)
class Unreadable:
    """A record the portal lists but does not give.

    Attributes:
        identifier: how the portal calls it.
        finding: why it could not be read.
    """

    identifier: str
    finding: Finding


@dataclass(frozen=True)
class Page:
    """Some records of a source's list.

    Attributes:
        records: as the portal gave them, or :class:`Unreadable`.
        position: what the connector needs to go on after this page; JSON values only.
        total: how many records the portal says there are, or ``None``.
        findings: what is to be said of the list as a whole.
    """

    records: list[Any]
    position: Mapping[str, Any]
    total: int | None = None
    findings: list[Finding] = field(default_factory=list)


class Connector(Protocol):
    """Reads one kind of portal."""

    platform: Platform
    title: str
    description: str
    # How a key of the source goes into the header Authorization.
    authorization: str
    # True where a list is read in several requests, between which records may slip from one page to the next.
    repeats_while_paging: bool

    def pages(self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path) -> Iterator[Page]:
        """The list of the source, page by page, from a position on.

        Args:
            client: the only way to fetch anything.
            url: address of the source.
            position: that of the last page which was kept; empty at the beginning.
            document: where a catalogue that is one file is kept while it is read.

        Raises:
            SourceError: where the list cannot be read to its end.
        """
        ...

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """Whether a record of the list is something else, such as a harvest source or a draft."""
        ...

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """Where people see a record on its own portal, or ``None`` where that is not known.

        Args:
            url: address of the source.
            record: as the portal gave it.
        """
        ...
