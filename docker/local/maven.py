"""Libraries in Java from Maven Central."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from local import commands, files


class MissingError(Exception):
    """There is no Maven on this machine."""


def program() -> str:
    """Where Maven is.

    Raises:
        MissingError: nowhere.
    """
    found = shutil.which("mvn")
    if found is None:
        raise MissingError("Maven is missing: apt-get install maven, brew install maven")
    return found


def fetch(mvn: str, pom: Path, target: Path, log: Path, java_home: Path) -> None:
    """Put the libraries that a project file names, and those that these need, into a folder: all of them, or none.

    Args:
        mvn: as :func:`program` gives it.
        pom: the project file.
        target: the folder, which is not there yet.
        log: where Maven's words go.
        java_home: the Java that runs it.

    Raises:
        CommandFailed: Maven cannot fetch them.
        OSError: the folder cannot be made, or somebody else has made it meanwhile.
    """
    with files.new_folder(target) as partial:
        commands.run(
            [mvn, "-B", "-q", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={partial}"],
            log,
            environment={**os.environ, "JAVA_HOME": str(java_home)},
        )
