"""``python -m benchmarks.report BENCH_JSON PAGE``: the page of the documentation that shows the figures."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.plan import BENCHMARKS, REPETITIONS, STOCK_SIZE, Benchmark, bound_at
from benchmarks.results import Bound

HEADINGS = ("benchmark", "datasets", "ours", "theirs", "ratio", "promised", "kept", "memory, MB (ours / theirs)")
_KEPT = {True: "yes", False: "**no**", None: "–"}
_HOW = f"""\
## How it is measured

`make bench` starts PostgreSQL, Valkey and Solr of its own and three sites on them, which differ in their plugins only:

- **ours**: the plugins of `test.ini`, our Solr schema;
- **stock**: ckanext-harvest and ckanext-dcat with `dcat_json_harvester`, CKAN's own schema of datasets and of Solr;
- **plain**: ckanext-scheming alone, with a schema of the same fields made of scheming's own presets
  (`tests/benchmarks/plain_schema.py`): what "CKAN + scheming" means in the promise of what we cost others.

All sides work on the same generated records (`tests/benchmarks/records.py`, three distributions each). They take turns,
{REPETITIONS} times each, one process at a time. Each piece of work runs in a new process; the clock starts when the
site is loaded and what is needed is prepared, so no rate holds the start of a process. The stock side has
{STOCK_SIZE:,} datasets (more would take hours); rates are compared, not times. Of small operations (showing, searching,
saving, a page) each process does many and their median counts. `ratio` is our rate divided by theirs for work on a
catalogue, and our time divided by theirs for what an operation, a page or a start costs. Memory is the most that the
working process held.

Sites are filled by copying the rows and search documents that CKAN itself made for a few datasets, which `make seed
SIZE=n` also does to a running local stack; that is for benchmarks only, and a test holds a copied dataset against a
harvested one.

## Do it again

```sh
make bench                               # all of it, at most 40 minutes on 2 quiet cores; build/bench.json
make bench ONLY=harvest-first            # one of them, at most 10 minutes
make bench ONLY=harvest-unchanged SIZE=100000
make bench-page                          # writes this page from build/bench.json
```

A machine that does something else at the same time spoils every figure: the load when it began stands above.
"""


def page(document: Mapping[str, Any]) -> str:
    """The page, in Markdown.

    Args:
        document: what ``bench.json`` holds.
    """
    machine = document["machine"]
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench-page` from what `make bench` measured; not edited by hand.",
        "",
        *_table(HEADINGS, [_row(line) for line in document["results"]]),
        "",
        *(f"- `{name}`: {_what(name)}" for name in dict.fromkeys(line["name"] for line in document["results"])),
        "",
        "## The machine",
        "",
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB of memory, {machine['system']};"
        f" load {machine['load_at_start']} when it began.",
        "",
        *_table(("software", "version"), machine["versions"].items()),
        "",
        _HOW.rstrip(),
    ]
    return "\n".join(lines) + "\n"


def _benchmark(name: str) -> Benchmark:
    return next(benchmark for benchmark in BENCHMARKS if benchmark.name == name)


def _what(name: str) -> str:
    benchmark = _benchmark(name)
    against = f"; theirs: {benchmark.against}" if benchmark.against else ""
    return f"{benchmark.what}{against}."


def _row(line: Mapping[str, Any]) -> tuple[str, ...]:
    bound = bound_at(_benchmark(line["name"]), line["size"])
    memory = " / ".join(_memory(line[side]) for side in ("ours", "stock"))
    ratio = f"{line['ratio']:g}" if line["ratio"] is not None else "–"
    return (
        f"`{line['name']}`",
        f"{line['size']:,}" if line["size"] else "–",
        _speed(line["ours"], bound),
        _speed(line["stock"], bound),
        ratio,
        promise(bound),
        _KEPT[line["ok"]],
        memory,
    )


def _speed(side: Mapping[str, Any] | None, bound: Bound) -> str:
    """Rates of work on a catalogue; times of everything else."""
    if side is None:
        return "–"
    if bound.measure == "rate":
        return f"{side['per_second']:,.4g}/s"
    seconds = statistics.median(side["seconds"])
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def _memory(side: Mapping[str, Any] | None) -> str:
    if not side or not side["peak_rss_mb"]:
        return "–"
    grown = f" (+ {side['growth_mb']:.0f})" if "growth_mb" in side else ""
    return f"{side['peak_rss_mb']:.0f}{grown}"


def promise(bound: Bound) -> str:
    """What is promised, in words."""
    if bound.most_growth_mb is not None:
        return f"≤ + {bound.most_growth_mb:g} MB"
    if bound.most_seconds is not None:
        return f"≤ {bound.most_seconds:g} s"
    if bound.limit is None:
        return "–"
    if bound.measure == "extra_seconds":
        return f"≤ + {bound.limit:g} s"
    return f"{'≥' if bound.measure == 'rate' else '≤'} {bound.limit:g} ×"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(headings)
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(page(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), encoding="utf-8")
