"""What the tests of a removal do inside a CKAN: ``python programs.py INI PROGRAM``, JSON in and out.

Each runs in a process of its own, with the plugins that the configuration file names; ``commands`` are commands of
``ckan`` that are given in that process first, since each start of ``ckan`` takes seconds.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from datetime import datetime, timezone
from typing import Any

from ckan.cli.cli import ckan as command

INSTITUTION = "secretaria-de-movilidad"
LOCAL = 6


def _user() -> dict[str, Any]:
    import ckan.plugins.toolkit as tk

    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}


def act(name: str, /, **asked: Any) -> Any:
    import ckan.plugins.toolkit as tk

    return tk.get_action(name)(_user(), asked)


def build(asked: dict[str, Any]) -> dict[str, Any]:
    """A site with an institution, local datasets, a private and an archived one, and a harvested source."""
    from ckan import model

    act(
        "organization_create",
        name=INSTITUTION,
        title="Secretaría de Movilidad",
        gov_type="state",
        cvegeo="14",
        sectors=["energia-y-medio-ambiente"],
        acronym="SETRAN",
    )
    for number in range(LOCAL):
        act("package_create", **_dataset(number))
    source = act(
        "harvest_source_create",
        name="fuente",
        title="Fuente",
        url=asked["portal"],
        source_type="mx_datajson",
        owner_org=INSTITUTION,
        frequency="DAILY",
        config=json.dumps({"rate": 50}),
    )
    run = harvest(source["id"])
    if asked.get("figures"):
        from ckanext.mxopendata.dashboard import computation

        computation.compute(datetime.now(timezone.utc))
    if not asked.get("waiting", True):
        return {**read(asked), "run": run, "id": source["id"]}
    # A second harvest waits in the queue; its carrier is one of ours.
    waiting = act("harvest_job_create", source_id=source["id"], run=True)
    from ckanext.harvest import queue

    consumer: Any = queue.get_gather_consumer()
    _, _, body = consumer.basic_get(queue="")
    method = type("Method", (), {"delivery_tag": body})()
    queue.gather_callback(consumer, method, None, body)
    model.Session.commit()
    return {**read(asked), "run": run, "job": waiting["id"], "id": source["id"]}


def _dataset(number: int) -> dict[str, Any]:
    fields = {
        "name": f"incidencia-vial-{number}",
        "title": f"Incidencia vial {number}",
        "notes": "Qué pasó en cada cruce del área metropolitana.",
        "owner_org": INSTITUTION,
        "theme": ["seguridad"] if number % 2 else ["economia", "salud"],
        "tag_string": "tránsito, seguridad",
        "contact": [{"name": "Dirección de Información", "email": "datos@ejemplo.gob.mx", "position": "Jefatura"}],
        "creator": [{"name": "Comisaría Vial"}],
        "frequency": "R/P1M",
        "modified": "2026-10-01",
        "license_id": "libreusomx" if number else "cc-by",
        "access_rights": "public",
        "language": ["es"] if number % 3 else ["es", "nah"],
        "documentation": ["https://ejemplo.gob.mx/diccionario.csv"],
        "temporal_coverage": [{"start": "2015", "end": "2026-09"}],
        "spatial_coverage": [{"cvegeo": "14039", "text": "Zona metropolitana de Guadalajara, año 2026"}],
        "policy_alignment": ["sdg:11.2"],
        "private": number == 1,
        "resources": [
            {
                "name": "Tabla",
                "url": f"https://ejemplo.gob.mx/{number}.csv",
                "format": "CSV",
                "conforms_to": ["https://ejemplo.gob.mx/estándar"],
                "temporal_coverage": "2015/2026-09",
            }
        ],
    }
    return {**fields, "archived_at": "2026-09-01T00:00:00"} if number == 2 else fields


def harvest(source_id: str) -> dict[str, Any]:
    from ckanext.mxopendata.harvest import runner

    return act("mxopendata_harvest_run_show", run=runner.harvest(source_id, datetime.now(timezone.utc)))


def read(asked: dict[str, Any]) -> dict[str, Any]:
    """Every dataset and institution as the site shows it."""
    from ckan import model

    names = [name for (name,) in model.Session.query(model.Package.name).filter_by(type="dataset").order_by("name")]
    return {
        "datasets": {name: act("package_show", id=name, use_default_schema=False) for name in names},
        "organization": act("organization_show", id=INSTITUTION),
        "found": act("package_search", q="incidencia", include_private=True, rows=0)["count"],
        "source": act("harvest_source_show", id="fuente"),
    }


def without(asked: dict[str, Any]) -> dict[str, Any]:
    """The site without us: what it shows, its pages as a sysadmin sees them, and our source started by hand."""
    return {**read(asked), "pages": _pages(asked["paths"]), "tried": _stock_harvest(asked["source"])}


def _pages(paths: list[str]) -> dict[str, Any]:
    from werkzeug.test import Client

    from ckan import model

    token = act("api_token_create", user=act("get_site_user")["name"], name="prueba")["token"]
    model.Session.commit()
    # The whole stack: on CKAN 2.11 the reader's language is read outside the Flask application.
    client = Client(context.obj.app)

    def ask(path: str) -> dict[str, Any]:
        answer = client.get(path, headers={"Authorization": token})
        return {"status": answer.status_code, "text": answer.get_data(as_text=True)}

    # A thread has no request of this program's around it, whose user would be everybody's.
    with ThreadPoolExecutor(1) as visitor:
        return dict(zip(paths, visitor.map(ask, paths), strict=True))


def back(asked: dict[str, Any]) -> dict[str, Any]:
    """After coming back: schedule, values, and a harvest of the same portal."""
    shown = read(asked)
    return {**shown, "run": harvest(shown["source"]["id"]), "then": read(asked)["datasets"]}


def _stock_harvest(source: str) -> dict[str, Any]:
    """What ``harvester run`` and a consumer do with a source whose type nobody knows."""
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestJob

    job = act("harvest_job_create", source_id=source, run=True)
    consumer: Any = queue.get_gather_consumer()
    _, _, body = consumer.basic_get(queue="")
    queue.gather_callback(consumer, type("Method", (), {"delivery_tag": body})(), None, body)
    act("harvest_jobs_run")
    ended = HarvestJob.get(job["id"])
    return {"status": ended.status, "errors": [error.message for error in ended.gather_errors]}


def moved(asked: dict[str, Any]) -> dict[str, Any]:
    """After the move to another CKAN: what it shows, our tables, and a harvest of what has not changed."""
    import sqlalchemy as sa

    from ckan import model

    names = [
        name for name in sa.inspect(model.Session.connection()).get_table_names() if name.startswith("mxopendata_")
    ]
    rows = {name: model.Session.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar() for name in names}
    shown = read(asked)
    return {**shown, "rows": rows, "pages": _pages(asked["paths"]), "run": harvest(shown["source"]["id"])}


def nothing(asked: dict[str, Any]) -> dict[str, Any]:
    """Only the commands."""
    return {}


PROGRAMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    program.__name__: program for program in (build, without, back, moved, nothing)
}


def main(name: str) -> None:
    asked = json.loads(sys.stdin.read() or "{}")
    said = io.StringIO()
    for words in asked.get("commands", ()):
        group: Any = command.get_command(context, words[0])
        with context.scope(cleanup=False), redirect_stdout(said):
            group.main(words[1:], prog_name=words[0], standalone_mode=False, parent=context)
    with context.scope(cleanup=False), context.meta["flask_app"].test_request_context():
        answer = PROGRAMS[name](asked)
    sys.stdout.write("\n" + json.dumps({**answer, "said": said.getvalue()}, default=str) + "\n")


if __name__ == "__main__":
    context = command.make_context("ckan", ["-c", sys.argv[1], "db"])
    main(sys.argv[2])
