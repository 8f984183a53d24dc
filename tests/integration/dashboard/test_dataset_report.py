"""What counts for one dataset: on its own page, in its report, in the panel of CKAN's page."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan.tests import factories

from ckanext.mxopendata.metadata.validation import field_points, points

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


@pytest.fixture(scope="module")
def late(clean_site: None) -> dict[str, Any]:
    """A dataset that is overdue, with one open file of two, a licence and no contact."""
    owner = factories.Organization(name="informe", title="Informe", gov_type="municipal", cvegeo="14039")
    modified = (datetime.now(timezone.utc) - timedelta(days=60)).date().isoformat()
    resources = [
        {"url": "http://x.mx/a.csv", "name": "abierto", "format": "CSV"},
        {"url": "http://x.mx/a.pdf", "name": "cerrado", "format": "PDF"},
    ]
    given = {"frequency": "R/P1M", "modified": modified, "license_id": "libreusomx", "resources": resources}
    named = {"name": "tardio", "title": "Datos tardíos", "notes": "", "source_identifier": "x"}
    return factories.Dataset(owner_org=owner["id"], **named, **given)


def _report(name: str) -> dict[str, Any]:
    return tk.get_action("mxopendata_dataset_report")({"user": ""}, {"id": name})


def test_each_criterion_has_its_evidence_and_its_cure(late):
    found = {each["indicator"]: each for each in _report("tardio")["criteria"]}
    assert {name: each["met"] for name, each in found.items()} == {
        "mx.up_to_date": False,
        "mx.open_formats": False,
        "mx.machine_readable": False,
        "mx.licensed": True,
        "mx.with_contact": False,
    }
    assert found["mx.up_to_date"]["evidence"]["frequency"] == "R/P1M"
    assert "frecuencia" in found["mx.up_to_date"]["cure"]
    assert found["mx.open_formats"]["evidence"]["numerator"] == 1
    assert [each["name"] for each in found["mx.open_formats"]["evidence"]["lacking"]] == ["cerrado"]
    assert found["mx.with_contact"]["cure"]


def test_the_fields_add_up_to_the_points_of_the_dataset(late):
    report = _report("tardio")
    assert round(sum(line["points"] for line in report["fields"]), 1) == report["points"] == points(late)[0]
    worth = field_points()
    assert len(report["fields"]) == len(worth["dataset"]) + len(worth["resource"])
    lost = [line["points_max"] - line["points"] for line in report["fields"]]
    assert lost == sorted(lost, reverse=True)
    assert all((line["message"] is None) == (line["points"] == line["points_max"]) for line in report["fields"])
    keywords = next(line for line in report["fields"] if line["field"] == "tag_string")
    assert f"(+{keywords['points_max']} puntos)" in keywords["message"]


def test_what_cannot_be_judged_is_neither_met_nor_not(new_institution, new_dataset):
    new_dataset(new_institution("callada"), name="mudo")
    found = {each["indicator"]: each["met"] for each in _report("mudo")["criteria"]}
    assert [found[name] for name in ("mx.up_to_date", "mx.open_formats", "mx.machine_readable")] == [None] * 3


def test_the_page_its_file_and_the_panel_of_the_dataset(late, app: Any):
    page = app.get("/tablero/datos/tardio", status=200).get_data(as_text=True)
    assert "Datos tardíos" in page
    assert "cerrado" in page
    rows = list(csv.DictReader(io.StringIO(app.get("/tablero/datos/tardio.csv").get_data(as_text=True)[1:])))
    assert {row["campo"] for row in rows} >= {"contact", "resources.format"}
    assert "/tablero/datos/tardio" in app.get("/dataset/tardio", status=200).get_data(as_text=True)
    app.get("/tablero/datos/nada", status=404)


def test_a_private_dataset_is_for_those_who_may_see_it(new_institution, new_dataset, app: Any):
    one = new_institution("discreta")
    new_dataset(one, name="secreto", private=True)
    app.get("/tablero/datos/secreto", status=403)
    with pytest.raises(tk.NotAuthorized):
        _report("secreto")
    seen = tk.get_action("mxopendata_dataset_report")({"ignore_auth": True}, {"id": "secreto"})
    assert seen["counts"] is False
