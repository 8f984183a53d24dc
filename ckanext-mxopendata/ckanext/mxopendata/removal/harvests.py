"""Harvest sources of our types: without us ckanext-harvest finds no harvester for them.

Their pages and forms still answer; each job would end with "No harvester could be found for source type". So they are
harvested by hand only, from now on; what they were scheduled for stays in their configuration, for coming back.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata.core_tables import PACKAGE

MANUAL = "MANUAL"
SCHEDULE = "schedule"
# The type of ckanext-harvest, ckanext-dcat or ckanext-spatial for the same kind of portal, where its plugin is loaded,
# and what happens with it. For ArcGIS Server and Junar they have none.
STOCK_TYPES = {
    "mx_ckan": ("ckan", "goes on with the datasets that have the id of the source's, and creates the others anew"),
    "mx_datajson": ("dcat_json", "overwrites each dataset at every harvest, and removes at once what is not listed"),
    "mx_arcgis_hub": ("dcat_json", "needs the address of the feed; overwrites and removes as for mx_datajson"),
    "mx_dkan": ("dcat_json", "needs the address of the portal's data.json; overwrites and removes as for mx_datajson"),
    "mx_adela": (
        "dcat_json",
        "reads one catalogo.json, by its address; of a source of several it knows no dataset again, and removes them",
    ),
    "mx_socrata": (
        "dcat_json",
        "needs the address of the portal's data.json, where identifiers are others: creates all anew, removes ours",
    ),
    "mx_dcat": ("dcat_rdf", "does not know our datasets again: creates all anew, and removes ours as no longer listed"),
    "mx_opendatasoft": (
        "dcat_rdf",
        "needs the address of the portal's DCAT export; creates all anew, and removes ours as for mx_dcat",
    ),
    "mx_csw": ("csw", "overwrites each dataset that changed, and removes at once what is not listed"),
    "mx_geonode": ("csw", "needs the address of the portal's CSW; overwrites and removes as for mx_csw"),
}


@dataclass(frozen=True)
class OurSource:
    """A source of one of our types.

    Attributes:
        id: of the source and of its package.
        name: of its page.
        type: ``mx_…``.
        active: whether ckanext-harvest would harvest it at all.
        schedule: how often.
        open_jobs: ids of its jobs that have not ended.
        carriers: how many harvest objects of ours its jobs hold that stand for no dataset.
        stock_type: the type that a site without us could harvest it with, or ``None``.
        stock_means: what that type does with the datasets, or ``None``.
    """

    id: str
    name: str
    type: str
    active: bool
    schedule: str
    open_jobs: tuple[str, ...]
    carriers: int
    stock_type: str | None
    stock_means: str | None

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {key: value for key, value in asdict(self).items() if key != "id"} | {"open_jobs": len(self.open_jobs)}


def look() -> list[OurSource]:
    """All sources of our types, by name; none where ckanext-harvest is off."""
    if not p.plugin_loaded("harvest"):
        return []
    from ckanext.mxopendata.harvest.runs import CARRIER_PREFIX
    from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS, HARVEST_SOURCES, HarvestJob

    sources, objects = HARVEST_SOURCES, HARVEST_OBJECTS
    query = (
        sa.select(sources.c.id, PACKAGE.c.name, sources.c.type, sources.c.active, sources.c.frequency)
        .join(PACKAGE, PACKAGE.c.id == sources.c.id)
        .where(sources.c.type.like("mx\\_%"), PACKAGE.c.state == "active")
        .order_by(PACKAGE.c.name)
    )
    installed = _stock_types()
    found: list[OurSource] = []
    for row in model.Session.execute(query).all():
        unfinished = model.Session.query(HarvestJob.id).filter(
            HarvestJob.source_id == row.id, HarvestJob.status.in_(("New", "Running"))
        )
        carriers = sa.select(sa.func.count()).where(
            objects.c.harvest_source_id == row.id, objects.c.guid.like(f"{CARRIER_PREFIX}%")
        )
        stock, means = STOCK_TYPES.get(row.type, (None, None))
        found.append(
            OurSource(
                id=row.id,
                name=row.name,
                type=row.type,
                active=bool(row.active),
                schedule=row.frequency,
                open_jobs=tuple(job.id for job in unfinished),
                carriers=model.Session.execute(carriers).scalar_one(),
                stock_type=stock if stock in installed else None,
                stock_means=means if stock in installed else None,
            )
        )
    return found


def still(sources: list[OurSource]) -> None:
    """End the jobs of sources, take their carriers away, and let nobody harvest them by the clock; may be repeated.

    Raises:
        ckan.plugins.toolkit.ValidationError: where ckanext-harvest refuses to save a source.
    """
    for source in sources:
        queued = _carrier_ids(source.id)
        for job_id in source.open_jobs:
            tk.get_action("harvest_job_abort")(_context(), {"id": job_id})
        from ckanext.mxopendata.harvest import carriers

        carriers.remove_from(source.id)
        _unqueue(queued, source.open_jobs)
        if source.active and source.schedule != MANUAL:
            config = {**_config(source.id), SCHEDULE: source.schedule}
            _patch(source.id, frequency=MANUAL, config=json.dumps(config, ensure_ascii=False, indent=1))


def wake(sources: list[OurSource]) -> list[str]:
    """After coming back: let sources be harvested as often as before.

    Returns:
        Names of the sources whose schedule was set again.
    """
    woken: list[str] = []
    for source in sources:
        config = _config(source.id)
        schedule = config.pop(SCHEDULE, None)
        if source.active and source.schedule == MANUAL and schedule:
            _patch(source.id, frequency=schedule, config=json.dumps(config, ensure_ascii=False, indent=1))
            woken.append(source.name)
    return woken


def _config(source_id: str) -> dict[str, Any]:
    from ckanext.mxopendata.harvest.settings import read_config
    from ckanext.mxopendata.harvest.stock import HarvestSource

    return read_config(HarvestSource.get(source_id).config)[1]


def _patch(source_id: str, **values: str) -> None:
    tk.get_action("harvest_source_patch")(_context(), {"id": source_id, **values})


def _context() -> Any:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return {"ignore_auth": True, "user": user, "model": model, "session": model.Session}


def _stock_types() -> set[str]:
    from ckanext.harvest.interfaces import IHarvester

    harvesters: Any = p.PluginImplementations(IHarvester)
    return {harvester.info()["name"] for harvester in harvesters}


def _carrier_ids(source_id: str) -> list[str]:
    from ckanext.mxopendata.harvest.runs import CARRIER_PREFIX
    from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS

    objects = HARVEST_OBJECTS
    query = sa.select(objects.c.id).where(
        objects.c.harvest_source_id == source_id, objects.c.guid.like(f"{CARRIER_PREFIX}%")
    )
    return list(model.Session.execute(query).scalars())


def _unqueue(object_ids: list[str], job_ids: tuple[str, ...]) -> None:
    """Take messages out of ckanext-harvest's queues whose object or job is no more; on Redis only."""
    if tk.config.get("ckan.harvest.mq.type", "redis") != "redis":
        return
    from ckanext.harvest.queue import get_fetch_routing_key, get_gather_routing_key

    redis: Any = connect_to_redis()
    for key, name, ids in (
        (get_fetch_routing_key(), "harvest_object_id", object_ids),
        (get_gather_routing_key(), "harvest_job_id", list(job_ids)),
    ):
        for found in ids:
            redis.lrem(key, 0, json.dumps({name: found}))
            redis.delete(f"{key}:{found}")
