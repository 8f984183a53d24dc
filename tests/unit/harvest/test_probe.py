"""How a portal is: it answers, has moved, is of another platform, wants nobody, has a bad certificate, or is gone."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.harvest.probe import Probed, probe
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.http_credential import Credential
from portals.platforms import PLATFORMS, Answer, Plain, PlatformPortal
from portals.platforms.base import Query, serving

RECORDS = [Plain(f"DS-{number}", f"Conjunto {number}: año y región") for number in range(3)]
CERTIFICATE = Path(__file__).parents[1] / "front_door" / "localhost.pem"
TYPES = sorted(name for name in PLATFORMS if " " not in name)
PAGE = Answer(200, "text/html", b"<!doctype html><html><title>Portal</title><p>En mantenimiento</p></html>")

Asking = Callable[..., Probed]


class Says(PlatformPortal):
    """Gives the same answer to everything."""

    def __init__(self, answer: Answer) -> None:
        super().__init__([])
        self.answer = answer

    def respond(self, *_: Any) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        return self.answer


class WithFront(PlatformPortal):
    """A portal of another platform with a page for people at its front."""

    def __init__(self, inner: PlatformPortal) -> None:
        super().__init__([])
        self.inner = inner

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        self.inner.base = self.base
        return PAGE if path == "/" else self.inner.respond(method, path, query, body)


class Sends(PlatformPortal):
    """Sends everybody to the same path of another portal, or from its front page only."""

    def __init__(self, to: str, status: int = 301, only_front: bool = False) -> None:
        super().__init__([])
        self.to, self.status, self.only_front = to, status, only_front

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if self.only_front:
            return Answer(self.status, "text/html", b"", {"Location": self.to}) if path == "/" else Answer(404, "", b"")
        asked = self.asked[-1].partition(" ")[2]
        return Answer(self.status, "text/html", b"", {"Location": self.to.rstrip("/") + asked})


@pytest.fixture
def served() -> Iterator[Callable[[PlatformPortal], PlatformPortal]]:
    """Serves portals as long as the test lasts."""
    with ExitStack() as stack:

        def serve(portal: PlatformPortal) -> PlatformPortal:
            stack.enter_context(serving(portal))
            return portal

        yield serve


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    """Asks how a portal is."""

    def ask(source_type: str, url: str, *portals: PlatformPortal) -> Probed:
        hosts = frozenset(portal.base.partition("://")[2] for portal in portals)
        settings = HttpSettings("x", hosts, retries=0, read_timeout=1, total_timeout=5)
        with HttpClient(settings, tmp_path) as client:
            return probe(client, client, source_type, url)

    return ask


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_a_portal_that_answers_is_asked_as_little_as_can_be(name, served, asking):
    portal = served(PLATFORMS[name](RECORDS))
    said = asking(portal.source_type, portal.address, portal)
    assert (said.state, said.moved_to, said.findings) == ("answers", None, ())
    assert len(portal.asked) <= 10, portal.asked


@pytest.mark.parametrize("name", TYPES)
def test_a_portal_that_moved_for_good_says_where_to(name, served, asking):
    new = served(PLATFORMS[name](RECORDS))
    old = served(Sends(new.base))
    url = new.address.replace(new.base, old.base)
    said = asking(new.source_type, url, old, new)
    assert (said.state, said.moved_to) == ("moved", new.address)
    assert new.address in said.findings[0].to_dict()["message"]


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_portal_that_is_elsewhere_for_now_only_has_not_moved(status, served, asking):
    new = served(PLATFORMS["mx_ckan"](RECORDS))
    old = served(Sends(new.base, status))
    assert asking("mx_ckan", f"{old.base}/", old, new).state == "answers"


def test_a_move_that_only_the_front_page_tells_is_seen(served, asking):
    new = served(WithFront(PLATFORMS["mx_ckan"](RECORDS)))
    old = served(Sends(f"{new.base}/", only_front=True))
    said = asking("mx_ckan", f"{old.base}/", old, new)
    assert (said.state, said.moved_to) == ("moved", f"{new.base}/")


def test_a_portal_that_moved_and_changed_its_platform_is_said_so(served, asking):
    new = served(WithFront(PLATFORMS["mx_opendatasoft"](RECORDS)))
    old = served(Sends(f"{new.base}/", only_front=True))
    said = asking("mx_ckan", f"{old.base}/", old, new)
    assert (said.state, said.moved_to) == ("other_platform", f"{new.base}/")
    assert said.found is not None
    assert (said.found.type, said.found.url) == ("mx_opendatasoft", f"{new.base}/")


# Of these the first is still there, or can still be read, where the second is: nothing has to be done.
STILL = {
    ("mx_arcgis_hub", "mx_datajson"),
    ("mx_csw", "mx_geonode"),
    ("mx_datajson", "mx_dkan"),
    ("mx_dkan", "mx_datajson"),
}


# A table is at its own address only, which nobody knows who asks the portal that was there before.
@pytest.mark.parametrize(("was", "now"), [(was, now) for was in TYPES for now in TYPES if now not in (was, "mx_table")])
def test_a_portal_of_another_platform_is_told(was, now, served, asking):
    portal = served(PLATFORMS[now](RECORDS))
    old = PLATFORMS[was]([])
    old.base = portal.base
    said = asking(was, old.address, portal)
    if (was, now) in STILL:
        assert said.state == "answers"
        return
    assert said.found is not None, said
    assert (said.state, said.found.type) == ("other_platform", now)
    assert now in said.findings[0].to_dict()["cure"]


def test_a_portal_that_answers_with_something_else_is_not_guessed_at(served, asking):
    portal = served(Says(PAGE))
    said = asking("mx_ckan", f"{portal.base}/", portal)
    assert (said.state, said.found) == ("unrecognised", None)
    assert "CKAN" in said.findings[0].to_dict()["message"]


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        (404, "dead", "http_not_found"),
        (410, "dead", "http_not_found"),
        (500, "dead", "http_server_error"),
        (503, "dead", "http_server_error"),
        (401, "forbidden", "http_forbidden"),
        (403, "forbidden", "http_forbidden"),
    ],
)
def test_a_portal_that_refuses_everything_is_said_so(status, state, code, served, asking):
    portal = served(Says(Answer(status, "text/html", b"no")))
    said = asking("mx_ckan", f"{portal.base}/", portal)
    assert (said.state, said.findings[0].code) == (state, code)


def test_a_server_that_is_not_there_is_asked_once(served, asking):
    with serving(Says(PAGE)) as host:
        pass
    gone = Says(PAGE)
    gone.base = f"http://{host}"
    said = asking("mx_geonode", f"{gone.base}/", gone)
    assert (said.state, said.findings[0].code) == ("dead", "http_unreachable")


def test_a_name_that_does_not_exist_is_said_so(asking):
    said = asking("mx_ckan", "https://datos.no-existe.invalid/")
    assert (said.state, said.findings[0].code) == ("dead", "http_unknown_host")


def test_a_server_that_does_not_answer_in_time_is_dead(asking):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = Says(PAGE)
        mute.base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        said = asking("mx_ckan", f"{mute.base}/", mute)
    assert (said.state, said.findings[0].code) == ("dead", "http_timeout")


def test_a_certificate_that_nobody_vouches_for_is_said_so(asking):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                context.wrap_socket(connection, server_side=True).close()

        threading.Thread(target=greet, daemon=True).start()
        portal = Says(PAGE)
        portal.base = f"https://localhost:{server.getsockname()[1]}"
        said = asking("mx_ckan", f"{portal.base}/", portal)
    assert (said.state, said.findings[0].code) == ("certificate", "http_tls")


def test_the_key_of_a_source_is_not_sent_while_it_is_not_known_what_answers(served, tmp_path):
    portal = served(PLATFORMS["mx_opendatasoft"](RECORDS))
    host = portal.base.removeprefix("http://")
    plain = HttpSettings("x", frozenset({host}), retries=0)
    own = replace(plain, credential=Credential(host, "clave"))
    with HttpClient(own, tmp_path) as client, HttpClient(plain, tmp_path) as keyless:
        assert probe(client, keyless, "mx_ckan", f"{portal.base}/").state == "other_platform"
    with_key = [asked for asked, header in zip(portal.asked, portal.keys, strict=True) if header]
    assert with_key
    assert all("/api/3/action/" in asked for asked in with_key)
