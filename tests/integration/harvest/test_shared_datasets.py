"""The same dataset through two sources is stored once, by the one that comes first; the other reports it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest import engine, preview, runner
from ckanext.mxopendata.harvest.model import READ_ACTIONS, Elsewhere, Identity, Run
from ckanext.mxopendata.harvest.source import load_source, mapping_settings
from ckanext.mxopendata.harvest.stock import HarvestObject, HarvestSource
from ckanext.mxopendata.metadata.mapping import title_key

from .conftest import catalogue, record, records_of, row_versions

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]
_MARKS = itertools.count(1)
MUNICIPAL, STATE, FEDERAL, REPUBLISHER = "municipal", "state", "federal", None

Source = dict[str, Any]
MakeSource = Callable[..., Source]


@pytest.fixture
def mark() -> str:
    """Tells the datasets of one test from those of the others."""
    return f"compartido {next(_MARKS)}"


@pytest.fixture
def source_of(portal: Any, monkeypatch: pytest.MonkeyPatch) -> MakeSource:
    """Makes a source of an institution of some order of government, with the records it lists."""
    # Another host that is this machine as well.
    second = portal.host.replace("127.0.0.1", "localhost")
    monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [portal.host, second])

    def make(gov_type: str | None, *records: dict[str, Any], **options: Any) -> Source:
        number = next(_MARKS)
        organization = factories.Organization(title=f"Institución {number}", gov_type=gov_type or "")
        host = second if options.get("second") else portal.host
        made = helpers.call_action(
            "harvest_source_create",
            name=f"compartida-{number}",
            title=f"Fuente compartida {number}",
            url=f"http://{host}/{number}.json",
            source_type="mx_datajson",
            owner_org=organization["id"],
            private=bool(options.get("private")),
            config=json.dumps(options["config"]) if "config" in options else "",
        )
        source = {**made, "organization": organization, "path": f"/{number}.json"}
        lists(source, *records)
        return source

    def lists(source: Source, *records: dict[str, Any]) -> None:
        portal.serve(source["path"], catalogue(*records))

    make.lists = lists  # type: ignore[attr-defined]
    return make


def entry(mark: str, identifier: str, title: str | None = None, file: str | None = None, **fields: Any) -> Any:
    """A record whose title and file are those of the test unless something else is said."""
    address = file or f"https://archivos.example.gob.mx/{mark.replace(' ', '-')}.csv"
    files = [{"title": "Tabla", "downloadURL": address, "mediaType": "text/csv", "format": "CSV"}]
    return record(f"{mark}-{identifier}", title or f"Consumo de agua {mark}", distribution=files, **fields)


def several(mark: str, name: str, amount: int) -> list[dict[str, Any]]:
    """Records that differ in title and file, and are the same for two sources of one test."""
    folder = f"https://varios.example.gob.mx/{mark.replace(' ', '-')}"
    return [
        entry(mark, f"{name}{number}", f"Conjunto {mark} {number}", f"{folder}/{number}.csv")
        for number in range(amount)
    ]


def actions(run: dict[str, Any]) -> dict[str, int]:
    assert run["read"] == sum(run[name] for name in READ_ACTIONS)
    return {name: run[name] for name in (*READ_ACTIONS, "in_grace", "archived", "doubtful") if run[name]}


def line(run: dict[str, Any]) -> dict[str, Any]:
    """The only line of a run."""
    (only,) = helpers.call_action("mxopendata_harvest_record_list", run=run["run"])["results"]
    return only


def dataset(identifier: str) -> dict[str, Any]:
    return helpers.call_action("package_show", id=identifier)


def datasets_called(title: str) -> int:
    query = "SELECT count(*) FROM package WHERE title = :title AND state = 'active' AND type = 'dataset'"
    return model.Session.execute(sa.text(query), {"title": title}).scalar_one()


def owners(dataset_id: str) -> set[str]:
    return {row.source_id for row in model.Session.query(Identity).filter(Identity.dataset_id == dataset_id)}


def switch(source: Source, on: bool) -> None:
    model.Session.get(HarvestSource, source["id"]).active = on
    model.Session.commit()


def test_the_one_that_comes_second_and_ranks_lower_reports_it(source_of, harvest, mark, app):
    first = source_of(MUNICIPAL, entry(mark, "m"))
    stored = line(harvest(first))
    second = source_of(STATE, entry(mark, "e"))
    run = harvest(second)
    assert actions(run) == {"duplicate": 1}
    assert run["status"] == "finished"
    found = line(run)
    assert (found["dataset_id"], found["dataset_name"]) == (stored["dataset_id"], stored["dataset_name"])
    (finding,) = found["findings"]
    assert (finding["code"], finding["severity"]) == ("record_elsewhere_order", "advice")
    assert first["title"] in finding["message"]
    assert finding["value"] in finding["message"]
    assert datasets_called(f"Consumo de agua {mark}") == 1
    objects = model.Session.query(HarvestObject).filter(HarvestObject.harvest_source_id == second["id"])
    assert objects.count() == 0
    page = app.get(f"/harvest/{second['name']}/corrida/{run['run']}").body
    assert f"/dataset/{stored['dataset_name']}" in page
    assert "duplicado" in page
    lines = app.get(f"/harvest/{second['name']}/corrida/{run['run']}.csv").body
    assert f"duplicate,{stored['dataset_name']}" in lines
    written = json.loads(app.get(f"/harvest/{second['name']}/corrida/{run['run']}.json").body)
    assert (written["duplicate"], written["records"][0]["dataset_id"]) == (1, stored["dataset_id"])


def test_a_known_duplicate_writes_nothing_and_needs_no_evidence(source_of, harvest, mark):
    first = source_of(MUNICIPAL, entry(mark, "m"))
    harvest(first)
    second = source_of(STATE, entry(mark, "e"))
    harvest(second)
    before = row_versions()
    assert actions(harvest(second)) == {"duplicate": 1}
    # The other one has a new title, a new file: the pair is known.
    source_of.lists(second, entry(mark, "e", "Otro título", "https://otra.example.gob.mx/x.csv"))
    assert actions(harvest(second)) == {"duplicate": 1}
    assert row_versions() == before
    assert actions(harvest(first)) == {"unchanged": 1}


def test_a_better_source_takes_the_dataset_over_and_keeps_it(source_of, harvest, mark):
    state = source_of(STATE, entry(mark, "e", description="Del estado"))
    kept = dataset(line(harvest(state))["dataset_id"])
    helpers.call_action("package_patch", id=kept["id"], tags=[*kept["tags"], {"name": "local"}])
    town = source_of(MUNICIPAL, entry(mark, "m", description="Del municipio", keyword=["agua"]))
    run = harvest(town)
    assert actions(run) == {"matched": 1}
    assert line(run)["matched_by"] == "source"
    now = dataset(kept["id"])
    assert (now["name"], now["notes"]) == (kept["name"], "Del municipio")
    assert [item["id"] for item in now["resources"]] == [item["id"] for item in kept["resources"]]
    assert now["owner_org"] == town["organization"]["id"]
    assert owners(kept["id"]) == {town["id"]}
    # A tag that only the state's record had was the source's, not an editor's.
    assert {tag["name"] for tag in now["tags"]} == {"agua", "local"}
    found = helpers.call_action("package_search", fq=f'id:"{kept["id"]}"')
    assert found["results"][0]["organization"]["name"] == town["organization"]["name"]
    assert helpers.call_action("harvest_object_show", dataset_id=kept["id"])["source"] == town["id"]
    for _ in range(2):
        run = harvest(state)
        assert actions(run) == {"duplicate": 1}
        assert line(run)["dataset_id"] == kept["id"]
        assert actions(harvest(town)) == {"unchanged": 1}
    assert dataset(kept["id"])["notes"] == "Del municipio"


def test_clearing_the_source_that_lost_it_leaves_the_dataset(source_of, harvest, mark):
    state = source_of(STATE, entry(mark, "e"))
    kept = line(harvest(state))["dataset_id"]
    town = source_of(MUNICIPAL, entry(mark, "m"))
    harvest(town)
    helpers.call_action("harvest_source_clear", id=state["id"])
    assert dataset(kept)["state"] == "active"
    assert actions(harvest(town)) == {"unchanged": 1}
    assert actions(harvest(state)) == {"duplicate": 1}


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_of_three_sources_the_best_has_it_whoever_came_first(source_of, harvest, mark, order):
    governments = [source_of(gov_type, entry(mark, str(gov_type))) for gov_type in (MUNICIPAL, STATE, FEDERAL)]
    for place in order:
        harvest(governments[place])
    runs = [harvest(source) for source in governments]
    assert [actions(run) for run in runs] == [{"unchanged": 1}, {"duplicate": 1}, {"duplicate": 1}]
    assert len({line(run)["dataset_id"] for run in runs}) == 1
    assert datasets_called(f"Consumo de agua {mark}") == 1


def test_who_says_nothing_of_its_order_comes_last(source_of, harvest, mark):
    unknown = source_of(REPUBLISHER, entry(mark, "r"))
    harvest(unknown)
    assert actions(harvest(source_of(FEDERAL, entry(mark, "f")))) == {"matched": 1}
    assert actions(harvest(unknown)) == {"duplicate": 1}


def test_on_a_tie_the_host_that_serves_the_files_has_it(source_of, harvest, portal, mark):
    file = portal.url(f"/archivos/{mark.replace(' ', '-')}.csv")
    elsewhere = source_of(STATE, entry(mark, "a", file=file), second=True)
    stored = line(harvest(elsewhere))["dataset_id"]
    serving = source_of(STATE, entry(mark, "b", file=file))
    assert actions(harvest(serving)) == {"matched": 1}
    run = harvest(elsewhere)
    assert line(run)["findings"][0]["code"] == "record_elsewhere_order"
    assert owners(stored) == {serving["id"]}
    third = source_of(STATE, entry(mark, "c", file=file), second=True)
    assert line(harvest(third))["findings"][0]["code"] == "record_elsewhere_host"


def test_still_on_a_tie_the_first_has_it(source_of, harvest, mark):
    first = source_of(STATE, entry(mark, "a"))
    harvest(first)
    second = source_of(STATE, entry(mark, "b"))
    assert line(harvest(second))["findings"][0]["code"] == "record_elsewhere_first"
    assert actions(harvest(first)) == {"unchanged": 1}


def test_a_record_that_says_where_it_was_taken_from_comes_after_that(source_of, harvest, mark):
    identifier = f"https://datos.example.gob.mx/conjunto/{mark.replace(' ', '-')}"
    origin = {**entry(mark, "f"), "identifier": identifier}
    copy = entry(mark, "m", "Copia con otro título", "https://copia.example.gob.mx/c.csv")
    copy["mxopendata"] = {"source_identifier": identifier}
    republishing = source_of(MUNICIPAL, copy)
    stored = line(harvest(republishing))["dataset_id"]
    federal = source_of(FEDERAL, origin)
    run = harvest(federal)
    assert (actions(run), line(run)["dataset_id"]) == ({"matched": 1}, stored)
    for _ in range(2):
        found = line(harvest(republishing))
        assert (found["action"], found["findings"][0]["code"]) == ("duplicate", "record_elsewhere_origin")
        assert actions(harvest(federal)) == {"unchanged": 1}


@pytest.mark.parametrize(
    ("title", "file"),
    [
        (None, "https://otros.example.gob.mx/otra-tabla.csv"),
        ("Otro título", None),
        (None, "https://archivos.example.gob.mx/"),
    ],
)
def test_a_title_or_an_address_alone_tells_nothing(source_of, harvest, mark, title, file):
    front_page = file if file and file.endswith("/") else None
    harvest(source_of(MUNICIPAL, entry(mark, "m", file=front_page)))
    run = harvest(source_of(STATE, entry(mark, "e", title, file)))
    assert actions(run) == {"created": 1}


def test_an_address_that_several_datasets_have_tells_nothing(source_of, harvest, mark):
    shared = f"https://archivos.example.gob.mx/{mark.replace(' ', '-')}/todo.zip"
    harvest(source_of(MUNICIPAL, entry(mark, "m", file=shared), entry(mark, "n", f"Otra cosa {mark}", shared)))
    assert actions(harvest(source_of(STATE, entry(mark, "e", file=shared)))) == {"created": 1}


def test_the_scheme_of_an_address_does_not_count(source_of, harvest, mark):
    plain = f"http://archivos.example.gob.mx/{mark.replace(' ', '-')}.csv"
    harvest(source_of(MUNICIPAL, entry(mark, "m", file=plain)))
    assert actions(harvest(source_of(STATE, entry(mark, "e")))) == {"duplicate": 1}


def test_of_two_records_that_could_be_it_none_is(source_of, harvest, mark):
    stored = line(harvest(source_of(MUNICIPAL, entry(mark, "m"))))["dataset_id"]
    run = harvest(source_of(STATE, entry(mark, "e1"), entry(mark, "e2")))
    assert actions(run) == {"created": 2, "doubtful": 2}
    assert {row.possible_duplicate_of for row in records_of(run["run"])} == {stored}


def test_two_records_of_one_list_never_become_one_dataset(source_of, harvest, mark):
    town = source_of(MUNICIPAL, entry(mark, "m"))
    stored = line(harvest(town))["dataset_id"]
    state = source_of(STATE, entry(mark, "antes"))
    harvest(state)
    # The state gives it another identifier, and then lists both.
    source_of.lists(state, entry(mark, "luego"))
    assert actions(harvest(state)) == {"duplicate": 1}
    source_of.lists(state, entry(mark, "antes"), entry(mark, "luego"), entry(mark, "otro"))
    assert actions(harvest(state)) == {"duplicate": 2, "created": 1, "doubtful": 1}
    switch(town, on=False)
    run = harvest(state)
    assert actions(run) == {"matched": 1, "created": 1, "unchanged": 1, "doubtful": 1}
    assert [row.dataset_id for row in records_of(run["run"]) if row.action == "matched"] == [stored]
    assert len({row.dataset_id for row in records_of(run["run"])}) == 3


@pytest.mark.parametrize("gone", ["unlisted", "off", "deleted"])
def test_what_the_better_source_no_longer_has_the_other_takes_over(source_of, harvest, mark, gone):
    others = several(mark, "x", 5)
    town = source_of(MUNICIPAL, entry(mark, "m"), *others)
    stored = records_of(harvest(town)["run"])[0].dataset_id
    state = source_of(STATE, entry(mark, "e"))
    assert actions(harvest(state)) == {"duplicate": 1}
    if gone == "unlisted":
        source_of.lists(town, *others)
        assert actions(harvest(town)) == {"unchanged": 5, "in_grace": 1}
    elif gone == "off":
        switch(town, on=False)
    else:
        helpers.call_action("harvest_source_delete", id=town["id"])
    run = harvest(state)
    assert (actions(run), line(run)["dataset_id"]) == ({"matched": 1}, stored)
    assert owners(stored) == {state["id"]}
    assert dataset(stored)["owner_org"] == state["organization"]["id"]
    if gone != "deleted":
        switch(town, on=True)
        # It is absent there no more, since it is no longer that source's.
        expected = {"unchanged": 5} if gone == "unlisted" else {"unchanged": 5, "matched": 1}
        assert actions(harvest(town)) == expected
        # And back again.
        source_of.lists(town, entry(mark, "m"), *others)
        harvest(town)
        assert owners(stored) == {town["id"]}
        assert actions(harvest(state)) == {"duplicate": 1}


def test_an_archived_dataset_is_restored_by_the_other_source(source_of, harvest, mark):
    at_once = {"absence": {"grace_days": 0, "grace_runs": 1, "max_share": 1}}
    town = source_of(
        MUNICIPAL, entry(mark, "m"), entry(mark, "x", "Otro", "https://x.example/otro.csv"), config=at_once
    )
    stored = records_of(harvest(town)["run"])[0].dataset_id
    state = source_of(STATE, entry(mark, "e"))
    harvest(state)
    source_of.lists(town, entry(mark, "x", "Otro", "https://x.example/otro.csv"))
    assert actions(harvest(town)) == {"unchanged": 1, "archived": 1}
    run = harvest(state)
    assert (actions(run), line(run)["dataset_id"]) == ({"restored": 1}, stored)
    assert not dataset(stored).get("archived_at")


def test_a_cleared_source_leaves_its_datasets_to_be_made_anew(source_of, harvest, mark):
    town = source_of(MUNICIPAL, entry(mark, "m"))
    harvest(town)
    state = source_of(STATE, entry(mark, "e"))
    harvest(state)
    helpers.call_action("harvest_source_clear", id=town["id"])
    assert actions(harvest(state)) == {"created": 1}
    assert model.Session.query(Elsewhere).filter(Elsewhere.source_id == state["id"]).count() == 0


def test_what_an_editor_removed_comes_back_through_nobody(source_of, harvest, mark):
    town = source_of(MUNICIPAL, entry(mark, "m"))
    stored = line(harvest(town))["dataset_id"]
    state = source_of(STATE, entry(mark, "e"))
    harvest(state)
    helpers.call_action("package_delete", id=stored)
    assert actions(harvest(town)) == {"excluded": 1}
    assert actions(harvest(state)) == {"excluded": 1}


def test_duplicates_are_no_part_of_what_a_list_may_lose(source_of, harvest, mark):
    state = source_of(STATE, *several(mark, "e", 4))
    harvest(state)
    town = source_of(MUNICIPAL, *several(mark, "m", 3))
    assert actions(harvest(town)) == {"matched": 3}
    # Three of its four datasets are another source's now, and it lists only one of them still.
    first, _, _, last = several(mark, "e", 4)
    source_of.lists(state, first, last)
    assert actions(harvest(state)) == {"duplicate": 1, "unchanged": 1}
    source_of.lists(state, first)
    assert harvest(state)["status"] == "held"


def test_a_changed_order_of_government_is_noticed(source_of, harvest, mark):
    unknown = source_of(REPUBLISHER, entry(mark, "r"))
    federal = source_of(FEDERAL, entry(mark, "f"))
    stored = line(harvest(federal))["dataset_id"]
    assert actions(harvest(unknown)) == {"duplicate": 1}
    helpers.call_action("organization_patch", id=unknown["organization"]["id"], gov_type="municipal")
    assert actions(harvest(unknown)) == {"matched": 1}
    assert owners(stored) == {unknown["id"]}
    assert actions(harvest(federal)) == {"duplicate": 1}


def test_a_private_dataset_of_another_institution_is_nobody_elses_business(source_of, harvest, mark, app):
    town = source_of(MUNICIPAL, entry(mark, "m"))
    stored = dataset(line(harvest(town))["dataset_id"])
    state = source_of(STATE, entry(mark, "e"))
    harvest(state)
    helpers.call_action("package_patch", id=stored["id"], private=True)
    run = harvest(state)
    assert actions(run) == {"duplicate": 1}
    found = line(run)
    assert (found["dataset_id"], found["dataset_name"]) == (None, None)
    assert [finding["code"] for finding in found["findings"]] == ["record_elsewhere"]
    for extension in ("", ".csv", ".json"):
        answer = app.get(f"/harvest/{state['name']}/corrida/{run['run']}{extension}").body
        assert stored["name"] not in answer
        assert stored["id"] not in answer
    # Private from the beginning, it keeps nobody from publishing what they publish.
    other = source_of(FEDERAL, entry(mark, "f"))
    assert actions(harvest(other)) == {"created": 1}


def test_a_private_source_is_not_named(source_of, harvest, mark):
    harvest(source_of(MUNICIPAL, entry(mark, "m"), private=True))
    found = line(harvest(source_of(STATE, entry(mark, "e"))))
    assert [finding["code"] for finding in found["findings"]] == ["record_elsewhere"]


def test_two_at_the_same_time_make_two_and_somebody_is_asked(source_of, harvest, mark, monkeypatch):
    town = source_of(MUNICIPAL, entry(mark, "m"))
    state = source_of(STATE, entry(mark, "e"))
    decide = engine.decide.decide

    def meanwhile(run: Any, *arguments: Any) -> Any:
        decision = decide(run, *arguments)
        if run.source_id == state["id"]:
            # Committed, as the database of another process would be.
            model.repo.commit()
            run_id = run.id
            monkeypatch.undo()
            monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [town["url"].split("/")[2]])
            harvest(town)
            model.Session.add(run)
            model.Session.refresh(run)
            assert run.id == run_id
        return decision

    monkeypatch.setattr(engine.decide, "decide", meanwhile)
    run = harvest(state)
    assert actions(run) == {"created": 1, "doubtful": 1}
    found = records_of(run["run"])[0]
    of_town = model.Session.query(Identity).filter(Identity.source_id == town["id"]).one().dataset_id
    assert found.possible_duplicate_of == of_town
    assert dataset(found.dataset_id)["possible_duplicate_of"] == of_town
    user = {"user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    helpers.call_action("mxopendata_harvest_doubtful_decide", user, id=found.dataset_id, same=True)
    assert actions(harvest(state)) == {"duplicate": 1}
    assert actions(harvest(town)) == {"unchanged": 1}
    assert owners(of_town) == {town["id"]}


def test_a_source_that_decided_before_does_not_write_over_a_dataset_that_was_taken_over(
    source_of, harvest, mark, monkeypatch
):
    state = source_of(STATE, entry(mark, "e"))
    stored = line(harvest(state))["dataset_id"]
    town = source_of(MUNICIPAL, entry(mark, "m", description="Del municipio"))
    source_of.lists(state, entry(mark, "e", description="Cambió el estado"))
    go_on = engine._Step._write
    others_turn = [town]

    def meanwhile(step: Any) -> bool:
        run_id = step.run.id
        if others_turn:
            harvest(others_turn.pop())
        step.run = model.Session.get(Run, run_id)
        return go_on(step)

    monkeypatch.setattr(engine._Step, "_write", meanwhile)
    run = harvest(state)
    assert actions(run) == {"duplicate": 1}
    assert owners(stored) == {town["id"]}
    assert dataset(stored)["notes"] == "Del municipio"


def test_a_ckan_and_one_that_harvested_it(source_of, harvest, portal, mark):
    def package(extras: list[dict[str, str]], title: str) -> dict[str, Any]:
        return {
            "id": f"0b0b0b0b-0000-4000-8000-{int(mark.split()[1]):012d}",
            "name": mark.replace(" ", "-"),
            "title": title,
            "notes": "De un CKAN",
            "resources": [{"id": "r", "name": "a", "url": f"https://{title[:1]}.example/a.csv".lower()}],
            "extras": extras,
            "type": "dataset",
            "state": "active",
        }

    harvested = [{"key": "harvest_source_id", "value": "x"}, {"key": "harvest_object_id", "value": "y"}]
    sources = []
    for number, (gov_type, given) in enumerate(
        [(MUNICIPAL, package(harvested, "Copia")), (STATE, package([], "Original"))]
    ):
        path = f"/{mark.replace(' ', '-')}/{number}"
        answer = {"success": True, "result": {"count": 1, "results": [given]}}
        pages = {"0": answer}

        def search(handler: Any, query: Any, pages: Any = pages) -> None:
            found = pages.get(query.get("start", ["0"])[0], {"success": True, "result": {"count": 1, "results": []}})
            content = json.dumps(found).encode()
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        portal.answers[f"{path}/api/3/action/package_search"] = search
        organization = factories.Organization(gov_type=gov_type)
        sources.append(
            helpers.call_action(
                "harvest_source_create", name=f"ckan-{mark.replace(' ', '-')}-{number}", title=f"CKAN {number}",
                url=portal.url(path), source_type="mx_ckan", owner_org=organization["id"],
            )
        )  # fmt: skip
    copy, original = sources
    stored = line(harvest(copy))["dataset_id"]
    run = harvest(original)
    assert (actions(run), line(run)["dataset_id"]) == ({"matched": 1}, stored)
    assert line(harvest(copy))["findings"][0]["code"] == "record_elsewhere_origin"


def test_the_preview_names_what_would_be_a_duplicate(source_of, harvest, mark):
    stored = line(harvest(source_of(MUNICIPAL, entry(mark, "m"))))["dataset_name"]
    state = source_of(STATE, entry(mark, "e"), entry(mark, "n", f"Nuevo {mark}", "https://n.example/nuevo.csv"))
    source = load_source(state["id"])
    shown = preview.preview(source.type, source.url, source.settings, mapping_settings(source), 20, source.id)
    assert [record["duplicate_of"] for record in shown["records"]] == [stored, None]
    assert [record["action"] for record in shown["records"]] == ["duplicate", "created"]


def test_a_held_run_says_what_it_would_do(source_of, harvest, mark):
    stored = line(harvest(source_of(MUNICIPAL, entry(mark, "m"))))["dataset_id"]
    state = source_of(STATE, *several(mark, "x", 2))
    harvest(state)
    source_of.lists(state, entry(mark, "e"))
    run = harvest(state)
    assert (run["status"], run["duplicate"], run["in_grace"]) == ("held", 1, 2)
    run_id = runner.confirm(run["run"], datetime.now(timezone.utc))
    model.Session.expire_all()
    confirmed = helpers.call_action("mxopendata_harvest_run_show", run=run_id)
    assert (confirmed["duplicate"], owners(stored) & {state["id"]}) == (1, set())


@pytest.mark.parametrize("republished_first", [False, True])
def test_a_real_portal_and_the_one_that_republishes_it(source_of, harvest, shared, republished_first):
    """datos.jus.gob.ar and datos.gob.ar at different times: equal titles, mostly other files of the same datasets."""
    folder = shared / "payloads" / "harvest" / "datajson_ar"
    own, all_republished = (
        json.loads((folder / name).read_text(encoding="utf-8"))["dataset"]
        for name in ("justicia.data.json", "datos-gob-ar.2018-02.data.json")
    )
    titles = {title_key(item["title"]) for item in own}
    republished = [item for item in all_republished if title_key(item["title"]) in titles]
    others = [item for item in all_republished if title_key(item["title"]) not in titles][:6]
    ministry = source_of(FEDERAL, *own)
    portal = source_of(REPUBLISHER, *republished, *others)
    first, second = (portal, ministry) if republished_first else (ministry, portal)
    run = harvest(first)
    assert (run["created"], run["duplicate"]) == (run["read"], 0)
    run = harvest(second)
    told = 13
    expected = (told, 0) if republished_first else (0, told)
    assert (run["matched"], run["duplicate"]) == expected
    assert run["created"] == run["read"] - told
    runs = [harvest(source) for source in (portal, ministry)]
    assert [(run["duplicate"], run["unchanged"]) for run in runs] == [(told, 20 - told), (0, 18)]
    for source in (ministry, portal):
        helpers.call_action("harvest_source_clear", id=source["id"])
