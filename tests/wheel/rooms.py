"""Starts CKAN from the installed wheel with some of the rooms, asks for pages, and says what it saw.

``python rooms.py FOLDER`` in the clean environment; reads ``{"combinations": [{"name", "ini", "paths"}]}`` and prints
``{name: {"pages": {path: [status, text]}, "templates": [folder], "plugins": [name], "commands": [name]}}``. Importing
CKAN takes longer than starting it, so each combination is a fork of one process that has imported it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

INSTITUTION = "secretaria-de-prueba"
DATASET = "conjunto-de-prueba"


def _ask(combination: dict[str, Any]) -> dict[str, Any]:
    import click
    from werkzeug.test import Client

    import ckan.plugins as p
    import ckan.plugins.toolkit as tk
    from ckan import model
    from ckan.cli.cli import ckan as command

    context = command.make_context("ckan", ["-c", combination["ini"], "db"])

    def database(*words: str) -> None:
        group: Any = command.get_command(context, "db")
        with context.scope(cleanup=False):
            group.main(list(words), prog_name="db", standalone_mode=False, parent=context)

    ours = [name for name in tk.config["ckan.plugins"] if name.startswith("mxopendata")]
    database("upgrade", "--skip-plugins")
    for plugin in tk.config["ckan.plugins"]:
        database("upgrade", "-p", plugin) if _has_migrations(plugin) else None
    app = context.meta["flask_app"]
    with context.scope(cleanup=False), app.test_request_context():
        user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        _content({"ignore_auth": True, "user": user})
        tokens: Any = tk.get_action("api_token_create")
        token = tokens({"ignore_auth": True, "user": user}, {"user": user, "name": "prueba"})["token"]
        model.Session.commit()
    pages: dict[str, Any] = {}
    # The whole stack: on CKAN 2.11 the reader's language is read outside the Flask application.
    client = Client(context.obj.app)
    for path in combination["paths"]:
        answer = client.get(path, headers={"Authorization": token})
        pages[path] = [answer.status_code, answer.get_data(as_text=True)]
    for plugin in reversed(ours):
        # The next combination finds the tables of its own rooms only.
        database("downgrade", "-p", plugin) if _has_migrations(plugin) else None
    return {
        "pages": pages,
        "templates": [str(folder) for folder in tk.config["plugin_template_paths"]],
        "plugins": [name for name in ours if p.plugin_loaded(name)],
        "commands": command.get_command(context, "mxopendata").list_commands(click.Context(click.Command("x"))),
    }


def _has_migrations(plugin: str) -> bool:
    import ckanext.mxopendata as package

    return plugin == "harvest" or any(Path(folder, "migration", plugin).is_dir() for folder in package.__path__)


def _content(context: dict[str, Any]) -> None:
    import ckan.plugins.toolkit as tk
    from ckan import model
    from ckan.lib.search import clear_all

    if model.Group.get(INSTITUTION) is None:
        clear_all()
        organization = {"name": INSTITUTION, "title": "Secretaría de Prueba", "gov_type": "state", "cvegeo": "14"}
        tk.get_action("organization_create")(dict(context), organization)
        tk.get_action("package_create")(
            dict(context),
            {
                "name": DATASET,
                "title": "Conjunto de prueba",
                "notes": "Para ver las páginas.",
                "owner_org": INSTITUTION,
                "theme": ["salud"],
                "contact": [{"name": "Oficina", "email": "datos@ejemplo.gob.mx"}],
                "frequency": "R/P1M",
                "modified": "2026-10-01",
                "license_id": "libreusomx",
                "access_rights": "public",
                "documentation": ["https://ejemplo.gob.mx/diccionario.csv"],
                "resources": [{"name": "Tabla", "url": "https://ejemplo.gob.mx/a.csv", "format": "CSV"}],
            },
        )


def _forked(combination: dict[str, Any], folder: Path) -> Any:
    answer = folder / f"{combination['name']}.json"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            answer.write_text(json.dumps(_ask(combination)), encoding="utf-8")
            code = 0
        except BaseException:  # whatever it was, the parent has to hear of it
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(f"{combination['name']}: did not start")
    return json.loads(answer.read_text(encoding="utf-8"))


if __name__ == "__main__":
    import ckan.cli.cli
    import ckan.config.middleware  # noqa: F401

    asked = json.loads(sys.stdin.read())
    found = {combination["name"]: _forked(combination, Path(sys.argv[1])) for combination in asked["combinations"]}
    sys.stdout.write("\n" + json.dumps(found) + "\n")
