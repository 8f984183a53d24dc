"""A portal that has a schema of datasets of its own: nothing falls over, and the two can be made one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib import search
from ckan.tests import factories, helpers

from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.doctor.schemas import dataset_schema
from ckanext.mxopendata.schema_files import DATASET_SCHEMA

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

OTHER = Path(__file__).with_name("other_schema.yaml").as_uri()


@contextmanager
def schemas(*addresses: str) -> Iterator[None]:
    """The site with these schemas of datasets, as after a restart."""

    def restart() -> None:
        for name in ("scheming_datasets", "mxopendata"):
            plugin: Any = p.get_plugin(name)
            if name == "scheming_datasets":
                plugin.update_config(tk.config)
            plugin.configure(tk.config)

    with helpers.changed_config("scheming.dataset_schemas", " ".join(addresses)):
        restart()
        yield
    restart()


@pytest.fixture
def make(institution: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    def make(name: str, **fields: Any) -> dict[str, Any]:
        given = {"name": name, "title": name, "notes": "n", "owner_org": institution["id"], **fields}
        return helpers.call_action("package_create", **given)

    return make


@pytest.mark.parametrize("addresses", [(OTHER,), (DATASET_SCHEMA, OTHER), ("ckanext.dcat.schemas:dcat_ap_full.yaml",)])
def test_every_page_works_with_another_schema(app, cli, make, editor, institution, tmp_path, addresses):
    headers = {"Authorization": factories.APIToken(user=editor["name"])["token"]}
    with helpers.changed_config("scheming.presets", PRESETS), schemas(*addresses):
        name = f"ajeno-{abs(hash(addresses))}"
        texts = {"contact": "Ana <ana@x.mx>", "theme": "Salud"} if OTHER in addresses else {}
        stored = make(name, **texts, resources=[{"url": "https://x.mx/a.csv", "name": "a"}])
        assert helpers.call_action("package_patch", id=stored["id"], notes="otra")["notes"] == "otra"
        search.rebuild(stored["id"])
        resource = stored["resources"][0]["id"]
        for path in (
            "/dataset/", f"/dataset/{name}", f"/dataset/edit/{name}", "/dataset/new",
            f"/dataset/{name}/resource/{resource}", f"/dataset/{name}/resource/{resource}/edit", "/", "/tablero",
            f"/organization/{institution['name']}", f"/tablero/institucion/{institution['name']}", "/catalog.ttl",
            f"/dataset/{name}.jsonld",
        ):  # fmt: skip
            assert app.get(path, headers=headers).status_code == 200, path
        exported = cli.invoke(mxopendata, ["export", "--format", "ttl", "--output", str(tmp_path / "x.ttl")])
        assert exported.exit_code == 0, exported.output
        assert stored["id"] in (tmp_path / "x.ttl").read_text(encoding="utf-8")
        assert cli.invoke(mxopendata, ["indicators", "compute", "--full"]).exit_code == 0
        check = dataset_schema()
        assert not check.ok
        assert "merge" in check.to_dict("en")["cure"]


PRESETS = " ".join((
    "ckanext.scheming:presets.json", "ckanext.dcat.schemas:presets.yaml", "ckanext.mxopendata.schemas:presets.yaml",
))  # fmt: skip


class TestMerged:
    def merge(self, cli: Any, target: Path, address: str = OTHER) -> dict[str, Any]:
        result = cli.invoke(mxopendata, ["merge-schema", address, "--output", str(target), "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def test_the_two_are_one(self, cli, app, make, complete, as_editor, editor, tmp_path):
        report = self.merge(cli, tmp_path / "unido.yaml")
        assert report["added"] == ["folio", "sistemas", "resources.responsable"]
        assert {"contact", "theme", "resources.name"} <= set(report["ours"])
        address = report["configuration"]["scheming.dataset_schemas"]
        assert address.startswith("file:///")
        old = make("de-antes", contact=[{"name": "Ana"}])
        with schemas(address):
            assert dataset_schema().ok
            stored = as_editor(
                "package_create",
                **complete("unido", folio="F-1", sistemas=[{"sistema": "SIGA"}]),
                resources=[{"url": "https://x.mx/a.csv", "name": "a", "responsable": "Ana"}],
            )
            shown = helpers.call_action("package_show", id=stored["id"])
            assert (shown["folio"], shown["sistemas"], shown["theme"]) == (
                "F-1",
                [{"sistema": "SIGA"}],
                stored["theme"],
            )
            assert shown["resources"][0]["responsable"] == "Ana"
            assert helpers.call_action("package_show", id=old["id"])["contact"] == [{"name": "Ana"}]
            headers = {"Authorization": factories.APIToken(user=editor["name"])["token"]}
            form = app.get("/dataset/edit/unido", headers=headers)
            assert form.status_code == 200
            assert "Folio interno" in form.body
            assert "Campos propios de este portal" in form.body
            assert "F-1" in app.get("/dataset/unido").body
            # what the Guía makes mandatory is asked for as ever
            with pytest.raises(tk.ValidationError):
                as_editor("package_create", name="incompleto", title="x", owner_org=stored["owner_org"])

    def test_what_cannot_be_merged_is_said(self, cli, tmp_path):
        wrong = tmp_path / "organizacion.yaml"
        wrong.write_text(yaml.safe_dump({"organization_type": "organization"}), encoding="utf-8")
        broken = tmp_path / "roto.yaml"
        broken.write_text("a: [", encoding="utf-8")
        for address, words in (
            ("no.existe:x.yaml", "No se encuentra"),
            (str(wrong), "no es un esquema"),
            (str(broken), "No se puede leer"),
        ):
            target = tmp_path / "nada.yaml"
            result = cli.invoke(mxopendata, ["merge-schema", address, "--output", str(target)])
            assert (result.exit_code, words in result.stderr, target.exists()) == (2, True, False), result.stderr
