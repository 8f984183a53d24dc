"""Every dataset of the payloads that are catalogues, as the harvest would store it; read without a site."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ckanext.mxopendata.dcat.graph import read_graph
from ckanext.mxopendata.dcat.parser import parse_datasets
from ckanext.mxopendata.metadata.mapping import map_record

RDF = {".ttl": "ttl", ".rdf": "rdf", ".xml": "rdf", ".jsonld": "jsonld"}


def stored_datasets(shared: Path, organization: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The datasets that have a title, as ``package_show`` would give them.

    Args:
        shared: the folder of the test data.
        organization: the institution they all belong to.
    """
    return [
        _stored(dataset, f"{path.stem}-{position}", organization)
        for path in sorted((shared / "payloads").rglob("*"))
        for position, dataset in enumerate(_datasets(path))
        if dataset.get("title")
    ]


def _datasets(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix in RDF and "csw" not in path.parts:
        content = path.read_bytes()
        yield from (parsed.dataset for parsed in parse_datasets(read_graph(content, RDF[path.suffix])))
    elif path.name.endswith((".json", ".json.gz")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield from _of_json(json.loads(text), "ckan" if {"ckan", "dkan"} & set(path.parts) else "datajson")


def _of_json(document: Any, platform: str) -> Iterator[dict[str, Any]]:
    if platform == "ckan":
        result = document.get("result")
        entries = result["results"] if isinstance(result, dict) else result
    else:
        entries = document.get("dataset") if isinstance(document, dict) else None
    for entry in entries or ():
        if isinstance(entry, dict):
            yield map_record(entry, platform).dataset


def _stored(dataset: dict[str, Any], name: str, organization: Mapping[str, Any]) -> dict[str, Any]:
    """With what CKAN adds to a dataset that it takes in."""
    resources = [{**resource, "id": f"r{number}"} for number, resource in enumerate(dataset.get("resources") or ())]
    added = {
        "id": name,
        "name": name.lower(),
        "organization": organization,
        "metadata_created": "2026-11-20T10:00:00",
        "metadata_modified": "2026-11-21T10:00:00.5",
    }
    return {**dataset, **added, "resources": resources}
