"""An institution takes its catalogue home mended, puts it in its own portal, and nothing is left to change."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from openpyxl import load_workbook

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest.model import Identity
from ckanext.mxopendata.metadata.catalogue_table import read_catalogue
from ckanext.mxopendata.metadata.mapping import MappingSettings

from .conftest import catalogue, file_address, record, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

NAME, ADDRESS = "Ana Torres", "Ana Torres: transparencia @ ejemplo.gob.mx"


def _poor() -> dict[str, Any]:
    """A record as they are met, with something to mend in most fields."""
    return record(
        "pobre",
        "=Conjunto  <b>de</b> parques",
        description="Los parques de la ciudad &ndash; y sus &aacute;rboles",
        modified="31/01/2026",
        accrualPeriodicity="mensual",
        license="CC BY 4.0",
        accessLevel="Público",
        language=["Español"],
        spatial="Guadalajara, Jalisco",
        temporal="enero 2020 a marzo 2020",
        theme=["Medio ambiente", "perros"],
        keyword="parques; á/rboles",
        contactPoint={"fn": NAME, "hasEmail": ADDRESS},
        distribution=[
            {"title": "Parques", "downloadURL": file_address("pobre"), "format": "csv", "byteSize": "1.2 MB"},
            {"downloadURL": file_address("otro"), "mediaType": "text/csv", "temporal": "2019-2020"},
        ],
    )


def _good() -> dict[str, Any]:
    return record("bueno", "Alumbrado", accessLevel="public", license="https://creativecommons.org/licenses/by/4.0/")


@pytest.fixture
def source(portal, make_source, harvest):
    portal.serve("/data.json", catalogue(_poor(), _good()))
    source = make_source(license="CC-BY-4.0", defaults={"legal_basis_text": "Ley de transparencia"})
    assert harvest(source)["created"] == 2
    return source


def _listed(source: dict[str, Any], **asked: Any) -> dict[str, Any]:
    return helpers.call_action("mxopendata_harvest_change_list", source=source["name"], **asked)


def _said(source: dict[str, Any], identifier: str) -> set[tuple[str, str, str | None, str | None]]:
    found = next(each for each in _listed(source)["results"] if each["identifier"] == identifier)
    return {(each["field"], each["why"], each.get("said"), each.get("here")) for each in found["changes"]}


def test_each_change_is_known_and_nothing_that_was_right(source):
    said = _said(source, "pobre")
    assert {
        ("title", "cleaned", "=Conjunto  <b>de</b> parques", "=Conjunto de parques"),
        ("modified", "spelling", "31/01/2026", "2026-01-31"),
        ("frequency", "spelling", "mensual", "R/P1M"),
        ("license_id", "spelling", "CC BY 4.0", "cc-by-4.0"),
        ("access_rights", "spelling", "Público", "public"),
        ("language", "spelling", "Español", "es"),
        ("spatial_coverage", "spelling", "Guadalajara, Jalisco", "14039"),
        ("temporal_coverage", "spelling", "enero 2020 a marzo 2020", "2020-01/2020-03"),
        ("size", "spelling", "1.2 MB", "1200000"),
        ("mimetype", "derived", None, "text/csv"),
        ("format", "derived", None, "CSV"),
        ("legal_basis_text", "configured", None, "Ley de transparencia"),
    } <= said
    assert _said(source, "bueno") == {("legal_basis_text", "configured", None, "Ley de transparencia")}
    listed = _listed(source, limit=0)
    assert (listed["datasets"], listed["changed"], listed["unknown"], listed["results"]) == (2, 2, 0, [])
    counted = next(each for each in listed["fields"] if each["field"] == "legal_basis_text")
    assert (counted["changes"], counted["datasets"], counted["level"]) == (2, 2, "dataset")


def test_a_person_is_in_no_change(source):
    told = json.dumps(_listed(source))
    assert "contact.email" in told
    assert "Torres" not in told
    assert "transparencia @" not in told


def test_what_is_taken_home_and_served_comes_back_with_nothing_to_change(app, portal, source, harvest):
    mended = app.get(f"/harvest/{source['name']}/corregido.json", status=200).body
    entries = {entry["identifier"]: entry for entry in json.loads(mended)["dataset"]}
    assert entries["pobre"]["accrualPeriodicity"] == "R/P1M"
    assert {"field": "frequency", "why": "spelling", "said": "mensual", "here": "R/P1M"} in (
        entries["pobre"]["mxopendata"]["changes"]
    )
    ids = [each["dataset_id"] for each in _listed(source)["results"]]
    before = {name: helpers.call_action("package_show", id=name)["metadata_modified"] for name in ids}

    portal.serve("/data.json", mended)
    run = harvest(source)
    assert (run["read"], run["updated"], run["created"], run["rejected"]) == (2, 2, 0, 0), run["findings"]
    assert not [line.findings for line in records_of(run["run"]) if line.findings]
    listed = _listed(source)
    assert (listed["datasets"], listed["changed"], listed["fields"]) == (2, 0, []), listed
    assert harvest(source)["unchanged"] == 2
    # What came back is what was here: not one dataset was written again.
    assert {name: helpers.call_action("package_show", id=name)["metadata_modified"] for name in before} == before


def test_the_table_says_what_was_changed_and_runs_nothing(app, source):
    text = app.get(f"/harvest/{source['name']}/corregido.csv", status=200).body
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    row = next(row for row in rows if row["ds:identifier"] == "pobre" and row["ds:title"])
    assert row["ds:title"] == "'=Conjunto de parques"
    assert row["ds:accrualPeriodicity"] == "R/P1M"
    assert "«mensual» → «R/P1M»" in row["cambios"]
    assert "«CC BY 4.0» → «cc-by-4.0»" in row["cambios"]
    read = read_catalogue(text.encode(), "ayuntamiento", MappingSettings())
    assert {each.identifier for each in read.datasets} == {"pobre", "bueno"}
    assert read.table.findings == []


def test_the_workbook_colours_what_was_changed(app, source):
    content = app.get(f"/harvest/{source['name']}/corregido.xlsx", status=200).data
    book = load_workbook(io.BytesIO(content))
    table, listed = book["catalogo"], book["cambios"]
    headings = [cell.value for cell in table[1]]
    rows = {(row[0].value, row[headings.index("rs:title")].value): row for row in table.iter_rows(min_row=2)}
    cell = rows["pobre", None][headings.index("ds:accrualPeriodicity")]
    assert cell.value == "R/P1M"
    assert cell.fill.fgColor.rgb.endswith("FFF2CC")
    assert "«mensual»" in cell.comment.text
    untouched = rows["bueno", None][headings.index("ds:accrualPeriodicity")]
    assert (untouched.value, untouched.comment, untouched.fill.fill_type) == ("R/P1M", None, None)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    said = [[cell.value for cell in row] for row in listed.iter_rows(min_row=2)]
    assert any(row[0] == "pobre" and row[4:6] == ["mensual", "R/P1M"] for row in said)


def test_the_page_of_a_run_offers_it(app, source, harvest):
    run = harvest(source)
    page = BeautifulSoup(app.get(f"/harvest/{source['name']}/corrida/{run['run']}", status=200).body, "html.parser")
    section = page.find(id="corregido").parent
    links = [link["href"] for link in section.find_all("a")]
    assert links == [f"/harvest/{source['name']}/corregido.{extension}" for extension in ("json", "csv", "xlsx")]
    assert "«mensual» → «R/P1M»" in section.get_text()


def test_private_and_archived_datasets_are_never_in_it(app, portal, source, harvest):
    rows = model.Session.execute(sa.select(Identity).where(Identity.source_id == source["id"])).scalars().all()
    known = {row.identifier: row.dataset_id for row in rows}
    helpers.call_action("package_patch", id=known["pobre"], private=True)
    assert [each["identifier"] for each in _listed(source)["results"]] == ["bueno"]
    sysadmin = factories.SysadminWithToken()
    headers = {"Authorization": sysadmin["token"]}
    for extension in ("json", "csv"):
        body = app.get(f"/harvest/{source['name']}/corregido.{extension}", headers=headers, status=200).body
        assert "pobre" not in body
        assert "bueno" in body
    archived = sa.update(Identity).where(Identity.dataset_id == known["bueno"]).values(archived_at=sa.func.now())
    model.Session.execute(archived)
    model.Session.commit()
    assert _listed(source)["datasets"] == 0


def test_what_was_written_before_changes_were_noted_is_not_known(source, harvest):
    model.Session.execute(sa.update(Identity).where(Identity.source_id == source["id"]).values(changes=None))
    model.Session.commit()
    assert (_listed(source)["unknown"], _listed(source)["changed"]) == (2, 0)
    harvest(source, force=True)
    assert (_listed(source)["unknown"], _listed(source)["changed"]) == (0, 2)


def test_files_of_a_private_source_are_not_public(app, source):
    model.Package.get(source["id"]).private = True
    model.Session.commit()
    for extension in ("json", "csv", "xlsx"):
        app.get(f"/harvest/{source['name']}/corregido.{extension}", status=403)
    app.get("/harvest/no-hay/corregido.csv", status=404)


def test_entries_are_those_of_public_datasets(source):
    private = factories.Dataset(owner_org=source["owner_org"], private=True)
    found = tk.get_action("mxopendata_datajson_show")({}, {"ids": [private["id"]]})
    assert found["datasets"] == []
    with pytest.raises(tk.ValidationError):
        tk.get_action("mxopendata_datajson_show")({}, {"ids": ['x") OR (*:*']})
