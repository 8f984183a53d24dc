"""The last runs of a source as a small drawing, with the same in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

_STEP, _HEIGHT = 7, 20
_MARK = 6
_KINDS = {
    "finished": "good",
    "finished_with_warnings": "good",
    "finished_with_errors": "poor",
    "held": "held",
    "running": "held",
    "failed": "bad",
}


def drawing(recent: Sequence[Mapping[str, Any]], words: str) -> Markup:
    """A bar for each run, as high as it read much; a cross for one that failed.

    Args:
        recent: ``status`` and ``read`` of each, the oldest first.
        words: what the drawing says, for who does not see it.
    """
    most = max((run["read"] for run in recent), default=0) or 1
    strokes: dict[str, list[str]] = {}
    for place, run in enumerate(recent):
        kind = _KINDS[run["status"]]
        left = place * _STEP + 1
        if kind == "bad":
            stroke = f"M{left - 1} {_HEIGHT}l{_MARK} -{_MARK}m-{_MARK} 0l{_MARK} {_MARK}"
        else:
            stroke = f"M{left + 2} {_HEIGHT}v-{max(2, round(_HEIGHT * run['read'] / most))}"
        strokes.setdefault(kind, []).append(stroke)
    paths = Markup("").join(
        Markup('<path class="mxoh-run-{}" d="{}"/>').format(kind, "".join(found)) for kind, found in strokes.items()
    )
    width = max(1, len(recent)) * _STEP
    return Markup(
        '<svg class="mxoh-trend" role="img" viewBox="0 0 {0} {1}" width="{0}" height="{1}"><title>{2}</title>{3}</svg>'
    ).format(width, _HEIGHT + 1, words, paths)
