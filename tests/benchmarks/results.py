"""The figures of a benchmark and what follows from them: pure arithmetic over what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Measure = Literal["rate", "time", "extra_seconds"]


@dataclass(frozen=True)
class Bound:
    """What a benchmark promises.

    Attributes:
        measure: what ``ratio`` is. ``rate``: ours ÷ theirs, more is better. ``time``: ours ÷ theirs, less is better.
            ``extra_seconds``: as ``time``, but the promise is the difference in seconds.
        limit: the least ratio (``rate``), the greatest one (``time``), or the most seconds more (``extra_seconds``).
        most_seconds: instead of a comparison, where nobody else does this work: the most seconds it may take.
        most_growth_mb: instead of a comparison: the most memory by which it may make its process grow, in MB.
    """

    measure: Measure
    limit: float | None = None
    most_seconds: float | None = None
    most_growth_mb: float | None = None


def side(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One side of a comparison.

    Args:
        runs: the repetitions: ``seconds``, ``count`` (datasets or operations in that time), ``peak_rss_mb``, and
            ``growth_mb`` where that is what is measured.

    Returns:
        ``{"seconds": […], "per_second", "peak_rss_mb"}``: every repetition, the rate of the median one, the most
        memory of all; ``growth_mb``, the most of all, where it was measured.
    """
    seconds = [float(run["seconds"]) for run in runs]
    grown = [float(run["growth_mb"]) for run in runs if "growth_mb" in run]
    return {
        "seconds": [_rounded(value) for value in seconds],
        "per_second": _rounded(runs[0]["count"] / statistics.median(seconds)),
        "peak_rss_mb": max(float(run["peak_rss_mb"]) for run in runs),
        **({"growth_mb": max(grown)} if grown else {}),
    }


def result(
    name: str, size: int, ours: dict[str, Any] | None, stock: dict[str, Any] | None, bound: Bound
) -> dict[str, Any]:
    """A line of ``bench.json``.

    Args:
        name: of the benchmark.
        size: datasets of our side.
        ours, stock: as :func:`side` gives them; ``None`` where only one side was measured.
        bound: what is promised.

    Returns:
        ``{"name", "size", "ours", "stock", "ratio", "ok"}``; ``ratio`` is ``None`` without a comparison, ``ok`` is
        ``None`` where nothing is promised.
    """
    ratio = None
    if ours is not None and stock is not None:
        faster = ours["per_second"] / stock["per_second"]
        ratio = round(faster if bound.measure == "rate" else 1 / faster, 3)
    ok = _ok(ours, stock, ratio, bound)
    return {"name": name, "size": size, "ours": ours, "stock": stock, "ratio": ratio, "ok": ok}


def _ok(
    ours: Mapping[str, Any] | None, stock: Mapping[str, Any] | None, ratio: float | None, bound: Bound
) -> bool | None:
    if ours is None:
        return None
    if bound.most_growth_mb is not None:
        return ours["growth_mb"] <= bound.most_growth_mb if "growth_mb" in ours else None
    if bound.most_seconds is not None:
        return statistics.median(ours["seconds"]) <= bound.most_seconds
    if stock is None or ratio is None or bound.limit is None:
        return None
    if bound.measure == "extra_seconds":
        return statistics.median(ours["seconds"]) - statistics.median(stock["seconds"]) <= bound.limit
    # As it is shown: nobody can tell from the page why 1.2 would not be 1.2.
    return ratio >= bound.limit if bound.measure == "rate" else ratio <= bound.limit


def _rounded(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")
