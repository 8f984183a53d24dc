"""What is found, by which facets, and what people see of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan.tests import factories, helpers

from ckanext.mxopendata import search
from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.dcat.graph import read_graph
from ckanext.mxopendata.dcat.parser import parse_datasets
from ckanext.mxopendata.facets import FACETS

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


def found(**query: Any) -> list[str]:
    return [dataset["name"] for dataset in helpers.call_action("package_search", **query)["results"]]


def polygon(points: int) -> str:
    ring = [[-103 + number / points, 20 + (number % 1000) / 1e6] for number in range(points)]
    return json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


class TestSearch:
    def test_a_huge_dataset_is_saved_found_and_shown(self, app, editor, complete, as_editor):
        shape = polygon(70_000)
        assert len(shape) > 2_000_000
        as_editor(
            "package_create",
            **complete(
                "enorme",
                title="Gigantesco",
                notes="Cuenca hidrológica " + "larga " * 34_000 + "x" * 40_000,
                spatial_coverage=[{"cvegeo": "14", "geom": shape}],
                resources=[{"url": f"https://x.mx/{n}.csv", "name": f"Archivo {n}"} for n in range(500)],
                version_notes="z" * 50_000,
            ),
        )
        assert found(q="gigantesco") == ["enorme"]
        assert found(q="title:gigantesco", fq="vocab_state:14") == ["enorme"]
        shown = helpers.call_action("package_show", id="enorme")
        assert len(shown["resources"]) == 500
        assert shown["spatial_coverage"][0]["geom"] == shape
        headers = {"Authorization": factories.APIToken(user=editor["name"])["token"]}
        page = BeautifulSoup(app.get("/dataset/enorme").body, "html.parser")
        assert len(page.select(".resource-item")) == 500
        form = BeautifulSoup(app.get("/dataset/edit/enorme", headers=headers).body, "html.parser")
        assert form.select_one('textarea[name="spatial_coverage-0-geom"]').get_text().strip() == shape
        graph = read_graph(app.get("/dataset/enorme.ttl").data, "ttl")
        (parsed,) = parse_datasets(graph)
        assert len(parsed.dataset["resources"]) == 500
        assert parsed.dataset["notes"] == shown["notes"]
        assert len(json.loads(parsed.dataset["spatial_coverage"][0]["geom"])["coordinates"][0]) == 70_001

    def test_freshness_is_a_facet_and_sorts_and_ages(self, complete, as_editor, cli):
        now = datetime.now(timezone.utc)
        for name, days in (("fresco", 10), ("por-vencer", 430), ("vencido", 500)):
            day = (now - timedelta(days=days)).date().isoformat()
            as_editor("package_create", **complete(f"vig-{name}", modified=day, tag_string="vigencia"))
        names = ["vig-fresco", "vig-por-vencer", "vig-vencido"]
        assert found(fq="tags:vigencia", sort="mx_due_date desc") == names
        assert set(found(fq="tags:vigencia +mx_freshness:up_to_date")) == {"vig-fresco", "vig-por-vencer"}
        assert found(fq="tags:vigencia +mx_freshness:overdue") == ["vig-vencido"]
        later = (now + timedelta(days=30)).isoformat()
        result = cli.invoke(mxopendata, ["refresh-search", "--now", later, "--json"])
        assert json.loads(result.stdout)["reindexed"] == 1
        assert found(fq="tags:vigencia", sort="mx_score desc, name asc") == names

    def test_policies_are_a_facet_by_target_and_goal(self, complete, as_editor):
        as_editor("package_create", **complete("meta", policy_alignment=["sdg:4.1"], priority_list="candidate"))
        assert found(fq='vocab_policy:"sdg:4"') == ["meta"]
        facets = helpers.call_action(
            "package_search",
            fq="name:meta",
            rows=0,
            **{"facet.field": '["vocab_policy", "priority_list", "mx_freshness"]'},
        )["search_facets"]
        labels = {item["name"]: item["display_name"] for facet in facets.values() for item in facet["items"]}
        assert labels["sdg:4"].startswith("ODS 4")
        assert labels["candidate"] == "Candidato"
        assert labels["up_to_date"] in ("Al día", "Up to date")  # there is no request here that has a language

    def test_facets_have_labels(self, complete, as_editor):
        as_editor(
            "package_create",
            **complete(
                "facetas",
                theme=["mar_costa"],
                spatial_coverage=[{"cvegeo": "140390001"}],
                resources=[{"url": "https://x.mx/a.geojson", "name": "a"}],
            ),
        )
        facets = helpers.call_action(
            "package_search", q="name:facetas", rows=0, **{"facet.field": json.dumps(list(FACETS))}
        )["search_facets"]
        shown = {name: [(item["name"], item["display_name"]) for item in facets[name]["items"]] for name in facets}
        assert shown["vocab_theme"] == [("mar_costa", "Mar y costa")]
        assert shown["gov_type"] == [("state", "Estatal")]
        assert shown["vocab_state"] == [("14", "Jalisco")]
        assert shown["vocab_municipality"] == [("14039", "Guadalajara, Jalisco")]
        # CKAN 2.12 indexes the format in CKAN's spelling, 2.11 as it is stored.
        assert shown["res_format"] in ([("GeoJSON", "GeoJSON")], [("GEOJSON", "GeoJSON")])
        assert shown["license_id"] == [("libreusomx", "Términos de Libre Uso MX")]
        assert shown["frequency"] == [("R/P1Y", "Anual")]

    def test_archived_datasets_are_found_only_by_who_asks(self, complete, as_editor):
        stored = as_editor("package_create", **complete("archivado", title="Padrón antiguo"))
        helpers.call_action("package_patch", id=stored["id"], archived_at="2026-11-01T00:00:00")
        assert "archivado" not in found(q="padron antiguo")
        assert "archivado" in found(q="padron antiguo", fq="archived_at:[* TO *]")
        assert "archivado" in found(q="name:archivado", extras={search.ARCHIVED_TOO: True})

    def test_people_are_not_in_the_index(self, complete, as_editor):
        contact = [{"name": "Filomena", "email": "filomena@x.mx"}]
        as_editor("package_create", **complete("persona", contact=contact))
        assert found(q="filomena") == []


class TestValidateAction:
    def test_a_saved_dataset(self, complete, as_editor):
        stored = as_editor("package_create", **complete("validado"))
        answer = helpers.call_action("mxopendata_dataset_validate", id=stored["id"])
        assert answer["valid"] is True
        assert (answer["points"], answer["max"]) == (69, 100)
        assert {finding["code"] for finding in answer["findings"]} >= {"no_resources", "missing_tag_string"}
        assert answer["findings"][0]["severity"] == "warning"

    def test_one_that_is_not_saved(self, as_editor):
        answer = as_editor("mxopendata_dataset_validate", dataset={"title": "x", "frequency": "cada eclipse"})
        assert answer["valid"] is False
        assert {"missing_notes", "frequency_unknown"} <= {finding["code"] for finding in answer["findings"]}
        assert set(answer["findings"][0]) == {
            "code", "severity", "field", "location", "value", "message", "cure", "norm",
        }  # fmt: skip

    def test_who_may(self, complete, as_editor):
        hidden = as_editor("package_create", **complete("oculto", private=True))
        stranger = {"user": factories.User()["name"]}
        with pytest.raises(tk.NotAuthorized):
            tk.get_action("mxopendata_dataset_validate")(dict(stranger), {"id": hidden["id"]})
        with pytest.raises(tk.NotAuthorized):
            tk.get_action("mxopendata_dataset_validate")({"user": ""}, {"dataset": {"title": "x"}})
        assert tk.get_action("mxopendata_dataset_validate")(dict(stranger), {"dataset": {"title": "x"}})["max"] == 100


class TestPages:
    def page(self, app: Any, path: str, user: dict[str, Any] | None = None) -> BeautifulSoup:
        headers = {"Authorization": factories.APIToken(user=user["name"])["token"]} if user else {}
        response = app.get(path, headers=headers)
        assert response.status_code == 200
        return BeautifulSoup(response.body, "html.parser")

    def test_a_dataset_is_shown_in_words(self, app, complete, as_editor):
        as_editor(
            "package_create",
            **complete(
                "pagina",
                temporal_coverage=[{"start": "2015", "end": "2026-06"}],
                spatial_coverage=[{"cvegeo": "14039"}],
                resources=[{"url": "https://x.mx/a.csv", "name": "a"}],
            ),
        )
        page = self.page(app, "/dataset/pagina")
        rows = {
            row.th.get_text(strip=True): row.td.get_text(" ", strip=True) for row in page.select(".mxopendata-info tr")
        }
        assert rows["Tema"] == "Educación, Población"
        assert rows["Frecuencia de actualización"] == "Anual"
        assert rows["Última actualización de los datos"] == "15 de agosto de 2026"
        assert rows["Licencia"] == "Términos de Libre Uso MX"
        assert "Guadalajara, Jalisco" in rows["Cobertura geográfica"]
        assert page.select_one('a[href^="mailto"]') is not None
        if tk.check_ckan_version(min_version="2.12"):  # the sidebar of 2.11 has headings of the first rank, too
            assert len(page.select("h1")) == 1
        assert not page.select(".mxopendata-info tr:has(td:empty)")

    def test_what_was_harvested_is_escaped_and_says_where_it_is_mended(self, app, institution, editor):
        helpers.call_action(
            "package_create",
            name="ajeno",
            title="Ajeno",
            notes="Texto",
            owner_org=institution["id"],
            frequency="R/P1M",
            tags=[{"name": "agua"}],
            theme=["salud"],
            contact=[{"name": 'A"><script>', "email": "a@x.mx"}],
            source_identifier="7",
            source_catalog="Portal 5 < 6 & <más>",
            source_url="https://vecino.mx/dataset/7",
            resources=[{"url": "https://x.mx/a.csv", "name": "a", "size": 5}],
        )
        read = self.page(app, "/dataset/ajeno")
        assert "Portal 5 < 6 & <más>" in read.get_text()
        form = self.page(app, "/dataset/edit/ajeno", editor)
        assert form.select_one('a[href="https://vecino.mx/dataset/7"]') is not None
        assert form.select_one('select[name="frequency"]') is None
        assert form.select_one('input[name="frequency"][type="hidden"]')["value"] == "R/P1M"
        assert form.select_one('input[name="contact-0000-email"]')["type"] == "hidden"
        assert form.select_one('textarea[name="policy_alignment"]') is not None  # the publisher's own

    def test_saving_the_form_of_a_harvested_dataset_changes_only_what_is_one_s_own(self, app, editor):
        before = helpers.call_action("package_show", id="ajeno")
        form = self.page(app, "/dataset/edit/ajeno", editor).select_one("#dataset-edit")
        data: list[tuple[str, str]] = []
        for field in form.select("input[name], textarea[name], select[name]"):
            if field.find_parent(attrs={"name": "repeating-template"}) or field.get("type") in ("submit", "file"):
                continue
            if field.name == "select":
                chosen = field.select_one("option[selected]") or field.select_one("option")
                data.append((field["name"], chosen["value"] if chosen else ""))
            else:
                data.append((field["name"], field.get("value") or field.get_text()))
        data = [(name, "sdg:6.1" if name == "policy_alignment" else value) for name, value in data]
        token = factories.APIToken(user=editor["name"])["token"]
        body: dict[str, list[str]] = {}
        for name, value in [*data, ("save", "")]:
            body.setdefault(name, []).append(value)
        response = app.post("/dataset/edit/ajeno", data=body, headers={"Authorization": token}, follow_redirects=False)
        assert response.status_code in (302, 303), BeautifulSoup(response.body, "html.parser").get_text()[:2000]
        after = helpers.call_action("package_show", id="ajeno")
        assert after["policy_alignment"] == ["sdg:6.1"]
        assert "access_rights" not in after  # a default of the form is no word of the source
        for name in ("title", "notes", "frequency", "theme", "contact", "source_identifier", "source_url", "tags"):
            assert after[name] == before[name], name
        assert after["resources"][0]["size"] == 5

    def submit(self, app: Any, path: str, user: dict[str, Any], **fields: str) -> BeautifulSoup:
        token = factories.APIToken(user=user["name"])["token"]
        response = app.post(path, data={"id": "", **fields}, headers={"Authorization": token}, follow_redirects=False)
        assert response.status_code == 200
        return BeautifulSoup(response.body, "html.parser")

    @pytest.mark.skipif(
        not tk.check_ckan_version(min_version="2.12"),
        reason="the last step of CKAN 2.11 publishes with all rights and cannot show a refusal",
    )
    def test_what_the_dataset_lacks_is_said_of_the_dataset_on_the_resource_s_form(self, app, institution, editor):
        draft = tk.get_action("package_create")(
            {"user": editor["name"], "allow_state_change": True},
            {"name": "sin-frecuencia", "title": "Sin frecuencia", "owner_org": institution["id"], "state": "draft"},
        )
        path = f"/dataset/{draft['id']}/resource/new"
        resource = {"url": "https://x.mx/a.csv", "name": "a", "format": "CSV"}
        page = self.submit(app, path, editor, **resource, save="go-metadata")
        (alert,) = page.select(".error-explanation")
        said = [" ".join(item.get_text(" ", strip=True).split()) for item in alert.select("li")]
        assert any(line.startswith("Frecuencia de actualización: Falta la frecuencia") for line in said)
        assert any(line.startswith("Contacto 1, Correo") and "institucional" in line for line in said), said
        assert "{" not in alert.get_text()
        assert alert.a["href"].endswith(f"/dataset/edit/{draft['id']}")
        assert not page.select("form .error-block, form .control-group.error, .invalid-feedback")
        assert len(page.select('[role="note"]')) == 0  # not said twice

    def test_what_the_resource_lacks_is_said_at_its_field(self, app, institution, editor):
        draft = {"name": "sin-temas", "title": "Sin temas", "owner_org": institution["id"], "state": "draft"}
        tk.get_action("package_create")({"user": editor["name"], "allow_state_change": True}, draft)
        fields = {"url": "javascript:alert(1)", "name": "b", "save": "go-metadata"}
        page = self.submit(app, "/dataset/sin-temas/resource/new", editor, **fields)
        (alert,) = page.select(".error-explanation")
        assert "no se puede abrir en un navegador" in alert.get_text()
        assert alert.a is None
        assert page.select("form .error-block, .invalid-feedback")

    def test_the_form_does_not_license_the_metadata(self, app, editor):
        form = self.page(app, "/dataset/new", editor).select_one("#dataset-edit")
        assert form.select_one('a[href*="opendatacommons"]') is None
        assert form.select_one(".action-info") is not None

    def test_a_resource_shows_what_was_filled_in(self, app):
        resource = helpers.call_action("package_show", id="ajeno")["resources"][0]
        page = self.page(app, f"/dataset/ajeno/resource/{resource['id']}")
        rows = {row.th.get_text(strip=True): row.td.get_text(strip=True) for row in page.select("tr:has(td)")}
        assert rows["Tipo de medio"] == "text/csv"
        assert "Disponibilidad prevista" not in rows

    def test_forms_and_lists_open(self, app, institution, editor):
        form = self.page(app, "/dataset/new", editor)
        labels = {label.get("for") for label in form.select("label")}
        for name in ("title", "notes", "theme", "frequency", "modified", "license_id", "documentation"):
            assert f"field-{name}" in labels, name
        assert form.select_one('select[name="license_id"] option[selected]')["value"] == "libreusomx"
        assert len(form.select("#mxopendata-places option")) == 33 + 2478
        self.page(app, "/dataset/")
        about = self.page(app, f"/organization/about/{institution['name']}")
        assert "Estatal" in about.get_text()
        assert "Jalisco" in about.get_text()

    def test_english_too(self, app):
        assert "Update frequency" in self.page(app, "/en/dataset/pagina").get_text()
