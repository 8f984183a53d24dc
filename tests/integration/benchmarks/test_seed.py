"""``make seed``: what it copies into the tables and the index is what a harvest would have made."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import helpers

from benchmarks import records, seeding, site

SIZE = 60
# The last one of the first institution, to which the source belongs: a copy, and not of the first record.
COPIED = 39
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z?")

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def _plain(value: Any) -> Any:
    """A value without what differs between two datasets of the same content."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _MOMENT.sub("<moment>", _ID.sub("<id>", value)) if isinstance(value, str) else value


def _found(number: int) -> dict[str, Any]:
    """A dataset as the search index keeps it."""
    answer = helpers.call_action("package_search", q=f"name:*{records.token(number)}")
    assert answer["count"] == 1
    return answer["results"][0]


def _shown(dataset_id: str) -> dict[str, Any]:
    """A dataset as the tables keep it."""
    return helpers.call_action("package_show", context={"use_cache": False}, id=dataset_id)


def _rows(dataset_id: str) -> dict[str, Any]:
    tables = {"package": "id", "resource": "package_id", "package_tag": "package_id", "member": "table_id"}
    found = {}
    for table, column in tables.items():
        query = sa.text(f"SELECT to_jsonb(t) - 'harvest_job_id' FROM {table} t WHERE {column} = :id")
        rows = [_plain(row) for row in model.Session.execute(query, {"id": dataset_id}).scalars()]
        found[table] = sorted(rows, key=repr)
    model.Session.rollback()
    return found


def _versions() -> list[Any]:
    queries = [f"SELECT id, xmin::text, ctid::text FROM {table} ORDER BY id" for table in ("package", "resource")]
    versions = [row for query in queries for row in map(tuple, model.Session.execute(sa.text(query)))]
    model.Session.rollback()
    return versions


@pytest.fixture
def seeded(loopback: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [loopback.host])
    file = tmp_path / "data.json"

    def answer(handler: BaseHTTPRequestHandler, _: Any) -> None:
        content = file.read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    url = loopback.serve_with("/data.json", answer)
    return {**seeding.seed(SIZE, site.OURS, url, file), "url": url, "file": file}


def test_a_seeded_site_is_as_if_harvested(seeded):
    assert (seeded["datasets"], seeded["distributions"], seeded["institutions"]) == (SIZE, 3 * SIZE, 2)
    assert helpers.call_action("package_search", q="*:*", rows=0)["count"] == SIZE
    second = helpers.call_action("organization_show", id=records.institution(1)["name"], include_dataset_count=True)
    assert (second["package_count"], second["gov_type"]) == (SIZE - records.DATASETS_PER_INSTITUTION, "municipal")
    source = model.Package.get(seeding.SOURCE).id

    # A second harvest of the catalogue finds nothing to do.
    before = _versions()
    run = site.harvest(source, site.OURS)
    assert (run["read"], run["unchanged"], run["created"], run["updated"]) == (SIZE, SIZE, 0, 0)
    assert [row for row in _versions() if row[0] != source] == [row for row in before if row[0] != source]

    # A changed catalogue is written where it changed, also into the copies.
    records.write_catalogue(seeded["file"], range(SIZE), changed=True)
    run = site.harvest(source, site.OURS)
    assert (run["updated"], run["unchanged"], run["rejected"]) == (SIZE // 10, SIZE - SIZE // 10, 0)
    assert _found(50)["notes"].endswith("Con las cifras corregidas.")

    # A copy that is taken away and harvested anew is the same dataset again.
    copy = _found(COPIED)
    copied = _shown(copy["id"]), copy, _rows(copy["id"])
    helpers.call_action("dataset_purge", id=copy["id"])
    assert site.harvest(source, site.OURS)["created"] == 1
    fresh = _found(COPIED)
    assert fresh["id"] != copy["id"]
    for seeded_form, harvested_form in zip(copied, (_shown(fresh["id"]), fresh, _rows(fresh["id"])), strict=True):
        assert _plain(seeded_form) == _plain(harvested_form)

    with pytest.raises(seeding.AlreadySeededError):
        seeding.seed(SIZE, site.OURS, seeded["url"], seeded["file"])
