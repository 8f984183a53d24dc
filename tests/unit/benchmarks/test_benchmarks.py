"""What benchmarks are made of, without running one: records, templates, arithmetic, the report."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import records
from benchmarks.machine import describe
from benchmarks.memory import peak_rss_mb, rss_mb
from benchmarks.plain_schema import plain_schema
from benchmarks.plan import BENCHMARKS, chosen
from benchmarks.report import HEADINGS, page
from benchmarks.results import Bound, result, side
from benchmarks.templates import template
from local.problem import Problem
from local.seed import read_size

MACHINE = {
    "cores": 2,
    "processor": "Processor",
    "memory_gb": 23.5,
    "system": "Linux x86_64",
    "versions": {"python": "3.11.7", "ckan": "2.12.0"},
    "load_at_start": 0.1,
}


def _exchanged(number: int, other: int) -> str:
    text = json.dumps(records.record(other))
    words = {
        records.token(other): records.token(number),
        records.institution_token(records.institution_number(other)): records.institution_token(
            records.institution_number(number)
        ),
    }
    for word, new in words.items():
        text = text.replace(word, new)
    return text


def test_records_of_one_kind_differ_in_their_two_words_only():
    number = 5 * records.DATASETS_PER_INSTITUTION * records.KINDS + 7
    assert _exchanged(number, 7) == json.dumps(records.record(number))
    assert _exchanged(number, 8) != json.dumps(records.record(number))


def test_records_are_the_same_each_time_and_no_two_are_alike():
    found = list(records.records(range(200)))
    assert found == list(records.records(range(200)))
    for key in ("identifier", "title", "landingPage"):
        assert len({record[key] for record in found}) == 200
    assert all(len(record["distribution"]) == 3 for record in found)
    # Longer ones would be cut in the name of the dataset, the token with them.
    assert max(len(record["title"]) for record in found) <= 85


def test_one_record_in_ten_changes():
    before, after = list(records.records(range(100))), list(records.records(range(100), changed=True))
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 100 / records.ONE_CHANGED_IN


def test_a_catalogue_is_one_json_document(tmp_path):
    path = tmp_path / "www" / "data.json"
    records.write_catalogue(path, range(3))
    assert json.loads(path.read_text(encoding="utf-8"))["dataset"] == list(records.records(range(3)))
    assert [file.name for file in path.parent.iterdir()] == ["data.json"]


@pytest.mark.parametrize(("size", "expected"), [(1, 1), (40, 1), (41, 2), (100_000, 2500)])
def test_institutions_are_proportional(size, expected):
    assert records.institutions(size) == expected
    assert records.institution_number(size - 1) == expected - 1


def test_a_template_gives_its_example_back_and_others():
    text = '{"id": "abc-1", "of": "abc", "share": "10 % of abc-1"}'
    made = template(text, {"abc": "group", "abc-1": "dataset"})
    assert made % {"group": "abc", "dataset": "abc-1"} == text
    assert made % {"group": "g", "dataset": "d"} == '{"id": "d", "of": "g", "share": "10 % of d"}'
    assert template("100 %", {}) % {} == "100 %"


def _side(*seconds: float, count: int = 100, memory: float = 50.0) -> dict:
    return side([{"seconds": value, "count": count, "peak_rss_mb": memory} for value in seconds])


def test_a_side_has_the_rate_of_its_median_repetition():
    runs = [{"seconds": seconds, "count": 100, "peak_rss_mb": seconds} for seconds in (2.0, 50.0, 4.0)]
    assert side(runs) == {"seconds": [2.0, 50.0, 4.0], "per_second": 25.0, "peak_rss_mb": 50.0}


@pytest.mark.parametrize(
    ("bound", "ours", "stock", "ratio", "ok"),
    [
        (Bound("rate", 2.3), 1.0, 2.3, 2.3, True),
        (Bound("rate", 2.3), 1.0, 2.0, 2.0, False),
        (Bound("time", 1.2), 1.2, 1.0, 1.2, True),
        (Bound("time", 1.2), 1.5, 1.0, 1.5, False),
        (Bound("extra_seconds", 0.5), 3.4, 3.0, 1.133, True),
        (Bound("extra_seconds", 0.5), 3.6, 3.0, 1.2, False),
        (Bound("rate"), 1.0, 2.0, 2.0, None),
        (Bound("rate", most_seconds=300), 299.0, None, None, True),
        (Bound("rate", most_seconds=300), 301.0, None, None, False),
    ],
)
def test_what_a_benchmark_promises_is_kept_or_not(bound, ours, stock, ratio, ok):
    line = result("x", 100, _side(ours, ours), _side(stock, stock) if stock else None, bound)
    assert list(line) == ["name", "size", "ours", "stock", "ratio", "ok"]
    assert line["ratio"] == (pytest.approx(ratio, abs=0.01) if ratio else None)
    assert line["ok"] is ok


def test_rates_are_compared_not_times():
    line = result("x", 5000, _side(10.0, count=5000), _side(100.0, count=1000), Bound("rate", 50))
    assert (line["ratio"], line["ok"]) == (50.0, True)


def test_only_names_what_is_run_and_a_size_goes_for_all():
    assert [(one.name, size) for one, size, _ in chosen(["export-full"], None)] == [("export-full", 10_000)]
    assert [(size, bound.limit) for _, size, bound in chosen(["harvest-unchanged"], 100_000)] == [(100_000, 300)]
    whole = [(one.name, size) for one, size, _ in chosen([], None)]
    assert ("harvest-unchanged", 5000) in whole
    assert ("harvest-unchanged", 100_000) in whole
    assert "harvest-first-stock-5000" not in dict(whole)


def test_the_page_shows_every_result_and_names_no_machine():
    lines = [
        result(one.name, one.size, _side(1.0), _side(2.0) if one.against else None, one.bound) for one in BENCHMARKS
    ]
    text = page({"machine": MACHINE, "results": lines})
    head = f"| {' | '.join(HEADINGS)} |"
    table = text.partition(head)[2].partition("\n\n")[0].strip().splitlines()
    assert len(table) == 1 + len(BENCHMARKS)
    assert {row.count("|") for row in (head, *table)} == {len(HEADINGS) + 1}
    assert re.search(r"\| `export-full` \| 10,000 \| 100/s \| 50/s \| 2 \| ≥ 8 × \| \*\*no\*\* \| 50 / 50 \|", text)
    assert re.search(r"\| `cost-save` \| 1,000 \| 1.00 s \| 2.00 s \| 0.5 \| ≤ 1.5 × \| yes \|", text)
    assert "2 cores (Processor), 23.5 GB" in text
    assert max(len(line) for line in text.partition("## How")[2].splitlines()) <= 120


def test_the_machine_is_described_without_its_name():
    import platform

    facts = describe({"solr": "9.9.0"}.items())
    assert facts["cores"] >= 1
    assert facts["memory_gb"] > 0
    assert facts["versions"]["solr"] == "9.9.0"
    assert platform.node() not in json.dumps(facts)
    assert peak_rss_mb() >= rss_mb() > 1


@pytest.mark.parametrize(("grown", "ok"), [((12.5, 80.0), True), ((12.5, 80.1), False), ((), None)])
def test_the_most_memory_of_all_repetitions_counts(grown, ok):
    runs = [{"seconds": 1.0, "count": 10, "peak_rss_mb": 100.0, "growth_mb": value} for value in grown]
    ours = side(runs) if runs else _side(1.0)
    line = result("x", 100, ours, None, Bound("rate", most_growth_mb=80))
    assert line["ok"] is ok
    assert ours.get("growth_mb") == max(grown, default=None)


def test_the_plain_schema_has_our_fields_and_nothing_of_ours():
    from importlib.resources import files

    import yaml

    ours = yaml.safe_load((files("ckanext.mxopendata.schemas") / "mx_dataset.yaml").read_text(encoding="utf-8"))
    plain = plain_schema()
    for part in ("dataset_fields", "resource_fields"):
        assert [field["field_name"] for field in plain[part]] == [field["field_name"] for field in ours[part]]
    assert "mx_" not in json.dumps(plain)
    assert "mxopendata_" not in json.dumps(plain)


@pytest.mark.parametrize("text", ["", "0", "-1", "mil", "1.5", "10000000", "²"])
def test_a_size_that_is_none_is_met_with_an_example(text):
    with pytest.raises(Problem, match=re.escape(f"SIZE={text} ") + ".*make seed SIZE=1000"):
        read_size(text)


def test_a_size_is_a_number_of_datasets():
    assert read_size("100000") == 100_000
