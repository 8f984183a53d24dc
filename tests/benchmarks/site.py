"""One CKAN site, loaded into this process, and the little that every benchmark does with it."""

from __future__ import annotations

import json
import multiprocessing
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


def harvest(source_id: str, source_type: str, processes: int = 1) -> dict[str, int]:
    """Harvest a source, from the opening of the job to its end.

    Args:
        source_id: its id.
        source_type: ours or the stock one.
        processes: this one alone, or so many forked from it.

    Returns:
        Ours: the run's counters. Stock: ``added``, ``updated``, ``unchanged``, ``errored``.
    """
    if source_type == OURS:
        return _harvest_ours(source_id, processes)
    return _harvest_stock(source_id, source_type, processes)


def _harvest_ours(source_id: str, processes: int) -> dict[str, int]:
    from ckanext.mxopendata.harvest import runner

    now = datetime.now(timezone.utc)
    if processes == 1:
        run_id = runner.harvest(source_id, now)
    else:
        run_id = runner.harvest_in_parallel([source_id], now, False, processes)[source_id]
    run = call("mxopendata_harvest_run_show", run=run_id)
    if run["status"] in ("failed", "held"):
        raise RuntimeError(f"the run ended as {run['status']}: {json.dumps(run['findings'], ensure_ascii=False)}")
    return {name: value for name, value in run.items() if isinstance(value, int) and not isinstance(value, bool)}


def _harvest_stock(source_id: str, source_type: str, processes: int) -> dict[str, int]:
    """What the consumers of ckanext-harvest do with a job, without the queue between them."""
    harvester = queue.get_harvester(source_type)
    job: Any = HarvestJob(source_id=source_id, status="Running")
    job.save()
    job_id = job.id
    object_ids = list(queue.gather_stage(harvester, job) or [])
    shares = [object_ids[share::processes] for share in range(processes)]
    counted = _import(source_type, shares[0]) if processes == 1 else _import_in_parallel(source_type, shares)
    job = HarvestJob.get(job_id)
    job.status = "Finished"
    job.save()
    model.Session.remove()
    if counted.get("errored") or not counted:
        raise RuntimeError(f"the stock harvester did not take the catalogue: {counted}")
    return counted


def _import(source_type: str, object_ids: list[str]) -> dict[str, int]:
    harvester = queue.get_harvester(source_type)
    counted: dict[str, int] = {}
    for object_id in object_ids:
        found: Any = HarvestObject.get(object_id)
        queue.fetch_and_import_stages(harvester, found)
        status = found.report_status if found.state == "COMPLETE" else "errored"
        counted[status] = counted.get(status, 0) + 1
    return counted


def _import_in_parallel(source_type: str, shares: list[list[str]]) -> dict[str, int]:
    """Each share in a process of its own, as so many fetch consumers would."""
    context = multiprocessing.get_context("fork")
    counts: Any = context.Queue()
    model.Session.remove()
    model.meta.engine.dispose()

    def work(share: list[str]) -> None:
        model.meta.engine.dispose(close=False)
        counts.put(_import(source_type, share))

    processes = [context.Process(target=work, args=(share,)) for share in shares]
    for process in processes:
        process.start()
    counted: dict[str, int] = {}
    for one in [counts.get(timeout=3600) for _ in processes]:
        for status, number in one.items():
            counted[status] = counted.get(status, 0) + number
    for process in processes:
        process.join()
    return counted
