"""What the environment says, and what is right when it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.problem import Problem
from local.settings import ROOT, from_environment


def test_without_variables_everything_is_in_the_checkout() -> None:
    settings = from_environment({})
    assert settings.home == ROOT / ".local"
    assert settings.venv == ROOT / ".local" / "venv"
    assert settings.stack_file == ROOT / "build" / "stack.json"
    assert (settings.port, settings.database_url, settings.solr_url, settings.redis_url) == (None, None, None, None)


def test_empty_variables_count_as_absent() -> None:
    assert from_environment({"PORT": "", "CKAN_SOLR_URL": "", "MXOPENDATA_HOME": ""}).home == ROOT / ".local"


def test_a_relative_home_is_below_the_checkout(tmp_path: Path) -> None:
    assert from_environment({"MXOPENDATA_HOME": "otra"}).home == ROOT / "otra"
    assert from_environment({"MXOPENDATA_HOME": str(tmp_path)}).home == tmp_path


def test_downloads_may_be_shared_between_homes(tmp_path: Path) -> None:
    settings = from_environment({"MXOPENDATA_HOME": "/a", "MXOPENDATA_INSTALLATIONS": str(tmp_path)})
    assert settings.home == Path("/a")
    assert settings.venv == tmp_path / "venv"


@pytest.mark.parametrize("text", ["0", "65536", "-1", "cinco mil", "5000.5", "²"])
def test_what_is_no_port_is_refused_with_its_cure(text: str) -> None:
    with pytest.raises(Problem) as raised:
        from_environment({"PORT": text})
    assert "make up PORT=5001" in raised.value.spanish
    assert "make up PORT=5001" in raised.value.english


def test_external_servers_are_taken_over() -> None:
    settings = from_environment({"CKAN_SQLALCHEMY_URL": "postgresql://a/b", "CKAN_REDIS_URL": "redis://c"})
    assert settings.database_url == "postgresql://a/b"
    assert settings.redis_url == "redis://c"
    assert settings.solr_url is None
