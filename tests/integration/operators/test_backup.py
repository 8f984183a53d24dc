"""``mxopendata-backup`` and ``mxopendata-restore``: what was there is there again, or nothing has changed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import tarfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories, helpers

from ckanext.mxopendata.dashboard import computation
from ckanext.mxopendata.harvest.model import ManagedSource

from .conftest import Scripts

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

ROOT = Path(__file__).resolve().parents[3]
SOURCE = "fuente-de-respaldo"


@pytest.fixture(scope="module")
def filled(clean_site: None) -> None:
    """A site with something in the tables of every room."""
    institution = factories.Organization()
    factories.Dataset(owner_org=institution["id"], title="Datos que se respaldan")
    source = helpers.call_action(
        "harvest_source_create",
        name=SOURCE,
        title="Fuente",
        url="http://respaldo.example/data.json",
        source_type="mx_datajson",
        owner_org=institution["id"],
    )
    model.Session.add(ManagedSource(source_id=source["id"], file="x.yaml", digest="0"))
    model.Session.commit()
    computation.compute(datetime.now(timezone.utc), full=True)
    model.Session.commit()


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """Uploads and an exported catalogue."""
    folder = tmp_path / "storage"
    for path, text in (("storage/uploads/logo.png", "logo"), ("mxopendata/volcado/volcado.ttl", "<a> <b> <c> .")):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def site(tools: Path, storage: Path, filled: None) -> Scripts:
    return Scripts(tools, tk.config["sqlalchemy.url"], storage)


@pytest.fixture
def other(tools: Path, second_database: str, tmp_path: Path) -> Scripts:
    """A new machine: an empty database, no files."""
    return Scripts(tools, second_database, tmp_path / "storage-of-the-other")


def content(address: str) -> dict[str, list[str]]:
    """Every row of our tables as text, by table."""
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        names = sorted(name for name in sa.inspect(connection).get_table_names() if name.startswith("mxopendata"))
        rows = {
            name: sorted(str(row[0]) for row in connection.execute(sa.text(f'SELECT t::text FROM "{name}" t')))
            for name in names
        }
    engine.dispose()
    return rows


def execute(address: str, sentence: str) -> None:
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(sentence))
    engine.dispose()


def test_a_new_machine_holds_what_the_old_one_held(site: Scripts, other: Scripts, storage: Path, tmp_path: Path):
    backup = site.backup("--whole", tmp_path / "backups")
    restored = other.restore("--whole", backup)
    assert restored.returncode == 0, restored.stderr
    assert "ckan search-index rebuild" in restored.stdout

    before, after = (content(scripts.environment["CKAN_SQLALCHEMY_URL"]) for scripts in (site, other))
    assert before == after
    for name in ("mxopendata_change", "mxopendata_dashboard_measurement", "mxopendata_dashboard_snapshot"):
        assert before[name]
    assert before["mxopendata_harvest_source"]
    files = Path(other.environment["CKAN_STORAGE_PATH"])
    for path in ("storage/uploads/logo.png", "mxopendata/volcado/volcado.ttl"):
        assert (files / path).read_text(encoding="utf-8") == (storage / path).read_text(encoding="utf-8")


def test_ckan_works_on_what_was_restored(site: Scripts, other: Scripts, tmp_path: Path):
    """Our own command, on the restored database, names the source of the backup; and no migration is missing."""
    assert other.restore("--whole", site.backup("--whole", tmp_path / "backups")).returncode == 0
    address = other.environment["CKAN_SQLALCHEMY_URL"]
    environment = {**os.environ, "CKAN_SQLALCHEMY_URL": address}
    words = ["ckan", "-c", str(ROOT / "test.ini"), "mxopendata", "sources", "list", "--json"]
    listed = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert [source["name"] for source in json.loads(listed.stdout)] == [SOURCE]
    words = ["ckan", "-c", str(ROOT / "test.ini"), "db", "pending-migrations"]
    pending = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert "unapplied" not in pending.stdout


def test_lost_tables_come_back_into_the_site_that_lost_them(site: Scripts, other: Scripts, tmp_path: Path):
    backups = tmp_path / "backups"
    assert other.restore("--whole", site.backup("--whole", backups)).returncode == 0
    address = other.environment["CKAN_SQLALCHEMY_URL"]
    before = content(address)
    backup = other.backup(tmp_path / "of-the-other")
    execute(address, "DROP TABLE mxopendata_harvest_source, mxopendata_dashboard_snapshot")
    execute(address, "TRUNCATE mxopendata_change, mxopendata_dashboard_measurement, mxopendata_change_reader")
    assert other.restore(backup).returncode == 0
    assert content(address) == before


def test_tables_newer_than_the_backup_are_made_again_by_the_migrations(site: Scripts, other: Scripts, tmp_path: Path):
    """The version numbers are the backup's: what came later must be gone, or its migration could not run again."""
    assert other.restore("--whole", site.backup("--whole", tmp_path / "backups")).returncode == 0
    address = other.environment["CKAN_SQLALCHEMY_URL"]
    backup = other.backup(tmp_path / "of-the-other")
    execute(address, "CREATE TABLE mxopendata_of_a_later_version (id int)")
    assert other.restore("--replace", backup).returncode == 0
    assert "mxopendata_of_a_later_version" not in content(address)


def test_filled_tables_are_replaced_only_on_request(site: Scripts, other: Scripts, tmp_path: Path):
    backup = site.backup("--whole", tmp_path / "backups")
    assert other.restore("--whole", backup).returncode == 0
    address = other.environment["CKAN_SQLALCHEMY_URL"]
    execute(address, "DELETE FROM mxopendata_change")
    changed = content(address)
    refused = other.restore(backup)
    assert refused.returncode == 2
    assert "mxopendata_dashboard_measurement" in refused.stderr
    assert content(address) == changed
    assert other.restore("--replace", backup).returncode == 0
    assert content(address) != changed


def test_a_whole_site_is_never_written_over_another(site: Scripts, tmp_path: Path):
    backup = site.backup("--whole", tmp_path / "backups")
    before = content(site.environment["CKAN_SQLALCHEMY_URL"])
    refused = site.restore("--whole", "--replace", backup)
    assert refused.returncode == 2
    assert "no está vacía" in refused.stderr
    assert content(site.environment["CKAN_SQLALCHEMY_URL"]) == before


def test_a_damaged_backup_is_refused_before_anything_changes(site: Scripts, other: Scripts, tmp_path: Path):
    backup = site.backup("--whole", tmp_path / "backups")
    dump = backup / "site.dump"
    dump.write_bytes(dump.read_bytes()[:-100])
    refused = other.restore("--whole", backup)
    assert refused.returncode == 2
    assert "está dañado" in refused.stderr
    assert content(other.environment["CKAN_SQLALCHEMY_URL"]) == {}


# At the end of a table, within the rows of one with a single column, and far before.
@pytest.mark.parametrize("lost", [100, 400, 6000])
def test_a_dump_that_breaks_half_way_changes_nothing(site: Scripts, other: Scripts, tmp_path: Path, lost: int):
    """Its sums agree, so that it is found only while it is being read."""
    assert other.restore("--whole", site.backup("--whole", tmp_path / "backups")).returncode == 0
    address = other.environment["CKAN_SQLALCHEMY_URL"]
    before = content(address)
    backup = other.backup(tmp_path / "of-the-other")
    dump = backup / "tables.dump"
    dump.write_bytes(dump.read_bytes()[:-lost])
    sums = subprocess.run(["sha256sum", "./tables.dump"], cwd=backup, capture_output=True, text=True, check=True).stdout
    (backup / "SHA256SUMS").write_text(sums, encoding="utf-8")
    refused = other.restore("--replace", backup)
    assert refused.returncode == 2
    assert "quedó como estaba" in refused.stderr
    assert content(address) == before


def test_without_ckan_nothing_is_restored(site: Scripts, other: Scripts, tmp_path: Path):
    refused = other.restore(site.backup(tmp_path / "backups"))
    assert refused.returncode == 2
    assert "no tiene un CKAN" in refused.stderr


def test_files_without_a_place_are_noticed_before_anything_changes(
    tools: Path, site: Scripts, second_database: str, tmp_path: Path
):
    backup = site.backup("--whole", tmp_path / "backups")
    refused = Scripts(tools, second_database, tmp_path, CKAN_STORAGE_PATH="").restore("--whole", backup)
    assert refused.returncode == 2
    assert "CKAN_STORAGE_PATH" in refused.stderr
    assert content(second_database) == {}


def test_what_stands_in_ckan_ini_is_used(tools: Path, filled: None, tmp_path: Path, storage: Path):
    """Address, storage and folders are read from there; a per cent sign is written twice in it."""
    own = tmp_path / "own"
    (own / "harvest_configs").mkdir(parents=True)
    (own / "harvest_configs" / "a.yaml").write_text("name: a\n", encoding="utf-8")
    (tmp_path / "conjunto.yaml").write_text("scheming_version: 2\n", encoding="utf-8")
    address = tk.config["sqlalchemy.url"].replace("%", "%%")
    ini = tmp_path / "ckan.ini"
    ini.write_text(
        f"[app:main]\nsqlalchemy.url = {address}\nckan.storage_path = {storage}\n"
        f"ckanext.mxopendata.config_dirs = {own}\n"
        f"scheming.dataset_schemas = x.schemas:other.yaml file://{tmp_path}/conjunto.yaml\n",
        encoding="utf-8",
    )
    site = Scripts(tools, "", tmp_path, CKAN_INI=str(ini), CKAN_STORAGE_PATH="", CKAN_COMMAND="/nonexistent/ckan")
    backup = site.backup(tmp_path / "backups")
    assert (backup / "ckan.ini").read_text(encoding="utf-8") == ini.read_text(encoding="utf-8")
    assert [path.name for path in (backup / "schemas").iterdir()] == ["conjunto.yaml"]
    assert str(own) in (backup / "config.tsv").read_text(encoding="utf-8")
    with tarfile.open(backup / "config-1.tar.gz") as archive:
        assert "./harvest_configs/a.yaml" in archive.getnames()
    with tarfile.open(backup / "exports.tar.gz") as archive:
        assert "mxopendata/volcado/volcado.ttl" in archive.getnames()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700


def test_sources_are_written_as_files_where_ckan_is_at_hand(tools: Path, filled: None, tmp_path: Path):
    variables = {"CKAN_INI": str(ROOT / "test.ini"), "CKAN_COMMAND": "ckan"}
    environment = {name: value for name, value in os.environ.items() if name.startswith("CKAN_") and "SQL" not in name}
    site = Scripts(tools, tk.config["sqlalchemy.url"], tmp_path, **{**environment, **variables})
    backup = site.backup(tmp_path / "backups")
    assert [path.stem for path in (backup / "sources").iterdir()] == [SOURCE]


def test_only_the_newest_backups_stay(site: Scripts, tmp_path: Path):
    backups = tmp_path / "backups"
    for name in ("20260101T000000Z", "20260102T000000Z", "keep-this"):
        (backups / name).mkdir(parents=True)
    newest = site.backup("--keep", "2", backups)
    assert {path.name for path in backups.iterdir()} == {"20260102T000000Z", "keep-this", newest.name}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "¿en qué carpeta?"),
        (("--keep", "0", "x"), "al menos 1"),
        (("--all", "x"), "no hay opción --all"),
        (("x", "y"), "una sola carpeta"),
    ],
)
def test_a_wrong_call_says_why(site: Scripts, words: tuple[str, ...], said: str):
    refused = site.run("mxopendata-backup", *words)
    assert refused.returncode == 2
    assert said in refused.stderr


def test_a_backup_that_fails_leaves_nothing(tools: Path, second_database: str, tmp_path: Path):
    """The wrong database, and one that does not answer."""
    for address, said in (
        (second_database, "no tiene tablas de la suite"),
        ("postgresql://x@127.0.0.1:9/x", "no responde"),
    ):
        refused = Scripts(tools, address, tmp_path).run("mxopendata-backup", tmp_path / "backups")
        assert refused.returncode == 2
        assert said in refused.stderr
        assert not (tmp_path / "backups").exists()


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """A folder with a ``psql`` that writes down how it is called."""
    folder = tmp_path / "watched"
    folder.mkdir()
    program = folder / "psql"
    program.write_text(f'#!/bin/sh\necho "$*" >> {folder}/words\necho "$PGPASSWORD" >> {folder}/password\n')
    program.chmod(0o755)
    return folder


def test_the_password_is_not_in_the_list_of_processes(watched: Path, tmp_path: Path):
    site = Scripts(watched, "postgresql+psycopg2://u:se%40creto@db.example/x?sslmode=require", tmp_path)
    site.run("mxopendata-backup", tmp_path / "backups")
    words = (watched / "words").read_text(encoding="utf-8")
    assert "creto" not in words
    assert "postgresql://u@db.example/x?sslmode=require" in words
    assert (watched / "password").read_text(encoding="utf-8").splitlines()[0] == "se@creto"
