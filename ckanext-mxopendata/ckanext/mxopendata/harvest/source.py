"""A harvest source with all that a run needs to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata import config
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import secrets
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.connectors.base import Connector
from ckanext.mxopendata.harvest.datasets import DatasetWriter
from ckanext.mxopendata.harvest.model import Run
from ckanext.mxopendata.harvest.settings import SourceSettings, parse_config
from ckanext.mxopendata.harvest.stock import HarvestSource
from ckanext.mxopendata.http import HttpSettings
from ckanext.mxopendata.http_settings import ROBOTS, site_settings
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import MappingSettings


@dataclass(frozen=True)
class Source:
    """A harvest source with all that a run needs to know of it."""

    id: str
    name: str
    title: str
    url: str
    type: str
    connector: Connector
    settings: SourceSettings
    organization: Any


def load_source(source_id: str) -> Source:
    """A harvest source with its connector, settings and institution.

    Raises:
        SourceError: where its configuration is wrong, its address holds a key, or its institution does not exist.
        ckan.plugins.toolkit.ObjectNotFound: where there is no such source of ours.
    """
    found = HarvestSource.get(source_id)
    package = model.Package.get(source_id)
    if found is None or package is None or found.type not in CONNECTORS:
        raise tk.ObjectNotFound("Harvest source not found")
    try:
        settings = parse_config(found.config)
    except ValueError as error:
        raise SourceError(Finding("source_config_wrong", value=str(error))) from error
    for finding in secrets.held_by({"url": found.url}):
        raise SourceError(finding)  # everybody sees the address of a source
    wanted = settings.institution or package.owner_org
    organization = model.Group.get(wanted) if wanted else None
    if organization is None or not organization.is_organization or organization.state != "active":
        raise SourceError(Finding("source_without_institution", field="institution", value=wanted))
    return Source(
        id=found.id,
        name=package.name,
        title=found.title or package.name,
        url=found.url,
        type=found.type,
        connector=CONNECTORS[found.type],
        settings=settings,
        organization=organization,
    )


def dataset_writer(source: Source, run: Run) -> DatasetWriter:
    """What writes the datasets of a source in a run."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return DatasetWriter(
        connector=source.connector,
        mapping=mapping_settings(source),
        organization_id=source.organization.id,
        source_url=source.url,
        source_title=source.title,
        user=user["name"],
        now=run.at.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat(),
    )


def mapping_settings(source: Source) -> MappingSettings:
    """What the mapping needs to know: the source's configuration, completed by its institution."""
    organization = source.organization
    return MappingSettings(**{**mapping_facts(organization.title, organization.extras), **source.settings.mapping})


def mapping_facts(title: str, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the mapping needs to know of an institution, by the names of :class:`MappingSettings`.

    Args:
        title: the institution for people.
        fields: its other fields by their names, as stored or as a configuration file has them.
    """
    known = {name: value for name in ("gov_type", "cvegeo") if (value := (fields or {}).get(name))}
    return {"institution_title": title, **known}


def http_settings(settings: SourceSettings, source_type: str) -> HttpSettings:
    """The limits of the portal's configuration and of the source's.

    Args:
        settings: the source's configuration.
        source_type: one of :data:`CONNECTORS`.

    Raises:
        SourceError: where its secret is not there.
    """
    own: dict[str, Any] = {
        "ca_bundle": settings.ca_bundle,
        "total_timeout": config.http_total_timeout(),
        "maximum_bytes": config.http_maximum_bytes(),
        "robots": None if settings.robots == "ignore" else ROBOTS,
    }
    if settings.user_agent:
        own["user_agent"] = settings.user_agent
    if settings.rate:
        own |= {"interval": 1 / max(settings.rate, config.SLOWEST_RATE), "interval_agreed": True}
    fastest = CONNECTORS[source_type].fastest
    if fastest:
        own["interval"] = max(own.get("interval", 1 / config.http_rate()), 1 / fastest)
    if settings.secret:
        own["credential"] = secrets.credential(settings.secret, CONNECTORS[source_type].authorization)
    return site_settings(**own)
