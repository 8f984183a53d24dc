"""``make upgrade-fixture``: what this version leaves in its tables, kept for the tests of later versions.

Written once for each release, to ``tests/upgrades/<version>/``, by services and a site of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

from local import commands, postgres, stack
from local.problem import Problem, step
from local.settings import Settings, of_its_own

FOLDER = "tests/upgrades"
SITE = "upgrade"


def main(settings: Settings) -> None:
    """Write the fixture of the version that ``pyproject.toml`` names.

    Args:
        settings: the installation whose downloads are used.

    Raises:
        Problem: there is one of this version already, or something is missing.
    """
    own = of_its_own(settings, settings.build / "upgrade-fixture")
    stack.clean_home(own)
    with stack.at_work(own):
        stack.install(own)
        target = own.root / FOLDER / _version(own)
        if target.exists():
            raise Problem(
                f"Ya existe {target}: suba la versión en pyproject.toml, o borre la carpeta si aún no se publica.",
                f"{target} exists already: raise the version in pyproject.toml, or remove the folder if unreleased.",
            )
        addresses = stack.start_services(own, SITE)
        try:
            with step(f"Muestra de las tablas, {target.name}"):
                _write(own, target, addresses)
        finally:
            stack.end_everything(own)
    stack.clean_home(own)


def _version(own: Settings) -> str:
    program = "from importlib.metadata import version; print(version('ckanext-mxopendata'))"
    return commands.run([own.python, "-c", program], own.logs / "upgrade-fixture.log").split()[-1]


def _write(own: Settings, target: Path, addresses: dict[str, str]) -> None:
    environment = {
        **own.environment,
        "PYTHONPATH": str(own.root / "docker"),
        "CKAN_SQLALCHEMY_URL": addresses["sqlalchemy.url"],
        "CKAN_SOLR_URL": addresses["solr_url"],
        "CKAN_REDIS_URL": addresses["ckan.redis.url"],
        "CKAN_STORAGE_PATH": str(own.home / "storage"),
    }
    asked = {
        "ini": str(own.root / "test.ini"),
        "pg_dump": str(postgres.binaries(own) / "pg_dump"),
        "target": str(target),
    }
    argv = [own.python, "-m", "local.upgrade_tables"]
    log = own.logs / "upgrade-fixture.log"
    commands.run(argv, log, environment=environment, text_in=json.dumps(asked))
