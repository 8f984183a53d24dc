"""A CKAN site in one process, run by the Python of the existing installation: it serves pages and obeys orders.

``python worker.py INI PORT``: each line of the standard input is an order (a JSON object with ``do``), each line of the
standard output its answer (``{"result"}`` or ``{"error"}``); what CKAN says goes to the standard error output. The end
of the input ends the process. Starting CKAN costs seconds: that is why one process does it all.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from datetime import datetime
from typing import Any


def _tables(ini: str) -> None:
    """CKAN's own command, in this process."""
    from ckan.cli.cli import ckan

    ckan.main(["-c", ini, "db", "upgrade"], standalone_mode=False)
    ckan.main(["-c", ini, "db", "pending-migrations", "--apply"], standalone_mode=False)


class Site:
    """The running site."""

    def __init__(self, ini: str, port: int) -> None:
        """Loads CKAN and listens."""
        from werkzeug.serving import make_server

        from ckan.cli import CKANConfigLoader
        from ckan.config.middleware import make_app

        self.application = make_app(CKANConfigLoader(ini).get_config())
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        server = make_server("127.0.0.1", port, self.application, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def obey(self, order: dict[str, Any]) -> Any:
        """Do one thing, in a request's context, as CKAN's commands do it."""
        from ckan import model

        with self.application._wsgi_app.test_request_context():
            try:
                return getattr(self, f"do_{order.pop('do')}")(**order)
            finally:
                model.Session.remove()

    def do_sysadmin(self, name: str, password: str) -> str:
        """Make a sysadmin; a token of it."""
        import ckan.plugins.toolkit as tk
        from ckan import model

        context = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
        tk.get_action("user_create")(context, {"name": name, "password": password, "email": f"{name}@example.com"})
        model.User.get(name).sysadmin = True
        model.repo.commit()
        return str(tk.get_action("api_token_create")(context, {"user": name, "name": "guest test"})["token"])

    def do_token(self, name: str) -> str:
        """A token of a user, as the user makes it on the own page."""
        import ckan.plugins.toolkit as tk

        context = {"ignore_auth": True, "user": name}
        return str(tk.get_action("api_token_create")(context, {"user": name, "name": "client"})["token"])

    def do_command(self, words: list[str]) -> dict[str, Any]:
        """A command of a plugin, in this process: exit code and both outputs."""
        from click.testing import CliRunner

        from ckan.cli.cli import _get_commands_from_plugins
        from ckan.plugins import IClick, PluginImplementations

        commands = {command.name: command for command in _get_commands_from_plugins(PluginImplementations(IClick))}
        # click 8.1, of CKAN 2.11, mixes the outputs unless it is told not to; 8.2 knows no such word.
        try:
            runner = CliRunner(mix_stderr=False)  # type: ignore[call-arg]
        except TypeError:
            runner = CliRunner()
        done = runner.invoke(commands[words[0]], words[1:])
        trace = "".join(traceback.format_exception(*done.exc_info)) if done.exc_info and done.exit_code else ""
        return {"code": done.exit_code, "out": done.stdout, "err": done.stderr, "trace": trace}

    def do_queue(self) -> dict[str, int]:
        """Do what ``gather-consumer``, ``fetch-consumer`` and ``harvester run`` do until nothing waits; the counts."""
        import ckan.plugins.toolkit as tk

        from ckanext.harvest import queue

        counts = {"gather": 0, "fetch": 0}
        gather, fetch = queue.get_gather_consumer(), queue.get_fetch_consumer()
        while True:
            if (message := _next(gather, queue.get_gather_queue_name())) is not None:
                queue.gather_callback(gather, *message)
                counts["gather"] += 1
            elif (message := _next(fetch, queue.get_fetch_queue_name())) is not None:
                queue.fetch_callback(fetch, *message)
                counts["fetch"] += 1
            else:
                user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
                tk.get_action("harvest_jobs_run")({"ignore_auth": True, "user": user}, {})
                if not gather.redis.llen(gather.routing_key) and not fetch.redis.llen(fetch.routing_key):
                    return counts

    def do_reindex(self) -> None:
        """``ckan search-index rebuild``."""
        from ckan.lib.search import commit, rebuild

        rebuild(force=True, defer_commit=True)
        commit()

    def do_sql(self, sentence: str) -> list[list[Any]]:
        """What the database says."""
        import sqlalchemy as sa

        from ckan import model

        return [list(row) for row in model.Session.execute(sa.text(sentence)).fetchall()]


def _next(consumer: Any, queue_name: str) -> tuple[Any, None, str] | None:
    """The oldest message of a queue, as the consumer's own loop takes it."""
    method, _, body = consumer.basic_get(queue=queue_name)
    if body is None:
        return None
    consumer.redis.set(consumer.persistance_key(body), str(datetime.now()))  # noqa: DTZ005 - as its own loop writes it
    return method, None, body


def main() -> None:
    """Obey until the input ends."""
    ini, port = sys.argv[1], int(sys.argv[2])
    # What CKAN or a command prints must not mix with the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if "--tables" in sys.argv:
        _tables(ini)
    site = Site(ini, port)
    print(json.dumps({"result": "ready"}), file=answers, flush=True)
    for line in sys.stdin:
        try:
            answer = {"result": site.obey(json.loads(line))}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer, default=str), file=answers, flush=True)


if __name__ == "__main__":
    main()
