"""Tables, search index and the first sysadmin, in one process: each start of ``ckan`` costs four seconds.

Run inside the virtual environment: ``python -m local.prepare``; reads one JSON document from its input
(``ini``, ``sysadmin``: name, password and e-mail, ``token``: one that exists, ``reindex``) and prints another:
``{"token", "reindexed"}`` on its last line. Doing it again changes nothing.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.cli.cli import ckan as command


def main() -> None:
    """Do what the document on the standard input says."""
    order: dict[str, Any] = json.load(sys.stdin)
    # CKAN's own command, in our process: it also loads the application, which the rest needs. CKAN 2.11 leaves the
    # tables of plugins to the second one.
    command.main(["-c", order["ini"], "db", "upgrade"], standalone_mode=False)
    if tk.check_ckan_version(max_version="2.11.99"):
        command.main(["-c", order["ini"], "db", "pending-migrations", "--apply"], standalone_mode=False)
    answer = {"token": _sysadmin(order["sysadmin"], order["token"]), "reindexed": 0}
    if order["reindex"]:
        answer["reindexed"] = _reindex()
    print("\n" + json.dumps(answer))


def _sysadmin(facts: dict[str, str], token: str | None) -> str:
    """Make the sysadmin and a token, where they lack; the token."""
    context: Any = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    if model.User.get(facts["name"]) is None:
        tk.get_action("user_create")(context, {**facts, "fullname": "Administración del portal", "sysadmin": True})
        token = None
    user = model.User.get(facts["name"])
    if user is not None and not user.sysadmin:
        user.sysadmin = True
        model.repo.commit()
    if token is None:
        token = tk.get_action("api_token_create")(context, {"user": facts["name"], "name": "make up"})["token"]
    return str(token)


def _reindex() -> int:
    """Write every dataset to the search index again; how many."""
    from ckan.lib.search import commit, rebuild

    packages = model.Session.query(model.Package).filter(model.Package.state != "deleted").count()
    if packages:
        # A commit for each dataset would take a third of a second each.
        rebuild(force=True, defer_commit=True)
        commit()
    return packages


if __name__ == "__main__":
    main()
