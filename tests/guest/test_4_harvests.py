"""The harvest sources of before: their stock harvesters go on, then a changed type takes over what they brought."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from . import content
from .conftest import SOURCES, Remote, Story
from .harvesting import datasets_of, harvest
from .site import Site

OURS = {"otro-ckan": "mx_ckan", "un-municipio": "mx_datajson"}
NEW_TITLE = "Padrón que no estaba"
CHANGED = "Descripción que cambió después."


def _change_and_add(remote: Remote, kind: str) -> None:
    """One record of the portal changes, one is new."""
    entries = remote.portal.entries
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
    new = {**entries[1], "title": NEW_TITLE}
    if kind == "ckan":
        entries[0] |= {"notes": CHANGED, "metadata_modified": now}
        new |= {"id": "0c1b0d8e-6f37-4d0f-9a3e-0d6c4b1f7a11", "name": "padron-que-no-estaba", "metadata_modified": now}
        new["resources"] = []
    else:
        entries[0] |= {"description": CHANGED, "modified": now[:10]}
        new["identifier"] = f"{entries[1]['identifier']}-nuevo"
    entries.append(new)


@pytest.mark.parametrize("source", SOURCES)
def test_the_stock_harvester_goes_on(site: Site, story: Story, remotes: dict[str, Remote], source: str) -> None:
    kind = SOURCES[source]
    before = datasets_of(site, story.admin, source)
    _change_and_add(remotes[kind], kind)
    job = harvest(site, story.admin, source)
    assert job["stats"]["errored"] == 0, job
    assert job["stats"]["added"] == 1, job
    assert job["stats"]["updated"] >= 1, job
    now = datasets_of(site, story.admin, source)
    assert len(now) == content.HARVESTED + 1
    assert {key: now[key]["name"] for key in before} == {key: dataset["name"] for key, dataset in before.items()}
    assert [dataset["title"] for key, dataset in now.items() if key not in before] == [NEW_TITLE]
    assert [dataset["notes"] for dataset in now.values()].count(CHANGED) == 1
    assert site.refused([f"/dataset/{dataset['name']}" for dataset in now.values()]) == {}


@pytest.mark.parametrize("source", OURS)
def test_a_changed_type_adopts_the_datasets(site: Site, story: Story, source: str) -> None:
    before = datasets_of(site, story.admin, source)
    known = site.act("harvest_source_show", story.admin, id=source)
    site.act("harvest_source_patch", story.admin, id=known["id"], source_type=OURS[source])
    harvest(site, story.admin, source)
    run = _last_run(site, known["id"])
    assert run["status"] in ("finished", "finished_with_warnings"), run
    assert run["read"] == content.HARVESTED + 1
    for figure in ("created", "rejected", "duplicate", "archived", "deleted", "in_grace", "doubtful"):
        assert run[figure] == 0, run
    now = datasets_of(site, story.admin, source)
    assert {key: _kept(dataset) for key, dataset in now.items()} == {
        key: _kept(dataset) for key, dataset in before.items()
    }
    # Again: nothing is written any more.
    harvest(site, story.admin, source)
    assert _last_run(site, known["id"])["unchanged"] == content.HARVESTED + 1


def test_the_pages_of_the_harvests_answer(site: Site, story: Story) -> None:
    pages = ["/harvest", "/cosechas", *(f"/harvest/{name}" for name in SOURCES)]
    pages += [f"/dataset/{name}" for name in story.before if not name.startswith("conjunto")][:10]
    assert site.refused(pages) == {}


def _last_run(site: Site, source_id: str) -> dict[str, Any]:
    ((run_id,),) = site.order(
        "sql",
        sentence=f"SELECT id FROM mxopendata_harvest_run WHERE source_id = '{source_id}' ORDER BY started DESC LIMIT 1",
    )
    return site.command("mxopendata", "run", "show", run_id, "--json", codes=(0, 1))


def _kept(dataset: dict[str, Any]) -> tuple[Any, ...]:
    return dataset["name"], dataset["owner_org"], dataset["title"], [file["id"] for file in dataset["resources"]]
