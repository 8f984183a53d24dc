"""Fills a site with copies of datasets that CKAN itself has made; for benchmarks only.

Nothing here knows what a dataset is made of: the rows that ``package_create`` and the harvest wrote for the examples
are read as PostgreSQL's COPY gives them, and their search documents as CKAN makes them; in both, the words that are an
example's own (ids, tokens, hash) are exchanged. So the copies are right for any version of CKAN and any plugins.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import NAMESPACE_URL, uuid5

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.search import make_connection, rebuild

from benchmarks import records
from benchmarks.templates import template

# Table → column that names the dataset; in an order in which every row finds what it refers to.
DATASET_TABLES = {
    "package": "id",
    "package_extra": "package_id",
    "resource": "package_id",
    "package_tag": "package_id",
    "member": "table_id",
    "harvest_object": "package_id",
    "mxopendata_harvest_identity": "dataset_id",
    "mxopendata_harvest_record": "dataset_id",
    "mxopendata_change": "dataset_id",
}
INSTITUTION_TABLES = {"group": "id", "group_extra": "group_id", "member": "group_id", "mxopendata_change": "dataset_id"}
# What the database hands out by itself.
GENERATED = {"mxopendata_change": ("seq", "xid")}
# The line of a record in a run's report.
NUMBERED = {"mxopendata_harvest_record": "number"}
BATCH = 1000
_NAMESPACE = uuid5(NAMESPACE_URL, "https://ejemplo.gob.mx/catalogo-generado")


@dataclass(frozen=True)
class Copier:
    """Templates of everything that one example left in the site.

    Attributes:
        rows: table → template of its rows, in the text form of COPY.
        document: template of the search document, JSON; empty for an institution.
        ids: names of the ids in them, each of which a copy needs anew.
    """

    rows: Mapping[str, str]
    document: str
    ids: Sequence[str]


def fill(size: int, examples: Sequence[str], content_hash: Any = None) -> None:
    """Copy the examples until the site has ``size`` generated datasets and their institutions.

    Args:
        size: how many datasets.
        examples: ids of the datasets made of the records 0, 1, … (at most ``records.KINDS``), which belong to
            institution 0.
        content_hash: gives the hash of a record, as the harvest keeps it with the dataset's identity; ``None`` where
            the site keeps none.
    """
    with closing(_raw_connection()) as connection:
        columns = _columns(connection)
        organization = model.Package.get(examples[0]).owner_org
        of_institution = _institution_copier(connection, columns, organization)
        of_dataset = [
            _dataset_copier(connection, columns, dataset_id, number, organization, content_hash)
            for number, dataset_id in enumerate(examples)
        ]
        model.Session.rollback()
        names = {0: organization}
        _copy(connection, columns, _institutions(of_institution, records.institutions(size), names))
        for first in range(len(examples), size, BATCH):
            numbers = range(first, min(first + BATCH, size))
            values = [_values(of_dataset, number, names, content_hash) for number in numbers]
            pairs = [(of_dataset[number % records.KINDS], value) for number, value in zip(numbers, values, strict=True)]
            _copy(connection, columns, pairs)
            _index([copier.document % value for copier, value in pairs])
        connection.commit()
        # Of the driver: SQLAlchemy's wrapper keeps the word to itself, and what ANALYZE finds would be rolled back.
        connection.dbapi_connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    make_connection().commit()


def _raw_connection() -> Any:
    engine = model.meta.engine
    assert engine is not None, "CKAN is loaded"
    connection = engine.raw_connection()
    # Of psycopg, beneath SQLAlchemy's pool: it must not go back there with autocommit.
    connection.detach()
    return connection


def _columns(connection: Any) -> dict[str, list[str]]:
    """The columns that are copied, of those of the tables that this site has."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
        )
        for table, column in cursor.fetchall():
            if column not in GENERATED.get(table, ()):
                found.setdefault(table, []).append(column)
    return found


def _list(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _read(connection: Any, table: str, columns: Sequence[str], where: str, value: str) -> list[list[str]]:
    """Rows in the text form of COPY, as cells."""
    with connection.cursor() as cursor:
        condition = cursor.mogrify(f'"{where}" = %s', (value,)).decode()
        text = io.StringIO()
        query = f'SELECT {_list(columns)} FROM "{table}" WHERE {condition} ORDER BY 1'
        cursor.copy_expert(f"COPY ({query}) TO STDOUT", text)
    return [line.split("\t") for line in text.getvalue().splitlines()]


def _rows(
    connection: Any, columns: Mapping[str, Sequence[str]], tables: Mapping[str, str], owner: str
) -> tuple[dict[str, list[list[str]]], dict[str, str]]:
    """The rows of an example, and its rows' ids with a name for each."""
    rows: dict[str, list[list[str]]] = {}
    ids: dict[str, str] = {}
    for table, column in tables.items():
        if table not in columns:
            continue
        rows[table] = _read(connection, table, columns[table], column, owner)
        if "id" not in columns[table]:
            continue
        place = columns[table].index("id")
        for number, row in enumerate(rows[table]):
            ids.setdefault(row[place], f"{table}_{number}")
    return rows, ids


def _templates(
    rows: Mapping[str, list[list[str]]], columns: Mapping[str, Sequence[str]], words: Mapping[str, str]
) -> dict[str, str]:
    made = {}
    for table, found in rows.items():
        lines = []
        for row in found:
            cells = [template(cell, words) for cell in row]
            if table in NUMBERED:
                cells[columns[table].index(NUMBERED[table])] = "%(number)s"
            lines.append("\t".join(cells) + "\n")
        made[table] = "".join(lines)
    return made


def _institution_copier(connection: Any, columns: Mapping[str, Sequence[str]], organization: str) -> Copier:
    # Only rows of its own: those in which a dataset is a member of it belong to the dataset.
    rows, ids = _rows(connection, columns, INSTITUTION_TABLES, organization)
    place = columns["member"].index("table_name")
    rows["member"] = [row for row in rows["member"] if row[place] != "package"]
    words = {**ids, organization: "institution", records.institution_token(0): "institution_token"}
    return Copier(_templates(rows, columns, words), "", [name for word, name in ids.items() if word != organization])


def _dataset_copier(  # noqa: PLR0913, PLR0917 - one for each thing an example is made of
    connection: Any,
    columns: Mapping[str, Sequence[str]],
    dataset_id: str,
    number: int,
    organization: str,
    content_hash: Any,
) -> Copier:
    rows, ids = _rows(connection, columns, DATASET_TABLES, dataset_id)
    document = _document(dataset_id)
    words = {
        **ids,
        dataset_id: "dataset",
        organization: "institution",
        records.institution_token(0): "institution_token",
        records.token(number): "token",
        document["index_id"]: "index_id",
    }
    if content_hash is not None:
        words[content_hash(records.record(number))] = "hash"
    own_ids = [name for word, name in ids.items() if word != dataset_id]
    return Copier(_templates(rows, columns, words), template(json.dumps(document), words), own_ids)


def _institutions(copier: Copier, count: int, names: dict[int, str]) -> Iterator[tuple[Copier, dict[str, Any]]]:
    for number in range(1, count):
        names[number] = str(uuid5(_NAMESPACE, f"institution {number}"))
        values = {"institution": names[number], "institution_token": records.institution_token(number)}
        yield copier, values | {name: str(uuid5(_NAMESPACE, f"institution {number} {name}")) for name in copier.ids}


def _values(copiers: Sequence[Copier], number: int, names: Mapping[int, str], content_hash: Any) -> dict[str, Any]:
    institution = records.institution_number(number)
    dataset_id = str(uuid5(_NAMESPACE, f"dataset {number}"))
    site = tk.config.get("ckan.site_id")
    values = {
        "number": number,
        "token": records.token(number),
        "dataset": dataset_id,
        "institution": names[institution],
        "institution_token": records.institution_token(institution),
        # As CKAN does it, in ckan/lib/search/index.py.
        "index_id": hashlib.md5(f"{dataset_id}{site}".encode()).hexdigest(),
    }
    if content_hash is not None:
        values["hash"] = content_hash(records.record(number))
    ids = copiers[number % records.KINDS].ids
    return values | {name: str(uuid5(_NAMESPACE, f"dataset {number} {name}")) for name in ids}


def _copy(connection: Any, columns: Mapping[str, Sequence[str]], pairs: Any) -> None:
    """Write copies to their tables, table by table."""
    texts: dict[str, list[str]] = {}
    for copier, values in pairs:
        for table, rows in copier.rows.items():
            texts.setdefault(table, []).append(rows % values)
    order = list(dict.fromkeys([*INSTITUTION_TABLES, *DATASET_TABLES]))
    with connection.cursor() as cursor:
        for table in sorted(texts, key=order.index):
            target = f'COPY "{table}" ({_list(columns[table])}) FROM STDIN'
            cursor.copy_expert(target, io.StringIO("".join(texts[table])))


class _Keeper:
    """Stands for Solr while CKAN makes a search document."""

    url = "keeper"

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def add(self, docs: list[dict[str, Any]], **_: Any) -> None:
        self.documents += docs

    def delete(self, **_: Any) -> None:
        """CKAN 2.11 takes the old document away first."""


def _document(dataset_id: str) -> dict[str, Any]:
    """The search document of a dataset, made by CKAN and its plugins."""
    keeper = _Keeper()
    with patch("ckan.lib.search.index.make_connection", lambda: keeper):
        rebuild(dataset_id, defer_commit=True)
    # What is empty is not sent.
    return {key: value for key, value in keeper.documents[-1].items() if value not in (None, "", [])}


def _index(documents: Sequence[str]) -> None:
    """Add documents that are JSON already, in one request."""
    solr = make_connection()
    body = ("[" + ",".join(documents) + "]").encode()
    answer = solr.get_session().post(
        f"{solr.url}/update", data=body, headers={"Content-Type": "application/json"}, timeout=300, auth=solr.auth
    )
    answer.raise_for_status()
