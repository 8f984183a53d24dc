"""Who is written when a harvest needs somebody, of what, and when not; through CKAN's mailer and a real mail server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import rq

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.jobs import get_queue
from ckan.tests import helpers

from ckanext.mxopendata.harvest import mail
from ckanext.mxopendata.harvest.model import Run

from .conftest import INSTITUTION, catalogue, record
from .mailbox import Mailbox, mail_server

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]

ADMINISTRATOR, LIAISON = "datos@prueba.gob.mx", "enlace@prueba.gob.mx"
BAD = {"identifier": "m2"}


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server, which CKAN is set to use."""
    with mail_server() as box:
        monkeypatch.setitem(tk.config, "smtp.server", box.server)
        monkeypatch.setitem(tk.config, "smtp.mail_from", "portal@ejemplo.gob.mx")
        yield box


@pytest.fixture
def appoint(make_source: Any) -> Iterator[Callable[..., None]]:
    """Appoints people of the sources' institution; they leave after the test."""
    made = []

    def call(kind: str, email: str = "", **more: Any) -> None:
        values = {"kind": kind, "person": f"Persona {kind}", "email": email, "appointed_on": "2025-01-15", **more}
        made.append(helpers.call_action("mxopendata_role_create", institution=INSTITUTION, **values)["id"])

    yield call
    for role in made:
        helpers.call_action("mxopendata_role_delete", id=role)


@pytest.fixture
def source(make_source: Any, appoint: Any) -> dict[str, Any]:
    """A source whose institution has a data administrator."""
    made = make_source()
    appoint("administrator", ADMINISTRATOR)
    return made


@pytest.fixture
def deliver() -> Callable[[], int]:
    """Does the background jobs that wait; gives how many there were."""
    get_queue().empty()

    def work() -> int:
        queue = get_queue()
        count = len(queue.get_jobs())
        rq.SimpleWorker([queue], connection=queue.connection).work(burst=True)
        assert not queue.failed_job_registry.get_job_ids()
        model.Session.expire_all()
        return count

    return work


def test_who_is_appointed_is_told_what_to_mend(portal, source, harvest, mailbox, deliver, log_lines):
    portal.serve("/data.json", catalogue(record("m1"), BAD))
    run = harvest(source)
    assert deliver() == 1
    assert mailbox.to == [ADMINISTRATOR]
    sent = mailbox.mails[0]
    assert sent["Subject"] == f"{source['title']}: hay registros que corregir"
    assert sent.get_content_type() == "text/plain"
    text = sent.get_content()
    assert "no tiene título" in text
    assert "Cómo corregirlo: Escriba en el portal de origen un título" in text
    assert run["report_url"] in text
    assert f'"mail": false en su configuración: {tk.config["ckan.site_url"]}/harvest/edit/{source["name"]}' in text
    assert model.Session.get(Run, run["run"]).told_at is not None
    # CKAN's mailer would write the address.
    assert f"event=mail_sent source={source['name']} run={run['run']} recipients=1" in log_lines
    assert not any("@prueba.gob.mx" in line for line in log_lines)


def test_the_same_is_not_told_again_but_a_new_cause_is(portal, source, harvest, mailbox, deliver):
    portal.serve("/data.json", catalogue(record("m1"), BAD))
    harvest(source)
    deliver()
    harvest(source)
    assert deliver() == 0
    portal.serve("/data.json", catalogue(record("m1"), BAD, record("m1")))
    harvest(source)
    deliver()
    assert len(mailbox.mails) == 2
    assert "está repetido" in mailbox.mails[1].get_content()
    portal.serve("/data.json", catalogue(record("m1")))
    harvest(source)
    portal.serve("/data.json", catalogue(record("m1"), BAD))
    harvest(source)
    deliver()
    assert len(mailbox.mails) == 3


def test_a_portal_that_did_not_answer_once_is_nobodys_mail(portal, source, harvest, mailbox, deliver):
    portal.serve("/data.json", "no", status=503)
    assert harvest(source)["status"] == "failed"
    assert deliver() == 0
    harvest(source)
    deliver()
    harvest(source)
    assert deliver() == 0
    assert [sent["Subject"] for sent in mailbox.mails] == [f"{source['title']}: no se pudo cosechar"]


def test_what_does_not_pass_by_itself_is_told_at_once(portal, source, harvest, mailbox, deliver):
    portal.serve("/data.json", "no", status=404)
    harvest(source)
    deliver()
    assert "no se pudo cosechar" in mailbox.mails[0]["Subject"]


def test_a_held_run_is_told(portal, source, harvest, mailbox, deliver):
    portal.serve("/data.json", catalogue(record("h1"), record("h2")))
    harvest(source)
    assert deliver() == 0
    portal.serve("/data.json", catalogue())
    assert harvest(source)["status"] == "held"
    deliver()
    assert "espera confirmación" in mailbox.mails[0]["Subject"]


def test_of_a_private_source_its_own_institution_is_told(portal, source, harvest, mailbox, deliver):
    helpers.call_action("package_patch", context={"ignore_auth": True}, id=source["id"], private=True)
    portal.serve("/data.json", catalogue(BAD, record("p1")))
    harvest(source)
    deliver()
    assert mailbox.to == [ADMINISTRATOR]


def test_doubtful_datasets_are_told(portal, source, harvest, mailbox, deliver):
    old = record("d1", "Semáforos")
    portal.serve("/data.json", catalogue(old, *(record(f"d{number}") for number in range(2, 9))))
    harvest(source)
    renamed = {**record("nuevo", "Red semafórica"), "distribution": old["distribution"]}
    portal.serve("/data.json", catalogue(renamed, *(record(f"d{number}") for number in range(2, 9))))
    assert harvest(source)["doubtful"] == 1
    assert deliver() == 1
    assert "/cosechas/dudosos" in mailbox.mails[0].get_content()


def test_without_an_administrator_the_liaison_is_told_and_who_left_is_not(
    portal, make_source, appoint, harvest, mailbox, deliver
):
    made = make_source()
    appoint("administrator", ADMINISTRATOR, ended_on="2025-06-01")
    appoint("liaison", LIAISON)
    appoint("working_group", "grupo@prueba.gob.mx")
    portal.serve("/data.json", catalogue(BAD, record("l1")))
    harvest(made)
    deliver()
    assert mailbox.to == [LIAISON]


def test_an_institution_without_a_mailbox_is_a_line_of_the_log(
    portal, make_source, harvest, mailbox, deliver, log_lines
):
    portal.serve("/data.json", catalogue(BAD, record("n1")))
    harvest(make_source())
    deliver()
    assert mailbox.mails == []
    assert any("event=mail_not_sent" in line and "reason=nobody_appointed" in line for line in log_lines)


@pytest.mark.parametrize(
    "option",
    [("ckanext.mxopendata.harvest.mail", False), ("smtp.mail_from", ""), ("smtp.server", "")],
)
def test_a_site_can_be_silent(portal, source, harvest, mailbox, deliver, monkeypatch, option):
    monkeypatch.setitem(tk.config, *option)
    portal.serve("/data.json", catalogue(BAD, record("s1")))
    harvest(source)
    assert deliver() == 0


def test_a_source_can_be_silent(portal, make_source, appoint, harvest, mailbox, deliver):
    portal.serve("/data.json", catalogue(BAD, record("s2")))
    made = make_source(mail=False)
    appoint("administrator", ADMINISTRATOR)
    harvest(made)
    assert deliver() == 0
    # Also where it falls silent between the run and the mail.
    helpers.call_action("harvest_source_patch", id=made["id"], config=json.dumps({}))
    harvest(made)
    helpers.call_action("harvest_source_patch", id=made["id"], config=json.dumps({"mail": False}))
    assert deliver() == 1
    assert mailbox.mails == []


def test_a_title_makes_no_header_and_no_formula_of_itself(portal, source, harvest, mailbox, deliver):
    title = "Datos\r\nBcc: otra@mal.ejemplo\n\n<script>x</script>"
    model.Package.get(source["id"]).title = title
    model.Session.commit()
    portal.serve("/data.json", catalogue({"identifier": "x\r\nBcc: y@mal.ejemplo"}, record("i1")))
    harvest(source)
    deliver()
    sent = mailbox.mails[0]
    assert mailbox.to == [ADMINISTRATOR]
    assert sent["Bcc"] is None
    assert sent["Subject"].startswith("Datos Bcc: otra@mal.ejemplo")
    assert not any(line.startswith("Bcc") for line in sent.get_content().splitlines())


def test_a_mail_that_could_not_be_sent_is_sent_with_the_next_run(portal, source, harvest, mailbox, deliver, log_lines):
    mailbox.refused = True
    portal.serve("/data.json", catalogue(BAD, record("r1")))
    run = harvest(source)
    deliver()
    assert model.Session.get(Run, run["run"]).told_at is None
    assert any("event=mail_not_sent" in line and "reason=server" in line for line in log_lines)
    assert not any("@prueba" in line for line in log_lines)
    mailbox.refused = False
    harvest(source)
    deliver()
    assert len(mailbox.mails) == 1


def test_of_runs_that_waited_for_a_worker_only_the_last_is_told(portal, source, harvest, mailbox, deliver):
    portal.serve("/data.json", catalogue(BAD, record("w1")))
    harvest(source)
    last = harvest(source)
    assert deliver() == 2
    assert len(mailbox.mails) == 1
    assert last["report_url"] in mailbox.mails[0].get_content()


def test_a_queue_that_does_not_answer_spoils_no_run(portal, source, harvest, mailbox, monkeypatch, log_lines):
    dead = rq.Queue("dead", connection=redis.Redis(port=1))
    monkeypatch.setattr("ckan.lib.jobs.get_queue", lambda *_: dead)
    portal.serve("/data.json", catalogue(BAD, record("q1")))
    assert harvest(source)["status"] == "finished_with_errors"
    assert any("reason=queue" in line for line in log_lines)


def test_a_fault_of_telling_spoils_no_run(portal, source, harvest, monkeypatch):
    monkeypatch.setattr(mail, "ask_for", lambda *_: 1 / 0)
    portal.serve("/data.json", catalogue(BAD, record("f1")))
    assert harvest(source)["status"] == "finished_with_errors"
