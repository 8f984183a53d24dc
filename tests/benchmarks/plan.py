"""Which benchmarks there are, at which sizes, and what each of them promises. Pure: names and numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.results import Bound

STOCK_SIZE = 1000
REPETITIONS = 3


@dataclass(frozen=True)
class Benchmark:
    """One line of the report.

    Attributes:
        name: as in ``make bench ONLY=name``.
        size: datasets of our side, when nobody says otherwise.
        bound: what is promised.
        what: what our side does.
        against: what the other side does; empty where nobody else does it.
        large: a second size in a run of all benchmarks, with a promise of its own.
        stock_size: datasets of the other side; 0 for as many as ours.
        by_default: whether a run of all benchmarks includes it.
    """

    name: str
    size: int
    bound: Bound
    what: str
    against: str = ""
    large: tuple[int, Bound] | None = None
    stock_size: int = STOCK_SIZE
    by_default: bool = True


_DCAT_JSON = "ckanext-dcat's `dcat_json_harvester`, the same catalogue, the same steps without the queue"
_PLAIN = "CKAN with ckanext-scheming and a schema of the same fields made of scheming's presets, the same datasets"

# Address of a page → its benchmark.
DASHBOARD = {
    "/tablero/institucion/{institution}": "page-institution",
    "/tablero": "page-dashboard",
    "/tablero/clasificacion": "page-ranking",
    "/tablero/conjuntos": "page-datasets",
    "/tablero/datos/{dataset}": "page-dataset",
    "/tablero/metodologia": "page-methodology",
    "/compromisos": "page-commitments",
}

BENCHMARKS = (
    Benchmark(
        "cost-start",
        0,
        Bound("extra_seconds", 0.5),
        "`ckan --help` with all plugins, a process from start to end",
        _PLAIN,
        stock_size=0,
    ),
    Benchmark(
        "cost-package-show", 1000, Bound("time", 1.2), "`package_show`, as an API client gets it", _PLAIN, stock_size=0
    ),
    Benchmark(
        "cost-package-show-database",
        1000,
        Bound("time", 1.2),
        "`package_show` from the tables, without the copy in the search index",
        _PLAIN,
        stock_size=0,
    ),
    Benchmark(
        "cost-package-search",
        1000,
        Bound("time", 1.2),
        "`package_search`, 20 results and four facets",
        _PLAIN,
        stock_size=0,
    ),
    Benchmark(
        "cost-save",
        1000,
        Bound("time", 1.5),
        "`package_patch`, then `package_update` of one dataset",
        _PLAIN,
        stock_size=0,
    ),
    Benchmark(
        "validate",
        1000,
        Bound("time", 1.3),
        "validation of datasets for an update, by the schema in use",
        "CKAN's own schema, the same datasets with their further fields as extras",
        stock_size=0,
    ),
    Benchmark(
        "harvest-unchanged",
        5000,
        Bound("rate", 100),
        "harvest of a `data.json` in which nothing changed, though all of it is read",
        _DCAT_JSON,
        large=(100_000, Bound("rate", 300)),
    ),
    Benchmark(
        "harvest-same",
        5000,
        Bound("rate", 100),
        "the same `data.json` again as a suite that was just installed harvests it: an equal file is not read again",
        _DCAT_JSON,
        large=(100_000, Bound("rate", 300)),
    ),
    Benchmark("harvest-changed", 5000, Bound("rate", 20), "the same with one record in ten changed", _DCAT_JSON),
    Benchmark(
        "harvest-read",
        100_000,
        Bound("rate", most_growth_mb=80),
        "reading a `data.json` to its end; promised is the memory above that of the process before the first page",
    ),
    Benchmark("harvest-first", 1000, Bound("rate", 2.3), "first harvest of a `data.json`", _DCAT_JSON),
    Benchmark(
        "harvest-first-two",
        1000,
        Bound("rate", 3),
        "the same with two processes",
        f"{_DCAT_JSON}, its datasets written by two processes",
    ),
    Benchmark(
        "harvest-first-stock-5000",
        0,
        Bound("rate"),
        "nothing: the rate of the stock harvester at 5,000 datasets, measured once",
        _DCAT_JSON,
        stock_size=5000,
        by_default=False,
    ),
    *(
        Benchmark(
            name,
            5000,
            Bound("time", 1.5),
            f"`{path.replace('{', '<').replace('}', '>')}`",
            "CKAN's `/organization/<name>` on a site without our plugins",
        )
        for path, name in DASHBOARD.items()
    ),
    Benchmark(
        "page-visitors",
        5000,
        Bound("time", most_seconds=0.5),
        "pages of the dashboard, of 16 institutions among them, from one process to eight visitors who wait a second"
        " after each; the time is what 95 of 100 stay below",
    ),
    Benchmark(
        "page-harvests",
        2500,
        Bound("time", 1.5),
        "`/cosechas` with so many sources, each with ten runs and 40 datasets",
        "CKAN's `/organization/` with as many organizations, on a site without our plugins",
        stock_size=0,
    ),
    Benchmark(
        "page-catalogue-rdf",
        1000,
        Bound("time", 1.3),
        "`/catalog.ttl`, 100 datasets",
        "ckanext-dcat's, the same datasets as it harvests them",
    ),
    Benchmark(
        "page-dataset-rdf", 1000, Bound("time", 1.3), "`/dataset/<id>.ttl`", "ckanext-dcat's, as it harvests a dataset"
    ),
    Benchmark(
        "export-full",
        10_000,
        Bound("rate", 8),
        "the whole catalogue as one Turtle file",
        "paging through ckanext-dcat's `/catalog.ttl`",
    ),
    Benchmark(
        "export-memory",
        10_000,
        Bound("rate", most_growth_mb=60),
        "the same; promised is the memory above that of the process after the first 1,000 datasets",
    ),
    Benchmark(
        "export-incremental",
        100_000,
        Bound("rate", 10),
        "the whole catalogue as one Turtle file after 100 changes",
        "the same of ours for the first time, before the changes",
        stock_size=0,
    ),
    Benchmark(
        "indicators-full", 10_000, Bound("rate", most_seconds=300), "measuring every dataset and all figures of the day"
    ),
    Benchmark(
        "indicators-again", 100_000, Bound("rate", most_seconds=5), "the figures of the day again after 100 changes"
    ),
)


def bound_at(benchmark: Benchmark, size: int) -> Bound:
    """What a benchmark promises at a size."""
    return benchmark.large[1] if benchmark.large and size >= benchmark.large[0] else benchmark.bound


def chosen(only: Sequence[str], size: int | None) -> list[tuple[Benchmark, int, Bound]]:
    """What is to be measured, with its size and promise, in the order in which the sites are filled least often.

    Args:
        only: names; empty for all that a whole run includes.
        size: instead of each one's own; ``None`` for those, and for the large ones of a whole run.
    """
    wanted = [one for one in BENCHMARKS if (one.name in only if only else one.by_default)]
    named = [(one, size or one.size, bound_at(one, size or one.size)) for one in wanted]
    large = [(one, *one.large) for one in wanted if one.large and not size and not only]
    return named + large
