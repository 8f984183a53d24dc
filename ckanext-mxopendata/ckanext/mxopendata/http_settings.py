"""What the site's configuration says of every fetch, whoever fetches."""

from __future__ import annotations

from typing import Any

from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata import config
from ckanext.mxopendata.http import HttpSettings
from ckanext.mxopendata.http_pace import SharedPace
from ckanext.mxopendata.http_robots import RobotsMemory

# Of the process: what a host said, and whether Redis answers, is the same for all its clients.
PACE = SharedPace(connect_to_redis, lambda host: config.redis_key(f"pace:{host}"))
ROBOTS = RobotsMemory()


def site_settings(**limits: Any) -> HttpSettings:
    """The settings of a client of this site.

    Args:
        limits: those of :class:`HttpSettings` that are not the site's own.
    """
    own: dict[str, Any] = {
        "user_agent": config.http_user_agent(),
        "allowed_private": config.http_allowed_private(),
        "proxy": config.http_proxy(),
        "interval": 1 / config.http_rate(),
        "pace": PACE,
    }
    return HttpSettings(**{**own, **limits})
