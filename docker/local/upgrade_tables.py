"""A small site, and what stands in the suite's own tables afterwards; in one process inside the virtual environment.

``python -m local.upgrade_tables``: reads ``{"ini", "pg_dump", "target"}`` from its input and writes ``schema.sql`` and
``rows.json`` below the target. The site is made by the suite's own code in an empty database; this process serves the
portal that it harvests. Ids, times and transactions are renumbered, so that the same code gives the same files.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

PREFIX = "mxopendata_"
NOW = datetime(2026, 1, 31, 6, 0, tzinfo=timezone.utc)
INSTITUTION = "secretaria-de-movilidad"
RECORDS = 8
# Where an id is met first: the table whose rows have an order of their own, that of the portal's identifiers.
NUMBERING = "mxopendata_harvest_identity"
CHANGES = "mxopendata_change"
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00)?")
_NOISE = ("--", "SET ", "SELECT pg_catalog.", "\\")


def catalogue(number: int) -> str:
    """A data.json of so many records and one that cannot be taken in; it names nobody."""
    records: list[dict[str, Any]] = [
        {
            "identifier": f"ruta-{index}",
            "title": f"Rutas de camión {index}",
            "description": "Recorridos y horarios",
            "modified": "2026-01-15",
            "accrualPeriodicity": "R/P1M" if index else "de vez en cuando",
            "distribution": [{"title": "Tabla", "downloadURL": f"https://datos.example/{index}.csv", "format": "CSV"}],
        }
        for index in range(number)
    ]
    return json.dumps({"dataset": [*records, {"identifier": "sin-titulo"}]})


class _Portal(BaseHTTPRequestHandler):
    answer = ""

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        content = self.answer.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Silent."""


def fill(now: datetime) -> None:
    """An institution, a dataset of its own, a managed source with two runs (one held), figures of one day."""
    import ckan.plugins.toolkit as tk

    # The suite as it is installed, of whatever version: no part of this package.
    computation: Any = import_module("ckanext.mxopendata.dashboard.computation")
    runner: Any = import_module("ckanext.mxopendata.harvest.runner")
    sources: Any = import_module("ckanext.mxopendata.harvest.sources")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"127.0.0.1:{server.server_address[1]}"
    tk.config["ckanext.mxopendata.http.allowed_private"] = [host]
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]

    def act(action: str, /, **asked: Any) -> Any:
        return tk.get_action(action)({"ignore_auth": True, "user": user}, asked)

    act("organization_create", name=INSTITUTION, title="Secretaría de Movilidad", gov_type="state", cvegeo="14")
    act(
        "package_create",
        name="aforo-vehicular",
        title="Aforo vehicular",
        notes="Vehículos que pasan por cada cruce.",
        owner_org=INSTITUTION,
        theme=["movilidad"],
        contact=[{"email": "datos@ejemplo.gob.mx"}],
        frequency="R/P1M",
        modified="2026-01-10",
        license_id="libreusomx",
        access_rights="public",
        documentation=["https://datos.example/diccionario.csv"],
        resources=[{"name": "Tabla", "url": "https://datos.example/aforo.csv", "format": "CSV"}],
    )
    content = {
        "name": "movilidad",
        "title": "Movilidad",
        "url": "http://movilidad.example/data.json",
        "type": "mx_datajson",
        "institution": INSTITUTION,
        "schedule": "WEEKLY",
    }
    source = sources.save(content, "jalisco/movilidad.yaml")
    # The port is another one each time; the file that is noted for the source is not.
    act("harvest_source_patch", id=source, url=f"http://{host}/data.json")
    _Portal.answer = catalogue(RECORDS)
    runner.harvest(source, now)
    # Most of it is gone: a guard holds the run, and its spool waits for somebody's word.
    _Portal.answer = catalogue(1)
    runner.harvest(source, now + timedelta(hours=1))
    computation.compute(now + timedelta(hours=2))
    server.shutdown()


def rows_of(tables: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """All rows as PostgreSQL writes them in JSON."""
    import sqlalchemy as sa

    from ckan import model

    found: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        query = sa.text(f"SELECT coalesce(json_agg(row_to_json(t)), '[]') FROM \"{table}\" t")  # noqa: S608
        found[table] = model.Session.execute(query).scalar_one()
    return found


def renumbered(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The rows with ids, times and transactions numbered by their order: equal stays equal, earlier stays earlier."""
    known = sorted(rows[NUMBERING], key=lambda row: row["identifier"])
    others = sorted((row for table in rows.values() for row in table), key=_without_chance)
    ids: dict[str, str] = {}
    for found in _UUID.findall(json.dumps([*known, *others])):
        ids.setdefault(found, f"00000000-0000-4000-8000-{len(ids) + 1:012d}")
    text = json.dumps(rows)
    moments = {found: _like(found, number) for number, found in enumerate(sorted(set(_TIME.findall(text))), 1)}
    text = _TIME.sub(lambda match: moments[match[0]], _UUID.sub(lambda match: ids[match[0]], text))
    steady: dict[str, list[dict[str, Any]]] = json.loads(text)
    everything = [row for table in steady.values() for row in table]
    for name in ("xid", "seq"):
        numbers = sorted({row[name] for row in everything if name in row})
        for row in everything:
            if name in row:
                row[name] = numbers.index(row[name]) + 1
    for table in steady.values():
        table.sort(key=lambda row: json.dumps({**row, "seq": 0}, sort_keys=True))
    # In which order one transaction writes its datasets is chance.
    changes = sorted(steady[CHANGES], key=lambda row: (row["xid"], row["dataset_id"]))
    steady[CHANGES] = [{**row, "seq": seq} for seq, row in enumerate(changes, 1)]
    return steady


def _without_chance(row: Mapping[str, Any]) -> str:
    return _TIME.sub("", _UUID.sub("", json.dumps({**row, "xid": 0, "seq": 0}, sort_keys=True)))


def _like(found: str, number: int) -> str:
    """A made-up time in the form of the one that was found; what was midnight or a fixed time stays."""
    zone = "+00:00" if found.endswith("+00:00") else ""
    if re.match(r"\d{4}-\d\d-\d\dT(?:00:00:00|0[678]:00:00)", found) and "." not in found:
        return found
    return (NOW.replace(tzinfo=None) + timedelta(seconds=number)).isoformat() + zone


def schema(pg_dump: str, address: str) -> str:
    """The structure of our tables as SQL, without what differs from one pg_dump to the next."""
    words = ["--schema-only", "--no-owner", "--no-privileges", f"--table={PREFIX}*", address]
    done = subprocess.run([pg_dump, *words], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if not line.startswith(_NOISE)]
    return re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip().replace("public.", "") + "\n"


def main() -> None:
    """The process itself."""
    asked = json.loads(sys.stdin.read())
    import sqlalchemy as sa

    from ckan.cli.cli import ckan as command

    context = command.make_context("ckan", ["-c", asked["ini"], "db"])
    from ckan import model

    with context.scope(cleanup=False):
        group: Any = command.get_command(context, "db")
        group.main(["init"], prog_name="db", standalone_mode=False, parent=context)
        group.main(["pending-migrations", "--apply"], prog_name="db", standalone_mode=False, parent=context)
        with context.meta["flask_app"].test_request_context():
            fill(NOW)
        names = sa.inspect(model.Session.connection()).get_table_names()
        rows = renumbered(rows_of(sorted(name for name in names if name.startswith(PREFIX))))
        address = model.meta.engine.url.render_as_string(hide_password=False)  # type: ignore[union-attr]
    target = Path(asked["target"])
    target.mkdir(parents=True, exist_ok=True)
    (target / "schema.sql").write_text(schema(asked["pg_dump"], address), encoding="utf-8")
    text = json.dumps(rows, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (target / "rows.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
