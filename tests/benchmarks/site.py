"""One CKAN site, loaded into this process, and the little that every benchmark does with it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.cli.cli import ckan as command

from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject

OURS, STOCK = "mx_datajson", "dcat_json"


def load(ini: str) -> Any:
    """Load a site as ``ckan`` itself does; its Flask application."""
    return command.make_context("ckan", ["-c", ini, "db"]).meta["flask_app"]


def call(action: str, **data: Any) -> Any:
    """Call an action as the site's own user."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return tk.get_action(action)({"ignore_auth": True, "user": user}, data)


def make_source(name: str, url: str, source_type: str, organization: str) -> str:
    """A harvest source; its id."""
    source = call(
        "harvest_source_create",
        name=name,
        title="Catálogo generado",
        url=url,
        source_type=source_type,
        owner_org=organization,
    )
    return str(source["id"])


def harvest(source_id: str, source_type: str) -> dict[str, int]:
    """Harvest a source in this process, from the opening of the job to its end.

    Returns:
        Ours: the run's counters. Stock: ``added``, ``updated``, ``unchanged``, ``errored``.
    """
    return _harvest_ours(source_id) if source_type == OURS else _harvest_stock(source_id, source_type)


def _harvest_ours(source_id: str) -> dict[str, int]:
    from ckanext.mxopendata.harvest import runner

    run_id = runner.harvest(source_id, datetime.now(timezone.utc))
    run = call("mxopendata_harvest_run_show", run=run_id)
    if run["status"] in ("failed", "held"):
        raise RuntimeError(f"the run ended as {run['status']}: {json.dumps(run['findings'], ensure_ascii=False)}")
    return {name: value for name, value in run.items() if isinstance(value, int) and not isinstance(value, bool)}


def _harvest_stock(source_id: str, source_type: str) -> dict[str, int]:
    """What the consumers of ckanext-harvest do with a job, without the queue between them."""
    harvester = queue.get_harvester(source_type)
    job: Any = HarvestJob(source_id=source_id, status="Running")
    job.save()
    job_id = job.id
    counted: dict[str, int] = {}
    for object_id in queue.gather_stage(harvester, job) or []:
        found: Any = HarvestObject.get(object_id)
        queue.fetch_and_import_stages(harvester, found)
        status = found.report_status if found.state == "COMPLETE" else "errored"
        counted[status] = counted.get(status, 0) + 1
    job = HarvestJob.get(job_id)
    job.status = "Finished"
    job.save()
    model.Session.remove()
    if counted.get("errored") or not counted:
        raise RuntimeError(f"the stock harvester did not take the catalogue: {counted}")
    return counted
