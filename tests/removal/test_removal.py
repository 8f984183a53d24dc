"""The suite goes and comes back, with real processes: what an operator types, in the order the command tells.

``ckan mxopendata uninstall`` → migrations down, plugins off → the site as it was →
plugins on, migrations up → the same.
"""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
import redis

pytestmark = pytest.mark.integration

RECORDS = 8
LOCAL = 6
PATHS = ("/", "/dataset/", "/organization/", "/harvest", "/dataset/new")


def _catalogue() -> str:
    records = [
        {
            "identifier": f"r{number}",
            "title": f"Rutas de camión {number}",
            "description": "Recorridos y horarios",
            "keyword": ["transporte", "señalización"],
            "modified": "2026-01-31",
            "accrualPeriodicity": "R/P1M",
            "contactPoint": {"fn": "Dirección de Tránsito", "hasEmail": "mailto:transito@ejemplo.gob.mx"},
            "language": ["es"],
            "distribution": [
                {"title": "Tabla", "downloadURL": f"https://ejemplo.gob.mx/{number}.csv", "format": "CSV"}
            ],
        }
        for number in range(RECORDS)
    ]
    return json.dumps({"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": records})


def _keys() -> list[str]:
    found = redis.Redis.from_url(os.environ["CKAN_REDIS_URL"]).keys("*")
    return sorted(key.decode() for key in found)


def _extras(dataset: dict[str, Any]) -> dict[str, str]:
    return {extra["key"]: extra["value"] for extra in dataset["extras"]}


def _stop_half_way(site: Any) -> None:
    """Start the removal and kill it when it has begun to write values."""
    child = site.start("mxopendata", "uninstall", "--yes")
    said = []
    for line in child.stderr:
        said.append(line)
        if line.strip().isdigit():
            break
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    assert any(line.strip() == "1" for line in said), "".join(said)


def test_the_suite_goes_and_comes_back(site, loopback):
    portal = loopback.serve("/data.json", _catalogue())
    built = site.run("build", portal=portal)
    assert built["run"]["created"] == RECORDS
    before = site.run("read")
    assert len(before["datasets"]) == LOCAL + RECORDS
    tables_before = site.tables()

    # Neither option: nothing is done, one line says why.
    refused = site.ckan("mxopendata", "uninstall", code=2)
    assert len([line for line in refused.splitlines() if "--dry-run" in line]) == 1

    # Only counted.
    digest, keys = site.digest(), _keys()
    counted = site.uninstall("--dry-run")
    assert site.digest() == digest
    assert _keys() == keys
    assert counted["datasets"] == LOCAL + RECORDS
    assert counted["datasets_to_write"] == LOCAL + RECORDS
    assert counted["datasets_written"] == 0
    assert counted["organizations_to_write"] == 1
    assert counted["archived"] == 1
    assert counted["licences"]["libreusomx"] >= LOCAL - 1
    [source] = counted["sources"]
    assert (source["type"], source["schedule"], source["open_jobs"], source["carriers"]) == (
        "mx_datajson",
        "DAILY",
        1,
        1,
    )
    assert counted["tables"]["mxopendata_harvest_identity"] == RECORDS
    assert counted["redis_keys"] + counted["background_jobs"] > 0

    # Interrupted, then again.
    _stop_half_way(site)
    done = site.uninstall("--yes")
    assert 0 < done["datasets_written"] < LOCAL + RECORDS
    assert not done["refused"]
    again = site.uninstall("--dry-run")
    for name in ("datasets_to_write", "organizations_to_write", "redis_keys", "background_jobs", "files"):
        assert not again[name], name
    assert again["sources"][0]["schedule"] == "MANUAL"
    assert again["sources"][0]["open_jobs"] == again["sources"][0]["carriers"] == 0

    # What it says is typed as it stands there.
    for command in done["commands"][1:-1]:
        site.type_in(command)
    site.change(done["settings"])
    site.type_in(done["commands"][-1])

    # The old site, with our values as extras that people can read.
    assert not {name for name in site.tables() if name.startswith("mxopendata")}
    assert site.scalar("SELECT count(*) FROM pg_constraint WHERE conname LIKE '%mxopendata%'") == 0
    assert [key for key in _keys() if "mxopendata" in key] == []
    without = site.run("read")
    assert without["found"] == before["found"] + 1  # the archived one is found again
    for name, old in before["datasets"].items():
        new = without["datasets"][name]
        assert (new["id"], new["title"], new["private"], new["owner_org"]) == (
            old["id"],
            old["title"],
            old["private"],
            old["owner_org"],
        )
        same = ("id", "name", "url", "format", "position")
        assert [[res[key] for key in same] for res in new["resources"]] == [
            [res[key] for key in same] for res in old["resources"]
        ]
    local = _extras(without["datasets"]["incidencia-vial-1"])
    assert local["language"] == "es"
    assert local["theme"] == "seguridad"
    assert "Dirección de Información" in local["contact"]
    assert _extras(without["organization"])["sectors"] == "energia-y-medio-ambiente"
    paths = [
        *PATHS,
        *(f"/dataset/{name}" for name in before["datasets"]),
        "/organization/secretaria-de-movilidad",
        "/harvest/fuente",
        "/harvest/edit/fuente",
        "/harvest/admin/fuente",
        "/dataset/edit/incidencia-vial-1",
    ]
    answers = site.run("pages", paths=paths)
    assert {path: answer["status"] for path, answer in answers.items() if answer["status"] != 200} == {}
    assert "Dirección de Información" in answers["/dataset/incidencia-vial-1"]["text"]
    assert not [path for path, answer in answers.items() if "mxopendata" in answer["text"]]
    # Whoever starts the source by hand is told why nothing comes.
    tried = site.run("stock_harvest", source=built["source"])
    assert tried["status"] == "Finished"
    assert "mx_datajson" in tried["errors"][0]

    # And back in again.
    site.come_back()
    site.ckan("db", "pending-migrations", "--apply")
    assert site.tables() == tables_before
    assert site.uninstall("--undo") == {"woken": ["fuente"]}
    site.ckan("search-index", "rebuild")
    after = site.run("back")
    assert after["source"]["frequency"] == "DAILY"
    moved = {"metadata_modified", "harvested_at"}
    for name, old in before["datasets"].items():
        new = after["datasets"][name]
        assert {key: value for key, value in new.items() if key not in moved} == {
            key: value for key, value in old.items() if key not in moved
        }
    assert after["found"] == before["found"]
    assert (after["run"]["created"], after["run"]["rejected"], after["run"]["read"]) == (0, 0, RECORDS)
