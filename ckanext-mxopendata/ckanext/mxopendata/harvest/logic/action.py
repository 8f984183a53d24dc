"""API actions of the harvest room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.mxopendata.core_tables import GROUP, PACKAGE
from ckanext.mxopendata.form_start import fresh_context
from ckanext.mxopendata.harvest import (
    carriers,
    duplicates,
    history,
    index,
    listing,
    pruning,
    report,
    runs,
    watchdog,
)
from ckanext.mxopendata.harvest.logic.auth import check_pair
from ckanext.mxopendata.harvest.logic.give_back import mxopendata_harvest_change_list
from ckanext.mxopendata.harvest.logic.new_source import (
    mxopendata_harvest_source_add,
    mxopendata_harvest_source_detect,
)
from ckanext.mxopendata.harvest.logic.numbers import whole
from ckanext.mxopendata.harvest.logic.uploads import mxopendata_harvest_upload, mxopendata_harvest_upload_show
from ckanext.mxopendata.harvest.model import Elsewhere, Identity, ManagedSource, Record, Run, Spooled, Upload
from ckanext.mxopendata.language import current_language

__all__ = [
    "harvest_job_abort",
    "harvest_jobs_run",
    "harvest_source_clear",
    "harvest_source_reindex",
    "mxopendata_harvest_change_list",
    "mxopendata_harvest_doubtful_decide",
    "mxopendata_harvest_doubtful_list",
    "mxopendata_harvest_record_list",
    "mxopendata_harvest_run_list",
    "mxopendata_harvest_run_show",
    "mxopendata_harvest_source_add",
    "mxopendata_harvest_source_detect",
    "mxopendata_harvest_source_list",
    "mxopendata_harvest_source_search",
    "mxopendata_harvest_upload",
    "mxopendata_harvest_upload_show",
]

MAXIMUM_LIMIT = 1000


@tk.side_effect_free
def mxopendata_harvest_run_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One run of a harvest source.

    Args:
        context: CKAN's.
        data_dict: ``run``: its id; ``causes``: whether its findings are to be grouped by cause, and it is to be
            compared with the last run before that came to its end.

    Returns:
        A run as ``interfaces`` fixes it, with ``findings``; where asked for, ``causes``, ``previous`` (a run or
        ``None``) and what :func:`.report.compare` adds.
    """
    tk.check_access("mxopendata_harvest_run_show", context, data_dict)
    run = runs.get_run(tk.get_or_bust(data_dict, "run"))
    source = report.sources_by_id([run.source_id]).get(run.source_id)
    if source is None:
        raise tk.ObjectNotFound("Harvest source not found")
    shown = report.run_dict(run, source, current_language())
    if tk.asbool(data_dict.get("causes", False)):
        earlier = history.previous(run)
        shown["previous"] = report.run_dict(earlier, source, current_language()) if earlier else None
        shown.update(report.compare(report.causes(run, current_language()), run, earlier, current_language()))
    return shown


@tk.side_effect_free
def mxopendata_harvest_doubtful_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """The datasets of which somebody must say whether they are one of before, and that this person may decide on.

    Args:
        context: CKAN's.
        data_dict: ``source``: name or id of a harvest source; all where nothing is said.

    Returns:
        As :func:`.duplicates.doubtful`.
    """
    tk.check_access("mxopendata_harvest_doubtful_list", context, data_dict)
    found = duplicates.doubtful(data_dict.get("source"))
    return [item for item in found if _may_decide(context, item)]


def mxopendata_harvest_doubtful_decide(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Say whether a doubtful dataset is the one of before.

    Args:
        context: CKAN's.
        data_dict: ``id``: of the doubtful dataset; ``same``: whether it is.

    Returns:
        ``{"dataset", "same"}``: the name of the dataset that stays.
    """
    tk.check_access("mxopendata_harvest_doubtful_decide", context, data_dict)
    dataset, other = duplicates.pair(data_dict["id"])
    same = tk.asbool(tk.get_or_bust(data_dict, "same"))
    if same:
        duplicates.accept(dataset, other, fresh_context(context))
    else:
        duplicates.reject(dataset)
    return {"dataset": (other if same else dataset)["name"], "same": same}


def _may_decide(context: Context, item: DataDict) -> bool:
    try:
        # What the authorization function asks, about datasets that are known already.
        check_pair(context, item["dataset"]["id"], item["other"]["id"])
    except tk.NotAuthorized:
        return False
    return True


@tk.side_effect_free
def mxopendata_harvest_run_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Runs, the newest first.

    Args:
        context: CKAN's.
        data_dict: ``institution``: name or id of an organization; ``source``: name or id of a harvest source;
            ``limit``: 20 where nothing is said, at most 1,000; ``last``: whether only each source's last run is wanted.

    Returns:
        A list of runs as ``interfaces`` fixes them.
    """
    tk.check_access("mxopendata_harvest_run_list", context, data_dict)
    packages, groups = PACKAGE, GROUP
    query = sa.select(Run).join(packages, packages.c.id == Run.source_id).where(packages.c.state == "active")
    institutions = _institutions_seen_inside(context)
    if institutions is not None:
        query = query.where(packages.c.private.is_(False) | packages.c.owner_org.in_(list(institutions)))
    if data_dict.get("institution"):
        wanted = sa.or_(groups.c.name == data_dict["institution"], groups.c.id == data_dict["institution"])
        query = query.join(groups, groups.c.id == packages.c.owner_org).where(wanted)
    if data_dict.get("source"):
        query = query.where(sa.or_(packages.c.name == data_dict["source"], packages.c.id == data_dict["source"]))
    if tk.asbool(data_dict.get("last", False)):
        newest = sa.select(Run.id).distinct(Run.source_id).order_by(Run.source_id, Run.started.desc())
        query = query.where(Run.id.in_(newest))
    limit = min(whole(data_dict, "limit", 20), MAXIMUM_LIMIT)
    runs = model.Session.execute(query.order_by(Run.started.desc()).limit(limit)).scalars().all()
    sources = report.sources_by_id(run.source_id for run in runs)
    return [report.run_dict(run, sources[run.source_id], current_language()) for run in runs]


@tk.side_effect_free
def mxopendata_harvest_record_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What became of each record of a run.

    Args:
        context: CKAN's.
        data_dict: ``run``: its id; ``action``, ``severity``: only these; ``offset``; ``limit``: 100 where nothing is
            said, at most 1,000.

    Returns:
        ``{"count", "results": [{"identifier", "title", "action", "dataset_id", "dataset_name", "matched_by",
        "findings": […]}]}``
    """
    tk.check_access("mxopendata_harvest_record_list", context, data_dict)
    run = runs.get_run(tk.get_or_bust(data_dict, "run"))
    limit = min(whole(data_dict, "limit", 100), MAXIMUM_LIMIT)
    count, rows = report.records(
        run.id, data_dict.get("action"), data_dict.get("severity"), whole(data_dict, "offset", 0), limit
    )
    return {"count": count, "results": [report.record_dict(row, current_language()) for row in rows]}


@tk.side_effect_free
def mxopendata_harvest_source_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Sources of our types, those that need attention first.

    Args:
        context: CKAN's.
        data_dict: nothing for all; else as :func:`mxopendata_harvest_source_search`.

    Returns:
        The ``results`` of :func:`mxopendata_harvest_source_search`.
    """
    tk.check_access("mxopendata_harvest_source_list", context, data_dict)
    return mxopendata_harvest_source_search(context, data_dict)["results"]


@tk.side_effect_free
def mxopendata_harvest_source_search(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Sources of our types with their last run and their history, those that need attention first.

    Args:
        context: CKAN's.
        data_dict: ``q``: words of the title, name or address of a source or of its institution's title; ``health``:
            only those in this one; ``offset``; ``limit``: all where nothing is said.

    Returns:
        ``{"total", "count", "health": {health: how many}, "results": [{"name", "title", "type", "url", "institution",
        "institution_title", "enabled", "schedule", "next_run", "last_run", "last_status", "last_finished", "health",
        "datasets", "failures", "last_success", "recent": [{"run", "status", "started", "read"}], "run": a run or
        None}]}``: ``total`` and ``health`` count those with the words, ``count`` those in the wanted health.
    """
    tk.check_access("mxopendata_harvest_source_search", context, data_dict)
    limit = whole(data_dict, "limit", 0) if data_dict.get("limit") not in (None, "") else None
    counts, count, rows = listing.search_sources(
        str(data_dict.get("q") or ""),
        data_dict.get("health") or None,
        whole(data_dict, "offset", 0),
        limit,
        _institutions_seen_inside(context),
    )
    last = sa.select(Run).where(Run.id.in_([row["last_run"] for row in rows if row["last_run"]]))
    runs = {run.id: run for run in model.Session.execute(last).scalars()}
    hidden = ("id", "institution_id", "private", "file")
    results = []
    for row in rows:
        run = runs.get(row["last_run"])
        shown = {key: value for key, value in row.items() if key not in hidden}
        results.append({**shown, "run": report.run_dict(run, row, current_language()) if run else None})
    return {"total": sum(counts.values()), "count": count, "health": counts, "results": results}


@tk.chained_action
def harvest_jobs_run(original: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Take up again what was left behind, before ckanext-harvest looks at its jobs (``ckan harvester run``)."""
    tk.check_access("harvest_jobs_run", context, data_dict)
    watchdog.look_after(data_dict.get("source_id"))
    return original(context, data_dict)


@tk.chained_action
def harvest_job_abort(original: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """End the run of an aborted job, too: else it would be taken up again."""
    result = original(context, data_dict)
    runs.abort(result["id"])
    return result


@tk.chained_action
def harvest_source_reindex(original: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Index a harvest source so that its type is not lost, and tidy up after its finished jobs.

    ckanext-harvest 1.6.3 stores an unvalidated dictionary on CKAN 2.12 (stack trap 2); it calls this when a job ends.
    """
    source_id = tk.get_or_bust(data_dict, "id")
    tk.check_access("harvest_source_reindex", context, data_dict)
    result = original(context, data_dict)
    index.rebuild_source(source_id, bool(context.get("defer_commit", False)))
    package = model.Package.get(source_id)
    carriers.remove_from(package.id if package else source_id)
    pruning.prune(package.id if package else source_id)
    return result


@tk.chained_action
def harvest_source_clear(original: Callable[..., Any], context: Context, data_dict: DataDict) -> Any:
    """Forget what was known of a source's datasets when they are all removed."""
    result = original(context, data_dict)
    source_id = result["id"]
    for table in (Spooled, Record):
        runs = sa.select(Run.id).where(Run.source_id == source_id)
        model.Session.execute(sa.delete(table.__table__).where(table.run_id.in_(runs)))
    for table in (Identity, Elsewhere, Run):
        model.Session.execute(sa.delete(table.__table__).where(table.source_id == source_id))
    if model.Package.get(source_id) is None:
        for table in (ManagedSource, Upload):
            model.Session.execute(sa.delete(table.__table__).where(table.source_id == source_id))
    model.Session.commit()
    return result


def _institutions_seen_inside(context: Context) -> frozenset[str] | None:
    """Ids of the institutions whose private sources the user may see; ``None`` for all of them."""
    user = model.User.get(context.get("user"))
    if context.get("ignore_auth") or (user and user.sysadmin):
        return None
    return frozenset(user.get_group_ids("organization") if user else ())
