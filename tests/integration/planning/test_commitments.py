"""What was promised, as the API lists it, and the counts for the indicators."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.planning.commitment_counts import COUNTS
from ckanext.mxopendata.planning.commitment_import import ImportSettings, import_commitments
from ckanext.mxopendata.planning.commitment_model import Commitment
from ckanext.mxopendata.quality.commitments import CommitmentFacts, of_commitment, total

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

NOW = datetime.now(timezone.utc)
PLAN = "conjunto_datos,fecha_publicacion\nA,2020-01\nB,2019\nC,2021-05-01\nD,\nE,2999\nF,2020-01\n"


@pytest.fixture
def office() -> dict[str, Any]:
    office = factories.Organization(cvegeo="14", gov_type="state")
    settings = ImportSettings("plan.csv", NOW, office["id"])
    import_commitments(PLAN.encode(), settings)
    kept = {"A": "2019-06-01", "B": "2020-02-02", "C": "2021-05-01"}
    for title, issued in kept.items():
        _line(office, title).dataset_id = factories.Dataset(owner_org=office["id"], issued=issued)["id"]
    _line(office, "F").withdrawn_on = NOW.date()
    model.Session.commit()
    return office


def _line(office: dict[str, Any], title: str) -> Any:
    return model.Session.query(Commitment).filter_by(organization_id=office["id"], title=title).one()


def listed(office: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
    return helpers.call_action("mxopendata_commitment_list", institution=office["name"], **asked)["results"]


def sums(office: dict[str, Any], **asked: Any) -> dict[str, int]:
    found = helpers.call_action("mxopendata_commitment_sums", institution=office["name"], **asked)
    return found["institutions"][office["name"]]


def facts(line: dict[str, Any]) -> CommitmentFacts:
    return CommitmentFacts(**{field.name: line[field.name] for field in dataclasses.fields(CommitmentFacts)})


def test_how_promises_stand(office: dict[str, Any]):
    found = {one["title"]: (one["status"], one["timing"]) for one in listed(office)}
    assert found == {
        "A": ("published", "early"),
        "B": ("published", "late"),
        "C": ("published", "on_time"),
        "D": ("undated", None),
        "E": ("pending", None),
        "F": ("withdrawn", None),
    }
    assert [one["title"] for one in listed(office, status="pending")] == ["E"]
    assert len(listed(office, limit=2, offset=5)) == 1
    assert len(listed(office, state="14")) == 6
    assert listed(office, state="09") == []


def test_what_is_hidden_again_is_not_published_and_not_named(office: dict[str, Any]):
    model.Package.get(_line(office, "A").dataset_id).private = True
    model.Session.commit()
    hidden = next(one for one in listed(office) if one["title"] == "A")
    assert (hidden["status"], hidden["dataset"], hidden["published_on"]) == ("overdue", None, None)


def test_a_promise_with_its_history(office: dict[str, Any]):
    later = ImportSettings("plan-2.csv", NOW + timedelta(days=1), office["id"])
    import_commitments(b"conjunto_datos,fecha_publicacion\nE,2030-06\n", later)
    shown = helpers.call_action("mxopendata_commitment_show", id=_line(office, "E").id)
    assert [(one["promised"], one["source_file"], one["source_row"]) for one in shown["dates"]] == [
        ("2999", "plan.csv", 6),
        ("2030-06", "plan-2.csv", 2),
    ]
    assert (shown["promised"], shown["due_on"], shown["institution"]) == ("2030-06", "2030-06-30", office["name"])
    with pytest.raises(tk.ObjectNotFound):
        helpers.call_action("mxopendata_commitment_show", id="ninguno")


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "x"},
        {"limit": "muchos"},
        {"offset": -1},
        {"counted": "x"},
        {"access_level": "x"},
        {"due": "mayo"},
        {"as_of": "hoy"},
    ],
)
def test_what_is_asked_wrongly(office: dict[str, Any], asked: dict[str, Any]):
    with pytest.raises(tk.ValidationError):
        listed(office, **asked)


def test_the_counts_for_the_indicators(office: dict[str, Any]):
    closed = Commitment(
        organization_id=office["id"], line_key="x", title="X", in_inventory=True, open_to_all=False,
        access_level="non_public",
    )  # fmt: skip
    model.Session.add(closed)
    _line(office, "E").withdrawn_on = NOW.date()
    _line(office, "D").due_from = _line(office, "D").due_on = NOW.date() - timedelta(days=1)
    model.Session.commit()
    found = sums(office)
    assert (found["lines"], found["planned"], found["committed"], found["withdrawn"]) == (6, 6, 4, 2)
    assert (found["published"], found["early"], found["on_time"], found["published_late"]) == (3, 1, 1, 1)
    # F fell due in 2020 and was withdrawn since; E was withdrawn in time.
    assert (found["overdue"], found["withdrawn_overdue"], found["access_non_public"]) == (1, 1, 0)
    told = helpers.call_action("mxopendata_commitment_sums", institution=office["name"])
    assert told["committed_per_year"] == {"2019": 1, "2020": 1, "2021": 1, str(NOW.year): 1, "2999": 0}
    inside = sums(office, closed=True)
    assert (inside["inventoried"], inside["access_non_public"]) == (1, 1)
    for day in ("2018-01-01", "2020-01-31", "2020-02-01", "2999-12-31", "3000-01-01"):
        seen: set[tuple[str, str]] = set()
        lines = map(facts, listed(office, closed=False))
        as_pure = total(of_commitment(line, date.fromisoformat(day), seen) for line in lines)
        assert sums(office, as_of=day) == dataclasses.asdict(as_pure), day


def test_every_count_has_the_list_it_counts(office: dict[str, Any]):
    found = sums(office)
    for name in COUNTS:
        if name in found:
            assert len(listed(office, counted=name)) == found[name], name
    assert len(listed(office, counted="late")) == found["published_late"] + found["overdue"]
    assert len(listed(office, access_level="none")) == 6
    assert [one["title"] for one in listed(office, due="2021-05")] == ["C"]
    assert [one["title"] for one in listed(office, nearest=True)][-1] == "D"
    assert listed(office, history=True, due="2021")[0]["dates"][0]["promised"] == "2021-05-01"


def test_what_a_count_file_says(office: dict[str, Any]):
    import_commitments(
        f"institucion,filas_en_plan\n{office['name']},14\n".encode(), ImportSettings("conteo-2026.csv", NOW)
    )
    said = [{"year": 2026, "committed": 14, "source_file": "conteo-2026.csv", "source_row": 2}]
    assert helpers.call_action("mxopendata_commitment_list", institution=office["name"])["totals"] == said
    assert helpers.call_action("mxopendata_commitment_sums", institution=office["name"])["totals"] == said
    assert "totals" not in helpers.call_action("mxopendata_commitment_list")


def test_what_is_proposed_is_confirmed_or_refused_for_good(office: dict[str, Any]):
    kept = factories.Dataset(owner_org=office["id"], title="Padrón de rutas")
    settings = ImportSettings("plan.csv", NOW, office["id"])
    import_commitments(b"conjunto_datos,fecha_publicacion\nPadron de RUTAS,2999\n", settings)
    promise = _line(office, "Padron de RUTAS").id

    def proposed() -> list[tuple[str, float]]:
        found = helpers.call_action("mxopendata_commitment_match_list", institution=office["name"])
        return [(one["dataset"], one["score"]) for one in found if one["commitment"] == promise]

    assert proposed() == [(kept["name"], 1.0)]
    confirmed = helpers.call_action("mxopendata_commitment_match_confirm", id=promise, dataset=kept["name"])
    assert (confirmed["status"], confirmed["dataset"], proposed()) == ("published", kept["name"], [])
    refused = helpers.call_action("mxopendata_commitment_match_refuse", id=promise, dataset=kept["id"])
    assert (refused["status"], refused["dataset"], proposed()) == ("pending", None, [])
    foreign = factories.Dataset(owner_org=factories.Organization()["id"])
    with pytest.raises(tk.ValidationError):
        helpers.call_action("mxopendata_commitment_match_confirm", id=promise, dataset=foreign["name"])
