"""Counts of promises, their figures, their dimension of the index and their part of a quarter's archive."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, datetime, timezone

import pytest

from ckanext.mxopendata.quality import archive
from ckanext.mxopendata.quality.archive import ArchiveError, Frozen, verify, write
from ckanext.mxopendata.quality.commitments import CommitmentFacts, CommitmentSums, of_commitment, total
from ckanext.mxopendata.quality.facts import FORMULA_VERSION
from ckanext.mxopendata.quality.indicators import Evidence, compute_all
from ckanext.mxopendata.quality.mexican import INDICATORS
from ckanext.mxopendata.quality.publication_index import Weights, dimensions, publication_index, read_weights
from ckanext.mxopendata.quality.sums import Sums

TODAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 30, 12, tzinfo=timezone.utc)
ABOUT = {"gov_type": None, "state": None, "sectors": [], "ranked": False}


def promise(
    due: str | None = None, published: str | None = None, withdrawn: str | None = None, title: str | None = None
) -> CommitmentFacts:
    return CommitmentFacts(
        in_inventory=False, in_plan=True, access_level=None, due_from=due, due_on=due, withdrawn_on=withdrawn,
        published_on=published, title=title,
    )  # fmt: skip


PROMISES = [
    promise("2026-06-29"),
    promise("2026-06-30"),
    promise(),
    promise("2026-03-01", published="2026-02-28"),
    promise("2026-03-01", published="2026-03-01"),
    promise("2026-03-01", published="2026-03-02"),
    promise(None, published="2026-03-02"),
    promise("2026-03-01", withdrawn="2026-02-01"),
    promise("2026-03-01", withdrawn="2026-03-02"),
    promise("2026-03-01", published="2026-02-01", withdrawn="2026-03-02"),
]


def _total(promises: Iterable[CommitmentFacts]) -> CommitmentSums:
    """The counts of one institution."""
    seen: set[tuple[str, str]] = set()
    return total(of_commitment(each, TODAY, seen) for each in promises)


def _values(sums: CommitmentSums | None) -> dict:
    return compute_all(INDICATORS, Evidence(Sums(), NOW, commitments=sums))


@pytest.mark.parametrize(
    ("facts", "status"),
    list(zip(PROMISES, ["overdue", "pending", "undated", *["published"] * 4, *["withdrawn"] * 3], strict=True)),
)
def test_how_a_promise_stands_on_a_day(facts, status):
    assert facts.status(TODAY) == status


def test_what_is_taken_back_after_it_fell_due_was_not_kept():
    sums = _total(PROMISES)
    assert (sums.lines, sums.planned, sums.committed, sums.withdrawn, sums.withdrawn_overdue) == (10, 10, 7, 3, 1)
    assert sums.committed_unpublished == 3
    assert (sums.early, sums.on_time, sums.published_late, sums.overdue, sums.late) == (1, 1, 1, 1, 2)
    values = _values(sums)
    # Four published; one overdue and one given up after its day.
    assert (values["mx.commitments_kept"]["numerator"], values["mx.commitments_kept"]["denominator"]) == (4, 6)
    assert (values["mx.commitments_on_time"]["numerator"], values["mx.commitments_on_time"]["denominator"]) == (2, 5)
    assert values["mx.commitments_late"]["value"] == 2


@pytest.mark.parametrize("sums", [None, CommitmentSums()])
def test_who_promised_nothing_has_no_figures_and_loses_no_points(sums):
    values = _values(sums)
    mine = [name for name in INDICATORS if INDICATORS[name].unit == "commitments"]
    assert len(mine) == 11
    assert all(values[name]["value"] is None for name in [*mine, "mx.commitments_kept", "mx.commitments_on_time"])
    found = next(each for each in dimensions(values, read_weights()) if each.id == "commitments")
    assert (found.points, found.lost) == (None, None)


def test_a_plan_without_an_inventory_says_nothing_of_the_inventory():
    values = _values(_total([promise("2027-01-01")]))
    assert (values["mx.committed"]["value"], values["mx.inventoried"]["value"]) == (1, None)
    assert (values["mx.commitments_overdue"]["value"], values["mx.commitments_kept"]["value"]) == (0, None)


OF_THE_YEAR = [
    promise("2026-01-15", title="Padrón de ÁRBOLES"),
    promise("2026-12-31", title="padrón de árboles"),
    promise("2026-07-01", title="Padrón de árboles", withdrawn="2026-02-01"),
    promise("2026-07-01", title="Presas", withdrawn="2026-02-01"),
    promise("2027-01-01", title="Gacetas"),
    promise("2025-12-31", title="Aforos", published="2026-01-02"),
    promise(None, title="Rutas"),
    dataclasses.replace(promise("2026-07-01", title="Inventariado"), in_inventory=True, in_plan=False),
]


def test_what_a_plan_promises_for_the_year_are_titles_not_lines():
    value = _values(_total(OF_THE_YEAR))["mx.committed_this_year"]
    assert (value["value"], value["denominator"], value["unit"]) == (1, 2, "commitments")
    # Two institutions that promise the same title promise two datasets.
    assert (_total(OF_THE_YEAR[:1]) + _total(OF_THE_YEAR[:1])).committed_this_year == 2


def test_who_took_all_of_the_year_back_committed_nothing_and_who_named_no_year_is_not_known():
    assert _values(_total(OF_THE_YEAR[3:4]))["mx.committed_this_year"]["value"] == 0
    unknown = _values(_total(OF_THE_YEAR[4:]))["mx.committed_this_year"]
    assert (unknown["value"], unknown["status"]) == (None, "no_data")


def _archive(weights: Weights, promised: list[tuple[str, CommitmentFacts]] | None) -> bytes:
    sums = None if promised is None else _total(facts for _, facts in promised)
    figures = _values(sums)
    figures["mx.index"] = publication_index(figures, weights)
    institutions = [Frozen("", "", ABOUT, (), figures), Frozen("a", "A", ABOUT, (), figures)]
    return write("2026Q2", NOW, weights, institutions, [], commitments=promised)[0]


def test_an_archive_holds_the_promises_its_figures_are_made_from():
    content = _archive(read_weights(), [("a", each) for each in PROMISES])
    found = verify(content)
    assert (found.differences, found.institutions) == ([], 1)
    # One promise is said to be kept that was not.
    kept, broken = ('"published_on": "2026-03-02"', '"published_on": null')
    changed = _rewritten(content, archive.COMMITMENTS, lambda text: text.replace(kept, broken, 1))
    wrong = {each["indicator"] for each in verify(changed).differences}
    assert wrong >= {"mx.commitments_published", "mx.commitments_kept", "mx.commitments_overdue"}
    with pytest.raises(ArchiveError):
        verify(_rewritten(content, archive.COMMITMENTS, lambda text: text.split("\n", 1)[1]))


def test_an_archive_holds_the_titles_of_the_year():
    content = _archive(read_weights(), [("a", each) for each in OF_THE_YEAR])
    assert verify(content).differences == []
    renamed = _rewritten(content, archive.COMMITMENTS, lambda text: text.replace("padrón de árboles", "Otro"))
    assert {each["indicator"] for each in verify(renamed).differences} == {"mx.committed_this_year"}


def test_an_archive_without_titles_is_still_right():
    """As version 2 of the formulas wrote it."""
    content = _archive(read_weights(), [("a", each) for each in OF_THE_YEAR])
    content = _rewritten(content, archive.MANIFEST, lambda text: text.replace(f'"{FORMULA_VERSION}"', '"2"'))
    content = _rewritten(content, archive.COMMITMENTS, _each_line(lambda line: line["facts"].pop("title")))
    content = _rewritten(
        content, archive.INSTITUTIONS, _each_line(lambda line: line["indicators"].pop("mx.committed_this_year"))
    )
    assert verify(content).differences == []


def _each_line(change: Callable[[dict], object]) -> Callable[[str], str]:
    def rewritten(text: str) -> str:
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            change(line)
        return "".join(json.dumps(line) + "\n" for line in lines)

    return rewritten


def test_an_archive_of_before_is_still_right():
    """Without promises, their figures and their dimension: what was frozen is what is recomputed."""
    old = read_weights()
    old = Weights(old.least_known, {"metadata": {**old.dimensions["metadata"], "weight": 100}})
    content = _archive(old, None)

    def without(text: str) -> str:
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            line["indicators"] = {
                name: value for name, value in line["indicators"].items() if INDICATORS[name].unit != "commitments"
            }
        return "".join(json.dumps(line) + "\n" for line in lines)

    content = _rewritten(content, archive.INSTITUTIONS, without)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert archive.COMMITMENTS not in opened.namelist()
    assert verify(content).differences == []


def _rewritten(content: bytes, name: str, change) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.namelist():
            text = old.read(entry).decode()
            new.writestr(entry, change(text) if entry == name else text)
    return buffer.getvalue()
