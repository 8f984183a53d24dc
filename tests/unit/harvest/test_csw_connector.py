"""Catalogue services as they are met: how they page, what they refuse, what they send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from owslib import util

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page, Unreadable
from ckanext.mxopendata.harvest.connectors.csw import CswConnector
from ckanext.mxopendata.harvest.connectors.csw_requests import WAYS, addresses, body
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from portals.platforms import Answer, Plain
from portals.platforms.base import serving
from portals.platforms.csw import NAMESPACES, PROLOG, CswPortal

CONNECTOR = CswConnector()


def plain(count: int) -> list[Plain]:
    return [Plain(f"DS-{number:02}", f"Conjunto {number}") for number in range(count)]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[..., list[Page]]]:
    """Reads all pages of a portal."""
    with ExitStack() as served:

        def pages(portal: CswPortal) -> list[Page]:
            host = served.enter_context(serving(portal))
            settings = HttpSettings("x", frozenset({host}), retries=0)
            with HttpClient(settings, tmp_path) as client:
                return list(CONNECTOR.pages(client, portal.address, {}, tmp_path / "document"))

        yield pages


def records(pages: list[Page]) -> list[Any]:
    return [record for page in pages for record in page.records]


def identifiers(pages: list[Page]) -> list[str]:
    return [record.identifier if isinstance(record, Unreadable) else record["identifier"] for record in records(pages)]


def codes(pages: list[Page]) -> list[str]:
    return [finding.code for page in pages for finding in page.findings]


def refusal(read: Callable[..., list[Page]], portal: CswPortal) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(portal)
    return caught.value


def results(content: str, matched: int | str = 1, following: int | str = 0) -> str:
    return (
        f'{PROLOG}<csw:GetRecordsResponse {NAMESPACES}><csw:SearchResults numberOfRecordsMatched="{matched}"'
        f' nextRecord="{following}">{content}</csw:SearchResults></csw:GetRecordsResponse>'
    )


class Told(CswPortal):
    """Answers what it is told, by the place that is asked for."""

    def __init__(self, answers: dict[int, str | bytes]) -> None:
        super().__init__([])
        self.answers = answers

    def page(self, start: int, size: int) -> Answer:
        told = self.answers.get(start)
        if told is None:
            return self._exception("InvalidParameterValue", "startPosition")
        return Answer(200, "application/xml", told if isinstance(told, bytes) else told.encode())

    def some(self, *numbers: int) -> str:
        return "".join(self.record(plain(20)[number]) for number in numbers)


# How it pages


def test_one_request_a_page_and_none_a_record(read):
    portal = CswPortal(plain(25))
    pages = read(portal)
    assert identifiers(pages) == [record.identifier for record in portal.records]
    assert portal.asked == ["POST /csw"] * 3
    assert [page.total for page in pages] == [25, 25, 25]
    assert codes(pages) == []


@pytest.mark.parametrize("said", ["1", "2", "0", "99"], ids=["backwards", "within the page", "end", "beyond"])
def test_a_next_record_that_cannot_be_is_not_followed(read, said):
    portal = Told({})
    portal.answers = {
        1: results(portal.some(0, 1), 4, said),
        3: results(portal.some(2, 3), 4, 0),
    }
    pages = read(portal)
    assert identifiers(pages) == ["DS-00", "DS-01", "DS-02", "DS-03"]
    assert codes(pages) == ["csw_next_record"]


def test_records_that_the_server_keeps_to_itself_are_skipped(read):
    """GeoNetwork counts a page by what it looked at, not by what it may show."""
    portal = Told({})
    portal.answers = {1: results(portal.some(0), 4, 3), 3: results(portal.some(2, 3), 4, 0)}
    pages = read(portal)
    assert identifiers(pages) == ["DS-00", "DS-02", "DS-03"]
    assert codes(pages) == []


def test_an_exception_in_place_of_an_empty_page_is_the_end(read):
    portal = Told({})
    portal.answers = {1: results(portal.some(0, 1), 3, 3)}
    assert identifiers(read(portal)) == ["DS-00", "DS-01"]


def test_another_exception_half_way_is_an_error(read):
    portal = Told({})
    report = portal._exception("NoApplicableCode", "java.lang.NullPointerException")
    portal.answers = {1: results(portal.some(0, 1), 3, 3), 3: report.body}
    error = refusal(read, portal)
    assert (error.finding.code, "NullPointerException" in str(error.finding.value)) == ("csw_exception", True)


def test_the_number_of_records_may_move(read):
    portal = Told({})
    portal.answers = {
        1: results(portal.some(0, 1), 9, 3),
        3: results(portal.some(2, 3), 5, 5),
        5: results(portal.some(4), 5, 0),
    }
    pages = read(portal)
    assert len(identifiers(pages)) == 5
    assert [page.total for page in pages] == [9, 5, 5]


def test_a_server_that_does_not_count(read):
    portal = Told({})
    portal.answers = {
        1: results(portal.some(0, 1), "", ""),
        3: results(portal.some(2), "", ""),
        4: results("", "", ""),
    }
    assert identifiers(read(portal)) == ["DS-00", "DS-01", "DS-02"]


def test_a_server_that_always_sends_the_first_page_is_found_out(read):
    portal = Told({})
    portal.answers = dict.fromkeys(range(1, 100), results(portal.some(0, 1), 50, 3))
    assert refusal(read, portal).finding.code == "csw_same_page"


# How it is asked


@pytest.mark.parametrize(
    ("refuses", "findings", "requests"),
    [
        ({"gmd:MD_Metadata"}, [], 2),
        ({"sort"}, ["csw_unsorted"], 3),
        ({"post"}, ["csw_only_get"], 4),
        ({"post", "sort"}, ["csw_unsorted", "csw_only_get"], 5),
    ],
)
def test_what_a_server_refuses_is_asked_in_another_way(read, refuses, findings, requests):
    portal = CswPortal(plain(5))
    portal.refuses = refuses
    pages = read(portal)
    assert len(identifiers(pages)) == 5
    assert codes(pages) == findings
    assert len(portal.asked) == requests


def test_a_server_that_refuses_everything_is_quoted(read):
    portal = CswPortal(plain(5))
    portal.refuses = {"post", "gmd:MD_Metadata", "csw:Record"}
    assert refusal(read, portal).finding.code == "csw_exception"


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ("https://x.gob.mx/csw", "https://x.gob.mx/csw"),
        ("https://x.gob.mx/catalogue/csw?service=CSW&request=GetCapabilities", "https://x.gob.mx/catalogue/csw"),
        ("https://x.gob.mx/pycsw/csw.py?SERVICE=CSW&version=2.0.2", "https://x.gob.mx/pycsw/csw.py"),
        ("https://x.gob.mx/geonetwork/srv/spa/csw", "https://x.gob.mx/geonetwork/srv/spa/csw"),
        ("https://x.gob.mx/geonetwork/srv/spa/csw-inspire", "https://x.gob.mx/geonetwork/srv/spa/csw-inspire"),
        ("https://x.gob.mx/geonetwork/srv/spa/catalog.search#/home", "https://x.gob.mx/geonetwork/srv/spa/csw"),
        ("https://x.gob.mx/geonetwork/", "https://x.gob.mx/geonetwork/srv/eng/csw"),
        ("https://x.gob.mx/cgi-bin/ms?map=/a.map&request=GetRecords", "https://x.gob.mx/cgi-bin/ms?map=%2Fa.map"),
        ("https://x.gob.mx/", "https://x.gob.mx/catalogue/csw"),
    ],
)
def test_any_address_that_somebody_copies_will_do(given, first):
    assert addresses(given)[0] == first


def test_the_service_is_found_below_the_front_page(read):
    class Below(CswPortal):
        path = "/geonetwork/srv/eng/csw"

        @property
        def address(self) -> str:
            return f"{self.base}/"

    portal = Below(plain(3))
    assert len(identifiers(read(portal))) == 3
    assert portal.asked == ["POST /catalogue/csw", "POST /csw", "POST /geonetwork/srv/eng/csw"]


def test_the_question_is_what_the_standard_asks_for():
    asked = body(WAYS[0], 1).decode()
    assert 'outputSchema="http://www.isotc211.org/2005/gmd"' in asked
    assert 'startPosition="1"' in asked
    assert "<csw:ElementSetName>full</csw:ElementSetName>" in asked
    assert "<ogc:PropertyName>apiso:Identifier</ogc:PropertyName>" in asked


# What it sends


def test_a_broken_record_among_comments_costs_only_itself(read):
    portal = Told({})
    broken = portal.record(Plain("ROTO", "x", broken=True))
    portal.answers = {1: results(f"<!-- página 1 -->{portal.some(0)}<!-- ojo -->{broken}{portal.some(1)}", 3)}
    found = records(read(portal))
    assert [isinstance(record, Unreadable) for record in found] == [False, True, False]
    assert (found[1].identifier, found[1].finding.code) == ("ROTO", "record_xml_broken")
    assert found[2]["identifier"] == "DS-01"


def test_a_page_that_is_cut_off_is_no_page(read):
    portal = Told({})
    portal.answers = {1: results(portal.some(0, 1), 2)[:-400]}
    error = refusal(read, portal)
    assert (error.finding.code, error.finding.value) == ("xml_cut_off", "1")


def test_blank_lines_before_the_declaration_do_no_harm(read):
    portal = Told({})
    portal.answers = {1: f"\n\n {results(portal.some(0))}"}
    assert identifiers(read(portal)) == ["DS-00"]


def test_a_record_in_another_schema_is_said_to_be_one(read):
    portal = Told({1: results('<csw:Record><dc:title xmlns:dc="x">Dublin</dc:title></csw:Record>')})
    (record,) = records(read(portal))
    assert record.finding.code == "csw_other_schema"


def test_no_entity_is_expanded_and_nothing_fetched(read, tmp_path, monkeypatch):
    secret = tmp_path / "secreto.txt"
    secret.write_text("SECRETO")
    portal = Told({})
    entities = (
        f'<!DOCTYPE r [<!ENTITY file SYSTEM "{secret.as_uri()}"><!ENTITY a "aaaaaaaaaa">'
        '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">'
        '<!ENTITY net SYSTEM "http://127.0.0.1:9/x">]>'
    )
    page = results(portal.some(0)).replace("Conjunto 0", "Conjunto &file;&c;&net;")
    portal.answers = {1: page.replace(PROLOG, PROLOG + entities)}
    for name in ("openURL", "http_get", "http_post"):
        monkeypatch.setattr(util, name, lambda *_, **__: pytest.fail("OWSLib fetches"))
    found = str(records(read(portal)))
    assert "SECRETO" not in found
    assert "aaaaaaaaaa" not in found


def test_where_people_see_a_record():
    record = {"identifier": "a b"}
    page = "https://x.gob.mx/geonetwork/srv/spa/catalog.search#/metadata/a%20b"
    assert CONNECTOR.page_address("https://x.gob.mx/geonetwork/srv/eng/csw", record) == page
    assert CONNECTOR.page_address("https://x.gob.mx/csw", record) is None
    assert CONNECTOR.page_address("https://x.gob.mx/csw", {"landingPage": "https://x.gob.mx/1"}) == "https://x.gob.mx/1"


# What real ones send


@pytest.mark.payloads
def test_six_records_in_three_pages_of_a_real_geonetwork(read, shared):
    folder = shared / "payloads/harvest/csw"
    portal = Told({n: (folder / f"geonetwork-iso19139-page-{n}.xml").read_bytes() for n in (1, 3, 5)})
    pages = read(portal)
    assert [len(page.records) for page in pages] == [2, 2, 2]
    assert len(set(identifiers(pages))) == 6
    assert len(portal.asked) == 3
    # their rectangles have east and west exchanged
    assert set(codes(pages)) == {"bbox_sides_exchanged"}
    for record in records(pages):
        dataset = map_record(record, CONNECTOR.shape).dataset
        assert dataset["title"]
        assert dataset["contact"]
        assert dataset["theme"]
        assert dataset["language"] == ["fr"]
        assert dataset["resources"]
        assert all(place.get("bbox") or place.get("uri") for place in dataset["spatial_coverage"])


@pytest.mark.payloads
def test_one_record_of_a_real_geoide(read, shared):
    page = (shared / "payloads/harvest/csw/geoide-iso19139-single-dataset.xml").read_bytes()
    (record,) = records(read(Told({1: page})))
    assert record["title"] == "Plan local d'urbanisme de la commune de Combles"
    formats = {item.get("format") for item in map_record(record, CONNECTOR.shape).dataset["resources"]}
    assert {"WMS_SRVC", "WFS_SRVC"} <= formats


@pytest.mark.payloads
def test_words_of_a_browser_before_the_xml_are_quoted(read, shared):
    page = (shared / "payloads/harvest/csw/inspire-iso19139.ckan-pycsw.example.xml").read_bytes()
    finding = refusal(read, Told({1: page})).finding
    assert finding.code == "xml_invalid"
    assert "This XML file" in finding.to_dict("es")["message"]
