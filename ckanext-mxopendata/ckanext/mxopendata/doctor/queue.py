"""Checks of the harvest queues: which server keeps them, who waits for work, and whether any work stands still."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import redis
import rq
import sqlalchemy as sa

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata.doctor.check import Check, failed, passed

# ckanext-harvest waits for work with a blocking read that has no end of its own: a shorter time-out ends the consumer.
LONG_ENOUGH_SECONDS = 3600
# How much longer than the time-out a consumer must have waited to prove that it is not ended by it.
PROOF_SECONDS = 1.0
BLOCKING_COMMANDS = frozenset({"blpop"})
CONSUMER_QUERY = "socket_timeout=86400&socket_connect_timeout=5&socket_keepalive=true"
# A consumer can say which of the two it is: redis-py gives a connection the name that its address asks for.
NAMES = {"gather": "ckan-gather-consumer", "fetch": "ckan-fetch-consumer"}
LOOK_AGAIN_SECONDS = 0.5
NEW_FOR = timedelta(minutes=15)
# A carrier ends within two minutes, a large document is read within some; nothing healthy is silent for longer.
SILENT_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Readers:
    """Who reads the harvest queues.

    Attributes:
        named: kinds (``gather``, ``fetch``) whose consumers are connected and say who they are.
        busy: kinds of which a consumer has taken work and has not finished it.
        waiting: kinds that have work waiting which nobody takes.
        unnamed: how many consumers wait without saying which they are.
        keys: on how many keys of the server somebody waits, or ``None`` where the server does not tell.
    """

    named: frozenset[str]
    busy: frozenset[str]
    waiting: frozenset[str]
    unnamed: int
    keys: int | None

    def missing(self) -> frozenset[str] | None:
        """The kinds that nobody reads; ``None`` where one of the two lacks and nobody can say which."""
        unread = self.waiting - self.named - self.busy
        unknown = frozenset(NAMES) - self.named - self.busy - unread
        if not self.unnamed:
            return unread | unknown
        if len(unknown) > self.unnamed or (len(unknown) == len(NAMES) and self.keys == 1):
            return None
        return unread


def queue_type() -> Check:
    """Queues are kept by Redis: with another server ckanext-harvest never sends lost work again."""
    if not p.plugin_loaded("harvest"):
        return passed("queue_type", "off")
    kind = tk.config.get("ckan.harvest.mq.type") or "redis"
    if kind != "redis":
        return failed("queue_type", kind=kind)
    return passed("queue_type")


def redis_timeout() -> Check:
    """Consumers are not ended by redis-py after five seconds of quiet (redis-py 8 with ckanext-harvest 1.6)."""
    if not _on_redis():
        return passed("redis_timeout", "off")
    connection = harvest_redis()
    timeout = getattr(connection.connection_pool.make_connection(), "socket_timeout", None)
    if timeout is None or timeout >= LONG_ENOUGH_SECONDS:
        return passed("redis_timeout", seconds=timeout or "∞")
    # This process has a short one; the consumers may have been given their own, as they should.
    proof = timeout + PROOF_SECONDS
    words = {"seconds": timeout, "query": CONSUMER_QUERY, **_addresses(connection)}
    deadline = time.monotonic() + proof
    waiting = waiting_consumers(connection)
    if not waiting:
        return failed("redis_timeout", "unproven", **words)
    while waiting:
        idle = max(int(client["idle"]) for client in waiting)
        # Those that get work all the time never wait that long; they are not ended either.
        if idle >= proof or time.monotonic() > deadline:
            return passed("redis_timeout", seconds=max(int(client["age"]) for client in waiting))
        time.sleep(LOOK_AGAIN_SECONDS)
        waiting = waiting_consumers(connection)
    return failed("redis_timeout", **words)


def consumers() -> Check:
    """A gather consumer and a fetch consumer are there."""
    if not _on_redis():
        return passed("consumers", "off")
    connection = harvest_redis()
    readers = look_at_readers(connection)
    missing = readers.missing()
    words = {"query": CONSUMER_QUERY, **_addresses(connection)}
    if missing is None:
        return failed("consumers", "one", count=readers.unnamed, **words)
    if len(missing) == len(NAMES):
        return failed("consumers", **words)
    if missing:
        (kind,) = missing
        return failed("consumers", "kind", kind=kind, name=NAMES[kind], **words)
    return passed("consumers", count=len(waiting_consumers(connection)))


def queues() -> Check:
    """No harvest stands still: jobs are begun soon, and those begun move."""
    if not p.plugin_loaded("harvest"):
        return passed("queues", "off")
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    unread = _unread() if _on_redis() else {}
    jobs = sa.table("harvest_job", *map(sa.column, ("id", "status", "created", "gather_started", "gather_finished")))
    fresh = sa.select(sa.func.count()).select_from(jobs).where(jobs.c.status == "New", jobs.c.created < now - NEW_FOR)
    new: int = model.Session.scalar(fresh) or 0
    if unread:
        kind, count = max(unread.items(), key=lambda item: item[1])
        return failed("queues", count=count, kind=kind, name=NAMES[kind], new=new)
    if new:
        return failed("queues", "new", count=new, minutes=NEW_FOR.seconds // 60)
    silent = _silent_jobs(now)
    if silent:
        return failed("queues", "silent", count=len(silent), first=silent[0], minutes=SILENT_FOR.seconds // 60)
    return passed("queues")


def _unread() -> dict[str, int]:
    """Kind → how much work waits that nobody reads."""
    connection = harvest_redis()
    readers = look_at_readers(connection)
    return {kind: connection.llen(_key(kind)) for kind in readers.waiting - readers.named - readers.busy}


def _silent_jobs(now: datetime) -> list[str]:
    """Names of the sources whose running job has objects to do and did nothing for :data:`SILENT_FOR`."""
    query = sa.text(
        """
        SELECT package.name
        FROM harvest_job AS job JOIN package ON package.id = job.source_id
        LEFT JOIN harvest_object AS object ON object.harvest_job_id = job.id
        WHERE job.status = 'Running'
        GROUP BY job.id, package.name
        HAVING (job.gather_finished IS NULL OR bool_or(object.state NOT IN ('COMPLETE', 'ERROR')))
           AND greatest(job.created, job.gather_started, job.gather_finished, max(object.gathered),
                        max(object.fetch_started), max(object.import_started), max(object.import_finished)) < :since
        ORDER BY package.name
        """
    )
    return list(model.Session.scalars(query, {"since": now - SILENT_FOR}))


def _on_redis() -> bool:
    return p.plugin_loaded("harvest") and (tk.config.get("ckan.harvest.mq.type") or "redis") == "redis"


def harvest_redis() -> Any:
    """A connection to the server of the harvest queues, which need not be the one of CKAN itself."""
    from ckanext.harvest.queue import get_connection

    return get_connection()


def look_at_readers(connection: Any) -> Readers:
    """See who reads the two queues.

    A consumer that waits does not say on which queue; but a list that has work has nobody waiting on it, and work that
    was taken leaves a mark until it is done.
    """
    clients = consumer_clients(connection)
    named = frozenset(kind for kind, name in NAMES.items() if any(client["name"] == name for client in clients))
    unnamed = [client for client in clients if client["name"] not in NAMES.values()]
    before = {kind for kind in NAMES if connection.llen(_key(kind))}
    if before:
        time.sleep(LOOK_AGAIN_SECONDS)
    waiting = frozenset(kind for kind in before if connection.llen(_key(kind)))
    busy = frozenset(kind for kind in NAMES if next(connection.scan_iter(f"{_key(kind)}:*", count=1000), None))
    keys = connection.info("clients").get("total_blocking_keys")
    return Readers(named, busy, waiting, len(unnamed), None if keys is None else int(keys))


def waiting_consumers(connection: Any) -> list[dict[str, Any]]:
    """Those of the consumers that wait for work just now."""
    return [client for client in consumer_clients(connection) if client["cmd"] in BLOCKING_COMMANDS]


def consumer_clients(connection: Any) -> list[dict[str, Any]]:
    """The consumers among the server's clients: those that say so, and those that wait as ckanext-harvest does."""
    database = str(connection.connection_pool.connection_kwargs.get("db") or 0)
    workers = _worker_names()
    return [
        client
        for client in connection.client_list()
        if client["db"] == database
        and client["name"] not in workers
        and (client["name"] in NAMES.values() or client["cmd"] in BLOCKING_COMMANDS)
    ]


def _worker_names() -> frozenset[str]:
    """Background workers wait with the same command; they carry their own names."""
    try:
        return frozenset(worker.name for worker in rq.Worker.all(connection=connect_to_redis()))
    except redis.RedisError:
        return frozenset()


def _key(kind: str) -> str:
    from ckanext.harvest import queue

    return queue.get_gather_routing_key() if kind == "gather" else queue.get_fetch_routing_key()


def _addresses(connection: Any) -> dict[str, str]:
    words = connection.connection_pool.connection_kwargs
    host, port, database = words.get("host", "localhost"), words.get("port", 6379), words.get("db") or 0
    # Whoever reads the doctor's words need not know the password.
    secret = ":CLAVE@" if words.get("password") else ""
    return {"address": f"redis://{secret}{host}:{port}/{database}"}
