"""The change log (rule 6 of the architecture): a row in the transaction of each change, read as they become visible."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata import changes

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]


def _kinds(dataset_id: str) -> list[str]:
    table = changes.Change.__table__
    rows = model.Session.execute(sa.select(table.c.kind).where(table.c.dataset_id == dataset_id).order_by(table.c.seq))
    return list(rows.scalars())


def _dataset() -> dict[str, Any]:
    return factories.Dataset(owner_org=factories.Organization()["id"])


def _wait_for_unread(reader: str) -> list[changes.LoggedChange]:
    """Transactions of other databases of the same server hold readers back too: wait for them to end."""
    deadline = time.monotonic() + 20
    while not (seen := changes.unread(reader)) and time.monotonic() < deadline:
        model.Session.rollback()
        time.sleep(0.1)
    return seen


def test_every_change_of_a_dataset_is_logged():
    dataset = _dataset()
    helpers.call_action("package_patch", id=dataset["id"], title="Otro título")
    helpers.call_action("package_delete", id=dataset["id"])
    assert _kinds(dataset["id"]) == ["created", "updated", "deleted"]


def test_a_change_that_is_rolled_back_is_not_logged():
    dataset = _dataset()
    model.Package.get(dataset["id"]).title = "Nunca"
    model.Session.flush()
    changes.record(dataset["id"], "updated")
    model.Session.rollback()
    assert _kinds(dataset["id"]) == ["created"]


def test_a_slow_transaction_is_not_skipped():
    """The transaction that began first and commits last has the lower xid: the reader waits for it."""
    changes.record("rows-before", "updated")
    model.Session.commit()
    for change in changes.unread("test-order"):
        changes.remember("test-order", change)
    model.Session.commit()
    insert = sa.insert(changes.Change.__table__)
    engine = model.meta.engine
    with engine.connect() as slow, engine.connect() as quick:
        first, second = slow.begin(), quick.begin()
        slow.execute(insert.values(dataset_id="slow", kind="updated"))
        quick.execute(insert.values(dataset_id="quick", kind="updated"))
        second.commit()
        assert changes.unread("test-order") == []
        model.Session.rollback()
        first.commit()
    seen = _wait_for_unread("test-order")
    assert [change.dataset_id for change in seen] == ["slow", "quick"]
    changes.remember("test-order", seen[-1])
    model.Session.commit()
    assert changes.unread("test-order") == []
    model.Session.rollback()


def test_a_renamed_organization_is_one_row():
    organization = factories.Organization()
    helpers.call_action("organization_patch", id=organization["id"], title="Secretaría de Salud")
    assert _kinds(organization["id"]) == ["organization", "organization"]


def test_a_change_that_a_savepoint_took_back_is_logged_when_it_comes_again():
    """What was recorded is remembered for the transaction, and for the savepoint, in which it was recorded."""
    savepoint = model.Session.begin_nested()
    changes.record("taken-back", "updated")
    savepoint.rollback()
    changes.record("taken-back", "updated")
    changes.record("taken-back", "updated")
    model.Session.commit()
    assert _kinds("taken-back") == ["updated"]
    changes.record("taken-back", "deleted")
    model.Session.rollback()
    changes.record("taken-back", "deleted")
    model.Session.commit()
    assert _kinds("taken-back") == ["updated", "deleted"]
