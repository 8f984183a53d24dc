"""A municipality without a portal: its table is its catalogue, and uploading another behaves as a harvest."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest import runner
from ckanext.mxopendata.harvest.model import Upload
from ckanext.mxopendata.table_import import import_catalogue

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

HEADINGS = "ds:identifier,ds:title,ds:description,rs:title,rs:downloadURL\n"


@pytest.fixture
def town() -> dict[str, Any]:
    return factories.Organization(gov_type="municipal", cvegeo="14039")


@pytest.fixture
def upload(town: dict[str, Any]) -> Callable[[str], dict[str, Any]]:
    """Uploads a table as the town's catalogue; gives the run."""

    def send(text: str) -> dict[str, Any]:
        file = FileStorage(io.BytesIO(text.encode()), "catalogo.csv")
        done = tk.get_action("mxopendata_harvest_upload")(
            {"ignore_auth": True, "user": ""}, {"institution": town["name"], "upload": file}
        )
        return done["run"]

    return send


def rows(town: dict[str, Any], *numbers: int, words: str = "Texto") -> str:
    name = town["name"]
    lines = [f"{name}-{n},Conjunto {n} de {name},{words},Tabla,https://{name}.gob.mx/{n}.csv\n" for n in numbers]
    return HEADINGS + "".join(lines)


def there(town: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = helpers.call_action("package_search", fq=f"owner_org:{town['id']}", rows=50)["results"]
    return {dataset["identifier"].removeprefix(f"{town['name']}-"): dataset for dataset in found}


def source_of(town: dict[str, Any]) -> Any:
    return model.Session.query(Upload).filter(Upload.organization_id == town["id"]).one()


def test_uploads_behave_as_harvests(town: dict[str, Any], upload: Any) -> None:
    first = upload(rows(town, *range(10)))
    assert (first["status"], first["read"], first["created"]) == ("finished", 10, 10), first["findings"]
    before = there(town)
    assert before["3"]["source_url"].endswith(f"/organization/{town['name']}/tabla")

    again = upload(rows(town, *range(10)))
    assert (again["read"], again["unchanged"], again["updated"]) == (10, 10, 0)

    changed = rows(town, 0, words="Otro texto") + rows(town, *range(1, 9)).removeprefix(HEADINGS)
    third = upload(changed)
    assert (third["updated"], third["unchanged"], third["in_grace"], third["archived"]) == (1, 8, 1, 0)
    assert there(town)["0"]["id"] == before["0"]["id"]
    assert there(town)["0"]["notes"] == "Otro texto"
    assert "9" in there(town), "nothing goes on the word of one table"
    assert model.Session.query(Upload).filter(Upload.organization_id == town["id"]).count() == 1


def test_what_is_missing_goes_after_its_grace_without_another_upload(town: dict[str, Any], upload: Any) -> None:
    upload(rows(town, *range(10)))
    upload(rows(town, *range(9)))
    later = datetime.now(timezone.utc) + timedelta(days=8)
    runner.harvest(source_of(town).source_id, later)
    assert set(there(town)) == {str(number) for number in range(9)}


@pytest.mark.parametrize("kept", [(), (0, 1, 2)], ids=["empty", "shrunken"])
def test_the_guards_hold_an_empty_or_shrunken_table(town: dict[str, Any], upload: Any, kept: tuple[int, ...]) -> None:
    upload(rows(town, *range(10)))
    run = upload(rows(town, *kept))
    assert (run["status"], run["archived"]) == ("held", 0)
    assert len(there(town)) == 10


def test_datasets_of_earlier_tables_are_taken_over(town: dict[str, Any], upload: Any) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    import_catalogue(rows(town, 1, 2).encode(), town, user)
    helpers.call_action("package_patch", id=there(town)["1"]["id"], theme=["salud"], license_id="cc-by-4.0")
    by_hand = factories.Dataset(owner_org=town["id"], identifier=f"{town['name']}-a-mano")
    before = there(town)
    run = upload(rows(town, 1, 2, 3, words="De la tabla"))
    assert (run["matched"], run["created"], run["in_grace"]) == (2, 1, 0)
    assert "table_datasets_adopted" in [finding["code"] for finding in run["findings"]]
    after = there(town)
    assert {key: after[key]["id"] for key in before} == {key: before[key]["id"] for key in before}
    assert (after["1"]["theme"], after["1"]["license_id"]) == (["salud"], "cc-by-4.0"), "the template cannot say them"
    assert after["1"]["notes"] == "De la tabla"
    assert after["a-mano"]["id"] == by_hand["id"]


def test_what_is_no_catalogue_leaves_the_one_of_before(town: dict[str, Any], upload: Any) -> None:
    upload(rows(town, 1))
    digest = source_of(town).digest
    inventory = "Nombre del conjunto,Nombre del recurso,¿De qué es?,¿Tiene datos privados?\nA,B,C,sí\n"
    others = (("a,b\n1,2\n", "encabezados"), ("%PDF-1.4", "PDF"), ("<html>", "HTML"), ("", "vacío"))
    for text, word in ((inventory, "inventario"), *others):
        with pytest.raises(tk.ValidationError) as caught:
            upload(text)
        assert word in str(caught.value)
    assert source_of(town).digest == digest


def test_the_address_of_the_source_is_never_asked(
    town: dict[str, Any], upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("an address was asked")

    monkeypatch.setattr("ckanext.mxopendata.http.HttpClient._follow", refuse)
    assert upload(rows(town, 1))["created"] == 1


def test_a_source_that_was_deleted_knows_its_datasets(town: dict[str, Any], upload: Any) -> None:
    upload(rows(town, 1))
    helpers.call_action("harvest_source_delete", id=source_of(town).source_id)
    again = upload(rows(town, 1, 2))
    assert (again["unchanged"], again["created"]) == (1, 1)
    shown = helpers.call_action("mxopendata_harvest_upload_show", institution=town["name"])
    assert [dataset["identifier"] for dataset in shown["datasets"]] == [f"{town['name']}-1", f"{town['name']}-2"]
