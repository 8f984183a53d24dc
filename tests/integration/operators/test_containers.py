"""What runs in the containers, run here with the variables that Compose gives each service.

No image is built and no container is started; CKAN's image brings ckanext-envvars and a configuration without secrets,
and so does this.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis

import containers
from ckanext.mxopendata.doctor.queue import NAMES

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

IMAGE = containers.DOCKER / "image"
# redis-py's own time-out, which ended the consumers.
TIME_OUT_SECONDS = 5
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("containers") / "docker"
    containers.unpack(folder)
    return containers.configuration(folder)["services"]


@pytest.fixture(scope="module")
def ini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration as the image has it: made by CKAN, without a secret, with other plugins."""
    path = tmp_path_factory.mktemp("image") / "ckan.ini"
    subprocess.run(["ckan", "generate", "config", str(path)], check=True, capture_output=True)
    text = re.sub(r"^SECRET_KEY.*$", "SECRET_KEY =", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def inside(services: dict[str, Any], ini: Path) -> Any:
    """The environment of one container, with the addresses of the services here."""

    def environment(service: str) -> dict[str, str]:
        given = {name: value for name, value in services[service]["environment"].items() if value is not None}
        query = given["CKAN_REDIS_URL"].partition("?")[2]
        redis = tk.config["ckan.redis.url"].partition("?")[0]
        return {
            **given,
            "PATH": f"{IMAGE}{os.pathsep}{os.environ['PATH']}",
            "CKAN_INI": str(ini),
            "CKAN_SQLALCHEMY_URL": tk.config["sqlalchemy.url"],
            "CKAN_SOLR_URL": tk.config["solr_url"],
            "CKAN_REDIS_URL": f"{redis}?{query}" if query else redis,
            "CKAN_STORAGE_PATH": str(ini.parent / "storage"),
        }

    return environment


def test_the_variables_of_a_container_make_a_site_in_order(inside: Any):
    """Plugins, schemas, languages, tables and secrets are what the doctor wants, from nothing but ``.env``."""
    start = f". {IMAGE}/docker-entrypoint.d/10-mxopendata.sh >&2; ckan mxopendata doctor --json"
    words = ["ckan-service", "bash", "-c", start]
    asked = subprocess.run(words, env=inside("ckan"), capture_output=True, text=True, check=False)
    assert "Upgrading DB: SUCCESS" in asked.stderr
    checks = {check["check"]: check for check in json.loads(asked.stdout[asked.stdout.index("[") :])}
    for name in ("versions", "plugins", "dataset_schema", "organization_schema", "migrations", "locale", "secrets"):
        assert checks[name]["ok"], checks[name]["message"]


@pytest.fixture(scope="module")
def running(inside: Any, services: dict[str, Any]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Gather consumer and worker, started as their containers start them, side by side."""
    output = subprocess.DEVNULL
    processes = {
        name: subprocess.Popen(services[name]["command"], env=inside(name), stdout=output, stderr=output)
        for name in ("gather", "worker")
    }
    yield processes
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        process.wait(timeout=30)


def test_a_worker_is_well_once_it_has_begun(
    running: dict[str, subprocess.Popen[bytes]], inside: Any, services: dict[str, Any]
):
    """The health check of the container, asked as Docker asks it."""
    _, *check = services["worker"]["healthcheck"]["test"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (asked := subprocess.run(check, env=inside("worker"), capture_output=True, check=False)).returncode != 0:
        assert running["worker"].poll() is None
        assert time.monotonic() < deadline, asked.stderr
        time.sleep(1)


def _waiting(name: str) -> list[dict[str, Any]]:
    clients: list[dict[str, Any]] = connect_to_redis().client_list()
    return [client for client in clients if client["name"] == name and client["cmd"] == "blpop"]


def test_a_consumer_waits_longer_than_redis_py_and_says_who_it_is(running: dict[str, subprocess.Popen[bytes]]):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(int(client["idle"]) > TIME_OUT_SECONDS for client in _waiting(NAMES["gather"])):
        assert running["gather"].poll() is None, "the consumer ended"
        assert time.monotonic() < deadline, "nobody waits for work"
        time.sleep(0.2)


def test_the_scheduler_runs_the_command_of_the_container(inside: Any, tmp_path: Path):
    """``$CKAN`` of the table is what the container says, not the path of a host."""
    scheduler = containers.load_program("ckan-scheduler")
    shipped = (containers.DOCKER / "cron" / "mxopendata").read_text(encoding="utf-8")
    settings = "\n".join(line for line in shipped.splitlines() if re.match(r"^[A-Z]+\s*=", line))
    variables, jobs = scheduler.read_table(f'{settings}\n* * * * * www-data echo "<$CKAN>" > {tmp_path}/said\n')
    scheduler.start(jobs[0], {**variables, **inside("scheduler")})
    jobs[0].process.wait(timeout=20)
    assert (tmp_path / "said").read_text(encoding="utf-8") == "<ckan>\n"


@pytest.fixture
def role() -> Iterator[str]:
    """A name for a user and a database that the server does not have."""
    name = "mxopendata_container"
    yield name
    engine = sa.create_engine(tk.config["sqlalchemy.url"], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(sa.text(f"DROP ROLE IF EXISTS {name}"))
    engine.dispose()


def test_the_first_start_of_postgresql_makes_an_owner_of_one_database(role: str, tools: Path):
    """The script of the image, with another name: the server of the tests has a user ``ckan`` already."""
    script = (containers.DOCKER / "postgres" / "10-ckan.sh").read_text(encoding="utf-8")
    script = re.sub(r"\b(ROLE|DATABASE|OWNER) ckan\b", rf"\1 {role}", script)
    server = sa.engine.make_url(tk.config["sqlalchemy.url"])
    environment = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": str(server.host),
        "PGPORT": str(server.port),
        "PGPASSWORD": str(server.password or ""),
        "POSTGRES_USER": str(server.username),
        "CKAN_DB_PASSWORD": "with 'quotes' and $signs",
    }
    made = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    own = server.set(username=role, password=environment["CKAN_DB_PASSWORD"], database=role)
    engine = sa.create_engine(own)
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE may_i (id int)"))
        rights = sa.text("SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = :name")
        assert connection.execute(rights, {"name": role}).scalar_one() is False
    engine.dispose()
