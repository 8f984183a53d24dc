"""A dataset with thousands of files, many of them dirty, leaves whole, and so do those beside an unusable one."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from ckanext.mxopendata.dcat.frames import FORMATS

from .assembling import write_catalogue

MANY = 5_000
DCAT = "http://www.w3.org/ns/dcat#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
BAD: tuple[dict[str, Any], ...] = (
    {"issued": "31/02/2020", "modified": "ayer"},
    {"url": "https://datos.example.gob.mx/a b/{c}/%zz?d=<e>|f^g"},
    {"license": "licencia que nadie conoce", "format": "Archivo <raro> ñ"},
    {"url": "", "size": "1.2 MB", "hash": "xyz"},
)


@pytest.fixture
def crowded(bare) -> dict[str, Any]:
    """5,000 files; every fifth is in order, the others are wrong each in its way."""
    files = []
    for number in range(MANY):
        file = {"id": f"archivo-{number}", "name": f"Año {number}", "url": f"https://datos.example.gob.mx/{number}.csv"}
        files.append({**file, "format": "CSV", **(BAD[number % 5 - 1] if number % 5 else {})})
    return {**bare, "id": "lleno", "name": "lleno", "resources": files}


class Unusable(dict[str, Any]):
    """A dataset that breaks whoever looks into it."""

    def get(self, key: str, default: Any = None) -> Any:
        if key == "title":
            raise ValueError("nadie puede leer este título")
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        if key == "title":
            raise ValueError("nadie puede leer este título")
        return super().__getitem__(key)


@pytest.mark.parametrize("name", FORMATS)
def test_all_files_are_in_it_and_the_neighbours_stay(name, context, crowded, bare):
    unusable = Unusable({**bare, "id": "roto", "name": "roto"})
    written, report = write_catalogue([[bare, unusable, crowded]], context, name)
    assert (report.datasets, report.distributions) == (2, MANY)
    assert [entry["id"] for entry in report.left_out] == ["roto"]
    found: dict[str, set[str]] = {"Distribution": set(), "Dataset": set()}
    for quad in ox.parse(written, format=FORMATS[name]):
        if quad.predicate == TYPE and isinstance(quad.object, ox.NamedNode):
            found.setdefault(quad.object.value.removeprefix(DCAT), set()).add(str(quad.subject))
    assert len(found["Distribution"]) == MANY
    assert len(found["Dataset"]) == 2
