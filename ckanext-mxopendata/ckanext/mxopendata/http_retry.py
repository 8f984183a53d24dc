"""When a fetch that failed is tried again, and how long it waits before: what the server asks for, within reason."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz

from ckanext.mxopendata.http_errors import FetchError, host_of
from ckanext.mxopendata.metadata.findings import Finding

# What passes by itself more often than not. Who refuses (401, 403, 451) or has nothing (404) is not asked again.
PASSING = frozenset(
    {
        "http_unknown_host",
        "http_unreachable",
        "http_timeout",
        "http_broken_answer",
        "http_too_many_requests",
        "http_server_error",
    }
)
# An answer that asks for an hour must not hold a worker: the run ends and says when to come back.
MAXIMUM_RETRY_AFTER = 30.0
FIRST_WAIT = 0.5
JITTER = 0.5


def asked_to_wait(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that an answer asks to wait (``Retry-After``), or ``None``.

    A date is held against the server's own clock where the answer tells it: a clock that is an hour off must not become
    an hour of waiting.

    Args:
        headers: those of the answer.
        now: our own time, in seconds since 1970, where it is not the present.
    """
    asked = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", asked):
        return float(asked)
    until = _moment(asked)
    if until is None:
        return None
    there = _moment(headers.get("Date") or "")
    here = time.time() if now is None else now
    return max(0.0, until - (here if there is None else there))


def wait_before(error: FetchError, attempt: int, retries: int) -> float | None:
    """Seconds to wait before the next attempt, or ``None`` where there is no use in one.

    Args:
        error: how the last attempt ended.
        attempt: its number, from 1.
        retries: how many more there may be after the first.

    Raises:
        FetchError: where the server asks to wait longer than a worker may; it says how long.
    """
    if error.finding.code not in PASSING:
        return None
    if error.retry_after is not None and error.retry_after > MAXIMUM_RETRY_AFTER:
        raise come_back_later(error) from error
    if attempt > retries:
        return None
    if error.retry_after is not None:
        return error.retry_after
    # The jitter keeps those whom one failure hit at once from coming back at once.
    return FIRST_WAIT * 2 ** (attempt - 1) + random.random() * JITTER  # noqa: S311 - no secret


def come_back_later(error: FetchError) -> FetchError:
    """The same refusal, with the time after which the server wants to be asked again."""
    url = error.finding.location or ""
    minutes = max(1, round((error.retry_after or 0) / 60))
    details = {"host": host_of(url), "status": error.finding.value}
    finding = Finding("http_come_back_later", location=url, value=str(minutes), details=details)
    return FetchError(finding, error.retry_after)


def _moment(text: str) -> float | None:
    try:
        parsed = parsedate_tz(text)
        return None if parsed is None else float(mktime_tz(parsed))
    except (ValueError, OverflowError):
        return None
