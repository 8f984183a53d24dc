"""Searching as a Spanish speaker writes: with or without accents, one or many, his or hers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ckan.plugins.toolkit as tk
from ckan.cli.cli import ckan as ckan_command
from ckan.tests import factories
from ckan.tests.helpers import call_action

from ckanext.mxopendata.solr_schema import installed_schema, spanish_schema

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

TITLES = {
    "educacion": "Presupuesto de la Secretaría de Educación",
    "escuela": "Directorio de cada escuela del municipio",
    "obras": "Obras públicas en proceso",
    "arboles": "Árboles plantados en Ciénega de Flores",
    "nino": "Atención a la niñez y al niño migrante",
    "luces": "Luces del alumbrado",
}


@pytest.fixture(scope="module", autouse=True)
def datasets(clean_site: None) -> None:
    organization = factories.Organization()
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    for name, title in TITLES.items():
        facts = {"id": name, "name": name, "title": title, "type": "dataset", "owner_org": organization["id"]}
        _store({**facts, "notes": "Lista sin más.", "author": "José Ibáñez"}, site_user)


def _store(facts: dict[str, str], user: str) -> None:
    # What a form demands beyond these is the metadata room's business; the index is this test's.
    from ckan import model
    from ckan.lib.search import rebuild

    package = model.Package(creator_user_id=user, **{key: value for key, value in facts.items() if key != "id"})
    package.id = f"id-{facts['name']}"
    model.Session.add(package)
    model.repo.commit()
    rebuild(package.id)


def _found(query: str, **more: str) -> set[str]:
    return {dataset["name"] for dataset in call_action("package_search", q=query, **more)["results"]}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("educacion", "educacion"),
        ("Educación", "educacion"),
        ("EDUCACIÓN", "educacion"),
        ("secretaria", "educacion"),
        ("escuelas", "escuela"),
        ("escuela", "escuela"),
        ("municipios", "escuela"),
        ("obra", "obras"),
        ("obras", "obras"),
        ("pública", "obras"),
        ("publico", "obras"),
        ("procesos", "obras"),
        ("arbol", "arboles"),
        ("árbol", "arboles"),
        ("Cienega", "arboles"),
        ("niños", "nino"),
        ("ninos", "nino"),
        ("luz", "luces"),
    ],
)
def test_a_word_is_found_in_every_spelling(query: str, name: str) -> None:
    assert name in _found(query)
    assert name in _found(f"title:{query}")


def test_what_is_another_word_is_not_found() -> None:
    assert _found("educar") == set()
    assert _found("hospitales") == set()
    assert _found("escuelas") == {"escuela"}


def test_names_of_people_are_found_without_accents() -> None:
    assert _found("author:Ibanez") == set(TITLES)
    assert _found("author:Ibáñez") == set(TITLES)


@pytest.mark.parametrize("typed", ["arbol", "Árbol", "cienega"])
def test_suggestions_while_typing_need_no_accents(typed: str) -> None:
    found = call_action("package_autocomplete", q=typed)
    assert [dataset["name"] for dataset in found] == ["arboles"]


def test_the_command_writes_the_schema(cli, tmp_path: Path) -> None:
    target = tmp_path / "schema.xml"
    done = cli.invoke(ckan_command, ["mxopendata", "solr-schema", "--output", str(target), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"file": str(target), "bytes": target.stat().st_size}
    assert target.read_text(encoding="utf-8") == spanish_schema(installed_schema())


def test_the_command_says_that_it_cannot_write(cli, tmp_path: Path) -> None:
    target = tmp_path / "absent" / "schema.xml"
    done = cli.invoke(ckan_command, ["mxopendata", "solr-schema", "--output", str(target)])
    assert done.exit_code == 2
    assert str(target) in done.stderr


def test_the_command_refuses_a_schema_that_it_does_not_know(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ckanext.mxopendata.solr_schema.installed_schema", lambda: "<schema/>")
    target = tmp_path / "schema.xml"
    done = cli.invoke(ckan_command, ["mxopendata", "solr-schema", "--output", str(target)])
    assert done.exit_code == 2
    assert '"text" is there 0 times' in done.stderr
    assert not target.exists()
