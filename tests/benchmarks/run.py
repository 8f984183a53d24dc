"""``python -m benchmarks.run ORDER``: what ``make bench`` does once services and sites are there.

Reads one JSON document from the file ORDER: ``sites`` (see :class:`benchmarks.stage.Stage`), ``www`` (folder) and
``port`` (where it is served, from this process), ``only`` (names of benchmarks; empty for all), ``size`` (or
``null``), ``services`` (names and versions), ``log`` and ``output`` (``bench.json``). Says how it goes on the other
output.
"""

from __future__ import annotations

import functools
import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks import machine, records
from benchmarks.plan import DASHBOARD, REPETITIONS, Benchmark, chosen
from benchmarks.results import Bound, result, side
from benchmarks.stage import OURS, PLAIN, STOCK, Stage, WorkFailedError

Runs = list[dict[str, Any]]
SOURCE = "catalogo-generado"
OPERATIONS, SAVES, PAGES, STARTS = 200, 40, 30, 3
CHANGES = 100
VISITORS = 8
AS_INSTALLED = 7  # ckanext.mxopendata.harvest.full_days


def alternate(
    ours: Callable[[int], dict[str, Any]] | None, other: Callable[[int], dict[str, Any]] | None
) -> tuple[Runs, Runs]:
    """Do both sides' work in turn, :data:`REPETITIONS` times, so that a slow minute of the machine meets both."""
    runs: tuple[Runs, Runs] = [], []
    for repetition in range(REPETITIONS):
        for found, work in zip(runs, (ours, other), strict=True):
            if work is not None:
                found.append(work(repetition))
    return runs


def cost(stage: Stage, size: int, task: str, **order: Any) -> tuple[Runs, Runs]:
    """What an operation costs with all our plugins, and without."""
    stage.have(PLAIN, size)
    stage.have(OURS, size)
    runs = alternate(*(lambda _, site=site: stage.work(site, task, **order) for site in (OURS, PLAIN)))
    if task == "save":
        stage.touched(OURS)
        stage.touched(PLAIN)
    return runs


def start(stage: Stage, *_: int) -> tuple[Runs, Runs]:
    """Starts of ``ckan``; the fastest of a few counts, the others met something else on the machine."""

    def begin(site: str) -> dict[str, Any]:
        seconds = min(stage.start_seconds(site) for _ in range(STARTS))
        return {"seconds": seconds, "count": 1, "peak_rss_mb": 0.0}

    return alternate(lambda _: begin(OURS), lambda _: begin(PLAIN))


def validate(stage: Stage, size: int, *_: int) -> tuple[Runs, Runs]:
    """What validation costs with our schema, and with the one CKAN has by itself."""
    stage.have(PLAIN, size)
    stage.have(OURS, size)
    return alternate(
        lambda _: stage.work(OURS, "validate", size=size, form="own"),
        lambda _: stage.work(PLAIN, "validate", size=size, form="default"),
    )


def unchanged(stage: Stage, size: int, stock_size: int, **order: Any) -> tuple[Runs, Runs]:
    """The same catalogue again."""
    stage.have(OURS, size)
    expected = {"unchanged": size}
    ours = functools.partial(stage.work, OURS, "harvest", name=SOURCE, size=size, expected=expected, **order)
    if "unchanged" in stage.measured:
        # At the large size: what the stock harvester does has been measured already, minutes ago.
        return alternate(lambda _: ours(), None)[0], stage.measured["unchanged"]
    stage.have(STOCK, stock_size)
    # The stock harvester writes every dataset again.
    expected = {"updated": stock_size}
    theirs = functools.partial(stage.work, STOCK, "harvest", name=SOURCE, size=stock_size, expected=expected)
    runs = alternate(lambda _: ours(), lambda _: theirs())
    stage.measured["unchanged"] = runs[1]
    stage.touched(STOCK)
    return runs


def same(stage: Stage, size: int, stock_size: int) -> tuple[Runs, Runs]:
    """The same file again, with the suite as it is installed: what is known is leant on."""
    stage.have(OURS, size)
    stage.work(OURS, "harvest", name=SOURCE, size=size, expected={"unchanged": size})
    return unchanged(stage, size, stock_size, full_days=AS_INSTALLED)


def changed(stage: Stage, size: int, stock_size: int) -> tuple[Runs, Runs]:
    """The catalogue with one record in ten changed, then changed back, and so on."""
    stage.have(OURS, size)
    stage.have(STOCK, stock_size)

    def harvest(site: str, number: int, expected: dict[str, int], repetition: int) -> dict[str, Any]:
        stage.change_catalogue(site, number, changed=repetition % 2 == 0)
        return stage.work(site, "harvest", name=SOURCE, size=number, expected=expected)

    updated = -(-size // records.ONE_CHANGED_IN)
    runs = alternate(
        functools.partial(harvest, OURS, size, {"updated": updated, "unchanged": size - updated}),
        functools.partial(harvest, STOCK, stock_size, {"updated": stock_size}),
    )
    stage.touched(OURS)
    stage.touched(STOCK)
    return runs


def first(stage: Stage, size: int, stock_size: int, processes: int = 1) -> tuple[Runs, Runs]:
    """A catalogue that the site has never seen, another one each time."""

    def harvest(site: str, number: int, expected: str, repetition: int) -> dict[str, Any]:
        name = f"primera-{repetition}"
        begin = repetition * 1_000_000
        records.write_catalogue(stage.file(site, name), range(begin, begin + number))
        stage.work(site, "source", name=name, url=stage.address(site, name))
        return stage.work(site, "harvest", name=name, size=number, expected={expected: number}, processes=processes)

    sides = []
    for site, number, expected in ((OURS, size, "created"), (STOCK, stock_size, "added")):
        if number:
            stage.have(site, 0)
            stage.touched(site)
        sides.append(functools.partial(harvest, site, number, expected) if number else None)
    return alternate(*sides)


def reading(stage: Stage, size: int, _: int) -> tuple[Runs, Runs]:
    """The list of a large catalogue, read once; nothing of it is written."""
    stage.have(OURS, 0)
    stage.touched(OURS)
    records.write_catalogue(stage.file(OURS, "grande"), range(size))
    stage.work(OURS, "source", name="grande", url=stage.address(OURS, "grande"))
    return [stage.work(OURS, "read", name="grande", size=size)], []


def first_of_stock(stage: Stage, _: int, stock_size: int) -> tuple[Runs, Runs]:
    """The stock harvester alone, once, at another size."""
    stage.have(STOCK, 0)
    stage.touched(STOCK)
    records.write_catalogue(stage.file(STOCK, "sola"), range(stock_size))
    stage.work(STOCK, "source", name="sola", url=stage.address(STOCK, "sola"))
    return [], [stage.work(STOCK, "harvest", name="sola", size=stock_size, expected={"added": stock_size})]


def _export(stage: Stage, size: int, **more: Any) -> dict[str, Any]:
    return stage.work(OURS, "export", size=size, folder=str(stage.www.parent / "export"), **more)


def export(stage: Stage, size: int, stock_size: int) -> tuple[Runs, Runs]:
    """The whole catalogue as Turtle."""
    stage.have(OURS, size)
    stage.have(STOCK, stock_size)
    return alternate(
        lambda _: _export(stage, size, first=True),
        lambda _: stage.work(STOCK, "catalogue_pages", size=stock_size),
    )


def export_again(stage: Stage, size: int, _: int) -> tuple[Runs, Runs]:
    """The whole catalogue as Turtle after some changes, and the file before them, of which nothing was there."""
    stage.have(OURS, size)
    stage.touched(OURS)
    runs: tuple[Runs, Runs] = [], []
    for repetition in range(REPETITIONS):
        runs[1].append(_export(stage, size, first=True))
        stage.work(OURS, "change", number=CHANGES, title=f"Otro título {repetition}")
        runs[0].append(_export(stage, size, first=False, rendered=CHANGES))
    return runs


def dashboard_page(stage: Stage, size: int, stock_size: int, path: str) -> tuple[Runs, Runs]:
    """A page of the dashboard, and CKAN's of an institution with 40 datasets, which ``{institution}`` names."""
    stage.have(OURS, size)
    stage.have(STOCK, stock_size)
    stage.figures(size)
    name = records.institution(1)["name"]
    return alternate(
        lambda _: stage.work(OURS, "page", path=path.replace("{institution}", name), times=PAGES),
        lambda _: stage.work(STOCK, "page", path=f"/organization/{name}", times=PAGES),
    )


def visitors(stage: Stage, size: int, _: int) -> tuple[Runs, Runs]:
    """Pages of the dashboard for eight visitors at a time."""
    stage.have(OURS, size)
    stage.figures(size)
    institutions = [f"/tablero/institucion/{records.institution(number)['name']}" for number in range(16)]
    paths = [*institutions, *(path for path in DASHBOARD if "{" not in path)]
    return alternate(lambda _: stage.work(OURS, "clients", paths=paths, number=VISITORS), None)


def harvests_page(stage: Stage, size: int, _: int) -> tuple[Runs, Runs]:
    """The page of all sources, and CKAN's of all organizations."""
    for site in (OURS, STOCK):
        stage.have(site, records.KINDS)
        stage.work(site, "crowd", size=size)
        stage.touched(site)
    return alternate(
        lambda _: stage.work(OURS, "page", path="/cosechas", times=PAGES),
        lambda _: stage.work(STOCK, "page", path="/organization/", times=PAGES),
    )


def export_memory(stage: Stage, size: int, _: int) -> tuple[Runs, Runs]:
    """The whole catalogue as Turtle, for the memory it takes."""
    stage.have(OURS, size)
    return [_export(stage, size, first=True)], []


def rdf_page(stage: Stage, size: int, stock_size: int, path: str) -> tuple[Runs, Runs]:
    """A page of RDF, at the same address on both sides."""
    stage.have(OURS, size)
    stage.have(STOCK, stock_size)
    return alternate(*(lambda _, site=site: stage.work(site, "page", path=path, times=PAGES) for site in (OURS, STOCK)))


def indicators(stage: Stage, size: int, _: int) -> tuple[Runs, Runs]:
    """All figures from everything."""
    stage.have(OURS, size)
    return alternate(lambda _: stage.work(OURS, "indicators", size=size, full=True), None)


def indicators_again(stage: Stage, size: int, _: int) -> tuple[Runs, Runs]:
    """The figures after a few changes."""
    stage.have(OURS, size)
    stage.figures(size)

    def compute(repetition: int) -> dict[str, Any]:
        stage.work(OURS, "change", number=CHANGES, title=f"Un título cambiado {repetition}")
        return stage.work(OURS, "indicators", size=CHANGES, full=False)

    runs = alternate(compute, None)
    stage.touched(OURS)
    return runs


WORKS: dict[str, Callable[[Stage, int, int], tuple[Runs, Runs]]] = {
    "cost-start": start,
    "cost-package-show": lambda stage, size, _: cost(stage, size, "package_show", times=OPERATIONS, use_cache=True),
    "cost-package-show-database": lambda stage, size, _: cost(
        stage, size, "package_show", times=OPERATIONS, use_cache=False
    ),
    "cost-package-search": lambda stage, size, _: cost(stage, size, "package_search", times=OPERATIONS),
    "cost-save": lambda stage, size, _: cost(stage, size, "save", times=SAVES),
    "validate": validate,
    "harvest-unchanged": unchanged,
    "harvest-same": same,
    "harvest-changed": changed,
    "harvest-read": reading,
    "harvest-first": first,
    "harvest-first-two": functools.partial(first, processes=2),
    "harvest-first-stock-5000": first_of_stock,
    **{name: functools.partial(dashboard_page, path=path) for path, name in DASHBOARD.items()},
    "page-visitors": visitors,
    "page-harvests": harvests_page,
    "page-catalogue-rdf": functools.partial(rdf_page, path="/catalog.ttl"),
    "page-dataset-rdf": functools.partial(rdf_page, path="/dataset/{dataset}.ttl"),
    "export-full": export,
    "export-memory": export_memory,
    "export-incremental": export_again,
    "indicators-full": indicators,
    "indicators-again": indicators_again,
}


def measure(stage: Stage, benchmark: Benchmark, size: int, bound: Bound) -> dict[str, Any]:
    """Run one benchmark at one size."""
    stock_size = benchmark.stock_size or size
    ours, other = WORKS[benchmark.name](stage, size, stock_size)
    line = result(benchmark.name, size, side(ours) if ours else None, side(other) if other else None, bound)
    if line["stock"] is not None:
        line["stock"]["size"] = stock_size
    return line


def main() -> int:
    """Measure, write ``bench.json`` after each benchmark, and say how it went."""
    order: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    www = Path(order["www"])
    handler = functools.partial(_Quiet, directory=str(www))
    server = ThreadingHTTPServer(("127.0.0.1", order["port"]), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stage = Stage(order["sites"], www, f"http://127.0.0.1:{order['port']}", Path(order["log"]))
    facts = {**machine.describe(order["services"].items()), "load_at_start": machine.load()}
    document: dict[str, Any] = {"machine": facts, "results": []}
    failed = 0
    for benchmark, size, bound in chosen(order["only"], order["size"]):
        began = time.monotonic()
        _say(f"→ {benchmark.name} ({size:,}) … ", end="")
        try:
            line = measure(stage, benchmark, size, bound)
        except WorkFailedError as error:
            failed += 1
            _say(f"✘ {error}")
            continue
        document["results"].append(line)
        Path(order["output"]).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        _say(f"{_words(line)}, {time.monotonic() - began:.0f} s")
    server.shutdown()
    return 1 if failed else 0


def _words(line: dict[str, Any]) -> str:
    mark = {True: "✔", False: "✘", None: "·"}[line["ok"]]
    sides = [f"{name} {line[name]['per_second']}/s" for name in ("ours", "stock") if line[name]]
    sides += [f"+ {line['ours']['growth_mb']} MB"] if line["ours"] and "growth_mb" in line["ours"] else []
    return f"{mark} {', '.join(sides)}, ratio {line['ratio']}"


def _say(words: str, end: str = "\n") -> None:
    sys.stderr.write(words + end)
    sys.stderr.flush()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Silent."""


if __name__ == "__main__":
    sys.exit(main())
