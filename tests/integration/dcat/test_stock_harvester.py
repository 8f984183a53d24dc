"""ckanext-dcat's own ``dcat_rdf_harvester`` takes in all of an export, by our profile and by its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.dcat.cli import export
from ckanext.mxopendata.dcat.frames import CONTENT_TYPES
from integration.commands import runner
from integration.harvest.stock_portals import datasets_of, stock_harvest

from .test_export import DIRTY, FULL, RESOURCE

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

FORMATS = ("ttl", "rdf", "jsonld")
INSTITUTIONS = {"sep-stock": "Secretaría de Educación", "agua-stock": "Comisión del Agua «Ñandú» & Cía."}
OWNER = "sep-stock"
MAP = {"name": "Mapa", "url": "https://mapas.example.gob.mx/wms?service=WMS&request=GetCapabilities", "format": "WMS"}


def _dataset(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "name": f"cosecha-{number}",
        "title": f"Conjunto número {number}: año, región y cigüeña",
        "notes": f"Descripción **{number}** del conjunto.",
        "tags": [{"name": "agua"}, {"name": f"región {number}"}],
        "owner_org": list(INSTITUTIONS)[number % 2],
        "resources": [{**RESOURCE, "url": f"https://datos.example.gob.mx/{number}.csv"}],
        **fields,
    }


def _datasets() -> list[dict[str, Any]]:
    table = {"name": "Tabla", "format": "XLSX", "license": "odbl", "hash": "sha256:" + "cd" * 32}
    return [
        _dataset(0, **{**FULL, "name": "cosecha-0"}),
        # What the site takes in only from a harvest.
        _dataset(1, **{**DIRTY, "name": "cosecha-1", "tags": []}),
        _dataset(2, notes="", source_identifier="sin-descripcion"),
        _dataset(3, resources=[{**table, "url": f"https://datos.example.gob.mx/hoja-{n}.xlsx"} for n in range(5)]),
        _dataset(4, resources=[MAP]),
        _dataset(5, resources=[], source_identifier="sin-recursos"),
        _dataset(6, contact=[{"name": "Íñigo", "email": "a@example.gob.mx"}, {"name": "Buzón"}]),
        _dataset(7, temporal_coverage=[{"start": "2010"}, {"start": "2015-01", "end": "2020-12-31"}]),
        _dataset(8, spatial_coverage=[{"cvegeo": "14039"}, {"text": "Lerma"}, {"bbox": "-103.5,20.5,-103.2,20.8"}]),
        _dataset(9, theme=["educacion", "poblacion"], in_series="Serie anual", license_id="cc-by-4.0"),
        _dataset(10, in_series="Serie anual", frequency="R/P1M", language=["es", "nah"], identifier="ID/10"),
        _dataset(11, title="«Título» & <b>raro</b> 😀", creator=[{"name": "Obras"}], access_rights="restricted"),
    ]


@pytest.fixture(scope="module")
def exported(clean_site: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The datasets as the portal shows them, and its files; the datasets are gone from this site."""
    for name, title in INSTITUTIONS.items():
        factories.Organization(name=name, title=title, gov_type="federal")
    made = [helpers.call_action("package_create", **dataset) for dataset in _datasets()]
    shown = [helpers.call_action("package_show", id=dataset["id"]) for dataset in made]
    folder = tmp_path_factory.mktemp("volcado")
    files = {}
    for name in FORMATS:
        files[name] = folder / f"volcado.{name}"
        words = ["--format", name, "--output", str(files[name]), "--json"]
        done = runner().invoke(export, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["datasets"] == len(shown)
    _purge(dataset["id"] for dataset in shown)
    return {"shown": {dataset["id"]: dataset for dataset in shown}, "files": files}


def _purge(ids: Any) -> None:
    user = helpers.call_action("get_site_user")["name"]
    for dataset_id in ids:
        helpers.call_action("dataset_purge", context={"user": user}, id=dataset_id)


@pytest.fixture
def source(loopback: Any, exported: dict[str, Any]) -> Any:
    """Makes a source that serves one of the files; what it brought is purged when the test is over."""
    if not p.plugin_loaded("dcat_rdf_harvester"):
        p.load("dcat_rdf_harvester")
    harvested: list[dict[str, Any]] = []

    def make(name: str) -> dict[str, Any]:
        path = f"/catalogo/volcado.{name}"
        content: Path = exported["files"][name]
        loopback.serve(path, content.read_bytes(), headers={"Content-Type": CONTENT_TYPES[name]})
        harvested.append(
            helpers.call_action(
                "harvest_source_create",
                name=f"de-serie-{loopback.port}",
                title="De serie",
                url=loopback.url(path),
                source_type="dcat_rdf",
                owner_org=OWNER,
            )
        )
        return harvested[-1]

    yield make
    for made in harvested:
        _purge(list(datasets_of(made)))
    p.unload("dcat_rdf_harvester")
    model.Session.rollback()


@pytest.mark.parametrize("profile", ["mx_dcat_ap", "euro_dcat_ap_3"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_dataset_arrives_without_an_error(name, profile, exported, source, monkeypatch):
    monkeypatch.setitem(tk.config, "ckanext.dcat.rdf.profiles", profile)
    job = stock_harvest(made := source(name))
    shown = exported["shown"]
    assert len(job.objects) == len(shown)
    arrived = {harvested.guid.rpartition("/")[2]: harvested.package_id for harvested in job.objects}
    assert set(arrived) == set(shown)
    stored = datasets_of(made)
    assert len(stored) == len(shown)
    for dataset_id, before in shown.items():
        assert _essence(stored[arrived[dataset_id]]) == _essence(before), before["name"]
        # The stock harvester gives every dataset to the institution of its source.
        assert stored[arrived[dataset_id]]["organization"]["name"] == OWNER


def _essence(dataset: dict[str, Any]) -> dict[str, Any]:
    addresses = [resource["url"] for resource in dataset["resources"]]
    return {
        "title": dataset["title"],
        # Where none was written, the title stands in.
        "notes": dataset.get("notes") or dataset["title"],
        "tags": sorted(tag["name"] for tag in dataset["tags"]),
        # Where no address was written, that of the file's page stands in; only our own profile knows it again.
        "resources": sorted(url for url in addresses if url and "/resource/" not in url),
        "files": len(addresses),
    }
