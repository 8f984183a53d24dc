"""The HTTP client among others: its pace, what robots.txt says to it and what it tries again."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from email.utils import formatdate
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.http import FetchError, HostBusyError
from ckanext.mxopendata.http_pace import ProcessPace, SharedPace, host_key
from ckanext.mxopendata.http_retry import MAXIMUM_RETRY_AFTER, asked_to_wait, wait_before
from ckanext.mxopendata.http_robots import MAXIMUM_DELAY, RobotsMemory, names_of, read_rules
from ckanext.mxopendata.metadata.findings import Finding

from .conftest import failure

# As CKAN 2.12 ships it, templates/home/robots.txt.
OF_CKAN = (
    "User-agent: *\nDisallow: /dataset/rate/\nDisallow: /revision/\nDisallow: /dataset/*/history\nDisallow: /api/\n"
    "Crawl-Delay: 10\n"
)


class Pace:
    """Notes what is asked of it, and lets everybody pass."""

    def __init__(self, answer: float | None = 0.0) -> None:
        self.asked: list[tuple[str, float]] = []
        self.answer = answer

    def take(self, host: str, interval: float, longest: float = 0.0) -> float | None:
        self.asked.append((host, interval))
        return self.answer


def _in_turn(*answers: tuple[int, dict[str, str], bytes]) -> tuple[Any, list[float]]:
    """Answers one after the other, the last one again and again; and when each was given."""
    given: list[float] = []

    def answer(handler: Any, _query: Any) -> None:
        status, headers, content = answers[min(len(given), len(answers) - 1)]
        given.append(time.monotonic())
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer, given


class TestTryingAgain:
    def test_what_the_server_asks_to_wait_is_waited(self, fetch, loopback):
        answer, given = _in_turn((429, {"Retry-After": "1"}, b""), (200, {}, b"ok"))
        assert fetch(loopback.serve_with("/a", answer), retries=2).size == 2
        assert given[1] - given[0] >= 1

    def test_also_where_it_gives_a_date_by_its_own_clock(self, fetch, loopback):
        """A server whose clock is an hour ahead asks for one second, not for an hour."""
        there = time.time() + 3600
        headers = {"Retry-After": formatdate(there + 1, usegmt=True), "Date": formatdate(there, usegmt=True)}
        assert asked_to_wait(headers) == 1
        assert asked_to_wait({**headers, "Retry-After": formatdate(there - 100, usegmt=True)}) == 0
        assert asked_to_wait({"Retry-After": formatdate(1000.0, usegmt=True)}, now=990.0) == 10

    @pytest.mark.parametrize("text", ["", "pronto", "-5", "1.5", "Mon, 99 Xyz 2026 99:99:99 GMT", "9" * 40])
    def test_what_is_no_time_is_none(self, text):
        assert asked_to_wait({"Retry-After": text}) is None

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_long_wait_ends_the_fetch_and_is_told(self, fetch, loopback, status):
        answer, given = _in_turn((status, {"Retry-After": "3600"}, b""))
        error = failure(lambda: fetch(loopback.serve_with("/a", answer), retries=2))
        assert (error.finding.code, error.finding.value, len(given)) == ("http_come_back_later", "60", 1)
        assert "60 minutos" in error.finding.to_dict()["message"]
        assert str(status) in error.finding.to_dict()["message"]

    def test_the_waits_grow_and_differ(self):
        error = FetchError(Finding("http_server_error", location="http://a/", value="500"))
        first = [wait_before(error, 1, 5) for _ in range(20)]
        third = [wait_before(error, 3, 5) for _ in range(20)]
        assert max(first) < min(third)  # type: ignore[type-var]
        assert len(set(first)) > 1
        assert wait_before(error, 6, 5) is None

    def test_a_wish_within_reason_is_granted_exactly(self):
        finding = Finding("http_too_many_requests", location="http://a/", value="429")
        assert wait_before(FetchError(finding, MAXIMUM_RETRY_AFTER), 1, 2) == MAXIMUM_RETRY_AFTER

    @pytest.mark.parametrize("status", [401, 403, 404, 451])
    def test_a_refusal_is_not_tried_again(self, fetch, loopback, status):
        answer, given = _in_turn((status, {}, b""))
        code = failure(lambda: fetch(loopback.serve_with("/a", answer), retries=3)).finding.code
        assert (code, len(given)) == ("http_not_found" if status == 404 else "http_forbidden", 1)

    def test_an_answer_broken_half_way_is_fetched_again(self, fetch, loopback, tmp_path):
        answer, given = _in_turn((200, {"Content-Length": "100"}, b"medio"), (200, {}, b"entero"))

        def breaking(handler: Any, query: Any) -> None:
            answer(handler, query)
            handler.close_connection = True

        assert fetch(loopback.serve_with("/a", breaking), retries=1).path.read_text() == "entero"
        assert len(given) == 2
        assert len(list(tmp_path.iterdir())) == 1

    def test_all_attempts_share_the_time_of_one_answer(self, fetch, loopback):
        answer, given = _in_turn((429, {"Retry-After": "20"}, b""))
        error = failure(lambda: fetch(loopback.serve_with("/a", answer), retries=2, total_timeout=5))
        assert (error.finding.code, len(given)) == ("http_too_many_requests", 1)


class TestPace:
    def test_two_sources_of_one_host_share_it(self):
        now = [100.0]
        pace = ProcessPace(lambda: now[0])
        assert [pace.take("a", 1.0) for _ in range(3)] == [0.0, 1.0, 2.0]
        assert pace.take("b", 1.0) == 0.0
        now[0] = 110.0
        assert pace.take("a", 1.0) == 0.0

    def test_the_slower_of_two_is_respected_before_and_after(self):
        now = [0.0]
        pace = ProcessPace(lambda: now[0])
        assert [pace.take("a", 10.0), pace.take("a", 0.1), pace.take("a", 10.0)] == [0.0, 10.0, 20.0]
        now[0] = 20.5
        assert pace.take("a", 2.0) == 9.5

    def test_who_would_wait_too_long_takes_nothing(self):
        pace = ProcessPace(lambda: 0.0)
        assert [pace.take("a", 30.0, longest=40) for _ in range(3)] == [0.0, 30.0, None]
        assert pace.take("a", 30.0, longest=60) == 60.0

    def test_the_port_belongs_to_the_host_where_it_is_not_the_usual_one(self):
        addresses = ("http://A.mx/x", "https://a.mx:443/y", "http://a.mx:80", "http://a.mx:8080/", "https://a.mx:80/")
        assert [host_key(address) for address in addresses] == ["a.mx", "a.mx", "a.mx", "a.mx:8080", "a.mx:80"]

    def test_without_redis_each_process_keeps_its_own(self, caplog):
        import redis

        tries: list[int] = []

        def connect() -> Any:
            tries.append(1)
            raise redis.ConnectionError

        now = [0.0]
        pace = SharedPace(connect, str, lambda: now[0])
        assert [pace.take("a", 1.0), pace.take("a", 1.0)] == [0.0, 1.0]
        assert len(tries) == 1, "a Redis that is away is not asked before each request"
        now[0] = 31.0
        pace.take("a", 1.0)
        assert len(tries) == 2
        assert "Redis is away" in caplog.text

    def test_every_request_is_paced_redirects_and_further_attempts_too(self, fetch, loopback):
        pace = Pace()
        answer, _ = _in_turn((503, {}, b""), (302, {"Location": "/b"}, b""))
        loopback.serve("/b", "llegada")
        assert fetch(loopback.serve_with("/a", answer), retries=1, pace=pace, interval=0.5).size == 7
        assert pace.asked == [(loopback.host, 0.5)] * 3

    def test_where_no_moment_is_free_nothing_is_asked(self, fetch, loopback, monkeypatch):
        monkeypatch.setattr("ckanext.mxopendata.http.MAXIMUM_WAIT", 0.1)
        url = loopback.serve("/a", "x")
        with pytest.raises(HostBusyError) as error:
            fetch(url, pace=Pace(None), interval=1)
        assert (error.value.finding.code, loopback.requests) == ("http_host_busy", [])


class TestRobots:
    def test_what_ckan_ships_closes_no_ckan(self, fetch, loopback):
        """RFC 9309 speaks to crawlers; its rules for all of them are not about the address of a source."""
        pace = Pace()
        loopback.serve("/robots.txt", OF_CKAN)
        url = loopback.serve("/api/3/action/package_search", "x")
        assert fetch(url, robots=RobotsMemory(), pace=pace, interval=0.2).size == 1
        assert pace.asked == [(loopback.host, 10.0)]

    def test_its_delay_does_not_slow_a_pace_that_was_agreed_on(self, fetch, loopback):
        pace = Pace()
        loopback.serve("/robots.txt", OF_CKAN)
        fetch(loopback.serve("/a", "x"), robots=RobotsMemory(), pace=pace, interval=0.5, interval_agreed=True)
        assert pace.asked == [(loopback.host, 0.5)]

    @pytest.mark.parametrize("name", ["mxopendata", "ckanext-mxopendata", "CKANEXT-MXOPENDATA/0.1", "prueba"])
    def test_a_rule_that_names_us_is_kept(self, fetch, loopback, name):
        loopback.serve(
            "/robots.txt", f"User-agent: *\nAllow: /\n\nUser-agent: {name} # el recolector\nDisallow: /api/\n"
        )
        memory, pace = RobotsMemory(), Pace()
        error = failure(lambda: fetch(loopback.serve("/api/3", "x"), robots=memory, pace=pace, interval=1))
        assert error.finding.code == "http_robots"
        assert "robots: ignore" in error.finding.to_dict()["cure"]
        assert loopback.requests == ["/robots.txt"]
        assert fetch(loopback.serve("/data.json", "x"), robots=memory, pace=pace).size == 1

    def test_also_where_a_redirect_leads(self, fetch, loopback):
        loopback.serve("/robots.txt", "User-agent: mxopendata\nDisallow: /oculto\n")
        loopback.serve("/oculto", "x")
        url = loopback.serve("/a", "", status=302, headers={"Location": "/oculto"})
        assert failure(lambda: fetch(url, robots=RobotsMemory())).finding.code == "http_robots"
        assert "/oculto" not in loopback.requests

    def test_the_longest_rule_wins(self):
        rules = read_rules("User-agent: mxopendata\nDisallow: /\nAllow: /data.json$\n", ("mxopendata",))
        assert not rules.refuses("https://a.mx/data.json")
        assert rules.refuses("https://a.mx/data.json?x=1")
        assert rules.refuses("https://a.mx/otro")

    def test_a_delay_for_us_is_kept_whatever_was_agreed(self, fetch, loopback):
        pace = Pace()
        loopback.serve("/robots.txt", "User-agent: mxopendata\nCrawl-delay: 4\n")
        fetch(loopback.serve("/a", "x"), robots=RobotsMemory(), pace=pace, interval=0.5, interval_agreed=True)
        assert pace.asked == [(loopback.host, 4.0)]

    @pytest.mark.parametrize(("said", "delay"), [("86400", MAXIMUM_DELAY), ("-3", 0.0), ("mucho", 0.0), ("nan", 0.0)])
    def test_an_unreasonable_delay_is_cut(self, said, delay):
        assert read_rules(f"User-agent: *\nCrawl-delay: {said}\n", ("mxopendata",)).delay == delay

    def test_a_host_is_asked_once(self, fetch, loopback):
        memory = RobotsMemory()
        url = loopback.serve("/a", "x")
        for _ in range(3):
            fetch(url, robots=memory)
        assert Counter(loopback.requests) == {"/robots.txt": 1, "/a": 3}

    def test_and_again_after_an_hour_or_soon_where_it_did_not_answer(self):
        now, asked = [0.0], Counter()
        memory = RobotsMemory(lambda: now[0])

        def well(url: str) -> str:
            asked[url] += 1
            return ""

        def badly(url: str) -> None:
            asked[url] += 1

        for moment in (0.0, 200.0, 400.0, 3500.0, 3700.0):
            now[0] = moment
            memory.rules("https://a.mx/x", "prueba", well)
            memory.rules("https://b.mx/x", "prueba", badly)
        assert asked == {"https://a.mx/robots.txt": 2, "https://b.mx/robots.txt": 3}

    @pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
    def test_where_there_is_none_nothing_is_closed(self, fetch, loopback, status):
        loopback.serve("/robots.txt", "User-agent: mxopendata\nDisallow: /\n", status=status)
        assert fetch(loopback.serve("/a", "x"), robots=RobotsMemory(), retries=2).size == 1
        assert loopback.requests.count("/robots.txt") == 1

    def test_one_that_drips_does_not_hold_us(self, fetch, loopback, monkeypatch):
        monkeypatch.setattr("ckanext.mxopendata.http.ROBOTS_TIMEOUT", 0.5)

        def drip(handler: Any, _query: Any) -> None:
            with contextlib.suppress(OSError):
                for octet in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200:
                    handler.wfile.write(bytes([octet]))
                    time.sleep(0.05)

        loopback.serve_with("/robots.txt", drip)
        assert fetch(loopback.serve("/a", "x"), robots=RobotsMemory()).size == 1

    def test_a_page_for_people_in_its_place_says_nothing(self):
        rules = read_rules("<!DOCTYPE html><html><body>User-agent: mxopendata</body></html>", ("mxopendata",))
        assert not rules.refuses("https://a.mx/")

    def test_we_answer_to_our_name_and_to_the_one_we_present(self):
        assert names_of("MiPortal/1.0 (+https://a.mx)") == ("ckanext-mxopendata", "mxopendata", "MiPortal")
        assert names_of("ckanext-mxopendata (+https://a.mx)") == ("ckanext-mxopendata", "mxopendata")


@pytest.mark.parametrize("form", ["{}@", "{}:clave@", ":clave@"])
def test_a_password_in_an_address_is_refused_and_not_repeated(fetch, loopback, form):
    target = f"http://{form.format('alguien')}{loopback.host}/data.json"
    redirecting = loopback.serve("/a", "", status=302, headers={"Location": target})
    for url in (target, redirecting):
        error = failure(lambda url=url: fetch(url))
        shown = repr(error.finding.to_dict())
        assert error.finding.code == "http_password_in_address"
        assert "alguien" not in shown
        assert ":clave@h" not in shown
    with pytest.raises(SourceError) as bad:
        fetch("http://alguien:clave@datos.ejemplo.gob.mx:puerto/")
    assert "alguien" not in repr(bad.value.finding.to_dict())
