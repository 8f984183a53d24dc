"""What an institution should do next: missing metadata in order of the points to be won, then what is overdue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.dashboard import lists
from ckanext.mxopendata.dashboard.addresses import dataset_url, institution_url
from ckanext.mxopendata.dashboard.language import format_short_day
from ckanext.mxopendata.dashboard.queries import JOINED, MEASURED, PUBLIC
from ckanext.mxopendata.dashboard.stored import Institution
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.validation import field_points
from ckanext.mxopendata.quality.completeness import DECIMALS, RESOURCE_PREFIX
from ckanext.mxopendata.quality.freshness import OVERDUE

# A description is a field of the dataset and one of each resource: a list of both has to say which.
_OF_RESOURCES = {"es": "recursos", "en": "resources"}
_EACH = sa.func.jsonb_array_elements(MEASURED.c.missing).table_valued(sa.column("value", JSONB), name="each_missing")
_FIELD = _EACH.c.value["field"].astext
_POINTS = sa.cast(_EACH.c.value["points"].astext, sa.Numeric(asdecimal=False))


def todo(institution: Institution, now: datetime, spoken: str, limit: int) -> list[dict[str, Any]]:
    """At most ``limit`` lines ``{"dataset", "title", "field", "message", "points", "url"}``."""
    if not limit:
        return []
    query = (
        sa.select(PACKAGE.c.name, PACKAGE.c.title, _FIELD.label("field"), _POINTS.label("points"))
        .select_from(JOINED.join(_EACH, sa.true()))
        .where(PUBLIC, MEASURED.c.owner_org == institution.id)
        .order_by(_POINTS.desc(), _FIELD, sa.func.lower(PACKAGE.c.title), PACKAGE.c.name)
        .limit(limit)
    )
    lines = [
        _line(row["name"], row["title"], missing_finding(row["field"], spoken), spoken, row["points"])
        for row in model.Session.execute(query).mappings()
    ]
    if len(lines) < limit:
        late = lists.Filters(organization_ids=[institution.id], freshness=OVERDUE)
        _, rows = lists.datasets(late, now, sort="due", limit=limit - len(lines))
        lines += [_line(row["name"], row["title"], overdue_finding(row["due"]), spoken, 0) for row in rows]
    return lines


def improvements(institution: Institution, spoken: str) -> list[dict[str, Any]]:
    """Missing fields of an institution's public datasets, the most points to be won first.

    Returns:
        ``[{"field", "label", "datasets", "points", "list_url"}]``.
    """
    points = sa.func.sum(_POINTS).label("points")
    query = (
        sa.select(_FIELD.label("field"), sa.func.count().label("datasets"), points)
        .select_from(JOINED.join(_EACH, sa.true()))
        .where(PUBLIC, MEASURED.c.owner_org == institution.id)
        .group_by(_FIELD)
        .order_by(points.desc(), _FIELD)
    )
    return [
        {
            "field": row["field"],
            "label": field_label(row["field"], spoken),
            "datasets": row["datasets"],
            "points": round(row["points"], DECIMALS),
            "list_url": institution_url(institution.name, falta=row["field"]),
        }
        for row in model.Session.execute(query).mappings()
    ]


def field_label(field: str, spoken: str) -> str:
    """The label of a metadata field in the form, told apart where resources have it too; else its name."""
    label = _label(field, spoken)
    return f"{label} ({_OF_RESOURCES[spoken]})" if field.startswith(RESOURCE_PREFIX) else label


def _label(field: str, spoken: str) -> str:
    schema = tk.h.scheming_get_dataset_schema("dataset") or {}
    fields = schema.get("resource_fields" if field.startswith(RESOURCE_PREFIX) else "dataset_fields", ())
    defined = tk.h.scheming_field_by_name(fields, field.removeprefix(RESOURCE_PREFIX)) or {}
    label = defined.get("label") or field
    return label.get(spoken) or label.get("es") or field if isinstance(label, dict) else label


def missing_finding(field: str, spoken: str) -> Finding:
    """What is said of a dataset without a metadata field; that of resources begins with ``resources.``."""
    if field.startswith(RESOURCE_PREFIX):
        return Finding("dashboard_resources_lack", field, details={"label": _label(field, spoken)})
    return Finding(f"missing_{field}", field, details={"points": field_points()["dataset"][field]})


def overdue_finding(due: datetime) -> Finding:
    """What is said of a dataset whose update was expected at ``due``."""
    return Finding("dashboard_overdue", field="modified", details={"due": format_short_day(due)})


def _line(name: str, title: str | None, finding: Finding, spoken: str, points: float) -> dict[str, Any]:
    told = finding.to_dict(spoken)
    return {
        "dataset": name,
        "title": title or name,
        "field": finding.field,
        "message": told["message"],
        "cure": told["cure"],
        "points": points,
        "url": dataset_url(name),
    }
