"""A network that breaks while a known source is read again: one finding or none, and afterwards all is as undisturbed.

A source of each kind is harvested once; then its list changes, and every reading of it is broken in another way. Then
it is read in peace, and must come to what a control source came to that nobody disturbed.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest
from tests.faults.harvest import networks
from tests.faults.harvest.networks import Portal, at_rest, standing
from tests.integration.harvest.conftest import row_versions

from ckan import model

from ckanext.harvest.model import HarvestSource

from ckanext.mxopendata import config

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_site", "with_request_context")]

KINDS = ("mx_datajson", "mx_ckan")
COUNTED = ("read", "created", "updated", "unchanged", "matched", "restored", "rejected", "in_grace", "archived")
_NUMBERS = itertools.count(1)

# What the portal does each time → what is said of the run.
LASTING: dict[str, tuple[networks.Answer, str]] = {
    "reset": (networks.reset, "http_broken_answer"),
    "reset at once": (networks.reset_at_once, "http_broken_answer"),
    "truncated": (networks.truncated, "http_broken_answer"),
    "truncated chunks": (networks.truncated_chunks, "http_broken_answer"),
    "announces more": (networks.announces_more, "http_broken_answer"),
    "announces less": (networks.announces_less, "json_cut_off"),
    "drips": (networks.drips, "http_too_slow"),
    "drips its headers": (networks.drips_headers, "http_too_slow"),
    "says nothing": (networks.says_nothing, "http_too_slow"),
    "429": (networks.status(429), "http_too_many_requests"),
    "429 for an hour": (networks.status(429, Retry_After="3600"), "http_come_back_later"),
    "503 for an hour": (networks.status(503, Retry_After="3600"), "http_come_back_later"),
    "403": (networks.status(403), "http_forbidden"),
    "451": (networks.status(451), "http_forbidden"),
    "gzip bomb": (networks.bomb("gzip"), "http_too_large"),
    "gzip bomb in gzip": (networks.bomb("gzip, gzip"), "http_too_large"),
    "deflate bomb": (networks.bomb("deflate"), "http_too_large"),
    "302 link-local": (networks.redirect("http://169.254.169.254/latest/meta-data/"), "http_private_address"),
    "302 private": (networks.redirect("http://10.0.0.1/data.json"), "http_private_address"),
    "302 loopback": (networks.redirect("http://localhost:1/"), "http_private_address"),
    "302 file": (networks.redirect("file:///etc/passwd"), "http_scheme"),
}
SLOW = {name for name, (_, code) in LASTING.items() if code == "http_too_slow"}
# What the portal does once: trying again is enough.
PASSING: dict[str, networks.Answer] = {
    "reset": networks.reset,
    "truncated": networks.truncated,
    "503": networks.status(503),
    "429 with Retry-After": networks.status(429, Retry_After="1"),
    "429 with a date by a clock an hour ahead": networks.too_many_for_a_second,
}

Known = Callable[..., tuple[dict[str, Any], Portal]]


@pytest.fixture(scope="module")
def sources() -> dict[Any, tuple[dict[str, Any], Portal]]:
    """The sources of this module, made when they are wanted first."""
    return {}


@pytest.fixture(scope="module")
def files(clean_site: None) -> set[str]:
    """What is in the folder of downloads before anything is broken."""
    return set(os.listdir(config.harvest_folder()))


@pytest.fixture
def known(sources: Any, files: Any, portal: Any, make_source: Any, harvest: Any, monkeypatch: Any) -> Known:
    """A source of a kind whose datasets are known, and whose portal has a new list; one for each use."""
    monkeypatch.setattr("ckanext.mxopendata.config.http_maximum_bytes", lambda: networks.MEGABYTE)

    def make(kind: str, use: str = "disturbed") -> tuple[dict[str, Any], Portal]:
        if (kind, use) not in sources:
            made = Portal(kind, f"red-{next(_NUMBERS)}")
            made.publish(1)
            source = make_source(made.serve(portal), kind)
            assert harvest(source)["created"] == 6
            made.publish(2)
            sources[kind, use] = source, made
        source, made = sources[kind, use]
        # Each test has a server of its own.
        _point_to(source, made.serve(portal))
        made.breaks(None)
        return source, made

    return make


@pytest.fixture
def control(known: Known, sources: Any, harvest: Any) -> Callable[[str], Any]:
    """The figures of the second run, and how the datasets stand, where nobody disturbs."""

    def figures(kind: str) -> Any:
        if (kind, "figures") not in sources:
            source, _ = known(kind, "control")
            run = harvest(source)
            assert (run["created"], run["updated"], run["unchanged"], run["in_grace"]) == (1, 2, 3, 1)
            sources[kind, "figures"] = (_counted(run), standing(source["id"]))
        return sources[kind, "figures"]

    return figures


def _point_to(source: dict[str, Any], url: str) -> None:
    """Give the source another address, even one that its form refuses."""
    HarvestSource.get(source["id"]).url = url
    model.Session.commit()


def _counted(run: dict[str, Any]) -> dict[str, int]:
    return {name: run[name] for name in COUNTED}


@pytest.fixture
def fails(harvest: Any, files: set[str]) -> Callable[..., None]:
    """Harvests a source whose run must fail with one finding and touch nothing."""

    def failing(source: dict[str, Any], code: str) -> None:
        before = row_versions()
        run = harvest(source)
        assert (run["status"], run["read"]) == ("failed", 0)
        assert [finding["code"] for finding in run["findings"]] == [code]
        assert run["findings"][0]["cure"]
        assert row_versions() == before
        assert at_rest(source["id"])
        assert HarvestSource.get(source["id"]).active, "it keeps its schedule"
        assert set(os.listdir(config.harvest_folder())) == files

    return failing


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", LASTING, ids=str)
def test_what_lasts_ends_the_run_and_touches_nothing(known, fails, monkeypatch, case, kind):
    answer, code = LASTING[case]
    source, portal = known(kind)
    portal.breaks(answer)
    if case in SLOW:
        monkeypatch.setattr("ckanext.mxopendata.config.http_total_timeout", lambda: 1.5)
    fails(source, code)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_bounces_back_inside_reaches_nothing(known, fails, monkeypatch, kind):
    """DNS rebinding, really done: the name is public when it is checked, and inside whenever it is asked again."""
    source, portal = known(kind)
    asked: list[str] = []
    connected: list[str] = []
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def resolver(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host != "rebota.ejemplo.gob.mx":
            return resolve(host, port, *arguments, **options)
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connecting(connection: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1] == portal.loopback.port:
            connected.append(address[0])
            raise ConnectionRefusedError
        connect(connection, address)

    _point_to(source, source["url"].replace("127.0.0.1", "rebota.ejemplo.gob.mx"))
    _point_to(source, portal.loopback.url(portal.path).replace("127.0.0.1", "rebota.ejemplo.gob.mx"))
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", connecting)
    fails(source, "http_private_address")
    assert connected == ["93.184.216.34"], "to the address that was checked, and to no other"
    assert len(asked) > 1
    assert portal.loopback.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_read_in_peace_it_comes_to_what_an_undisturbed_source_comes_to(known, control, harvest, kind):
    figures, stands = control(kind)
    source, _ = known(kind)
    run = harvest(source)
    assert run["status"] == "finished"
    assert _counted(run) == figures
    assert standing(source["id"]) == stands
    assert at_rest(source["id"])


@pytest.mark.parametrize(
    ("case", "kind"),
    [*((case, "mx_datajson") for case in PASSING), ("reset", "mx_ckan"), ("429 with Retry-After", "mx_ckan")],
)
def test_what_passes_heals_by_itself(known, control, harvest, files, case, kind):
    figures, stands = control(kind)
    source, portal = known(kind, case)
    portal.breaks(PASSING[case], times=1)
    run = harvest(source)
    assert (run["status"], portal.asked) == ("finished", 1)
    assert _counted(run) == figures
    assert standing(source["id"]) == stands
    assert at_rest(source["id"])
    assert set(os.listdir(config.harvest_folder())) == files
