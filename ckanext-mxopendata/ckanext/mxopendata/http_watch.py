"""Ends the connections of a fetch when its time is over, whatever the server does meanwhile.

A time-out between two bytes does not end a server that drips one byte a second, be it of its headers, of its body or of
the beginning of TLS. Here somebody looks at the clock beside the one who reads.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import weakref
from collections.abc import Iterator

# A little later than the deadline, so that who reads knows what ended the answer.
LATENESS = 0.1


class Watch:
    """The connections of one client, and the time its present fetch has."""

    def __init__(self) -> None:
        self._deadline: float | None = None
        self._connections: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Give what happens in this context so many seconds; after them its connections end."""
        self._deadline = time.monotonic() + seconds
        clock = threading.Timer(seconds + LATENESS, self._hang_up)
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()
            self._deadline = None

    def over(self) -> bool:
        """Whether the time of the present fetch is over."""
        return self.left() <= 0

    def left(self) -> float:
        """Seconds the present fetch still has."""
        return float("inf") if self._deadline is None else self._deadline - time.monotonic()

    def see(self, connection: socket.socket) -> None:
        """Watch a connection, as long as somebody uses it.

        Raises:
            TimeoutError: where it comes too late.
        """
        with self._lock:
            self._connections.add(connection)
        if self.over():
            raise TimeoutError

    def _hang_up(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                # Not the method of a TLS socket: it would also forget its state, under the hands of who reads.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
