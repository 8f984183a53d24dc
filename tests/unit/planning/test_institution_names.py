"""Institutions found by what tables call them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ckanext.mxopendata.planning.institution_names import InstitutionNames, KnownInstitution

NAMES = InstitutionNames([
    KnownInstitution("1", "secretaria-de-energia", "Secretaría de Energía (SENER)"),
    KnownInstitution("2", "profeco", "Procuraduría Federal del Consumidor", "PROFECO"),
    KnownInstitution("3", "promexico", "ProMéxico"),
    KnownInstitution("4", "instituto-a", "Instituto A (IA)"),
    KnownInstitution("5", "instituto-b", "Instituto B (IA)"),
])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sener", ["secretaria-de-energia"]),
        ("SECRETARIA DE ENERGIA", ["secretaria-de-energia"]),
        ("Secretaría de Energía (SENER", ["secretaria-de-energia"]),
        ("Consumidor (PROFECO)", ["profeco"]),
        ("promexico-b8a8dff1-2cfa-4e63-ba3b-37b68c648a49", ["promexico"]),
        ("ia", ["instituto-a", "instituto-b"]),
        ("Instituto B", ["instituto-b"]),
        ("Nadie", []),
        ("", []),
        ("()", []),
    ],
)
def test_found(text: str, found: list[str]):
    assert [known.name for known in NAMES.find(text)] == found


@pytest.mark.payloads
def test_the_plans_of_2016_meet_the_portal_of_2015(shared: Path):
    folder = shared / "payloads/mx"
    with (folder / "adela-planes-apertura-2016.csv").open(encoding="utf-8") as plans:
        promising = {row["dep"] for row in csv.DictReader(plans)}
    with (folder / "datosgobmx-ckan-conjuntos-2015.csv").open(encoding="utf-8") as portal:
        publishing = sorted({row["Inst"] for row in csv.DictReader(portal)})
    names = InstitutionNames([KnownInstitution(text, text, text) for text in publishing])
    found = [names.find(text) for text in promising]
    assert sum(len(each) == 1 for each in found) >= 105
    assert all(len(each) <= 1 for each in found)
