"""What actions and pages show, as plain dictionaries: figures with the address of the list behind each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from ckanext.mxopendata.core_tables import GROUP
from ckanext.mxopendata.dashboard import figures, lists, methods, queries, ranking, snapshots, standing
from ckanext.mxopendata.dashboard.addresses import (
    COMMITMENT_LISTS,
    FRESHNESS_WORDS,
    NO_FORMAT,
    commitments_url,
    dataset_url,
    datasets_url,
    filtered_url,
    index_url,
    institution_url,
    list_url,
    list_url_below,
    to_mend_url,
)
from ckanext.mxopendata.dashboard.calendar import plan_against_fact
from ckanext.mxopendata.dashboard.harvests import Run, recent_runs
from ckanext.mxopendata.dashboard.recent import recent, state_of_data
from ckanext.mxopendata.dashboard.stored import Institution, read_institutions
from ckanext.mxopendata.dashboard.todo import improvements, todo
from ckanext.mxopendata.dashboard.yearly import per_year
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality.facts import FORMULA_VERSION
from ckanext.mxopendata.quality.freshness import VERDICTS
from ckanext.mxopendata.quality.register import REGISTER
from ckanext.mxopendata.quality.sums import Sums

# Longer pages are a program's, which asks for each once.
_KEPT_LINES = 100
_UNKNOWN_FORMAT = {"es": "Sin formato reconocible", "en": "No recognisable format"}


def portal(now: datetime, spoken: str) -> dict[str, Any]:
    """The figures of everything; see the action ``mxopendata_dashboard_show``."""
    computed = figures.last_computed(now)
    name = ("portal", spoken, index_url())
    # A copy: who replaces a part of it changes nothing for others.
    return dict(recent(name, state_of_data(now), lambda: _portal(now, computed, spoken)))


def _portal(now: datetime, computed: datetime | None, spoken: str) -> dict[str, Any]:
    panorama = figures.panorama(now, measured=computed is not None)
    unowned, promised = panorama.unowned, commitments_url()
    every_dataset = datasets_url()

    def to_mend(indicator_id: str) -> str:
        return filtered_url(every_dataset, indicador=indicator_id, cumple="no")

    return {
        **_heading(now, computed),
        "indicators": _listed(panorama.total.every_indicator, list_url),
        **methods.told(panorama.total, spoken, list_url, to_mend),
        "trend": standing.trend(snapshots.PORTAL, "", snapshots.local_day(now)),
        "movement": standing.movement(snapshots.local_day(now)),
        "freshness": _freshness(panorama.total.sums, datasets_url),
        "institutions": [_institution_line(each, spoken, promised) for each in panorama.institutions],
        "without_institution": None if unowned is None else _listed(unowned.indicators, None),
        "orders_of_government": [_part_line(part, "orden", spoken) for part in panorama.orders],
        "states": [_part_line(part, "entidad", spoken) for part in panorama.states],
        "formats": _formats(queries.formats(), spoken, datasets_url),
    }


def institution(
    one: Institution, now: datetime, spoken: str, todo_limit: int, plan_limit: int | None = None
) -> dict[str, Any]:
    """The report of an institution; see the action ``mxopendata_institution_report``."""
    computed = figures.last_computed(now)
    found = figures.of_institution(one, now, measured=computed is not None)
    values = found.figures.every_indicator
    today = snapshots.local_day(now)
    page, promised = institution_url(one.name), commitments_url(institucion=one.name)

    def address(indicator_id: str) -> str | None:
        return list_url_below(page, indicator_id, promised)

    def filtered(**parameters: Any) -> str:
        return institution_url(one.name, **parameters)

    def to_mend(indicator_id: str) -> str | None:
        return to_mend_url(indicator_id, one.name, page)

    return {
        **_names(one, spoken),
        **_heading(now, computed),
        "index": values["mx.index"]["value"],
        **standing.place(one, today),
        "dimensions": standing.index_parts(values, spoken, to_mend),
        "medians": standing.medians(one.gov_type, today),
        "trend": standing.trend(snapshots.INSTITUTION, one.id, today),
        "indicators": _listed(values, address),
        **methods.told(found.figures, spoken, address, to_mend),
        "freshness": _freshness(found.figures.sums, filtered),
        "formats": _formats(queries.formats([one.id]), spoken, filtered),
        "completeness": _steps(queries.completeness_steps([one.id]), filtered),
        "improvements": improvements(one, spoken),
        "todo": todo(one, now, spoken, todo_limit),
        "runs": [_run_line(run) for run in recent_runs(one)],
        "commitments": plan_against_fact(one, now, plan_limit),
        "per_year": per_year(found, now),
    }


def ranked(chosen: ranking.Chosen, quarter: str | None, now: datetime, spoken: str) -> list[dict[str, Any]]:
    """The ranking; see the action ``mxopendata_ranking``."""
    # An institution may have another name by now, or be gone: its line is that of the day, its link today's.
    names = {one.id: one.name for one in read_institutions()}
    return [
        {
            **{name: value for name, value in line.items() if name != "id"},
            "gov_type_label": _label("orders_of_government", line["gov_type"], spoken),
            "state_label": _label("states", line["state"], spoken),
            "url": institution_url(names[line["id"]]) if line["id"] in names else None,
        }
        for line in ranking.ranking(chosen, snapshots.local_day(now), quarter)
    ]


def institution_on(one: Institution, day: date) -> dict[str, Any] | None:
    """The report of an institution as it was on a past day, or ``None`` where nothing was measured by then."""
    row = snapshots.on_day(snapshots.INSTITUTION, one.id, day)
    if row is None:
        return None
    return {
        "institution": row["name"],
        "title": row["title"],
        "as_of": row["as_of"].isoformat(),
        "computed": row["as_of"].isoformat(),
        "formula_version": row["formula_version"],
        "index": row["figures"].get("mx.index", {}).get("value"),
        "dimensions": row["dimensions"],
        # The list behind a past figure is gone: only today's can be opened.
        "indicators": {key: {**value, "list_url": None} for key, value in row["figures"].items()},
        "todo": [],
    }


def datasets(data_dict: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A page of the list behind a figure; see the action ``mxopendata_measurement_list``."""
    indicator = REGISTER.get(data_dict.get("indicator", ""))
    filters = lists.Filters(
        organization_ids=_wanted(data_dict),
        freshness=data_dict.get("freshness"),
        criterion=indicator.criterion if indicator else None,
        meets=data_dict["meets"],
        file_type=data_dict.get("format"),
        missing=data_dict.get("missing"),
        step=data_dict.get("step"),
    )
    page = {name: data_dict[name] for name in ("sort", "offset", "limit")}
    if filters.organization_ids is None and page["limit"] <= _KEPT_LINES:
        # Of the whole portal: to count and to sort it takes long.
        asked = ("datasets", filters, *page.values(), index_url())
        return dict(recent(asked, state_of_data(now), lambda: _datasets(filters, now, page)))
    return _datasets(filters, now, page)


def _datasets(filters: lists.Filters, now: datetime, page: Mapping[str, Any]) -> dict[str, Any]:
    count, rows = lists.datasets(filters, now, **page)
    owners = {each.id: each for each in read_institutions(GROUP.c.id.in_({row["owner_org"] for row in rows}))}
    return {"count": count, "results": [_dataset_line(row, owners.get(row["owner_org"])) for row in rows]}


def _wanted(data_dict: Mapping[str, Any]) -> list[str] | None:
    """Ids of the institutions whose datasets are asked for; ``None`` for all."""
    conditions: list[Callable[[Institution], bool]] = []
    if data_dict.get("gov_type"):
        conditions.append(lambda one: one.gov_type == data_dict["gov_type"])
    if data_dict.get("state"):
        conditions.append(lambda one: one.state == data_dict["state"])
    only = data_dict.get("institution")
    if not conditions:
        return [only] if only else None
    near = read_institutions(GROUP.c.id == only if only else None)
    return [one.id for one in near if all(condition(one) for condition in conditions)]


def _heading(now: datetime, computed: datetime | None) -> dict[str, Any]:
    return {
        "as_of": now.isoformat(),
        "computed": computed.isoformat() if computed else None,
        "formula_version": FORMULA_VERSION,
    }


def _names(one: Institution, spoken: str) -> dict[str, Any]:
    return {
        "institution": one.name,
        "title": one.title,
        "gov_type": one.gov_type,
        "gov_type_label": _label("orders_of_government", one.gov_type, spoken),
        "state": one.state,
        "state_label": _label("states", one.state, spoken),
    }


def _label(vocabulary_id: str, term_id: str | None, spoken: str) -> str | None:
    term = vocabulary(vocabulary_id).get(term_id) if term_id else None
    return term.label(spoken) if term else None


def _listed(indicators: Mapping[str, Any], address: Callable[[str], str | None] | None) -> dict[str, dict[str, Any]]:
    return {key: {**value, "list_url": address(key) if address else None} for key, value in indicators.items()}


def _institution_line(each: figures.InstitutionFigures, spoken: str, promised: str | None) -> dict[str, Any]:
    page = institution_url(each.institution.name)
    mine = filtered_url(promised, institucion=each.institution.name) if promised else None

    def address(indicator_id: str) -> str | None:
        return list_url_below(page, indicator_id, mine)

    return {
        **_names(each.institution, spoken),
        "indicators": _listed(each.figures.indicators, address),
        "last_run": _run_line(each.sources[0].run) if each.sources else None,
        "url": page,
    }


def _part_line(part: figures.PartFigures, parameter: str, spoken: str) -> dict[str, Any]:
    page = datasets_url(**{parameter: part.key}) if part.key else ""

    def address(indicator_id: str) -> str | None:
        if indicator_id in COMMITMENT_LISTS:
            # Promises are listed by state, not by order of government.
            counted = COMMITMENT_LISTS[indicator_id][0]
            return commitments_url(entidad=part.key, cuenta=counted) if parameter == "entidad" else None
        return filtered_url(page, indicador=indicator_id) if REGISTER[indicator_id].criterion else page

    return {
        "key": part.key,
        "label": part.label.get(spoken, part.label["es"]),
        "institutions": part.institutions,
        "indicators": _listed(part.figures.every_indicator, address if part.key else None),
        "url": page or None,
    }


def _freshness(sums: Sums, address: Callable[..., str]) -> list[dict[str, Any]]:
    return [
        {
            "freshness": verdict,
            "datasets": getattr(sums, verdict),
            "list_url": address(frescura=FRESHNESS_WORDS[verdict]),
        }
        for verdict in VERDICTS
    ]


def _formats(counted: Mapping[str, int], spoken: str, address: Callable[..., str]) -> list[dict[str, Any]]:
    lines = []
    for key, number in counted.items():
        term = vocabulary("file_types").get(key) if key else None
        lines.append(
            {
                "format": key,
                "label": term.label(spoken) if term else _UNKNOWN_FORMAT[spoken],
                "open": term.facts.get("open") == "true" if term else None,
                "machine_readable": term.facts.get("machine_readable") == "true" if term else None,
                "resources": number,
                "list_url": address(formato=key or NO_FORMAT),
            }
        )
    return lines


def _steps(counted: list[int], address: Callable[..., str]) -> list[dict[str, Any]]:
    width = 100 // len(counted)
    return [
        {
            "from": number * width,
            "to": 100 if number == len(counted) - 1 else (number + 1) * width - 1,
            "datasets": count,
            "list_url": address(tramo=number),
        }
        for number, count in enumerate(counted)
    ]


def _run_line(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "source": run.source,
        "source_title": run.source_title,
        "status": run.status,
        "finished": run.finished.isoformat() if run.finished else None,
        **run.counts,
        "findings": list(run.findings),
        "report_url": run.report_url,
    }


def _dataset_line(row: Mapping[str, Any], owner: Institution | None) -> dict[str, Any]:
    copied = ("frequency", "points", "points_max", "missing", "resources", "open_resources", "formats")
    return {
        "dataset": row["name"],
        "title": row["title"] or row["name"],
        "institution": owner.name if owner else None,
        "institution_title": owner.title if owner else None,
        "freshness": row["verdict"],
        "modified": row["modified"].isoformat() if row["modified"] else None,
        "due": row["due"].isoformat() if row["due"] else None,
        **{name: row[name] for name in copied},
        "machine_readable_resources": row["machine_readable_resources"],
        "licensed": row["licensed"],
        "with_contact": row["with_contact"],
        "url": dataset_url(row["name"]),
    }
