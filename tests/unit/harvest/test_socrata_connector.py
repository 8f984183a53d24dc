"""Socrata's pages and window, portals that list what is of others, what its metadata mean, and real answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import identity
from ckanext.mxopendata.harvest.connectors.base import LeftOut, Page
from ckanext.mxopendata.harvest.connectors.socrata import SocrataConnector
from ckanext.mxopendata.harvest.connectors.socrata_records import of_item
from ckanext.mxopendata.harvest.settings import SourceSettings
from ckanext.mxopendata.harvest.spool import Reader
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.mapping import map_record
from portals.platforms.base import Plain, serving
from portals.platforms.socrata import STRANGER, SocrataPortal

HOME = "https://datos.x.mx"


def portal(count: int) -> SocrataPortal:
    """So many assets, listed in another order than that of their identifiers."""
    made = SocrataPortal([Plain(f"{number % 7:04}-{number:05}", f"Conjunto {number}") for number in range(count)])
    made.page_size = 100
    return made


def read(made: SocrataPortal, folder: Path, path: str = "/", position: Any = None) -> list[Page]:
    with serving(made) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), folder) as client:
        return list(SocrataConnector().pages(client, f"http://{host}{path}", position or {}, folder / "document"))


def records(pages: list[Page]) -> list[Any]:
    return [record for page in pages for record in page.records]


def identifiers(pages: list[Page]) -> list[str]:
    return [record["identifier"] for record in records(pages) if not isinstance(record, LeftOut)]


def of(resource: dict[str, Any] | None = None, fields: dict[str, str] | None = None, **others: Any) -> dict[str, Any]:
    own = [{"key": key, "value": value} for key, value in (fields or {}).items()]
    return {
        "resource": {"id": "abcd-1234", "name": "Conjunto", "type": "dataset", **(resource or {})},
        "classification": {"domain_metadata": own, **others.pop("classification", {})},
        "metadata": {"domain": "datos.x.mx"},
        "permalink": f"{HOME}/d/abcd-1234",
        **others,
    }


def record_of(*args: Any, **others: Any) -> Any:
    return of_item(of(*args, **others), HOME, ("datos.x.mx",))


def test_only_the_portal_itself_is_asked_for(tmp_path: Path) -> None:
    made = portal(250)
    made.strangers = [Plain(f"0000-{number}", f"Ajeno {number}") for number in range(9)]
    pages = read(made, tmp_path)
    assert identifiers(pages) == sorted(record.identifier for record in made.records)
    assert {page.total for page in pages} == {250}
    assert len(made.asked) == 3


def test_what_it_federates_is_left_out_and_said(tmp_path: Path) -> None:
    made = portal(3)
    made.federates, made.strangers = True, [Plain("aaaa-0001", "Ajeno")]
    found = records(read(made, tmp_path))
    (left,) = [record for record in found if isinstance(record, LeftOut)]
    assert len(found) == 4
    line = Reader(SocrataConnector(), SourceSettings(), "Municipio").line(left, 3)
    assert (line["identifier"], line["action"], line["severity"]) == ("aaaa-0001", "excluded", "advice")
    (said,) = line["findings"]
    assert (said["code"], said["details"]) == ("record_of_other_portal", {"portal": STRANGER})


def test_a_portal_that_lists_nothing_of_its_own_is_the_wrong_address(tmp_path: Path) -> None:
    """Not an empty one: that would be taken for the end of all datasets."""
    made = portal(0)
    made.federates, made.strangers = True, [Plain("aaaa-0001", "Ajeno")]
    with pytest.raises(SourceError) as caught:
        read(made, tmp_path)
    assert (caught.value.finding.code, caught.value.finding.value) == ("socrata_other_portal", STRANGER)


def test_the_address_of_the_common_api_will_do(tmp_path: Path) -> None:
    """``api.us.socrata.com`` answers for all; the files are at the portal that its address names."""
    made = portal(2)
    made.records = []
    made.strangers = [Plain("aaaa-0001", "Uno"), Plain("aaaa-0002", "Dos")]
    pages = read(made, tmp_path, f"/api/catalog/v1?domains={STRANGER}&only=datasets")
    assert identifiers(pages) == ["aaaa-0001", "aaaa-0002"]
    assert records(pages)[0]["distribution"][0]["downloadURL"].startswith(f"http://{STRANGER}/api/views/aaaa-0001/")


def test_the_window_is_passed(tmp_path: Path) -> None:
    made = portal(10_230)
    pages = read(made, tmp_path)
    assert identifiers(pages) == sorted(record.identifier for record in made.records)
    assert {page.total for page in pages} == {None}, "the API counts no further than its window"
    assert not [address for address in made.asked if "offset=10000" in address]
    assert identifiers(read(made, tmp_path, position=pages[99].position)) == identifiers(pages[100:])
    assert identifiers(read(made, tmp_path, position=pages[101].position)) == identifiers(pages[102:])


class TestASmallWindow:
    @pytest.fixture(autouse=True)
    def window(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As the real one, and quicker."""
        monkeypatch.setattr("ckanext.mxopendata.harvest.connectors.socrata.WINDOW", 500)
        monkeypatch.setattr("portals.platforms.socrata.WINDOW", 500)

    @pytest.mark.parametrize("count", [499, 500, 501])
    def test_none_is_lost_at_its_edge(self, tmp_path: Path, count: int) -> None:
        assert len(identifiers(read(portal(count), tmp_path))) == count

    def test_a_list_in_another_order_is_begun_again_by_identifier(self, tmp_path: Path) -> None:
        made = portal(730)
        made.orders = False
        found = identifiers(read(made, tmp_path))
        assert set(found) == {record.identifier for record in made.records}
        assert found[500:] == sorted(record.identifier for record in made.records), "what came twice the spool drops"

    def test_an_api_that_does_not_heed_where_to_go_on_is_given_up(self, tmp_path: Path, monkeypatch: Any) -> None:
        made = portal(730)
        respond = made.respond
        monkeypatch.setattr(
            made, "respond", lambda method, path, query, body: respond(method, path, {**query, "scroll_id": []}, body)
        )
        with pytest.raises(SourceError) as caught:
            read(made, tmp_path)
        assert caught.value.finding.code == "socrata_window"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"hide_from_data_json": True}, "record_hidden_by_portal"),
        ({"parent_fxf": ["wxyz-9876"]}, "record_is_a_view"),
        ({"type": "story"}, "record_of_other_kind"),
        ({"type": "chart"}, "record_of_other_kind"),
        ({"type": "filter"}, "record_of_other_kind"),
    ],
)
def test_what_is_no_dataset_is_left_out_and_said(facts: dict[str, Any], code: str) -> None:
    record = record_of(facts)
    assert isinstance(record, LeftOut)
    assert [finding.code for finding in record.findings] == [code]
    assert "Conjunto" in record.findings[0].to_dict()["message"]


def test_visits_and_downloads_are_no_change(tmp_path: Path) -> None:
    made = portal(1)
    with serving(made) as host, HttpClient(HttpSettings("x", frozenset({host}), retries=0), tmp_path) as client:
        twice = [list(SocrataConnector().pages(client, f"http://{host}/", {}, tmp_path / "document")) for _ in range(2)]
    first, second = (records(pages)[0] for pages in twice)
    assert made.visits == 2
    assert identity.content_hash(first, "datajson") == identity.content_hash(second, "datajson")
    assert "Juan" not in json.dumps(first)


def test_what_its_metadata_mean() -> None:
    resource = {
        "attribution": "Dirección de Catastro",
        "attribution_link": "https://x.mx/catastro",
        "contact_email": "catastro@x.mx",
        "createdAt": "2011-09-27T20:18:55.000Z",
        "publication_date": "2018-01-30T17:45:21.000Z",
        "updatedAt": "2025-08-26T04:49:06.000Z",
        "data_updated_at": "2025-08-25T04:49:06.000Z",
        "provenance": "community",
    }
    fields = {
        "Common-Core_Update-Frequency": "Los datos se actualizan mensualmente",
        "Common-Core_Temporal-Applicability": "2020-01-01/2023-07-29",
        "Common-Core_Geographic-Coverage": "Jalisco",
        "Common-Core_Language": "español",
        "Calidad_Notas": "Faltan dos colonias",
        "Calidad_Vacío": "",
    }
    classification = {"domain_category": "Salud", "domain_tags": ["agua"], "tags": ["región"]}
    record = record_of(resource, fields, classification=classification)
    mapped = map_record(record, "datajson")
    dataset = mapped.dataset
    assert dataset["identifier"] == "abcd-1234"
    assert dataset["url"] == f"{HOME}/d/abcd-1234"
    assert (dataset["issued"][:10], dataset["modified"][:10]) == ("2018-01-30", "2025-08-25")
    contact = {"name": "Dirección de Catastro", "email": "catastro@x.mx", "url": "https://x.mx/catastro"}
    assert dataset["contact"] == [contact]
    assert dataset["frequency"] == "R/P1M"
    assert dataset["temporal_coverage"] == [{"start": "2020-01-01", "end": "2023-07-29"}]
    assert (dataset["spatial_coverage"][0]["cvegeo"], dataset["language"]) == ("14", ["es"])
    assert dataset["theme"] == ["salud"]
    assert [tag["name"] for tag in dataset["tags"]] == ["agua", "región"]
    assert identity.passes(record, {}, {"provenance": ["community"]}) is False
    (left,) = [finding for finding in mapped.findings if finding.code == "fields_left_out"]
    assert left.value == "domain_metadata.Calidad_Notas"


def test_of_several_frequencies_the_one_that_can_be_read_counts() -> None:
    fields = {"Resumen_Posting-Frequency": "Diaria desde 2019, antes semanal", "Resumen_Frecuencia": "Diaria"}
    dataset = map_record(record_of(None, fields), "datajson").dataset
    assert dataset["frequency"] == "R/P1D"


def test_a_table_is_given_as_its_rows_with_its_columns() -> None:
    columns = {
        "columns_name": ["Año", "Lugar", "Región calculada"],
        "columns_field_name": ["a_o", "lugar", ":@computed_region_efsh_h5xi"],
        "columns_datatype": ["Number", "Point", "Number"],
        "columns_description": ["Año del dato", "", ""],
    }
    csv, api, places = map_record(record_of(columns), "datajson").dataset["resources"]
    assert csv["url"] == f"{HOME}/api/views/abcd-1234/rows.csv?accessType=DOWNLOAD"
    assert json.loads(csv["schema"])["fields"] == [
        {"name": "Año", "type": "number", "description": "Año del dato"},
        {"name": "Lugar", "type": "string"},
    ]
    assert (api["url"], api["format"]) == (f"{HOME}/resource/abcd-1234.json", "JSON")
    assert places["url"] == f"{HOME}/api/geospatial/abcd-1234?method=export&format=GeoJSON"


def test_a_file_is_given_as_it_is() -> None:
    blob = {"type": "file", "blob_mime_type": "application/pdf; charset=binary"}
    (resource,) = map_record(record_of(blob), "datajson").dataset["resources"]
    assert (resource["url"], resource["format"]) == (f"{HOME}/download/abcd-1234/application/pdf", "PDF")


def test_a_link_leads_to_where_the_portal_says_that_the_data_are(tmp_path: Path) -> None:
    made = portal(2)
    (first, second) = (record.identifier for record in made.records)
    made.facts = {first: {"type": "href"}, second: {"type": "href"}}
    further = [{"title": "Mapa", "urls": {"application/zip": "https://otro.x.mx/b.zip"}}]
    made.views[first] = {
        "metadata": {"accessPoints": {"text/csv": "https://otro.x.mx/a.csv"}, "additionalAccessPoints": further}
    }
    found = {record["identifier"]: record["distribution"] for record in records(read(made, tmp_path))}
    assert [each["accessURL"] for each in found[first]] == ["https://otro.x.mx/a.csv", "https://otro.x.mx/b.zip"]
    assert [each["accessURL"] for each in found[second]] == [f"https://{made.domain}/d/{second}"]


@pytest.mark.payloads
def test_real_pages(shared: Path) -> None:
    folder = shared / "payloads/harvest/socrata"
    answer = json.loads((folder / "chicago-p1.catalog-v1.json").read_text(encoding="utf-8"))
    assert (len(answer["results"]), answer["resultSetSize"]) == (10, 585)
    home, domains = "https://data.cityofchicago.org", ("data.cityofchicago.org",)
    mapped = [map_record(of_item(item, home, domains), "datajson") for item in answer["results"]]
    assert [each.dataset["identifier"] for each in mapped][:2] == ["xzkq-xp2w", "ydr8-5enu"]
    frequencies = [each.dataset.get("frequency") for each in mapped]
    assert frequencies == [*["R/P1D"] * 3, "irregular", "R/P1D", None, None, "R/P1D", "R/P1D", "R/P1W"]
    assert all(each.dataset["resources"][0]["url"].startswith(f"{home}/api/views/") for each in mapped)
    assert "page_views" not in json.dumps([of_item(item, home, domains) for item in answer["results"]])


@pytest.mark.payloads
def test_a_real_answer_of_many_portals(shared: Path) -> None:
    """Ten of 10,000, of nine portals: asked without ``domains``, an API answers for all."""
    answer = json.loads((shared / "payloads/harvest/socrata/tope-10000.catalog-v1.json").read_text(encoding="utf-8"))
    assert (len(answer["results"]), answer["resultSetSize"]) == (10, 10_000)
    own = [of_item(item, "https://data.cityofnewyork.us", ("data.cityofnewyork.us",)) for item in answer["results"]]
    assert [record["identifier"] for record in own if not isinstance(record, LeftOut)] == ["8wbx-tsch", "vx8i-nprf"]
    homes = {item["metadata"]["domain"]: item for item in answer["results"]}
    everybody = [of_item(item, f"https://{domain}", (domain,)) for domain, item in homes.items()]
    stories = [record for record in everybody if isinstance(record, LeftOut)]
    assert [record["identifier"] for record in stories] == ["q5as-kyim", "6rkd-2wt9"]
    health = map_record(next(record for record in everybody if record["identifier"] == "9bhg-hcku"), "datajson").dataset
    assert health["contact"][0]["email"] == "cdcinfo@cdc.gov"
    assert health["temporal_coverage"] == [{"start": "2020-01-01", "end": "2023-07-29"}]
    assert (health["frequency"], health["access_rights"]) == ("irregular", "public")
