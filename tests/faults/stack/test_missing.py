"""What a machine lacks, met by ``make up``: one clear answer with its cure, nothing left behind."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.faults

# Nobody listens on port 9 of this machine: connections are refused at once.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A ``PATH`` with what ``make`` itself needs, and neither Java nor Maven."""
    folder = tmp_path / "bin"
    folder.mkdir()
    # Not by its first name on the path, which may be a script of a version manager.
    (folder / "python3").symlink_to(os.path.realpath(sys.executable))
    for program in ("sh", "bash", "env", "make", "awk", "sed", "ldconfig", "gcc", "ld", "uname", "dirname"):
        found = shutil.which(program)
        if found:
            (folder / program).symlink_to(found)
    return str(folder)


@pytest.fixture
def no_network(tmp_path: Path) -> dict[str, str]:
    """Variables with which pip, uv and Maven find no server and nothing they fetched before."""
    return {
        "PIP_INDEX_URL": NOWHERE,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": os.devnull,
        "UV_DEFAULT_INDEX": NOWHERE,
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_HTTP_RETRIES": "0",
        "MAVEN_OPTS": f"-Dmaven.repo.local={tmp_path / 'm2'} -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9",
        "MAVEN_CONFIG": "",
    }


def test_a_taken_port(new_home: Callable[..., Any]) -> None:
    home = new_home()
    with socket.socket() as other:
        other.bind(("127.0.0.1", home.port))
        other.listen()
        done = home.make("up")
    assert done.returncode != 0
    assert f"El puerto {home.port} está ocupado" in done.stdout
    assert f"make up PORT={home.port + 1}" in done.stdout
    assert "Traceback" not in done.stdout
    assert home.processes() == []


def test_what_is_no_port(new_home: Callable[..., Any]) -> None:
    done = new_home().make("up", PORT="cinco")
    assert done.returncode != 0
    assert "PORT=cinco no es un puerto" in done.stdout
    assert "Traceback" not in done.stdout


def test_no_network_for_the_packages(new_home: Callable[..., Any], no_network: dict[str, str], tmp_path: Path) -> None:
    home = new_home()
    elsewhere = tmp_path / "installations"
    done = home.make("up", MXOPENDATA_INSTALLATIONS=str(elsewhere), **no_network)
    assert done.returncode != 0
    assert "No se pudieron instalar los paquetes de Python: revise la conexión" in done.stdout
    assert "Traceback" not in done.stdout
    assert home.processes() == []


def test_no_network_for_solr(
    new_home: Callable[..., Any], no_network: dict[str, str], installations: Path, tmp_path: Path
) -> None:
    home = new_home()
    elsewhere = tmp_path / "installations"
    elsewhere.mkdir()
    (elsewhere / "venv").symlink_to(installations / "venv")
    done = home.make("up", MXOPENDATA_INSTALLATIONS=str(elsewhere), **no_network)
    assert done.returncode != 0
    assert "Maven no pudo bajar Solr: revise la conexión" in done.stdout
    assert not list(elsewhere.glob("solr-libraries-*"))
    assert home.processes() == []


def test_neither_java_nor_network(new_home: Callable[..., Any], no_network: dict[str, str], bare_path: str) -> None:
    home = new_home()
    done = home.make("up", PATH=bare_path, JAVA_HOME="", **no_network)
    assert done.returncode != 0
    assert "Falta Java 17" in done.stdout
    assert "apt-get install default-jre-headless" in done.stdout
    assert "Traceback" not in done.stdout
    assert home.processes() == []


def test_no_maven(new_home: Callable[..., Any], bare_path: str, installations: Path, tmp_path: Path) -> None:
    home = new_home()
    elsewhere = tmp_path / "installations"
    elsewhere.mkdir()
    (elsewhere / "venv").symlink_to(installations / "venv")
    done = home.make("up", PATH=bare_path, MXOPENDATA_INSTALLATIONS=str(elsewhere))
    assert done.returncode != 0
    assert "Falta Maven" in done.stdout
    assert "apt-get install maven" in done.stdout
    assert home.processes() == []


def test_no_python(new_home: Callable[..., Any]) -> None:
    done = new_home().make("up", PYTHON="python3-que-no-hay")
    assert done.returncode != 0
    assert "Falta Python 3.10" in done.stdout


@pytest.mark.parametrize(
    ("variable", "address", "told"),
    [
        ("CKAN_SQLALCHEMY_URL", "postgresql://nadie:x@127.0.0.1:9/ckan", "CKAN_SQLALCHEMY_URL"),
        ("CKAN_SOLR_URL", "http://127.0.0.1:9/solr/ckan", "CKAN_SOLR_URL"),
        ("CKAN_REDIS_URL", "redis://127.0.0.1:9/0", "CKAN_REDIS_URL"),
    ],
)
def test_a_server_that_is_named_but_away(new_home: Callable[..., Any], variable: str, address: str, told: str) -> None:
    home = new_home()
    done = home.make("up", **{variable: address})
    assert done.returncode != 0
    assert told in done.stdout
    assert "Traceback" not in done.stdout
    assert home.processes() == []
