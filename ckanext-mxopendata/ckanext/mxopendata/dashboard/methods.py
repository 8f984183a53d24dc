"""The methods of others on a page: MQA, ADELA and pydatajson, each figure with its lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.mxopendata.dashboard.figures import Figures
from ckanext.mxopendata.quality import mqa
from ckanext.mxopendata.quality.mqa_indicators import PREFIX, TOTAL
from ckanext.mxopendata.quality.register import FOREIGN, family_of


def told(
    figures: Figures, spoken: str, list_url: Callable[[str], str | None], lacking_url: Callable[[str], str | None]
) -> dict[str, Any]:
    """The figures by the methods of others.

    Args:
        figures: of an institution, or of many.
        spoken: language of the names.
        list_url: id of an indicator → address of the list behind it.
        lacking_url: id of an indicator with a criterion → address of the datasets that do not meet it.

    Returns:
        ``{"methods": [{"indicator", "family", "name", "value", "unit", "numerator", "denominator", "status",
        "worth" (points of a metric of the MQA), "list_url", "lacking_url" (``None`` where no dataset is known to lack
        it)}], "rating": {"id" (``None`` where what nobody has checked could change it), "label", "lowest", "highest"}
        or None}``.
    """
    values = figures.every_indicator
    worth = {f"{PREFIX}{metric.id}": metric.points for metric in mqa.metrics()}
    lines = [
        {
            "indicator": name,
            "family": family_of(name),
            "name": definition.to_dict(spoken)["name"],
            **values[name],
            "worth": worth.get(name),
            "list_url": list_url(name),
            "lacking_url": lacking_url(name) if _is_lacking(values[name]) and definition.criterion else None,
        }
        for name, definition in FOREIGN.items()
    ]
    known = values[TOTAL]["status"] == "ok"
    return {"methods": lines, "rating": _rating(figures.evidence.mqa, spoken) if known else None}


def _is_lacking(value: Any) -> bool:
    return value["numerator"] is not None and value["numerator"] < (value["denominator"] or 0)


def _rating(score: mqa.Score, spoken: str) -> dict[str, Any]:
    lowest, highest = (mqa.rating_name(each)[spoken] for each in score.ratings)
    label = lowest if score.rating else None
    return {"id": score.rating, "label": label, "lowest": lowest, "highest": highest}
