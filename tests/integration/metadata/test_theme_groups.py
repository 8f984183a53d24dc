"""Groups in step with themes: saved by people, by clients of the API and by harvests, in batches too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.cli import mxopendata

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

OPTION = "ckanext.mxopendata.theme_groups"
Call = Callable[..., Any]


@pytest.fixture
def switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tk.config, OPTION, True)


@pytest.fixture
def batch(institution: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The context of a harvest: nothing is committed or indexed until somebody says so."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    yield {"user": user, "ignore_auth": True, "defer_commit": True, "return_id_only": True}
    model.Session.rollback()


def _groups(name: str) -> list[str]:
    """As they stand in the database and, to be equal, in the index."""
    asking = {"ignore_auth": True, "use_cache": False}
    shown = [group["name"] for group in tk.get_action("package_show")(asking, {"id": name})["groups"]]
    for group in shown:
        found = helpers.call_action("package_search", fq=f"name:{name} groups:{group}", include_private=True)
        assert found["count"] == 1, f"{group} is not in the search document"
    return shown


def _indexed(name: str) -> list[str]:
    (found,) = helpers.call_action("package_search", fq=f"name:{name}")["results"]
    return [group["name"] for group in found["groups"]]


def _shown_groups(batch: dict[str, Any], name: str) -> list[str]:
    shown = tk.get_action("package_show")({**batch, "use_cache": False}, {"id": name})
    return [group["name"] for group in shown["groups"]]


def _save_in_batch(batch: dict[str, Any], dataset_id: str, **fields: Any) -> None:
    """As a harvest does, which closes the savepoint that CKAN 2.12 leaves open."""
    dataset = tk.get_action("package_show")({**batch, "use_cache": False}, {"id": dataset_id})
    del dataset["metadata_modified"]
    tk.get_action("package_update")({**batch, "changed_entities": {"packages": {dataset_id}}}, {**dataset, **fields})
    nested = model.Session().get_nested_transaction()
    if nested is not None:
        nested.commit()


def test_off_it_does_nothing(as_editor: Call, complete: Call):
    as_editor("package_create", **complete("sin-grupos"))
    assert _groups("sin-grupos") == []


@pytest.mark.usefixtures("switched_on")
class TestSaving:
    def test_an_editor_without_rights_on_the_group(self, as_editor: Call, complete: Call):
        created = as_editor("package_create", **complete("de-editor"))
        assert [group["name"] for group in created["groups"]] == ["educacion"]
        assert _groups("de-editor") == _indexed("de-editor") == ["educacion"]
        group = helpers.call_action("group_show", id="educacion")
        assert (group["title"], group["type"]) == ("Educación", "group")
        assert "«Educación»" in group["description"]

        shown = as_editor("package_show", id="de-editor")
        as_editor("package_update", **{**shown, "theme": ["salud"]})
        assert _groups("de-editor") == _indexed("de-editor") == ["salud"]
        as_editor("package_patch", id="de-editor", theme=["economia", "salud"])
        assert _groups("de-editor") == _indexed("de-editor") == ["economia"]

    def test_a_round_trip_changes_nothing(self, as_editor: Call, complete: Call):
        as_editor("package_create", **complete("de-ida-y-vuelta"))
        before = as_editor("package_show", id="de-ida-y-vuelta")
        as_editor("package_update", **json.loads(json.dumps(before)))
        after = as_editor("package_show", id="de-ida-y-vuelta")
        if tk.check_ckan_version("2.12"):
            assert after["metadata_modified"] == before["metadata_modified"]
        assert after["groups"] == before["groups"]

    def test_what_a_client_says_of_groups_of_themes_counts_for_nothing(self, as_editor: Call, complete: Call):
        factories.Group(name="turismo")
        as_editor("package_create", **complete("con-grupos", groups=[{"name": "turismo"}]))
        assert _groups("con-grupos") == ["educacion"]
        for sent in ([], [{"name": "turismo"}], [{"name": "educacion"}, {"name": "turismo"}]):
            as_editor("package_patch", id="con-grupos", groups=sent)
            assert _groups("con-grupos") == ["educacion"]
            helpers.call_action("package_patch", id="con-grupos", groups=sent)
            assert _groups("con-grupos") == _indexed("con-grupos") == ["educacion"]

    def test_other_groups_are_let_be(self, as_editor: Call, complete: Call):
        factories.Group(name="destacados")
        helpers.call_action("package_create", **complete("con-otro", groups=[{"name": "destacados"}]))
        assert _groups("con-otro") == ["educacion", "destacados"], "the theme comes first"
        as_editor("package_patch", id="con-otro", theme=["salud"])
        assert _groups("con-otro") == _indexed("con-otro") == ["salud", "destacados"]
        helpers.call_action("package_patch", id="con-otro", groups=[])
        assert _groups("con-otro") == ["salud"]
        with pytest.raises(tk.NotAuthorized):
            as_editor("package_patch", id="con-otro", groups=[{"name": "destacados"}])

    def test_without_groups_in_what_is_sent(self, complete: Call):
        helpers.call_action("package_create", **complete("sin-decir"))
        helpers.call_action("package_update", **{**complete("sin-decir", theme=["salud"]), "id": "sin-decir"})
        assert _groups("sin-decir") == ["salud"]

    def test_without_a_theme_in_none(self, complete: Call):
        helpers.call_action("package_create", **complete("sin-tema"))
        shown = helpers.call_action("package_show", id="sin-tema")
        del shown["theme"]
        helpers.call_action("package_update", **shown)
        assert _groups("sin-tema") == _indexed("sin-tema") == []

    @pytest.mark.parametrize("written", ['["salud"]', "Salud", "salud", ["Salud", "Educación"]])
    def test_however_the_theme_is_written(self, complete: Call, written: Any):
        name = "escrito-" + str(abs(hash(str(written))))
        helpers.call_action("package_create", **complete(name))
        helpers.call_action("package_patch", id=name, theme=written)
        assert _groups(name) == ["salud"]

    def test_in_a_batch(self, complete: Call, batch: dict[str, Any]):
        dataset_id = tk.get_action("package_create")(dict(batch), complete("en-lote", theme=["deporte"]))
        model.repo.commit()
        assert _shown_groups(batch, dataset_id) == ["deporte"]
        _save_in_batch(batch, dataset_id, theme=["movilidad"])
        model.Session.rollback()
        assert _shown_groups(batch, dataset_id) == ["deporte"]
        assert model.Group.get("movilidad") is None, "nothing was committed in between"
        _save_in_batch(batch, dataset_id, theme=["movilidad"])
        model.repo.commit()
        assert _shown_groups(batch, dataset_id) == ["movilidad"]

    def test_an_institution_of_that_name(self, complete: Call):
        factories.Organization(name="trabajo", title="Secretaría del Trabajo", gov_type="federal")
        helpers.call_action("package_create", **complete("de-trabajo", theme=["trabajo"]))
        assert _groups("de-trabajo") == []


class TestCommand:
    def test_off_it_says_so(self, cli: Any):
        result = cli.invoke(mxopendata, ["theme-groups"])
        assert result.exit_code == 2
        assert OPTION in result.stderr

    def test_brings_old_datasets_in_step(self, cli: Any, complete: Call, monkeypatch: pytest.MonkeyPatch):
        helpers.call_action("package_create", **complete("de-antes", theme=["cultura"]))
        factories.Group(name="energia")
        helpers.call_action("package_create", **complete("mal-puesto", theme=["cultura"], groups=[{"name": "energia"}]))
        before = helpers.call_action("package_show", id="de-antes")["metadata_modified"]
        monkeypatch.setitem(tk.config, OPTION, True)

        dry = json.loads(cli.invoke(mxopendata, ["theme-groups", "--dry-run", "--json"]).stdout)
        assert "cultura" in dry["groups"]
        assert _groups("de-antes") == []
        result = cli.invoke(mxopendata, ["theme-groups", "--json"])
        report = json.loads(result.stdout)
        assert {key: report[key] for key in ("datasets", "changed", "groups")} == {
            key: dry[key] for key in ("datasets", "changed", "groups")
        }
        assert _groups("de-antes") == _groups("mal-puesto") == _indexed("de-antes") == ["cultura"]
        assert helpers.call_action("package_show", id="de-antes")["metadata_modified"] == before
        again = json.loads(cli.invoke(mxopendata, ["theme-groups", "--json"]).stdout)
        assert (again["changed"], again["groups"]) == (0, [])
