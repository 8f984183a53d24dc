"""The site as it will be without us: a process of its own that loads CKAN with our plugins off.

``python -m ckanext.mxopendata.removal.without`` reads one JSON document from its input, ``{"ini", "changes": {option:
value or null}, "write"}``, and prints one, :class:`Outcome` as a dictionary. There the stock schemas see our values as
the extras they are stored as, so that they can be made readable with CKAN's own actions; and that the site starts
without us is known before anybody takes a plugin away. Progress goes to stderr.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import IO, Any, cast

import click

PLUGINS = "ckan.plugins"
# ckanext-envvars lets this variable win over the file.
PLUGINS_VARIABLE = "CKAN__PLUGINS"
PROGRESS_SECONDS = 5.0
# Begins a line that is for the operator, among CKAN's own log.
PROGRESS = "… "


class SiteError(Exception):
    """The site does not start without us; the message is what CKAN said last."""


@dataclass
class Outcome:
    """What was found, and done, in the site without us.

    Attributes:
        datasets: how many datasets there are.
        datasets_to_write: how many hold values of ours that a person cannot read well.
        datasets_written: how many of them were written.
        organizations_to_write: the same of institutions.
        organizations_written: the same.
        archived: how many datasets are archived; without us a search finds them again.
        licences: id of a licence that only we register → how many datasets have it; CKAN shows the bare id.
        refused: ``{"id", "name", "reason"}`` of what CKAN would not save; it stays as it is.
    """

    datasets: int = 0
    datasets_to_write: int = 0
    datasets_written: int = 0
    organizations_to_write: int = 0
    organizations_written: int = 0
    archived: int = 0
    licences: dict[str, int] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)


def run(ini: str, changes: Mapping[str, str | None], write: bool) -> Outcome:
    """Look at the site in a process of its own in which our plugins are off.

    Args:
        ini: the site's configuration file.
        changes: see :func:`ckanext.mxopendata.removal.settings.without_us`.
        write: whether to make values readable; else they are counted.

    Raises:
        SiteError: where CKAN does not start without us, or stopped half-way.
    """
    environment = dict(os.environ)
    if PLUGINS_VARIABLE in environment:
        environment[PLUGINS_VARIABLE] = changes[PLUGINS] or ""
    said: list[str] = []
    # Into a file: two pipes would have to be read at once.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
        child = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        with child, cast("IO[str]", child.stdin) as question, cast("IO[str]", child.stderr) as words:
            question.write(json.dumps({"ini": ini, "changes": changes, "write": write}))
            question.close()
            for line in words:
                said.append(line.rstrip())
                if line.startswith(PROGRESS):
                    click.echo(said[-1], err=True)
        if child.returncode:
            raise SiteError(_last_words(said))
        answer.seek(0)
        return Outcome(**json.loads(answer.read().splitlines()[-1]))


def _last_words(said: list[str]) -> str:
    """What an exception says, at the end of its traceback; it may take several lines."""
    last = list(itertools.takewhile(lambda line: not line.startswith(" "), reversed(said)))
    return " ".join(reversed(last)).strip()


def main() -> None:
    """The process itself."""
    asked = json.loads(sys.stdin.read())
    from ckan.cli import load_config
    from ckan.config.middleware import make_app

    configuration = load_config(asked["ini"])
    for option, value in asked["changes"].items():
        if value is None:
            configuration.pop(option, None)
        else:
            configuration[option] = value
    app = make_app(configuration)
    with getattr(app, "_wsgi_app", app).test_request_context():
        outcome = _look(asked["write"])
    click.echo(json.dumps(asdict(outcome)))


def _look(write: bool) -> Outcome:
    import ckan.plugins.toolkit as tk
    from ckan import model

    from ckanext.mxopendata.removal.plain import readable_extras, readable_resource

    outcome = Outcome()
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    known = set(model.Package.get_license_register().keys())
    licences: Counter[str] = Counter()
    told = -PROGRESS_SECONDS

    def context() -> Any:
        return {"ignore_auth": True, "user": user, "use_cache": False}

    def save(action: str, thing: dict[str, Any]) -> int:
        try:
            tk.get_action(action)({"ignore_auth": True, "user": user}, thing)
        except tk.ValidationError as error:
            model.Session.rollback()
            reason = "; ".join(f"{key}: {value}" for key, value in error.error_summary.items())
            outcome.refused.append({"id": thing["id"], "name": thing["name"], "reason": reason})
            return 0
        return 1

    for dataset_id in _ids(model.Package, lambda table: (table.type == "dataset", table.state != "deleted")):
        dataset = tk.get_action("package_show")(context(), {"id": dataset_id})
        outcome.datasets += 1
        keys = {extra["key"] for extra in dataset.get("extras", ())}
        outcome.archived += "archived_at" in keys
        if dataset.get("license_id") and dataset["license_id"] not in known:
            licences[dataset["license_id"]] += 1
        changed = {
            "extras": readable_extras("dataset", dataset.get("extras", [])),
            "resources": [readable_resource(resource) for resource in dataset["resources"]],
        }
        if any(changed[key] != dataset.get(key, []) for key in changed):
            outcome.datasets_to_write += 1
            if write:
                # CKAN 2.12 lets the date of the last change stay what it was; 2.11 sets it anew.
                outcome.datasets_written += save("package_update", {**dataset, **changed})
        if write and time.monotonic() > told + PROGRESS_SECONDS:
            told = time.monotonic()
            click.echo(f"{PROGRESS}{outcome.datasets}", err=True)
        model.Session.remove()
    for group_id in _ids(model.Group, lambda table: (table.is_organization.is_(True), table.state != "deleted")):
        asked = {"id": group_id, "include_users": False, "include_datasets": False}
        group = tk.get_action("organization_show")(context(), asked)
        extras = readable_extras("organization", group.get("extras", []))
        if extras != group.get("extras", []):
            outcome.organizations_to_write += 1
            if write:
                changed_group = {"id": group_id, "name": group["name"], "extras": extras}
                outcome.organizations_written += save("organization_patch", changed_group)
    outcome.licences = dict(licences)
    return outcome


def _ids(entity: Any, conditions: Callable[[Any], tuple[Any, ...]]) -> Iterator[str]:
    """Ids in a fixed order, read at once: what is written meanwhile changes nothing of the list."""
    from ckan import model

    rows = model.Session.query(entity.id).filter(*conditions(entity)).order_by(entity.id).all()
    yield from (row.id for row in rows)


if __name__ == "__main__":
    main()
