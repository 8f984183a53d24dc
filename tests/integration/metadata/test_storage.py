"""What CKAN keeps of a Mexican dataset, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import search
from ckan.tests import factories, helpers

from ckanext.mxopendata.metadata.mapping import map_record

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


def refused(call: Any, *arguments: Any, **data: Any) -> dict[str, Any]:
    with pytest.raises(tk.ValidationError) as caught:
        call(*arguments, **data)
    return caught.value.error_dict


class TestStored:
    def test_every_field_comes_back_as_it_was_given(self, complete, as_editor):
        given = complete(
            "todo-lleno",
            identifier="MX-1",
            temporal_coverage=[{"start": "2015", "end": "2026-06"}],
            spatial_coverage=[{"cvegeo": "14039", "text": "Guadalajara"}, {"bbox": "-103.5,20.5,-103.2,20.8"}],
            creator=[{"name": "Dirección de Planeación"}],
            language=["es", "nah"],
            issued="2016",
            promised_on="2026-12-01",
            policy_alignment=["sdg:4.1", "pdn:S6"],
            conforms_to=["https://specs.frictionlessdata.io/table-schema/"],
            priority_list="committed",
            priority_category="educacion",
            priority_criteria=["criterion:requests", "criterion:national_plan"],
            applicable_legislation=["https://www.diputados.gob.mx/LeyesBiblio/pdf/LGE.pdf"],
            legal_basis_text="Art. 70",
            version_notes="Cambió la clave de 3 escuelas.",
            in_series="Matrícula por ciclo escolar",
            target_users="Docentes",
            url="https://sej.jalisco.gob.mx/matricula",
            quality_url="https://sej.jalisco.gob.mx/calidad",
        )
        resource = {"url": "https://sej.jalisco.gob.mx/m.csv", "name": "CSV", "size": "1.2 MB"}
        stored = as_editor("package_create", **given, tags=[{"name": "escuelas"}], resources=[resource])
        shown = helpers.call_action("package_show", id=stored["id"])
        bbox = shown["spatial_coverage"][1].pop("bbox")
        assert json.loads(bbox)["coordinates"][0][0] == [-103.5, 20.5]
        del given["spatial_coverage"][1]["bbox"]
        assert {name: shown[name] for name in given} == given
        assert shown["gov_type"] == "state"
        assert shown.get("extras", []) == []
        kept = shown["resources"][0]
        assert (kept["format"], kept["mimetype"], kept["size"]) == ("CSV", "text/csv", 1_200_000)

    def test_what_people_write_is_stored_as_terms(self, complete, as_editor):
        stored = as_editor(
            "package_create",
            **complete(
                "en-palabras",
                theme=["Educación"],
                frequency="trimestralmente",
                modified="15 de agosto de 2026",
                license_id="CC BY 4.0",
                access_rights="Público",
                language=["Español"],
                spatial_coverage=[{"cvegeo": "Guadalajara, Jalisco"}],
                documentation="https://x.mx/a.csv\nhttps://x.mx/b.csv",
            ),
        )
        assert stored["theme"] == ["educacion"]
        assert (stored["frequency"], stored["modified"], stored["license_id"]) == ("R/P3M", "2026-08-15", "cc-by-4.0")
        assert (stored["access_rights"], stored["language"]) == ("public", ["es"])
        assert stored["spatial_coverage"] == [{"cvegeo": "14039"}]
        assert stored["documentation"] == ["https://x.mx/a.csv", "https://x.mx/b.csv"]

    @pytest.mark.parametrize(
        "written", ["Presupuesto", ["Presupuesto", "Otra"], '["Presupuesto"]', ["", "Presupuesto"]]
    )
    def test_the_series_of_a_plugin_that_keeps_a_list_is_its_first(self, complete, as_editor, written):
        name = f"de-serie-{abs(hash(str(written)))}"
        as_editor("package_create", **complete(name, in_series=written))
        (found,) = helpers.call_action("package_search", fq=f'name:{name} in_series:"Presupuesto"')["results"]
        shown = helpers.call_action("package_show", id=name, context={"use_cache": False})
        assert shown["in_series"] == found["in_series"] == "Presupuesto"

    def test_a_field_can_be_emptied(self, complete, as_editor):
        stored = as_editor("package_create", **complete("vaciar", url="https://x.mx", version_notes="Nota"))
        emptied = as_editor(
            "package_patch", id=stored["id"], url="", version_notes="", documentation=[], spatial_coverage=[]
        )
        assert emptied["url"] == ""
        assert "version_notes" not in emptied
        assert "documentation" not in emptied

    def test_licences_are_registered(self):
        licences = {entry["id"]: entry for entry in helpers.call_action("license_list")}
        assert licences["libreusomx"]["url"] == "https://datos.gob.mx/libreusomx"
        assert licences["cc-by-4.0"]["od_conformance"] == "approved"
        assert model.Package.get_license_register()["libreusomx"].isopen()

    def test_an_institution(self):
        stored = factories.Organization(
            name="guadalajara",
            title="Gobierno de Guadalajara",
            acronym="GDL",
            gov_type="Municipal",
            cvegeo="Guadalajara, Jalisco",
            sectors=["Gobiernos Locales", "salud"],
            ministry="no",
            ranked=True,
            legal_instrument_on="2025-10-01",
        )
        shown = helpers.call_action("organization_show", id=stored["id"])
        assert (shown["gov_type"], shown["cvegeo"], shown["acronym"]) == ("municipal", "14039", "GDL")
        assert shown["sectors"] == ["gobiernos-locales", "salud"]
        assert (shown["ministry"], shown["ranked"], shown["legal_instrument_on"]) == ("false", "true", "2025-10-01")


class TestNewLocal:
    """What the Guía makes mandatory is refused on a user's request, once, before the dataset is public."""

    def test_an_empty_dataset_is_refused_field_by_field_in_spanish(self, as_editor, institution):
        errors = refused(as_editor, "package_create", name="vacio", title="Vacío", owner_org=institution["id"])
        assert set(errors) == {
            "notes", "theme", "contact", "frequency", "modified", "license_id", "access_rights", "documentation",
        }  # fmt: skip
        assert errors["frequency"] == [
            "Falta la frecuencia de actualización. "
            "Elija cada cuándo se actualizan los datos; si no hay plazo, «irregular»."
        ]
        assert errors["contact"][0]["email"][0].startswith("Falta un contacto con correo")

    def test_identifier_and_language_follow_by_themselves(self, complete, as_editor):
        stored = as_editor("package_create", **complete("se-completa"))
        assert (stored["identifier"], stored["language"]) == ("se-completa", ["es"])

    def test_a_dictionary_may_be_a_resource(self, complete, as_editor):
        dataset = complete("con-diccionario", resources=[{"url": "https://x.mx/d.csv", "name": "Diccionario de datos"}])
        del dataset["documentation"]
        assert as_editor("package_create", **dataset)["state"] == "active"

    def test_a_draft_can_always_be_saved_and_is_looked_at_when_published(self, as_editor, institution, editor):
        # as the form does: allow_state_change makes a draft of it
        draft = tk.get_action("package_create")(
            {"user": editor["name"], "allow_state_change": True},
            {"name": "borrador", "title": "Borrador", "owner_org": institution["id"], "state": "draft"},
        )
        assert draft["state"] == "draft"
        as_editor("package_patch", id=draft["id"], title="Todavía borrador")
        errors = refused(as_editor, "package_patch", id=draft["id"], state="active")
        assert "frequency" in errors

    def test_harvested_datasets_are_never_refused(self, as_editor, institution):
        stored = as_editor(
            "package_create", name="cosechado", title="x", owner_org=institution["id"], source_identifier="7"
        )
        assert stored["state"] == "active"

    def test_commands_and_harvests_are_never_refused(self, institution):
        assert helpers.call_action("package_create", name="por-orden", title="x", owner_org=institution["id"])

    def test_an_old_dataset_can_be_patched_by_anyone(self, as_editor, institution):
        old = helpers.call_action("package_create", name="viejo", title="Viejo", owner_org=institution["id"])
        patched = as_editor("package_patch", id=old["id"], title="Sigue viejo")
        assert patched["title"] == "Sigue viejo"

    def test_an_old_value_without_a_reading_is_kept_beside_its_field(self, as_editor, institution):
        old = helpers.call_action("package_create", name="raro", title="Raro", owner_org=institution["id"])
        package = model.Package.get(old["id"])
        package.extras = {**package.extras, "frequency": "cada luna llena", "theme": '["astrología"]'}
        model.Session.commit()
        search.rebuild(old["id"])
        patched = as_editor("package_patch", id=old["id"], title="Raro todavía")
        assert "frequency" not in patched
        kept = {extra["key"]: extra["value"] for extra in patched["extras"]}
        assert kept == {"original_frequency": "cada luna llena", "original_theme": "astrología"}
        errors = refused(as_editor, "package_patch", id=old["id"], frequency="cada eclipse")
        assert errors["frequency"][0].startswith("No se reconoce la frecuencia «cada eclipse».")

    def test_a_reason_is_asked_for_where_access_is_not_public(self, complete, as_editor):
        errors = refused(as_editor, "package_create", **complete("reservado", access_rights="restricted"))
        assert list(errors) == ["access_comment"]

    def test_an_identifier_is_the_institution_s_only_one(self, complete, as_editor):
        as_editor("package_create", **complete("primero", identifier='A "1"'))
        errors = refused(as_editor, "package_create", **complete("segundo", identifier='A "1"'))
        assert "otro conjunto" in errors["identifier"][0]


class TestRefused:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("frequency", "cada luna llena"),
            ("modified", "05/04/2026"),
            ("modified", "2026-02-30"),
            ("theme", ["astrología"]),
            ("license_id", "la mía"),
            ("access_rights", "quizá"),
            ("url", "javascript:alert(1)"),
            ("documentation", ["sin dirección"]),
            ("language", ["klingon"]),
            ("priority_list", "tal vez"),
            ("priority_category", "astrología"),
            ("priority_criteria", ["candidate"]),
            ("contact", [{"email": "no es correo"}]),
            ("spatial_coverage", [{"cvegeo": "14999"}]),
            ("spatial_coverage", [{"cvegeo": "Juárez"}]),
            ("spatial_coverage", [{"bbox": "-200,0,10,10"}]),
            ("spatial_coverage", [{"geom": "un círculo"}]),
            ("temporal_coverage", [{"start": "2026", "end": "2015"}]),
            ("resources", [{"name": "x", "url": "javascript:alert(1)"}]),
            ("resources", [{"name": "x", "url": "https://x.mx", "size": "mucho"}]),
            ("resources", [{"name": "x", "url": "https://x.mx", "schema": "{no json"}]),
        ],
    )
    def test_a_value_without_a_reading(self, complete, as_editor, field, value):
        errors = refused(as_editor, "package_create", **complete("malo", **{field: value}))
        assert list(errors) == [field]

    @pytest.mark.parametrize("field", ["title", "notes", "target_users"])
    def test_a_text_of_tags_only_is_called_empty(self, complete, as_editor, field):
        errors = refused(as_editor, "package_create", **complete("etiquetas", **{field: "<b></b><br>"}))
        assert errors[field][0] == (
            "De «<b></b><br>» no queda nada al quitar las etiquetas HTML y los signos invisibles. "
            "Escriba el texto sin HTML."
        )

    def test_the_file_s_name_tells_which_excel(self, complete, as_editor):
        resources = [{"url": "https://x.mx/a.xlsx", "name": "a", "format": "Excel"}]
        stored = as_editor("package_create", **complete("excel", resources=resources))["resources"][0]
        assert (stored["format"], stored["mimetype"].rsplit(".", 1)[-1]) == ("XLSX", "sheet")

    def test_scripts_and_control_characters_are_cleaned(self, complete, as_editor):
        stored = as_editor(
            "package_create",
            **complete(
                "limpio",
                title="Uno\x00dos <script>alert(1)</script>",
                notes="<p onclick=x>Hola</p>\u202b שלום 🦎",
                contact=[{"name": "<b>Ana</b>", "email": "a@x.mx"}],
            ),
        )
        assert stored["title"] == "Unodos"
        assert stored["notes"] == "Hola\n\n\u202b שלום 🦎"
        assert stored["contact"][0]["name"] == "Ana"


class TestRealCatalogues:
    """Every record of a real portal fits the schema; a sample here, the whole in the harvest's own tests."""

    @pytest.mark.payloads
    @pytest.mark.parametrize(
        ("file", "platform", "step"),
        [
            ("pod_us/opendataphilly.data.json", "datajson", 80),
            ("datajson_ar/datos-gob-ar.2018-02.data.json", "datajson", 90),
            ("arcgis_hub/detroit.20230202.dcat-us-1.1.json", "datajson", 60),
            ("ckan/demo-ckan-package_search.json", "ckan", 1),
        ],
    )
    def test_package_create_takes_what_the_mapping_makes(self, shared: Path, institution, file, platform, step):
        document = json.loads((shared / "payloads/harvest" / file).read_text(encoding="utf-8"))
        records = document["dataset"] if platform == "datajson" else document["result"]["results"]
        site = factories.User()["name"]
        for number, record in enumerate(records[::step]):
            mapped = map_record(record, platform).dataset
            name = f"{Path(file).stem.split('.')[0]}-{number}"[:90].lower()
            context = {"ignore_auth": True, "user": site}
            data = {**mapped, "name": name, "owner_org": institution["id"], "source_identifier": str(number)}
            stored = tk.get_action("package_create")(context, data)
            assert len(stored["resources"]) == len(mapped["resources"])
            for field in set(mapped) - {"resources", "tags"}:
                assert stored[field] == mapped[field], field
