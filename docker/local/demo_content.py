"""What the demonstration puts into the site: sources, people, harvested datasets, files, figures; in one process.

Run inside the virtual environment: ``python -m local.demo_content``; reads one JSON document from its input (``ini``,
``url`` of the running site, ``configurations``: folder, ``users``: see :func:`_user`, ``formats`` of the export) and
prints lines that begin with a mark: titles of steps as they begin, at last the answer ``{"tokens": {user: token},
"runs": [Run, …], "export": […], "indicators": {…}}``. Each start of ``ckan`` costs four seconds, so the suite's own
commands are called in this process. Doing it again changes nothing but what has changed in the portals.
"""

from __future__ import annotations

import io
import json
import sys
import time
from contextlib import redirect_stdout
from datetime import datetime, timezone
from typing import Any

import click

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.cli.cli import ckan as command

from local import demo_publishers
from local.marks import ANSWER, FAILURE, STEP
from local.problem import Problem

DONE_WITH_REJECTED, NOTHING_DONE = 1, 2
# The site's own consumers may be harvesting a source just now: its schedule is theirs to keep.
HARVEST_PATIENCE_SECONDS, HARVEST_PAUSE_SECONDS = 120.0, 2.0


class CommandError(Exception):
    """A command of the suite did nothing; the message says which one and why."""


class Suite:
    """The ``ckan mxopendata`` commands of one site, called without starting ``ckan`` again."""

    def __init__(self, ini: str) -> None:
        """Load the site; it takes a few seconds."""
        self._context = command.make_context("ckan", ["-c", ini, "mxopendata"])
        group = command.get_command(self._context, "mxopendata")
        if group is None:
            raise CommandError("ckan mxopendata: the plugin of this command is not loaded")
        self._group = group

    def call(self, *words: str, nothing_done: bool = False) -> Any:
        """The JSON document that a command prints; 1 (done, with rejected records) is a success.

        Args:
            words: the command and its arguments.
            nothing_done: whether a command that did nothing, and says so in its document, is no error either.

        Raises:
            CommandError: the command did nothing.
        """
        printed = io.StringIO()
        try:
            with self._context.scope(cleanup=False), redirect_stdout(printed):
                code = self._group.main(
                    [*words, "--json"], prog_name="mxopendata", standalone_mode=False, parent=self._context
                )
        except SystemExit as ended:
            code = ended.code
        except click.ClickException as error:
            raise CommandError(f"ckan mxopendata {' '.join(words)}: {error.format_message()}") from error
        finally:
            model.Session.remove()
        text = printed.getvalue().strip()
        harmless = code in {None, 0, DONE_WITH_REJECTED} or (nothing_done and code == NOTHING_DONE and text[:1] == "[")
        if not harmless:
            raise CommandError(f"ckan mxopendata {' '.join(words)}: {text or code}")
        return json.loads(text)

    def application(self) -> Any:
        """The site's Flask application."""
        return self._context.meta["flask_app"]


def main() -> None:
    """Do what the document on the standard input says."""
    order: dict[str, Any] = json.load(sys.stdin)
    try:
        _say(STEP, "CKAN con la suite")
        answer = fill(Suite(order["ini"]), order)
    except (CommandError, Problem) as error:
        _say(FAILURE, str(error))
        sys.exit(2)
    _say(ANSWER, json.dumps(answer))


def fill(suite: Suite, order: dict[str, Any]) -> dict[str, Any]:
    """Fill the site in the order in which each step needs the one before it."""
    _say(STEP, "Fuentes de cosecha")
    synced = suite.call("sources", "sync", order["configurations"])
    if synced["invalid"]:
        raise CommandError(f"sources sync: {json.dumps(synced['invalid'], ensure_ascii=False)}")
    _say(STEP, "Usuarias y usuarios de dos instituciones")
    with suite.application().test_request_context():
        tokens = {facts["name"]: _user(facts) for facts in order["users"]}
    _say(STEP, "Cosecha de los portales")
    runs = _harvest(suite, [*synced["created"], *synced["updated"], *synced["unchanged"]])
    _say(STEP, "Conjuntos de datos capturados en el portal")
    today = datetime.now(timezone.utc).date()
    editors = [{**facts, "token": tokens[facts["name"]]} for facts in order["users"]]
    demo_publishers.publish(order["url"], editors, today)
    _say(STEP, "Indicadores")
    indicators = suite.call("indicators", "compute")
    _say(STEP, "Exportación del catálogo")
    formats = [word for name in order["formats"] for word in ("--format", name)]
    exported = suite.call("export", *formats)
    return {"tokens": tokens, "runs": runs, "export": exported, "indicators": indicators}


def _harvest(suite: Suite, sources: list[str]) -> list[dict[str, Any]]:
    """The runs of all sources; one that has another run under way is waited for, and harvested after it."""
    runs: list[dict[str, Any]] = []
    until = time.monotonic() + HARVEST_PATIENCE_SECONDS
    while sources:
        runs += suite.call("harvest", *sources, nothing_done=True)
        done = {run["source"] for run in runs}
        sources = [name for name in sources if name not in done]
        if sources and time.monotonic() > until:
            raise CommandError(f"harvest: {', '.join(sources)} has another run under way that does not end")
        if sources:
            time.sleep(HARVEST_PAUSE_SECONDS)
    return runs


def _user(facts: dict[str, Any]) -> str:
    """Make a person with a role in an institution and a token, where they lack; the token.

    ``facts``: ``name``, ``fullname``, ``email``, ``password``, ``organization``, ``role``, ``token`` (one that exists
    or ``None``).
    """
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    token = facts["token"]
    if model.User.get(facts["name"]) is None:
        person = {key: facts[key] for key in ("name", "fullname", "email", "password")}
        tk.get_action("user_create")(_context(site_user), person)
        token = None
    membership = {"id": facts["organization"], "username": facts["name"], "role": facts["role"]}
    tk.get_action("organization_member_create")(_context(site_user), membership)
    if token is None:
        made = tk.get_action("api_token_create")(_context(site_user), {"user": facts["name"], "name": "make demo"})
        token = made["token"]
    return str(token)


def _context(site_user: str) -> Any:
    # A new one each time: actions write into it.
    return {"ignore_auth": True, "user": site_user}


def _say(mark: str, text: str) -> None:
    # The commands' own output goes elsewhere meanwhile.
    print(f"{mark}{text}", file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    main()
