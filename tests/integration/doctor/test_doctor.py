"""``ckan mxopendata doctor`` as a whole; what each check sees is in the files beside."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.cli.doctor import doctor
from ckanext.mxopendata.doctor import CHECKS, Check, diagnose, services, upkeep
from ckanext.mxopendata.doctor.check import look
from ckanext.mxopendata.metadata.findings import LANGUAGES, catalogue

from .conftest import assert_broken, free_port

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CODES = sorted(code for code in catalogue() if code.startswith("doctor_"))
FAULTS = [code for code in CODES if not re.search(r"_ok($|_)", code)]


def test_every_check_has_sentences_in_both_languages_for_right_and_wrong():
    for check in CHECKS:
        name = f"doctor_{check.__name__}"
        assert any(code.startswith(f"{name}_ok") for code in CODES), name
        assert any(code == name or code.startswith(f"{name}_") for code in FAULTS), name
    for code in CODES:
        entry = catalogue()[code]
        assert set(entry["message"]) == set(entry["cure"]) == set(LANGUAGES), code
        assert all(entry["message"].values()), code
        assert all(bool(cure) == (code in FAULTS) for cure in entry["cure"].values()), code


def test_every_fault_is_broken_by_a_test():
    """Each way in which a check can fail is named by a test beside this one or in the room it is about."""
    written = "\n".join(path.read_text(encoding="utf-8") for path in HERE.parent.glob("*/test_*.py"))
    assert [code for code in FAULTS if f'"{code}"' not in written] == []


def test_every_check_is_in_the_docs():
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert [check.__name__ for check in CHECKS if f"| `{check.__name__}` |" not in page] == []


def test_names_of_checks_are_used_once():
    names = [check.__name__ for check in CHECKS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_speaks_both_languages(check: Callable[[], Check]):
    found = look(check)
    spanish, english = found.to_dict("es"), found.to_dict("en")
    assert spanish["check"] == check.__name__
    assert spanish["message"]
    assert english["message"]
    assert bool(spanish["cure"]) != found.ok
    assert "{" not in spanish["message"] + spanish["cure"].replace("{{LANG}}", "")


def test_json_is_one_document():
    result = CliRunner().invoke(doctor, ["--json"])
    checks = json.loads(result.stdout)
    assert [check["check"] for check in checks] == [check.__name__ for check in CHECKS]
    assert set(checks[0]) == {"check", "ok", "severity", "message", "cure"}
    assert result.exit_code == int(any(not check["ok"] and check["severity"] == "error" for check in checks))


def test_people_read_what_to_type(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(tk.config, "ckan.locale_default", "en")
    result = CliRunner().invoke(doctor, [])
    assert "✘ locale: The site's first language is “en”, not Spanish." in result.stdout
    assert "    → Write in " in result.stdout


def test_a_broken_check_does_not_hide_the_others():
    def nothing_works() -> Check:
        raise RuntimeError("of all things")

    found = look(nothing_works)
    words = assert_broken(found, "doctor_unseen")
    assert words["check"] == "nothing_works"
    assert "of all things" in words["message"]


def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch, use_redis: Callable[[str], None]):
    """Passwords stand in addresses and options; what the doctor prints is sent around."""
    secret = "Muy-Secreto-77"
    monkeypatch.setitem(tk.config, "solr_url", f"http://solr:{secret}@127.0.0.1:{free_port()}/solr/ckan")
    monkeypatch.setitem(tk.config, "SECRET_KEY", secret[:8])
    monkeypatch.setitem(tk.config, "smtp.password", secret)
    use_redis(f"redis://:{secret}@127.0.0.1:{free_port()}/0")
    printed = CliRunner().invoke(doctor, ["--json"]).stdout
    assert secret not in printed
    assert f'"{secret[:8]}"' not in printed


def test_services_that_are_away_are_said_and_do_not_hide_the_rest(
    monkeypatch: pytest.MonkeyPatch, use_redis: Callable[[str], None]
):
    monkeypatch.setitem(tk.config, "solr_url", f"http://127.0.0.1:{free_port()}/solr/ckan")
    use_redis(f"redis://127.0.0.1:{free_port()}/0")
    before = time.monotonic()
    found = {check.name: check for check in diagnose()}
    assert time.monotonic() - before < 10
    assert_broken(found["solr_schema"], "doctor_solr_schema_away")
    assert_broken(found["solr_language"], "doctor_unseen_solr")
    assert_broken(found["source_type"], "doctor_unseen_solr")
    assert_broken(found["redis"], "doctor_redis")
    assert_broken(found["consumers"], "doctor_unseen_redis")
    assert_broken(found["worker"], "doctor_unseen_redis")
    assert found["migrations"].ok
    assert found["clock"].ok


def test_the_database_away_is_said(monkeypatch: pytest.MonkeyPatch):
    away = sa.create_engine(f"postgresql://postgres@127.0.0.1:{free_port()}/nothing")
    monkeypatch.setattr(model.Session, "execute", lambda *words, **more: away.connect())
    assert_broken(look(services.clock), "doctor_unseen_database")


def test_missing_tables_are_said():
    model.Session.execute(sa.text("ALTER TABLE mxopendata_change_reader RENAME TO put_away"))
    model.Session.commit()
    try:
        words = assert_broken(look(upkeep.change_readers), "doctor_unseen_tables")
        assert "mxopendata_change_reader" in words["message"]
    finally:
        model.Session.rollback()
        model.Session.execute(sa.text("ALTER TABLE put_away RENAME TO mxopendata_change_reader"))
        model.Session.commit()
