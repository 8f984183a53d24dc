"""Where the local stack lives and which servers it is told to use: read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from local.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 5000
ADDRESS = "127.0.0.1"
OF_OTHER_SERVERS = ("CKAN_SQLALCHEMY_URL", "CKAN_SOLR_URL", "CKAN_REDIS_URL", "CKAN_INI", "CKAN_STORAGE_PATH")
# CKAN's option with the hosts of this machine that may be harvested.
ALLOWED_PRIVATE = "ckanext.mxopendata.http.allowed_private"


@dataclass(frozen=True)
class Settings:
    """The folders and addresses of one installation of the local stack.

    Attributes:
        root: the checkout.
        home: state of this installation; removed by ``make clean``.
        installations: what is downloaded and never changes (virtual environment, Solr, Java); by default ``home``.
        build: where ``stack.json`` is written.
        venv_name: the folder of the virtual environment there.
        port: the site's port as asked for, ``None`` when nobody asked.
        database_url, solr_url, redis_url: servers that exist already, ``None`` to start our own.
    """

    root: Path
    home: Path
    installations: Path
    build: Path
    venv_name: str = "venv"
    port: int | None = None
    database_url: str | None = None
    solr_url: str | None = None
    redis_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.installations / self.venv_name

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def ini(self) -> Path:
        """CKAN's configuration of this installation."""
        return self.home / "ckan.ini"

    @property
    def ckan(self) -> list[str]:
        """The words with which every ``ckan`` command of this installation begins."""
        return [str(self.venv / "bin" / "ckan"), "-c", str(self.ini)]

    @property
    def logs(self) -> Path:
        """One log for each program."""
        return self.home / "log"

    @property
    def stack_file(self) -> Path:
        """What scripts and tests read to find the running stack."""
        return self.build / "stack.json"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Args:
        environment: ``MXOPENDATA_HOME``, ``MXOPENDATA_INSTALLATIONS``, ``MXOPENDATA_BUILD``, ``PORT``,
            ``CKAN_SQLALCHEMY_URL``, ``CKAN_SOLR_URL``, ``CKAN_REDIS_URL``; empty counts as absent.

    Raises:
        Problem: ``PORT`` is not a port.
    """
    home = _folder(environment, "MXOPENDATA_HOME", ROOT / ".local")
    return Settings(
        root=ROOT,
        home=home,
        installations=_folder(environment, "MXOPENDATA_INSTALLATIONS", home),
        build=_folder(environment, "MXOPENDATA_BUILD", ROOT / "build"),
        port=_port(environment.get("PORT") or None),
        database_url=environment.get("CKAN_SQLALCHEMY_URL") or None,
        solr_url=environment.get("CKAN_SOLR_URL") or None,
        redis_url=environment.get("CKAN_REDIS_URL") or None,
        environment=dict(environment),
    )


def of_its_own(settings: Settings, folder: Path) -> Settings:
    """An installation beside another, for what must not meet anybody's data: it shares only what is downloaded.

    The servers that this process's environment names are forgotten, for what it starts, too.

    Args:
        settings: the installation whose downloads are used.
        folder: where the new one lives and writes what it builds.
    """
    for variable in OF_OTHER_SERVERS:
        os.environ.pop(variable, None)
    return replace(
        settings,
        home=folder / "home",
        build=folder,
        port=None,
        database_url=None,
        solr_url=None,
        redis_url=None,
        environment=dict(os.environ),
    )


def _folder(environment: Mapping[str, str], name: str, default: Path) -> Path:
    value = environment.get(name)
    return (ROOT / Path(value).expanduser()).absolute() if value else default


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Problem(
            f"PORT={text} no es un puerto: escriba un número de 1 a 65535, por ejemplo make up PORT=5001.",
            f"PORT={text} is not a port: give a number from 1 to 65535, for example make up PORT=5001.",
        )
    return int(text)
