"""What CKAN asks the database for with every dataset of a batch is asked once for each transaction."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import factories

from ckanext.mxopendata.core_tables import GROUP
from ckanext.mxopendata.harvest.answers import Remembered

from .conftest import catalogue, record

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def test_the_same_question_is_asked_once(statements):
    group, other = factories.Organization()["id"], factories.Organization()["id"]
    model.Session.rollback()
    statements.clear()
    with Remembered():
        found = [model.Group.get(wanted).id for wanted in (group, other, group, other)]
    assert found == [group, other, group, other]
    assert len(statements) == 2


def test_a_row_of_the_table_is_the_same_each_time(statements):
    group = factories.Organization()["id"]
    query = sa.select(GROUP).where(GROUP.c.id == group)
    statements.clear()
    with Remembered():
        first, again = (model.Session.execute(query).mappings().one() for _ in range(2))
    assert dict(first) == dict(again)
    assert len(statements) == 1


def test_what_was_not_found_is_asked_again():
    with Remembered():
        assert model.Tag.by_name("recién-hecha") is None
        model.Session.add(model.Tag(name="recién-hecha"))
        model.Session.flush()
        assert model.Tag.by_name("recién-hecha") is not None


def test_what_a_savepoint_took_back_is_not_found_any_more():
    with Remembered():
        savepoint = model.Session.begin_nested()
        model.Session.add(model.Tag(name="retirada"))
        model.Session.flush()
        assert model.Tag.by_name("retirada") is not None
        savepoint.rollback()
        assert model.Tag.by_name("retirada") is None


def test_the_next_transaction_and_who_comes_after_ask_anew(statements):
    group = factories.Organization()["id"]
    with Remembered():
        model.Group.get(group)
        model.Session.commit()
        statements.clear()
        model.Group.get(group)
        assert len(statements) == 1
    model.Group.get(group)
    model.Group.get(group)
    assert len(statements) == 3


def test_a_question_about_several_tables_is_asked_each_time(statements):
    organization = factories.Organization()["id"]
    member = model.Member
    query = model.Session.query(model.Group).join(member, member.group_id == model.Group.id)
    query = query.filter(model.Group.id == organization)
    factories.Dataset(owner_org=organization)
    model.Session.rollback()
    statements.clear()
    with Remembered():
        assert query.first() is query.first() is not None
    assert len(statements) == 2


def test_a_harvest_asks_for_its_institution_once_for_a_batch(portal, make_source, harvest, statements):
    portal.serve("/data.json", catalogue(*(record(f"r{number}") for number in range(6))))
    source = make_source()
    statements.clear()
    assert harvest(source)["created"] == 6
    of_the_tag = [one for one in statements if "FROM tag" in one and "vocabulary_id IS NULL" in one]
    # One for each of the two tags: not found, then found for the second dataset, then known.
    assert len(of_the_tag) <= 4
