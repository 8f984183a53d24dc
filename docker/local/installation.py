"""The virtual environment: CKAN and the suite, in the versions they were tested with."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from local import commands, files
from local.problem import Problem
from local.settings import Settings

OLDEST_PYTHON = (3, 10)
# What the suite was installed from; when one of them changes it is installed again.
SOURCES = ("docker/local/requirements.txt", "pyproject.toml", "setup.py")
STAMP = ".mxopendata-installed"
UNFINISHED = ".mxopendata-unfinished"
PROJECT = "ckanext-mxopendata"
# The CKANs that the suite comes to as a guest, and the list each is installed from.
GUEST_LISTS = {
    "2.12": "docker/local/requirements.txt",
    "2.11": "docker/local/requirements-2.11.txt",
}


def check_machine() -> None:
    """Name what the machine lacks before anything is done.

    Raises:
        Problem: with its cure.
    """
    if sys.version_info < OLDEST_PYTHON:
        raise Problem(
            f"Este Python es {platform.python_version()} y hace falta 3.10 o más nuevo: make up PYTHON=python3.11",
            f"This Python is {platform.python_version()}; 3.10 or newer is needed: make up PYTHON=python3.11",
        )
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python3.{sys.version_info.minor}-venv"
        raise Problem(
            f"A este Python le falta el módulo venv: apt-get install {package}",
            f"This Python lacks the venv module: apt-get install {package}",
        )
    # CKAN recognises uploaded files with it; without it nothing of CKAN can be imported.
    if not _has_library("magic"):
        raise Problem(
            "Falta la biblioteca libmagic: apt-get install libmagic1 (en macOS: brew install libmagic)",
            "The library libmagic is missing: apt-get install libmagic1 (on macOS: brew install libmagic)",
        )


def is_current(settings: Settings) -> bool:
    """Whether the environment holds what the checkout asks for."""
    stamp = settings.venv / STAMP
    return (
        not (settings.venv / UNFINISHED).exists()
        and stamp.exists()
        and stamp.read_text(encoding="utf-8") == _mark(settings)
    )


def install(settings: Settings) -> None:
    """Make the environment, or bring it up to date.

    An environment cannot be made elsewhere and renamed, its programs know their path; so a mark in it says that it is
    unfinished, and what was killed half-way is made anew.

    Raises:
        Problem: the packages cannot be had.
    """
    unfinished = settings.venv / UNFINISHED
    if unfinished.exists():
        shutil.rmtree(settings.venv)
    log = settings.logs / "install.log"
    try:
        settings.venv.mkdir(parents=True, exist_ok=True)
        unfinished.touch()
        if not settings.python.exists():
            commands.run([sys.executable, "-m", "venv", settings.venv], log)
        _install_packages(settings, log)
    except commands.CommandFailed as error:
        raise _not_installed(log) from error
    files.write_text(settings.venv / STAMP, _mark(settings), 0o644)
    unfinished.unlink()


def guest(settings: Settings, version: str) -> Path:
    """The environment of an existing CKAN that does not know the suite; made once, or brought up to date.

    Args:
        settings: the installation; its own environment is there already.
        version: one of ``GUEST_LISTS``.

    Returns:
        The environment's folder. A test may install the suite there: this takes it away again.

    Raises:
        Problem: the packages cannot be had.
    """
    environment = replace(settings, venv_name=f"venv-guest-{version}")
    requirements = settings.root / GUEST_LISTS[version]
    mark = hashlib.sha256(f"{sys.version}{environment.venv.resolve()}".encode() + requirements.read_bytes()).hexdigest()
    stamp, unfinished = environment.venv / STAMP, environment.venv / UNFINISHED
    log = settings.logs / f"install-guest-{version}.log"
    uv = settings.venv / "bin" / "uv"
    try:
        if unfinished.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != mark:
            shutil.rmtree(environment.venv, ignore_errors=True)
            environment.venv.mkdir(parents=True)
            unfinished.touch()
            commands.run([settings.python, "-m", "venv", environment.venv], log)
            if uv.exists():
                (environment.venv / "bin" / "uv").symlink_to(uv)
            _pip_install(environment, log, "-r", str(requirements))
            files.write_text(stamp, mark, 0o644)
            unfinished.unlink()
        elif any(environment.venv.glob("lib/python3*/site-packages/ckanext_mxopendata-*.dist-info")):
            commands.run([environment.python, "-m", "pip", "uninstall", "--yes", PROJECT], log)
    except commands.CommandFailed as error:
        raise _not_installed(log) from error
    return environment.venv


def _install_packages(settings: Settings, log: Path) -> None:
    _pip_install(settings, log, "-r", str(settings.root / "docker/local/requirements.txt"))
    # Build isolation would fetch setuptools once more; the pinned one is there by now.
    _pip_install(settings, log, "--no-deps", "--no-build-isolation", "-e", str(settings.root))


def _not_installed(log: Path) -> Problem:
    return Problem(
        f"No se pudieron instalar los paquetes de Python: revise la conexión (detalle en {log}) y repita la orden.",
        f"The Python packages could not be installed: check the network (details in {log}) and run it again.",
    )


def _pip_install(settings: Settings, log: Path, *words: str) -> None:
    """Install with uv, which is ten times faster; with pip where uv cannot be had or does not know the way.

    (uv reads no pip configuration: a mirror or a folder of wheels may be named there.)
    """
    pip = [settings.python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    uv = settings.venv / "bin" / "uv"
    try:
        if not uv.exists():
            commands.run([*pip, "uv"], log)
        commands.run([uv, "pip", "install", "--python", settings.python, *words], log)
    except commands.CommandFailed:
        commands.run([*pip, *words], log)


def _mark(settings: Settings) -> str:
    digest = hashlib.sha256(f"{sys.version}{settings.venv.resolve()}{settings.root}".encode())
    for name in SOURCES:
        digest.update((settings.root / name).read_bytes())
    return digest.hexdigest()


def _has_library(name: str) -> bool:
    from ctypes.util import find_library

    return find_library(name) is not None
