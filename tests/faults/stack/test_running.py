"""The stack up, up again, hurt and stopped. The tests of this module go on from one to the next."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
import urllib.request
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from local import files, processes, programs

pytestmark = pytest.mark.faults

WORKERS = ("gather", "fetch-1", "fetch-2", "jobs")
# redis-py gives up after five seconds of quiet; a consumer that dies of it does so soon after.
QUIET_SECONDS = 8.0


def call(stack: dict[str, Any], action: str, **data: Any) -> Any:
    request = urllib.request.Request(
        f"{stack['url']}/api/3/action/{action}",
        data=json.dumps(data).encode(),
        headers={"Authorization": stack["users"][0]["token"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["result"]


@pytest.fixture(scope="module")
def stack(home) -> dict[str, Any]:
    done = home.make("up")
    assert done.returncode == 0, done.stdout
    return files.read_json(home.settings.stack_file)


def test_stack_json_says_how_to_reach_everything(home, stack: dict[str, Any]) -> None:
    assert stack["url"] == f"http://127.0.0.1:{home.port}"
    assert call(stack, "status_show")["locale_default"] == "es"
    assert [user["role"] for user in stack["users"]] == ["sysadmin"]
    assert call(stack, "user_show", id=stack["users"][0]["name"])["sysadmin"] is True
    assert stack["ckan"][1:] == ["-c", stack["ini"]]
    assert {"solr", "database", "redis", "portals", "seconds"} <= set(stack)
    assert stat.S_IMODE(home.settings.stack_file.stat().st_mode) == 0o600


def test_the_sysadmin_logs_in_with_the_password(stack: dict[str, Any]) -> None:
    import requests
    from bs4 import BeautifulSoup

    user = stack["users"][0]
    with requests.Session() as browser:
        page = BeautifulSoup(browser.get(f"{stack['url']}/user/login", timeout=60).text, "html.parser")
        token = page.find("input", {"name": "_csrf_token"})
        answer = browser.post(
            f"{stack['url']}/user/login",
            data={"login": user["name"], "password": user["password"], "_csrf_token": token["value"]},
            timeout=60,
        )
        assert user["name"] in answer.text
        assert browser.get(f"{stack['url']}/ckan-admin/", timeout=60).status_code == 200


def test_only_the_loopback_is_listened_on(home, stack: dict[str, Any]) -> None:
    sockets = chain.from_iterable(home.told(lambda process: process.net_connections(kind="inet")))
    listening = [socket.laddr.ip for socket in sockets if socket.status == "LISTEN"]
    assert len(listening) >= 4, "site, PostgreSQL, Valkey and Solr"
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_postgresql_is_not_run_by_root(home, stack: dict[str, Any]) -> None:
    told = home.told(lambda process: (process.name(), process.uids().real))
    users = {user for name, user in told if name == "postgres"}
    assert users
    assert 0 not in users


def test_searching_is_spanish(stack: dict[str, Any]) -> None:
    call(stack, "organization_create", name="educacion-publica", title="Secretaría de Educación Pública")
    found = call(stack, "organization_autocomplete", q="Secretaría")
    assert [organization["name"] for organization in found] == ["educacion-publica"]


def test_consumers_outlive_the_quiet(home, stack: dict[str, Any], eventually: Callable[..., None]) -> None:
    settings = home.settings
    eventually(lambda: all(programs.running(settings, name) for name in WORKERS))
    before = {name: programs.running(settings, name) for name in WORKERS}
    # They need some seconds to start; only then does the quiet begin.
    import redis

    with redis.Redis.from_url(stack["redis"]) as server:
        eventually(lambda: sum(client["cmd"] == "blpop" for client in server.client_list()) >= 3)
    time.sleep(QUIET_SECONDS)
    assert {name: programs.running(settings, name) for name in WORKERS} == before
    assert not [name for name in WORKERS if programs.exits_file(settings.home, name).exists()]


def test_a_killed_consumer_is_started_again(home, stack: dict[str, Any], eventually: Callable[..., None]) -> None:
    first = programs.running(home.settings, "gather")
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    eventually(lambda: programs.running(home.settings, "gather") not in (None, first))


def test_a_killed_site_is_started_again(home, stack: dict[str, Any], eventually: Callable[..., None]) -> None:
    first = programs.running(home.settings, "site")
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)

    def answers() -> bool:
        try:
            return bool(call(stack, "status_show"))
        except OSError:
            return False

    eventually(lambda: programs.running(home.settings, "site") not in (None, first) and answers(), 60)


def test_a_second_up_leaves_what_runs_alone(home, stack: dict[str, Any]) -> None:
    names = ("postgres", "valkey", "solr", "site", *WORKERS)
    before = {name: programs.running(home.settings, name) for name in names}
    done = home.make("up")
    assert done.returncode == 0, done.stdout
    assert {name: programs.running(home.settings, name) for name in names} == before
    again = files.read_json(home.settings.stack_file)
    assert {key: value for key, value in again.items() if key != "seconds"} == {
        key: value for key, value in stack.items() if key != "seconds"
    }


def test_ctrl_c_leaves_alone_what_ran_before(home, stack: dict[str, Any], eventually: Callable[..., None]) -> None:
    before = programs.running(home.settings, "site")
    lock = home.path / "lock"
    last = lock.read_text()
    child = home.start("up")
    eventually(lambda: lock.read_text() not in ("", last))
    os.killpg(child.pid, signal.SIGINT)
    printed, _ = child.communicate(timeout=90)
    assert "Interrumpido" in printed
    assert before is not None
    assert programs.running(home.settings, "site") == before


def test_two_at_once_do_not_collide(home, stack: dict[str, Any], eventually: Callable[..., None]) -> None:
    first = home.start("up")
    try:
        lock = home.path / "lock"
        eventually(lambda: processes.start_time(int(lock.read_text() or 0)) is not None)
        second = home.make("up")
    finally:
        printed, _ = first.communicate(timeout=120)
    assert first.returncode == 0, printed
    assert second.returncode != 0
    assert "Otro comando trabaja ya" in second.stdout


def test_a_killed_supervisor_is_no_obstacle(home, stack: dict[str, Any], eventually: Callable[..., None]) -> None:
    chief = processes.recorded(programs.supervisor_file(home.path))
    assert chief is not None
    os.kill(chief.pid, signal.SIGKILL)
    eventually(lambda: not home.processes())
    done = home.make("up")
    assert done.returncode == 0, done.stdout
    found = call(files.read_json(home.settings.stack_file), "organization_list")
    assert found == ["educacion-publica"], "what was stored is still there"


def test_stop_leaves_nothing_and_keeps_the_data(home, stack: dict[str, Any]) -> None:
    done = home.make("stop")
    assert done.returncode == 0, done.stdout
    assert home.processes() == []
    again = home.make("stop")
    assert again.returncode == 0, again.stdout
