"""``make bench``: services of its own, three sites on them, and the benchmarks of ``tests/benchmarks``.

The sites differ in plugins only: ours has those of ``test.ini``, ``stock`` what a portal harvests and exports with
without us, ``plain`` only ckanext-scheming. Each has a database and a Solr core; the latter two have CKAN's own schema.
"""

from __future__ import annotations

import configparser
import json
import urllib.request
from pathlib import Path

from local import commands, files, postgres, site, solr, stack, state, valkey
from local.problem import Problem, step
from local.seed import read_size
from local.settings import ADDRESS, ALLOWED_PRIVATE, Settings, of_its_own

OURS, STOCK, PLAIN = "ours", "stock", "plain"
SITES = (OURS, STOCK, PLAIN)
RESULT = "bench.json"
PLUGINS = {STOCK: "dcat dcat_json_harvester harvest", PLAIN: "scheming_datasets"}
OF_OTHER_PLUGINS = ("ckanext.", "scheming.")


def main(settings: Settings, *words: str) -> int:
    """Run benchmarks; 1 where one of them could not be run.

    Args:
        settings: the installation whose downloads are used.
        words: names of benchmarks (none: all of them) and perhaps a size.

    Raises:
        Problem: something is missing; the message says how to cure it.
    """
    sizes = [word for word in words if word.isdecimal()]
    size = read_size(sizes[0]) if sizes else None
    only = [word for word in words if not word.isdecimal()]
    own = of_its_own(settings, settings.build / "bench")
    stack.clean_home(own)
    with stack.at_work(own):
        stack.install(own)
        _check(own, only)
        addresses = stack.start_services(own, *SITES)
        try:
            port = state.free_port()
            sites = {name: _make_site(own, name, addresses["ckan.redis.url"], port) for name in SITES}
            code = _run(own, sites, port, only, size, settings.build / RESULT)
        finally:
            stack.end_everything(own)
    if code == 0:
        stack.clean_home(own)
    return code


def _check(own: Settings, only: list[str]) -> None:
    """Refuse names that are none before anything is started."""
    program = "from benchmarks.plan import BENCHMARKS; print(*(one.name for one in BENCHMARKS))"
    known = commands.run([own.python, "-c", program], own.logs / "bench.log", environment=site.environment(own)).split()
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise Problem(
            f"No hay medición «{unknown[0]}»; hay: {', '.join(known)}",
            f'There is no benchmark "{unknown[0]}"; there are: {", ".join(known)}',
        )


def _make_site(own: Settings, name: str, redis: str, port: int) -> dict[str, str]:
    """An empty site: its configuration, tables, search index."""
    number = SITES.index(name)
    place = {
        "ini": str(own.home / f"{name}.ini"),
        "database": postgres.url(own, name),
        "solr": solr.url(own, name),
    }
    with step(f"Sitio «{name}»"):
        if name != OURS:
            _use_stock_schema(own, name)
        addresses = {
            "sqlalchemy.url": place["database"],
            "solr_url": place["solr"],
            "ckan.redis.url": valkey.url(own, number),
        }
        site.write_ini(own, port, addresses)
        _write_ini(own, name, Path(place["ini"]), port)
        password = state.secret(own, "sysadmin")
        sysadmin = {"name": site.SYSADMIN, "password": password, "email": "admin@example.com"}
        order = {"ini": place["ini"], "sysadmin": sysadmin, "token": None, "reindex": False}
        site.run_module(own, "local.prepare", order)
    return place


def _use_stock_schema(own: Settings, name: str) -> None:
    program = (
        "import sys; from ckanext.mxopendata.solr_schema import installed_schema; sys.stdout.write(installed_schema())"
    )
    schema = commands.run([own.python, "-c", program], own.logs / "bench.log")
    files.write_text(own.home / solr.NAME / name / "conf" / "schema.xml", schema, 0o644)
    address = f"{solr.url(own, name).rpartition('/')[0]}/admin/cores?action=RELOAD&core={name}"
    with urllib.request.urlopen(address, timeout=60) as answer:
        answer.read()


def _write_ini(own: Settings, name: str, path: Path, port: int) -> None:
    """The configuration of ``make up``, with the plugins of this site; all else is equal for the three."""
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment]  # names of options are case-sensitive
    parser.read(own.ini, encoding="utf-8")
    section = parser["app:main"]
    # Their plugins are in none of the three sites.
    section["ckan.views.default_views"] = ""
    section["ckan.storage_path"] = str(own.home / f"storage-{name}")
    section["ckan.site_id"] = f"bench_{name}"
    for logger in ("logger_root", "logger_ckan", "logger_ckanext"):
        parser[logger]["level"] = "ERROR"
    if name != OURS:
        for key in [key for key in section if key.startswith(OF_OTHER_PLUGINS)]:
            del section[key]
        section["ckan.plugins"] = PLUGINS[name]
    if name == PLAIN:
        schema = own.home / "plain.yaml"
        commands.run(
            [own.python, "-m", "benchmarks.plain_schema", schema],
            own.logs / "bench.log",
            environment=site.environment(own),
        )
        section["scheming.dataset_schemas"] = f"file://{schema}"
    if name == OURS:
        section[ALLOWED_PRIVATE] = f"{ADDRESS}:{port}"
        # What a harvest that reads everything costs; the server would say that the same file is the same.
        section["ckanext.mxopendata.harvest.full_days"] = "0"
    with path.open("w", encoding="utf-8") as file:
        parser.write(file)


def _run(  # noqa: PLR0913, PLR0917 - what one order holds
    own: Settings, sites: dict[str, dict[str, str]], port: int, only: list[str], size: int | None, output: Path
) -> int:
    www = own.home / "www"
    www.mkdir()
    order = {
        "sites": sites,
        "www": str(www),
        "port": port,
        "only": only,
        "size": size,
        "services": _versions(own),
        "log": str(own.logs / "benchmarks.log"),
        "output": str(output),
    }
    # Of an earlier run; a figure must not outlive its benchmark.
    output.unlink(missing_ok=True)
    path = own.home / "order.json"
    files.write_json(path, order)
    return commands.watch(
        [own.python, "-m", "benchmarks.run", path], environment=site.environment(own), folder=own.home
    )


def _versions(own: Settings) -> dict[str, str]:
    """Of the services, as they say themselves."""
    said = commands.run([postgres.binaries(own) / "postgres", "--version"], own.logs / "bench.log")
    address = f"{solr.url(own, OURS).rpartition('/')[0]}/admin/info/system?wt=json"
    with urllib.request.urlopen(address, timeout=60) as answer:
        lucene = json.load(answer)["lucene"]["solr-spec-version"]
    return {"postgresql": said.split()[-1], "solr": lucene}
