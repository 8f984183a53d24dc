"""A dataset of a graph as a record: our own fields, since the parser of RDF gives them; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.dcat.parser import ParsedDataset
from ckanext.mxopendata.harvest.connectors.base import Noted
from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import NODE

# Local fields that say where the other portal has the dataset from, and what it is an institution of.
_KEPT = frozenset(("gov_type", "source_identifier", "source_catalog", "source_url", "license_id"))
# Said again by the mapping, which reads what the parser left as it was.
_SAID_AGAIN = frozenset(("resource_without_url", "format_unknown", "format_contradicted"))


def record_of(parsed: ParsedDataset) -> Noted:
    """The record of a dataset, with what the parser noticed.

    Its address is its identity; a blank node goes by its identifier, or by its title.
    """
    rows = fields_of("dataset")
    dataset = parsed.dataset
    said = {name: value for name, value in dataset.items() if name in _KEPT or _is_the_sources(rows.get(name))}
    resources, licence = _licensed(dataset)
    record: dict[str, Any] = {**said, "tags": dataset["tags"], "resources": resources}
    if parsed.uri:
        record[NODE] = parsed.uri
        record.setdefault("identifier", parsed.uri)
    if licence:
        record["license_url"] = licence
    if title := parsed.organization.get("title"):
        record["publisher"] = {"name": title}
    return Noted(record, [finding for finding in parsed.findings if not _is_said_again(finding, licence)])


def _is_the_sources(row: Any) -> bool:
    return row is not None and row.owner == "source"


def _licensed(dataset: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """The resources, and the address of an unknown licence that all of them have: then it is the dataset's."""
    resources = dataset["resources"]
    licences = {resource.get("license") for resource in resources}
    common = next(iter(licences)) if len(licences) == 1 and "license_id" not in dataset else None
    if not isinstance(common, str) or "://" not in common:
        return resources, None
    return [{name: value for name, value in each.items() if name != "license"} for each in resources], common


def _is_said_again(finding: Finding, licence: str | None) -> bool:
    return finding.code in _SAID_AGAIN or (licence is not None and finding.field == "license_id")
