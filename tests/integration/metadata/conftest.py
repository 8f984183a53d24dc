"""An institution, its editor, and a dataset that lacks nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

Dataset = dict[str, Any]
ROLES = ("anonymous", "stranger", "member", "editor", "admin", "other admin", "sysadmin")


@pytest.fixture(scope="module")
def institution(clean_site: None) -> dict[str, Any]:
    return factories.Organization(gov_type="state", cvegeo="14", title="Secretaría de Educación de Jalisco")


@pytest.fixture(scope="module")
def editor(institution: dict[str, Any]) -> dict[str, Any]:
    user = factories.User()
    helpers.call_action("organization_member_create", id=institution["id"], username=user["name"], role="editor")
    return user


@pytest.fixture
def as_editor(editor: dict[str, Any]) -> Callable[..., Any]:
    """Calls an action as a person does: with their rights, not with ``ignore_auth``."""

    def call(action: str, **data: Any) -> Any:
        context = {"user": editor["name"], "auth_user_obj": model.User.get(editor["id"])}
        return tk.get_action(action)(context, data)

    return call


@pytest.fixture
def complete(institution: dict[str, Any]) -> Callable[..., Dataset]:
    """A new dataset with everything the Guía makes mandatory; the keywords replace or add fields."""

    def make(name: str, **fields: Any) -> Dataset:
        return {
            "name": name,
            "title": "Matrícula escolar de Jalisco",
            "notes": "Alumnos inscritos por escuela y grado.",
            "owner_org": institution["id"],
            "theme": ["educacion", "poblacion"],
            "contact": [{"name": "Estadística", "email": "datos@jalisco.gob.mx"}],
            "frequency": "R/P1Y",
            "modified": "2026-08-15",
            "license_id": "libreusomx",
            "access_rights": "public",
            "documentation": ["https://datos.jalisco.gob.mx/diccionario.csv"],
            **fields,
        }

    return make


@pytest.fixture(scope="module")
def other(clean_site: None) -> dict[str, Any]:
    return factories.Organization(gov_type="state", cvegeo="19", title="Gobierno de Nuevo León")


@pytest.fixture(scope="module")
def headers_of(institution: dict[str, Any], other: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The request headers of a person of each role."""
    known: dict[str, dict[str, str]] = {"anonymous": {}}
    for role in ROLES[1:]:
        user = factories.Sysadmin() if role == "sysadmin" else factories.User()
        place = other if role == "other admin" else institution
        if role not in ("stranger", "sysadmin"):
            capacity = role.removeprefix("other ")
            helpers.call_action("organization_member_create", id=place["id"], username=user["name"], role=capacity)
        known[role] = {"Authorization": factories.APIToken(user=user["name"])["token"]}
    return known
