"""How fast one host may be asked, by all who ask it: sources, processes and machines together.

Who wants to ask takes the next free moment and waits for it; nobody holds anything meanwhile. The moments are kept in
CKAN's Redis, by its own clock; where Redis is away, in this process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# Who would have to wait longer gives its place to other work and comes again.
MAXIMUM_WAIT = 60.0
# How long after a request its moment still matters: no pace is slower.
REMEMBERED = 60.0
# How long Redis is left alone after it did not answer.
REDIS_PAUSE = 30.0
_DEFAULT_PORTS = {"http": 80, "https": 443}

# The last moment taken and how far the next has to be from it: of two sources with different paces, the slower one's
# distance is kept before and after it. Gives the wait in milliseconds, or -1 without taking a moment.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local mine, longest = tonumber(ARGV[1]), tonumber(ARGV[2])
local last, distance = unpack(redis.call('HMGET', KEYS[1], 'last', 'distance'))
local at = now
if last then
    at = math.max(now, tonumber(last) + math.max(mine, tonumber(distance)))
end
if at - now > longest then
    return -1
end
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', at), 'distance', string.format('%.0f', mine))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', at - now + tonumber(ARGV[3])))
return at - now
"""


class Pace(Protocol):
    """Gives moments to ask a host in."""

    def take(self, host: str, interval: float, longest: float = MAXIMUM_WAIT) -> float | None:
        """Take the next moment in which a host may be asked.

        Args:
            host: as :func:`host_key` names it.
            interval: seconds from one request to the next, at least.
            longest: seconds that are too long to wait.

        Returns:
            Seconds to wait for it, or ``None`` where that is longer than ``longest``; nothing is taken then.
        """
        ...


class ProcessPace:
    """The pace of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[str, tuple[float, float]] = {}

    def take(self, host: str, interval: float, longest: float = MAXIMUM_WAIT) -> float | None:
        """See :meth:`Pace.take`."""
        with self._lock:
            now = self._clock()
            self._last = {key: known for key, known in self._last.items() if known[0] + REMEMBERED > now}
            last, distance = self._last.get(host, (now - REMEMBERED, 0.0))
            at = max(now, last + max(interval, distance))
            if at - now > longest:
                return None
            self._last[host] = (at, interval)
            return at - now


class SharedPace:
    """The pace of all processes that share a Redis."""

    def __init__(
        self, connect: Callable[[], Any], key: Callable[[str], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect = connect
        self._key = key
        self._clock = clock
        self._alone = ProcessPace(clock)
        self._alone_until = 0.0

    def take(self, host: str, interval: float, longest: float = MAXIMUM_WAIT) -> float | None:
        """See :meth:`Pace.take`."""
        if self._clock() >= self._alone_until:
            try:
                arguments = (round(interval * 1000), round(longest * 1000), round(REMEMBERED * 1000))
                milliseconds = self._connect().eval(_TAKE, 1, self._key(host), *arguments)
                return None if milliseconds < 0 else milliseconds / 1000
            except RedisError as error:
                self._alone_until = self._clock() + REDIS_PAUSE
                log.warning("Redis is away (%s): each process keeps a pace of its own", type(error).__name__)
        return self._alone.take(host, interval, longest)


def host_key(url: str) -> str:
    """The host of an address, with its port where that is not the usual one."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    usual = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme.lower())
    return host if usual else f"{host}:{parts.port}"
