"""What is measured: each function does one piece of work on the loaded site and says how long it took.

The site is loaded, and what a piece of work needs is prepared, before the clock starts: no figure holds the start of a
process. A function gives ``{"seconds", "count"}``: the time, and how many datasets (or operations) it was for.
"""

from __future__ import annotations

import gc
import json
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import plugins as lib_plugins
from ckan.logic.schema import default_update_package_schema

from benchmarks import crowding, seeding, site
from benchmarks.memory import peak_rss_mb, rss_mb

Measured = dict[str, Any]
WARM_UP = 3
FEW = 1000


def seed(order: dict[str, Any], _: Any) -> Measured:
    """Not measured: fill the site. ``size``, ``kind``, ``url``, ``file``; ``datasets`` for a site without harvester."""
    if order["kind"] == "plain":
        return seeding.seed_plain(order["size"], order["datasets"])
    return seeding.seed(order["size"], order["kind"], order["url"], Path(order["file"]))


def crowd(order: dict[str, Any], _: Any) -> Measured:
    """Not measured: give a seeded site ``size`` organizations and, where it is ours, a source for each."""
    return crowding.fill(order["size"], order["kind"])


def examples(order: dict[str, Any], _: Any) -> Measured:
    """Not measured: the first datasets of a seeded site as ``package_create`` takes them."""
    return {"datasets": seeding.examples(order["size"])}


def source(order: dict[str, Any], _: Any) -> Measured:
    """Not measured: make a source without datasets. ``name``, ``url``, ``kind``."""
    organization = seeding.make_institution(0, order["kind"])
    return {"source": site.make_source(order["name"], order["url"], order["kind"], organization)}


def harvest(order: dict[str, Any], _: Any) -> Measured:
    """Harvest the source ``name`` of type ``kind`` with ``processes``; ``expected``: how many records count as what.

    ``full_days``: how long a whole reading may be leant on, if not as the site has it.
    """
    if "full_days" in order:
        tk.config["ckanext.mxopendata.harvest.full_days"] = order["full_days"]
    package = model.Package.get(order["name"])
    model.Session.remove()
    began = time.perf_counter()
    counted = site.harvest(package.id, order["kind"], order.get("processes", 1))
    seconds = time.perf_counter() - began
    for name, number in order["expected"].items():
        if counted.get(name, 0) != number:
            raise RuntimeError(f"the harvest was to count {number} as {name}, it counted {counted}")
    return {"seconds": seconds, "count": order["size"]}


class _ReadError(BaseException):
    """The list was read to its end; what comes after it is not measured."""


def read(order: dict[str, Any], _: Any) -> Measured:
    """Read the list of the source ``name``, ``size`` records, as a run does; ``growth_mb`` is what that took."""
    from ckanext.mxopendata.harvest import engine, runs

    package = model.Package.get(order["name"])
    run = runs.open_run(package.id, "benchmark", datetime.now(timezone.utc))
    reached: list[float] = []

    def progress(_run: Any, number: int, _total: Any) -> None:
        if number >= order["size"]:
            reached.append(peak_rss_mb())
            raise _ReadError

    gc.collect()
    before = rss_mb()
    began = time.perf_counter()
    try:
        engine.advance(run, progress=progress)
    except _ReadError:
        seconds = time.perf_counter() - began
    else:
        raise RuntimeError(f"fewer than {order['size']} records were read")
    return {"seconds": seconds, "count": order["size"], "growth_mb": round(reached[0] - before, 1)}


def export(order: dict[str, Any], _: Any) -> Measured:
    """Write the whole catalogue as Turtle into ``folder``, ``first``: without anything that an earlier one kept.

    ``growth_mb`` is the memory it takes beyond what it held after ``FEW`` datasets.
    """
    from ckanext.mxopendata.dcat import store
    from ckanext.mxopendata.dcat.export import ExportRequest, run

    if order["first"]:
        store.forget_all("")
        model.Session.commit()
    request = ExportRequest(("ttl",), Path(order["folder"]))
    done, after_few = 0, 0.0

    def advance(number: int) -> None:
        nonlocal done, after_few
        done += number
        if not after_few and done >= FEW:
            after_few = rss_mb()

    began = time.perf_counter()
    result = run(request, datetime.now(timezone.utc), advance)
    seconds = time.perf_counter() - began
    datasets = result.counts["ttl"]["datasets"]
    if datasets != order["size"]:
        raise RuntimeError(f"{datasets} datasets were exported, not {order['size']}")
    rendered = result.counts["ttl"]["rendered"]
    if rendered > order.get("rendered", datasets):
        raise RuntimeError(f"{rendered} datasets were made anew, more than {order['rendered']}")
    return {"seconds": seconds, "count": datasets, "growth_mb": round(peak_rss_mb() - (after_few or rss_mb()), 1)}


def change(order: dict[str, Any], _: Any) -> Measured:
    """Not measured: give the first ``number`` datasets another title."""
    for dataset_id in _dataset_ids(order["number"]):
        site.call("package_patch", id=dataset_id, title=order["title"])
    return {}


def catalogue_pages(order: dict[str, Any], application: Any) -> Measured:
    """Page through ckanext-dcat's ``/catalog.ttl``, 100 datasets a page."""
    client = application.test_client()
    pages = -(-order["size"] // 100)
    client.get("/catalog.ttl?page=1")
    began = time.perf_counter()
    for page in range(1, pages + 1):
        answer = client.get(f"/catalog.ttl?page={page}")
        if answer.status_code != 200 or b"dcat:Dataset" not in answer.data:
            raise RuntimeError(f"/catalog.ttl?page={page} answered {answer.status_code}")
    return {"seconds": time.perf_counter() - began, "count": order["size"]}


def page(order: dict[str, Any], application: Any) -> Measured:
    """Ask for the page at ``path``, in which ``{dataset}`` is the id of one."""
    client = application.test_client()
    path = order["path"]
    if "{dataset}" in path:
        path = path.format(dataset=_dataset_ids(1)[0])

    def ask() -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")

    return _each(ask, order["times"])


def clients(order: dict[str, Any], application: Any) -> Measured:
    """Ask a web server of this one process for each of ``paths``, as ``number`` visitors at a time who wait a second.

    The time is what 95 of 100 pages stay below.
    """
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"

    def ask(path: str) -> float:
        began = time.perf_counter()
        with urllib.request.urlopen(f"{address}{path}", timeout=60) as answer:
            answer.read()
        return time.perf_counter() - began

    def visit(first: int) -> list[float]:
        # Each visitor comes at another moment, and reads in another order.
        time.sleep(first / order["number"])
        seconds = []
        for place in range(len(order["paths"])):
            seconds.append(ask(order["paths"][(place + first) % len(order["paths"])]))
            time.sleep(1)
        return seconds

    for path in order["paths"]:
        ask(path)
    with ThreadPoolExecutor(order["number"]) as visitors:
        seconds = [each for found in visitors.map(visit, range(order["number"])) for each in found]
    server.shutdown()
    return {"seconds": statistics.quantiles(seconds, n=20)[-1], "count": 1}


def indicators(order: dict[str, Any], _: Any) -> Measured:
    """Measure every dataset, or what changed where ``full`` is false, and all institutions' figures of the day."""
    from ckanext.mxopendata.dashboard import computation

    began = time.perf_counter()
    outcome = computation.compute(datetime.now(timezone.utc), full=order["full"])
    seconds = time.perf_counter() - began
    if outcome.measured < order["size"]:
        raise RuntimeError(f"{outcome.measured} datasets were measured, not {order['size']}")
    return {"seconds": seconds, "count": outcome.measured}


def package_show(order: dict[str, Any], _: Any) -> Measured:
    """Show one dataset after the other; ``use_cache`` as in CKAN's context."""
    ids = _dataset_ids(order["times"] + WARM_UP)

    def show() -> None:
        tk.get_action("package_show")({"user": "", "use_cache": order["use_cache"]}, {"id": ids.pop()})

    return _each(show, order["times"])


def package_search(order: dict[str, Any], _: Any) -> Measured:
    """Search as the page of datasets does: 20 results and four facets."""
    facets = ["tags", "organization", "license_id", "res_format"]

    def search() -> None:
        tk.get_action("package_search")({"user": ""}, {"q": "serie", "rows": 20, "facet.field": facets})

    return _each(search, order["times"])


def save(order: dict[str, Any], _: Any) -> Measured:
    """Change a dataset: one ``package_patch`` and one ``package_update`` count as one operation."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    ids = _dataset_ids(order["times"] + WARM_UP)

    def change() -> None:
        dataset_id = ids.pop()
        stamp = str(time.time_ns())
        tk.get_action("package_patch")({"user": user}, {"id": dataset_id, "notes": f"Con una nota nueva {stamp}."})
        dataset = tk.get_action("package_show")({"user": user, "use_cache": False}, {"id": dataset_id})
        tk.get_action("package_update")({"user": user}, {**dataset, "notes": f"Con otra nota {stamp}."})
        model.Session.remove()

    return _each(change, order["times"])


def validate(order: dict[str, Any], _: Any) -> Measured:
    """Validate ``size`` datasets for an update: by the form in use, or by CKAN's own (``form``: ``default``).

    CKAN's own form keeps what it does not know as extras: there the datasets are given so.
    """
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    ids = _dataset_ids(order["size"])
    datasets = [tk.get_action("package_show")({"ignore_auth": True}, {"id": dataset_id}) for dataset_id in ids]
    form: Any = lib_plugins.lookup_package_plugin("dataset")
    if order["form"] == "default":
        form = lib_plugins.DefaultDatasetForm()
        datasets = [_with_extras(dataset) for dataset in datasets]
    packages = {dataset["id"]: model.Package.get(dataset["id"]) for dataset in datasets}
    gc.collect()
    began = time.perf_counter()
    for dataset in datasets:
        context = {"model": model, "session": model.Session, "user": user, "ignore_auth": True}
        context["package"] = packages[dataset["id"]]
        schema = form.update_package_schema()
        _, errors = lib_plugins.plugin_validate(form, context, dataset, schema, "package_update")
        if errors:
            raise RuntimeError(f"a dataset was refused: {sorted(errors)}")
    return {"seconds": time.perf_counter() - began, "count": order["size"]}


def _with_extras(dataset: dict[str, Any]) -> dict[str, Any]:
    """A dataset whose fields that CKAN does not know are extras."""
    known = set(default_update_package_schema())
    kept = {name: value for name, value in dataset.items() if name in known and name != "extras"}
    extras = [
        {"key": name, "value": value if isinstance(value, str) else json.dumps(value)}
        for name, value in dataset.items()
        if name not in known and name not in ("num_resources", "num_tags", "organization", "isopen") and value
    ]
    return {**kept, "extras": extras}


def _dataset_ids(count: int) -> list[str]:
    """Some datasets, the same ones each time."""
    query = model.Session.query(model.Package.id).filter(model.Package.type == "dataset")
    found = [row.id for row in query.order_by(model.Package.name).limit(count)]
    model.Session.remove()
    if len(found) < count:
        raise RuntimeError(f"{count} datasets are needed, the site has {len(found)}")
    return found


def _each(operation: Callable[[], None], times: int) -> Measured:
    """The median time of an operation that is done many times; a pause of the machine is not the operation's."""
    for _ in range(WARM_UP):
        operation()
    gc.collect()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        operation()
        seconds.append(time.perf_counter() - began)
    return {"seconds": statistics.median(seconds), "count": 1}


TASKS: dict[str, Callable[[dict[str, Any], Any], Measured]] = {
    task.__name__: task
    for task in (
        seed,
        crowd,
        examples,
        source,
        harvest,
        read,
        export,
        change,
        catalogue_pages,
        page,
        clients,
        indicators,
        package_show,
        package_search,
        save,
        validate,
    )
}
