"""A portal with the suite moves from CKAN 2.11 to 2.12: its data, its runs and its figures come along.

``MXOPENDATA_FORMER_PYTHON`` names the interpreter of an environment with CKAN 2.11 and the suite.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from tests.removal.test_removal import LOCAL, RECORDS, catalogue

pytestmark = pytest.mark.integration

PATHS = (
    "/",
    "/dataset/",
    "/dataset/new",
    "/dataset/incidencia-vial-1",
    "/dataset/edit/incidencia-vial-1",
    "/organization/secretaria-de-movilidad",
    "/tablero",
    "/tablero/institucion/secretaria-de-movilidad",
    "/cosechas",
    "/harvest/fuente",
    "/harvest/admin/fuente",
)


@pytest.fixture
def former() -> str:
    """The interpreter of CKAN 2.11."""
    found = os.environ.get("MXOPENDATA_FORMER_PYTHON")
    if not found and os.environ.get("CI") != "true":
        pytest.skip("MXOPENDATA_FORMER_PYTHON names no environment with CKAN 2.11 and the suite")
    assert found
    return found


def _rows(site: Any) -> dict[str, int]:
    names = sorted(name for name in site.tables() if name.startswith("mxopendata_"))
    return {name: site.scalar(f'SELECT count(*) FROM "{name}"') for name in names}


def test_from_ckan_2_11_to_2_12(site, loopback, former):
    portal = loopback.serve("/data.json", catalogue())
    site.python = former
    assert site.version().startswith("2.11")
    init = [["db", "init"], ["db", "pending-migrations", "--apply"], ["search-index", "clear"]]
    before = site.run("build", commands=init, portal=portal, waiting=False, figures=True)
    assert before["run"]["created"] == RECORDS
    rows = _rows(site)
    assert rows["mxopendata_dashboard_snapshot"]

    site.python = sys.executable
    assert site.version().startswith("2.12")
    upgrade = [["db", "upgrade"], ["db", "pending-migrations", "--apply"], ["search-index", "rebuild"]]
    after = site.run("moved", commands=upgrade, paths=PATHS)
    assert {path: answer["status"] for path, answer in after["pages"].items() if answer["status"] != 200} == {}
    assert len(after["datasets"]) == LOCAL + RECORDS
    for name, old in before["datasets"].items():
        new = after["datasets"][name]
        assert {key: new[key] for key in old if key in new} == old
    assert after["organization"]["sectors"] == before["organization"]["sectors"]
    assert after["found"] == before["found"]
    assert after["source"]["source_type"] == "mx_datajson"
    # Our tables were not touched by the move, and what they know still holds.
    moved = {name: count for name, count in after["rows"].items() if rows[name] != count}
    assert moved == {}
    run = after["run"]
    assert (run["read"], run["unchanged"], run["created"], run["updated"]) == (RECORDS, RECORDS, 0, 0)
    page = after["pages"]["/tablero/institucion/secretaria-de-movilidad"]["text"]
    assert "Secretaría de Movilidad" in page
