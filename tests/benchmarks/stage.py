"""The sites that are compared, on the same services, and the processes that work on them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, make_dsn, parse_dsn

from benchmarks import records

OURS, STOCK, PLAIN = "ours", "stock", "plain"
KINDS = {OURS: "mx_datajson", STOCK: "dcat_json", PLAIN: "plain"}


class WorkFailedError(Exception):
    """A worker ended with an error; the message holds its last words."""


class Stage:
    """Three sites: ours, CKAN with the stock extensions, CKAN with scheming only.

    Args:
        sites: name → ``ini``, ``database`` and ``solr`` of each; all are empty.
        www: folder that is served at ``url``.
        url: address of the folder.
        log: where the words of the workers go.
    """

    def __init__(self, sites: Mapping[str, Mapping[str, str]], www: Path, url: str, log: Path) -> None:
        self.sites = sites
        self.www = www
        self.url = url
        self._log = log
        self._seeded: dict[str, int] = {}
        self._computed = False
        self.measured: dict[str, list[dict[str, Any]]] = {}
        for name in sites:
            self._database(name, 'CREATE DATABASE "{0}_empty" TEMPLATE "{0}"')

    def work(self, site: str, task: str, **order: Any) -> dict[str, Any]:
        """Do one piece of work on a site, in a process of its own.

        Raises:
            WorkFailedError: it could not be done.
        """
        document = {"ini": self.sites[site]["ini"], "task": task, "kind": KINDS[site], **order}
        ended = subprocess.run(
            [sys.executable, "-m", "benchmarks.worker"],
            input=json.dumps(document),
            capture_output=True,
            text=True,
            check=False,
        )
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{site} {task}\n{ended.stderr}{ended.stdout}\n")
        if ended.returncode:
            words = ended.stderr.strip().splitlines()
            raise WorkFailedError(f"{task} on {site}: {words[-1] if words else ended.returncode}")
        return json.loads(ended.stdout.splitlines()[-1])

    def have(self, site: str, size: int) -> None:
        """See to it that a site holds ``size`` generated datasets and nothing else; 0 for an empty one."""
        if self._seeded.get(site) == size:
            return
        self._reset(site)
        self._seeded[site] = size
        self._computed = self._computed and site != OURS
        if not size:
            return
        more: dict[str, Any] = {"url": self.address(site), "file": str(self.file(site))}
        if site == PLAIN:
            self.have(OURS, size)
            more["datasets"] = self.work(OURS, "examples", size=size)["datasets"]
        self.work(site, "seed", size=size, **more)

    def figures(self, size: int) -> None:
        """See to it that the figures of our site, which holds ``size`` datasets, were computed since it was filled."""
        if not self._computed:
            self.work(OURS, "indicators", size=size, full=True)
        self._computed = True

    def touched(self, site: str) -> None:
        """Note that a site is no longer as it was seeded."""
        self._seeded.pop(site, None)

    def address(self, site: str, name: str = "") -> str:
        """Where the catalogue of a site's source is served."""
        return f"{self.url}/{self.file(site, name).name}"

    def file(self, site: str, name: str = "") -> Path:
        """The catalogue of a site's source."""
        return self.www / f"{site}{name and '-'}{name}.json"

    def change_catalogue(self, site: str, size: int, changed: bool) -> None:
        """Let the publisher of a site's catalogue change one record in ten, or take that back."""
        records.write_catalogue(self.file(site), range(size), changed)

    def start_seconds(self, site: str) -> float:
        """How long ``ckan --help`` takes, which loads the site to list its commands."""
        argv = [str(Path(sys.executable).with_name("ckan")), "-c", self.sites[site]["ini"], "--help"]
        began = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    def _reset(self, site: str) -> None:
        self._database(site, 'DROP DATABASE "{0}" WITH (FORCE)')
        self._database(site, 'CREATE DATABASE "{0}" TEMPLATE "{0}_empty"')
        request = urllib.request.Request(
            f"{self.sites[site]['solr']}/update?commit=true",
            data=b'{"delete": {"query": "*:*"}}',
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer.read()

    def _database(self, site: str, statement: str) -> None:
        address = parse_dsn(self.sites[site]["database"])
        connection = psycopg2.connect(make_dsn(**{**address, "dbname": "postgres"}))
        try:
            connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            with connection.cursor() as cursor:
                cursor.execute(statement.format(address["dbname"]))
        finally:
            connection.close()
