"""What people and machines write into a form or send to the API by mistake or on purpose, field by field.

Each is refused with a sentence at the field, or stored clean; nothing ends in an error of the server. A hazard stands
in every field at once, so that one request asks each of them; what was not refused is then stored, found and shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.validation import is_valid, validate_dataset

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


def schema(name: str) -> dict[str, Any]:
    return yaml.safe_load((files("ckanext.mxopendata.schemas") / name).read_text(encoding="utf-8"))


SCHEMA = schema("mx_dataset.yaml")
ORGANIZATION = [field["field_name"] for field in schema("mx_organization.yaml")["fields"]]
# Who owns it is no text; a harvested dataset is nobody's to type, and is asked by itself below.
NOT_TYPED = frozenset(("owner_org", "source_identifier"))
# What CKAN's own validators decide, and a Table Schema, which no reader takes.
BEYOND_VALIDATION = frozenset(("name", "tag_string", "schema"))
HAZARDS = {
    "html": "Datos <b>abiertos</b> <img src=x onerror=alert(1)>",
    "script": "Datos <script>alert(1)</script> abiertos",
    "hidden script": "Datos &lt;script&gt;alert(1)&lt;/script&gt; abiertos",
    "nul": "Datos\x00 abiertos",
    "surrogate": "Datos \ud800 abiertos",
    "emoji": "Datos 🏥👩🏽‍⚕️ abiertos",
    "right to left": "بيانات مفتوحة \u202eabiertos",
    "javascript": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "blanks": " \t\r\n ",
    "formula": '=HYPERLINK("http://x.mx";"Datos")',
    "template": "{{ 7 * 7 }} %(a)s {0}",
    "address with blanks": "https://x.mx/datos abiertos ñ.csv",
    "too long": "Datos abiertos " * 20_000,
}
HARMFUL_ON_A_PAGE = re.compile(
    r"(?:href|src)=.(?:javascript:(?!void\(0\))|data:[^i])|<script>alert|<img[^>]*onerror", re.IGNORECASE
)
HARMFUL = re.compile("<script|onerror=|[\x00\ud800]", re.IGNORECASE)
Place = tuple[str, str, str]


def fields() -> Iterator[Place]:
    """Level, field and subfield of whatever takes a text."""
    for level, part in (("dataset", "dataset_fields"), ("resource", "resource_fields")):
        for field in SCHEMA[part]:
            for inner in field.get("repeating_subfields", [{"field_name": ""}]):
                if field["field_name"] not in NOT_TYPED:
                    yield level, field["field_name"], inner["field_name"]


def put(dataset: dict[str, Any], places: Iterable[Place], text: str) -> dict[str, Any]:
    """The dataset with a text at each of the places."""
    filled = {**dataset, "resources": [{"name": "Datos", "url": "https://x.mx/a.csv"}]}
    for level, field, inner in places:
        values = filled if level == "dataset" else filled["resources"][0]
        values[field] = [{**(values.get(field) or [{}])[0], inner: text}] if inner else text
    return filled


def flat(values: dict[str, Any]) -> dict[str, Any]:
    """As a form sends it: ``contact-0-email``."""
    sent: dict[str, Any] = {}
    for name, value in values.items():
        for index, group in enumerate(value if isinstance(value, list) else ()):
            if isinstance(group, dict):
                sent.update({f"{name}-{index}-{inner}": text for inner, text in group.items()})
        if not (isinstance(value, list) and value and isinstance(value[0], dict)):
            sent[name] = value
    return sent


def texts(value: Any) -> Iterator[str]:
    """Every text in what is stored."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(item)


def harmful(stored: Any) -> list[str]:
    """Texts that would do harm where they are shown or sent on."""
    return [text[:80] for text in texts(stored) if HARMFUL.search(text)]


def refused(errors: dict[str, Any], places: Iterable[Place]) -> set[Place]:
    """The places at which something is said; the names of all errors must be among them."""
    resource = next(iter(errors.get("resources") or [{}]), {})
    told: set[Place] = set()
    for level, field, inner in places:
        said = (errors if level == "dataset" else resource).get(field) or []
        inside = [group for group in said if isinstance(group, dict)]
        if said and (not inner or not inside or any(group.get(inner) for group in inside)):
            assert all(text.strip() for text in texts(said)), (field, said)
            told.add((level, field, inner))
    names = {field for _, field, _ in told} | {"resources", "tags", "__type"}
    assert set(errors) <= names, errors
    return told


class Client:
    """A person with a browser and a token; whatever they send, the server answers."""

    def __init__(self, app: Any, user: dict[str, Any]) -> None:
        self.app = app
        self.headers = {"Authorization": factories.APIToken(user=user["name"])["token"]}

    def act(self, action: str, **data: Any) -> tuple[int, Any]:
        answer = self.app.post(f"/api/3/action/{action}", json=data, headers=self.headers)
        assert answer.status_code in (200, 409), (action, answer.status_code, str(data)[:200])
        return answer.status_code, answer.json["result" if answer.status_code == 200 else "error"]

    def post(self, address: str, **data: Any) -> Any:
        pairs = [
            (name, item)
            for name, value in flat(data).items()
            for item in (value if isinstance(value, list) else [value])
        ]
        body = "&".join(f"{quote(name)}={quote(str(item), errors='surrogatepass')}" for name, item in pairs)
        answer = self.app.post(
            address, data=body, headers=self.headers, content_type="application/x-www-form-urlencoded"
        )
        # 413: the longest of all; CKAN itself takes forms of half a megabyte
        assert answer.status_code in (200, 409, 413), (address, answer.status_code)
        assert HARMFUL_ON_A_PAGE.search(answer.body) is None, address
        return answer


@pytest.fixture
def client(app: Any, editor: dict[str, Any]) -> Client:
    return Client(app, editor)


@pytest.fixture
def administrator(app: Any) -> Client:
    return Client(app, factories.Sysadmin())


def slug(hazard: str) -> str:
    return re.sub("[^a-z]", "-", hazard)


def test_every_field_by_the_api(complete, client, app):
    """Refused at the field it stands in, or saved clean, found and shown; validation knows which beforehand."""
    places = list(fields())
    for hazard, text in HAZARDS.items():
        status, answer = client.act("package_create", **put(complete(f"api-{slug(hazard)}"), places, text))
        assert status == 409, hazard  # dates, at least
        told = refused(answer, places)
        kept = put(complete(f"api-{slug(hazard)}"), [place for place in places if place not in told], text)
        kept["name"] = f"api-{slug(hazard)}"
        status, stored = client.act("package_create", **kept)
        assert status == 200, (hazard, stored)
        assert not harmful(stored), hazard
        assert not harmful(helpers.call_action("package_show", id=stored["id"])), hazard
        assert helpers.call_action("package_search", fq=f'name:"{stored["name"]}"')["count"] == 1, hazard
        for address in (
            f"/dataset/{stored['name']}",
            f"/dataset/{stored['id']}/resource/{stored['resources'][0]['id']}",
        ):
            assert HARMFUL_ON_A_PAGE.search(app.get(address, status=200).body) is None, (hazard, address)
        helpers.call_action("dataset_purge", id=stored["id"])  # its identifier is another hazard's, once cleaned
        for place in places:
            if place[1] not in BEYOND_VALIDATION and hazard != "blanks":
                given = put(complete("uno", identifier="uno", language=["es"]), [place], text)
                assert is_valid(validate_dataset(given)) == (place not in told), (hazard, place)


def test_every_field_of_the_form(complete, client, institution):
    """The same through the pages that people fill in: a new dataset, its resource, and both again to be edited."""
    places = list(fields())
    of_dataset = [place for place in places if place[0] == "dataset"]
    for hazard, written in HAZARDS.items():
        text = written[:4_000]  # all fields together are less than CKAN takes of a form
        whole = put(complete(f"forma-{slug(hazard)}"), of_dataset, text)
        del whole["resources"]
        page = client.post("/dataset/new", save="", **whole)
        assert "error-explanation" in page.body or "alert" in page.body, hazard
        client.post("/dataset/new", save="", _ckan_phase="1", **whole)

        good = complete(f"forma-{slug(hazard)}", resources=[{"name": "a", "url": "https://x.mx/a.csv"}])
        stored = client.act("package_create", **good)[1]
        everything = put({}, places, text)["resources"][0]
        client.post(f"/dataset/{stored['id']}/resource/new", save="go-dataset", id="", **everything)
        resource_id = stored["resources"][0]["id"]
        client.post(f"/dataset/{stored['id']}/resource/{resource_id}/edit", save="", id=resource_id, **everything)
        client.post(f"/dataset/edit/{stored['id']}", save="", **whole)
        assert not harmful(helpers.call_action("package_show", id=stored["id"])), hazard


def test_every_field_of_an_institution(administrator, app):
    for hazard, text in HAZARDS.items():
        name = f"inst-{slug(hazard)}"
        whole = dict.fromkeys(ORGANIZATION, text)
        status, answer = administrator.act("organization_create", **whole)
        assert status == 409, hazard
        assert set(answer) <= {*ORGANIZATION, "__type"}, (hazard, answer)
        kept = {field: value for field, value in whole.items() if field not in answer}
        status, stored = administrator.act("organization_create", **{"title": "Institución", **kept, "name": name})
        assert status == 200, (hazard, stored)
        assert not harmful({field: stored.get(field) for field in ORGANIZATION}), hazard
        assert HARMFUL_ON_A_PAGE.search(app.get(f"/organization/about/{name}", status=200).body) is None, hazard
        administrator.post("/organization/new", save="save", **whole)
        administrator.post(f"/organization/edit/{name}", save="save", **{**whole, "name": name})
        shown = helpers.call_action("organization_show", id=stored["id"])
        assert not harmful({field: shown.get(field) for field in ORGANIZATION}), hazard


def test_what_a_harvest_writes(complete, as_editor):
    """The identifier of a source, alone: with it nothing that the Guía asks for is refused."""
    for hazard, text in HAZARDS.items():
        stored = as_editor("package_create", **complete(f"fuente-{slug(hazard)}", source_identifier=text))
        assert not harmful(stored), hazard


def cures(code: str) -> set[str]:
    return {Finding(code).to_dict(language)["cure"] for language in ("es", "en")}


GUADALAJARA = {"cvegeo": "14039"}
REFUSED: list[tuple[str, Any, str]] = [
    ("spatial_coverage", [{"cvegeo": "14999"}], "cvegeo_unknown"),
    ("spatial_coverage", [{"cvegeo": "33"}], "cvegeo_unknown"),
    ("spatial_coverage", [{"cvegeo": "Guadalajara, Nuevo León"}], "place_contradicted"),
    ("spatial_coverage", [{"cvegeo": "Jalisco, Nuevo León"}], "place_contradicted"),
    ("spatial_coverage", [{"cvegeo": "Juárez"}], "place_ambiguous"),
    ("spatial_coverage", [{**GUADALAJARA, "text": "Monterrey, Nuevo León"}], "place_text_contradicts_key"),
    ("spatial_coverage", [{**GUADALAJARA, "text": "Sonora"}], "place_text_contradicts_key"),
    ("spatial_coverage", [{**GUADALAJARA, "bbox": "-103, 21, -104, 20"}], "bbox_impossible"),
    ("temporal_coverage", [{"start": "2020-05", "end": "2019"}], "interval_reversed"),
    ("modified", "2199-01-01", "date_in_future"),
    ("issued", "2199", "date_in_future"),
    ("modified", "9999-12-31", "date_impossible"),
    ("promised_on", "9999-12-31", "date_impossible"),
    ("modified", "2026-02-30", "date_impossible"),
    ("modified", "R/P1D", "date_is_interval"),
    ("url", "https://servidor con espacios/x", "url_invalid"),
    ("url", "javascript:alert(1)", "url_scheme"),
    ("tag_string", ",".join(f"palabra {number}" for number in range(10_000)), "keywords_too_many"),
    ("tags", [{"name": f"palabra {number}"} for number in range(10_000)], "keywords_too_many"),
    ("resources", [{"name": "a", "url": "https://x.mx/a", "temporal_coverage": "2020/2019"}], "interval_reversed"),
    ("resources", [{"name": "a", "url": "https://x.mx/a", "modified": "2199-01-01"}], "date_in_future"),
    ("resources", [{"name": "a", "url": "javascript:alert(1)"}], "url_scheme"),
    ("resources", [{"name": "a", "url": "file:///etc/passwd"}], "url_scheme"),
]


def test_what_is_no_value_of_its_field(complete, client):
    for number, (field, value, code) in enumerate(REFUSED):
        dataset = complete(f"mal-{number}", **{field: value})
        status, errors = client.act("package_create", **dataset)
        assert status == 409, (field, value)
        named = errors.get("tag_string" if field == "tags" else field)
        assert any(cure in text for text in texts(named) for cure in cures(code)), (field, value, errors)
        validated = client.act("mxopendata_dataset_validate", dataset=dataset)[1]
        assert not validated["valid"], (field, value)
        if field != "tag_string":
            assert code in {finding["code"] for finding in validated["findings"]}, (field, value)


def test_what_is_cleaned(complete, client):
    dataset = complete(
        "limpio",
        url="https://x.mx/datos abiertos.html",
        spatial_coverage=[{"cvegeo": "Guadalajara, Jalisco", "text": "Zona  metropolitana\n<b>norte</b>"}],
        tags=[{"name": f"palabra {number}"} for number in range(200)],
        resources=[{"name": "a", "url": "https://x.mx/año 2026.csv"}],
    )
    assert client.act("mxopendata_dataset_validate", dataset=dataset)[1]["valid"]
    status, stored = client.act("package_create", **dataset)
    assert status == 200, stored
    assert stored["url"] == "https://x.mx/datos%20abiertos.html"
    assert stored["resources"][0]["url"] == "https://x.mx/a%C3%B1o%202026.csv"
    assert stored["spatial_coverage"] == [{"cvegeo": "14039", "text": "Zona metropolitana norte"}]


def test_a_place_outside_of_the_publishers_state_is_advice(complete, client):
    dataset = complete("ajeno-al-estado", spatial_coverage=[{"cvegeo": "19039"}])
    assert client.act("package_create", **dataset)[0] == 200
    for asked in ({"dataset": dataset}, {"id": "ajeno-al-estado"}):
        answer = client.act("mxopendata_dataset_validate", **asked)[1]
        found = next(item for item in answer["findings"] if item["code"] == "place_outside_institution")
        assert (answer["valid"], found["severity"]) == (True, "advice")
        assert "Monterrey" in found["message"]
        assert "Jalisco" in found["message"]


def test_a_day_to_come_is_reported_where_it_is_not_refused(complete, client):
    """A harvest and an old dataset keep theirs; whoever edits the dataset may leave it, but not write another."""
    model.Session.rollback()
    stored = helpers.call_action("package_create", **complete("futuro", modified="2199-01-01"))
    codes = {item["code"] for item in client.act("mxopendata_dataset_validate", id="futuro")[1]["findings"]}
    assert "date_in_future" in codes
    assert client.act("package_patch", id=stored["id"], notes="Otra")[0] == 200
    assert client.act("package_patch", id=stored["id"], modified="2199-01-02")[0] == 409


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": "Gobierno", "cvegeo": "14999"}, "cvegeo_unknown"),
        ({"title": "Gobierno", "cvegeo": "Guadalajara, Nuevo León"}, "place_contradicted"),
        ({"title": "Ayuntamiento de Guadalajara", "cvegeo": "19039"}, "institution_elsewhere"),
        ({"title": "Gobierno de Jalisco", "cvegeo": "19"}, "institution_elsewhere"),
        ({"title": "Gobierno", "cvegeo": "14", "gov_type": "municipal"}, "municipality_without_key"),
        ({"title": "Gobierno", "cvegeo": "19039", "parent": "PARENT"}, "institution_elsewhere"),
        ({"title": "Gobierno", "legal_instrument_on": "2026-02-30"}, "date_impossible"),
        ({"title": "Gobierno", "landing_page": "javascript:alert(1)"}, "url_scheme"),
    ],
)
def test_an_institution_that_contradicts_itself(administrator, institution, values, code):
    if values.get("parent"):
        values = {**values, "parent": institution["name"]}
    status, errors = administrator.act("organization_create", name="contradicha", **values)
    assert status == 409
    assert any(cure in text for text in texts(errors) for cure in cures(code)), errors
