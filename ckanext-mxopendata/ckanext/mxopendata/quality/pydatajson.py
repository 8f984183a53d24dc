"""The 26 indicators of pydatajson, which Argentina's network of portals is watched by, over one catalogue or several.

A catalogue is a data.json. The names are pydatajson's own, in Spanish, so that both can be compared line by line. Where
it breaks off or misleads, this goes on: an unreadable date makes its dataset stale, not every figure unknown; a
catalogue of today is 0 days old; a link that nobody tried is neither good nor broken; a percentage without evidence is
``None``, never 0.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from ckanext.mxopendata.quality.argentine_profile import (
    FieldUse,
    field_use,
    field_use_of_dataset,
    keeps_to_the_profile,
)
from ckanext.mxopendata.quality.federation_gap import datasets_of, distributions_of, federation_gap
from ckanext.mxopendata.quality.freshness import DAYS_IN_MONTH, DAYS_IN_YEAR, TOLERANCE
from ckanext.mxopendata.quality.links import TOO_MANY_REQUESTS, Links

DECIMALS = 4
EVENTUAL = "EVENTUAL"
DATED, FRESH, STALE, UNSAID = "dated", "fresh", "stale", "unsaid"
_NOTHING = "None"
# A dataset has data where the name of a format of it holds one of these.
_OF_DATA = ("csv", "xls", "xlsx", "ods", "dta", "shp", "kml", "json", "xml", "zip", "rar", "html", "php")
_DAYS = {"Y": DAYS_IN_YEAR, "M": DAYS_IN_MONTH, "W": 7, "D": 1}
_PERIOD = re.compile(r"R/P(\d+(?:\.\d+)?)([YMWD])")
# Figures that are shares: of what, and of that plus what else.
_SHARES = {
    "datasets_meta_ok_pct": ("datasets_meta_ok_cant", "datasets_meta_error_cant"),
    "datasets_actualizados_pct": ("datasets_actualizados_cant", "datasets_desactualizados_cant"),
    "datasets_federados_pct": ("datasets_federados_cant", "datasets_no_federados_cant"),
    "datasets_con_datos_pct": ("datasets_con_datos_cant", "datasets_sin_datos_cant"),
    "distribuciones_download_url_ok_pct": (
        "distribuciones_download_url_ok_cant",
        "distribuciones_download_url_error_cant",
    ),
}


@dataclass(frozen=True)
class CatalogueFigures:
    """One catalogue, measured.

    Attributes:
        values: value by pydatajson's name, with ``title`` and ``identifier``; figures that lack evidence (links, a
            central catalogue) are not there. Percentages are shares from 0 to 1.
        datasets: what each dataset adds to those sums, in the order of the catalogue, with its ``identifier``.
        use: recommended and optional fields, to add up over a network.
    """

    values: dict[str, Any]
    datasets: list[dict[str, Any]]
    use: FieldUse


class EntryFreshness(NamedTuple):
    """Whether a dataset is as fresh as it says.

    Attributes:
        basis: ``dated`` where it depends on the day; else ``fresh``, ``stale`` or ``unsaid``: it says nothing.
        stale_on: the first day on which it is stale, or ``None``.
        frequency: under which it is counted, or ``None``.
    """

    basis: str
    stale_on: date | None
    frequency: str | None

    def verdict(self, today: date) -> bool | None:
        """Whether it is fresh on a day; ``None`` where it says nothing."""
        return is_fresh(self.basis, self.stale_on, today)


def is_fresh(basis: str, stale_on: date | None, today: date) -> bool | None:
    """Whether a dataset is fresh on a day; ``None`` where it says nothing."""
    if basis == DATED and stale_on is not None:
        return today < stale_on
    return None if basis == UNSAID else basis == FRESH


def of_catalogue(
    catalogue: Mapping[str, Any],
    now: datetime,
    *,
    links: Links | None = None,
    central: Mapping[str, Any] | None = None,
    by_identifier: bool = False,
) -> CatalogueFigures:
    """The indicators of one catalogue.

    Args:
        catalogue: a data.json, however broken.
        now: the moment they are for; its date counts.
        links: what is known of the links of its distributions, or ``None``.
        central: the central catalogue, for the federation gap.
        by_identifier: how datasets of both are compared; see :func:`federation_gap`.

    Source: issue 8; pydatajson 0.4.67.
    """
    datasets = datasets_of(catalogue)
    each = [of_dataset(dataset, now, links=links) for dataset in datasets]
    summed = _add_up(each)
    fresh = summed.get("datasets_actualizados_cant", 0)
    use = field_use(catalogue)
    values: dict[str, Any] = {
        **{name: summed.get(name, 0) for name in _counts(links)},
        "datasets_meta_ok_pct": _share(summed, "datasets_meta_ok_pct"),
        "datasets_con_datos_pct": _share(summed, "datasets_con_datos_pct"),
        # Datasets without a frequency are neither, and are divided by all the same.
        "datasets_actualizados_pct": round(fresh / (len(datasets) or 1), DECIMALS),
        "catalogo_ultima_actualizacion_dias": _age(catalogue, datasets, now),
        **{name: dict(summed.get(name, {})) for name in _BREAKDOWNS},
        **_use_shares(use),
    }
    if links is not None:
        values["distribuciones_download_url_ok_pct"] = _share(summed, "distribuciones_download_url_ok_pct")
    if central is not None:
        values |= _federation(catalogue, central, by_identifier)
    values |= {"title": catalogue.get("title", "no-title"), "identifier": catalogue.get("identifier", "no-id")}
    return CatalogueFigures(values, each, use)


def of_network(catalogues: Sequence[CatalogueFigures]) -> dict[str, Any]:
    """The indicators of several catalogues together: sums, shares of the sums, ``catalogos_cant``.

    The days since the last update are a sum too, as the original has it. Empty for no catalogue.
    """
    if not catalogues:
        return {}
    summed = _add_up(figures.values for figures in catalogues)
    for name in ("title", "identifier"):
        summed.pop(name, None)
    summed |= {name: _share(summed, name) for name in _SHARES if name in summed}
    summed |= _use_shares(sum((figures.use for figures in catalogues), start=FieldUse()))
    return {**summed, "catalogos_cant": len(catalogues)}


_BREAKDOWNS = (
    "datasets_frecuencia_cant",
    "distribuciones_formatos_cant",
    "distribuciones_tipos_cant",
    "datasets_licencias_cant",
)


def of_dataset(dataset: Mapping[str, Any], now: datetime, *, links: Links | None = None) -> dict[str, Any]:
    """What one dataset of a data.json adds to the figures of its catalogue, and its own shares of fields."""
    distributions = distributions_of(dataset)
    valid = keeps_to_the_profile(dataset)
    with_data = has_data(distributions)
    freshness = freshness_of(dataset)
    fresh, frequency = freshness.verdict(now.date()), freshness.frequency
    return {
        "identifier": dataset.get("identifier"),
        "datasets_cant": 1,
        "distribuciones_cant": len(distributions),
        "datasets_meta_ok_cant": int(valid),
        "datasets_meta_error_cant": int(not valid),
        "datasets_con_datos_cant": int(with_data),
        "datasets_sin_datos_cant": int(not with_data),
        "datasets_actualizados_cant": int(fresh is True),
        "datasets_desactualizados_cant": int(fresh is False),
        "datasets_frecuencia_cant": {frequency: 1} if frequency else {},
        "distribuciones_formatos_cant": _count(_named(each, "format").upper() for each in distributions),
        "distribuciones_tipos_cant": _count(_named(each, "type") for each in distributions),
        "datasets_licencias_cant": {_named(dataset, "license"): 1},
        **_use_shares(field_use_of_dataset(dataset)),
        **({} if links is None else _link_counts(distributions, links)),
    }


def _counts(links: Links | None) -> tuple[str, ...]:
    named = (
        "datasets_cant",
        "distribuciones_cant",
        "datasets_meta_ok_cant",
        "datasets_meta_error_cant",
        "datasets_con_datos_cant",
        "datasets_sin_datos_cant",
        "datasets_actualizados_cant",
        "datasets_desactualizados_cant",
    )
    return named if links is None else (*named, *_SHARES["distribuciones_download_url_ok_pct"])


def _add_up(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Numbers, counts by value and lists, added; texts are not."""
    total: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            if isinstance(value, dict):
                total[name] = _count_up(total.get(name, {}), value)
            elif isinstance(value, list):
                total[name] = [*total.get(name, []), *value]
            elif isinstance(value, int | float):
                total[name] = (total.get(name) or 0) + value
            else:
                total.setdefault(name, None)
    return total


def _count_up(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def _share(values: Mapping[str, Any], name: str) -> float | None:
    part, rest = (values.get(each) or 0 for each in _SHARES[name])
    return round(part / (part + rest), DECIMALS) if part + rest else None


def _use_shares(use: FieldUse) -> dict[str, float | None]:
    return {
        "campos_recomendados_pct": round(use.recommended / use.recommended_possible, DECIMALS),
        "campos_optativos_pct": round(use.optional / use.optional_possible, DECIMALS),
    }


def _named(thing: Mapping[str, Any], field: str) -> str:
    return str(thing.get(field) or _NOTHING)


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values))


def has_data(distributions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the format of one of a dataset's distributions is one of data."""
    told = (str(each.get("format") or "").lower() for each in distributions)
    return any(kind in text for text in told for kind in _OF_DATA)


def freshness_of(dataset: Mapping[str, Any]) -> EntryFreshness:
    """What does not age of how fresh a dataset of a data.json is."""
    frequency = dataset.get("accrualPeriodicity")
    if not frequency:
        return EntryFreshness(UNSAID, None, None)
    if frequency in ("eventual", EVENTUAL):
        return EntryFreshness(FRESH, None, EVENTUAL)
    if "modified" not in dataset:
        return EntryFreshness(STALE, None, str(frequency))
    modified = read_date(dataset["modified"])
    if modified is None or not isinstance(frequency, str):
        return EntryFreshness(STALE, None, None)
    try:
        stale_on = modified + timedelta(days=math.ceil(_period_days(frequency) * TOLERANCE))
    except OverflowError:
        return EntryFreshness(FRESH, None, frequency)
    return EntryFreshness(DATED, stale_on, frequency)


def _period_days(frequency: str) -> int:
    """Whole days of a period: a year has 365, a month 30; less than a day is one; 0 for what is no period."""
    if not frequency.startswith("R/P"):
        return 0
    found = _PERIOD.match(frequency)
    return max(int(float(found[1]) * _DAYS[found[2]]) if found else 0, 1)


def _age(catalogue: Mapping[str, Any], datasets: Iterable[Mapping[str, Any]], now: datetime) -> int | None:
    """Days since the newest ``modified`` of the catalogue and its datasets; where nobody says it, ``issued``."""
    everything = [catalogue, *datasets]
    for field in ("modified", "issued"):
        found = [day for each in everything if (day := read_date(each.get(field))) is not None]
        if found:
            return _days_since(max(found), now)
    return None


def read_date(text: object) -> date | None:
    """The day at the beginning of a text of ISO 8601; ``None`` where there is none."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return date.fromisoformat(text.split("T")[0])
    except ValueError:
        return None


def _days_since(day: date, now: datetime) -> int:
    return (now.date() - day).days


def _link_counts(distributions: Sequence[Mapping[str, Any]], links: Links) -> dict[str, int]:
    good = bad = 0
    for each in distributions:
        address = each.get("downloadURL")
        if not isinstance(address, str) or not address:
            bad += 1
        elif address in links:
            works = _works(links[address])
            good, bad = good + works, bad + (not works)
    return dict(zip(_SHARES["distribuciones_download_url_ok_pct"], (good, bad), strict=True))


def _works(status: int | None) -> bool:
    return status is not None and (status == TOO_MANY_REQUESTS or not 400 <= status < 600)


def _federation(node: Mapping[str, Any], central: Mapping[str, Any], by_identifier: bool) -> dict[str, Any]:
    gap = federation_gap(node, central, by_identifier=by_identifier)
    counts = {"datasets_federados_cant": len(gap.federated), "datasets_no_federados_cant": len(gap.missing)}
    return {
        **counts,
        "datasets_federados_pct": _share(counts, "datasets_federados_pct"),
        "datasets_federados_eliminados_cant": len(gap.vanished),
        "distribuciones_federadas_cant": gap.distributions,
        "datasets_federados": gap.federated,
        "datasets_no_federados": gap.missing,
        "datasets_federados_eliminados": gap.vanished,
    }
