"""What a dataset lacks and what in it cannot be read, and how many points its metadata are worth.

The same findings serve form, API, harvest report and dashboard. Who refuses a dataset for them is decided where it is
saved: only a new local one is (``metadata.md``, "New local").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.coherence import future_dates, place_findings
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, fields_of, subfields_of
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.readers import Reading
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.values import PERSONAL, can_read, read_value

# Filled in by the site itself, so that nobody is asked for them.
_GIVEN = frozenset(("name", "owner_org"))
# Said of a dataset that is taken nevertheless; whatever else is found of a new local one is refused.
_TOLERATED = frozenset((
    "no_resources", "resource_without_url", "term_not_listed", "format_unknown", "place_outside_institution",
))  # fmt: skip
MAXIMUM_TITLE = 600


@cache
def field_points() -> Mapping[str, Mapping[str, int]]:
    """Points by level (``dataset``, ``resource``) and field, from ``schemas/quality.yaml``; they add up to 100."""
    text = (files("ckanext.mxopendata.schemas") / "quality.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["metadata"]


@cache
def mandatory() -> frozenset[str]:
    """Names of the dataset's fields that the Guía makes mandatory and a publisher fills in."""
    return frozenset(
        name for name, row in fields_of("dataset").items() if row.requirement == "mandatory" and name not in _GIVEN
    )


def is_filled(dataset: Mapping[str, Any], name: str) -> bool:
    """Whether a field of the dataset says what it is for.

    Keywords count as ``tags`` or ``tag_string``; a contact needs an e-mail; the data dictionary may be a resource; the
    legal basis may be an address or a text.
    """
    if name == "tag_string":
        return not is_empty(dataset.get("tags")) or not is_empty(dataset.get("tag_string"))
    if name == "contact":
        contacts = as_list(loads(dataset.get("contact")))
        return any(isinstance(item, Mapping) and not is_empty(item.get("email")) for item in contacts)
    if name == "documentation":
        return not is_empty(loads(dataset.get(name))) or any(_is_dictionary(item) for item in _resources(dataset))
    if name == "legal_basis_text":
        return any(not is_empty(loads(dataset.get(key))) for key in ("legal_basis_text", "applicable_legislation"))
    value = loads(dataset.get(name))
    if fields_of("dataset")[name].cardinality == "repeating":
        return any(isinstance(item, Mapping) and not is_empty(list(item.values())) for item in as_list(value))
    return not is_empty(value)


def _resources(dataset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for item in as_list(loads(dataset.get("resources"))) if isinstance(item, Mapping)]


def _is_dictionary(resource: Mapping[str, Any]) -> bool:
    return not is_empty(resource.get("schema")) or "diccionario" in fold(resource.get("name") or "").split()


def validate_dataset(dataset: Mapping[str, Any], today: date | None = None, within: str | None = None) -> list[Finding]:
    """What is wrong with a dataset or could be better, the gravest first.

    Args:
        dataset: as ``package_show`` gives it or ``package_create`` takes it.
        today: the day against which dates of the past are held; ``None`` holds them against none.
        within: INEGI key of the institution, to tell of places outside of its state.

    Returns:
        Findings whose code ``missing_<field>`` is a warning where the Guía makes the field mandatory and advice where
        it recommends it; those of the readers for values that cannot be read; those of resources by ``location``.
    """
    findings = [
        *_missing(dataset),
        *_unreadable("dataset", dataset, ""),
        *_about_size(dataset),
        *_about_access(dataset),
        *place_findings(dataset, within),
        *(future_dates(dataset, today) if today else ()),
    ]
    resources = _resources(dataset)
    if not resources:
        findings.append(Finding("no_resources", "resources"))
    for index, resource in enumerate(resources):
        findings.extend(_about_resource(resource, f"resources[{index}]"))
        findings.extend(future_dates(resource, today, f"resources[{index}].") if today else ())
    order = {"error": 0, "warning": 1, "advice": 2}
    return sorted(findings, key=lambda finding: order[finding.severity])


def is_valid(findings: list[Finding]) -> bool:
    """Whether a new local dataset would be taken: it lacks nothing mandatory, and nothing in it must be refused.

    The order of government is the institution's, whose editors may not be able to fill it in: its absence is told only.
    """
    refused = {f"missing_{name}" for name in mandatory() - {"gov_type"}}
    return not any(
        finding.code in refused or not (finding.code.startswith("missing_") or finding.code in _TOLERATED)
        for finding in findings
    )


def _missing(dataset: Mapping[str, Any]) -> Iterator[Finding]:
    worth = field_points()["dataset"]
    for name in worth:
        if not is_filled(dataset, name):
            yield Finding(f"missing_{name}", name, details={"points": worth[name]})


def _unreadable(level: str, values: Mapping[str, Any], prefix: str) -> Iterator[Finding]:
    for name, row in fields_of(level).items():
        raw = loads(values.get(name))
        if is_empty(raw):
            continue
        if row.cardinality == "repeating":
            yield from _unreadable_groups(name, raw, f"{prefix}{name}")
            continue
        for item in _items(raw) if row.cardinality == "list" else [raw]:
            reading = _read(level, row, item)
            if reading.note and (reading.value is None or reading.note == "term_not_listed"):
                yield Finding(reading.note, name, f"{prefix}{name}", str(item))


def _items(raw: Any) -> Iterator[Any]:
    """The items of a list, also where they are lines of a text."""
    for item in as_list(raw):
        yield from (line for line in item.splitlines() if line.strip()) if isinstance(item, str) else [item]


def _read(level: str, row: CrosswalkField, raw: Any) -> Reading:
    """How a value would be read where it is saved; what is read by nobody is as it should be."""
    if row.datatype == "cvegeo":
        return readers.read_cvegeo(raw)
    if row.datatype == "geometry":
        return readers.read_geometry(loads(raw))
    if row.datatype == "interval_text":
        return readers.read_interval(raw)
    if level == "resource" and row.datatype == "licence" and readers.read_url(raw).value:
        return Reading(raw)  # the terms of a file may be anybody's
    return read_value(row, raw) if can_read(row.datatype) else Reading(raw)


def _unreadable_groups(name: str, raw: Any, location: str) -> Iterator[Finding]:
    rows = subfields_of("dataset", name)
    for index, group in enumerate(as_list(raw)):
        if not isinstance(group, Mapping):
            continue
        for inner, row in rows.items():
            value = group.get(inner)
            reading = Reading(None) if is_empty(value) else _read("dataset", row, value)
            if reading.note and reading.value is None:
                quoted = None if name in PERSONAL else str(value)
                yield Finding(reading.note, name, f"{location}[{index}].{inner}", quoted)
        if name == "temporal_coverage" and readers.read_interval(dict(group)).note == "interval_reversed":
            ends = "/".join(str(group.get(end) or "..") for end in ("start", "end"))
            yield Finding("interval_reversed", name, f"{location}[{index}]", ends)


def _about_size(dataset: Mapping[str, Any]) -> Iterator[Finding]:
    title = str(dataset.get("title") or "")
    if len(title) > MAXIMUM_TITLE and len(readers.clean_line(title)) > MAXIMUM_TITLE:
        yield Finding("title_too_long", "title", None, None, {"maximum": MAXIMUM_TITLE})
    written = dataset.get("tag_string")
    count = len(as_list(dataset.get("tags"))) + (written.count(",") + 1 if isinstance(written, str) else 0)
    if count > readers.MAXIMUM_KEYWORDS:
        yield Finding("keywords_too_many", "tag_string")


def _about_access(dataset: Mapping[str, Any]) -> Iterator[Finding]:
    if dataset.get("access_rights") in ("restricted", "non_public") and is_empty(dataset.get("access_comment")):
        yield Finding("reason_missing", "access_comment")


def _about_resource(resource: Mapping[str, Any], location: str) -> Iterator[Finding]:
    label = str(resource.get("name") or resource.get("url") or location)
    for name in field_points()["resource"]:
        if is_empty(resource.get(name)):
            yield Finding(f"missing_resource_{name}", name, location, label)
    if is_empty(resource.get("url")) and resource.get("url_type") != "upload" and is_empty(resource.get("upload")):
        yield Finding("resource_without_url", "url", location, label)
    uploaded = resource.get("url_type") == "upload" or not is_empty(resource.get("upload"))
    own = {key: value for key, value in resource.items() if key != "url" or not uploaded}
    yield from _unreadable("resource", own, f"{location}.")


def points(dataset: Mapping[str, Any]) -> tuple[float, int]:
    """How many points the dataset's metadata are worth, and of how many.

    Returns:
        Points to one decimal, and the maximum (100 as shipped). Without a resource its fields are worth nothing.
    """
    worth = field_points()
    resources = _resources(dataset)
    total = float(sum(value for name, value in worth["dataset"].items() if is_filled(dataset, name)))
    for name, value in worth["resource"].items():
        filled = sum(not is_empty(resource.get(name)) for resource in resources)
        total += value * filled / len(resources) if resources else 0
    return round(total, 1), sum(sum(level.values()) for level in worth.values())
