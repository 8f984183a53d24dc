"""One line of the log for each thing that happens to a run, ``key=value``, for people and for monitoring systems.

The logger is ``ckanext.mxopendata.harvest.events``. Names, numbers and codes only: no text of the portals, no person.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.harvest.model import COUNTERS, Run
from ckanext.mxopendata.metadata.findings import catalogue

log = logging.getLogger(__name__)

_PLAIN = re.compile(r"[\w.:/+@-]+")
_LEVELS = {"finished_with_errors": logging.WARNING, "held": logging.WARNING, "failed": logging.ERROR}


def line(event: str, facts: Mapping[str, Any]) -> str:
    """A line as logfmt has it: what is not one plain word stands in quotes, on the same line; ``None`` is left out."""
    pairs = [("event", event), *((key, value) for key, value in facts.items() if value is not None)]
    return " ".join(f"{key}={_value(value)}" for key, value in pairs)


def tell(event: str, run: Run, source: str, level: int = logging.INFO, **facts: Any) -> None:
    """Write a line.

    Args:
        event: what happened.
        run: to which run.
        source: name of its source.
        level: of :mod:`logging`.
        facts: what else is to be known.
    """
    log.log(level, "%s", line(event, {"source": source, "run": run.id, **facts}))


def tell_end(run: Run, source: Mapping[str, Any]) -> None:
    """Write the line of a run that ended.

    Args:
        run: the run.
        source: its name and institution.
    """
    seconds = (run.finished - run.started).total_seconds()
    facts = {
        "institution": source["institution"],
        "status": run.status,
        "cause": _cause(run),
        "seconds": round(seconds, 1),
        # A confirmed run has also waited for somebody to look at it.
        "rate": round(run.read / seconds, 1) if seconds > 0 and not run.confirmed else None,
        **{name: getattr(run, name) for name in COUNTERS},
    }
    tell("run_finished", run, source["name"], _LEVELS.get(run.status, logging.INFO), **facts)


def _cause(run: Run) -> str | None:
    """Code of the error that the list as a whole has, else of that which most records have."""
    records = sorted((run.causes or {}).items(), key=lambda cause: -cause[1])
    codes = [*(finding["code"] for finding in run.findings), *(code for code, _ in records)]
    return next((code for code in codes if catalogue().get(code, {}).get("severity") == "error"), None)


def _value(value: Any) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
