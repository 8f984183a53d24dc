"""What is declared, what is pinned and what is licensed."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys

import pytest

from local.settings import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=~!; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _pinned(path: str) -> set[str]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in line for line in pins)
    return {_name(line) for line in pins}


def test_everything_declared_is_pinned_for_the_stack() -> None:
    extras = PROJECT["optional-dependencies"]
    declared = {_name(line) for line in (*PROJECT["dependencies"], *extras["check"], *extras["test"], *extras["dev"])}
    missing = declared - _pinned("docker/local/requirements.txt") - {"ckanext-mxopendata"}
    assert not missing, f"run `make pins`: {sorted(missing)}"


def test_operators_get_the_suites_own_dependencies_and_never_another_ckan() -> None:
    pinned = _pinned("requirements.txt")
    assert {"ckanext-scheming", "ckanext-harvest", "ckanext-dcat"} <= pinned
    assert not pinned & {"ckan", "sqlalchemy", "flask", "pytest", "ruff"}


@pytest.mark.parametrize("path", ["requirements.txt", "docker/local/requirements.txt"])
def test_pins_name_no_index(path: str) -> None:
    assert "://" not in (ROOT / path).read_text(encoding="utf-8")


def test_the_licence_is_the_whole_agpl() -> None:
    # The text as the Free Software Foundation publishes it.
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "0d96a4ff68ad6d4b6f1f30f713b18d5184912ba8dd389f86aa7710db079abcb0"


def test_make_alone_explains_every_target() -> None:
    shown = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert targets is not None
    for target in set(targets.group(1).split()) - {"python"}:
        assert re.search(rf"\b{target}\b", shown), target
