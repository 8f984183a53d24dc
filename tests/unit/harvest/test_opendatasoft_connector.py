"""Opendatasoft's versions, its window of 10,000, what its metadata mean, and a real dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.harvest.connectors.base import Page
from ckanext.mxopendata.harvest.connectors.opendatasoft import OpendatasoftConnector
from ckanext.mxopendata.harvest.connectors.opendatasoft_records import of_dataset
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from portals.platforms.base import Plain, serving
from portals.platforms.opendatasoft import OpendatasoftPortal

PORTAL = "https://datos.x.mx"


def read(portal: OpendatasoftPortal, folder: Path, path: str = "/") -> list[Page]:
    with serving(portal) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), folder) as client:
        return list(OpendatasoftConnector().pages(client, f"http://{host}{path}", {}, folder / "document"))


def portal(count: int, *versions: str) -> OpendatasoftPortal:
    made = OpendatasoftPortal([Plain(f"{number:05}", f"Conjunto {number}") for number in range(count)])
    made.versions = versions
    return made


def of(has_records: bool = True, **metas: Any) -> dict[str, Any]:
    default = {"title": "Conjunto", **metas.pop("default", {})}
    named = {"dataset_id": "a-b", "dataset_uid": "da_1", "has_records": has_records}
    return {**named, "metas": {"default": default, **metas}}


@pytest.mark.parametrize("version", ["2.1", "2.0", "1.0"])
def test_every_version_gives_the_same(tmp_path: Path, version: str) -> None:
    pages = read(portal(25, version), tmp_path, "/explore/?sort=title")
    datasets = [map_record(record, "datajson").dataset for page in pages for record in page.records]
    assert [dataset["identifier"] for dataset in datasets] == [f"da_{number:05}" for number in range(25)]
    assert datasets[0]["resources"][0]["url"] == "https://datos.ejemplo.gob.mx/archivo.csv"
    assert [tag["name"] for tag in datasets[0]["tags"]] == ["agua", "región"]
    assert {page.total for page in pages} == {25}
    codes = [finding.code for page in pages for finding in page.findings]
    assert codes == ([] if version == "2.1" else ["opendatasoft_old_api"])


def test_a_list_beyond_the_window_is_exported(tmp_path: Path) -> None:
    made = portal(10_001, "2.1")
    pages = read(made, tmp_path)
    assert sum(len(page.records) for page in pages) == 10_001
    assert len(made.asked) == 2


def test_another_name_in_the_address_is_the_same_dataset() -> None:
    first, second = (of_dataset({**of(), "dataset_id": name}, PORTAL) for name in ("a", "b"))
    assert first["identifier"] == second["identifier"] == "da_1"


def test_what_its_metadata_mean() -> None:
    record = of_dataset(
        of(
            default={"publisher": "Sur", "references": "https://x.mx/a https://x.mx/b", "territory": ["Jalisco"]},
            dcat={
                "creator": "Catastro",
                "contact_email": "a@x.mx",
                "accrualperiodicity": "Mensual",
                "created": "2024-01-02",
                "temporal_coverage_start": "2020-01-01",
                "temporal_coverage_end": "2021-01-01",
            },
            custom={"responsable": "Juan"},
        ),
        PORTAL,
    )
    mapped = map_record(record, "datajson")
    dataset = mapped.dataset
    assert dataset["url"] == f"{PORTAL}/explore/dataset/a-b/"
    assert dataset["creator"] == [{"name": "Catastro"}]
    assert dataset["contact"] == [{"email": "a@x.mx"}]
    assert (dataset["frequency"], dataset["issued"]) == ("R/P1M", "2024-01-02")
    assert dataset["temporal_coverage"] == [{"start": "2020-01-01", "end": "2021-01-01"}]
    assert dataset["spatial_coverage"][0]["cvegeo"] == "14"
    assert dataset["documentation"] == ["https://x.mx/a", "https://x.mx/b"]
    base = f"{PORTAL}/api/explore/v2.1/catalog/datasets/a-b/exports"
    assert [resource["url"] for resource in dataset["resources"]] == [f"{base}/csv", f"{base}/json"]
    (left,) = [finding for finding in mapped.findings if finding.code == "fields_left_out"]
    assert left.value == "custom.responsable"


def test_places_and_attachments_are_files_too() -> None:
    item = {**of(), "features": ["geo"], "attachments": [{"id": "m", "title": "Mapa", "mimetype": "application/pdf"}]}
    urls = [each["downloadURL"].removeprefix(PORTAL) for each in of_dataset(item, PORTAL)["distribution"]]
    base = "/api/explore/v2.1/catalog/datasets/a-b"
    assert urls == [f"{base}/exports/{form}" for form in ("csv", "json", "geojson", "shp")] + [f"{base}/attachments/m/"]


def test_a_licence_that_contradicts_itself_is_said() -> None:
    address = "https://creativecommons.org/licenses/by/4.0/"
    record = of_dataset(of(default={"license": "CC0", "license_url": address}), PORTAL)
    assert [finding.code for finding in record.findings] == ["licence_contradicted"]
    assert map_record(record, "datajson").dataset["license_id"] == "cc-by-4.0"


def test_a_federated_dataset_says_where_it_is_at_home() -> None:
    shared = {"federated": True, "source_domain_address": "otro.x.mx", "source_dataset": "c"}
    record = of_dataset(of(default=shared), PORTAL)
    assert record["mxopendata"]["source_identifier"] == "https://otro.x.mx/explore/dataset/c/"


@pytest.mark.payloads
def test_a_real_dataset(shared: Path) -> None:
    item = json.loads((shared / "payloads/harvest/opendatasoft/pndb-dataset.v2.1.json").read_text(encoding="utf-8"))
    mapped = map_record(of_dataset(item, "https://portail.example.fr"), "datajson")
    dataset = mapped.dataset
    assert dataset["identifier"] == "da_89inb3"
    assert "<" not in dataset["notes"]
    assert [resource["url"] for resource in dataset["resources"]] == ["https://doi.org/10.57745/C5UQ2X"]
    assert {tag["name"] for tag in dataset["tags"]} >= {"INRAE", "Glycoside Hydrolases"}
    assert dataset["modified"].startswith("2025-03-14")
    (left,) = [finding for finding in mapped.findings if finding.code == "fields_left_out"]
    assert "custom.donnees" in str(left.value)
