"""``sources check``: several portals of several kinds side by side, those of files too; nothing is changed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import yaml

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.harvest.sources import known_files
from ckanext.mxopendata.harvest.stock import HarvestSource
from portals.platforms import PLATFORMS, Plain, PlatformPortal
from portals.platforms.base import Answer, Query, serving

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

RECORDS = [Plain(f"DS-{number}", f"Conjunto {number}") for number in range(3)]
Command = Callable[..., tuple[int, Any]]


class Moved(PlatformPortal):
    """Sends everybody to another portal, for good."""

    def __init__(self, to: PlatformPortal) -> None:
        super().__init__([])
        self.to = to

    def respond(self, *_: Any) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        asked = self.asked[-1].partition(" ")[2]
        return Answer(301, "text/html", b"", {"Location": self.to.base + asked})


class Slow(PlatformPortal):
    """A CKAN that thinks for a second."""

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path != "/robots.txt":
            time.sleep(1)
        return self.json({"success": True, "result": {"count": 0, "results": []}})


@pytest.fixture
def command(cli: Any) -> Command:
    """Runs ``sources check``; its exit code and its document or text."""

    def run(*arguments: str) -> tuple[int, Any]:
        result = cli.invoke(mxopendata, ["sources", "check", *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, json.loads(result.stdout) if "--json" in arguments else result.stdout + result.stderr

    return run


@pytest.fixture
def serve(portal: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[PlatformPortal], PlatformPortal]]:
    """Serves portals that may be asked although they are on this machine."""
    with ExitStack() as stack:
        allowed: list[str] = []
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", allowed)

        def begin(made: PlatformPortal) -> PlatformPortal:
            allowed.append(stack.enter_context(serving(made)))
            return made

        yield begin


def _state_of_sources() -> list[tuple[Any, ...]]:
    model.Session.expire_all()
    query = model.Session.query(HarvestSource).order_by(HarvestSource.id)
    return [(source.id, source.url, source.type, source.config, source.active, source.next_run) for source in query]


def test_every_state_is_told_and_nothing_is_changed(command, serve, make_source):
    ckan, ods = serve(PLATFORMS["mx_ckan"](RECORDS)), serve(PLATFORMS["mx_opendatasoft"](RECORDS))
    moved = serve(Moved(ckan))
    with serving(PLATFORMS["mx_ckan"]([])) as gone:
        tk.config["ckanext.mxopendata.http.allowed_private"].append(gone)
    names = {
        "answers": make_source(ckan.address, "mx_ckan")["name"],
        "moved": make_source(f"{moved.base}/", "mx_ckan")["name"],
        "other": make_source(ods.address, "mx_ckan")["name"],
        "dead": make_source(f"http://{gone}/", "mx_ckan")["name"],
        "keyless": make_source(f"{ckan.base}/?otra", "mx_ckan", secret="MXOPENDATA_SECRET_NO_HAY")["name"],  # noqa: S106
    }
    before = _state_of_sources()
    code, rows = command("--json")
    assert code == 1
    assert _state_of_sources() == before
    told = {row["name"]: row for row in rows}
    assert set(told) == set(names.values())
    fixed = {"name", "type", "url", "institution", "enabled", "last_run", "health"}
    assert all(fixed <= row.keys() for row in rows)
    states = {kind: (told[name]["state"], told[name]["health"]) for kind, name in names.items()}
    assert states == {
        "answers": ("answers", "ok"),
        "moved": ("moved", "ok"),
        "other": ("other_platform", "failed"),
        "dead": ("dead", "failed"),
        "keyless": ("misconfigured", "failed"),
    }
    assert told[names["moved"]]["moved_to"] == f"{ckan.base}/"
    assert (told[names["other"]]["found_type"], told[names["other"]]["found_url"]) == ("mx_opendatasoft", ods.address)
    assert told[names["dead"]]["findings"][0]["code"] == "http_unreachable"
    assert told[names["keyless"]]["findings"][0]["code"] == "secret_missing"

    code, text = command()
    assert code == 1
    assert "cambió de plataforma" in text
    assert f"{ckan.base}/" in text
    assert "5 fuentes: responde 1, se mudó 1, cambió de plataforma 1, no responde 1, mal configurada 1" in text
    assert command(names["answers"])[0] == 0
    assert command(names["dead"])[0] == 2


def test_portals_are_asked_side_by_side(command, serve, make_source):
    names = [make_source(f"{serve(Slow([])).base}/", "mx_ckan")["name"] for _ in range(6)]
    began = time.monotonic()
    code, rows = command(*names, "--json")
    assert (code, [row["state"] for row in rows]) == (0, ["answers"] * 6)
    assert time.monotonic() - began < sum(row["seconds"] for row in rows)


def test_a_source_of_a_file_is_asked_before_it_is_created(command, serve, tmp_path, monkeypatch):
    ckan = serve(PLATFORMS["mx_ckan"](RECORDS))
    folder = tmp_path / "harvest_configs" / "jalisco"
    folder.mkdir(parents=True)
    content = {
        "name": "mx-jalisco-tonala",
        "title": "Tonalá",
        "url": ckan.address,
        "type": "mx_ckan",
        "enabled": False,
        "institution": {"name": "ayuntamiento-tonala", "title": "Ayuntamiento de Tonalá", "gov_type": "municipal"},
    }
    (folder / "tonala.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.config_dirs", [str(tmp_path)])
    code, (row,) = command("mx-jalisco-tonala", "--json")
    assert (code, row["state"], row["enabled"], row["institution"]) == (0, "answers", False, "ayuntamiento-tonala")
    assert model.Package.get("mx-jalisco-tonala") is None
    assert model.Group.get("ayuntamiento-tonala") is None


def test_a_name_whose_file_has_a_mistake_is_told_the_mistake(command, cli, tmp_path, monkeypatch):
    folder = tmp_path / "harvest_configs"
    folder.mkdir()
    text = "name: mx-con-error\ntitle: Error\ntype: mx_ckan\nurl: datos.ejemplo.gob.mx\ninstitution: gob\n"
    (folder / "error.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.config_dirs", [str(tmp_path)])
    code, (row,) = command("mx-con-error", "--json")
    assert (code, row["state"]) == (2, "misconfigured")
    assert (row["findings"][0]["field"], row["findings"][0]["location"]) == ("url", "renglón 4")
    result = cli.invoke(mxopendata, ["sources", "preview", "mx-con-error"])
    assert result.exit_code == 2
    assert "error.yaml, renglón 4" in result.stderr


def test_all_of_the_files_are_asked_where_that_is_wanted(command, monkeypatch):
    """The portals themselves are not: the name of a host leads nowhere here."""

    def nowhere(host: Any, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    asked = [one for one in known_files() if not one.findings]
    monkeypatch.setattr("ckanext.mxopendata.http.socket.getaddrinfo", nowhere)
    code, rows = command("--files", "--json")
    ours = {file.name for file in asked}
    assert ours <= {row["name"] for row in rows}
    assert {row["state"] for row in rows if row["name"] in ours} == {"dead"}
    assert code in {1, 2}
    names = sorted(ours)[:4]
    code, text = command(*names)
    assert code == 2
    assert "y 1 más: " in text
    assert "salida a internet" in text
