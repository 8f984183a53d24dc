"""Each room alone with the front door, the front door alone, and all together: from the wheel, on real services."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("rooms.py")
INI = (ROOT / "test.ini").read_text(encoding="utf-8")
FRONT_DOOR = ["mxopendata"]
ITS_PARTNERS = ["scheming_datasets", "scheming_organizations"]
INSTITUTION, DATASET = "secretaria-de-prueba", "conjunto-de-prueba"
MAIN_PAGES = ["/", "/dataset/", f"/dataset/{DATASET}", "/organization/", f"/organization/{INSTITUTION}", "/dataset/new"]
# Room → its stock partners and its pages.
ROOMS: dict[str, tuple[list[str], list[str]]] = {
    "harvest": (["harvest"], ["/cosechas", "/cosechas.json", "/harvest"]),
    "dcat": (["dcat"], ["/catalog.ttl", "/data.json", f"/dataset/{DATASET}.ttl", "/catalogo/volcado.json"]),
    "dashboard": ([], ["/tablero", f"/tablero/institucion/{INSTITUTION}", "/tablero/metodologia", "/tablero.json"]),
    "planning": ([], []),
    "participation": ([], []),
}
# A folder of templates is a room's by the name of its parent.
_ROOM_OF_TEMPLATES = re.compile(r"/ckanext/mxopendata/(?:(\w+)/)?templates$")
# What leads to a room's pages from elsewhere.
_LINKS = {"harvest": 'href="/cosechas', "dashboard": 'href="/tablero', "dcat": 'href="/data.json'}
# Files of the whole catalogue have not been made yet: to say so, with 404, is right.
NOT_MADE_YET = {"/catalogo/volcado.json": 404, "/data.json": 404}


def _combination(name: str, rooms: list[str], folder: Path) -> dict[str, Any]:
    plugins = FRONT_DOOR + [f"mxopendata_{room}" for room in rooms]
    partners = [partner for room in rooms for partner in ROOMS[room][0]]
    ini = folder / f"{name}.ini"
    line = f"ckan.plugins = {' '.join([*plugins, *partners, *ITS_PARTNERS])}"
    text = re.sub(r"(?m)^ckan\.plugins = .*$", line, INI)
    text = re.sub(r"(?m)^testing = true\n", "", text)
    if "dcat" not in rooms:
        text = re.sub(r"(?m)^ckanext\.dcat\..*\n", "", text)
    ini.write_text(text, encoding="utf-8")
    paths = MAIN_PAGES + [path for room in rooms for path in ROOMS[room][1]]
    return {"name": name, "ini": str(ini), "paths": paths, "rooms": rooms}


COMBINATIONS = {"front_door": [], **{room: [room] for room in ROOMS}, "all": list(ROOMS)}


@pytest.fixture(scope="module")
def seen(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What every combination answered, from an empty database."""
    folder = tmp_path_factory.mktemp("rooms")
    engine = sa.create_engine(os.environ["CKAN_SQLALCHEMY_URL"])
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    asked = {"combinations": [_combination(name, rooms, folder) for name, rooms in COMBINATIONS.items()]}
    done = subprocess.run(
        [str(installed), str(PROGRAM), str(folder)],
        input=json.dumps(asked),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": "", "HOME": str(folder), "CKAN_STORAGE_PATH": str(folder / "storage")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    # Shown where a test is red: why a page did not answer.
    sys.stderr.write(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", COMBINATIONS)
def test_the_pages_answer(seen: dict[str, Any], name: str) -> None:
    wanted = {path: NOT_MADE_YET.get(path, 200) for path in seen[name]["pages"]}
    assert {path: status for path, (status, _) in seen[name]["pages"].items()} == wanted
    assert seen[name]["plugins"] == FRONT_DOOR + [f"mxopendata_{room}" for room in COMBINATIONS[name]]


@pytest.mark.parametrize("name", COMBINATIONS)
def test_no_template_of_a_room_that_is_off_is_looked_for(seen: dict[str, Any], name: str) -> None:
    found = [_ROOM_OF_TEMPLATES.search(folder) for folder in seen[name]["templates"]]
    rooms = {match[1] or "front_door" for match in found if match}
    assert "front_door" in rooms
    assert rooms - {"front_door"} <= set(COMBINATIONS[name])


@pytest.mark.parametrize("name", COMBINATIONS)
def test_only_rooms_that_are_on_are_linked(seen: dict[str, Any], name: str) -> None:
    text = "".join(seen[name]["pages"][path][1] for path in MAIN_PAGES)
    linked = {room for room, link in _LINKS.items() if link in text}
    assert linked <= set(COMBINATIONS[name])
    if name == "all":
        assert "dashboard" in linked


def test_the_rooms_bring_their_commands(seen: dict[str, Any]) -> None:
    assert {"doctor", "uninstall"} <= set(seen["front_door"]["commands"])
    assert not {"harvest", "export", "indicators"} & set(seen["front_door"]["commands"])
    assert {"harvest", "export", "indicators"} <= set(seen["all"]["commands"])


def test_the_form_and_the_dataset_show_our_fields(seen: dict[str, Any]) -> None:
    pages = seen["front_door"]["pages"]
    assert 'name="contact-0-email"' in pages["/dataset/new"][1]
    assert "datos@ejemplo.gob.mx" in pages[f"/dataset/{DATASET}"][1]
