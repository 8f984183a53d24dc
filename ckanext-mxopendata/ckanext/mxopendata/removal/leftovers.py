"""What we leave outside the database: keys of Redis, background jobs, files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rq.exceptions import InvalidJobOperation, NoSuchJobError

import ckan.plugins.toolkit as tk
from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis

from ckanext.mxopendata import config
from ckanext.mxopendata.removal.settings import PACKAGE

_RUN_FILE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}.*")


@dataclass
class Leftovers:
    """What was found.

    Attributes:
        keys: names of our keys in Redis.
        jobs: background jobs that call our code.
        files: folders and files that we wrote.
    """

    keys: list[str] = field(default_factory=list)
    jobs: list[Any] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def remove(self) -> None:
        """Take all of it away; what is gone already is no error."""
        for job in self.jobs:
            # A worker may have ended it meanwhile.
            with suppress(InvalidJobOperation, NoSuchJobError):
                job.delete()
        if self.keys:
            connect_to_redis().delete(*self.keys)
        for path in self.files:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        storage = tk.config.get("ckan.storage_path")
        folder = Path(storage, "mxopendata") if storage else None
        if folder and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def look() -> Leftovers:
    """What is there now.

    Raises:
        redis.RedisError: where Redis does not answer.
    """
    return Leftovers(sorted(_keys()), list(_jobs()), sorted(_files()))


def _keys() -> Iterator[str]:
    prefix = config.redis_key("")
    for raw in connect_to_redis().scan_iter("mxopendata:*", count=1000):
        key = raw.decode() if isinstance(raw, bytes) else raw
        # Another site may share this Redis.
        if key.startswith(prefix):
            yield key


def _jobs() -> Iterator[Any]:
    for queue in jobs.get_all_queues():
        registries = (queue.failed_job_registry, queue.scheduled_job_registry, queue.deferred_job_registry)
        ids = [*queue.job_ids, *(job_id for registry in registries for job_id in registry.get_job_ids())]
        for job in (queue.fetch_job(job_id) for job_id in dict.fromkeys(ids)):
            if job is not None and (job.func_name or "").startswith(f"{PACKAGE}."):
                yield job


def _files() -> Iterator[Path]:
    exported = config.export_folder()
    if exported and exported.is_dir():
        yield exported
    folder, is_ours = config.harvest_folder_path()
    if not folder.is_dir():
        return
    if is_ours:
        yield folder
    else:
        # A folder of the operator's: only what a run put there.
        yield from (path for path in folder.iterdir() if _RUN_FILE.fullmatch(path.name))
