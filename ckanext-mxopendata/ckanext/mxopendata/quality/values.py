"""The value of an indicator: a number with its parts, or an explicit "no data", which is never written as zero."""

from __future__ import annotations

from typing import Literal, TypedDict

Unit = Literal[
    "datasets", "resources", "percent", "points", "days", "records", "commitments", "share", "medal", "stars"
]
DECIMALS = 4


class Value(TypedDict):
    """One figure.

    Attributes:
        value: the number, or ``None`` where ``status`` is ``no_data``.
        unit: ``datasets``, ``resources``, ``percent``, ``points``, ``days``, ``records`` or ``commitments``; of the
            families of others also ``share`` (0 to 1), ``medal`` (0 none to 3 gold) and ``stars`` (1 to 5).
        numerator: what was counted, or ``None``.
        denominator: out of how many, or ``None`` where the figure is a plain count.
        status: ``ok`` or ``no_data``.
    """

    value: float | None
    unit: Unit
    numerator: float | None
    denominator: int | None
    status: Literal["ok", "no_data"]


def no_data(unit: Unit, numerator: float | None = None, denominator: int | None = None) -> Value:
    """A figure that cannot be known from what is there."""
    return Value(value=None, unit=unit, numerator=numerator, denominator=denominator, status="no_data")


def count(number: int, unit: Unit, denominator: int | None = None) -> Value:
    """A plain count; with a denominator, out of how many."""
    return Value(value=number, unit=unit, numerator=number, denominator=denominator, status="ok")


def percentage(numerator: float, denominator: int) -> Value:
    """``100 x numerator / denominator``, rounded to four decimals; no data where there is nothing to divide by."""
    if denominator == 0:
        return no_data("percent", numerator, denominator)
    value = round(100 * numerator / denominator, DECIMALS)
    return Value(value=value, unit="percent", numerator=numerator, denominator=denominator, status="ok")


def share(numerator: int, denominator: int) -> Value:
    """``numerator / denominator``, rounded to four decimals; no data where there is nothing to divide by."""
    if denominator == 0:
        return no_data("share", numerator, denominator)
    value = round(numerator / denominator, DECIMALS)
    return Value(value=value, unit="share", numerator=numerator, denominator=denominator, status="ok")
