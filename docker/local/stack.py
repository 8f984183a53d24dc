"""Bringing the local stack up and down: the order of things, and the promise that nothing stays behind half-done."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from local import (
    external,
    files,
    installation,
    java,
    lock,
    postgres,
    processes,
    programs,
    site,
    solr,
    supervisor,
    valkey,
)
from local.problem import Problem, say, step
from local.settings import DEFAULT_PORT, Settings

# The name of the site's database and of its Solr core.
SITE = "ckan"
SUPERVISOR_SECONDS = 10.0
END_SECONDS = 90.0
BUILD_PRODUCTS = ("dist", "ckanext-mxopendata/ckanext_mxopendata.egg-info")
CACHES = (".pytest_cache", ".ruff_cache")


@contextmanager
def at_work(settings: Settings) -> Iterator[None]:
    """Hold the lock; after Ctrl-C, a signal or a failure end what this command has started.

    What already ran before it is left running.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with lock.only_one(settings):
        was_running = processes.recorded(programs.supervisor_file(settings.home)) is not None
        try:
            yield
        except BaseException:
            if not was_running:
                # A second Ctrl-C must not stop the tidying up.
                previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
                end_everything(settings)
                signal.signal(signal.SIGINT, previous)
            raise


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def up(settings: Settings) -> dict[str, Any]:
    """Install, start the services and the site, and wait until it answers; again and again without harm.

    The caller is :func:`at_work`.

    Args:
        settings: the installation.

    Returns:
        What ``stack.json`` says, which is written too.

    Raises:
        Problem: something is missing; the message says how to cure it.
    """
    began = time.monotonic()
    port = site.choose_port(settings, DEFAULT_PORT)
    external.check(settings)
    install(settings)
    addresses = start_services(settings, SITE)
    reindex = settings.solr_url is None and solr.schema_changed(settings, SITE)
    site.write_ini(settings, port, addresses)
    with step("Tablas, índice y administrador"):
        sysadmin = site.prepare(settings, reindex)
    if reindex:
        solr.note_indexed(settings, SITE)
    with step(f"Sitio en {site.address(port)}"):
        site.start(settings, port)
        site.wait(settings, port)
        site.start_workers(settings, addresses["ckan.redis.url"])
    known = files.read_json(settings.stack_file) or {}
    stack = {
        "url": site.address(port),
        "ini": str(settings.ini),
        "ckan": settings.ckan,
        "solr": addresses["solr_url"],
        "database": addresses["sqlalchemy.url"],
        "redis": addresses["ckan.redis.url"],
        # What the demo added stays, as long as it is of this installation.
        "users": [sysadmin, *_demo_users(known, settings)],
        "portals": known.get("portals", []) if known.get("ini") == str(settings.ini) else [],
        "seconds": round(time.monotonic() - began, 1),
    }
    files.write_json(settings.stack_file, stack)
    return stack


def _demo_users(known: dict[str, Any], settings: Settings) -> list[dict[str, Any]]:
    if known.get("ini") != str(settings.ini):
        return []
    return [user for user in known.get("users", []) if user["name"] != site.SYSADMIN]


def install(settings: Settings) -> None:
    """Bring the virtual environment and Solr to this machine, where they lack.

    Raises:
        Problem: something cannot be had.
    """
    installation.check_machine()
    if not installation.is_current(settings):
        with step("Paquetes de Python"):
            installation.install(settings)
    if settings.solr_url is not None:
        return
    java.java(settings)
    if not solr.is_installed(settings):
        with step("Solr, de Maven Central"):
            solr.install(settings)


def start_services(settings: Settings, *names: str, schemas: Mapping[str, str] | None = None) -> dict[str, str]:
    """Start PostgreSQL, Valkey and Solr, or those of them that nobody gave us.

    Args:
        settings: the installation.
        names: databases and cores to have; the first one is CKAN's.
        schemas: more databases and cores, with the Solr schema of each.

    Returns:
        CKAN's options ``sqlalchemy.url``, ``solr_url`` and ``ckan.redis.url``, of the first name.
    """
    everything = (*names, *(schemas or {}))
    ensure_supervisor(settings)
    with step("PostgreSQL, Valkey y Solr"):
        if settings.solr_url is None:
            solr.start(settings, *names, schemas=schemas)
        if settings.database_url is None:
            postgres.start(settings)
        if settings.redis_url is None:
            valkey.start(settings)
        if settings.database_url is None:
            postgres.wait(settings, *everything)
        if settings.redis_url is None:
            valkey.wait(settings)
        if settings.solr_url is None:
            solr.wait(settings, *everything)
    return {
        "sqlalchemy.url": settings.database_url or postgres.url(settings, everything[0]),
        "solr_url": settings.solr_url or solr.url(settings, everything[0]),
        "ckan.redis.url": settings.redis_url or valkey.url(settings),
    }


def ensure_supervisor(settings: Settings) -> None:
    """Start the supervisor, unless it is at work.

    Raises:
        Problem: it does not start.
    """
    path = programs.supervisor_file(settings.home)
    if processes.recorded(path) is not None:
        return
    # What was wanted before the machine was switched off, or before a crash, is asked for anew by those who want it.
    shutil.rmtree(programs.wanted_folder(settings.home), ignore_errors=True)
    settings.logs.mkdir(parents=True, exist_ok=True)
    log = settings.logs / "supervisor.log"
    with log.open("ab") as output:
        subprocess.Popen(
            [sys.executable, "-m", "local.supervisor", str(settings.home)],
            cwd=settings.home,
            env={**settings.environment, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # The terminal's Ctrl-C is not for it.
            start_new_session=True,
        )
    deadline = time.monotonic() + SUPERVISOR_SECONDS
    while processes.recorded(path) is None:
        if time.monotonic() > deadline:
            raise Problem(
                f"El supervisor no arrancó; vea {log} y repita la orden.",
                f"The supervisor did not start; see {log} and run the command again.",
            )
        time.sleep(0.05)


def stop(settings: Settings) -> None:
    """End every process of this installation."""
    if not settings.home.exists():
        say("No hay nada que detener.")
        return
    with lock.only_one(settings):
        end_everything(settings)
    say("Todo detenido.")


def end_everything(settings: Settings) -> None:
    """End every process of an installation, at once and in good order; the caller holds the lock."""
    process = processes.recorded(programs.supervisor_file(settings.home))
    if process is not None:
        processes.end(process, seconds=END_SECONDS)
    # Those whose supervisor was killed.
    supervisor.end_leftovers(settings.home)
    shutil.rmtree(programs.wanted_folder(settings.home), ignore_errors=True)
    programs.supervisor_file(settings.home).unlink(missing_ok=True)


def clean_home(settings: Settings) -> None:
    """End every process, then remove the installation."""
    if not settings.home.exists():
        return
    with lock.only_one(settings):
        end_everything(settings)
        postgres.remove(settings)
        shutil.rmtree(settings.home)


def clean(settings: Settings) -> None:
    """End every process, then remove the installation and what was built; a second one finds nothing to do."""
    clean_home(settings)
    for folder in (settings.build, *(settings.root / name for name in (*BUILD_PRODUCTS, *CACHES))):
        shutil.rmtree(folder, ignore_errors=True)
    say(f"Quitado: {settings.home} y lo construido.")
