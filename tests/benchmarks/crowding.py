"""Fills a seeded site with organizations and harvest sources that have a past; for benchmarks only.

Each row is a copy of one that CKAN, ckanext-harvest or a harvest wrote, with an id, names and moments of its own. The
search index is left alone: neither page that is measured finds these in it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckan import model

from benchmarks import records, seeding, site

RUNS, DATASETS = 10, 40
_COPY = (
    "INSERT INTO {table} SELECT (jsonb_populate_record(example, jsonb_build_object({changes}))).*"
    " FROM {table} example, generate_series(1, :size) number{more} WHERE {where}"
)
_ORGANIZATION = "'crowd-org-' || number"
_SOURCE = "'crowd-source-' || number"


def fill(size: int, kind: str) -> dict[str, Any]:
    """Make organizations, and in a site of ours for each of them a source with runs and datasets.

    Args:
        size: how many.
        kind: type of the source that the site was seeded with.

    Returns:
        ``{"organizations", "sources"}``.
    """
    found = model.Group.get(records.institution(0)["name"])
    assert found is not None, "the site is seeded"
    title = "'Municipio generado ' || lpad(number::text, 5, '0')"
    names = {"id": _ORGANIZATION, "name": _ORGANIZATION, "title": title}
    _copy('"group"', names, "example.id = :example", size=size, example=found.id)
    if kind == site.OURS:
        _fill_sources(size, title)
    model.Session.commit()
    with sa.create_engine(model.meta.engine.url).connect() as connection:  # type: ignore[union-attr]
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))
    return {"organizations": size, "sources": size if kind == site.OURS else 0}


def _fill_sources(size: int, title: str) -> None:
    example = model.Package.get(seeding.SOURCE)
    assert example is not None, "the site is seeded"
    values = {"size": size, "example": example.id}
    names = {"id": _SOURCE, "name": _SOURCE, "title": title, "owner_org": _ORGANIZATION}
    _copy("package", names, "example.id = :example", **values)
    address = {"id": _SOURCE, "url": "'https://ejemplo.gob.mx/' || number", "title": title}
    _copy("harvest_source", address, "example.id = :example", **values)
    # One in ten ended badly.
    run = {
        "id": "'crowd-run-' || number || '-' || past",
        "source_id": _SOURCE,
        "status": "CASE WHEN number % 10 = 0 AND past < 3 THEN 'failed' ELSE example.status END",
        "started": "example.started - past * interval '1 day'",
        "finished": "example.finished - past * interval '1 day'",
    }
    runs = f", generate_series(0, {RUNS - 1}) past"
    last = (
        "example.id = (SELECT id FROM mxopendata_harvest_run WHERE source_id = :example ORDER BY started DESC LIMIT 1)"
    )
    _copy("mxopendata_harvest_run", run, last, runs, **values)
    known = {"source_id": _SOURCE, "identifier": "example.identifier || '-' || copy"}
    each = f", generate_series(1, {DATASETS}) copy"
    first = (
        "example.identifier = (SELECT min(identifier) FROM mxopendata_harvest_identity WHERE source_id = :example)"
        " AND example.source_id = :example"
    )
    _copy("mxopendata_harvest_identity", known, first, each, **values)


def _copy(table: str, changes: dict[str, str], where: str, more: str = "", **values: Any) -> None:
    pairs = ", ".join(f"'{column}', {value}" for column, value in changes.items())
    model.Session.execute(sa.text(_COPY.format(table=table, changes=pairs, more=more, where=where)), values)
