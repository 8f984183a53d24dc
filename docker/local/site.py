"""The site itself: CKAN's configuration, the web server, the harvest consumers and the background worker."""

from __future__ import annotations

import configparser
import hashlib
import io
import json
import os
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

from local import commands, files, installation, programs, state
from local.problem import Problem
from local.settings import ADDRESS, Settings

NAME = "site"
START_SECONDS = 90.0
FETCH_CONSUMERS = 2
# `ckan harvester run` finishes jobs and starts those that are due; operators call it from cron.
HARVESTER_RUN_PAUSE = 60.0
# ckanext-harvest waits for work without an end, redis-py 8 gives up after five seconds. For the two consumers only: a
# longer time-out for all would hide a dead server from the web processes.
CONSUMER_QUERY = "socket_timeout=86400&socket_connect_timeout=5&socket_keepalive=true"
SYSADMIN = "admin"
# What a running site has read and does not read again.
CODE = ("ckanext-mxopendata", "schemas", "harvest_configs", "docker/local")
CODE_SUFFIXES = (".py", ".html", ".yaml", ".yml", ".csv", ".json", ".mo", ".css", ".js")
# Of the tests only.
LEFT_OUT = ("testing",)


def write_ini(settings: Settings, port: int, addresses: dict[str, str]) -> None:
    """Write CKAN's configuration: that of ``test.ini`` (the plugin line stands there and nowhere else), for this place.

    Args:
        settings: the installation.
        port: where the site will be.
        addresses: ``sqlalchemy.url``, ``solr_url`` and ``ckan.redis.url``.
    """
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment]  # names of options are case-sensitive
    with (settings.root / "test.ini").open(encoding="utf-8") as file:
        parser.read_file(file)
    section = parser["app:main"]
    for name in LEFT_OUT:
        section.pop(name, None)
    signature = f"string:{state.secret(settings, 'api_token')}"
    own = {
        **addresses,
        "SECRET_KEY": state.secret(settings, "session"),
        "WTF_CSRF_SECRET_KEY": state.secret(settings, "forms"),
        "api_token.jwt.encode.secret": signature,
        "api_token.jwt.decode.secret": signature,
        # Queues carry it in their names: two installations may share one Redis.
        "ckan.site_id": f"mxopendata_{hashlib.sha256(str(settings.home).encode()).hexdigest()[:8]}",
        "ckan.site_url": address(port),
        "ckan.site_title": "Datos abiertos",
        "ckan.storage_path": str(settings.home / "storage"),
        "ckan.harvest.mq.type": "redis",
        **state.options(settings),
    }
    for key, value in own.items():
        # A RawConfigParser does not read `%`, but CKAN does.
        section[key] = value.replace("%", "%%")
    text = io.StringIO()
    parser.write(text)
    files.write_text(
        settings.ini, f"# Written by `make up` from test.ini; it is written again each time.\n{text.getvalue()}"
    )


def address(port: int) -> str:
    """The site's address for a browser."""
    return f"http://{ADDRESS}:{port}"


def choose_port(settings: Settings, default: int) -> int:
    """The site's port: the one asked for, else that of the running site, else the default.

    Raises:
        Problem: somebody else listens there.
    """
    running = state.remembered_port(settings, NAME) if programs.running(settings, NAME) else None
    chosen = settings.port or running or default
    if chosen != running and not state.is_free(chosen):
        raise Problem(
            f"El puerto {chosen} está ocupado por otro programa: elija otro, por ejemplo make up PORT={chosen + 1}",
            f"Port {chosen} is taken by another program: choose another one, for example make up PORT={chosen + 1}",
        )
    state.remember_port(settings, NAME, chosen)
    return chosen


def prepare(settings: Settings, reindex: bool) -> dict[str, Any]:
    """Make tables and the sysadmin where they lack.

    Args:
        settings: the installation.
        reindex: whether the search index must be written again.

    Returns:
        The sysadmin: ``name``, ``role``, ``organization``, ``password``, ``token``.

    Raises:
        Problem: CKAN could not do it; its last words are in the message.
    """
    password = state.secret(settings, "sysadmin")
    order = {
        "ini": str(settings.ini),
        "sysadmin": {"name": SYSADMIN, "password": password, "email": "admin@example.com"},
        "token": state.known_secret(settings, "sysadmin_token"),
        "reindex": reindex,
    }
    answer = run_module(settings, "local.prepare", order)
    state.remember_secret(settings, "sysadmin_token", answer["token"])
    return {"name": SYSADMIN, "role": "sysadmin", "organization": None, "password": password, "token": answer["token"]}


def run_module(settings: Settings, module: str, order: dict[str, Any]) -> dict[str, Any]:
    """Run one of our modules inside the virtual environment: a JSON document in, one out, on its last line.

    Raises:
        Problem: it failed; its last words are in the message.
    """
    log = settings.logs / f"{module.rpartition('.')[2]}.log"
    try:
        printed = commands.run(
            [settings.python, "-m", module], log, environment=environment(settings), text_in=json.dumps(order)
        )
    except commands.CommandFailed as error:
        last = error.last_words.splitlines()[-1] if error.last_words else "?"
        raise Problem(
            f"CKAN no pudo prepararse: {last} (detalle en {log}). Corríjalo y repita la orden.",
            f"CKAN could not be prepared: {last} (details in {log}). Mend it and run the command again.",
        ) from error
    return json.loads(printed.splitlines()[-1])


def start(settings: Settings, port: int) -> None:
    """Ask for the web server."""
    # No control socket and no reading of a configuration file of the checkout: what it does stands here.
    argv = [str(settings.venv / "bin" / "gunicorn"), "--bind", f"{ADDRESS}:{port}", "--workers", str(workers())]
    argv += ["--timeout", "120", "--graceful-timeout", "10", "--no-control-socket", "local.wsgi:application"]
    environment = {**_changes(settings), "CKAN_INI": str(settings.ini)}
    programs.want(settings, _program(settings, NAME, argv, environment, programs.SITE))


def wait(settings: Settings, port: int) -> None:
    """Wait until the site answers."""
    programs.wait_ready(settings, NAME, lambda: _answers(port), START_SECONDS)


def start_workers(settings: Settings, redis_url: str) -> None:
    """Ask for the consumers of the harvest queues, the background worker and the regular ``harvester run``."""
    separator = "&" if "?" in redis_url else "?"

    def patient(kind: str) -> dict[str, str]:
        # With a name of its own each can be told from the other: `ckan mxopendata doctor` asks Redis for it.
        address = f"{redis_url}{separator}{CONSUMER_QUERY}&client_name=ckan-{kind}-consumer"
        return {**_changes(settings), "CKAN_REDIS_URL": address}

    ckan = settings.ckan
    own = _changes(settings)
    fetch = [
        _program(settings, f"fetch-{number}", [*ckan, "harvester", "fetch-consumer"], patient("fetch"))
        for number in range(1, FETCH_CONSUMERS + 1)
    ]
    wanted = [
        _program(settings, "gather", [*ckan, "harvester", "gather-consumer"], patient("gather")),
        *fetch,
        _program(settings, "jobs", [*ckan, "jobs", "worker"], own),
        replace(_program(settings, "harvester-run", [*ckan, "harvester", "run"], own), pause=HARVESTER_RUN_PAUSE),
    ]
    for program in wanted:
        programs.want(settings, program)


def workers() -> int:
    """How many processes serve the site: several, also on a small machine, as in production."""
    return max(2, min(4, os.cpu_count() or 2))


def _program(
    settings: Settings,
    name: str,
    argv: list[str],
    environment: dict[str, str],
    order: int = programs.WORKER,
) -> programs.Program:
    return programs.Program(
        name,
        argv,
        environment=environment,
        folder=str(settings.home),
        order=order,
        # A changed configuration or changed code mean a new start.
        version=_version(settings),
    )


def _version(settings: Settings) -> str:
    digest = hashlib.sha256(settings.ini.read_bytes())
    digest.update((settings.venv / installation.STAMP).read_bytes())
    for folder in CODE:
        for path in sorted((settings.root / folder).rglob("*")):
            if path.suffix in CODE_SUFFIXES:
                status = path.stat()
                digest.update(f"{path}{status.st_mtime_ns}{status.st_size}".encode())
    return digest.hexdigest()


def _changes(settings: Settings) -> dict[str, str]:
    """The variables on top of the caller's."""
    return {
        "PATH": f"{settings.venv / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "PYTHONUNBUFFERED": "1",
    }


def environment(settings: Settings) -> dict[str, str]:
    """The variables for our own modules inside the virtual environment; the benchmarks' are below ``tests``."""
    changes = _changes(settings)
    paths = (changes["PYTHONPATH"], str(settings.root / "tests"))
    return {**os.environ, **changes, "PYTHONPATH": os.pathsep.join(paths)}


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"{address(port)}/api/3/action/status_show", timeout=10) as answer:
            return json.load(answer)["success"] is True
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        return False
