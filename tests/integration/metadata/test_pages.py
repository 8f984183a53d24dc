"""The pages of datasets, of the search and of institutions: with everything, with nothing, hostile, in English."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def day(ago: int) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=ago)).date().isoformat()


def spanish(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def page(app: Any) -> Any:
    def read(path: str) -> BeautifulSoup:
        response = app.get(path)
        assert response.status_code == 200
        return BeautifulSoup(response.body, "html.parser")

    return read


def facts(soup: BeautifulSoup) -> dict[str, str]:
    return {
        spanish(one.dt.get_text(" ")): spanish(one.dd.get_text(" "))
        for one in soup.select(".mxopendata-glance dl > div")
    }


@pytest.fixture(scope="module")
def secretariat(institution: dict[str, Any]) -> dict[str, Any]:
    return helpers.call_action("organization_patch", id=institution["id"], acronym="SEJ")


class TestAtAGlance:
    def test_everything(self, page, complete, as_editor, secretariat):
        as_editor(
            "package_create",
            **complete(
                "todo",
                creator=[{"name": "Dirección de Estadística"}],
                issued="2020-02-01",
                modified=day(10),
                frequency="R/P1M",
                temporal_coverage=[{"start": "2015", "end": "2026-06"}],
                spatial_coverage=[{"cvegeo": "14"}, {"cvegeo": "14039"}, {"text": "Cuenca Lerma"}],
                policy_alignment=["sdg:4.1", "pdn:S6"],
                priority_list="committed",
                conforms_to=["https://standard.open-contracting.org/latest/"],
                legal_basis_text="Ley de Transparencia, art. 70",
                resources=[
                    {"url": "https://x.mx/a.csv", "name": "Alumnos", "format": "CSV",
                     "schema": '{"fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "integer"}]}'},
                    {"url": "https://x.mx/b.json", "name": "b", "format": "JSON"},
                ],
            ),
        )  # fmt: skip
        soup = page("/dataset/todo")
        said = facts(soup)
        who = said["Quién lo publica"]
        assert who.startswith("Secretaría de Educación de Jalisco (SEJ)")
        assert "Orden de gobierno: Estatal" in who
        assert "Área: Dirección de Estadística" in who
        assert "datos@jalisco.gob.mx" in who
        assert said["Qué tan al día está"].startswith(
            "Al día Se actualiza cada mes; la próxima actualización se espera el "
        )
        assert "Periodo que cubre: De 2015 a junio de 2026" in said["Cuándo"]
        assert "Publicado el: 1 de febrero de 2020" in said["Cuándo"]
        assert said["Dónde"] == "Jalisco ; Guadalajara, Jalisco ; Cuenca Lerma"
        may = said["Qué puede hacer con los datos"]
        assert may.startswith("Términos de Libre Uso MX Licencia abierta Puede copiar, difundir, adaptar y vender")
        assert "Alumnos (2 columnas descritas)" in said["Diccionario de datos"]
        policy = said["Política pública y fundamento legal"]
        assert "ODS 4.1" in policy
        assert "IDMX: Comprometido" in policy
        assert "(OCDS)" in policy
        assert "art. 70" in policy
        links = {a["href"] for a in soup.select(".mxopendata-glance a")}
        assert {"/dataset/?vocab_state=14", "/dataset/?vocab_municipality=14039", "/dataset/?gov_type=state",
                "/dataset/?vocab_policy=sdg:4.1", "http://metadata.un.org/sdg/4.1"} <= {
            link.replace("%3A", ":") for link in links
        }  # fmt: skip
        lead = spanish(soup.select_one(".mxopendata-lead").get_text(" "))
        assert lead == "Educación Población 2 archivos: CSV, JSON"
        assert soup.select_one('.mxopendata-lead a[href="#dataset-resources"]')
        assert soup.select_one("#dataset-resources")
        formula = soup.select_one("p.mxopendata-quoted").get_text()
        today = datetime.now(timezone.utc).date().isoformat()
        site = tk.config["ckan.site_url"]
        assert formula == f"“Matrícula escolar de Jalisco”, SEJ; {site}/dataset/todo; {today}."
        assert "{{Secretaría de Educación de Jalisco}}" in soup.select_one("pre.mxopendata-quoted").get_text()
        assert "De dónde se cosechó" not in said

    def test_nothing(self, page, institution):
        helpers.call_action("package_create", name="nada", title="Nada", owner_org=institution["id"])
        soup = page("/dataset/nada")
        said = facts(soup)
        assert set(said) == {
            "Quién lo publica", "Qué tan al día está", "Cuándo", "Qué puede hacer con los datos",
            "Diccionario de datos",
        }  # fmt: skip
        assert said["Qué tan al día está"].startswith("Sin datos: frecuencia Quien publica no dice cada cuándo")
        assert said["Cuándo"] == "Última actualización de los datos: Sin datos"
        assert said["Diccionario de datos"] == "Sin datos"
        assert said["Qué puede hacer con los datos"].startswith("Sin datos")
        assert "Contacto: Sin datos" in said["Quién lo publica"]

    @pytest.mark.parametrize(
        ("ago", "frequency", "wanted"),
        [
            (75, "R/P1M", "Vencido Atrasado 45 días: se actualiza cada mes y la actualización se esperaba el "),
            (31, "R/P1M", "dentro de la tolerancia, hasta el "),
            (4000, "R/P1M", "Atrasado más de 10 años: "),
            (3, "irregular", "Quien publica no promete una fecha"),
            (3, "realtime", "Los datos se actualizan de manera continua."),
            (-5, "R/P1M", "está en el futuro."),
        ],
    )
    def test_freshness_against_the_promise(self, page, institution, ago, frequency, wanted):
        name = f"promesa-{frequency.lower().replace('/', '-')}{ago}"
        helpers.call_action(
            "package_create", name=name, title=name, owner_org=institution["id"], frequency=frequency, modified=day(ago)
        )
        assert wanted in facts(page(f"/dataset/{name}"))["Qué tan al día está"]

    def test_harvested_and_archived_and_perhaps_twice(self, page, institution):
        given = {"title": "Cosechado", "owner_org": institution["id"], "source_identifier": "7"}
        first = helpers.call_action("package_create", name="cosechado-1", **given)
        helpers.call_action(
            "package_create",
            name="cosechado-2",
            source_catalog="Portal vecino",
            source_url="https://vecino.mx/dataset/7",
            harvested_at="2026-11-20T10:00:00",
            possible_duplicate_of=first["id"],
            archived_at="2026-11-21T00:00:00",
            **given,
        )
        soup = page("/dataset/cosechado-2")
        assert facts(soup)["De dónde se cosechó"] == "Portal vecino Ficha tomada el: 20 de noviembre de 2026"
        assert soup.select_one('.mxopendata-glance a[href="https://vecino.mx/dataset/7"]')
        assert "Archivado el 21 de noviembre de 2026" in soup.select_one(".alert-warning").get_text()
        twin = soup.select_one(f'.alert-info a[href$="/dataset/{first["id"]}"]')
        assert twin.get_text() == "Cosechado"

    def test_hostile_text_stays_text(self, page, institution):
        helpers.call_action("organization_patch", id=institution["id"], acronym=HOSTILE[:60])
        helpers.call_action(
            "package_create",
            name="hostil",
            title=HOSTILE,
            owner_org=institution["id"],
            creator=[{"name": HOSTILE}],
            contact=[{"name": HOSTILE}],
            spatial_coverage=[{"text": HOSTILE}],
            policy_alignment=["sdg:4"],
            legal_basis_text=HOSTILE,
            source_identifier=HOSTILE,
            source_catalog=HOSTILE,
            possible_duplicate_of=HOSTILE,
            license_id="notspecified",
            resources=[{"url": "https://x.mx/a.csv", "name": f"Diccionario de datos {HOSTILE}"}],
        )
        try:
            for path in ("/dataset/hostil", "/dataset/?q=hostil", f"/organization/{institution['name']}"):
                soup = page(path)
                assert not [one for one in soup.select("script") if "alert(1)" in one.get_text()], path
                assert soup.select_one("[onerror]") is None, path
                assert soup.select_one('.primary a[href^="javascript"]') is None, path
        finally:
            helpers.call_action("organization_patch", id=institution["id"], acronym="SEJ")

    def test_a_long_description_does_not_hide_the_files(self, page, complete, as_editor):
        as_editor("package_create", **complete("largo", notes="Palabra " * 25_000))
        soup = page("/dataset/largo")
        whole = soup.select_one("details:not([open]) .notes")
        assert len(whole.get_text()) > 190_000
        assert len(whole.find_parent("details").find_previous_sibling("p").get_text()) < 700

    def test_the_institution_is_asked_for_once(self, page, complete, as_editor):
        as_editor("package_create", **complete("rapido"))
        page("/dataset/rapido")
        queries: list[str] = []

        def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            queries.append(statement)

        engine = model.meta.engine
        event.listen(engine, "before_cursor_execute", count)
        try:
            page("/dataset/rapido")
        finally:
            event.remove(engine, "before_cursor_execute", count)
        assert len(queries) < 60

    def test_in_english(self, page):
        said = facts(page("/en/dataset/todo"))
        assert said["How fresh it is"].startswith("Up to date Updated every month; the next update is expected on ")
        assert "You may copy, share, adapt and sell" in said["What you may do with it"]
        assert "State" in said["Who publishes it"]


class TestSearchPage:
    def test_results_tell_who_where_and_how_fresh(self, page):
        item = page("/dataset/?q=name:todo").select_one(".dataset-item")
        assert [spanish(one.get_text(" ")) for one in item.select(".mxopendata-item-facts li")] == [
            "Institución: Secretaría de Educación de Jalisco", "Al día",
            "Lugar: Jalisco; Guadalajara, Jalisco; y 1 más",
        ]  # fmt: skip

    def test_municipalities_below_the_state(self, page):
        def offered(path: str) -> list[str]:
            return [one.get_text() for one in page(path).select(".mxopendata-facet-below .item-label")]

        assert offered("/dataset/") == []
        assert offered("/dataset/?vocab_state=14") == ["Guadalajara"]
        assert offered("/dataset/?vocab_state=19") == []
        assert offered("/dataset/?vocab_municipality=14039") == ["Guadalajara, Jalisco"]

    def test_filters_are_called_by_their_names_also_without_a_result(self, page, institution):
        query = f"vocab_theme=turismo&vocab_state=31&mx_freshness=overdue&organization={institution['name']}&q=zzz"
        for base in ("/dataset/", f"/organization/{institution['name']}"):
            soup = page(f"{base}?{query}")
            pills = [spanish(one.get_text()) for one in soup.select(".filtered.pill")]
            assert {"Turismo", "Yucatán", "Vencido"} <= set(pills)
            if base == "/dataset/":
                assert "Secretaría de Educación de Jalisco" in pills

    def test_no_technical_name_is_read_aloud(self, page):
        soup = page("/dataset/?vocab_theme=educacion")
        for one in soup.select(".mxopendata-facet"):
            for text in (one.get("aria-label"), one.get_text(), *(a.get("aria-label") or "" for a in one.select("a"))):
                assert "vocab_" not in text
                assert "mx_" not in text

    def test_a_dataset_without_a_due_date_is_not_the_most_overdue(self):
        sort = "exists(mx_due_date) desc, mx_due_date asc"
        names = [one["name"] for one in helpers.call_action("package_search", sort=sort, rows=100)["results"]]
        assert names[0] == "promesa-r-p1m4000"
        assert names.index("nada") > names.index("todo")

    def test_a_result_costs_no_query(self, page):
        def queries(path: str) -> int:
            counted: list[str] = []

            def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
                counted.append(statement)

            event.listen(model.meta.engine, "before_cursor_execute", count)
            try:
                page(path)
            finally:
                event.remove(model.meta.engine, "before_cursor_execute", count)
            return len(counted)

        page("/dataset/")
        assert queries("/dataset/") <= queries("/dataset/?q=name:todo") + 1


@pytest.fixture(scope="module")
def government(institution: dict[str, Any]) -> dict[str, Any]:
    made = factories.Organization(
        name="gobierno-jalisco", title="Gobierno de Jalisco", gov_type="state", cvegeo="14", acronym="GEJ",
        sectors=["salud"], legal_instrument="Convenio con la ATDT", legal_instrument_on="2026-01-15",
        portal_url="https://datos.jalisco.gob.mx", landing_page="https://jalisco.gob.mx",
    )  # fmt: skip
    helpers.call_action("organization_patch", id=institution["id"], parent="gobierno-jalisco")
    factories.Organization(name="gdl", title="Guadalajara", gov_type="municipal", cvegeo="14039", acronym="GDL")
    factories.Organization(name="mty", title="Monterrey", gov_type="municipal", cvegeo="19039")
    return made


class TestInstitutionPage:
    def test_what_it_is(self, page, government):
        soup = page("/organization/about/gobierno-jalisco")
        said = {
            spanish(one.dt.get_text()): spanish(one.dd.get_text(" "))
            for one in soup.select("dl.mxopendata-institution > div")
        }
        assert said["Siglas"] == "GEJ"
        assert said["Orden de gobierno"] == "Estatal"
        assert said["Lugar"] == "Jalisco"
        assert said["Sectores"] == "Salud"
        assert said["Instrumento jurídico"] == "Convenio con la ATDT, 15 de enero de 2026"
        assert soup.select_one('a[href="https://datos.jalisco.gob.mx"]')
        assert soup.select_one('dl.mxopendata-institution a[href="/dataset/?vocab_state=14"]')
        assert len(soup.select("h1")) == 1 or not tk.check_ckan_version(min_version="2.12")

    def test_above_and_below(self, page, government, institution):
        relatives = [
            spanish(one.get_text(" "))
            for one in page("/organization/about/gobierno-jalisco").select(".mxopendata-relatives li")
        ]
        count = helpers.call_action("package_search", fq=f"organization:{institution['name']}", rows=0)["count"]
        assert relatives[0].startswith("Secretaría de Educación de Jalisco (SEJ) ·")
        assert str(count) in relatives[0]
        assert relatives[1].startswith("Guadalajara (GDL) · 0")
        assert len(relatives) == 2
        family = page("/organization/about/gdl").select_one('[aria-labelledby="mxopendata-family"]')
        assert family.select_one('a[href="/organization/gobierno-jalisco"]')
        assert page("/organization/about/mty").select_one("#mxopendata-family") is None
        beside = page(f"/organization/{institution['name']}").select_one("#organization-info")
        assert beside.select_one('a[href="/organization/gobierno-jalisco"]')

    def test_who_is_responsible(self, page, government):
        given = {
            "person": "Ana <b>Ríos</b>",
            "email": "ana@x.gob.mx",
            "appointed_on": "2026-01-15",
            "position": "Enlace",
        }
        helpers.call_action("mxopendata_role_create", institution=government["name"], kind="liaison", **given)
        section = page("/organization/about/gobierno-jalisco").select_one('[aria-labelledby="mxopendata-roles"]')
        text = spanish(section.get_text(" "))
        assert "Ana Ríos" in text
        assert "ana@x.gob.mx" in text
        assert section.select_one("b") is None
        assert "Sin persona designada: Administrador de Datos, Grupo de trabajo" in text
        assert section.select_one('a[href="/organization/gobierno-jalisco/responsables"]')

    def test_hostile_text_stays_text(self, page):
        factories.Organization(
            name="hostil", title=HOSTILE, acronym=HOSTILE, legal_instrument=HOSTILE, description=HOSTILE
        )
        for path in ("/organization/about/hostil", "/organization/hostil"):
            soup = page(path)
            assert not [one for one in soup.select("script") if "alert(1)" in one.get_text()], path
            assert soup.select_one("[onerror]") is None, path

    def test_in_english(self, page, government):
        text = page("/en/organization/about/gobierno-jalisco").get_text()
        for wanted in ("Acronym", "Municipalities of the state that publish here", "Responsible people"):
            assert wanted in text, wanted
