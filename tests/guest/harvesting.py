"""Running a harvest source through the queue, and what came of it."""

from __future__ import annotations

from typing import Any

from .site import Site


def harvest(site: Site, token: str, source: str) -> dict[str, Any]:
    """Start a job and let the queue work until it is over; ``harvest_job_show`` of it, with its errors.

    Args:
        site: the running site.
        token: the sysadmin's.
        source: name of the source.
    """
    known = site.act("harvest_source_show", token, id=source)
    job = site.act("harvest_job_create", token, source_id=known["id"], run=True)
    site.order("queue")
    shown = site.act("harvest_job_show", token, id=job["id"])
    assert shown["status"] == "Finished", shown
    return shown


def datasets_of(site: Site, token: str, source: str) -> dict[str, dict[str, Any]]:
    """The datasets of a source as they are shown: id → ``package_show``."""
    known = site.act("harvest_source_show", token, id=source)
    rows = site.order(
        "sql",
        sentence="SELECT DISTINCT p.id FROM package p JOIN harvest_object o ON o.package_id = p.id "
        f"WHERE o.harvest_source_id = '{known['id']}' AND o.current AND p.state = 'active'",
    )
    return {key: site.act("package_show", token, id=key) for (key,) in rows}
