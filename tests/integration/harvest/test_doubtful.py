"""A doubtful dataset is decided on by who edits it; its identifier and its address move, nothing else is lost."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import g

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest.model import Run

from .conftest import INSTITUTION, catalogue, record, records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]
Headers = Callable[..., dict[str, str]]
_MARKS = itertools.count(1)


@pytest.fixture
def doubtful(portal, make_source, harvest) -> dict[str, Any]:
    """A source of which one record came back under another identifier and title, with the same file."""
    mark = f"dudoso-{next(_MARKS)}"
    records = [record(f"{mark}-{number}", f"Conjunto {mark} {number}") for number in range(6)]
    portal.serve("/data.json", catalogue(*records))
    source = make_source()
    before = {line.identifier: line.dataset_id for line in records_of(harvest(source)["run"])}
    renamed = {**records[0], "identifier": f"{mark}-nuevo", "title": f"Otro nombre de {mark}"}
    portal.serve("/data.json", catalogue(renamed, *records[1:]))
    line = next(line for line in records_of(harvest(source)["run"]) if line.identifier == f"{mark}-nuevo")
    new = helpers.call_action("package_show", id=line.dataset_id)
    return {"source": source, "old": before[f"{mark}-0"], "new": new, "identifier": f"{mark}-nuevo"}


@pytest.fixture
def person(clean_site: None) -> Headers:
    """The request headers of somebody in an institution."""

    def headers(role: str = "editor", institution: str = INSTITUTION) -> dict[str, str]:
        user = factories.User()
        helpers.call_action("organization_member_create", id=institution, username=user["name"], role=role)
        return {"Authorization": factories.APIToken(user=user["name"])["token"]}

    return headers


def look(app: Any, headers: dict[str, str] | None = None) -> Any:
    """The page as somebody sees it: who asks is found out anew, in spite of the request that the harvest runs in."""
    g.pop("_login_user", None)
    return app.get("/cosechas/dudosos", headers=headers or {})


def decide(app: Any, doubtful: dict[str, Any], same: str, headers: dict[str, str]) -> Any:
    g.pop("_login_user", None)
    address = f"/cosechas/dudosos/{doubtful['new']['id']}"
    return app.post(address, data={"same": same}, headers=headers, follow_redirects=False)


def test_the_page_shows_both_to_who_may_decide_and_to_nobody_else(app, doubtful, person):
    page = BeautifulSoup(look(app, person()).body, "html.parser")
    section = next(part for part in page.select("section.card") if doubtful["new"]["title"] in part.get_text())
    assert helpers.call_action("package_show", id=doubtful["old"])["title"] in section.get_text()
    assert look(app).status_code == 403
    elsewhere = factories.Organization()
    for headers in (person("member"), person("admin", elsewhere["name"])):
        assert doubtful["new"]["title"] not in look(app, headers).body
        assert decide(app, doubtful, "true", headers).status_code == 403
    assert helpers.call_action("package_show", id=doubtful["new"]["id"])["state"] == "active"


def test_it_is_the_same(app, doubtful, person, harvest):
    assert decide(app, doubtful, "true", person()).status_code == 302
    assert model.Package.get(doubtful["new"]["id"]).state == "deleted"
    name = helpers.call_action("package_show", id=doubtful["old"])["name"]
    for address in (doubtful["new"]["name"], doubtful["new"]["id"]):
        g.pop("_login_user", None)
        answer = app.get(f"/dataset/{address}", follow_redirects=False)
        assert answer.status_code == 301
        assert answer.headers["Location"].endswith(f"/dataset/{name}")
    run = harvest(doubtful["source"])
    assert (run["updated"], run["created"], run["doubtful"], run["in_grace"]) == (1, 0, 0, 0)
    kept = helpers.call_action("package_show", id=doubtful["old"])
    assert (kept["title"], kept["source_identifier"]) == (doubtful["new"]["title"], doubtful["identifier"])
    assert kept["name"] == name
    assert harvest(doubtful["source"])["unchanged"] == 6
    app.get("/dataset/no-existe", status=404)


def test_they_are_two(app, doubtful, person, harvest):
    headers = person()
    assert decide(app, doubtful, "false", headers).status_code == 302
    new = helpers.call_action("package_show", id=doubtful["new"]["id"])
    assert (new["state"], new.get("possible_duplicate_of") or "") == ("active", "")
    assert doubtful["new"]["title"] not in look(app, headers).body
    assert decide(app, doubtful, "true", headers).status_code == 404
    run = harvest(doubtful["source"])
    assert (run["unchanged"], run["in_grace"], run["doubtful"]) == (6, 1, 0)


def test_nobody_decides_while_the_source_is_harvested(app, doubtful, person):
    last = model.Session.query(Run).filter(Run.source_id == doubtful["source"]["id"]).first()
    running = Run(source_id=last.source_id, phase="writing", at=last.at, started=last.started, position={}, findings=[])
    model.Session.add(running)
    model.Session.commit()
    headers = person()
    assert decide(app, doubtful, "true", headers).status_code == 302
    assert model.Package.get(doubtful["new"]["id"]).state == "active"
    model.Session.delete(model.Session.get(Run, running.id))
    model.Session.commit()
    assert decide(app, doubtful, "true", headers).status_code == 302
    assert model.Package.get(doubtful["new"]["id"]).state == "deleted"


def test_a_word_that_is_neither_is_refused(app, doubtful, person):
    assert decide(app, doubtful, "quizá", person()).status_code == 400


def test_by_the_api(doubtful):
    user = {"user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    listed = helpers.call_action("mxopendata_harvest_doubtful_list", user, source=doubtful["source"]["name"])
    assert [(item["dataset"]["id"], item["other"]["id"]) for item in listed] == [
        (doubtful["new"]["id"], doubtful["old"])
    ]
    done = helpers.call_action("mxopendata_harvest_doubtful_decide", user, id=doubtful["new"]["id"], same=False)
    assert done == {"dataset": doubtful["new"]["name"], "same": False}
