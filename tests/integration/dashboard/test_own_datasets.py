"""The figures as datasets of the portal: made once, brought up to date, left alone; their tables are as described."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from frictionless import Resource, Schema
from pyoxigraph import RdfFormat, parse

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.cli.cli import ckan
from ckan.tests import factories, helpers

from ckanext.mxopendata import config
from ckanext.mxopendata.dashboard import computation, publishing
from ckanext.mxopendata.dashboard.own_datasets import FIGURES, RANKING

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

BEFORE = datetime.now(timezone.utc) - timedelta(days=100)
BOTH = [FIGURES, RANKING]
EMAIL = "datos@ejemplo.gob.mx"
DQV = "http://www.w3.org/ns/dqv#"


@pytest.fixture(scope="module")
def site(clean_site: None) -> dict[str, Any]:
    """Two institutions with datasets, figures of a past quarter, which the figures of today freeze, and of today."""
    owner = factories.Organization(name="innovacion", title="Secretaría de Innovación", gov_type="state", cvegeo="14")
    other = factories.Organization(name="salud", title="=Salud", gov_type="state", cvegeo="14", ranked="true")
    fields = {"source_identifier": "x", "notes": "", "frequency": "R/P1M", "modified": "2020-01-01"}
    made = factories.Dataset(
        owner_org=other["id"], title="-1+1", resources=[{"url": "http://x.mx/a", "format": "CSV"}], **fields
    )
    factories.Dataset(owner_org=other["id"], private=True, title="Secreto", name="secreto", **fields)
    computation.compute(BEFORE)
    computation.compute(datetime.now(timezone.utc))
    return {"owner": owner, "other": other, "dataset": made}


@pytest.fixture(autouse=True)
def _filled(site: dict[str, Any]) -> Iterator[None]:
    """Every test of this module has the site, and makes the datasets of figures anew."""
    yield
    of_owner = model.Session.query(model.Package).filter_by(owner_org=site["owner"]["id"])
    for dataset_id in [each.id for each in of_owner]:
        helpers.call_action("dataset_purge", id=dataset_id)


def _publish(now: datetime | None = None) -> dict[str, list[str]]:
    return publishing.publish("innovacion", EMAIL, now or datetime.now(timezone.utc))


def _found() -> list[str]:
    query = {"fq": "organization:innovacion", "sort": "title_string desc"}
    return [each["name"] for each in helpers.call_action("package_search", **query)["results"]]


def test_they_are_made_once_and_stay_as_they_are():
    assert _publish()["created"] == BOTH
    first = helpers.call_action("package_show", id=FIGURES)
    assert _publish() == {"created": [], "updated": [], "unchanged": BOTH, "deleted": []}
    assert helpers.call_action("package_show", id=FIGURES)["metadata_modified"] == first["metadata_modified"]
    assert _found() == BOTH


def test_they_say_what_a_dataset_must_say():
    _publish()
    found = helpers.call_action("mxopendata_dataset_validate", id=FIGURES)
    assert [each["code"] for each in found["findings"] if each["severity"] == "error"] == []
    shown = helpers.call_action("package_show", id=FIGURES)
    assert shown["license_id"] == "libreusomx"
    assert shown["frequency"] == "R/P1D"
    assert shown["contact"] == [{"name": "Secretaría de Innovación", "email": EMAIL}]
    assert shown["temporal_coverage"][0]["start"] == BEFORE.date().isoformat()
    assert shown["organization"]["name"] == "innovacion"


def test_every_file_that_they_name_is_there_and_as_its_schema_says(app: Any, tmp_path: Path):
    assert _publish()["created"] == BOTH
    described = 0
    for name in (FIGURES, RANKING):
        for resource in helpers.call_action("package_show", id=name)["resources"]:
            parts = urlsplit(resource["url"])
            assert resource["url"].startswith(helpers.call_action("status_show")["site_url"])
            body = app.get(f"{parts.path}?{parts.query}", status=200).get_data()
            if resource["format"] in ("CSV", "XLSX"):
                path = tmp_path / f"{resource['id']}.{resource['format'].lower()}"
                path.write_bytes(body)
                _assert_valid(path, resource["schema"])
                described += 1
    assert described >= 13


def _assert_valid(path: Path, schema: Any) -> None:
    described = json.loads(schema) if isinstance(schema, str) else schema
    place: dict[str, Any] = {"path": path.name, "basepath": str(path.parent)}
    if path.suffix == ".csv":
        place["encoding"] = "utf-8-sig"
    report = Resource(schema=Schema.from_descriptor(described), **place).validate()
    assert report.valid, (path, report.flatten(["rowNumber", "fieldName", "message"])[:5])


def test_another_day_is_an_update_and_nothing_more(app: Any):
    _publish()
    later = datetime.now(timezone.utc) + timedelta(days=1)
    computation.compute(later)
    try:
        # Figures of a day that is still to come are a wrong clock's.
        assert _publish()["unchanged"] == BOTH
        assert _publish(later)["updated"] == [FIGURES]
        shown = helpers.call_action("package_show", id=FIGURES)
        assert shown["modified"][:10] == later.date().isoformat()
        assert _found() == BOTH
        # Measuring the datasets of figures does not change them again.
        computation.compute(later)
        assert _publish(later)["unchanged"] == BOTH
    finally:
        model.Session.execute(sa.text("delete from mxopendata_dashboard_snapshot where day > current_date"))
        model.Session.commit()


def test_what_people_changed_besides_stays_and_what_they_deleted_too():
    _publish()
    stored = helpers.call_action("package_show", id=FIGURES)
    helpers.call_action("package_patch", id=stored["id"], name="otro-nombre", provenance="Notas", title="Otro título")
    assert _publish()["updated"] == [FIGURES]
    shown = helpers.call_action("package_show", id=stored["id"])
    assert (shown["name"], shown["provenance"]) == ("otro-nombre", "Notas")
    assert shown["title"] == "Indicadores de publicación por institución"
    helpers.call_action("package_delete", id=stored["id"])
    assert _publish()["deleted"] == [FIGURES]
    assert _found() == [RANKING]


def test_they_count_as_any_other_dataset_of_their_institution():
    _publish()
    computation.compute(datetime.now(timezone.utc))
    report = helpers.call_action("mxopendata_institution_report", id="innovacion")
    assert report["indicators"]["mx.datasets"]["value"] == 2
    assert report["indicators"]["mx.open_formats"]["value"] > 50


@pytest.mark.parametrize(
    ("institution", "email", "words"),
    [("nadie", EMAIL, "nadie"), ("innovacion", "", "ckanext.mxopendata.dashboard.contact")],
)
def test_what_is_missing_is_said(institution: str, email: str, words: str):
    with pytest.raises(publishing.PublishingError, match=words):
        publishing.publish(institution, email, BEFORE)
    assert model.Package.get(FIGURES) is None


class TestCommand:
    """``ckan mxopendata indicators publish``, and ``compute`` where the configuration names an institution."""

    def test_publish_says_what_it_did(self, cli: Any, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(tk.config, config.DASHBOARD_CONTACT, EMAIL)
        words = ["mxopendata", "indicators", "publish", "--institution", "innovacion", "--json"]
        done = cli.invoke(ckan, words)
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["created"] == BOTH
        assert json.loads(cli.invoke(ckan, words).stdout)["created"] == []
        shown = helpers.call_action("package_show", id=FIGURES)
        assert {urlsplit(each["url"]).scheme for each in shown["resources"]} == {"http"}

    def test_without_anybody_to_publish_nothing_is_done(self, cli: Any):
        done = cli.invoke(ckan, ["mxopendata", "indicators", "publish"])
        assert done.exit_code == 2
        assert "publish_as" in done.stderr

    def test_each_computation_brings_them_up_to_date(self, cli: Any, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(tk.config, config.DASHBOARD_CONTACT, EMAIL)
        monkeypatch.setitem(tk.config, config.DASHBOARD_PUBLISH_AS, "innovacion")
        done = cli.invoke(ckan, ["mxopendata", "indicators", "compute", "--json"])
        assert done.exit_code == 0, done.output
        assert "mx.datasets" in json.loads(done.stdout)
        assert model.Package.get(FIGURES) is not None

    def test_a_wrong_option_spoils_no_figures(self, cli: Any, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(tk.config, config.DASHBOARD_PUBLISH_AS, "nadie")
        done = cli.invoke(ckan, ["mxopendata", "indicators", "compute", "--json"])
        assert done.exit_code == 1
        assert "nadie" in done.stderr
        assert json.loads(done.stdout)["mx.datasets"]["value"] >= 1


class TestRdf:
    """The figures in W3C's vocabulary, as served."""

    def _triples(self, app: Any, path: str) -> set[Any]:
        answer = app.get(path, status=200)
        kind = RdfFormat.JSON_LD if path.endswith("jsonld") else RdfFormat.TURTLE
        return {quad.triple for quad in parse(answer.body.encode(), format=kind)}

    def _values(self, triples: set[Any]) -> dict[str, str]:
        said = {(t.subject, t.predicate.value): t.object.value for t in triples}
        metrics = {subject: word for (subject, name), word in said.items() if name == f"{DQV}isMeasurementOf"}
        return {word.partition("#")[2]: said[subject, f"{DQV}value"] for subject, word in metrics.items()}

    @pytest.mark.parametrize("extension", ["ttl", "jsonld"])
    def test_an_institutions_measurements_are_the_figures_of_its_page(self, app: Any, extension: str, site: Any):
        triples = self._triples(app, f"/tablero/institucion/salud.{extension}")
        shown = helpers.call_action("mxopendata_institution_report", id="salud")["indicators"]
        known = {key.replace(".", "-"): value["value"] for key, value in shown.items() if value["value"] is not None}
        assert {key: float(value) for key, value in self._values(triples).items()} == known
        assert "mx-last_harvest" not in known
        (subject,) = {t.object.value for t in triples if t.predicate.value == f"{DQV}computedOn"}
        exported = app.get("/organization/salud/catalog.ttl").body
        assert f"<{subject}>" in exported
        metrics = {t.object for t in triples if t.predicate.value == f"{DQV}isMeasurementOf"}
        assert metrics <= {t.subject for t in self._triples(app, "/tablero/metodologia.ttl")}

    def test_a_datasets_measurements_are_those_of_a_catalogue_that_holds_it_alone(self, app: Any, site: Any):
        name = site["dataset"]["name"]
        values = self._values(self._triples(app, f"/tablero/datos/{name}.ttl"))
        assert float(values["mx-up_to_date"]) == 0
        assert float(values["mx-open_formats"]) == 100
        assert "mx-index" not in values
        triples = self._triples(app, f"/tablero/datos/{name}.ttl")
        (subject,) = {t.object.value for t in triples if t.predicate.value == f"{DQV}computedOn"}
        assert f"<{subject}>" in app.get(f"/dataset/{name}.ttl").body

    def test_a_private_dataset_is_not_measured_for_everybody(self, app: Any):
        assert app.get("/tablero/datos/secreto.ttl", expect_errors=True).status_code in (403, 404)
        assert app.get("/tablero/institucion/nadie.ttl", expect_errors=True).status_code == 404
