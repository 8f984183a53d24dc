"""Writes to whom an institution appointed when a harvest of it needs somebody; in the background, and never twice.

A mail server that hangs holds up a background job, not a harvest. Whom it is sent to stands in no log
(``docs/roles.md``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import redis
import sqlalchemy as sa

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.mailer import MailerException

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest import events, letter, report
from ckanext.mxopendata.harvest.model import Run
from ckanext.mxopendata.harvest.needs import is_news
from ckanext.mxopendata.harvest.settings import read_config
from ckanext.mxopendata.harvest.stock import HarvestSource

LANGUAGE = "es"
ROLES_PLUGIN = "mxopendata_planning"
# Who sees to the data; where nobody with a mailbox does, who answers for the institution.
_KINDS = ("administrator", "liaison")
_SECONDS = 120
_LOOKED_BACK = 30


def ask_for(run: Run, source: str) -> None:
    """Have the institution told of a run that ended, where it is to be told.

    Args:
        run: the run.
        source: name of its source.
    """
    if not _is_wanted(run):
        return
    try:
        tk.enqueue_job(send, [run.id], title="mxopendata: mail of a harvest", rq_kwargs={"timeout": _SECONDS})
    except redis.RedisError as error:
        events.tell("mail_not_sent", run, source, logging.WARNING, reason="queue", error=type(error).__name__)


def send(run_id: str) -> None:
    """The background job: write to those who are appointed, unless something newer is known by now.

    Args:
        run_id: id of the run.
    """
    run = model.Session.get(Run, run_id)
    source = report.sources_by_id([run.source_id]).get(run.source_id) if run else None
    if run is None or source is None or not _is_wanted(run) or _is_overtaken(run):
        return
    people = _appointed(source["institution"])
    if not people:
        events.tell("mail_not_sent", run, source["name"], logging.WARNING, reason="nobody_appointed")
        return
    shown = report.run_dict(run, source, LANGUAGE)
    subject = letter.subject(shown)
    text = letter.body(shown, report.causes(run, LANGUAGE), tk.config["ckan.site_title"], config.site_url())
    faults = [_write_to(person, subject, text) for person in people]
    sent = faults.count(None)
    if sent:
        run.told_at = datetime.now(timezone.utc)
        model.Session.commit()
        events.tell("mail_sent", run, source["name"], recipients=sent)
    for fault in filter(None, faults):
        events.tell("mail_not_sent", run, source["name"], logging.ERROR, reason="server", error=fault)


def _write_to(person: Mapping[str, Any], subject: str, text: str) -> str | None:
    """Send one mail; the name of the fault, where there is one: its words would tell the address."""
    try:
        with _unnamed():
            headers = {"Auto-Submitted": "auto-generated"}
            tk.mail_recipient(person["person"], person["email"], subject, text, headers=headers)
    except (MailerException, OSError, ValueError) as error:
        return type(error).__name__
    return None


def _is_wanted(run: Run) -> bool:
    if not run.needs or run.told_at is not None or not config.harvest_mail() or not _is_configured():
        return False
    if read_config(HarvestSource.get(run.source_id).config)[1].get("mail") is False:
        return False
    query = (
        sa.select(Run.needs, Run.told_at)
        .where(Run.source_id == run.source_id, Run.status.isnot(None), Run.started < run.started)
        .order_by(Run.started.desc())
        .limit(_LOOKED_BACK)
    )
    return is_news(run.needs, [(row.needs, row.told_at is not None) for row in model.Session.execute(query)])


def _is_configured() -> bool:
    """Whether the site sends mail: CKAN's mailer needs a server and a sender, a plugin that notifies needs neither."""
    if tk.config.get("smtp.server") and tk.config.get("smtp.mail_from"):
        return True
    return any(True for _ in p.PluginImplementations(p.INotifier))


def _is_overtaken(run: Run) -> bool:
    """Whether a later run of the source has ended: it says what is true now."""
    query = sa.select(Run.id).where(Run.source_id == run.source_id, Run.status.isnot(None), Run.started > run.started)
    return model.Session.execute(query.limit(1)).first() is not None


def _appointed(institution: str | None) -> list[dict[str, Any]]:
    """Who is to be told: those with a mailbox who hold the first of the roles that anybody holds so."""
    if institution is None or not p.plugin_loaded(ROLES_PLUGIN):
        return []
    found = tk.get_action("mxopendata_role_list")({"ignore_auth": True}, {"institution": institution})["roles"]
    for kind in _KINDS:
        people = [role for role in found if role["kind"] == kind and role["email"]]
        if people:
            return people
    return []


class _NotFrom(logging.Filter):
    """Keeps the lines of one thread out of a log."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self.thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        return record.thread != self.thread


@contextmanager
def _unnamed() -> Iterator[None]:
    """While this thread sends, the lines of ``events`` stand for those of CKAN's mailer, which name addresses."""
    logger, silence = logging.getLogger("ckan.lib.mailer"), _NotFrom(threading.get_ident())
    logger.addFilter(silence)
    try:
        yield
    finally:
        logger.removeFilter(silence)
