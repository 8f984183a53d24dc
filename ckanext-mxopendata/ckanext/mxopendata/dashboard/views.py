"""Pages of the dashboard; every figure comes from an action, so that a page shows nothing the API does not."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timezone
from typing import Any

from flask import Blueprint, Response

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.dashboard import addresses, promises, quarters, snapshots, tables
from ckanext.mxopendata.dashboard.logic.schema import MAXIMUM_PAGE
from ckanext.mxopendata.downloads import json_response, refuse_in_words, table_response
from ckanext.mxopendata.facets import freshness_label
from ckanext.mxopendata.institutions import ONLY_THE_RECORD
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.validation import field_points
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality.completeness import RESOURCE_PREFIX
from ckanext.mxopendata.quality.facts import FORMULA_VERSION
from ckanext.mxopendata.quality.publication_index import weights

__all__ = ["bp"]

bp = Blueprint("mxopendata_dashboard", __name__)
INSTITUTIONS_ON_A_PAGE = 100
_TABLE = "tabla"


refuse_in_words(bp)


@bp.route("/tablero", strict_slashes=False)
def index() -> str:
    """The figures of the whole portal."""
    report = _act("mxopendata_dashboard_show")
    chosen = _chosen(report["institutions"], tk.request.args)
    page = addresses.page_of(tk.request.args)
    first = (page - 1) * INSTITUTIONS_ON_A_PAGE
    return tk.render(
        "mxopendata/dashboard/index.html",
        {
            "report": report,
            "institutions": chosen[first : first + INSTITUTIONS_ON_A_PAGE],
            "count": len(chosen),
            "page": page,
            "pages": math.ceil(len(chosen) / INSTITUTIONS_ON_A_PAGE),
            "parameters": _parameters(("orden", "entidad", "ordenar")),
            "choices": _choices("orden", "entidad"),
        },
    )


@bp.route("/tablero.<any(csv,xlsx,json):extension>")
def index_file(extension: str) -> Response:
    """The tables of the portal's page as files; ``tabla`` names the one for CSV."""
    report = _act("mxopendata_dashboard_show")
    report["institutions"] = _chosen(report["institutions"], tk.request.args)
    if extension == "json":
        return json_response(report)
    name, table = _table(tables.PORTAL, "instituciones")
    return _file(f"tablero-{name}", table, report[table.key], extension)


@bp.route("/tablero/serie.csv")
def series_file() -> Response:
    """The kept figures of every institution, day by day."""
    tk.check_access("mxopendata_snapshot_list", {}, {})
    rows = (line for day in snapshots.days(_today()) for line in snapshots.of_day(day))
    return _file("serie", tables.SERIES, rows, "csv")


@bp.route("/tablero/clasificacion")
def ranking() -> str:
    """The ranking of institutions."""
    lines = _ranking()
    page = addresses.page_of(tk.request.args)
    first = (page - 1) * INSTITUTIONS_ON_A_PAGE
    language = current_language()
    return tk.render(
        "mxopendata/dashboard/ranking.html",
        {
            "lines": lines[first : first + INSTITUTIONS_ON_A_PAGE],
            "count": len(lines),
            "placed": sum(line["position"] is not None for line in lines),
            "day": lines[0]["day"] if lines else None,
            "page": page,
            "pages": math.ceil(len(lines) / INSTITUTIONS_ON_A_PAGE),
            "parameters": _parameters(addresses.RANKING_PARAMETERS),
            "dimensions": [
                {"id": name, "label": each["label"][language], "weight": each["weight"]}
                for name, each in weights().dimensions.items()
            ],
            "choices": _choices("orden", "sector", "entidad", "trimestre"),
        },
    )


@bp.route("/tablero/clasificacion.<any(csv,xlsx,json):extension>")
def ranking_file(extension: str) -> Response:
    """The ranking as a file."""
    lines = _ranking()
    return json_response(lines) if extension == "json" else _file("clasificacion", tables.ranking(), lines, extension)


@bp.route("/tablero/conjuntos")
def datasets() -> str:
    """The datasets behind a figure of the whole portal."""
    page = addresses.page_of(tk.request.args)
    found = _act("mxopendata_measurement_list", **_page_filters(page))
    return tk.render(
        "mxopendata/dashboard/datasets.html",
        {
            "found": found,
            "page": page,
            "pages": _pages(found["count"]),
            "parameters": _parameters(addresses.LIST_PARAMETERS),
            "choices": _choices("frescura", "orden", "entidad"),
        },
    )


@bp.route("/tablero/conjuntos.<any(csv,xlsx,json):extension>")
def datasets_file(extension: str) -> Response:
    """All datasets behind a figure as a file, page by page."""
    filters = addresses.filters_of(tk.request.args)
    return _datasets_file("conjuntos", filters, extension)


@bp.route("/tablero/metodologia")
def methodology() -> str:
    """What every figure means, from the definitions in the code."""
    units = {
        "datasets": tk._("datasets"),
        "resources": tk._("resources"),
        "percent": tk._("per cent"),
        "days": tk._("days"),
        "records": tk._("records"),
        "points": tk._("points"),
        "commitments": tk._("commitments"),
        "share": tk._("share, 0 to 1"),
        "medal": tk._("medal, 0 (none) to 3 (gold)"),
        "stars": tk._("stars, 1 to 5"),
    }
    directions = {"more": tk._("more"), "less": tk._("less"), "neutral": tk._("neither")}
    return tk.render(
        "mxopendata/dashboard/methodology.html", {**_methodology(), "units": units, "directions": directions}
    )


@bp.route("/tablero/metodologia.<any(csv,xlsx,json):extension>")
def methodology_file(extension: str) -> Response:
    """The definitions of all figures as a file."""
    found = _methodology()
    if extension == "json":
        return json_response(found)
    return _file("metodologia", tables.METHODOLOGY, found[tables.METHODOLOGY.key], extension)


@bp.route("/tablero/datos/<name>")
def dataset(name: str) -> str:
    """What counts for a dataset."""
    report = _act("mxopendata_dataset_report", id=name)
    # A dataset that somebody may see who is not everybody: its managers, with where to mend it.
    editable = tk.h.check_access("package_update", {"id": name})
    return tk.render("mxopendata/dashboard/dataset.html", {"report": report, "editable": editable})


@bp.route("/tablero/datos/<name>.<any(csv,xlsx,json):extension>")
def dataset_file(name: str, extension: str) -> Response:
    """What counts for a dataset as a file: its metadata fields, or everything as JSON."""
    report = _act("mxopendata_dataset_report", id=name)
    if extension == "json":
        return json_response(report)
    return _file(f"{report['dataset']}-metadatos", tables.FIELDS, report[tables.FIELDS.key], extension)


@bp.route("/tablero/trimestre/<quarter>.zip")
def quarter_file(quarter: str) -> Response:
    """The archive of a frozen quarter."""
    tk.check_access("mxopendata_ranking", {}, {})
    content = quarters.frozen_archive(quarter)
    if content is None:
        raise tk.ObjectNotFound(tk._("The quarter {quarter} is not frozen").format(quarter=quarter))
    response = Response(content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="trimestre-{quarter}.zip"'
    return response


@bp.route("/tablero/institucion/<name>", strict_slashes=False)
def institution(name: str) -> str:
    """The figures of an institution."""
    # What to mend is shown by field, not dataset by dataset.
    report = _act("mxopendata_institution_report", id=name, todo_limit=0)
    page = addresses.page_of(tk.request.args)
    found = _act("mxopendata_measurement_list", **{**_page_filters(page), "institution": name})
    members = promises.for_members(report["institution"])
    if members is not None:
        # A shared cache must never keep what only members see.
        tk.request.environ["__no_cache__"] = True
    return tk.render(
        "mxopendata/dashboard/institution.html",
        {
            "report": report,
            "members": members,
            "found": found,
            "page": page,
            "pages": _pages(found["count"]),
            "parameters": _parameters(addresses.LIST_PARAMETERS),
            "choices": _choices("frescura"),
            # What the templates of an organization's pages ask for.
            "group_dict": _act("organization_show", id=name, **ONLY_THE_RECORD),
            "group_type": "organization",
        },
    )


@bp.route("/tablero/institucion/<name>.<any(csv,xlsx,json):extension>")
def institution_file(name: str, extension: str) -> Response:
    """An institution's report as JSON; its datasets, or another of its tables, as CSV."""
    filters = {**addresses.filters_of(tk.request.args), "institution": name}
    chosen = tk.request.args.get(_TABLE, "conjuntos")
    if extension != "json" and chosen == "conjuntos":
        return _datasets_file(f"{name}-conjuntos", filters, extension)
    report = _act("mxopendata_institution_report", id=name, todo_limit=MAXIMUM_PAGE, plan_limit=MAXIMUM_PAGE)
    if extension == "json":
        return json_response({**report, "datasets": list(_all_datasets(filters))})
    table_name, table = _table(tables.INSTITUTION, "mejoras")
    lines = {**report, **_flat(report)}[table.key]
    return _file(f"{name}-{table_name}", table, lines, extension)


def _flat(report: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What stands deeper in a report as lines of a table."""
    named = _act("mxopendata_indicator_list")
    months = report["commitments"]["calendar"]
    return {
        "figures": [{**each, **report["indicators"][each["id"]]} for each in named],
        "timeline": report["commitments"]["timeline"]["lines"],
        "calendar": [
            {"month": month["month"], "what": what, "title": each["title"], "day": each[day]}
            for month in months
            for what, key, day in (("compromiso", "commitments", "promised"), ("actualización", "datasets", "due"))
            for each in month[key]
        ],
    }


def _act(action: str, **data_dict: Any) -> Any:
    return tk.get_action(action)({}, data_dict)


def _today() -> date:
    return snapshots.local_day(datetime.now(timezone.utc))


def _methodology() -> dict[str, Any]:
    worth = field_points()
    points = [{"field": name, "points": value} for name, value in worth["dataset"].items()]
    points += [{"field": f"{RESOURCE_PREFIX}{name}", "points": value} for name, value in worth["resource"].items()]
    return {
        "formula_version": FORMULA_VERSION,
        "indicators": _act("mxopendata_indicator_list"),
        "index": weights().dimensions,
        "quarters": quarters.listed(),
        "points": sorted(points, key=lambda line: -line["points"]),
    }


def _choices(*names: str) -> dict[str, list[tuple[str, str]]]:
    """What a list can be filtered by: name of the parameter → its values with their labels."""
    language = current_language()
    offered: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        if name == "trimestre":
            offered[name] = [(quarter, quarter) for quarter in quarters.names()]
        elif name == "frescura":
            words = addresses.FRESHNESS_WORDS.items()
            offered[name] = [(word, freshness_label(verdict)) for verdict, word in words]
        else:
            terms = vocabulary(addresses.VOCABULARIES[name]).active()
            offered[name] = [(term.id, term.label(language)) for term in terms]
    return offered


def _parameters(names: Collection[str]) -> dict[str, str]:
    """The parameters of the address that sorting and paging keep."""
    return {name: value for name, value in tk.request.args.items() if name in names and value}


def _page_filters(page: int) -> dict[str, Any]:
    size = _page_size()
    return {**addresses.filters_of(tk.request.args), "offset": (page - 1) * size, "limit": size}


def _pages(count: int) -> int:
    return math.ceil(count / _page_size())


def _page_size() -> int:
    """As many datasets as CKAN's own lists show."""
    return max(1, min(tk.config["ckan.datasets_per_page"], MAXIMUM_PAGE))


def _chosen(institutions: list[dict[str, Any]], arguments: Mapping[str, str]) -> list[dict[str, Any]]:
    """The institutions that the address asks for, in the order it asks for."""
    wanted = {"gov_type": arguments.get("orden"), "state": arguments.get("entidad")}
    chosen = [line for line in institutions if all(not value or line[key] == value for key, value in wanted.items())]
    order = arguments.get("ordenar", "")
    indicator_id = order.removeprefix("-")
    if not chosen or indicator_id not in chosen[0]["indicators"]:
        return chosen

    def value(line: Mapping[str, Any]) -> float | None:
        return line["indicators"][indicator_id]["value"]

    known = [line for line in chosen if value(line) is not None]
    unknown = [line for line in chosen if value(line) is None]
    return sorted(known, key=lambda line: value(line) or 0, reverse=order.startswith("-")) + unknown


def _datasets_file(name: str, filters: Mapping[str, Any], extension: str) -> Response:
    rows = _all_datasets(filters)
    if extension == "json":
        return json_response({"results": list(rows)})
    return _file(name, tables.DATASETS, rows, extension)


def _file(name: str, table: tables.Table, rows: Iterable[Mapping[str, Any]], extension: str) -> Response:
    return table_response(name, list(table.columns), table.cells(rows), extension, table.key)


def _ranking() -> list[dict[str, Any]]:
    asked = {name: tk.request.args.get(word) for word, name in addresses.RANKING_PARAMETERS.items()}
    return _act("mxopendata_ranking", **{name: value for name, value in asked.items() if value})


def _all_datasets(filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    # The first page is read now, so that a wrong address is refused before the answer has begun.
    first = _act("mxopendata_measurement_list", **filters, offset=0, limit=MAXIMUM_PAGE)

    def rows() -> Iterator[dict[str, Any]]:
        yield from first["results"]
        for offset in range(MAXIMUM_PAGE, first["count"], MAXIMUM_PAGE):
            page = _act("mxopendata_measurement_list", **filters, offset=offset, limit=MAXIMUM_PAGE)
            yield from page["results"]

    return rows()


def _table(offered: Mapping[str, tables.Table], default: str) -> tuple[str, tables.Table]:
    name = tk.request.args.get(_TABLE, default)
    if name not in offered:
        words = tk._("There is no table “{name}”; there are: {names}")
        raise tk.ObjectNotFound(words.format(name=name, names=", ".join(offered)))
    return name, offered[name]
