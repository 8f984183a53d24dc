"""Reading of a CKAN only what has changed, against a portal that changes while it is read."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors import ckan_changes
from ckanext.mxopendata.harvest.connectors.base import Page, Same, Unreadable
from ckanext.mxopendata.harvest.connectors.ckan import CkanConnector
from ckanext.mxopendata.http import HttpClient, HttpSettings
from portals.ckan import ActionApi, ActionError
from portals.portal import JSON, Answer
from portals.server import Portals

Change = Callable[[], None]


class KnownVersions:
    """What a run of before knew."""

    whole = False
    memory: dict[str, Any] = {}

    def __init__(self, versions: Sequence[str | None]) -> None:
        self.versions = set(versions)

    def among(self, versions: Sequence[str]) -> set[str]:
        return self.versions & set(versions)


@pytest.fixture
def served(portals: Portals) -> Iterator[Any]:
    server = portals.servers["jalisco"]
    server.portal.reset()
    server.portal.asked.clear()
    yield server
    server.portal.reset()


@pytest.fixture
def client(served: Any, tmp_path: Path) -> Iterator[HttpClient]:
    host = served.url.removeprefix("http://")
    settings = HttpSettings(user_agent="x", allowed_private=frozenset({host}), retries=0)
    with HttpClient(settings, tmp_path) as made:
        yield made


@pytest.fixture
def read(client: HttpClient, served: Any, tmp_path: Path) -> Callable[..., list[Page]]:
    def pages(known: Any, position: dict[str, Any] | None = None) -> list[Page]:
        found = CkanConnector().pages(client, served.url, position or {}, tmp_path / "pares", known)
        return list(found)

    return pages


def known_of(served: Any) -> KnownVersions:
    return KnownVersions([ckan_changes.version(entry) for entry in served.portal.entries])


def listed(pages: Sequence[Page]) -> list[str]:
    records = [record for page in pages for record in page.records]
    return sorted(record.version.split()[0] if isinstance(record, Same) else record["id"] for record in records)


def fetched(pages: Sequence[Page]) -> list[Any]:
    return [record for page in pages for record in page.records if not isinstance(record, Same)]


def test_the_versions_of_pairs_and_of_records_are_the_same() -> None:
    for whole, pair in (
        ("2026-01-31T10:00:00.123456", "2026-01-31T10:00:00.123Z"),
        ("2026-01-31T10:00:00.120999", "2026-01-31T10:00:00.12Z"),
        ("2026-01-31T10:00:00.000456", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00", "2026-01-31T10:00:00Z"),
    ):
        made = [ckan_changes.version({"id": "a", "metadata_modified": moment}) for moment in (whole, pair)]
        assert made[0] == made[1] is not None
    assert ckan_changes.version({"id": "a", "metadata_modified": "2026-01-31T10:00:00.121"}) != made[0]


@pytest.mark.parametrize("record", [{}, {"id": "a"}, {"id": 3, "metadata_modified": "x"}, {"metadata_modified": "x"}])
def test_a_record_without_id_or_date_has_no_version(record: dict[str, Any]) -> None:
    assert ckan_changes.version(record) is None


def test_all_are_listed_and_only_changed_ones_fetched(served: Any, read: Any) -> None:
    known = known_of(served)
    served.portal.entries[2]["metadata_modified"] = "2019-01-01T00:00:00"
    pages = read(known)
    assert listed(pages) == sorted(entry["id"] for entry in served.portal.entries)
    assert fetched(pages) == [served.portal.entries[2]]
    assert {page.reading for page in pages} == {"changes"}
    assert len(served.portal.asked) == 3


def test_reading_goes_on_where_it_stopped_with_or_without_its_list(
    served: Any, read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ckan_changes, "RECORDS", 25)
    known = known_of(served)
    pages = read(known)
    for number, page in enumerate(pages):
        rest = read(known, dict(page.position))
        assert listed([*pages[: number + 1], *rest]) == listed(pages)
    (tmp_path / "pares").unlink()
    assert listed(read(known, dict(pages[2].position))) == listed(pages[3:])


def _while_listing(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """Do something to the portal after the first page of pairs."""
    search = ActionApi._search

    def changing(self: Any, query: dict[str, str]) -> Any:
        found = search(self, query)
        if "fl" in query and query["start"] == "0":
            change()
        return found

    monkeypatch.setattr(ActionApi, "_search", changing)


@pytest.mark.parametrize("times", [1, 9])
def test_what_is_added_while_listing_makes_no_record_come_twice(
    served: Any, read: Any, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Also where the portal never comes to rest: then the list is taken as it is."""
    known, entries = known_of(served), served.portal.entries
    new = [{**entries[0], "id": f"00{number}", "name": f"nuevo-{number}"} for number in range(times)]
    _while_listing(monkeypatch, lambda: entries.append(new.pop()) if new else None)
    found = listed(read(known))
    assert len(found) == len(set(found)) == 60 + min(times, ckan_changes.AGAIN)


def test_what_is_removed_while_listing_costs_no_other_record(
    served: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that slipped to the page before is found by listing again."""
    known, entries = known_of(served), served.portal.entries
    entries.sort(key=lambda entry: entry["id"])
    gone: list[Any] = []
    _while_listing(monkeypatch, lambda: gone.append(entries.pop(0)) if not gone else None)
    assert listed(read(known)) == [entry["id"] for entry in entries]


def test_what_changes_or_goes_between_list_and_record_is_taken_as_it_is(
    served: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, entries = known_of(served), served.portal.entries
    for entry in entries[:3]:
        entry["metadata_modified"] = "2026-11-20T00:00:00"

    def change() -> None:
        if entries[0]["title"] != "Cambió":
            entries[0].update(title="Cambió", metadata_modified="2026-11-21T00:00:00")
            entries.pop(1)

    list_pairs = ckan_changes._list_pairs

    def then_change(*arguments: Any) -> Generator[Page, None, int]:
        count = yield from list_pairs(*arguments)
        change()
        return count

    monkeypatch.setattr(ckan_changes, "_list_pairs", then_change)
    pages = read(known)
    assert sorted(record["title"] for record in fetched(pages)) == sorted(entry["title"] for entry in entries[:2])
    assert pages[-1].total == len(listed(pages)) == 59


def test_a_list_that_is_shorter_than_the_portal_says_is_not_called_complete(
    served: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = ActionApi._search

    def boasting(self: Any, query: dict[str, str]) -> Any:
        found = search(self, query)
        return {**found, "count": found["count"] + 2}

    known = known_of(served)
    monkeypatch.setattr(ActionApi, "_search", boasting)
    pages = read(known)
    assert (pages[-1].total, len(listed(pages))) == (62, 60)


@pytest.mark.parametrize("refusal", ["whole", "strings", "error"])
def test_a_portal_without_such_a_list_is_read_in_full(
    served: Any, read: Any, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    search = ActionApi._search

    def other(self: Any, query: dict[str, str]) -> Any:
        if "fl" not in query:
            return search(self, query)
        if refusal == "error":
            raise ActionError(400, "Search Query Error", "fl")
        found = search(self, {**query, "fl": ""})
        return found if refusal == "whole" else {**found, "results": [item["name"] for item in found["results"]]}

    known = known_of(served)
    monkeypatch.setattr(ActionApi, "_search", other)
    pages = read(known)
    assert [page.reading for page in pages] == ["full"]
    assert len(fetched(pages)) == 60


def test_a_record_that_is_listed_and_not_shown_is_reported(
    served: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, query: dict[str, str]) -> Any:
        raise ActionError(403, "Authorization Error", "no")

    known, first = known_of(served), served.portal.entries[0]
    first["metadata_modified"] = "2026-11-20T00:00:00"
    search = ActionApi._search
    monkeypatch.setattr(ActionApi, "_show", refuse)
    monkeypatch.setattr(
        ActionApi, "_search", lambda self, query: search(self, query) if "fq" not in query else refuse(self, query)
    )
    pages = read(known)
    (record,) = fetched(pages)
    assert isinstance(record, Unreadable)
    assert (record.identifier, record.finding.code) == (first["id"], "http_forbidden")


def test_a_portal_that_breaks_down_ends_the_run_and_rejects_nothing(
    served: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = known_of(served)
    served.portal.entries[0]["metadata_modified"] = "2026-11-20T00:00:00"
    respond = served.portal._content
    monkeypatch.setattr(
        served.portal,
        "_content",
        lambda path, query, *rest: Answer(503, JSON, b"{}") if "fq=" in query else respond(path, query, *rest),
    )
    with pytest.raises(SourceError):
        read(known)
