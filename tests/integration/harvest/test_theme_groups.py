"""What a harvest writes in its batches is in the groups of its themes, in the tables and in the index."""

from __future__ import annotations

import pytest

import ckan.plugins.toolkit as tk
from ckan.tests import helpers

from .conftest import catalogue, record, row_versions

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def _groups() -> dict[str, list[str]]:
    found = helpers.call_action("package_search", rows=10)["results"]
    for dataset in found:
        shown = helpers.call_action("package_show", context={"use_cache": False}, id=dataset["id"])
        assert [group["name"] for group in shown["groups"]] == [group["name"] for group in dataset["groups"]]
    return {dataset["title"]: [group["name"] for group in dataset["groups"]] for dataset in found}


def test_a_harvest_keeps_them_in_step(portal, make_source, harvest, monkeypatch):
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.theme_groups", True)
    names = ("Casos", "Camas", "Escuelas", "Varios")
    themes: tuple[list[str], ...] = (["Salud"], ["Salud", "Educación"], ["Educación"], [])
    records = [record(name, name, theme=theme) for name, theme in zip(names, themes, strict=True)]
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    harvest(source)
    assert _groups() == {"Casos": ["salud"], "Camas": ["salud"], "Escuelas": ["educacion"], "Varios": []}
    before = row_versions()
    assert harvest(source)["unchanged"] == 4
    assert row_versions() == before

    records[0]["theme"], records[2]["theme"] = ["Movilidad"], []
    portal.serve("/data.json", catalogue(*records))
    assert harvest(source)["updated"] == 2
    assert _groups() == {"Casos": ["movilidad"], "Camas": ["salud"], "Escuelas": [], "Varios": []}
