"""What counts for one dataset: each criterion of the figures, its evidence and, where it is not met, its cure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ckanext.mxopendata.dashboard.addresses import INDEX, dataset_url
from ckanext.mxopendata.dashboard.todo import field_label, missing_finding, overdue_finding
from ckanext.mxopendata.metadata.validation import field_points
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality.completeness import DECIMALS, RESOURCE_PREFIX
from ckanext.mxopendata.quality.facts import DatasetFacts, file_type, measure
from ckanext.mxopendata.quality.freshness import JUDGED, OVERDUE, UP_TO_DATE
from ckanext.mxopendata.quality.indicators import Evidence, compute_all
from ckanext.mxopendata.quality.mexican import INDICATORS
from ckanext.mxopendata.quality.sums import of_dataset
from ckanext.mxopendata.quality.values import Value


def dataset_report(dataset: Mapping[str, Any], now: datetime, spoken: str) -> dict[str, Any]:
    """The report of a dataset; see the action ``mxopendata_dataset_report``.

    Args:
        dataset: as ``package_show`` gives it.
        now: the moment of the verdict on its freshness.
        spoken: language of the sentences.
    """
    facts = measure(dataset)
    institution = dataset.get("organization") or {}
    return {
        "id": dataset["id"],
        "dataset": dataset["name"],
        "title": dataset.get("title") or dataset["name"],
        "institution": institution.get("name"),
        "institution_title": institution.get("title"),
        "as_of": now.isoformat(),
        "counts": _counts(dataset, facts),
        "points": facts.completeness.points,
        "points_max": facts.completeness.maximum,
        "indicators": _alone(facts, now),
        "criteria": [_freshness(facts, now, spoken), *_others(dataset, facts, spoken)],
        "fields": _fields(facts, spoken),
        "url": dataset_url(dataset["name"]),
    }


def _alone(facts: DatasetFacts, now: datetime) -> dict[str, Value]:
    """The figures of a catalogue that holds nothing but the dataset; the index is of institutions."""
    values = compute_all(INDICATORS, Evidence(of_dataset(facts, now), now))
    return {name: value for name, value in values.items() if name != INDEX}


def in_short(dataset: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """``{"points", "points_max", "freshness", "open_resources", "resources"}`` of a dataset, for its own page."""
    facts = measure(dataset)
    return {
        "points": facts.completeness.points,
        "points_max": facts.completeness.maximum,
        "freshness": facts.freshness.verdict(now),
        "open_resources": facts.open_resources,
        "resources": facts.resources,
    }


def _counts(dataset: Mapping[str, Any], facts: DatasetFacts) -> bool:
    """Whether it is in the public figures at all."""
    return not dataset.get("private") and dataset.get("state") == "active" and not facts.archived


def _freshness(facts: DatasetFacts, now: datetime, spoken: str) -> dict[str, Any]:
    known = facts.freshness
    state = known.verdict(now)
    cure = overdue_finding(known.due).to_dict(spoken)["cure"] if state == OVERDUE and known.due else None
    return {
        **_named("mx.up_to_date", spoken),
        "met": state == UP_TO_DATE if state in JUDGED else None,
        "freshness": state,
        "evidence": {
            "frequency": known.frequency,
            "modified": known.modified.isoformat() if known.modified else None,
            "due": known.due.isoformat() if known.due else None,
            "late_after": known.late_after.isoformat() if known.late_after else None,
        },
        "cure": cure,
    }


def _others(dataset: Mapping[str, Any], facts: DatasetFacts, spoken: str) -> list[dict[str, Any]]:
    resources = dataset.get("resources") or []
    types = [(resource, file_type(resource)) for resource in resources]
    found = []
    for indicator_id, fact, number in (
        ("mx.open_formats", "open", facts.open_resources),
        ("mx.machine_readable", "machine_readable", facts.machine_readable_resources),
    ):
        others = [each for each, term in types if term is None or term.facts.get(fact) != "true"]
        lacking = [
            {"resource": each["id"], "name": each.get("name") or each["id"], "format": each.get("format")}
            for each in others
        ]
        met = number == facts.resources if facts.resources else None
        evidence = {"numerator": number, "denominator": facts.resources, "lacking": lacking}
        found.append({**_named(indicator_id, spoken), "met": met, "evidence": evidence, "cure": None})
    licence = vocabulary("licences").find(dataset.get("license_id"))
    for indicator_id, met, field, told in (
        ("mx.licensed", facts.licensed, "license_id", licence.label(spoken) if licence else None),
        ("mx.with_contact", facts.with_contact, "contact", None),
    ):
        cure = None if met else missing_finding(field, spoken).to_dict(spoken)["cure"]
        found.append({**_named(indicator_id, spoken), "met": met, "evidence": {"value": told}, "cure": cure})
    return found


def _named(indicator_id: str, spoken: str) -> dict[str, Any]:
    definition = INDICATORS[indicator_id].to_dict(spoken)
    return {"indicator": indicator_id, "name": definition["name"], "formula": definition["formula"]}


def _fields(facts: DatasetFacts, spoken: str) -> list[dict[str, Any]]:
    """Each metadata field with the points it gives and, where some are missing, what to do; those to be won first."""
    missing = {each.field: each.points for each in facts.completeness.missing}
    worth = field_points()
    every = {**worth["dataset"], **{f"{RESOURCE_PREFIX}{name}": value for name, value in worth["resource"].items()}}
    lines = []
    for field, maximum in every.items():
        lost = missing.get(field, 0)
        told = missing_finding(field, spoken).to_dict(spoken) if lost else {}
        lines.append({
            "field": field,
            "label": field_label(field, spoken),
            "points": round(maximum - lost, DECIMALS),
            "points_max": maximum,
            "message": told.get("message"),
            "cure": told.get("cure"),
        })  # fmt: skip
    return sorted(lines, key=lambda line: (line["points"] - line["points_max"], -line["points_max"], line["field"]))
