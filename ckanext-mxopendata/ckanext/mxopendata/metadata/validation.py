"""What a dataset lacks and what in it cannot be read, and how many points its metadata are worth.

The same findings serve form, API, harvest report and dashboard. Who refuses a dataset for them is decided where it is
saved: only a new local one is (``metadata.md``, "New local").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.values import PERSONAL, can_read, read_value

# Filled in by the site itself, so that nobody is asked for them.
_GIVEN = frozenset(("name", "owner_org"))


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
    return [item for item in dataset.get("resources") or [] if isinstance(item, Mapping)]


def _is_dictionary(resource: Mapping[str, Any]) -> bool:
    return not is_empty(resource.get("schema")) or "diccionario" in fold(resource.get("name") or "").split()


def validate_dataset(dataset: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with a dataset or could be better, the gravest first.

    Args:
        dataset: as ``package_show`` gives it or ``package_create`` takes it.

    Returns:
        Findings whose code ``missing_<field>`` is a warning where the Guía makes the field mandatory and advice where
        it recommends it; those of the readers for values that cannot be read; those of resources by ``location``.
    """
    findings = [*_missing(dataset), *_unreadable("dataset", dataset, ""), *_about_access(dataset)]
    resources = _resources(dataset)
    if not resources:
        findings.append(Finding("no_resources", "resources"))
    for index, resource in enumerate(resources):
        findings.extend(_about_resource(resource, f"resources[{index}]"))
    order = {"error": 0, "warning": 1, "advice": 2}
    return sorted(findings, key=lambda finding: order[finding.severity])


def is_valid(findings: list[Finding]) -> bool:
    """Whether nothing that the Guía makes mandatory is missing and nothing must be refused."""
    refused = {f"missing_{name}" for name in mandatory()}
    return not any(finding.severity == "error" or finding.code in refused for finding in findings)


def _missing(dataset: Mapping[str, Any]) -> Iterator[Finding]:
    worth = field_points()["dataset"]
    for name in worth:
        if not is_filled(dataset, name):
            yield Finding(f"missing_{name}", name, details={"points": worth[name]})


def _unreadable(level: str, values: Mapping[str, Any], prefix: str) -> Iterator[Finding]:
    for name, row in fields_of(level).items():
        raw = loads(values.get(name))
        if is_empty(raw) or row.cardinality == "repeating" or not can_read(row.datatype):
            continue
        for item in as_list(raw) if row.cardinality == "list" else [raw]:
            reading = read_value(row, item)
            if reading.note and (reading.value is None or reading.note == "term_not_listed"):
                quoted = None if name in PERSONAL else str(item)
                yield Finding(reading.note, name, f"{prefix}{name}", quoted)


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
    yield from _unreadable("resource", {key: value for key, value in resource.items() if key != "url"}, f"{location}.")


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
