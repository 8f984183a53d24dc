"""Which dataset keeps which promise.

``checked_matches.csv`` holds fifty proposals that were checked by hand: every one that the plans of 2016 and the portal
of 2015 gave with a score below 1 (names cut, misspelt or with a word more), and as many with equal names, drawn
at random, as make fifty. Each pair of names was read side by side, within its institution: ``si`` where the dataset is
what the plan promised. Promises that differ only behind the place where an address was cut were seen to be wrong, and
are no longer proposed.
"""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from pathlib import Path

import pytest

from ckanext.mxopendata.metadata.names import slug
from ckanext.mxopendata.planning.institution_names import InstitutionNames, KnownInstitution
from ckanext.mxopendata.planning.matching import LEAST_SCORE, Named, Proposal, propose, score

with (Path(__file__).parent / "checked_matches.csv").open(encoding="utf-8") as _file:
    CHECKED = list(csv.DictReader(_file))


def dataset(address: str) -> Named:
    return Named(address, address.replace("-", " "), address)


def test_ninety_five_of_a_hundred_proposals_are_right():
    assert len(CHECKED) == 50
    assert sum(row["correcto"] == "si" for row in CHECKED) / len(CHECKED) >= 0.95


@pytest.mark.parametrize("row", CHECKED, ids=lambda row: row["conjunto"][:40])
def test_the_checked_pairs_are_still_near(row: dict[str, str]):
    # What is rare in an institution weighs more than here, where two names are all there is.
    assert score(row["compromiso"], "", row["conjunto"]) >= LEAST_SCORE - 0.15


@pytest.mark.parametrize(
    ("promise", "title"),
    [
        ("Presupuesto 2014", "Presupuesto 2015"),
        ("Padrón de beneficiarios", "Padrón de proveedores"),
        ("Índice de peligro", "Índice de pobreza"),
        ("ABC", "Matrícula escolar"),
        ("", "Rutas"),
        ("Rutas", ""),
    ],
)
def test_what_is_not_the_same_is_not_proposed(promise: str, title: str):
    assert score(promise, title) < LEAST_SCORE
    assert propose([Named("c", promise)], [Named("d", title)]) == []


def test_equal_once_written_as_an_address():
    assert propose([Named("c", "Educación BÁSICA")], [Named("d", "educacion, básica")]) == [Proposal("c", "d", 1.0)]
    long = "Concesiones asignaciones permisos otorgados y registros de obras en zonas de libre alumbramiento del país"
    assert score(long, "", slug(long, 1000)[:95]) == 0.99
    assert score("Tierra de uso común", "Tierras de uso común") == 0.98


def test_one_dataset_may_keep_several_promises_and_a_refused_pair_does_not_return():
    promises = [Named("a", "Rutas de camión"), Named("b", "Rutas de camiones")]
    found = propose(promises, [Named("d", "Rutas de camión")])
    assert {(one.commitment_id, one.dataset_id) for one in found} == {("a", "d"), ("b", "d")}
    assert [one.commitment_id for one in propose(promises, [Named("d", "Rutas de camión")], [("b", "d")])] == ["a"]


def test_a_cut_address_that_fits_two_promises_is_not_proposed():
    same = "Información estadística del sector asegurador en el ramo de diversos dividida en construcción y montaje"
    promises = [Named("a", f"{same} sobre siniestros"), Named("b", f"{same} sobre emisión")]
    cut = dataset(slug(same, 1000)[:95])
    assert propose(promises, [cut]) == []
    assert [one.score for one in propose(promises[:1], [cut])] == [0.99]


def test_two_that_fit_equally_well_are_not_chosen_between():
    two = [Named("x", "Rutas del camión urbano"), Named("y", "Rutas camión urbano")]
    assert propose([Named("a", "Rutas de camiones urbano")], two) == []


def test_ten_thousand_promises_are_matched_quickly():
    promises = [Named(f"c{number}", f"Conjunto de la oficina {number}") for number in range(3000)]
    datasets = [Named(f"d{number}", f"Registro {number} de trámites") for number in range(3000)]
    begun = time.monotonic()
    propose(promises, datasets)
    assert time.monotonic() - begun < 30


@pytest.mark.payloads
def test_the_plans_of_2016_against_the_portal_of_2015(shared: Path):
    folder = shared / "payloads/mx"
    with (folder / "adela-planes-apertura-2016.csv").open(encoding="utf-8") as opened:
        plans = list(csv.DictReader(opened))
    with (folder / "datosgobmx-ckan-conjuntos-2015.csv").open(encoding="utf-8") as opened:
        portal = list(csv.DictReader(opened))
    addresses = {slug(row["name"], 1000) for row in plans}
    equal = addresses & {slug(row["Conjunto"], 1000) for row in portal}
    assert (len(addresses), len(equal)) == (2464, 539)
    names = InstitutionNames([KnownInstitution(text, text, text) for text in {row["Inst"] for row in portal}])
    promises: dict[str, list[Named]] = defaultdict(list)
    for number, row in enumerate(plans):
        for known in names.find(row["dep"]):
            promises[known.name].append(Named(str(number), row["name"]))
    published: dict[str, list[Named]] = defaultdict(list)
    for row in portal:
        published[row["Inst"]].append(dataset(row["Conjunto"]))
    found = {
        (name, proposal.commitment_id, proposal.dataset_id)
        for name, own in promises.items()
        for proposal in propose(own, published[name])
    }
    assert len(found) >= 470
    said = {(name, " ".join(plans[int(number)]["name"].split()), address) for name, number, address in found}
    assert {(row["institucion"], row["compromiso"], row["conjunto"]) for row in CHECKED} <= said
