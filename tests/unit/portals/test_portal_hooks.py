"""What tests do to the loopback portals: change them, start them again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from portals.governments import GOVERNMENTS, government
from portals.server import CONFIGURATIONS, Portals, remember, remembered
from unit.portals.calls import DAY, action, ask

ROOT = Path(__file__).resolve().parents[3]


class TestHooks:
    """Tests change a portal between two harvests."""

    def test_change_add_and_remove_a_package(self, fresh: Portals) -> None:
        address = f"{fresh.servers['jalisco'].url}/_portal"
        name = action(fresh, "jalisco", "package_list")["result"][0]
        ask(f"{address}/records/{name}", data=b'{"title": "Otro"}', method="PUT")
        changed = action(fresh, "jalisco", f"package_show?id={name}")["result"]
        assert changed["title"] == "Otro"
        assert changed["metadata_modified"] > "2026-11-22"
        ask(f"{address}/records/nuevo", data=b'{"title": "Nuevo"}', method="PUT")
        assert len(action(fresh, "jalisco", "package_list")["result"]) == 61
        ask(f"{address}/records/{name}", method="DELETE")
        assert ask(f"{fresh.servers['jalisco'].url}/api/3/action/package_show?id={name}")[0] == 404
        ask(f"{address}/reset", data=b"", method="POST")
        assert len(action(fresh, "jalisco", "package_list")["result"]) == 60

    def test_a_changed_document_has_another_etag(self, fresh: Portals) -> None:
        server = fresh.servers["xalapa"]
        before = ask(server.facts()["url"])[1]["ETag"]
        slug = server.portal.entries[0]["identifier"]
        ask(f"{server.url}/_portal/records/{slug}", data=b'{"title": "Otro"}', method="PUT")
        assert ask(server.facts()["url"])[1]["ETag"] != before

    def test_a_portal_can_be_made_to_fail(self, fresh: Portals) -> None:
        server = fresh.servers["merida"]
        ask(f"{server.url}/_portal/answer", data=b'{"status": 503, "body": "mantenimiento"}', method="PUT")
        assert ask(server.facts()["url"])[::2] == (503, b"mantenimiento")
        ask(f"{server.url}/_portal/reset", data=b"", method="POST")
        assert ask(server.facts()["url"])[0] == 200

    def test_a_hook_that_is_not_there(self, portals: Portals) -> None:
        assert ask(f"{portals.servers['merida'].url}/_portal/records/nada", method="DELETE")[0] == 404


class TestStart:
    """Addresses outlive a restart; configurations carry them."""

    def test_day_and_ports_are_remembered(self, portals: Portals, tmp_path: Path) -> None:
        remember(tmp_path, portals)
        assert remembered(tmp_path) == (DAY, portals.ports())

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"as_of": "ayer", "ports": {}}', '{"as_of": "2026-11-22"}'])
    def test_a_spoilt_memory_is_no_memory(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "portals.json").write_text(text, encoding="utf-8")
        assert remembered(tmp_path) == (None, {})

    def test_a_port_taken_meanwhile_is_replaced(self, portals: Portals) -> None:
        others = Portals(DAY, portals.ports())
        try:
            assert not set(others.ports().values()) & set(portals.ports().values())
        finally:
            others.close()

    def test_configurations_are_valid_and_carry_the_address(self, portals: Portals, tmp_path: Path) -> None:
        schema = json.loads((ROOT / "harvest_configs" / "_schema.json").read_text(encoding="utf-8"))
        written = portals.write_configurations(tmp_path)
        assert len(written) == len(list(CONFIGURATIONS.rglob("*.yaml"))) == len(GOVERNMENTS)
        by_name = {facts["name"]: facts for facts in portals.facts()}
        for file in written:
            configuration = yaml.safe_load(file.read_text(encoding="utf-8"))
            Draft202012Validator(schema).validate(configuration)
            institution = configuration["institution"]
            assert institution["cvegeo"] == government(institution["name"]).cvegeo
            assert configuration["url"] == by_name[institution["name"]]["url"]
            assert configuration["type"] == by_name[institution["name"]]["type"]
