"""What a connector is: it lists the records of one kind of portal, and does nothing else.

Mapping, identity, writing, absence and reporting exist once, elsewhere; a new platform is one file here, one line in
``connectors/__init__.py`` and one folder of recordings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding

# How records are written: the ways of the crosswalk by which they are read.
Shape = Literal["ckan", "datajson", "table"]
# How a list was read: every record; those that the portal says have changed; none, since it says that nothing has.
Reading = Literal["full", "changes", "unmodified"]


@dataclass(frozen=True)
class Unreadable:
    """A record the portal lists but does not give.

    Attributes:
        identifier: how the portal calls it.
        finding: why it could not be read.
    """

    identifier: str
    finding: Finding


class Noted(dict[str, Any]):
    """A record of which the connector noticed something that the mapping cannot see any more.

    Attributes:
        findings: what; they are the first of the record's.
    """

    def __init__(self, record: Mapping[str, Any], findings: Sequence[Finding]) -> None:
        super().__init__(record)
        self.findings = list(findings)


class LeftOut(Noted):
    """A record that the list has, and that is no dataset of its source; its findings say why."""


@dataclass(frozen=True)
class Promises:
    """An inventory, an opening plan or a count of what is committed: it promises data and holds no record.

    Attributes:
        file_name: how the file is called.
        content: the file.
    """

    file_name: str
    content: bytes


@dataclass(frozen=True)
class Same:
    """A record that need not be read: its version is that of the last complete run.

    Attributes:
        version: as :meth:`Connector.version` tells it.
    """

    version: str


class Known(Protocol):
    """What the last complete run knew of a source's list; only where a reading may lean on it."""

    @property
    def memory(self) -> Mapping[str, Any]:
        """What the connector asked to be reminded of (``Page.memory``)."""
        ...

    @property
    def whole(self) -> bool:
        """Whether a connector that finds the list unmodified may give one page that says so, and nothing else."""
        ...

    def among(self, versions: Sequence[str]) -> set[str]:
        """Those of some versions whose records need not be read again: give :class:`Same` for them."""
        ...


@dataclass(frozen=True)
class Page:
    """Some records of a source's list.

    Attributes:
        records: as the portal gave them, :class:`Noted`, :class:`LeftOut`, :class:`Unreadable`, or :class:`Same`; none
            while a connector still finds out which to read.
        position: what the connector needs to go on after this page; JSON values only.
        total: how many records the portal says there are, or ``None``.
        findings: what is to be said of the list as a whole.
        reading: how the list is read; that of the last page counts.
        memory: what the connector wants to be reminded of when the list is read the next time, or ``None`` for nothing
            new; JSON values only.
        promises: files that were found beside, or instead of, the list.
    """

    records: list[Any]
    position: Mapping[str, Any]
    total: int | None = None
    findings: list[Finding] = field(default_factory=list)
    reading: Reading = "full"
    memory: Mapping[str, Any] | None = None
    promises: Sequence[Promises] = ()


class Connector(Protocol):
    """Reads one kind of portal."""

    # What runs the portal, as commands and pages name it: ``ckan``, ``csw``, …
    platform: str
    # How the records it gives are written. What no portal of that shape would say goes under our own field names:
    # ``ckan`` reads them at the top, ``datajson`` below ``mxopendata``.
    shape: Shape
    title: str
    description: str
    # How a key of the source goes into the header Authorization; with ``?`` before it, into a parameter instead.
    authorization: str
    # Requests a second that every portal of the kind bears, where that is known.
    fastest: float | None
    # True where a list is read in several requests, between which records may slip from one page to the next.
    repeats_while_paging: bool
    # True where records have no place for some fields that belong to the source (those without a way in the template of
    # tables): one that a record leaves empty stays as it is here.
    is_template: bool

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """The list of the source, page by page, from a position on.

        Args:
            client: the only way to fetch anything.
            url: address of the source.
            position: that of the last page which was kept; empty at the beginning.
            document: where a catalogue that is one file, or a list of what to read, is kept while it is read.
            known: what the last complete run knew of the list, or ``None`` where every record is to be read.

        Raises:
            SourceError: where the list cannot be read to its end.
        """
        ...

    def version(self, record: Mapping[str, Any]) -> str | None:
        """A word that is equal exactly where a record of the portal is the same and unchanged, or ``None``.

        Args:
            record: as the portal gave it.
        """
        ...

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """Whether a record of the list is something else, such as a harvest source or a draft; or :class:`LeftOut`."""
        ...

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """Where people see a record on its own portal, or ``None`` where that is not known.

        Args:
            url: address of the source.
            record: as the portal gave it.
        """
        ...


class ListConnector:
    """What most connectors share: a list of datasets and nothing else, read as a whole."""

    shape: Shape = "datajson"
    authorization = "Bearer {key}"
    fastest: float | None = None
    repeats_while_paging = False
    is_template = False

    def version(self, record: Mapping[str, Any]) -> str | None:
        """No record is read by itself: its version would be of no use."""
        return None

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """There is nothing else in the list."""
        return False

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """See :meth:`Connector.page_address`: the one that the record names."""
        page = record.get("landingPage")
        return page if isinstance(page, str) and page.startswith(("http://", "https://")) else None
