"""Asks for a computation after a change: one background job, however many changes there were.

The wish is noted while the change is made and the job sent when its transaction has been committed, so that the job
never runs before there is something to see. Without Redis nothing is sent: the next change, or the nightly command,
computes what was left.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timezone
from typing import Any

import redis
from sqlalchemy import event

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata import config
from ckanext.mxopendata.dashboard import computation

log = logging.getLogger(__name__)

_WANTED = "mxopendata_dashboard_computation_wanted"
# Should a worker die between taking the job and starting it, changes are heard again after this time.
_FORGOTTEN_AFTER_SECONDS = 600
_WAITS_FOR_OLDER_TRANSACTIONS = (1, 2, 4)


def want() -> None:
    """Ask for a computation when the current transaction has been committed."""
    model.Session().info[_WANTED] = True


def listen() -> None:
    """Hear when transactions of CKAN's session end; calling it again changes nothing."""
    for name, function in (("after_commit", _after_commit), ("after_soft_rollback", _after_rollback)):
        if not event.contains(model.Session, name, function):
            event.listen(model.Session, name, function)


def request() -> bool:
    """Send the background job, unless one is waiting already.

    Returns:
        Whether a job was sent.
    """
    try:
        if not connect_to_redis().set(_waiting_key(), "1", nx=True, ex=_FORGOTTEN_AFTER_SECONDS):
            return False
        tk.enqueue_job(run, title="mxopendata: indicators")
    except redis.RedisError as error:
        log.warning("no computation of indicators was asked for, Redis does not answer: %s", error)
        return False
    return True


def run() -> None:
    """The background job: compute what changed."""
    connect_to_redis().delete(_waiting_key())
    computation.compute(datetime.now(timezone.utc))
    for seconds in _WAITS_FOR_OLDER_TRANSACTIONS:
        if not computation.has_unread_changes():
            return
        time.sleep(seconds)
        computation.compute(datetime.now(timezone.utc))


def _waiting_key() -> str:
    return config.redis_key("dashboard:computation-waiting")


def _after_commit(session: Any) -> None:
    # A savepoint that ends makes nothing visible yet.
    if not session.in_nested_transaction() and session.info.pop(_WANTED, False):
        request()


def _after_rollback(session: Any, _previous: Any) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_WANTED, None)
