"""A full dataset goes from the forms through API, search, export and our own harvest without a changed field.

Every row of the crosswalk is walked; the sample is made out of the schema (:mod:`form_sample`), so that a field of
tomorrow walks, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

import ckan.plugins.toolkit as tk
from ckan.lib.search.common import make_connection
from ckan.tests import factories, helpers

import form_sample
from ckanext.mxopendata.dcat.cli import export
from ckanext.mxopendata.dcat.graph import read_graph
from ckanext.mxopendata.dcat.parser import parse_datasets
from ckanext.mxopendata.metadata.crosswalk import crosswalk, owned_by
from integration.commands import runner
from integration.comparison import differences, without_order

from .conftest import records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

# The last of the files is uploaded, the others are addresses.
UPLOADED, CONTENT = "padron.xml", b"<padron/>"
RDF = ("ttl", "rdf", "jsonld", "nt")
# Controls of CKAN's own forms that are no fields of the model.
CKANS_OWN = frozenset((
    "save", "_ckan_phase", "pkg_name", "private", "owner_org", "id", "upload", "clear_upload", "url_type", "package_id",
    "last_modified", "_csrf_token",
))  # fmt: skip


def _controls(page: Any) -> set[str]:
    """Names of what can be filled in, without the boxes that are only there for scripts or for want of them."""
    form = BeautifulSoup(page.body, "html.parser").select_one("form#dataset-edit, form#resource-edit")
    for template in form.select("template, noscript"):
        template.decompose()
    return {control["name"] for control in form.select("input[name], select[name], textarea[name]")}


def _asked(level: str) -> set[str]:
    """The controls that the sample fills in and a new form shows: the first box of each."""
    described = form_sample.described(level)
    return {
        f"{name}-0-{subfield}" if subfield else name
        for name, subfield, box, _ in form_sample.samples(level)
        if box == 0 and described[name].get("preset") != "mx_internal"
    }


@pytest.fixture(scope="module")
def app(clean_site: None) -> Any:
    """One application for all requests: CKAN's own fixture makes one for each test."""
    return helpers._get_test_app()


@pytest.fixture(scope="module")
def institution(clean_site: None) -> dict[str, Any]:
    return factories.Organization(title="Secretaría de Educación", gov_type="federal")


@pytest.fixture(scope="module")
def editor(institution: dict[str, Any]) -> dict[str, str]:
    """The request headers of somebody who may edit the institution's datasets."""
    user = factories.User()
    helpers.call_action("organization_member_create", id=institution["id"], username=user["name"], role="editor")
    return {"Authorization": factories.APIToken(user=user["name"])["token"]}


def _send(app: Any, headers: dict[str, str], address: str, **form: Any) -> str:
    """Send a form; gives the path it leads to."""
    answer = app.post(address, data=form, headers=headers, follow_redirects=False)
    if answer.status_code != 302:
        said = BeautifulSoup(answer.body, "html.parser").select(".error-explanation, .error-block")
        raise AssertionError([block.get_text(" ", strip=True) for block in said])
    return urlsplit(answer.headers["Location"]).path


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where the site keeps uploaded files and exports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tk.config, "ckan.storage_path", str(tmp_path_factory.mktemp("almacen")))
        yield


@pytest.fixture(scope="module")
def stored(app: Any, institution: dict[str, Any], editor: dict[str, str], storage: None) -> dict[str, Any]:
    """The dataset that an editor published through the two forms, as anybody's API call shows it."""
    whole = {**form_sample.typed("dataset"), "owner_org": institution["id"], "private": "False"}
    assert _controls(app.get("/dataset/new", headers=editor)) - CKANS_OWN == _asked("dataset")
    page = _send(app, editor, "/dataset/new", _ckan_phase="dataset_new_1", save="", **whole)
    assert _controls(app.get(page, headers=editor)) - CKANS_OWN == _asked("resource")
    for number in range(len(form_sample.FILE_TYPES)):
        last = number == len(form_sample.FILE_TYPES) - 1
        file: dict[str, Any] = form_sample.typed("resource", number)
        if last:
            file["upload"] = (BytesIO(CONTENT), UPLOADED)
            file.update(url=UPLOADED, url_type="upload")
        page = _send(app, editor, page, id="", save="go-metadata" if last else "again", **file)
    shown = app.get(f"/api/3/action/package_show?id={page.rpartition('/')[2]}").json["result"]
    assert shown["state"] == "active"
    return shown


@pytest.fixture(scope="module")
def exported(stored: dict[str, Any], institution: dict[str, Any], storage: None) -> dict[str, Path]:
    """The files of a real export of the institution's catalogue: format → file."""
    formats = (*RDF, "datajson")
    arguments = [word for name in formats for word in ("--format", name)]
    arguments += ["--institution", institution["name"], "--json"]
    result = runner().invoke(export, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    documents = json.loads(result.stdout)
    assert [document["dropped"] for document in documents] == [[]] * len(formats)
    assert [document["filled"] for document in documents] == [[]] * len(formats)
    return {document["format"]: Path(document["file"]) for document in documents}


def test_the_api_shows_what_was_typed(stored):
    wanted = form_sample.expected("dataset")
    tags = wanted.pop("tag_string")
    assert {name: stored.get(name) for name in wanted} == wanted
    assert sorted(tag["name"] for tag in stored["tags"]) == tags
    assert stored["gov_type"] == "federal"
    for number, resource in enumerate(stored["resources"]):
        wanted = form_sample.expected("resource", number)
        if resource["url_type"] == "upload":
            assert resource["url"].endswith(f"/resource/{resource['id']}/download/{UPLOADED}")
            del wanted["url"]
            wanted["size"] = len(CONTENT)  # CKAN weighs it itself
        assert {name: resource.get(name) for name in wanted} == wanted
    assert len(stored["resources"]) == len(form_sample.FILE_TYPES)
    filled = {name for name, *_ in form_sample.samples("dataset")} | form_sample.of_the_site("dataset")
    assert filled == set(form_sample.described("dataset"))


def test_the_search_gives_what_is_stored(app, stored):
    (found,) = app.get(f"/api/3/action/package_search?fq=id:{stored['id']}").json["result"]["results"]
    assert differences(stored, found, local=True) == {}


def _in_solr(dataset_id: str, columns: set[str]) -> dict[str, list[str]]:
    """What the index holds of a dataset: column → values, of fields that are kept as text and of those that are not."""
    asked = {"q": f'id:"{dataset_id}"', "fq": f'+site_id:"{tk.config["ckan.site_id"]}"', "fl": "*"}
    facets = {"facet": "true", "facet.mincount": 1, "facet.limit": -1, "facet.field": sorted(columns)}
    answer = make_connection(decode_dates=False).search(**asked, **facets)
    (document,) = answer.docs
    terms = {name: pairs[::2] for name, pairs in answer.facets["facet_fields"].items()}
    held = {name: document.get(name, terms.get(name, [])) for name in {*columns, *document}}
    return {name: value if isinstance(value, list) else [value] for name, value in held.items()}


def _searched_as(column: str, values: list[Any]) -> list[str]:
    """What a column holds of the values of its field: places and targets count for what is above them, too."""
    above = {"vocab_state": lambda text: [text[:2]], "vocab_policy": lambda text: [text, text.split(".")[0]]}
    return sorted({word for value in values for word in above.get(column, lambda text: [text])(str(value))})


def test_the_index_holds_each_row_under_its_column_and_nothing_else(stored):
    searched = [row for row in crosswalk() if row.level != "organization"]
    columns = {column for row in searched for column in row.ways("solr")}
    bare = {row.field for row in searched if row.level == "dataset" and not row.ways("solr")} - columns
    held = _in_solr(stored["id"], columns | bare)
    elsewhere = {"owner_org": [stored["organization"]["name"]], "tag_string": [tag["name"] for tag in stored["tags"]]}
    for row in searched:
        owners = [stored] if row.level == "dataset" else stored["resources"]
        values = [owner.get(row.field) for owner in owners]
        if row.subfield:
            values = [box.get(row.subfield) for value in values for box in value or ()]
        if row.field in elsewhere:
            values = elsewhere[row.field]
        flat = [item for value in values if value for item in (value if isinstance(value, list) else [value])]
        for column in row.ways("solr"):
            assert sorted(set(held[column])) == _searched_as(column, flat), (row.field, row.subfield, column)
    assert {name: held[name] for name in bare if held.get(name)} == {}
    assert not [name for name in held if name.startswith(("extras_", "res_extras_"))]


def test_institutions_are_not_in_the_index():
    assert make_connection().search("entity_type:organization OR entity_type:group").hits == 0
    assert [row.field for row in crosswalk() if row.level == "organization" and row.solr] == []


@pytest.mark.parametrize("form", RDF)
def test_our_rdf_read_and_stored_again_no_field_changes(form, stored, exported):
    (parsed,) = parse_datasets(read_graph(exported[form].read_bytes(), form))
    assert parsed.findings == []
    assert differences(stored, parsed.dataset, without_order, local=True) == {}
    fields = {name: value for name, value in parsed.dataset.items() if name not in owned_by("dataset", "local")}
    other = factories.Organization()
    again = helpers.call_action(
        "package_create", name=f"vuelta-{form}", owner_org=other["id"], source_identifier="1", **fields
    )
    assert differences(stored, helpers.call_action("package_show", id=again["id"]), without_order) == {}


def _harvested(harvest: Any, source: dict[str, Any]) -> dict[str, Any]:
    run = harvest(source)
    assert (run["created"], run["rejected"]) == (1, 0)
    (line,) = records_of(run["run"])
    assert line.findings == []  # nothing that we write ourselves is read with doubt
    harvested = helpers.call_action("package_show", id=line.dataset_id)
    # Else the same dataset through another source would be a duplicate of this one.
    helpers.call_action("harvest_source_clear", id=source["id"])
    return harvested


def test_harvested_as_ckan_no_field_changes(app, stored, portal, make_source, harvest):
    answer = app.get(f"/api/3/action/package_search?fq=id:{stored['id']}").data
    portal.serve("/api/3/action/package_search", answer)
    harvested = _harvested(harvest, make_source("/", source_type="mx_ckan"))
    assert harvested["id"] != stored["id"]
    assert differences(stored, harvested) == {}


def test_harvested_as_data_json_no_field_changes(stored, exported, portal, make_source, harvest):
    portal.serve("/data.json", exported["datajson"].read_bytes())
    assert differences(stored, _harvested(harvest, make_source("/data.json"))) == {}
