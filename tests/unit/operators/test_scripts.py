"""Scripts of the containers: read by linters, and run."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "docker"
PROGRAMS = Path(sys.executable).parent
SHELL = [
    DOCKER / "new-env",
    DOCKER / "image" / "ckan-service",
    DOCKER / "solr" / "start-solr",
    *sorted((DOCKER / "image" / "docker-entrypoint.d").iterdir()),
    *sorted((DOCKER / "postgres").iterdir()),
    *sorted((DOCKER / "backup").iterdir()),
]
# Read by another script; all else is called.
SOURCED = {"10-mxopendata.sh", "site.bash"}


def run(*words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def test_shellcheck_finds_nothing():
    checked = run(PROGRAMS / "shellcheck", "--external-sources", "--source-path", ROOT, *SHELL)
    assert (checked.returncode, checked.stdout) == (0, "")


def test_hadolint_finds_nothing():
    checked = run(PROGRAMS / "hadolint", "--failure-threshold", "warning", DOCKER / "Dockerfile")
    assert checked.returncode == 0, checked.stdout


def test_what_is_called_may_be_run():
    programs = [*SHELL, DOCKER / "image" / "ckan-health", DOCKER / "image" / "ckan-scheduler"]
    for path in programs:
        assert os.access(path, os.X_OK) != (path.name in SOURCED), path


def test_python_programs_of_the_image_are_in_order():
    programs = [DOCKER / "image" / "ckan-health", DOCKER / "image" / "ckan-scheduler"]
    for path in programs:
        checked = run(
            PROGRAMS / "ruff", "check", "--stdin-filename", f"docker/image/{path.name}.py", "-",
            cwd=ROOT, input=path.read_text(encoding="utf-8"),
        )  # fmt: skip
        assert checked.returncode == 0, checked.stdout


# ------------------------------------------------------------------------------------------------ new-env


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    for name in ("new-env", ".env.example"):
        (tmp_path / name).write_bytes((DOCKER / name).read_bytes())
    (tmp_path / "new-env").chmod(0o755)
    return tmp_path


def values(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_new_env_fills_in_every_secret(fresh: Path):
    assert run(fresh / "new-env").returncode == 0
    made, example = values(fresh / ".env"), values(fresh / ".env.example")
    filled = {name: made[name] for name, value in example.items() if not value}
    assert all(re.fullmatch(r"(string:)?[0-9a-f]{64}", value) for value in filled.values())
    assert {name: value for name, value in made.items() if name not in filled} == {
        name: value for name, value in example.items() if value
    }
    sides = {made[f"CKAN___API_TOKEN__JWT__{side}__SECRET"] for side in ("ENCODE", "DECODE")}
    # Both sides of a signature are one secret, all else differs.
    assert len(set(filled.values())) == len(filled) - 1
    assert len(sides) == 1
    assert sides.pop().startswith("string:")


def test_new_env_is_for_its_owner_only(fresh: Path):
    run(fresh / "new-env")
    assert stat.S_IMODE((fresh / ".env").stat().st_mode) == 0o600


def test_new_env_never_touches_secrets_that_are_there(fresh: Path):
    (fresh / ".env").write_text("CKAN_DB_PASSWORD=mine\n", encoding="utf-8")
    refused = run(fresh / "new-env")
    assert refused.returncode == 2
    assert "no se cambió nada" in refused.stderr
    assert (fresh / ".env").read_text(encoding="utf-8") == "CKAN_DB_PASSWORD=mine\n"


# ------------------------------------------------------------------------------------------------ start-solr


@pytest.fixture
def solr(tmp_path: Path) -> dict[str, str]:
    """An image's configuration set, an empty volume, and a program in the place of ``solr-precreate``."""
    (tmp_path / "set" / "conf").mkdir(parents=True)
    (tmp_path / "set" / "conf" / "managed-schema").write_text("ours", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "solr-precreate"
    program.write_text('#!/bin/sh\necho "precreate $*"\n', encoding="utf-8")
    program.chmod(0o755)
    return {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SOLR_CONFIGSET": str(tmp_path / "set"),
        "SOLR_DATA": str(tmp_path / "data"),
    }


def test_solr_begins_with_our_configuration(solr: dict[str, str]):
    started = run(DOCKER / "solr" / "start-solr", env=solr)
    assert started.stdout == f"precreate ckan {solr['SOLR_CONFIGSET']}\n"


def test_a_new_schema_reaches_the_volume_of_an_older_image(solr: dict[str, str]):
    core = Path(solr["SOLR_DATA"]) / "ckan" / "conf"
    core.mkdir(parents=True)
    (core / "managed-schema").write_text("that of the older image", encoding="utf-8")
    first, second = (run(DOCKER / "solr" / "start-solr", env=solr).stdout for _ in range(2))
    assert (core / "managed-schema").read_text(encoding="utf-8") == "ours"
    assert "ckan search-index rebuild" in first
    assert "rebuild" not in second


# ------------------------------------------------------------------------------------------------ tables at the start


@pytest.mark.parametrize(("code", "served"), [(0, True), (1, False)])
def test_a_site_whose_tables_are_behind_does_not_serve(code: int, served: bool, tmp_path: Path):
    """As the image's own start script does it: our script is read, then the web server starts."""
    program = tmp_path / "ckan"
    program.write_text(f'#!/bin/sh\necho "ckan $*"\nexit {code}\n', encoding="utf-8")
    program.chmod(0o755)
    script = DOCKER / "image" / "docker-entrypoint.d" / "10-mxopendata.sh"
    started = run(
        "bash", "-c", f". {script}; echo serving",
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "CKAN_INI": "/srv/app/ckan.ini"},
    )  # fmt: skip
    assert "ckan -c /srv/app/ckan.ini db pending-migrations --apply" in started.stdout
    assert ("serving" in started.stdout) == served


def test_the_other_containers_begin_with_the_plugins_of_the_environment(tmp_path: Path):
    program = tmp_path / "ckan"
    program.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CKAN_INI": "x.ini", "CKAN__PLUGINS": "a b envvars"}
    started = run(DOCKER / "image" / "ckan-service", "ckan", "jobs", "worker", env=environment)
    assert started.stdout == "<config-tool><x.ini><ckan.plugins = a b envvars><jobs><worker>"


# ------------------------------------------------------------------------------------------------ steps of the build


def step(stage: str, beginning: str) -> str:
    """A command of the Dockerfile: the one of a stage that begins with a word."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    part = text.split(f" AS {stage}\n")[1].split("\nFROM ")[0]
    found = re.search(rf"^RUN ({beginning}.*)$", part, re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_image_of_solr_gets_the_schema_of_the_installed_ckan(tmp_path: Path):
    from ckanext.mxopendata.solr_schema import installed_schema, spanish_schema

    command = step("schema", "python3").replace("/tmp/schema.xml", str(tmp_path / "schema.xml"))
    made = run("sh", "-c", command.replace("python3", sys.executable, 1))
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "schema.xml").read_text(encoding="utf-8") == spanish_schema(installed_schema())


def test_the_files_copied_for_the_wheel_suffice():
    """What setup.py and pyproject.toml read; that a wheel can be built of it is tried in the lane of the wheel."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8").split(" AS wheel\n")[1].split("\nFROM ")[0]
    copied = set(" ".join(re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE)).split())
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    folders = set(re.findall(r'^(?:SOURCE =|    "ckanext[^"]+":) "([^"]+)",?$', setup, re.MULTILINE))
    assert {"ckanext-mxopendata", "schemas", "harvest_configs"} == folders
    assert folders | {"pyproject.toml", "setup.py", "README.md", "LICENSE"} <= copied
