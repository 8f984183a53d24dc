"""From what an earlier release left in our tables (``make upgrade-fixture``) to the tables of today, with every row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.dashboard.model import Measurement, Snapshot
from ckanext.mxopendata.harvest.model import Identity, ManagedSource, Record, Run, Spooled
from ckanext.mxopendata.model import Change, ChangeReader

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

FIXTURES = sorted((Path(__file__).resolve().parents[2] / "upgrades").glob("[0-9]*"))
PLUGINS = ("mxopendata", "mxopendata_harvest", "mxopendata_dcat", "mxopendata_dashboard", "mxopendata_planning")
MODELS: tuple[Any, ...] = (
    Change,
    ChangeReader,
    Identity,
    ManagedSource,
    Measurement,
    Record,
    Run,
    Snapshot,
    Spooled,
)
VERSION = "_alembic_version"


def _execute(statement: str, **values: Any) -> None:
    model.Session.execute(sa.text(statement), values)
    model.Session.commit()


def _our_tables() -> set[str]:
    model.Session.rollback()
    names = set(sa.inspect(model.Session.connection()).get_table_names())
    model.Session.rollback()
    return {name for name in names if name.startswith("mxopendata_")}


def _rows(table: str) -> list[dict[str, Any]]:
    query = sa.text(f"SELECT coalesce(json_agg(row_to_json(t)), '[]') FROM \"{table}\" t")
    found = model.Session.execute(query).scalar_one()
    model.Session.rollback()
    return sorted(found, key=lambda row: json.dumps(row, sort_keys=True))


@pytest.fixture
def rows(request: pytest.FixtureRequest, migrate_db_for: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The tables of an earlier release, in a database that has none of ours."""
    folder: Path = request.param
    for plugin in PLUGINS:
        migrate_db_for(plugin, "base", forward=False)
    assert _our_tables() == set()
    _execute((folder / "schema.sql").read_text(encoding="utf-8"))
    stored = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    for table, content in stored.items():
        statement = f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", CAST(:rows AS json))'
        _execute(statement, rows=json.dumps(content))
    yield stored
    for plugin in PLUGINS:
        migrate_db_for(plugin, "base", forward=False)
        migrate_db_for(plugin)


def test_there_is_a_fixture_for_the_first_release():
    assert FIXTURES[0].name == "0.1.0"


@pytest.mark.parametrize("rows", FIXTURES, indirect=True, ids=lambda folder: folder.name)
def test_every_row_survives_and_is_read(rows: dict[str, Any], migrate_db_for: Callable[..., None]):
    for plugin in PLUGINS:
        migrate_db_for(plugin)
    for table, stored in rows.items():
        if table.endswith(VERSION):
            continue
        assert stored, f"the fixture says nothing of {table}"
        # A later version may add columns; what was there stays.
        found = [{name: row[name] for name in stored[0]} for row in _rows(table)]
        assert sorted(found, key=str) == sorted(stored, key=str), table
    for entity in MODELS:
        entities = model.Session.query(entity).all()
        assert len(entities) == len(rows.get(entity.__tablename__, entities)), entity
    held = model.Session.query(Run).filter(Run.status == "held").one()
    assert model.Session.query(Spooled).filter(Spooled.run_id == held.id).count()
    model.Session.rollback()


@pytest.mark.parametrize("rows", FIXTURES, indirect=True, ids=lambda folder: folder.name)
def test_down_to_nothing_and_up_again(rows: dict[str, Any], migrate_db_for: Callable[..., None]):
    for plugin in PLUGINS:
        migrate_db_for(plugin)
    today = _our_tables()
    for plugin in reversed(PLUGINS):
        migrate_db_for(plugin, "base", forward=False)
    assert _our_tables() == set()
    for plugin in PLUGINS:
        migrate_db_for(plugin)
    assert _our_tables() == today


@pytest.mark.parametrize("rows", FIXTURES, indirect=True, ids=lambda folder: folder.name)
def test_migrated_tables_are_those_of_a_new_site(rows: dict[str, Any], migrate_db_for: Callable[..., None]):
    for plugin in PLUGINS:
        migrate_db_for(plugin)
    migrated = _structure()
    for plugin in PLUGINS:
        migrate_db_for(plugin, "base", forward=False)
        migrate_db_for(plugin)
    assert migrated == _structure()


def _structure() -> dict[str, list[tuple[Any, ...]]]:
    """Columns, constraints and indexes of our tables."""
    queries = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_name LIKE 'mxopendata\\_%' ORDER BY 1, 2",
        "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid::regclass::text LIKE 'mxopendata\\_%' ORDER BY 1, 2",
        "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes"
        " WHERE tablename LIKE 'mxopendata\\_%' ORDER BY 1, 2",
    }
    found = {name: [tuple(row) for row in model.Session.execute(sa.text(query))] for name, query in queries.items()}
    model.Session.rollback()
    return found
