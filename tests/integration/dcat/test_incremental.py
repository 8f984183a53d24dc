"""What did not change is copied, what did is made anew, and the file is always the one a first export would write."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pyoxigraph as ox
import pytest
import sqlalchemy as sa

from ckan import model
from ckan.lib.search import rebuild
from ckan.tests import factories, helpers

from ckanext.mxopendata.dcat import assembly, blocks, fragments, frames, freshness, site, store
from ckanext.mxopendata.dcat.check import Checker
from ckanext.mxopendata.dcat.cli import export
from ckanext.mxopendata.dcat.fragments import moment_key
from ckanext.mxopendata.dcat.model import BlockRow
from ckanext.mxopendata.model import Change
from integration.commands import runner

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

FORMATS = ("ttl", "rdf", "jsonld", "nt", "datajson", "adela")


@pytest.fixture
def sites(clean_site, monkeypatch, ckan_config, tmp_path) -> dict[str, Any]:
    """Two institutions with three datasets each; the first dataset has a contact without a name."""
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    found: dict[str, Any] = {}
    for number in (1, 2):
        institution = factories.Organization(title=f"Institución {number}", gov_type="federal")
        found[institution["id"]] = [
            helpers.call_action(
                "package_create",
                name=f"{institution['name']}-{position}",
                title=f"Conjunto {number}.{position}",
                notes="Descripción",
                owner_org=institution["id"],
                source_identifier=f"{institution['id']}-{position}",
                theme=["salud"],
                contact=[{"email": "datos@ejemplo.gob.mx", "name": "" if position == 0 else "Buzón"}],
                resources=[{"name": "Archivo", "url": f"https://ejemplo.gob.mx/{number}/{position}.csv"}],
            )
            for position in range(3)
        ]
    yield found
    for datasets in found.values():
        for dataset in datasets:
            helpers.call_action("dataset_purge", {"ignore_auth": True}, id=dataset["id"])
    for institution in found:
        helpers.call_action("organization_purge", {"ignore_auth": True}, id=institution)
    store.forget_all("")
    model.Session.commit()


def _export(*formats: str, arguments: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    words = [word for name in formats for word in ("--format", name)]
    result = runner().invoke(export, [*words, *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    return {entry["format"]: entry for entry in (document if isinstance(document, list) else [document])}


def _made(document: dict[str, Any]) -> tuple[int, int]:
    return document["rendered"], document["reused"]


def _content(document: dict[str, Any]) -> Any:
    """The statements of a file, or its entries."""
    data = Path(document["file"]).read_bytes()
    if document["format"] in frames.FORMATS:
        return {quad.triple for quad in ox.parse(data, format=frames.FORMATS[document["format"]])}
    entries = json.loads(data)["dataset"]
    return sorted(json.dumps(entry, sort_keys=True) for entry in entries)


def _as_if_first(tmp_path: Path, name: str) -> Any:
    """What an export writes that knows nothing of an earlier one."""
    store.forget_all("")
    model.Session.commit()
    return _content(_export(name, arguments=("--output", str(tmp_path / f"primera.{name}")))[name])


def test_the_second_export_copies_everything(sites):
    first = _export(*FORMATS)
    assert {name: _made(document) for name, document in first.items()} == dict.fromkeys(FORMATS, (6, 0))
    before = {name: Path(document["file"]).read_bytes() for name, document in first.items()}
    second = _export(*FORMATS)
    assert {name: _made(document) for name, document in second.items()} == dict.fromkeys(FORMATS, (0, 6))
    assert {name: Path(document["file"]).read_bytes() for name, document in second.items()} == before
    for name in first:
        same = {
            key: first[name][key] for key in ("datasets", "distributions", "dropped", "filled", "left_out", "sha256")
        }
        assert {key: second[name][key] for key in same} == same


def _let_fail(monkeypatch: pytest.MonkeyPatch, dataset_id: str) -> Any:
    """Let a dataset fail as a fragment, after all of it was made; gives what made it before."""
    finish = assembly.Renderer._fragment

    def fail(self: Any, dataset: dict[str, Any], *rest: Any, **more: Any) -> Any:
        if dataset["id"] == dataset_id:
            raise ValueError("no se puede")
        return finish(self, dataset, *rest, **more)

    monkeypatch.setattr(assembly.Renderer, "_fragment", fail)
    return finish


def _retitle(datasets: list[dict[str, Any]]) -> None:
    helpers.call_action("package_patch", id=datasets[1]["id"], title="Otro título")


def _delete(datasets: list[dict[str, Any]]) -> None:
    helpers.call_action("package_delete", id=datasets[1]["id"])


def _hide(datasets: list[dict[str, Any]]) -> None:
    helpers.call_action("package_patch", id=datasets[1]["id"], private=True)


def _archive(datasets: list[dict[str, Any]]) -> None:
    context = {"ignore_auth": True, "user": factories.Sysadmin()["name"]}
    helpers.call_action("package_patch", context, id=datasets[1]["id"], archived_at="2026-11-01T00:00:00")


def _change_a_file(datasets: list[dict[str, Any]]) -> None:
    resource = datasets[1]["resources"][0]
    helpers.call_action("resource_patch", id=resource["id"], name="Otro nombre")


@pytest.mark.parametrize(
    ("change", "rendered", "left"),
    [(_retitle, 1, 6), (_change_a_file, 1, 6), (_delete, 0, 5), (_hide, 0, 5), (_archive, 0, 5)],
)
def test_only_what_changed_is_made_anew(sites, tmp_path, change: Callable[..., None], rendered: int, left: int):
    _export(*FORMATS)
    change(next(iter(sites.values())))
    documents = _export(*FORMATS)
    assert {name: _made(document) for name, document in documents.items()} == dict.fromkeys(
        FORMATS, (rendered, left - rendered)
    )
    for name, document in documents.items():
        assert _content(document) == _as_if_first(tmp_path, name), name


def test_a_new_name_of_an_institution_makes_only_what_names_it_anew(sites, tmp_path):
    """Its description, and the one dataset whose contact is called after it; in JSON each entry names its publisher."""
    _export(*FORMATS)
    institution = next(iter(sites))
    helpers.call_action("organization_patch", id=institution, title="Nombre nuevo", landing_page="https://nuevo.gob.mx")
    documents = _export(*FORMATS)
    made = {name: document["rendered"] for name, document in documents.items()}
    assert made == {**dict.fromkeys(("ttl", "rdf", "jsonld", "nt"), 1), "datajson": 3, "adela": 3}
    for name, document in documents.items():
        content = _content(document)
        assert content == _as_if_first(tmp_path, name), name
        assert "Nombre nuevo" in str(content)
        assert "Institución 1" not in str(content)


def test_an_institution_of_which_no_dataset_is_made_anew_is_described_anew(sites, tmp_path):
    second = list(sites)[1]
    helpers.call_action("package_patch", id=sites[second][0]["id"], contact=[{"email": "a@b.mx", "name": "Buzón"}])
    _export("ttl")
    helpers.call_action("organization_patch", id=second, title="Nombre nuevo")
    document = _export("ttl")["ttl"]
    assert _made(document) == (0, 6)
    assert _content(document) == _as_if_first(tmp_path, "ttl")


def test_another_format_later_makes_only_its_own(sites):
    _export("ttl")
    documents = _export("ttl", "nt")
    assert (_made(documents["ttl"]), _made(documents["nt"])) == ((0, 6), (6, 0))


def test_what_bypassed_the_change_log_is_seen_by_its_moment(sites):
    _export("ttl")
    dataset = next(iter(sites.values()))[0]
    helpers.call_action("package_patch", id=dataset["id"], title="Por otra puerta")
    model.Session.execute(Change.__table__.delete())
    model.Session.commit()
    document = _export("ttl")["ttl"]
    assert _made(document) == (1, 5)
    assert "Por otra puerta" in Path(document["file"]).read_text()


def test_another_name_of_the_site_makes_everything_anew(sites, ckan_config, monkeypatch):
    _export("ttl")
    monkeypatch.setitem(ckan_config, "ckan.site_title", "Otro nombre")
    document = _export("ttl")["ttl"]
    assert _made(document) == (6, 0)


def test_a_part_takes_from_the_whole_and_the_whole_from_a_part(sites):
    institution = next(iter(sites))
    part = _export("ttl", arguments=("--institution", institution))["ttl"]
    assert _made(part) == (3, 0)
    assert _made(_export("ttl")["ttl"]) == (3, 3)
    again = _export("ttl", arguments=("--institution", institution))["ttl"]
    assert _made(again) == (0, 3)


def test_a_dataset_that_cannot_be_expressed_is_tried_again_and_never_kept(sites, monkeypatch):
    broken = next(iter(sites.values()))[0]["id"]
    finish = _let_fail(monkeypatch, broken)
    for _ in range(2):
        result = runner().invoke(export, ["--format", "ttl", "--json"], catch_exceptions=False)
        document = json.loads(result.stdout)
        assert result.exit_code == 1
        assert document["left_out"] == [{"id": broken, "reason": "ValueError: no se puede"}]
        assert document["datasets"] == 5
    monkeypatch.setattr(assembly.Renderer, "_fragment", finish)
    assert _made(_export("ttl")["ttl"]) == (1, 5)


def test_an_interrupted_export_leaves_the_former_file_and_goes_on(sites, monkeypatch):
    first = _export("ttl")["ttl"]
    before = Path(first["file"]).read_bytes()
    for dataset in next(iter(sites.values())):
        helpers.call_action("package_patch", id=dataset["id"], title="Cambiado")
    finish = assembly.Assembly.shared

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(assembly.Assembly, "shared", interrupt)
    result = runner().invoke(export, ["--format", "ttl"])
    assert result.exit_code != 0
    assert Path(first["file"]).read_bytes() == before
    assert [path.name for path in Path(first["file"]).parent.iterdir() if "exportando" in path.name] == []
    monkeypatch.setattr(assembly.Assembly, "shared", finish)
    # What was made before the interruption is kept.
    assert _made(_export("ttl")["ttl"]) == (0, 6)


def test_a_compressed_copy_lies_beside(sites):
    document = _export("ttl", "nt")["ttl"]
    path = Path(document["file"])
    assert gzip.decompress(path.with_name("volcado.ttl.gz").read_bytes()) == path.read_bytes()


def test_the_list_and_the_dataset_name_the_same_moment(sites):
    """Otherwise every export would make everything anew."""
    listed = {entry.id: entry.modified for batch in site.list_datasets() for entry in batch}
    read = {dataset["id"]: dataset["metadata_modified"] for dataset in site.read_datasets(sorted(listed))}
    assert {dataset_id: moment_key(moment) for dataset_id, moment in read.items()} == listed


def test_the_fingerprint_changes_with_the_vocabularies(sites):
    context = site.current_context()
    other = {**context.vocabulary("themes").terms}
    other.pop("salud")
    themes = replace(context.vocabulary("themes"), terms=other)
    changed = replace(context, vocabulary=lambda name: themes if name == "themes" else context.vocabulary(name))
    assert freshness.fingerprint(changed) != freshness.fingerprint(context)
    assert freshness.fingerprint(site.current_context()) == freshness.fingerprint(context)


def test_what_a_failing_dataset_shares_is_there_for_the_others(sites, tmp_path, monkeypatch):
    """It fails after its terms were made, alone in its batch: the next batch names them, too."""
    monkeypatch.setattr(site, "LISTED", 1)
    monkeypatch.setattr(blocks, "DATASETS", 1)
    first = min(dataset["id"] for datasets in sites.values() for dataset in datasets)
    _let_fail(monkeypatch, first)
    result = runner().invoke(export, ["--format", "nt", "--json"], catch_exceptions=False)
    document = json.loads(result.stdout)
    assert [entry["id"] for entry in document["left_out"]] == [first]
    described = {triple.subject.value for triple in _content(document)}
    named = {triple.object.value for triple in _content(document) if triple.predicate.value.endswith("dcat#theme")}
    assert named
    assert named <= described


def test_a_dataset_is_left_out_only_of_the_formats_that_lack_it(sites, monkeypatch):
    _export("ttl")
    broken = next(iter(sites.values()))[0]["id"]
    _let_fail(monkeypatch, broken)
    result = runner().invoke(export, ["--format", "ttl", "--format", "datajson", "--json"], catch_exceptions=False)
    turtle, entries = json.loads(result.stdout)
    assert (turtle["datasets"], turtle["left_out"]) == (6, [])
    assert (entries["datasets"], [entry["id"] for entry in entries["left_out"]]) == (5, [broken])


def test_what_one_format_cannot_say_is_in_the_others(sites, monkeypatch):
    """All are made from nothing, in one go."""
    broken = next(iter(sites.values()))[0]["id"]
    render_entry = fragments.ENTRIES["datajson"]

    def fail(dataset: dict[str, Any], context: Any) -> Any:
        if dataset["id"] == broken:
            raise ValueError("no se puede")
        return render_entry(dataset, context)

    monkeypatch.setitem(fragments.ENTRIES, "datajson", fail)
    words = [word for name in FORMATS for word in ("--format", name)]
    documents = json.loads(runner().invoke(export, [*words, "--json"], catch_exceptions=False).stdout)
    without = {document["format"]: [entry["id"] for entry in document["left_out"]] for document in documents}
    assert without == {**dict.fromkeys(FORMATS, []), "datajson": [broken]}


def _written_blocks(name: str) -> dict[str, str]:
    """The kept blocks of a format by the id of their first dataset, each with the transaction that wrote it."""
    model.Session.rollback()
    columns = (BlockRow.first, sa.text("mxopendata_fragment_block.xmin::text"))
    return dict(model.Session.execute(sa.select(*columns).where(BlockRow.format == name)).all())


def test_what_did_not_change_is_not_looked_at_one_by_one(sites, monkeypatch):
    first = _export(*FORMATS)

    def read(*_: Any) -> Any:
        raise AssertionError("a fragment was read")

    monkeypatch.setattr(store, "read", read)
    second = _export(*FORMATS)
    assert {name: _made(document) for name, document in second.items()} == dict.fromkeys(FORMATS, (0, 6))
    assert [document["sha256"] for document in second.values()] == [document["sha256"] for document in first.values()]


def test_of_the_blocks_only_that_of_a_changed_dataset_is_written(sites, monkeypatch):
    monkeypatch.setattr(blocks, "DATASETS", 1)
    _export("ttl")
    before = _written_blocks("ttl")
    assert set(before) == {dataset["id"] for datasets in sites.values() for dataset in datasets}
    changed = next(iter(sites.values()))
    _retitle(changed)
    assert _made(_export("ttl")["ttl"]) == (1, 5)
    after = _written_blocks("ttl")
    assert {key for key in after if after[key] != before.get(key)} == {changed[1]["id"]}


def test_a_change_that_leaves_the_moment_as_it_was_is_in_the_next_file(sites):
    """The list says nothing of it, only the change log does; the dataset stands between others in its block."""
    _export("ttl")
    dataset_id = sorted(dataset["id"] for datasets in sites.values() for dataset in datasets)[2]
    moment = model.Package.get(dataset_id).metadata_modified
    helpers.call_action("package_patch", id=dataset_id, title="Sin otra fecha")
    model.Session.execute(
        sa.update(model.Package).where(model.Package.id == dataset_id).values(metadata_modified=moment)
    )
    model.Session.commit()
    rebuild(dataset_id)
    document = _export("ttl")["ttl"]
    assert _made(document) == (1, 5)
    assert "Sin otra fecha" in Path(document["file"]).read_text()


def _purge(datasets: list[dict[str, Any]]) -> None:
    helpers.call_action("dataset_purge", {"ignore_auth": True}, id=datasets.pop(1)["id"])


@pytest.mark.parametrize("change", [_hide, _delete, _purge])
def test_what_nobody_may_see_leaves_though_the_log_says_nothing(sites, tmp_path, change: Callable[..., None]):
    _export("ttl", "datajson")
    datasets = next(iter(sites.values()))
    gone = datasets[1]["id"]
    change(datasets)
    model.Session.execute(Change.__table__.delete())
    model.Session.commit()
    for name, document in _export("ttl", "datajson").items():
        assert _made(document) == (0, 5), name
        assert gone not in Path(document["file"]).read_text(), name
        assert _content(document) == _as_if_first(tmp_path, name), name


def test_a_dataset_that_comes_back_is_between_its_neighbours_again(sites, tmp_path):
    first = _export("nt")["nt"]
    datasets = next(iter(sites.values()))
    _hide(datasets)
    assert _export("nt")["nt"]["datasets"] == 5
    helpers.call_action("package_patch", id=datasets[1]["id"], private=False)
    document = _export("nt")["nt"]
    assert document["datasets"] == 6
    assert _content(document) == _as_if_first(tmp_path, "nt")
    assert document["distributions"] == first["distributions"]


def test_the_check_sees_each_dataset_though_all_are_kept(sites, monkeypatch):
    first = _export("ttl")["ttl"]
    checked = []
    monkeypatch.setattr(Checker, "check", lambda _self, _name, fragments, _shared: checked.append(len(fragments)))
    document = _export("ttl", arguments=("--check",))["ttl"]
    assert sum(checked) == 6
    assert (_made(document), document["sha256"]) == ((0, 6), first["sha256"])


def test_the_list_is_the_same_where_it_is_fetched_ahead(sites, monkeypatch):
    monkeypatch.setattr(site, "LISTED", 2)
    assert list(site.list_ahead()) == list(site.list_datasets())
    assert [len(batch) for batch in site.list_ahead()] == [2, 2, 2]
    monkeypatch.setattr(site, "_search", _fail_to_search)
    with pytest.raises(ConnectionError):
        list(site.list_ahead())


def _fail_to_search(**_: Any) -> Any:
    raise ConnectionError


def test_nothing_is_forgotten_between_the_reading_of_fragments_and_the_keeping_of_their_block(sites):
    """Another export hears that an institution has another name, while this one joins what it has read before."""
    _export("nt")
    store.hold_still()
    done = Event()

    def forget() -> None:
        store.forget_institutions(["no-such-institution"])
        model.Session.commit()
        model.Session.remove()
        done.set()

    other = Thread(target=forget)
    other.start()
    try:
        assert not done.wait(0.5)
    finally:
        model.Session.commit()
        other.join(20)
    assert done.is_set()
