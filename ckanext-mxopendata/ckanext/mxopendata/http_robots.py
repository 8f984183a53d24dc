"""What a host's ``robots.txt`` says to us.

RFC 9309 speaks to crawlers, which find addresses by following links; a harvest asks one address that its operator was
given or has published for programs. CKAN's own ``robots.txt`` keeps every crawler from ``/api/``, that of Drupal (DKAN)
is alike: read to the letter, the two largest families of open data portals would be closed to all harvesters, although
their owners publish the API for them. So:

* rules for everybody (``User-agent: *``) do not close the address of a source; their ``Crawl-delay`` is kept;
* rules that name us are meant for us, and are kept to the letter, ``Crawl-delay`` included.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

OUR_NAMES = ("ckanext-mxopendata", "mxopendata")
# RFC 9309 asks to read 500 KiB at least and to keep a copy for 24 hours at most.
MAXIMUM_BYTES = 512 * 1024
KEPT_SECONDS = 3600.0
# A host that did not answer is asked again soon, but not before each page.
UNANSWERED_SECONDS = 300.0
KEPT_HOSTS = 1000
# A longer delay than this is none that a list of pages could be read with.
MAXIMUM_DELAY = 30.0
# A product token; a version after it, which RFC 9309 does not know, is left out.
_AGENT_LINE = re.compile(r"^[ \t]*user-agent[ \t]*:[ \t]*([^\s#/;]+).*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Rules:
    """What one host says to us.

    Attributes:
        name: how its rules name us, or ``None`` where they do not.
        delay: seconds from one request to the next; 0 where it says nothing.
        file: the rules themselves, or ``None`` where there are none.
    """

    name: str | None = None
    delay: float = 0.0
    file: Protego | None = None

    def refuses(self, url: str) -> bool:
        """Whether an address is closed to us by name."""
        return self.name is not None and self.file is not None and not self.file.can_fetch(url, self.name)


NO_RULES = Rules()


def read_rules(text: str, names: Iterable[str]) -> Rules:
    """What a ``robots.txt`` says to who bears one of the names.

    Args:
        text: its content; what is no line of such a file is skipped.
        names: product tokens, as in the header ``User-Agent``.
    """
    text = text.removeprefix("\ufeff")
    file = Protego.parse(_AGENT_LINE.sub(r"User-agent: \1", text))
    named = {name.lower() for name in _AGENT_LINE.findall(text)}
    name = next((ours for ours in names if ours.lower() in named), None)
    delay = file.crawl_delay(name or "*") or 0.0
    return Rules(name, min(max(float(delay), 0.0), MAXIMUM_DELAY), file)


def names_of(user_agent: str) -> tuple[str, ...]:
    """The names we answer to: our own, and that of the header ``User-Agent`` where it is another."""
    product = re.split(r"[/\s;(]", user_agent.strip(), maxsplit=1)[0]
    return tuple(dict.fromkeys(name for name in (*OUR_NAMES, product) if name))


class RobotsMemory:
    """Remembers for a while what hosts said, so that each is asked once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, tuple[str, ...]], tuple[float, Rules]] = {}

    def rules(self, url: str, user_agent: str, fetch: Callable[[str], str | None]) -> Rules:
        """The rules for an address.

        Args:
            url: the address.
            user_agent: how we present ourselves.
            fetch: gives the text at an address; empty where there is none, ``None`` where the host did not answer well.
        """
        parts = urlsplit(url)
        origin, names = f"{parts.scheme.lower()}://{parts.netloc.lower()}", names_of(user_agent)
        with self._lock:
            until, known = self._known.get((origin, names), (0.0, NO_RULES))
        if self._clock() < until:
            return known
        text = fetch(f"{origin}/robots.txt")
        found = NO_RULES if text is None else read_rules(text, names)
        kept = UNANSWERED_SECONDS if text is None else KEPT_SECONDS
        with self._lock:
            if len(self._known) >= KEPT_HOSTS:
                self._known.clear()
            self._known[origin, names] = (self._clock() + kept, found)
        return found
