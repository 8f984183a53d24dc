"""The guide for a municipality (``docs/municipio.md``): its files are valid, and its commands do what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import helpers

from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.harvest.config_files import read_file
from portals.platforms import PLATFORMS, Plain, PlatformPortal
from portals.platforms.base import serving

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

GUIDE = (Path(__file__).parents[3] / "docs" / "municipio.md").read_text(encoding="utf-8")
ADDRESS = "https://datos.tonala.gob.mx"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
FILE, OPTIONAL, VERIFIED = (text for kind, text in BLOCKS if kind == "yaml")
COMMANDS = [
    shlex.split(line)[2:]
    for kind, text in BLOCKS
    if kind == "sh"
    for line in text.splitlines()
    if line.startswith("ckan mxopendata ")
]


@pytest.fixture
def municipality(portal: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformPortal]:
    """The portal of the example."""
    made = PLATFORMS["mx_ckan"]([Plain(f"T-{number}", f"Conjunto {number} de Tonalá") for number in range(12)])
    with serving(made) as host:
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [host])
        yield made


@pytest.fixture
def own_file(tmp_path: Path, municipality: PlatformPortal, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes the file of the example into the operator's folder, at the portal's real address."""

    def write(text: str) -> Path:
        path = tmp_path / "harvest_configs" / "jalisco" / "tonala.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(ADDRESS, municipality.base), encoding="utf-8")
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.config_dirs", [str(tmp_path)])
        return path

    return write


def test_the_files_of_the_guide_are_valid(own_file):
    assert read_file(own_file(FILE)).findings == []
    whole = read_file(own_file(FILE + OPTIONAL + VERIFIED))
    assert whole.findings == []
    assert yaml.safe_load(VERIFIED)["verified"] == whole.content["verified"]


def test_the_mistake_that_the_guide_shows_is_said_so(own_file):
    finding = read_file(own_file(FILE.replace("institution:", "licencia: cc-by-4.0\ninstitution:"))).findings[0]
    sentences = finding.to_dict()
    shown = f"{finding.location}: {sentences['message']} {sentences['cure']}"
    assert re.search(r"tonala\.yaml, (.*) …$", GUIDE, re.MULTILINE)[1] in shown


def test_its_commands_can_be_run_one_after_the_other_as_written(cli, own_file, municipality, tmp_path):
    own_file(FILE)
    said: dict[str, str] = {}
    here = {ADDRESS: municipality.base, "/tmp/fuentes": str(tmp_path / "f")}  # noqa: S108 - the guide's
    for command in COMMANDS:
        arguments = [here.get(word, word) for word in command]
        if command == ["sources", "sync"]:
            assert model.Package.get("mx-jalisco-tonala") is None
        result = cli.invoke(mxopendata, arguments)
        assert result.exit_code == 0, (command, result.output)
        said[" ".join(command)] = result.output
    assert "Plataforma ckan, 12 registros" in said[f"sources preview {ADDRESS} --limit 5"]
    assert "responde" in said["sources check mx-jalisco-tonala"]
    assert "Plataforma ckan, 12 registros" in said["sources preview mx-jalisco-tonala --limit 5"]
    assert "Altas (se harían): 1  mx-jalisco-tonala" in said["sources sync --dry-run"]
    found = helpers.call_action("package_search", fq="organization:ayuntamiento-tonala", rows=0)
    assert found["count"] == 12
    exported = yaml.safe_load((tmp_path / "f" / "mx-jalisco-tonala.yaml").read_text(encoding="utf-8"))
    assert exported == yaml.safe_load(FILE.replace(ADDRESS, municipality.base))
