"""Datasets of the former national portal, as its writer put them into CKAN, migrated by ``migrate-extras``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.doctor.extras import old_extras
from ckanext.mxopendata.old_extras import find_old_records

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

EXTRAS = {
    "dcat_issued": "2015-03-01T00:00:00Z",
    "dcat_modified": "2016-04-25",
    "guid": "incidencia-delictiva",
    "dcat_publisher_name": "Dirección de Estadística",
    "dcat_publisher_email": "datos@x.gob.mx",
    "publisher_type": "Directora General",
    "theme": "Seguridad Y Justicia",
    "frequency": "R/P1M",
    "temporal_start": "2010-01-01",
    "temporal_end": "2014-12-31",
    "spatial_text": "Nacional",
    "version_notes": "Sin comentarios",
    "dataDictionary": "http://x.gob.mx/diccionario.csv",
    "quality": "de buena calidad",
    "language": "es",
    "gov_type": "['Federal']",
    "proyecto": "Clave 17",
}


@pytest.fixture
def former(institution: dict[str, Any]):
    """Makes a dataset whose extras stand in the database as the portal had them."""

    def make(name: str, extras: dict[str, str]) -> str:
        dataset = factories.Dataset(name=name, owner_org=institution["id"])
        package = model.Package.get(dataset["id"])
        assert package is not None
        if hasattr(model, "PackageExtra"):  # CKAN 2.11
            for key, value in extras.items():
                model.Session.add(model.PackageExtra(package_id=package.id, key=key, value=value, state="active"))
        else:
            package.extras = {**package.extras, **extras}
        model.Session.commit()
        return dataset["id"]

    return make


def run(cli: Any, *arguments: str) -> tuple[int, dict[str, Any]]:
    result = cli.invoke(mxopendata, ["migrate-extras", "--json", *arguments])
    assert result.exit_code != 2, result.output
    return result.exit_code, json.loads(result.stdout)


def left(report: dict[str, Any], name: str) -> dict[str, str]:
    return {item["key"]: item["reason"] for item in report["left"] if item.get("dataset") == name}


def test_every_extra_becomes_a_field_or_is_reported_and_stays(cli, former):
    dataset_id = former("incidencia", EXTRAS)
    assert not old_extras().ok
    code, planned = run(cli, "--dry-run")
    assert helpers.call_action("package_show", id=dataset_id).get("identifier") is None
    assert run(cli) == (code, planned)
    assert code == 1
    assert left(planned, "incidencia") == {"quality": "extra_unread", "proyecto": "unknown"}

    shown = helpers.call_action("package_show", id=dataset_id)
    assert {extra["key"]: extra["value"] for extra in shown["extras"]} == {
        "quality": "de buena calidad",
        "proyecto": "Clave 17",
    }
    assert shown["issued"] == "2015-03-01T00:00:00+00:00"
    assert (shown["modified"], shown["identifier"]) == ("2016-04-25", "incidencia-delictiva")
    assert shown["contact"] == [
        {"name": "Dirección de Estadística", "position": "Directora General", "email": "datos@x.gob.mx"}
    ]
    assert (shown["theme"], shown["frequency"]) == (["seguridad"], "R/P1M")
    assert shown["temporal_coverage"] == [{"start": "2010-01-01", "end": "2014-12-31"}]
    assert shown["spatial_coverage"] == [{"cvegeo": "00", "text": "Nacional"}]
    assert (shown["documentation"], shown["version_notes"]) == (["http://x.gob.mx/diccionario.csv"], "Sin comentarios")

    again = run(cli)
    assert again == (0, {"datasets": 0, "changed": 0, "institutions": 0, "institutions_changed": 0, "left": []})
    assert old_extras().ok


def test_what_an_active_source_harvests_keeps_what_its_harvester_knows_it_by(cli, former):
    dataset_id = former("cosechado", {"guid": "abc", "dcat_issued": "2015-03-01"})
    assert "cosechado" in {record.name for record in find_old_records()}
    now = datetime(2026, 1, 1)  # noqa: DTZ001 - as ckanext-harvest stores it
    connection = model.Session.connection()
    for statement in (
        "INSERT INTO harvest_source (id, url, title, type, active, created)"
        " VALUES ('fuente-antigua', 'https://x.mx', 'x', 'dcat_json', true, :now)",
        "INSERT INTO harvest_job (id, created, source_id, status) VALUES ('tarea', :now, 'fuente-antigua', 'Finished')",
        "INSERT INTO harvest_object (id, guid, current, package_id, harvest_source_id, harvest_job_id, state)"
        " VALUES ('objeto', 'abc', true, :dataset, 'fuente-antigua', 'tarea', 'COMPLETE')",
    ):
        connection.execute(sa.text(statement), {"now": now, "dataset": dataset_id})
    model.Session.commit()
    assert "cosechado" not in {record.name for record in find_old_records()}
    connection = model.Session.connection()
    for table in ("harvest_object", "harvest_job", "harvest_source"):
        connection.execute(sa.text(f"DELETE FROM {table} WHERE id IN ('objeto', 'tarea', 'fuente-antigua')"))
    model.Session.commit()
    assert run(cli)[0] == 0
