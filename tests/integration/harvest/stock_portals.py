"""Other portals as the stock harvesters know them, those harvesters at work, and what they leave."""

from __future__ import annotations

import itertools
import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import search
from ckan.tests import helpers

from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject

from .conftest import catalogue, record

NUMBERS = itertools.count(1)
PORTAL: list[int] = []


def package(number: int, **fields: Any) -> dict[str, Any]:
    """A dataset of another CKAN."""
    return {
        "id": str(uuid5(NAMESPACE_URL, f"remoto-{PORTAL[-1]}-{number}")),
        "name": f"remoto-{PORTAL[-1]}-{number}",
        "title": f"Remoto {PORTAL[-1]} {number}",
        "notes": "Datos de otro portal",
        "type": "dataset",
        "state": "active",
        "private": False,
        "license_id": "cc-by",
        "metadata_created": "2026-01-01T00:00:00.000000",
        "metadata_modified": "2026-02-01T00:00:00.000000",
        "organization": {"name": "dependencia", "title": "Dependencia"},
        "owner_org": str(uuid5(NAMESPACE_URL, "dependencia")),
        "groups": [],
        "tags": [{"name": "agua"}, {"name": "riego"}],
        "extras": [
            {"key": "frequency", "value": "Mensual"},
            {"key": "theme", "value": "Medio ambiente"},
            {"key": "language", "value": "es"},
            {"key": "clave_interna", "value": f"K-{number}"},
        ],
        "resources": [
            {
                "id": str(uuid5(NAMESPACE_URL, f"archivo-{PORTAL[-1]}-{number}")),
                "name": "Tabla",
                "url": f"https://remoto.ejemplo.gob.mx/{number}.csv",
                "format": "CSV",
            }
        ],
        **fields,
    }


def serve_ckan(portal: Any, *packages: dict[str, Any]) -> None:
    """Let the loopback portal answer ``package_search`` as a CKAN does, as far as harvesters ask it."""

    def answer(handler: Any, query: Any) -> None:
        start, rows = int(query.get("start", ["0"])[0]), int(query.get("rows", ["10"])[0])
        wanted = sorted(packages, key=lambda item: item["id"])
        since = query.get("fq", [""])[0].partition("metadata_modified:[")[2].partition("Z TO")[0]
        if since:
            wanted = [item for item in wanted if item["metadata_modified"] >= since]
        result = {"count": len(wanted), "results": wanted[start : start + rows]}
        body = json.dumps({"success": True, "result": result}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    portal.serve_with("/api/3/action/package_search", answer)


def serve_file(portal: Any, *records: dict[str, Any]) -> None:
    """Let the loopback portal serve a data.json."""
    portal.serve("/data.json", catalogue(*records))


def dcat_record(number: int, **fields: Any) -> dict[str, Any]:
    """A record that the stock harvester for data.json can take."""
    return record(f"dj-{PORTAL[-1]}-{number}", language=["es"], publisher={"name": "Dirección de Obras"}, **fields)


def _consume(consumer: Any, callback: Any) -> None:
    while True:
        method, _, body = consumer.basic_get(queue="")
        if body is None:
            return
        if None in json.loads(body).values():
            continue
        consumer.redis.set(consumer.persistance_key(body), "2026-11-22 10:00:00.000000")
        callback(consumer, method, None, body)


def stock_harvest(source: dict[str, Any]) -> HarvestJob:
    """Harvest with the consumers of ckanext-harvest and ``harvester run``; nothing may go wrong."""
    job = helpers.call_action("harvest_job_create", source_id=source["id"], run=True)
    _consume(queue.get_gather_consumer(), queue.gather_callback)
    _consume(queue.get_fetch_consumer(), queue.fetch_callback)
    # What ckanext-dcat wants removed gets no id until it is stored; ``harvester run`` sends it again.
    queue.resubmit_objects()
    _consume(queue.get_fetch_consumer(), queue.fetch_callback)
    site_user = helpers.call_action("get_site_user")["name"]
    helpers.call_action("harvest_jobs_run", context={"user": site_user}, source_id=source["id"])
    model.Session.expire_all()
    ended = HarvestJob.get(job["id"])
    assert ended.status == "Finished"
    assert [error.message for error in ended.gather_errors] == []
    errors = [error.message for harvested in ended.objects for error in harvested.errors]
    assert errors == []
    return ended


def change_type(source: dict[str, Any], source_type: str) -> None:
    """What an operator does in the form."""
    helpers.call_action("harvest_source_patch", id=source["id"], source_type=source_type)
    assert helpers.call_action("harvest_source_show", id=source["id"])["source_type"] == source_type


def datasets_of(source: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Dataset id → dataset, of all that any harvester made for a source."""
    query = sa.select(HarvestObject.package_id).where(
        HarvestObject.harvest_source_id == source["id"], HarvestObject.package_id.isnot(None)
    )
    ids = set(model.Session.execute(query).scalars())
    return {dataset_id: stored(dataset_id) for dataset_id in ids}


def stored(dataset_id: str) -> dict[str, Any]:
    """A dataset as the database has it: the index adds its harvest object to the extras."""
    return helpers.call_action("package_show", context={"use_cache": False}, id=dataset_id)


def identities(datasets: dict[str, dict[str, Any]]) -> set[tuple[Any, ...]]:
    """What must not change: ids, names, ids of resources."""
    return {
        (key, dataset["name"], *sorted(resource["id"] for resource in dataset["resources"]))
        for key, dataset in datasets.items()
    }


def extras_of(dataset: dict[str, Any]) -> dict[str, str]:
    """The extras of a dataset, each of which may be there once."""
    keys = [extra["key"] for extra in dataset.get("extras", [])]
    assert len(keys) == len(set(keys))
    return {extra["key"]: extra["value"] for extra in dataset.get("extras", [])}


OLD_EXTRAS = {
    "frequency": "Mensual",
    "theme": "Medio ambiente, Agua",
    "language": "es",
    "contact": "Juana Pérez",
    "creator": "Dirección de Obras",
    "temporal_coverage": "enero de 2020",
    "spatial": "Jalisco",
    "guid": "clave de antes",
}


def as_before_our_schema(dataset_id: str) -> None:
    """Give a dataset the extras it would have had on a site without our schema: plain text, of any name."""
    extras = {**OLD_EXTRAS, **extras_of(stored(dataset_id))}
    if tk.check_ckan_version(min_version="2.12.0b0"):
        statement = "UPDATE package SET extras = CAST(:extras AS jsonb) WHERE id = :id"
        model.Session.execute(sa.text(statement), {"extras": json.dumps(extras), "id": dataset_id})
    else:
        model.Session.execute(sa.text("DELETE FROM package_extra WHERE package_id = :id"), {"id": dataset_id})
        statement = (
            "INSERT INTO package_extra (id, package_id, key, value, state)"
            " VALUES (md5(:id || :key), :id, :key, :value, 'active')"
        )
        for key, value in extras.items():
            model.Session.execute(sa.text(statement), {"id": dataset_id, "key": key, "value": value})
    model.Session.commit()
    model.Session.expire_all()
    search.rebuild(dataset_id)


KINDS = {
    "ckan": ("mx_ckan", serve_ckan, package),
    "dcat_json": ("mx_datajson", serve_file, dcat_record),
}
