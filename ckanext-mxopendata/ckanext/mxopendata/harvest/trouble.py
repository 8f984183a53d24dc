"""Tells a service that is away from a fault of a record or of ours, and waits for it for a while."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pysolr
import redis
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError

from ckan import model
from ckan.lib import search

log = logging.getLogger(__name__)

# PostgreSQL, Solr and Redis are restarted in less; a consumer has 180 s for a message, of which 80 are for work.
PATIENCE = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
# Work that went well for so long before it failed met another trouble than the one before.
_STEADY = 30.0
# Classes of PostgreSQL's codes: connections, collisions, resources (a full disk), locks, an end asked for, the system.
_PASSING = frozenset(("08", "40", "53", "55", "57", "58"))
# SQLAlchemy's code for a connection that was lost in a transaction.
_LOST = "8s2b"
Result = TypeVar("Result")


def is_trouble(error: BaseException) -> bool:
    """Whether an exception says that PostgreSQL, Solr or Redis is away, and nothing about what was being done."""
    return any(_is_trouble(reason) for reason in _reasons(error))


def patiently(work: Callable[[], Result]) -> Result:
    """Do something again and again while a service is away, for :data:`PATIENCE` at most.

    Args:
        work: can be done again; what it had not committed is rolled back before.

    Returns:
        What ``work`` returns.

    Raises:
        Exception: of ``work``, where no service is to blame, or the time is over.
    """
    pause, away_since = _FIRST_PAUSE, None
    while True:
        began = time.monotonic()
        try:
            return work()
        except Exception as error:
            now = time.monotonic()
            if away_since is None or now - began > _STEADY:
                pause, away_since = _FIRST_PAUSE, now
            if not is_trouble(error) or now - away_since > PATIENCE:
                raise
            log.warning("a service does not answer (%s): tried again in %.1f s", type(error).__name__, pause)
        forget_transaction()
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def forget_transaction() -> None:
    """Roll back what a lost connection left half-done, so that the session can be used again."""
    with contextlib.suppress(DBAPIError):
        model.Session.rollback()
        # What CKAN opens within a transaction is one of its own.
        while model.Session().in_nested_transaction():
            model.Session.rollback()


def _is_trouble(error: BaseException) -> bool:
    if isinstance(error, (search.SearchIndexError, redis.ConnectionError, redis.TimeoutError)):
        return True
    if isinstance(error, PendingRollbackError):
        return error.code == _LOST
    if isinstance(error, DBAPIError):
        # Where the connection broke there is no code; a value too long for an index has one, and is no trouble.
        code = getattr(error.orig, "pgcode", None)
        broken = isinstance(error, (OperationalError, InterfaceError)) and code is None
        return error.connection_invalidated or broken or (code or "")[:2] in _PASSING
    return isinstance(error, (pysolr.SolrError, search.SearchError)) and not search.is_available()


def _reasons(error: BaseException) -> Iterator[BaseException]:
    """An exception and those it was made of."""
    reason: BaseException | None = error
    while reason is not None:
        yield reason
        reason = reason.__cause__
