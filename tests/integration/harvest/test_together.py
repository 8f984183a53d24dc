"""What CKAN asks the database for about one dataset is asked for all of a batch, and the answers are the same."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.core_tables import PACKAGE, RESOURCE
from ckanext.mxopendata.harvest.together import AskedTogether

from .conftest import catalogue, record

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


@pytest.fixture
def datasets() -> list[str]:
    """Ids of five datasets: with and without files, tags, a group, a relationship."""
    group = factories.Group()
    organization = factories.Organization()["id"]
    made = []
    for number in range(5):
        resources = [{"url": f"https://ejemplo.gob.mx/{number}-{file}.csv"} for file in range(number % 3)]
        tags = [{"name": f"tema-{tag}"} for tag in range(number)]
        groups = [{"id": group["id"]}] if number % 2 else []
        dataset = factories.Dataset(owner_org=organization, resources=resources, tags=tags, groups=groups)
        made.append(dataset["id"])
    helpers.call_action("package_relationship_create", subject=made[0], object=made[1], type="depends_on")
    model.Session.rollback()
    return made


def _show(dataset_id: str) -> dict:
    context = {"ignore_auth": True, "use_cache": False, "validate": False}
    return tk.get_action("package_show")(context, {"id": dataset_id})


def test_datasets_shown_together_are_as_each_shown_alone(datasets, statements):
    alone = [_show(dataset_id) for dataset_id in datasets]
    statements.clear()
    with AskedTogether(datasets):
        together = [_show(dataset_id) for dataset_id in datasets]
    assert together == alone
    assert sum(len(dataset["resources"]) for dataset in together) == 4
    # One that is as CKAN makes it, whose answer says how a row looks, and one for all.
    assert len([one for one in statements if "FROM tag JOIN package_tag" in one]) == 2


def test_what_was_given_once_is_asked_anew(datasets):
    query = model.Session.query(model.Resource.url).filter(model.Resource.package_id == datasets[1])
    with AskedTogether(datasets):
        assert [row.url for row in query] == ["https://ejemplo.gob.mx/1-0.csv"]
        model.Session.execute(sa.update(RESOURCE).values(url="https://ejemplo.gob.mx/otra.csv"))
        assert [row.url for row in query] == ["https://ejemplo.gob.mx/otra.csv"]


def test_the_first_in_order_is_the_first_of_each(datasets):
    def last(dataset_id: str) -> str | None:
        query = model.Session.query(model.Resource).filter(model.Resource.package_id == dataset_id)
        found = query.order_by(model.Resource.position.desc()).first()
        return found and found.url

    with AskedTogether(datasets):
        found = [last(dataset_id) for dataset_id in datasets]
    assert found == [None, "https://ejemplo.gob.mx/1-0.csv", "https://ejemplo.gob.mx/2-1.csv", None] + [
        "https://ejemplo.gob.mx/4-0.csv"
    ]


@pytest.mark.parametrize("compared", ["other", "either", "not among them"])
def test_other_questions_are_left_as_they_are(datasets, statements, compared):
    one, two = datasets[:2]
    wheres = {
        "other": PACKAGE.c.id != one,
        "either": sa.or_(PACKAGE.c.id == one, PACKAGE.c.id == two),
        "not among them": PACKAGE.c.id == "de-otro-lote",
    }
    query = sa.select(PACKAGE.c.id).where(wheres[compared]).order_by(PACKAGE.c.id)
    alone = model.Session.execute(query).all()
    statements.clear()
    with AskedTogether(datasets):
        assert model.Session.execute(query).all() == alone
    assert len(statements) == 1


def test_nobody_asks_together_afterwards(datasets, statements):
    with AskedTogether(datasets):
        pass
    statements.clear()
    for dataset_id in datasets:
        model.Session.execute(sa.select(RESOURCE).where(RESOURCE.c.package_id == dataset_id)).all()
    assert len(statements) == len(datasets)


def test_a_harvest_shows_the_datasets_of_a_batch_together(portal, make_source, harvest, statements):
    first = [record(f"r{number}") for number in range(6)]
    portal.serve("/data.json", catalogue(*first))
    source = make_source()
    assert harvest(source)["created"] == 6
    portal.serve("/data.json", catalogue(*({**one, "title": f"{one['title']}, otro"} for one in first)))
    statements.clear()
    assert harvest(source)["updated"] == 6
    of_tags = [one for one in statements if "FROM tag JOIN package_tag" in one]
    # Two before they are changed, two for the search index; CKAN shows the source itself twice at the end of a job.
    assert len(of_tags) == 6


def test_the_change_log_has_one_row_for_each_new_dataset(portal, make_source, harvest, statements):
    portal.serve("/data.json", catalogue(*(record(f"r{number}") for number in range(6))))
    source = make_source()
    before = model.Session.execute(sa.text("SELECT max(seq) FROM mxopendata_change")).scalar() or 0
    statements.clear()
    assert harvest(source)["created"] == 6
    assert len([one for one in statements if "INSERT INTO mxopendata_change" in one]) == 1
    columns = "count(*), count(DISTINCT dataset_id), min(kind)"
    logged = sa.text(f"SELECT {columns} FROM mxopendata_change WHERE seq > :before")
    assert tuple(model.Session.execute(logged, {"before": before}).one()) == (6, 6, "created")
