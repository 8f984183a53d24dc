"""Locks of PostgreSQL that end with the process that holds them, each on a connection of its own.

=================  ==========  ==============================================================
lock               held by     says
=================  ==========  ==============================================================
``opening(…)``     one         a run of this source is being opened, taken up or looked at
``working(…)``     many        a process works on this run
``held(run id)``   one         a process does for this run what only one may do at a time
=================  ==========  ==============================================================

A restart of PostgreSQL takes all locks away while the processes live on: what counts is therefore checked again in
the transaction that writes it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ckanext.mxopendata.harvest.stock import database

log = logging.getLogger(__name__)

_FUNCTIONS: Any = sa.func


@contextmanager
def held(key: str) -> Iterator[bool]:
    """Hold a lock alone; gives whether it could be had."""
    with _on_a_connection(key, "pg_try_advisory_lock", "pg_advisory_unlock") as mine:
        yield bool(mine)


@contextmanager
def opening(source_id: str) -> Iterator[None]:
    """Wait until nobody else opens or takes up a run of a source, and keep it so."""
    with _on_a_connection(opening_key(source_id), "pg_advisory_lock", "pg_advisory_unlock"):
        yield


def opening_key(source_id: str) -> str:
    """The lock of :func:`opening`, for who does not want to wait."""
    return f"opening:{source_id}"


@contextmanager
def working(run_id: str) -> Iterator[None]:
    """Say that this process works on a run, as others may at the same time."""
    with _on_a_connection(_working_key(run_id), "pg_advisory_lock_shared", "pg_advisory_unlock_shared"):
        yield


def nobody_works_on(run_id: str) -> AbstractContextManager[bool]:
    """Give whether no process works on a run; if so, none begins to while this is held."""
    return held(_working_key(run_id))


def _working_key(run_id: str) -> str:
    return f"working:{run_id}"


@contextmanager
def _on_a_connection(key: str, take: str, give: str) -> Iterator[Any]:
    name = sa.func.hashtextextended(f"mxopendata:{key}", 0)
    with database().connect() as bare:
        connection = bare.execution_options(isolation_level="AUTOCOMMIT")
        taken = connection.execute(sa.select(getattr(_FUNCTIONS, take)(name))).scalar()
        try:
            yield taken
        finally:
            if taken is not False:
                try:
                    connection.execute(sa.select(getattr(_FUNCTIONS, give)(name)))
                except DBAPIError as error:
                    # With its connection the lock is gone, too; what the caller has to say is more important.
                    log.info("the lock %s ended with its connection: %s", key, type(error).__name__)
