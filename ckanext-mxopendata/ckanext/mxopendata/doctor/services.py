"""Checks of what the site stands on: clocks, Redis, disks, mail, and the count of visits."""

from __future__ import annotations

import getpass
import os
import shutil
import smtplib
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from redis.exceptions import RedisError

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata import config
from ckanext.mxopendata.doctor.check import Check, failed, passed
from ckanext.mxopendata.doctor.options import declared_default, is_local

CLOCKS_APART_SECONDS = 5
FULL = 0.95
MEGABYTE = 1024 * 1024
# Below the first an upload or an export fails, below the second it soon will.
DISK_FULL_MEGABYTES, DISK_LOW_MEGABYTES = 100, 1024
MAIL_SECONDS = 5
MAIL_PORT = 25
# Views of a day are summed the night after; a day more for a job that runs once a day.
TRACKING_BEHIND = timedelta(days=2)


def clock() -> Check:
    """The database and this machine agree on the time: due dates, tokens and the harvest's queue compare the two."""
    before = datetime.now(timezone.utc)
    theirs: datetime = model.Session.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    after = datetime.now(timezone.utc)
    ours = before + (after - before) / 2
    apart = abs((theirs - ours).total_seconds())
    if apart > CLOCKS_APART_SECONDS:
        return failed("clock", seconds=round(apart), database=_time(theirs), host=_time(ours))
    return passed("clock", seconds=round(apart, 1))


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")


def redis() -> Check:
    """Redis answers, takes what is written, and does not throw queued work away when its memory is full."""
    connection: Any = connect_to_redis()
    try:
        facts = connection.info()
        limit, used = int(facts.get("maxmemory", 0)), int(facts.get("used_memory", 0))
        policy = str(facts.get("maxmemory_policy", "noeviction"))
        if limit and policy.startswith("allkeys"):
            return failed("redis", "evicts", policy=policy, server=_server(connection), cli=_client(connection))
        if limit and used > FULL * limit:
            words = {"used": used // MEGABYTE, "limit": limit // MEGABYTE, "double": 2 * limit // MEGABYTE}
            return failed("redis", "full", **words, cli=_client(connection))
        connection.set(config.redis_key("doctor"), "1", ex=10)
    except RedisError as error:
        return failed("redis", error=f"{type(error).__name__}: {error}", server=_server(connection))
    return passed("redis", version=facts.get("redis_version", "?"), server=_server(connection))


def _server(connection: Any) -> str:
    """``host:port/db`` of a connection, without its password."""
    words = connection.connection_pool.connection_kwargs
    return words.get("path") or f"{words.get('host', 'localhost')}:{words.get('port', 6379)}/{words.get('db', 0)}"


def _client(connection: Any) -> str:
    """How an operator speaks to the same server."""
    words = connection.connection_pool.connection_kwargs
    if words.get("path"):
        return f"redis-cli -s {words['path']}"
    return f"redis-cli -h {words.get('host', 'localhost')} -p {words.get('port', 6379)}"


def disk() -> Check:
    """Uploads, exports and catalogues being read have a folder that can be written and a disk that is not full."""
    if not tk.config.get("ckan.storage_path"):
        return failed("disk", "unset")
    folders = [Path(tk.config["ckan.storage_path"]), config.export_folder(), config.harvest_folder_path()[0]]
    rooms: list[tuple[int, Path]] = []
    for folder in dict.fromkeys(folder for folder in folders if folder is not None):
        there = next(place for place in (folder, *folder.parents) if place.exists())
        if not _can_be_written(there):
            return failed("disk", "closed", folder=there, wanted=folder, user=_user())
        rooms.append((shutil.disk_usage(there).free // MEGABYTE, there))
    free, folder = min(rooms)
    if free < DISK_LOW_MEGABYTES:
        return failed("disk", "full" if free < DISK_FULL_MEGABYTES else "low", folder=folder, free=free)
    return passed("disk", folder=folder, free=free // 1024)


def _can_be_written(folder: Path) -> bool:
    """Tried, not asked for: a read-only mount and a full table of inodes also refuse."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def mail() -> Check:
    """The mail server answers; nothing is sent."""
    server = str(tk.config.get("smtp.server") or "")
    chosen = server not in ("", str(declared_default("smtp.server")))
    host, _, port = server.partition("://")[2].partition(":") if "://" in server else server.partition(":")
    try:
        banner = _greet(host or "localhost", int(port or MAIL_PORT))
    except (OSError, ValueError, smtplib.SMTPException) as error:
        if not chosen and is_local():
            return passed("mail", "local")
        return failed("mail", "" if chosen else "unset", server=server or "–", error=f"{type(error).__name__}: {error}")
    sender = [key for key in ("smtp.mail_from", "error_email_from") if tk.config.get(key)]
    if not sender:
        return failed("mail", "sender", host=tk.config["ckan.site_url"].partition("://")[2].partition(":")[0])
    return passed("mail", server=server, banner=banner)


def _greet(host: str, port: int) -> str:
    """What a mail server calls itself.

    Raises:
        OSError: it does not answer; smtplib's errors, where what answers is no mail server.
    """
    with smtplib.SMTP(host, port, timeout=MAIL_SECONDS) as connection:
        code, words = connection.ehlo()
        if code != 250:
            code, words = connection.helo()
        if code != 250:
            raise smtplib.SMTPHeloError(code, words)
        if tk.config.get("smtp.starttls") and not connection.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("smtp.starttls is on, the server does not offer STARTTLS")
    lines = words.decode("utf-8", "replace").splitlines()
    return lines[0] if lines else host


def tracking() -> Check:
    """Visits are counted and summed; without them views and downloads are "sin datos"."""
    if not p.plugin_loaded("tracking"):
        # The option was CKAN's until 2.10; since 2.11 a plugin counts, and the option alone does nothing.
        if tk.asbool(tk.config.get("ckan.tracking_enabled", False)):
            return failed("tracking", "option", line=" ".join([*tk.config["ckan.plugins"], "tracking"]))
        if is_local():
            return passed("tracking", "local")
        return failed("tracking", line=" ".join([*tk.config["ckan.plugins"], "tracking"]))
    return _summed_visits()


def _summed_visits() -> Check:
    raw, stamp = sa.table("tracking_raw"), sa.column("access_timestamp")
    days = sa.select(sa.func.max(sa.column("tracking_date"))).select_from(sa.table("tracking_summary"))
    first, last = model.Session.execute(sa.select(sa.func.min(stamp), sa.func.max(stamp)).select_from(raw)).one()
    summed = model.Session.scalar(days)
    if first is None or last is None:
        return passed("tracking", "none")
    if summed is None:
        # CKAN stores local times without a zone.
        late = datetime.now() - first > TRACKING_BEHIND  # noqa: DTZ005
        return failed("tracking", "never") if late else passed("tracking", "none")
    if last.date() - summed > TRACKING_BEHIND:
        return failed("tracking", "old", day=summed.isoformat())
    return passed("tracking", day=summed.isoformat())
