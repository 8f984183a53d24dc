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
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Of git, of the translators' tools: nobody needs them at work.
NOT_SHIPPED = (".gitkeep", ".pot")
# Folder of the checkout → where the wheel has it.
SHIPPED = {
    "ckanext-mxopendata/ckanext/mxopendata/": "ckanext/mxopendata/",
    "schemas/": "ckanext/mxopendata/schemas/",
    "harvest_configs/": "ckanext/mxopendata/harvest_configs/",
}
KINDS = (".html", ".css", ".yaml", ".csv", ".json", ".ttl", ".mo", ".ini", "versions/001_a1c0de5e0001_change_log.py")


@pytest.fixture(scope="session")
def inside(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def shipped() -> set[str]:
    """What the checkout holds for the wheel, as git sees it: what is not committed yet too, nothing that it ignores."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *SHIPPED]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    here = [name for name in listed if not name.endswith(NOT_SHIPPED) and (ROOT / name).is_file()]
    return {
        target + name.removeprefix(folder)
        for name in here
        for folder, target in SHIPPED.items()
        if name.startswith(folder)
    }


def test_the_wheel_holds_what_the_checkout_holds(inside: set[str], shipped: set[str]) -> None:
    about = {name for name in inside if name.startswith("ckanext_mxopendata-")}
    assert sorted(shipped - inside) == []
    assert sorted(inside - shipped - about) == []


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_every_kind_are_inside(inside: set[str], kind: str) -> None:
    assert any(name.endswith(kind) for name in inside)


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
