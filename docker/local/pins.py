"""``make pins``: the lists of tested versions, made from what is declared.

* ``docker/local/requirements.txt``: everything the local stack and the tests install.
* ``docker/local/requirements-2.11.txt``: the same suite's requirements beside CKAN 2.11, for the guest test.
* ``requirements.txt``: what an operator adds to a CKAN that is there, so nothing that CKAN itself pins.

Versions that are pinned already stay, as long as they still fit together; delete a line to let it move.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local import commands, files
from local.settings import Settings

TESTED = "docker/local/requirements.txt"
ASKED = "docker/local/requirements.in"
FORMER = "docker/local/requirements-2.11.txt"
FORMER_ASKED = "docker/local/requirements-2.11.in"
FOR_OPERATORS = "requirements.txt"
# The same module with its C library inside: no compiler and no headers needed.
INSTEAD = {"psycopg2": "psycopg2-binary"}
TESTED_HEAD = "# The tested set of the local stack and the tests; `make pins` makes this file from requirements.in.\n"
FORMER_HEAD = "# The tested set beside CKAN 2.11; `make pins` makes this file from requirements-2.11.in.\n"
OPERATORS_HEAD = (
    "# What the suite needs beside CKAN, in the versions tested with (CKAN 2.12.0). CKAN and its requirements are\n"
    "# not named: your checkout of CKAN would be replaced. `make pins` makes this file from pyproject.toml.\n"
)


def make(settings: Settings) -> None:
    """Write all lists; the packages' indexes are asked."""
    project = str(settings.root / "pyproject.toml")
    tested = _compile(settings, _known(settings.root / TESTED), str(settings.root / ASKED), project, "--extra", "dev")
    former = (str(settings.root / FORMER_ASKED), project, "--extra", "check")
    beside_former = _compile(settings, _known(settings.root / FORMER), *former)
    with tempfile.TemporaryDirectory() as folder:
        of_ckan = Path(folder) / "ckan.in"
        of_ckan.write_text("ckan[requirements]\n", encoding="utf-8")
        ckan = _names(_compile(settings, tested, str(of_ckan)))
    own = [line for line in _compile(settings, tested, project).splitlines() if _name(line) not in ckan]
    files.write_text(settings.root / TESTED, TESTED_HEAD + _ready_made(tested), 0o644)
    files.write_text(settings.root / FORMER, FORMER_HEAD + _ready_made(beside_former), 0o644)
    files.write_text(settings.root / FOR_OPERATORS, OPERATORS_HEAD + "\n".join(own) + "\n", 0o644)


def _known(path: Path) -> str:
    """The versions of a list, as they are asked for; nothing where there is no list yet."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pins = "\n".join(line for line in lines if not line.startswith("#"))
    for name, other in INSTEAD.items():
        pins = re.sub(rf"^{other}==", f"{name}==", pins, flags=re.MULTILINE)
    return pins


def _ready_made(pins: str) -> str:
    """The same versions of the modules that need no compiler."""
    for name, other in INSTEAD.items():
        pins = re.sub(rf"^{name}==", f"{other}==", pins, flags=re.MULTILINE)
    return pins


def _compile(settings: Settings, preferred: str, *sources: str) -> str:
    words: Sequence[str] = ("--universal", "--python-version", "3.10", "--no-header", "--no-annotate", "--quiet")
    with tempfile.TemporaryDirectory() as folder:
        # Versions in the file to be written are kept where they fit.
        target = Path(folder) / "pins.txt"
        target.write_text(preferred, encoding="utf-8")
        uv = settings.venv / "bin" / "uv"
        commands.run([uv, "pip", "compile", *words, *sources, "-o", target], settings.logs / "pins.log")
        return target.read_text(encoding="utf-8")


def _name(line: str) -> str:
    return line.partition("==")[0].strip().lower()


def _names(pins: str) -> frozenset[str]:
    return frozenset(_name(line) for line in pins.splitlines())
