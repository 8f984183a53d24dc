"""The datasets of before: shown, found, exported, and saved by clients that never heard of the suite."""

from __future__ import annotations

from typing import Any

import pytest

from . import content
from .conftest import Story
from .site import ActionError, Place, Site

# What no arrival of ours may change.
KEPT = ("id", "name", "title", "notes", "private", "owner_org", "license_id", "author", "maintainer_email", "version")
KEPT += ("url", "state", "type", "metadata_created", "metadata_modified")
# ckanext-harvest adds these to what it indexes, so that they are there or not by the age of the index.
OF_THE_INDEX = frozenset(("harvest_object_id", "harvest_source_id", "harvest_source_title"))
KEPT_OF_RESOURCES = ("id", "name", "url", "format", "description", "position", "created", "licencia_interna")


def unlike(before: dict[str, Any], now: dict[str, Any], changed: tuple[str, ...] = ()) -> dict[str, Any]:
    """What of a dataset is not what it was; an extra may have become the field of its name, or ``original_<key>``."""
    found = {
        key: (before.get(key), now.get(key))
        for key in KEPT
        if key not in changed and (before.get(key) or "") != (now.get(key) or "")
    }
    for key in ("tags", "groups"):
        names = [{item["name"] for item in dataset[key]} for dataset in (before, now)]
        if names[0] != names[1]:
            found[key] = names
    files = [
        [{key: resource.get(key) or "" for key in KEPT_OF_RESOURCES} for resource in dataset["resources"]]
        for dataset in (before, now)
    ]
    if files[0] != files[1]:
        found["resources"] = files
    extras = {extra["key"]: extra["value"] for extra in now.get("extras", ())}
    for extra in before["extras"]:
        key, value = extra["key"], extra["value"]
        lifted = now.get(key) or extras.get(f"original_{key}")
        if extras.get(key) != value and not lifted and value and key not in OF_THE_INDEX:
            found[key] = (value, None)
    return found


@pytest.fixture
def every(site: Site, story: Story) -> dict[str, dict[str, Any]]:
    """Every dataset as it is shown now, by name."""
    return {name: site.act("package_show", story.admin, id=name) for name in story.before}


def test_every_dataset_is_shown_as_it_was(every: dict[str, dict[str, Any]], story: Story) -> None:
    found = {name: unlike(story.before[name], now) for name, now in every.items()}
    assert {name: differences for name, differences in found.items() if differences} == {}


def test_old_extras_become_fields(every: dict[str, dict[str, Any]]) -> None:
    read, unreadable = every["conjunto-00"], every["conjunto-15"]
    assert read["frequency"] == "R/P1M"
    assert read["language"] == ["es"]
    assert read["contact"][0]["email"] == "datos@ejemplo.gob.mx"
    assert read["theme"]
    kept = {extra["key"]: extra["value"] for extra in unreadable["extras"]}
    assert kept["original_frequency"] == "cuando se pueda"
    assert kept["original_theme"] == "Lo que sea"
    assert not unreadable.get("frequency")


def test_the_index_is_written_again(site: Site, story: Story) -> None:
    site.order("reindex")
    found = site.act("package_search", story.admin, rows=1000, include_private=True, fq="dataset_type:dataset")
    now = {dataset["name"]: dataset for dataset in found["results"]}
    assert set(now) == set(story.before)
    assert not {name for name in now if unlike(story.before[name], now[name])}


def test_search_works_on_the_solr_schema_of_ckan(site: Site) -> None:
    found = site.act("package_search", None, q="obras y salud", fq="organization:salud", sort="title_string asc")
    assert found["count"] == 28  # thirty, one of them private, one of nobody
    facets = '["organization","tags","groups","res_format","license_id","vocab_theme","frequency"]'
    found = site.act("package_search", None, rows=0, **{"facet.field": facets})
    assert found["count"] == content.DATASETS + 2 * content.HARVESTED - len(content.PRIVATE)
    assert {"obras-publicas", "salud"} <= set(found["facets"]["organization"])
    assert "CSV" in found["facets"]["res_format"]
    pages = ["/dataset/?q=obras", "/dataset/?tags=obra&organization=salud", "/dataset/?res_format=CSV&sort=name+asc"]
    pages += ["/organization/salud?q=conjunto", "/group/bienestar?q=conjunto"]
    assert site.refused(pages) == {}


def test_the_doctor_says_what_is_lost(site: Site) -> None:
    checks = {check["check"]: check for check in site.command("mxopendata", "doctor", "--json", codes=(0, 1))}
    lost = checks["solr_language"]
    assert not lost["ok"]
    assert lost["severity"] == "warning"
    assert "públicas ≠ público" in lost["message"]
    assert "solr-schema" in lost["cure"]
    for name in ("versions", "plugins", "dataset_schema", "organization_schema", "migrations", "solr_schema", "index"):
        assert checks[name]["ok"], checks[name]
    assert not checks["old_extras"]["ok"]
    assert "migrate-extras" in checks["old_extras"]["cure"]


def test_old_datasets_are_exported(site: Site, story: Story, place: Place) -> None:
    target = place.home / "catalogo.ttl"
    words = ("export", "--format", "ttl", "--check", "--output", str(target), "--json")
    exported = site.command("mxopendata", *words, codes=(0, 1))
    assert exported["violations"]["count"] == 0, exported["violations"]
    left_out = {row["id"]: row["reason"] for row in exported["left_out"]}
    public = {dataset["id"] for dataset in story.before.values() if not dataset["private"]}
    assert all(left_out.values())
    assert exported["datasets"] + len(left_out.keys() & public) == len(public)
    assert target.stat().st_size == exported["bytes"]


def test_another_client_patches_an_unrelated_field(site: Site, story: Story) -> None:
    names = [f"conjunto-{number:02}" for number in (*range(0, content.DATASETS, 3), content.UNOWNED, 4, 43)]
    for name in names:
        institution = (story.before[name]["organization"] or {}).get("name")
        client = story.tokens[content.user_name(institution, "editor")] if institution else story.admin
        site.act("package_patch", client, id=name, author="Otro sistema")
        now = site.act("package_show", story.admin, id=name)
        assert now["author"] == "Otro sistema"
        assert unlike(story.before[name], now, changed=("author", "metadata_modified")) == {}
        story.before[name] = {**story.before[name], **{key: now[key] for key in ("author", "metadata_modified")}}


def test_another_client_patches_an_institution(site: Site, story: Story) -> None:
    admin = story.tokens[content.user_name("salud", "admin")]
    site.act("organization_patch", admin, id="salud", description="Otra descripción")
    shown = site.act("organization_show", None, id="salud")
    assert shown["description"] == "Otra descripción"
    assert shown["title"] == content.INSTITUTIONS["salud"]
    assert {"key": "clave", "value": "12"} in [
        {key: extra[key] for key in ("key", "value")} for extra in shown["extras"]
    ]
    assert shown["gov_type"] == "state"
    assert site.page("/organization/about/salud").status_code == 200


def test_what_the_guide_makes_mandatory_is_an_error_for_new_ones_only(site: Site, story: Story) -> None:
    editor = story.tokens[content.user_name("salud", "editor")]
    with pytest.raises(ActionError) as refused:
        site.act("package_create", editor, name="nuevo-sin-nada", title="Nuevo", owner_org="salud")
    assert refused.value.status == 409
    assert {"frequency", "theme", "contact"} <= refused.value.error.keys()
    found = site.act("mxopendata_dataset_validate", editor, id="conjunto-01")
    assert not found["valid"]
    assert {"frequency", "theme"} <= {finding["field"] for finding in found["findings"]}


def test_a_client_that_sends_extras_named_like_our_fields_is_served(site: Site, story: Story) -> None:
    editor = story.tokens[content.user_name("salud", "editor")]
    extras = {
        "contact": "Unidad de datos, datos@salud.ejemplo.gob.mx",
        "theme": "Salud",
        "language": "Español",
        "frequency": "Semanal",
        "modified": "2026-10-01",
        "access_rights": "Público",
        "documentation": "https://archivos.ejemplo.gob.mx/diccionario.csv",
        "clave_interna": "K-900",
    }
    made = site.act(
        "package_create",
        editor,
        name="de-otro-sistema",
        title="De otro sistema",
        notes="Lo manda cada noche un sistema que no sabe de esquemas.",
        owner_org="salud",
        license_id="cc-by",
        tags=[{"name": "salud"}],
        extras=[{"key": key, "value": value} for key, value in extras.items()],
        resources=[{"url": "https://archivos.ejemplo.gob.mx/otro.csv", "format": "CSV", "name": "Otro"}],
    )
    shown = site.act("package_show", None, id=made["id"])
    assert (shown["frequency"], shown["language"]) == ("R/P1W", ["es"])
    assert shown["contact"][0]["email"] == "datos@salud.ejemplo.gob.mx"
    assert {"key": "clave_interna", "value": "K-900"} in shown["extras"]
    changed = {**extras, "frequency": "Anual"}
    site.act("package_patch", editor, id=made["id"], extras=[{"key": k, "value": v} for k, v in changed.items()])
    assert site.act("package_show", None, id=made["id"])["frequency"] == "R/P1Y"
    assert site.page("/dataset/de-otro-sistema").status_code == 200


def test_such_a_client_updates_an_old_dataset(site: Site, story: Story) -> None:
    editor = story.tokens[content.user_name("salud", "editor")]
    sent = content.dataset(5)  # as it always was
    sent["extras"] = [
        {**extra, "value": "Diaria"} if extra["key"] == "frequency" else extra for extra in sent["extras"]
    ]
    site.act("package_update", editor, id="conjunto-05", **sent)
    shown = site.act("package_show", None, id="conjunto-05")
    assert shown["frequency"] == "R/P1D"
    assert shown["contact"][0]["email"] == "datos@ejemplo.gob.mx"
