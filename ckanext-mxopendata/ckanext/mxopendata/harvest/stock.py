"""CKAN's and ckanext-harvest's classes and tables, which carry no types, under names that type checkers leave alone."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.model.types import make_uuid

from ckanext.harvest import model as harvest_model

__all__ = [
    "HARVEST_OBJECTS",
    "HARVEST_OBJECT_ERRORS",
    "HARVEST_SOURCES",
    "HarvestGatherError",
    "HarvestJob",
    "HarvestObject",
    "HarvestSource",
    "database",
    "make_uuid",
]

HarvestGatherError: Any = harvest_model.HarvestGatherError
HarvestJob: Any = harvest_model.HarvestJob
HarvestObject: Any = harvest_model.HarvestObject
HarvestSource: Any = harvest_model.HarvestSource

HARVEST_OBJECTS: Any = harvest_model.HarvestObject.__table__
HARVEST_OBJECT_ERRORS: Any = harvest_model.HarvestObjectError.__table__
HARVEST_SOURCES: Any = harvest_model.HarvestSource.__table__


def database() -> Any:
    """CKAN's database engine, which exists once the application is configured."""
    return model.meta.engine
