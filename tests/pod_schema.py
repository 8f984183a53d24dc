"""Project Open Data's own schema, as a validator can read it."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4


def pod_validator(shared: Path) -> Draft4Validator:
    """The non-federal schema of a whole catalogue; its files name one another by their names."""
    folder = shared / "shapes" / "pod-v1.1" / "non-federal"
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    for schema in schemas.values():
        schema.pop("id", None)
    registry = Registry().with_resources((name, DRAFT4.create_resource(schema)) for name, schema in schemas.items())
    return Draft4Validator(schemas["catalog.json"], registry=registry)
