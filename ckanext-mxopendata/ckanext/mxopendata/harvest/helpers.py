"""Template helpers of the harvest room: the words for what the machine calls by a code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

import dateutil.parser
import sqlalchemy as sa
from babel.dates import format_datetime
from markupsafe import Markup, escape

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.harvest import report, trend
from ckanext.mxopendata.harvest.model import Identity, Run

__all__ = [
    "mxopendata_harvest_fields",
    "mxopendata_harvest_moment",
    "mxopendata_harvest_next",
    "mxopendata_harvest_origin",
    "mxopendata_harvest_rate",
    "mxopendata_harvest_schedules",
    "mxopendata_harvest_seconds",
    "mxopendata_harvest_tone",
    "mxopendata_harvest_trend",
    "mxopendata_harvest_words",
]

_TONES = {
    "finished": "success",
    "ok": "success",
    "advice": "info",
    "running": "info",
    "finished_with_warnings": "warning",
    "warning": "warning",
    "held": "warning",
    "late": "warning",
    "finished_with_errors": "danger",
    "errors": "danger",
    "failed": "danger",
    "error": "danger",
}

# Marks a text that is translated when it is shown; a page has hundreds of these words.
N_ = str
_WORDS: dict[str, dict[str, str]] = {
    "status": {
        "running": N_("Running"),
        "finished": N_("Finished"),
        "finished_with_warnings": N_("Finished with warnings"),
        "finished_with_errors": N_("Finished with errors"),
        "held": N_("Waiting for confirmation"),
        "failed": N_("Failed"),
    },
    "health": {
        "ok": N_("Well"),
        "errors": N_("With errors"),
        "held": N_("Waiting for confirmation"),
        "failed": N_("Failed"),
        "late": N_("Late"),
        "running": N_("Running"),
        "never": N_("Never harvested"),
        "off": N_("Switched off"),
    },
    "action": {
        "created": N_("New"),
        "updated": N_("Changed"),
        "unchanged": N_("Unchanged"),
        "matched": N_("Recognised"),
        "restored": N_("Restored"),
        "duplicate": N_("Duplicate"),
        "excluded": N_("Left out"),
        "rejected": N_("Rejected"),
        "in_grace": N_("Missing, waiting"),
        "archived": N_("Archived"),
        "deleted": N_("Removed"),
    },
    "record": {
        "created": N_("new"),
        "updated": N_("changed"),
        "unchanged": N_("unchanged"),
        "matched": N_("recognised"),
        "restored": N_("restored"),
        "duplicate": N_("duplicate"),
        "excluded": N_("left out"),
        "rejected": N_("rejected"),
        "in_grace": N_("missing, waiting"),
        "archived": N_("archived"),
        "deleted": N_("removed"),
    },
    "reading": {
        "full": N_("the whole list"),
        "changes": N_("only what changed since the harvest before"),
        "unmodified": N_("nothing: according to the portal, the catalogue is the one of the harvest before"),
    },
    "change": {
        "spelling": N_("written as the standard asks"),
        "cleaned": N_("cleaned of code, broken letters or characters that are not allowed"),
        "derived": N_("missing; it follows from the rest of the record"),
        "configured": N_("set by who harvests, in the configuration of the source"),
        "moved": N_("no value that is known; kept as a keyword or as terms of use"),
        "left_out": N_("not understood, so it is left out"),
        "further": N_("more changes than are listed"),
    },
    "severity": {"error": N_("Error"), "warning": N_("Warning"), "advice": N_("Advice")},
    "schedule": {
        "MANUAL": N_("By hand"),
        "ALWAYS": N_("Always"),
        "DAILY": N_("Daily"),
        "WEEKLY": N_("Weekly"),
        "BIWEEKLY": N_("Every two weeks"),
        "MONTHLY": N_("Monthly"),
    },
    "matched_by": {
        "identifier": N_("by its identifier"),
        "title": N_("by its title"),
        "harvester": N_("taken over from another harvester"),
        "source": N_("taken over from another source"),
        "origin": N_("by the origin it names"),
    },
}


def mxopendata_harvest_words(kind: str, code: str | None) -> str:
    """The reader's word for a code.

    Args:
        kind: ``status``, ``health``, ``action`` (of several records), ``record`` (of one), ``reading``, ``severity``,
            ``schedule`` or ``matched_by``.
        code: the code; ``None`` gives an empty text.
    """
    word = _WORDS[kind].get(code) if code else None
    return tk._(word) if word else code or ""


def mxopendata_harvest_schedules(codes: Iterable[str]) -> list[tuple[str, str]]:
    """How often a source may be harvested: codes with their words."""
    return [(code, mxopendata_harvest_words("schedule", code)) for code in codes]


def mxopendata_harvest_tone(code: str | None) -> str:
    """Bootstrap's colour for a status, a health or a severity; a word always stands beside it."""
    return _TONES.get(code or "", "secondary")


def mxopendata_harvest_moment(text: str | datetime | None, with_time: bool = True) -> Markup:
    """A time as people write it in the reader's language and the portal's time zone, in a ``time`` element.

    CKAN's own ``h.render_datetime`` writes Spanish dates in the English order.

    Args:
        text: a time with zone, as the actions give it, or ``None``.
        with_time: whether the hour is shown too.
    """
    if not text:
        return escape(tk._("No data"))
    moment = dateutil.parser.isoparse(text) if isinstance(text, str) else text
    local = moment.astimezone(tk.h.get_display_timezone())
    words = format_datetime(local, "d MMM y, HH:mm" if with_time else "d MMM y", locale=tk.h.lang())
    # format escapes what it puts in.
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), words)


def mxopendata_harvest_seconds(run: dict[str, Any]) -> float | None:
    """How long a run took, in seconds, or ``None`` while it is under way."""
    if not run["finished"]:
        return None
    length = dateutil.parser.isoparse(run["finished"]) - dateutil.parser.isoparse(run["started"])
    return round(length.total_seconds(), 1)


def mxopendata_harvest_rate(run: dict[str, Any]) -> str | None:
    """How many records a run dealt with in a second, or ``None`` where that says nothing."""
    seconds = mxopendata_harvest_seconds(run)
    # A run that waited for a confirmation was not at work all the time.
    if not seconds or not run["read"] or run["confirmed"]:
        return None
    rate = run["read"] / seconds
    # As Mexico and English write numbers; Babel's "es" is Spain.
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:,.1f}"


def mxopendata_harvest_next(source: dict[str, Any]) -> Markup:
    """When a source is harvested next."""
    if not source["enabled"]:
        return escape("–")
    if source["schedule"] == "MANUAL":
        return escape(tk._("By hand"))
    planned = source["next_run"]
    if planned is None or dateutil.parser.isoparse(planned) <= datetime.now(timezone.utc):
        return escape(tk._("Due now"))
    return mxopendata_harvest_moment(planned, with_time=False)


def mxopendata_harvest_trend(recent: list[dict[str, Any]]) -> Markup:
    """The last runs of a source as a drawing with words.

    Args:
        recent: as ``mxopendata_harvest_source_search`` gives them.
    """
    if not recent:
        return escape("–")
    amounts = Counter(run["status"] for run in recent)
    read = [run["read"] for run in recent if run["status"].startswith("finished")]
    parts = [f"{mxopendata_harvest_words('status', status)}: {amount}" for status, amount in amounts.items()]
    if read:
        parts.append(tk._("read: from {first} to {last}").format(first=read[0], last=read[-1]))
    return trend.drawing(recent, ", ".join(parts))


def mxopendata_harvest_origin(dataset_id: str) -> dict[str, Any] | None:
    """Where a dataset was harvested from, for its page.

    Args:
        dataset_id: id of the dataset.

    Returns:
        ``{"source", "source_title", "identifier", "absent_since", "last_read", "run"}`` (times with time zone, or
        ``None``), or ``None`` for a dataset that no source of ours wrote.
    """
    row = model.Session.execute(
        sa.select(Identity.source_id, Identity.identifier, Identity.absent_since)
        .where(Identity.dataset_id == dataset_id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    source = report.sources_by_id([row.source_id]).get(row.source_id)
    if source is None:
        return None
    last = model.Session.execute(
        sa.select(Run.id, Run.finished)
        .where(Run.source_id == row.source_id, Run.status.like("finished%"))
        .order_by(Run.started.desc())
        .limit(1)
    ).one_or_none()
    return {
        "source": source["name"],
        "source_title": source["title"],
        "identifier": row.identifier,
        "absent_since": row.absent_since,
        "last_read": last.finished if last else None,
        "run": last.id if last else None,
    }


def mxopendata_harvest_fields(dataset: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a dataset that is not stored yet would say: label of the field and value in words, as its form orders them.

    Args:
        dataset: as the mapping makes it.
    """
    schema = tk.h.scheming_get_dataset_schema("dataset") or {"dataset_fields": []}
    return [
        (tk.h.scheming_language_text(field["label"]), _in_words(field, dataset[field["field_name"]]))
        for field in schema["dataset_fields"]
        if dataset.get(field["field_name"]) not in (None, "", [], {})
    ]


def _in_words(field: Mapping[str, Any], value: Any) -> str:
    """A value as people read it; that of a choice by its label."""
    if isinstance(value, Mapping):
        return ", ".join(_in_words({}, each) for each in value.values() if each not in (None, ""))
    if isinstance(value, list):
        return "; ".join(_in_words(field, each) for each in value)
    choices = tk.h.scheming_field_choices(field) if field else None
    return str(tk.h.scheming_choices_label(choices, value) if choices else value)
