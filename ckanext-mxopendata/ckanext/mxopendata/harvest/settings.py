"""What an operator may say about a source: its configuration, checked and explained in the operator's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from ckanext.mxopendata.harvest import secrets
from ckanext.mxopendata.harvest.config_mistakes import against, in_meaning
from ckanext.mxopendata.metadata.findings import Finding

# Keys of a configuration file that describe the source itself; the others are its configuration.
SOURCE_KEYS = frozenset({"name", "title", "url", "type", "enabled", "notes"})


@dataclass(frozen=True)
class Absence:
    """What becomes of datasets that a source no longer lists.

    Attributes:
        grace_days: days it must have been missing.
        grace_runs: complete runs in a row that must have missed it.
        max_share: the largest share of a source's datasets that one run may lose without being asked about.
        then: ``archive``, ``delete`` or ``keep``.
    """

    grace_days: float = 7
    grace_runs: int = 2
    max_share: float = 0.2
    then: str = "archive"


@dataclass(frozen=True)
class SourceSettings:
    """The configuration of a source, as the harvest uses it.

    Attributes:
        institution: name of the organization its datasets belong to, or ``None`` for that of the source itself.
        include: field → values a record must have to be taken in.
        exclude: field → values that keep a record out.
        absence: what becomes of datasets it no longer lists.
        user_agent: how we present ourselves to this portal, or ``None``.
        ca_bundle: file of certificates to trust for this portal, or ``None``.
        rate: requests per second, at most, or ``None``.
        robots: ``respect`` or ``ignore``.
        secret: name of the environment variable with the portal's key, or ``None``.
        mapping: what the mapping needs to know: ``date_order``, ``license``, ``defaults``, ``fixed``, ``values``,
            ``field_map``, ``cvegeo``.
        notices: what is to be said of it although it works.
    """

    institution: str | None = None
    include: Mapping[str, list[str]] = field(default_factory=dict)
    exclude: Mapping[str, list[str]] = field(default_factory=dict)
    absence: Absence = field(default_factory=Absence)
    user_agent: str | None = None
    ca_bundle: str | None = None
    rate: float | None = None
    robots: str = "respect"
    secret: str | None = None
    mapping: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[Finding, ...] = ()


# Filters of ckanext-harvest's own harvester for CKAN → what they are here. They are honoured: without them a source
# whose type becomes ours would bring in what its operator keeps out.
STOCK_FILTERS = {
    "organizations_filter_include": ("include", "organization.name"),
    "organizations_filter_exclude": ("exclude", "organization.name"),
    "groups_filter_include": ("include", "groups.name"),
    "groups_filter_exclude": ("exclude", "groups.name"),
}
# Its other keys → what takes their place here, or ``None`` where nothing has to.
STOCK_KEYS: Mapping[str, str | None] = {
    "default_tags": "defaults.tag_string",
    "default_groups": "defaults.theme",
    "default_extras": "defaults",
    "override_extras": "fixed",
    "remote_orgs": "institution",
    "remote_groups": "values.theme",
    "api_key": None,
    "default_group_dicts": None,
    "api_version": None,
    "clean_tags": None,
    "force_all": None,
    "read_only": None,
    "user": None,
}

MAPPING_KEYS = ("date_order", "license", "defaults", "fixed", "values", "field_map", "cvegeo")


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of a configuration file, ``harvest_configs/_schema.json``."""
    text = (files("ckanext.mxopendata.harvest_configs") / "_schema.json").read_text(encoding="utf-8")
    return json.loads(text)


def check_file(content: Any) -> list[Finding]:
    """What is wrong with the content of a configuration file; nothing where it is right."""
    findings = [*against(content, schema()), *_secrets(content)]
    return findings or in_meaning(content)


def check_config(content: Any) -> list[Finding]:
    """What is wrong with the configuration of one source, as it stands in CKAN's form; nothing where it is right."""
    whole = schema()
    allowed = {key: value for key, value in whole["properties"].items() if key not in SOURCE_KEYS}
    return [
        *against(content, {"type": "object", "additionalProperties": False, "properties": allowed}),
        *_secrets(content),
    ]


def parse_config(text: str | None) -> SourceSettings:
    """The settings of a source.

    Args:
        text: its configuration as JSON; empty or ``None`` means all defaults.

    Raises:
        ValueError: where it is not valid; the message says in Spanish where and why.
    """
    findings, content = read_config(text)
    wrong = [finding for finding in findings if finding.severity == "error"]
    if wrong:
        sentences = [finding.to_dict() for finding in wrong]
        raise ValueError(" ".join(f"{sentence['message']} {sentence['cure']}" for sentence in sentences))
    institution = content.get("institution")
    if isinstance(institution, Mapping):
        institution = institution["name"]
    return SourceSettings(
        institution=institution,
        include=_all_filters("include", content),
        exclude=_all_filters("exclude", content),
        absence=Absence(**content.get("absence", {})),
        user_agent=content.get("user_agent"),
        ca_bundle=content.get("ca_bundle"),
        rate=content.get("rate"),
        robots=content.get("robots", "respect"),
        secret=content.get("secret"),
        mapping={key: content[key] for key in MAPPING_KEYS if key in content},
        notices=tuple(findings),
    )


def read_config(text: str | None) -> tuple[list[Finding], dict[str, Any]]:
    """A source's configuration and what is wrong with it.

    Args:
        text: JSON; empty or ``None`` means all defaults.

    Returns:
        Findings (an error where it is not valid, less where it has keys of the stock harvester) and the content (empty
        where it is not JSON).
    """
    if not (text or "").strip():
        return [], {}
    try:
        content = json.loads(str(text))
    except ValueError as error:
        return [Finding("config_not_json", value=str(text), details={"reason": str(error)})], {}
    if not isinstance(content, dict):
        return check_config(content), {}
    stock = {key: value for key, value in content.items() if key in STOCK_KEYS or key in STOCK_FILTERS}
    own = {key: value for key, value in content.items() if key not in stock}
    return [*check_config(own), *(_stock_notice(key) for key in stock)], content


def _secrets(content: Any) -> list[Finding]:
    return secrets.held_by(content) if isinstance(content, Mapping) else []


def _stock_notice(key: str) -> Finding:
    if key == "api_key":
        return Finding("config_stock_api_key", field=key)
    if key in STOCK_FILTERS:
        return Finding("config_stock_filter", field=key, details={"replacement": ".".join(STOCK_FILTERS[key])})
    replacement = STOCK_KEYS[key]
    if replacement is None:
        return Finding("config_stock_unneeded", field=key)
    return Finding("config_stock_replaced", field=key, details={"replacement": replacement})


def _all_filters(kind: str, content: Mapping[str, Any]) -> dict[str, list[str]]:
    """The filters of one kind, those in the stock harvester's keys too."""
    filters = _filters(content.get(kind))
    for key, (which, place) in STOCK_FILTERS.items():
        if which == kind and content.get(key):
            names = content[key] if isinstance(content[key], list) else [content[key]]
            filters[place] = list(dict.fromkeys([*map(str, names), *filters.get(place, ())]))
    return filters


def _filters(value: Mapping[str, Any] | None) -> dict[str, list[str]]:
    return {key: item if isinstance(item, list) else [item] for key, item in (value or {}).items()}
