"""What people and machines write into a form or send to the API by mistake or on purpose, field by field.

Each is refused with a sentence at the field, or stored clean; nothing ends in an error of the server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
import yaml

from ckan import model
from ckan.lib import plugins as package_plugins
from ckan.tests import helpers

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

SCHEMA = yaml.safe_load((files("ckanext.mxopendata.schemas") / "mx_dataset.yaml").read_text(encoding="utf-8"))
# What CKAN or a list of choices decides alone, with stock validators.
NOT_TEXT = frozenset(("owner_org",))
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
    "too long": "Datos abiertos " * 20_000,
}
HARMFUL_ON_A_PAGE = re.compile("(?:href|src)=.(?:javascript|data):[^i]|<script>alert|<img[^>]*onerror", re.IGNORECASE)
HARMFUL = re.compile("<script|onerror=|[\x00\ud800]", re.IGNORECASE)


def fields() -> Iterator[tuple[str, str, str]]:
    """Level, field and subfield of whatever takes a text."""
    for level, part in (("dataset", "dataset_fields"), ("resource", "resource_fields")):
        for field in SCHEMA[part]:
            for inner in field.get("repeating_subfields", [{"field_name": ""}]):
                if field["field_name"] not in NOT_TEXT:
                    yield level, field["field_name"], inner["field_name"]


def put(dataset: dict[str, Any], place: tuple[str, str, str], value: Any) -> dict[str, Any]:
    """The dataset with a value at a place."""
    level, field, inner = place
    resource = {"name": "Datos", "url": "https://x.mx/a.csv"}
    written = [{**(dataset.get(field) or [{}])[0], inner: value}] if inner else value
    if level == "resource":
        return {**dataset, "resources": [{**resource, field: written}]}
    return {**dataset, field: written, "resources": [resource]}


def texts(value: Any) -> Iterator[str]:
    """Every text in what is stored."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def harmful(stored: dict[str, Any]) -> list[str]:
    """Texts that would do harm where they are shown or sent on."""
    return [text[:80] for text in texts(stored) if HARMFUL.search(text)]


@pytest.fixture
def check(editor: dict[str, Any]) -> Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, Any]]]:
    """Validates a new dataset as ``package_create`` does, and saves nothing: what is stored, and the errors."""

    def validate(dataset: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        plugin = package_plugins.lookup_package_plugin("dataset")
        context = {
            "model": model,
            "session": model.Session,
            "user": editor["name"],
            "auth_user_obj": model.User.get(editor["id"]),
        }
        schema = plugin.create_package_schema()
        return package_plugins.plugin_validate(
            plugin, context, {**dataset, "type": "dataset"}, schema, "package_create"
        )

    return validate


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_text_field(hazard, complete, check, as_editor, app):
    """Refused at the field it stands in, or clean; what is accepted can be saved, found and shown."""
    wrong: list[tuple[Any, Any]] = []
    accepted = complete(f"peligro-{re.sub('[^a-z]', '-', hazard)}")
    for place in fields():
        given = put(complete(f"revisar-{re.sub('[^a-z]', '-', hazard)}"), place, HAZARDS[hazard])
        validated, errors = check(given)
        if errors:
            named = errors["resources"][0] if place[0] == "resource" and "resources" in errors else errors
            if not named.get(place[1]):
                wrong.append((place, errors))
            continue
        wrong += [(place, text) for text in harmful(validated)]
        merged = put(accepted, place, HAZARDS[hazard])
        kept = accepted.get("resources", [{}])[0]
        accepted = {**merged, "resources": [{**kept, **merged["resources"][0]}]}
        if place[1] == "name" and place[0] == "dataset":
            accepted["name"] = given["name"]
    assert wrong == []
    stored = as_editor("package_create", **accepted)
    shown = helpers.call_action("package_show", id=stored["id"])
    assert not harmful(shown)
    found = helpers.call_action("package_search", fq=f'name:"{stored["name"]}"')
    assert found["count"] == 1
    page = app.get(f"/dataset/{stored['name']}").body
    assert (
        re.search("(?:href|src)=.(?:javascript|data):[^i]|<script>alert|<img[^>]*onerror", page, re.IGNORECASE) is None
    )
