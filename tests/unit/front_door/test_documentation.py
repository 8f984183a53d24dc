"""What an operator can set, call or read is in the docs."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "ckanext-mxopendata" / "ckanext" / "mxopendata"


def _docs() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))


def _commands() -> list[str]:
    source = (PACKAGE / "cli" / "__init__.py").read_text(encoding="utf-8")
    return re.findall(r'^    "([a-z-]+)": \("mxopendata', source, flags=re.MULTILINE)


def test_generated_pages_are_fresh():
    """Every option of ``config_declaration.yaml`` is in ``docs/configuration.md``, as CKAN itself declares it."""
    result = subprocess.run([sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", _commands())
def test_every_command_is_documented(command: str):
    assert f"ckan mxopendata {command}" in _docs() or f"mxopendata {command}" in _docs()


def test_every_page_linked_from_the_readme_exists():
    links = re.findall(r"\]\(((?!https?:)[^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_plugin_line_is_the_same_everywhere():
    """The line stands in test.ini; whoever repeats it must repeat it exactly."""
    settings = configparser.RawConfigParser()
    settings.read(ROOT / "test.ini", encoding="utf-8")
    line = settings["app:main"]["ckan.plugins"]
    assert f"ckan.plugins = {line}" in (ROOT / "README.md").read_text(encoding="utf-8")
    doctor = (PACKAGE / "partners.py").read_text(encoding="utf-8")
    assert (
        "".join(re.findall(r'^    "([^"]*)"$', doctor.split("PLUGINS = (")[1].split(")")[0], flags=re.MULTILINE))
        == line
    )


def test_changelog_has_an_unreleased_part():
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
