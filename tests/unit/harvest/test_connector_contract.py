"""What every connector does, whatever its platform: held against a small portal of it on a loopback port.

A new platform is one class in ``tests/portals/platforms`` and passes all of this.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.connectors.base import Page
from ckanext.mxopendata.harvest.settings import SourceSettings
from ckanext.mxopendata.harvest.spool import Reader
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from ckanext.mxopendata.metadata.records import PLATFORMS as SHAPES
from portals.platforms import PLATFORMS, Answer, Plain, PlatformPortal
from portals.platforms.base import serving

MEBIBYTE = 1024 * 1024
# What reading many records may hold above reading few: less than a tenth of what 20,000 of them weigh, and less than
# what the further ones of a platform with fewer weigh.
GROWTH = 2 * MEBIBYTE


@pytest.fixture(params=sorted(PLATFORMS))
def platform(request: pytest.FixtureRequest) -> type[PlatformPortal]:
    """Each platform in turn."""
    return PLATFORMS[request.param]


def plain(count: int) -> list[Plain]:
    """So many datasets."""
    return [
        Plain(f"DS-{number:05}", f"Conjunto {number}: año y región", file_url=f"https://datos.gob.mx/{number}.csv")
        for number in range(count)
    ]


@contextmanager
def at_work(portal: PlatformPortal, folder: Path, **settings: Any) -> Iterator[HttpClient]:
    """The portal on its port, and a client that may talk to it."""
    with serving(portal) as host:
        own = {"user_agent": "x", "allowed_private": frozenset({host}), "retries": 0, "interval": 0, **settings}
        with HttpClient(HttpSettings(**own), folder) as client:
            yield client


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Page]]:
    """Reads all pages of a portal, from a position on."""
    count = iter(range(1000))

    def pages(portal: PlatformPortal, position: Mapping[str, Any] | None = None, **settings: Any) -> list[Page]:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        with at_work(portal, folder, **settings) as client:
            connector = CONNECTORS[portal.source_type]
            return list(connector.pages(client, portal.address, position or {}, folder / "document"))

    return pages


def lines(portal: PlatformPortal, pages: list[Page]) -> list[dict[str, Any]]:
    """What the spool keeps of the records."""
    reader = Reader(CONNECTORS[portal.source_type], SourceSettings(), "Municipio")
    records = [record for page in pages for record in page.records]
    return [reader.line(record, number) for number, record in enumerate(records)]


def titles(portal: PlatformPortal, pages: list[Page]) -> list[str]:
    """The titles of the records that can be taken in."""
    return [line["title"] for line in lines(portal, pages) if line["action"] is None]


def test_every_source_type_has_a_portal_here() -> None:
    assert {portal.source_type for portal in PLATFORMS.values()} == set(CONNECTORS)


def test_it_says_what_it_is(platform: type[PlatformPortal]) -> None:
    connector = CONNECTORS[platform.source_type]
    assert connector.shape in SHAPES
    assert connector.platform == platform.source_type.removeprefix("mx_")
    assert connector.title
    assert connector.description.endswith(".")


def test_all_pages_are_read_in_order(platform, read):
    portal = platform(plain(35))
    pages = read(portal)
    assert sorted(titles(portal, pages)) == sorted(record.title for record in portal.records)
    assert all(page.reading == "full" for page in pages)
    assert {page.total for page in pages} <= {None, 35}


def test_a_record_becomes_a_dataset(platform, read):
    portal = platform([Plain("DS-1", "Árboles de la región", keywords=("arbolado", "ñandú"))])
    pages = read(portal)
    (record,) = [record for page in pages for record in page.records]
    (line,) = lines(portal, pages)
    dataset = map_record(record, CONNECTORS[portal.source_type].shape).dataset
    assert "DS-1" in line["identifier"]
    assert dataset["title"] == "Árboles de la región"
    assert "cigüeña" in dataset["notes"]
    assert {"arbolado", "ñandú"} <= {tag["name"] for tag in dataset["tags"]}
    assert portal.file_address(portal.records[0]) in [resource["url"] for resource in dataset["resources"]]


def test_reading_goes_on_after_any_page(platform, tmp_path):
    portal = platform(plain(35))
    connector = CONNECTORS[portal.source_type]
    with at_work(portal, tmp_path) as client:
        document = tmp_path / "document"
        pages = list(connector.pages(client, portal.address, {}, document))
        identifiers = [[line["identifier"] for line in lines(portal, [page])] for page in pages]
        for number, page in enumerate(pages):
            position = json.loads(json.dumps(page.position))
            rest = list(connector.pages(client, portal.address, position, document))
            expected = [identifier for later in identifiers[number + 1 :] for identifier in later]
            assert [line["identifier"] for line in lines(portal, rest)] == expected


def test_an_empty_list_is_no_error(platform, read):
    portal = platform([])
    assert titles(portal, read(portal)) == []


def test_a_broken_record_costs_only_itself(platform, read):
    portal = platform([*plain(5), Plain("ROTO", "Roto", broken=True), *plain(12)[5:]])
    found = lines(portal, read(portal))
    assert sorted(line["title"] for line in found if line["action"] is None) == sorted(
        record.title for record in portal.records if not record.broken
    )
    assert [line["action"] for line in found if line["action"] is not None] == ["rejected"]
    assert [line["findings"] for line in found if line["action"] == "rejected"][0]


def test_other_encodings_are_understood(platform, read):
    for encoding in platform.encodings:
        portal = platform(plain(3))
        portal.encoding = encoding
        assert sorted(titles(portal, read(portal))) == sorted(record.title for record in portal.records), encoding


def test_the_content_type_is_not_believed(platform, read):
    for lie in ("text/html; charset=iso-8859-1", "application/octet-stream", "image/png"):
        portal = platform(plain(3))
        portal.content_type = lie
        assert len(titles(portal, read(portal))) == 3, lie


class _Says:
    """Makes of a platform a portal that answers everything in one way."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, platform: type[PlatformPortal]) -> PlatformPortal:
        portal = platform(plain(3))
        portal.respond = lambda *_: self.answer  # type: ignore[method-assign]
        return portal


@pytest.mark.parametrize(
    "says",
    [
        Answer(200, "text/html", b"<!doctype html><html><title>Mantenimiento</title><h1>Volvemos pronto</h1></html>"),
        Answer(200, "application/json", b""),
        Answer(200, "application/json", b'{"a": [1, 2'),
        Answer(200, "application/xml", b"<?xml version='1.0'?><a><b>"),
        Answer(200, "application/json", b'{"mensaje": "hola"}'),
        Answer(500, "text/html", b"<h1>500</h1>"),
        Answer(404, "text/html", b"<h1>404</h1>"),
        Answer(403, "text/html", b"<h1>403</h1>"),
    ],
    ids=["html", "empty", "cut-json", "cut-xml", "other-json", "500", "404", "403"],
)
def test_what_is_no_list_is_said_in_a_sentence(platform, read, says):
    """Never an empty list: that would be taken for the end of all datasets."""
    with pytest.raises(SourceError) as caught:
        read(_Says(says)(platform))
    sentences = caught.value.finding.to_dict("es")
    assert sentences["message"]
    assert sentences["cure"]


def test_a_dripping_portal_is_left_alone(platform, read):
    portal = platform(plain(10))
    portal.delay = 0.2
    with pytest.raises(SourceError) as caught:
        read(portal, read_timeout=1.0, total_timeout=1.0)
    assert caught.value.finding.code.startswith("http_")


def test_a_document_beyond_the_limit_is_refused(platform, read):
    portal = platform(plain(10))
    with pytest.raises(SourceError) as caught:
        read(portal, maximum_bytes=500)
    assert caught.value.finding.code == "http_too_large"


def test_repeated_identifiers_come_to_an_end(platform, read):
    """Whether once or twice is the spool's matter; that the list ends is the connector's."""
    portal = platform([*plain(12), *plain(12)])
    assert set(titles(portal, read(portal))) == {record.title for record in plain(12)}


def test_the_same_list_twice_is_the_same(platform, tmp_path):
    portal = platform(plain(23))
    connector = CONNECTORS[portal.source_type]
    with at_work(portal, tmp_path) as client:
        first, second = (
            lines(portal, list(connector.pages(client, portal.address, {}, tmp_path / name)))
            for name in ("first", "second")
        )
    key = [(line["identifier"], line["hash"]) for line in first]
    assert key == [(line["identifier"], line["hash"]) for line in second]
    assert len({digest for _, digest in key}) == 23


def test_memory_does_not_follow_the_number_of_records(platform, tmp_path):
    few, many = (_peak(platform, count, tmp_path) for count in (min(1000, platform.many // 4), platform.many))
    assert many - few < GROWTH + platform.many * platform.held, f"{(many - few) / MEBIBYTE:.1f} MB more"


def _peak(platform: type[PlatformPortal], count: int, folder: Path) -> int:
    """The most bytes that reading so many records of a portal in another process holds at once."""
    connector = CONNECTORS[platform.source_type]
    name = next(name for name, portal in PLATFORMS.items() if portal is platform)
    words = [sys.executable, "-m", "portals.platforms", name, str(count), "500"]
    tests = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=tests) as process:
        assert process.stdout is not None
        host, address = process.stdout.readline().split()
        own = folder / str(count)
        own.mkdir()
        with HttpClient(HttpSettings("x", frozenset({host}), retries=0), own) as client:
            gc.collect()
            tracemalloc.start()
            try:
                pages = connector.pages(client, address, {}, own / "document")
                assert sum(len(page.records) for page in pages) == count
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        assert process.stdin is not None
        process.stdin.close()
    return peak
