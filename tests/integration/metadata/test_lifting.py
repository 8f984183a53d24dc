"""Datasets of CKAN's own schema, with plain text in extras under the names of our fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import plugins as lib_plugins
from ckan.lib import search
from ckan.tests import factories, helpers

from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.doctor.extras import old_extras
from ckanext.mxopendata.logic import lifting
from ckanext.mxopendata.old_extras import find_old_records

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

OLD = {
    "contact": "Juan Pérez <datos@x.gob.mx>",
    "creator": "Dirección de Planeación",
    "theme": "Salud, Educación",
    "language": "español",
    "frequency": "mensual",
    "modified": "15/03/2019",
    "issued": "marzo de 2018",
    "temporal_coverage": "2015-2018",
    "spatial_coverage": "Guadalajara, Jalisco",
    "conforms_to": "{https://x.mx/a,https://x.mx/b}",
    "access_rights": "Público",
    "version_notes": "Sin notas",
    "departamento": "Sistemas",
}
LIFTED = {
    "contact": [{"name": "Juan Pérez", "email": "datos@x.gob.mx"}],
    "creator": [{"name": "Dirección de Planeación"}],
    "theme": ["salud", "educacion"],
    "language": ["es"],
    "frequency": "R/P1M",
    "modified": "2019-03-15",
    "issued": "2018-03",
    "temporal_coverage": [{"start": "2015", "end": "2018"}],
    "spatial_coverage": [{"cvegeo": "14039", "text": "Guadalajara, Jalisco"}],
    "conforms_to": ["https://x.mx/a", "https://x.mx/b"],
    "access_rights": "public",
    "version_notes": "Sin notas",
}


@contextmanager
def stock_site() -> Iterator[None]:
    """CKAN as it is without our schemas: no form of ckanext-scheming, nothing lifted."""
    with pytest.MonkeyPatch.context() as patched:
        for level in ("dataset", "resource", "organization"):
            patched.setitem(lifting._own, level, {})
        patched.setitem(lib_plugins._package_plugins, "dataset", lib_plugins.DefaultDatasetForm())
        patched.setitem(lib_plugins._group_plugins, "organization", lib_plugins.DefaultOrganizationForm())
        yield


@pytest.fixture
def old_dataset(institution: dict[str, Any]) -> Callable[..., str]:
    """Makes a dataset before our schema was switched on; returns its id. Solr knows it as it was then."""

    def make(name: str, extras: Mapping[str, str], resource: Mapping[str, str] | None = None, **fields: Any) -> str:
        resources = [{"url": "https://x.mx/a.csv", "name": "a", **resource}] if resource is not None else []
        given = [{"key": key, "value": value} for key, value in extras.items()]
        with stock_site():
            return helpers.call_action(
                "package_create", name=name, owner_org=institution["id"], extras=given, resources=resources, **fields
            )["id"]

    return make


def uncached(dataset_id: str) -> dict[str, Any]:
    return tk.get_action("package_show")({"ignore_auth": True, "use_cache": False}, {"id": dataset_id})


def extras_of(shown: Mapping[str, Any]) -> dict[str, str]:
    return {extra["key"]: extra["value"] for extra in shown.get("extras", [])}


def stored_extras(dataset_id: str) -> dict[str, str]:
    """What stands in the database."""
    model.Session.expire_all()
    with stock_site():
        return extras_of(uncached(dataset_id))


class TestShown:
    def test_every_field_is_read(self, old_dataset):
        dataset_id = old_dataset("leido", OLD)
        shown = uncached(dataset_id)
        assert {name: shown.get(name) for name in LIFTED} == LIFTED
        assert extras_of(shown) == {"departamento": "Sistemas"}

    def test_the_index_holds_what_was_read(self, old_dataset):
        dataset_id = old_dataset("indexado", OLD)
        search.rebuild(dataset_id)
        shown = helpers.call_action("package_show", id=dataset_id)
        assert {name: shown.get(name) for name in LIFTED} == LIFTED
        found = helpers.call_action("package_search", fq="name:indexado +vocab_theme:salud +vocab_municipality:14039")
        assert [dataset["theme"] for dataset in found["results"]] == [["salud", "educacion"]]
        assert found["results"][0]["extras"] == [{"key": "departamento", "value": "Sistemas"}]

    def test_nothing_is_written_by_reading(self, old_dataset):
        dataset_id = old_dataset("intacto", OLD)
        uncached(dataset_id)
        search.rebuild(dataset_id)
        assert stored_extras(dataset_id) == OLD

    def test_an_index_older_than_the_schema_shows_the_fields_too(self, old_dataset):
        dataset_id = old_dataset("indice-viejo", OLD)
        shown = helpers.call_action("package_show", id=dataset_id)
        assert {name: shown.get(name) for name in LIFTED} == LIFTED
        result = helpers.call_action("package_search", fq="name:indice-viejo")["results"][0]
        assert (result["contact"], extras_of(result)) == (LIFTED["contact"], {"departamento": "Sistemas"})

    def test_what_cannot_be_read_is_kept_beside(self, old_dataset):
        dataset_id = old_dataset(
            "ilegible",
            {"theme": "Astrología", "temporal_coverage": "desde siempre", "modified": "03/04/2019", "contact": ""},
        )
        shown = uncached(dataset_id)
        assert (shown["modified"], "theme" in shown, "contact" in shown) == ("2019-04-03", False, False)
        assert extras_of(shown) == {
            "original_theme": "Astrología",
            "original_temporal_coverage": "desde siempre",
            "original_modified": "03/04/2019",  # read as a Mexican date, but it could be another
        }

    def test_what_is_kept_already_is_never_overwritten(self, old_dataset):
        dataset_id = old_dataset("dos-veces", {"theme": "Astrología", "original_theme": "Brujería"})
        assert extras_of(uncached(dataset_id)) == {"original_theme": "Brujería", "original_theme_2": "Astrología"}

    @pytest.mark.parametrize(
        "text", ["5", '{"name": "Ana"}', '["Ana"]', "null", "[]", "[{roto", '[{"name": "Ana"}, "b"]']
    )
    def test_no_text_keeps_a_dataset_from_being_shown(self, old_dataset, text):
        dataset_id = old_dataset(f"forma-{abs(hash(text))}", {"contact": text, "spatial_coverage": text})
        for shown in (uncached(dataset_id), helpers.call_action("package_show", id=dataset_id)):
            assert all(isinstance(contact, dict) for contact in shown.get("contact", []))
        search.rebuild(dataset_id)

    def test_resources_and_institutions(self, old_dataset):
        dataset_id = old_dataset("con-recurso", {}, {"modified": "15/03/2019", "frequency": "nunca jamás"})
        resource = uncached(dataset_id)["resources"][0]
        assert (resource["modified"], resource["original_frequency"]) == ("2019-03-15", "nunca jamás")
        assert "frequency" not in resource
        texts = {"gov_type": "Estatal", "sectors": "Salud", "cvegeo": "Jalisco", "ministry": "quizá", "otra": "x"}
        with stock_site():
            stored = factories.Organization(extras=[{"key": key, "value": text} for key, text in texts.items()])
        shown = helpers.call_action("organization_show", id=stored["id"])
        assert (shown["gov_type"], shown["sectors"], shown["cvegeo"]) == ("state", ["salud"], "14")
        assert extras_of(shown) == {"otra": "x", "original_ministry": "quizá"}
        helpers.call_action("organization_patch", id=stored["id"], title="Otra")
        patched = helpers.call_action("organization_show", id=stored["id"])
        assert (patched["sectors"], extras_of(patched)) == (["salud"], {"otra": "x", "original_ministry": "quizá"})

    def test_people_stay_out_of_the_index(self, old_dataset):
        dataset_id = old_dataset("gente", {"creator": '["Área", "Hermenegilda Rosas"]'})
        search.rebuild(dataset_id)
        assert extras_of(uncached(dataset_id)) == {"original_creator": '["Área", "Hermenegilda Rosas"]'}
        assert helpers.call_action("package_search", q="hermenegilda")["count"] == 0


class TestSaved:
    def test_another_client_patches_an_unrelated_field(self, old_dataset, as_editor):
        dataset_id = old_dataset("parchado", {**OLD, "theme": "Astrología"})
        patched = as_editor("package_patch", id=dataset_id, notes="Nueva")
        assert (patched["notes"], patched["contact"]) == ("Nueva", LIFTED["contact"])
        stored = stored_extras(dataset_id)
        assert json.loads(stored["contact"]) == LIFTED["contact"]
        assert (stored["frequency"], stored["original_theme"]) == ("R/P1M", "Astrología")
        assert "theme" not in stored

    def test_a_client_that_sends_extras_is_served(self, as_editor, complete):
        dataset = complete("cliente")
        for name in ("contact", "theme", "frequency"):
            del dataset[name]
        sent = [{"key": key, "value": OLD[key]} for key in ("contact", "theme", "frequency", "departamento")]
        stored = as_editor("package_create", **dataset, extras=sent)
        assert (stored["contact"], stored["theme"]) == (LIFTED["contact"], LIFTED["theme"])
        assert extras_of(stored) == {"departamento": "Sistemas"}
        # as such clients do: what was shown, with their extras added
        shown = helpers.call_action("package_show", id=stored["id"])
        again = [{"key": "frequency", "value": "anual"}, {"key": "contact", "value": OLD["contact"]}]
        updated = as_editor("package_update", **{**shown, "extras": again})
        assert (updated["frequency"], updated["contact"], extras_of(updated)) == ("R/P1Y", LIFTED["contact"], {})
        assert as_editor("package_patch", id=stored["id"], extras=[{"key": "theme", "value": "Agua"}])["theme"] != [
            "salud"
        ]

    def test_other_types_keep_their_own_fields(self):
        # the types of harvest sources have a frequency, too
        source = {"type": "harvest", "extras": [{"key": "frequency", "value": "mensual"}]}
        lifting.take_extras(source, dict)
        assert source["extras"] == [{"key": "frequency", "value": "mensual"}]

    def test_a_field_that_comes_twice_and_differs_is_refused_clearly(self, as_editor, complete):
        with pytest.raises(tk.ValidationError) as caught:
            as_editor("package_create", **complete("contra"), extras=[{"key": "frequency", "value": "mensual"}])
        assert list(caught.value.error_dict) == ["frequency"]
        assert "viene dos veces" in caught.value.error_dict["frequency"][0]
        same = [{"key": "frequency", "value": "anual"}]
        assert as_editor("package_create", **complete("acorde"), extras=same)["frequency"] == "R/P1Y"

    def test_what_a_client_sends_and_nobody_can_read_is_kept(self, as_editor, complete):
        stored = as_editor("package_create", **complete("raro-cliente"), extras=[{"key": "issued", "value": "ayer"}])
        assert extras_of(stored) == {"original_issued": "ayer"}
        assert "issued" not in stored

    def test_the_form_keeps_further_extras_and_lets_people_mend(self, app, old_dataset, editor, institution):
        before = {"author": "Ana <b>", "maintainer_email": "luis@x.mx", "version": "2.1"}
        dataset_id = old_dataset("formulario", {**OLD, "theme": "Astrología"}, **before)
        headers = {"Authorization": factories.APIToken(user=editor["name"])["token"]}
        read = BeautifulSoup(app.get("/dataset/formulario").body, "html.parser")
        rows = {row.th.get_text(strip=True): row.td.get_text() for row in read.select(".mxopendata-info tr")}
        assert {"Ana <b>", "luis@x.mx", "2.1", "Sistemas", "Astrología"} <= set(rows.values())
        assert [label for label, value in rows.items() if value == "Astrología"][0].startswith("Tema (")
        page = BeautifulSoup(app.get("/dataset/edit/formulario", headers=headers).body, "html.parser")
        form = page.select_one("#dataset-edit")
        original = form.select_one("textarea[name^=extras__]")
        assert original.get_text() == "Astrología"
        assert "Tema" in form.select_one(f'label[for="{original["id"]}"]').get_text()
        body = {
            "title": "Con formulario", "name": "formulario", "notes": "x", "theme": "salud",
            "owner_org": institution["id"], "save": "",
            **{field["name"]: field["value"] for field in form.select("input[type=hidden][name^=extras__]")},
            **{name: form.select_one(f"input[type=hidden][name={name}]")["value"] for name in before},
            original["name"]: "",
        }  # fmt: skip
        response = app.post("/dataset/edit/formulario", data=body, headers=headers, follow_redirects=False)
        assert response.status_code in (302, 303), BeautifulSoup(response.body, "html.parser").get_text()[:2000]
        shown = helpers.call_action("package_show", id=dataset_id)
        assert (shown["theme"], extras_of(shown)) == (["salud"], {"departamento": "Sistemas"})
        assert {name: shown[name] for name in before} == before


class TestNeverRefused:
    """What the Guía makes mandatory is no error for a dataset that never had it."""

    def test_an_old_dataset_moves_and_comes_back(self, old_dataset, editor, as_editor):
        dataset_id = old_dataset("mudado", {"theme": "Salud"})
        other = factories.Organization(user={"name": editor["name"], "capacity": "admin"}, title="Otra institución")
        moved = as_editor("package_patch", id=dataset_id, owner_org=other["id"])
        assert (moved["owner_org"], moved["theme"]) == (other["id"], ["salud"])
        as_editor("package_delete", id=dataset_id)
        assert as_editor("package_patch", id=dataset_id, state="active")["state"] == "active"

    def test_an_old_private_dataset_becomes_public(self, old_dataset, as_editor):
        dataset_id = old_dataset("privado", OLD, private=True)
        assert as_editor("package_patch", id=dataset_id, private=False)["private"] is False

    def test_a_client_replaces_an_old_dataset(self, old_dataset, as_editor, institution):
        dataset_id = old_dataset("reemplazado", OLD)
        sent = {"id": dataset_id, "owner_org": institution["id"], "notes": "Sin nada más", "extras": []}
        assert as_editor("package_update", **sent)["title"] == "reemplazado"

    def test_a_file_with_an_odd_media_type_is_edited_beside_another(self, old_dataset, as_editor):
        dataset_id = old_dataset("dos-archivos", {}, {"name": "uno"})
        with stock_site():
            odd = helpers.call_action(
                "resource_create", package_id=dataset_id, url="https://x.mx/b", name="dos", mimetype="muy raro"
            )
        assert as_editor("resource_patch", id=odd["id"], name="tres")["mimetype"] == "muy raro"
        with pytest.raises(tk.ValidationError):
            as_editor("resource_patch", id=odd["id"], mimetype="más raro")

    def test_an_institution_without_a_title_is_edited(self):
        with stock_site():
            stored = factories.Organization(name="sin-titulo", title="")
        assert helpers.call_action("organization_patch", id=stored["id"], description="x")["title"] == "sin-titulo"
        with pytest.raises(tk.ValidationError):
            helpers.call_action("organization_create", name="nueva-sin-titulo", title="")


class TestMigrated:
    def run(self, cli: Any, *arguments: str) -> tuple[int, Any]:
        result = cli.invoke(mxopendata, ["migrate-extras", "--json", *arguments])
        assert result.exit_code != 2, result.output
        return result.exit_code, json.loads(result.stdout)

    def test_all_is_stored_once(self, cli, old_dataset):
        first = old_dataset("migrado-1", OLD, {"modified": "15/03/2019"})
        old_dataset("migrado-2", {"theme": "Astrología"}, private=True)
        before = model.Package.get(first).metadata_modified
        with stock_site():
            institution = factories.Organization(extras=[{"key": "gov_type", "value": "Estatal"}])
        found = {record.name for record in find_old_records()}
        assert {"migrado-1", "migrado-2"} <= found
        check = old_extras()
        assert (check.ok, check.finding.code) == (False, "doctor_old_extras")

        code, planned = self.run(cli, "--dry-run")
        assert stored_extras(first) == OLD
        assert {"dataset": "migrado-2", "key": "theme", "reason": "unread"} in planned["left"]
        code, report = self.run(cli)
        assert (code, report) == (1, planned)
        assert report["changed"] == report["datasets"] >= 2
        assert report["institutions_changed"] == report["institutions"] == 1
        assert helpers.call_action("organization_show", id=institution["id"])["gov_type"] == "state"
        assert OLD["contact"] not in json.dumps(report, ensure_ascii=False)
        assert json.loads(stored_extras(first)["contact"]) == LIFTED["contact"]
        assert uncached(first)["resources"][0]["modified"] == "2019-03-15"
        if tk.check_ckan_version(min_version="2.12"):
            assert model.Package.get(first).metadata_modified == before
        assert helpers.call_action("package_show", id=first)["theme"] == LIFTED["theme"]

        assert self.run(cli) == (
            0, {"datasets": 0, "changed": 0, "institutions": 0, "institutions_changed": 0, "left": []},
        )  # fmt: skip
        assert old_extras().ok

    def test_what_ckan_refuses_stays_and_is_reported(self, cli, old_dataset):
        self.run(cli)
        dataset_id = old_dataset("rechazado", {"theme": "Salud"})
        package = model.Package.get(dataset_id)
        package.maintainer_email = "no es correo"
        model.Session.commit()
        code, report = self.run(cli)
        assert (code, report["changed"]) == (1, 0)
        assert report["left"] == [{"dataset": "rechazado", "key": "maintainer_email", "reason": "refused"}]
        assert stored_extras(dataset_id) == {"theme": "Salud"}


class TestBeforeTheSchema:
    def test_the_doctor_counts_before_the_schema_is_switched_on(self, old_dataset, cli):
        old_dataset("antes", {"contact": "Ana <ana@x.mx>", "theme": "Astrología"})
        with stock_site():
            check = old_extras()
            result = cli.invoke(mxopendata, ["migrate-extras"])
        assert (check.ok, check.finding.code) == (False, "doctor_old_extras_before")
        assert check.finding.details["datasets"] >= 1
        assert "contact (" in check.to_dict()["message"]
        assert "ana@x.mx" not in check.to_dict()["message"]
        assert result.exit_code == 2
        assert "esquema mexicano" in result.stderr
