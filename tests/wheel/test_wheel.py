"""What an operator gets from ``pip install``: everything, and it works away from the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "ckanext-mxopendata" / "ckanext" / "mxopendata"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Of git, of Python, of the translators' tools: nobody needs them at work.
NOT_SHIPPED = {".gitkeep", ".pyc", ".pot"}


@pytest.fixture(scope="session")
def inside(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _files(folder: Path, target: str) -> set[str]:
    return {
        f"{target}/{path.relative_to(folder)}"
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in NOT_SHIPPED and path.name not in NOT_SHIPPED
    }


@pytest.mark.parametrize("folder", ["schemas", "harvest_configs"])
def test_every_data_file_is_inside(inside: set[str], folder: str) -> None:
    wanted = _files(ROOT / folder, f"ckanext/mxopendata/{folder}")
    assert wanted
    assert sorted(wanted - inside) == []


def test_every_file_of_the_package_is_inside(inside: set[str]) -> None:
    wanted = _files(PACKAGE, "ckanext/mxopendata")
    for kind in ("/templates/", "/assets/", "/migration/", "/i18n/", "config_declaration.yaml"):
        assert any(kind in name for name in wanted), kind
    assert sorted(wanted - inside) == []


def test_nothing_else_is_inside(inside: set[str]) -> None:
    strangers = {name for name in inside if not name.startswith(("ckanext/mxopendata/", "ckanext_mxopendata-"))}
    assert not strangers
    assert not {name for name in inside if name == "ckanext/__init__.py" or "__pycache__" in name}


def test_the_licence_is_inside(inside: set[str]) -> None:
    assert any(name.endswith("/LICENSE") for name in inside)


def _ckan(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ini = folder / "test.ini"
    # Declarations and plugins load without a server; nothing listens there.
    ini.write_text((ROOT / "test.ini").read_text(encoding="utf-8"), encoding="utf-8")
    return subprocess.run(
        [str(installed), *words],
        cwd=folder,
        env={"PATH": str(installed.parent), "CKAN_INI": str(ini), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_package_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    program = "import ckanext.mxopendata as package; print(list(package.__path__))"
    done = _ckan(installed, tmp_path, "-c", program)
    assert done.returncode == 0, done.stderr
    assert str(ROOT) not in done.stdout
    assert "site-packages" in done.stdout


def test_every_plugin_and_profile_loads(installed: Path, tmp_path: Path) -> None:
    program = (
        "import json; from importlib.metadata import entry_points; "
        "found = [*entry_points(group='ckan.plugins'), *entry_points(group='ckan.rdf.profiles')]; "
        "ours = [point for point in found if point.value.startswith('ckanext.mxopendata.')]; "
        "[point.load() for point in ours]; print(json.dumps(sorted(point.name for point in ours)))"
    )
    done = _ckan(installed, tmp_path, "-c", program)
    assert done.returncode == 0, done.stderr
    groups = PROJECT["entry-points"]
    declared = sorted([*groups["ckan.plugins"], *groups["ckan.rdf.profiles"]])
    assert json.loads(done.stdout.splitlines()[-1]) == declared


def test_the_data_are_read_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    program = (
        "from importlib.resources import files; "
        "from ckanext.mxopendata.solr_schema import installed_schema, spanish_schema; "
        "assert 'dataset_fields' in files('ckanext.mxopendata.schemas').joinpath('mx_dataset.yaml').read_text(); "
        "assert files('ckanext.mxopendata.harvest_configs').joinpath('_schema.json').is_file(); "
        "print(len(spanish_schema(installed_schema())))"
    )
    done = _ckan(installed, tmp_path, "-c", program)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10_000
