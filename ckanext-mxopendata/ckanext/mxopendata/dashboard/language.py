"""Words, numbers and dates in the visitor's language, as Mexico writes them."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_datetime as babel_datetime
from babel.numbers import format_decimal

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.quality.adela_indicators import MEDAL_NAMES

# Spain writes 1.234,5 and Mexico 1,234.5: CKAN only knows "es".
_LOCALES = {"es": "es_MX", "en": "en_US"}


@cache
def _locale(spoken: str) -> Locale:
    return Locale.parse(_LOCALES[spoken])


def format_number(number: float, decimals: int = 0) -> str:
    """A number with at most so many decimals: ``12,345.6``."""
    return _format(number, "#,##0" + ("." + "#" * decimals if decimals else ""))


def format_percent(number: float) -> str:
    """A percentage, always with one decimal, so that a column of them can be compared at a glance: ``80.0 %``."""
    return f"{_format(number, '#,##0.0')} %"


def format_figure(number: float, unit: str) -> str:
    """The value of an indicator in its unit: ``84.2 %``, ``Plata``, ``3 ★``."""
    if unit == "medal":
        return MEDAL_NAMES[int(number)][current_language()]
    if unit == "stars":
        return f"{format_number(number)} ★"
    if unit in ("percent", "share"):
        return format_percent(100 * number if unit == "share" else number)
    return format_number(number, 1 if unit == "points" else 0)


def _format(number: float, pattern: str) -> str:
    return _written(number, pattern, current_language())


@lru_cache(maxsize=4096)
def _written(number: float, pattern: str, spoken: str) -> str:
    # A page writes the same few counts and percentages hundreds of times.
    return format_decimal(number, format=pattern, locale=_locale(spoken))


def format_day(moment: date | datetime) -> str:
    """A day in words, where the portal is: ``22 de noviembre de 2026``."""
    return babel_date(_local(moment), format="long", locale=_locale(current_language()))


def format_short_day(moment: date | datetime) -> str:
    """A day for a table, where the portal is: ``22 nov 2026``."""
    return babel_date(_local(moment), format="medium", locale=_locale(current_language()))


def format_month(day: date) -> str:
    """A month for the axis of a chart: ``nov 26``."""
    return babel_date(day, format="MMM yy", locale=_locale(current_language()))


def format_moment(moment: datetime) -> str:
    """A moment in words, where the portal is: ``22 de noviembre de 2026, 18:05``."""
    local = moment.astimezone(tk.h.get_display_timezone())
    hour = babel_datetime(local, format="HH:mm", locale=_locale(current_language()))
    return f"{format_day(moment)}, {hour}"


def _local(moment: date | datetime) -> date:
    return moment.astimezone(tk.h.get_display_timezone()) if isinstance(moment, datetime) else moment
