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
MOVED = ("metadata_modified",)
PATHS = (
    "/",
    "/dataset/",
    "/dataset/new",
    "/dataset/edit/incidencia-vial-1",
    "/organization/",
    "/organization/secretaria-de-movilidad",
    "/organization/edit/secretaria-de-movilidad",
    "/harvest",
    "/harvest/fuente",
    "/harvest/about/fuente",
    "/harvest/admin/fuente",
    "/harvest/edit/fuente",
)


def catalogue() -> str:
    """The data.json of the portal that is harvested."""
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


def _steady(shown: dict[str, Any]) -> dict[str, Any]:
    """All but the dates of the last change, of the dataset (on CKAN 2.11) and of resources with values of ours."""
    resources = [{key: value for key, value in res.items() if key not in MOVED} for res in shown["resources"]]
    return {key: value for key, value in shown.items() if key not in MOVED} | {"resources": resources}


def _identity(shown: dict[str, Any]) -> tuple[Any, ...]:
    kept = ("id", "title", "private", "owner_org")
    of_resource = ("id", "name", "url", "format", "position")
    return (
        *(shown[key] for key in kept),
        *(tuple(resource[key] for key in of_resource) for resource in shown["resources"]),
    )


def _stop_half_way(site: Any) -> None:
    """Start the removal and kill it when it has begun to write values."""
    child = site.start("mxopendata", "uninstall", "--yes")
    said = []
    for line in child.stderr:
        said.append(line)
        if line.strip() == "… 1":
            break
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    assert said[-1].strip() == "… 1", "".join(said)


def test_the_suite_goes_and_comes_back(site, loopback):
    portal = loopback.serve("/data.json", catalogue())
    init = [["db", "init"], ["db", "pending-migrations", "--apply"], ["search-index", "clear"]]
    before = site.run("build", commands=init, portal=portal)
    assert before["run"]["created"] == RECORDS
    assert len(before["datasets"]) == LOCAL + RECORDS
    tables_before = site.tables()

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
    saved, *down, plugins, rebuild = done["commands"]
    assert saved.startswith("pg_dump ")
    site.run("nothing", commands=[site.words(command) for command in down])
    site.configure(plugins)
    site.change({option: value for option, value in done["settings"].items() if option != "ckan.plugins"})
    paths = [*PATHS, *(f"/dataset/{name}" for name in before["datasets"])]
    without = site.run("without", commands=[site.words(rebuild)], paths=paths, source=before["id"])

    # The old site, with our values as extras that people can read.
    assert not {name for name in site.tables() if name.startswith("mxopendata")}
    assert site.scalar("SELECT count(*) FROM pg_constraint WHERE conname LIKE '%mxopendata%'") == 0
    assert [key for key in _keys() if "mxopendata" in key] == []
    assert without["found"] == before["found"] + 1  # the archived one is found again
    for name, old in before["datasets"].items():
        assert _identity(without["datasets"][name]) == _identity(old)
    local = _extras(without["datasets"]["incidencia-vial-1"])
    assert local["language"] == "es"
    assert local["theme"] == "seguridad"
    assert "Dirección de Información" in local["contact"]
    assert _extras(without["organization"])["sectors"] == "energia-y-medio-ambiente"
    answers = without["pages"]
    assert {path: answer["status"] for path, answer in answers.items() if answer["status"] != 200} == {}
    assert "Dirección de Información" in answers["/dataset/incidencia-vial-1"]["text"]
    assert not [path for path, answer in answers.items() if "mxopendata" in answer["text"]]
    # Whoever starts the source by hand is told why nothing comes.
    assert without["tried"]["status"] == "Finished"
    assert "mx_datajson" in without["tried"]["errors"][0]

    # CKAN 2.11 sets the date of a dataset's last change by itself.
    if not site.version().startswith("2.11"):
        shown = {name: dataset["metadata_modified"] for name, dataset in without["datasets"].items()}
        assert shown == {name: dataset["metadata_modified"] for name, dataset in before["datasets"].items()}

    # And back in again.
    site.come_back()
    again = [
        ["db", "pending-migrations", "--apply"],
        ["mxopendata", "uninstall", "--undo"],
        ["search-index", "rebuild"],
    ]
    after = site.run("back", commands=again)
    assert site.tables() == tables_before
    assert after["source"]["frequency"] == "DAILY"
    for name, old in before["datasets"].items():
        assert _steady(after["datasets"][name]) == _steady(old)
    assert after["found"] == before["found"]
    # A harvest knows its datasets again.
    assert (after["run"]["created"], after["run"]["rejected"], after["run"]["read"]) == (0, 0, RECORDS)
    for name, old in before["datasets"].items():
        assert _identity(after["then"][name]) == _identity(old)
