"""Harvest queues: consumers that end, that lack, that stand still."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import Any

import pytest
import redis
import rq

import ckan.plugins.toolkit as tk

from ckanext.harvest.queue import get_fetch_routing_key, get_gather_routing_key

from ckanext.mxopendata.doctor import queue

from .conftest import ago, assert_broken

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


@contextmanager
def consumer(key: str, name: str = "", timeout: float | None = None) -> Iterator[None]:
    """A process that waits on a queue as ckanext-harvest's consumers do, and ends where its time-out ends it."""
    url = tk.config["ckan.redis.url"].partition("?")[0]
    client = redis.Redis.from_url(url, client_name=name or None, socket_timeout=timeout, decode_responses=True)
    ours = redis.Redis.from_url(url, decode_responses=True)
    before = {one["id"] for one in ours.client_list()}

    def wait() -> None:
        try:
            client.blpop([key])
        except redis.RedisError:
            client.close()

    thread = Thread(target=wait, daemon=True)
    thread.start()
    deadline = time.monotonic() + 5
    while True:
        blocked = [one for one in ours.client_list() if one["id"] not in before and one["cmd"] == "blpop"]
        if blocked:
            break
        assert time.monotonic() < deadline, "the consumer did not begin to wait"
        time.sleep(0.02)
    try:
        yield
    finally:
        for one in blocked:
            ours.execute_command("CLIENT", "KILL", "ID", one["id"])
        thread.join(timeout=5)
        client.close()
        ours.close()


def test_another_queue_than_redis_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    assert queue.queue_type().ok
    monkeypatch.setitem(tk.config, "ckan.harvest.mq.type", "amqp")
    words = assert_broken(queue.queue_type(), "doctor_queue_type")
    assert words["cure"].partition(" ; ")[0].endswith("ckan.harvest.mq.type = redis")
    for check in (queue.redis_timeout, queue.consumers):
        assert check().ok


@pytest.fixture
def short_timeout(own_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> redis.Redis:
    """CKAN's address ends every wait after half a second."""
    monkeypatch.setattr(queue, "PROOF_SECONDS", 0.6)
    monkeypatch.setattr(queue, "LOOK_AGAIN_SECONDS", 0.1)
    bare = tk.config["ckan.redis.url"].partition("?")[0]
    monkeypatch.setitem(tk.config, "ckan.redis.url", f"{bare}?socket_timeout=0.5")
    return own_redis


def test_a_consumer_that_is_ended_by_its_time_out_is_an_error(short_timeout: redis.Redis):
    with consumer(get_gather_routing_key(), timeout=0.5):
        words = assert_broken(queue.redis_timeout(), "doctor_redis_timeout")
    assert words["severity"] == "error"
    assert "socket_timeout=86400" in words["cure"]


def test_a_consumer_with_an_address_of_its_own_passes(short_timeout: redis.Redis):
    with consumer(get_gather_routing_key(), timeout=60):
        assert queue.redis_timeout().ok


def test_a_short_time_out_without_a_consumer_is_a_warning(short_timeout: redis.Redis):
    assert_broken(queue.redis_timeout(), "doctor_redis_timeout_unproven")


def test_the_password_of_redis_is_not_printed(short_timeout: redis.Redis, monkeypatch: pytest.MonkeyPatch):
    short_timeout.config_set("requirepass", "Muy-Secreto-77")
    try:
        bare = tk.config["ckan.redis.url"].partition("//")[2]
        monkeypatch.setitem(tk.config, "ckan.redis.url", f"redis://:Muy-Secreto-77@{bare}")
        words = assert_broken(queue.redis_timeout(), "doctor_redis_timeout_unproven")
        assert "Muy-Secreto" not in words["cure"]
        assert "redis://:CLAVE@127.0.0.1" in words["cure"]
    finally:
        short_timeout.config_set("requirepass", "")


@pytest.mark.usefixtures("own_redis")
def test_no_consumer_is_a_warning():
    words = assert_broken(queue.consumers(), "doctor_consumers")
    assert "supervisorctl start ckan-gather-consumer ckan-fetch-consumer:*" in words["cure"]


@pytest.mark.usefixtures("own_redis")
def test_two_consumers_pass_with_names_and_without():
    for names in (("", ""), ("ckan-gather-consumer", "ckan-fetch-consumer"), ("ckan-gather-consumer", "")):
        with consumer(get_gather_routing_key(), names[0]), consumer(get_fetch_routing_key(), names[1]):
            assert queue.consumers().ok, names


@pytest.mark.usefixtures("own_redis")
@pytest.mark.parametrize(("there", "missing"), [("gather", "fetch"), ("fetch", "gather")])
def test_a_named_consumer_without_the_other_is_a_warning(there: str, missing: str):
    with consumer(queue._key(there), queue.NAMES[there]):
        words = assert_broken(queue.consumers(), "doctor_consumers_kind")
    assert f"«{missing}»" in words["message"]
    assert f"supervisorctl start ckan-{missing}-consumer" in words["cure"]


@pytest.mark.usefixtures("own_redis")
@pytest.mark.parametrize("count", [1, 2])
def test_consumers_without_names_on_one_queue_only_are_a_warning(count: int):
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(consumer(get_fetch_routing_key()))
        if count == 2 and queue.look_at_readers(queue.harvest_redis()).keys is None:
            pytest.skip("this server does not tell on how many keys somebody waits")
        assert_broken(queue.consumers(), "doctor_consumers_one")


def test_work_that_nobody_takes_tells_which_consumer_lacks(own_redis: redis.Redis):
    """Two wait, without names, but on one queue; what lies in the other says so."""
    own_redis.rpush(get_gather_routing_key(), json.dumps({"harvest_job_id": "x"}))
    with consumer(get_fetch_routing_key()), consumer(get_fetch_routing_key()):
        assert "«gather»" in assert_broken(queue.consumers(), "doctor_consumers_kind")["message"]
        words = assert_broken(queue.queues(), "doctor_queues")
    assert words["message"] == "Hay 1 trabajos en la cola «gather» y nadie los lee."
    assert "ckan-gather-consumer" in words["cure"]


def test_a_consumer_at_work_is_one(own_redis: redis.Redis):
    """It has taken its work, left its mark and waits for nothing; more work lies in the queue."""
    own_redis.set(f"{get_fetch_routing_key()}:object-1", "2026-11-22 20:00:00.0")
    own_redis.rpush(get_fetch_routing_key(), json.dumps({"harvest_object_id": "object-2"}))
    with consumer(get_gather_routing_key()):
        assert queue.consumers().ok
        assert queue.queues().ok


def test_background_workers_and_other_sites_are_no_consumers(own_redis: redis.Redis):
    worker = rq.Worker(["ckan:test:default"], connection=redis.Redis.from_url(tk.config["ckan.redis.url"]))
    worker.register_birth()
    try:
        with consumer("rq:queue:ckan:test:default", worker.name):
            assert_broken(queue.consumers(), "doctor_consumers")
    finally:
        worker.register_death()


def test_a_harvest_that_does_not_begin_is_an_error(
    own_redis: redis.Redis, make_source: Callable[..., dict[str, Any]], make_job: Callable[..., str]
):
    source = make_source()
    make_job(source["id"], "New", ago(minutes=5))
    assert queue.queues().ok
    make_job(source["id"], "New", ago(minutes=50))
    assert_broken(queue.queues(), "doctor_queues_new")


def test_a_harvest_that_does_not_move_is_an_error(
    own_redis: redis.Redis, make_source: Callable[..., dict[str, Any]], make_job: Callable[..., str]
):
    source, other = make_source(), make_source()
    make_job(source["id"], "Running", ago(minutes=20), "WAITING", gather_finished=ago(minutes=20))
    assert queue.queues().ok
    make_job(other["id"], "Running", ago(hours=3), "FETCH", gather_finished=ago(hours=3))
    words = assert_broken(queue.queues(), "doctor_queues_silent")
    assert words["cure"].endswith(f"harvester job-abort {other['name']}")
    assert words["message"].startswith("1 cosechas")
