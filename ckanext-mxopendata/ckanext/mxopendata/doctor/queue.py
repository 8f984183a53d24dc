"""Checks of the harvest queue: consumers that stay alive, and whether there are any."""

from __future__ import annotations

from typing import Any

import redis

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata.doctor.check import Check, failed, passed

# ckanext-harvest waits for work with a blocking read that has no end of its own: a shorter time-out ends the consumer.
LONG_ENOUGH_SECONDS = 3600
# A consumer that has waited longer than this has outlived redis-py's default time-out of five seconds.
PROVEN_SECONDS = 10
BLOCKING_COMMANDS = frozenset({"blpop"})
CONSUMER_QUERY = "socket_timeout=86400&socket_connect_timeout=5&socket_keepalive=true"


def redis_timeout() -> Check:
    """Consumers are not ended by redis-py after five seconds of quiet (redis-py 8 with ckanext-harvest 1.6)."""
    if not p.plugin_loaded("mxopendata_harvest"):
        return passed("redis_timeout", seconds="–")
    try:
        waiting = _waiting_consumers()
    except redis.RedisError as error:
        return failed("redis_timeout", "away", error=type(error).__name__)
    if any(int(client["age"]) > PROVEN_SECONDS for client in waiting):
        return passed("redis_timeout", seconds=max(int(client["age"]) for client in waiting))
    timeout = getattr(connect_to_redis().connection_pool.make_connection(), "socket_timeout", None)
    if timeout is None or timeout >= LONG_ENOUGH_SECONDS:
        return passed("redis_timeout", seconds=timeout or "∞")
    return failed("redis_timeout", seconds=timeout, query=CONSUMER_QUERY)


def consumers() -> Check:
    """At least one process waits for harvest work."""
    if not p.plugin_loaded("mxopendata_harvest"):
        return passed("consumers", count=0)
    try:
        count = len(_waiting_consumers())
    except redis.RedisError as error:
        return failed("consumers", "away", error=type(error).__name__)
    if count == 0:
        return failed("consumers", site_id=tk.config["ckan.site_id"])
    return passed("consumers", count=count)


def _waiting_consumers() -> list[dict[str, Any]]:
    clients: list[dict[str, Any]] = connect_to_redis().client_list()
    return [client for client in clients if client["cmd"] in BLOCKING_COMMANDS]
