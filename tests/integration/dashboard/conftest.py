"""Institutions and datasets whose figures a reader can work out with a pencil."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ckan.tests import factories


@pytest.fixture
def new_institution() -> Callable[..., dict[str, Any]]:
    """Makes an organization with Mexican fields."""

    def make(name: str, **fields: Any) -> dict[str, Any]:
        given = {"name": name, "title": name.capitalize(), "gov_type": "municipal", "cvegeo": "14039", **fields}
        return factories.Organization(**given)

    return make


@pytest.fixture
def new_dataset() -> Callable[..., dict[str, Any]]:
    """Makes a harvested dataset, so that nothing is demanded of it that a test does not give."""

    def make(institution: dict[str, Any], **fields: Any) -> dict[str, Any]:
        given = {"owner_org": institution["id"], "source_identifier": "x", "title": "Datos", "notes": "", **fields}
        return factories.Dataset(**given)

    return make
