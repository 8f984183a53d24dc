"""The compose file, as Compose reads it: nothing runs without a check, a restart and a secret."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest

import containers

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "docker"
CONSUMERS = {"gather", "fetch"}
CKAN = {"ckan", "worker", "scheduler", *CONSUMERS}
SECRETS = ("PASSWORD", "SECRET")


def example() -> dict[str, str]:
    lines = (DOCKER / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_service_there_is(composed: dict[str, Any]):
    assert set(composed["services"]) == CKAN | {"db", "solr", "redis", "backup"}


def test_every_service_is_watched_and_starts_again(composed: dict[str, Any]):
    for name, service in composed["services"].items():
        if name == "backup":
            continue
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
    assert composed["services"]["backup"]["profiles"] == ["backup"]


def test_logs_do_not_grow_for_ever(composed: dict[str, Any]):
    for name, service in composed["services"].items():
        assert {"max-size", "max-file"} <= set(service["logging"]["options"]), name


def test_services_can_be_scaled(composed: dict[str, Any]):
    for service in composed["services"].values():
        assert "container_name" not in service
        assert "hostname" not in service
    for name in CONSUMERS:
        assert "ports" not in composed["services"][name]


def test_only_the_site_is_reached_and_only_from_this_machine(composed: dict[str, Any]):
    published = {name: service["ports"] for name, service in composed["services"].items() if "ports" in service}
    assert set(published) == {"ckan"}
    assert [port["host_ip"] for port in published["ckan"]] == ["127.0.0.1"]
    assert composed["networks"]["services"]["internal"] is True
    for name in ("db", "solr", "redis", "backup"):
        assert set(composed["services"][name]["networks"]) == {"services"}


def test_data_are_in_named_volumes(composed: dict[str, Any]):
    for name, volume in (("db", "database"), ("solr", "index"), ("redis", "queues"), ("backup", "backups")):
        mounts = [mount for mount in composed["services"][name]["volumes"] if mount["type"] == "volume"]
        assert volume in [mount["source"] for mount in mounts]
    for name in CKAN:
        assert "storage" in [mount["source"] for mount in composed["services"][name]["volumes"]]


def test_only_the_consumers_wait_long_for_redis(composed: dict[str, Any]):
    for name in CKAN:
        address = composed["services"][name]["environment"]["CKAN_REDIS_URL"]
        assert ("socket_timeout=86400" in address) == (name in CONSUMERS), name


def test_consumers_have_the_time_out_and_the_name_that_the_doctor_asks_for(composed: dict[str, Any]):
    from ckanext.mxopendata.doctor.queue import CONSUMER_QUERY, NAMES

    for kind, name in NAMES.items():
        wanted = f"?{CONSUMER_QUERY}&client_name={name}"
        assert composed["services"][kind]["environment"]["CKAN_REDIS_URL"].endswith(wanted)
        (unit,) = (DOCKER / "systemd").glob(f"ckan-{kind}-consumer*")
        supervisor = (DOCKER / "supervisor" / "mxopendata.conf").read_text(encoding="utf-8")
        program = supervisor.split(f"[program:{name}]")[1].split("[program:")[0]
        for text in (unit.read_text(encoding="utf-8"), program):
            assert wanted in text


def test_programs_give_up_their_rights(composed: dict[str, Any]):
    for name in CKAN | {"solr", "backup"}:
        assert composed["services"][name]["cap_drop"] == ["ALL"]
        assert composed["services"][name]["security_opt"] == ["no-new-privileges:true"]


def test_images_end_as_an_ordinary_user():
    stages = re.split(r"^FROM ", (DOCKER / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    users = {stage.split(" AS ")[1].split()[0]: re.findall(r"^USER (\S+)", stage, re.MULTILINE) for stage in stages}
    assert {name: users[name][-1] for name in ("ckan", "solr", "backup")} == {
        "ckan": "ckan",
        "solr": "solr",
        "backup": "503:502",
    }


def test_the_administrators_passwords_stay_with_those_who_need_them(composed: dict[str, Any]):
    for name in CKAN:
        assert not composed["services"][name]["environment"]["POSTGRES_PASSWORD"]
    for name in CKAN - {"ckan"}:
        assert not composed["services"][name]["environment"]["CKAN_SYSADMIN_PASSWORD"]
    assert composed["services"]["ckan"]["environment"]["CKAN_SYSADMIN_PASSWORD"]


def test_the_plugin_line_is_that_of_the_tests_and_the_reader_of_variables_comes_last():
    settings = configparser.RawConfigParser()
    settings.read(ROOT / "test.ini", encoding="utf-8")
    assert example()["CKAN__PLUGINS"] == f'"{settings["app:main"]["ckan.plugins"]} envvars"'


@pytest.mark.parametrize(
    ("variable", "option"),
    [
        ("CKAN___SCHEMING__DATASET_SCHEMAS", "scheming.dataset_schemas"),
        ("CKAN___SCHEMING__ORGANIZATION_SCHEMAS", "scheming.organization_schemas"),
        ("CKAN___SCHEMING__PRESETS", "scheming.presets"),
        ("CKANEXT__DCAT__RDF__PROFILES", "ckanext.dcat.rdf.profiles"),
        ("CKAN__LOCALE_DEFAULT", "ckan.locale_default"),
        ("CKAN__LOCALES_OFFERED", "ckan.locales_offered"),
        ("CKAN__AUTH__CREATE_USER_VIA_WEB", "ckan.auth.create_user_via_web"),
    ],
)
def test_options_are_those_of_the_tests(variable: str, option: str):
    settings = configparser.RawConfigParser()
    settings.read(ROOT / "test.ini", encoding="utf-8")
    assert example()[variable].strip('"') == settings["app:main"][option]


def test_versions_are_pinned_in_one_place_and_ckan_s_is_the_tested_one():
    images = {name: value for name, value in example().items() if name.endswith("_IMAGE")}
    assert set(images) == {"CKAN_IMAGE", "SOLR_IMAGE", "POSTGRES_IMAGE", "REDIS_IMAGE"}
    assert all(re.search(r":[^:]*\d", image) for image in images.values())
    pins = (ROOT / "docker" / "local" / "requirements.txt").read_text(encoding="utf-8")
    tested = re.search(r"^ckan==(.+)$", pins, re.MULTILINE)
    assert tested is not None
    assert images["CKAN_IMAGE"].endswith(f":{tested[1]}")
    assert "image:" not in re.sub(r"image: (mxopendata-\w+|\$\{\w+:\?.*\})", "", (DOCKER / "compose.yaml").read_text())


def test_no_secret_has_a_default():
    secrets = {name: value for name, value in example().items() if any(word in name for word in SECRETS)}
    assert len(secrets) >= 7
    assert set(secrets.values()) == {""}


@pytest.mark.parametrize("name", [name for name, value in example().items() if not value])
def test_nothing_starts_while_a_secret_is_empty(name: str, env_file: Path, tmp_path: Path):
    text = env_file.read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(re.sub(rf"^{name}=.*$", f"{name}=", text, flags=re.MULTILINE), encoding="utf-8")
    (tmp_path / "compose.yaml").write_bytes((DOCKER / "compose.yaml").read_bytes())
    refused = containers.compose(tmp_path, "config", "--quiet")
    assert refused.returncode != 0
    assert name in refused.stderr
    assert "./new-env" in refused.stderr


def test_what_is_copied_into_images_is_let_through():
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in ignored if line.startswith("!")]
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    copies = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", text, re.MULTILINE)
    for source in " ".join(copies).split():
        assert list(ROOT.glob(source)), source
        assert any(source == name or source.startswith(f"{name}/") for name in kept), source


def _docker_lines() -> list[list[str]]:
    """Calls of Compose in the documentation, without the word ``docker compose``."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    return [line.split() for line in re.findall(r"docker compose ([^`#\n]+)", text)]


def test_the_documentation_names_services_that_there_are(composed: dict[str, Any]):
    named = []
    for words in _docker_lines():
        if words[0] in {"exec", "run"}:
            named.append(next(word for word in words[1:] if not word.startswith("-")))
        if words[0] in {"logs", "up"}:
            plain = [word for word in words[1:] if not word.startswith("-") and not word.isdigit()]
            named += [word.partition("=")[0] for word in plain]
    assert len(named) > 8
    assert set(named) - {"…"} <= set(composed["services"])
