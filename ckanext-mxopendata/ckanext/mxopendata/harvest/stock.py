"""CKAN's and ckanext-harvest's classes and tables, which carry no types, under names that type checkers leave alone."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ckan import model
from ckan.model.types import make_uuid

from ckanext.harvest import model as harvest_model

__all__ = [
    "HARVEST_GATHER_ERRORS",
    "HARVEST_JOBS",
    "HARVEST_OBJECTS",
    "HARVEST_OBJECT_ERRORS",
    "HARVEST_OBJECT_EXTRAS",
    "HARVEST_SOURCES",
    "HarvestGatherError",
    "HarvestJob",
    "HarvestObject",
    "HarvestSource",
    "database",
    "make_uuid",
    "utc_now",
]

HarvestGatherError: Any = harvest_model.HarvestGatherError
HarvestJob: Any = harvest_model.HarvestJob
HarvestObject: Any = harvest_model.HarvestObject
HarvestSource: Any = harvest_model.HarvestSource

HARVEST_GATHER_ERRORS: Any = harvest_model.HarvestGatherError.__table__
HARVEST_JOBS: Any = harvest_model.HarvestJob.__table__
HARVEST_OBJECTS: Any = harvest_model.HarvestObject.__table__
HARVEST_OBJECT_ERRORS: Any = harvest_model.HarvestObjectError.__table__
HARVEST_OBJECT_EXTRAS: Any = harvest_model.HarvestObjectExtra.__table__
HARVEST_SOURCES: Any = harvest_model.HarvestSource.__table__


def utc_now() -> datetime:
    """The time as ckanext-harvest's columns hold it: in UTC, without a zone."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def database() -> Any:
    """CKAN's database engine, which exists once the application is configured."""
    return model.meta.engine
