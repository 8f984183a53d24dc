"""An inventory at the address of a source: commitments where the portal keeps them, a sentence where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import helpers

from ckanext.mxopendata.planning.commitment_model import Commitment
from portals.platforms.base import Answer, PlatformPortal, Query, serving
from portals.platforms.table import TablePortal

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

INVENTORY = (
    "Responsable,Nombre del conjunto,Nombre del recurso,¿De qué es?,¿Tiene datos privados?,"
    "Razón por la cual los datos son privados,Fecha estimada de publicación\n"
    "Obras,Bacheo,Reportes,Calles,no,,2027-03-01\n"
    "Tesorería,Padrón de contribuyentes,Personas,Impuestos,sí,Datos personales,\n"
)


class Inventory(PlatformPortal):
    """A web server with an inventory."""

    text = INVENTORY

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        return Answer(200, "text/csv", self.text.encode())


@pytest.fixture
def inventory(portal: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inventory]:
    made = Inventory([])
    with serving(made) as host:
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [host])
        yield made


def promised() -> dict[str, bool]:
    return {one.title: one.open_to_all for one in model.Session.query(Commitment)}


def codes(run: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in run["findings"]]


def test_its_lines_are_commitments_and_never_datasets(inventory: Inventory, make_source: Any, harvest: Any) -> None:
    source = make_source(f"{inventory.base}/inventario.csv", "mx_table")
    first = harvest(source)
    assert (first["status"], first["read"], codes(first)) == ("finished", 0, ["promises_kept"])
    assert promised() == {"Bacheo": True, "Padrón de contribuyentes": False}
    assert "Padrón" not in str(first), "the report of a run is public"
    assert helpers.call_action("package_search", fq="owner_org:[* TO *]", include_private=True)["count"] == 0

    inventory.text = INVENTORY.replace("2027-03-01", "2027-06-01")
    again = harvest(source)
    assert again["findings"][0]["message"].endswith("0 son compromisos nuevos, 1 cambiaron y 1 siguen igual.")
    assert len(promised()) == 2


def test_a_catalogue_that_becomes_an_inventory_is_held(inventory: Inventory, make_source: Any, harvest: Any) -> None:
    catalogue = TablePortal([])
    inventory.text = "ds:identifier,ds:title\nA,Uno\n"
    source = make_source(f"{inventory.base}/catalogo.csv", catalogue.source_type)
    assert harvest(source)["created"] == 1
    inventory.text = INVENTORY
    run = harvest(source)
    assert (run["status"], run["archived"]) == ("held", 0)
    assert "list_empty" in codes(run)


def test_without_the_planning_room_a_sentence_says_so(
    inventory: Inventory, make_source: Any, harvest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = promised()
    inventory.text = INVENTORY.replace("Bacheo", "Parques")
    monkeypatch.setattr("ckanext.mxopendata.harvest.promises._ACTION", "mxopendata_no_such_action")
    run = harvest(make_source(f"{inventory.base}/otro.csv", "mx_table"))
    assert (run["status"], codes(run)) == ("finished_with_warnings", ["promises_not_kept"])
    assert promised() == before
