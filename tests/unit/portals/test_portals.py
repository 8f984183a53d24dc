"""The loopback portals: the protocols they speak, the dirt they are known to hold, the hooks that change them."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from jsonschema import Draft202012Validator

from portals.dirt import UNKNOWN_FREQUENCY, VAGUE_FREQUENCY
from portals.governments import GOVERNMENTS, government
from portals.portal import Portal
from portals.records import records
from portals.server import CONFIGURATIONS, Portals, remember, remembered

DAY = date(2026, 11, 22)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def portals() -> Iterator[Portals]:
    started = Portals(DAY)
    yield started
    started.close()


@pytest.fixture
def fresh(portals: Portals) -> Iterator[Portals]:
    yield portals
    for server in portals.servers.values():
        server.portal.reset()


def ask(
    address: str, headers: dict[str, str] | None = None, data: bytes | None = None, method: str | None = None
) -> Any:
    """Status, headers and body, also of an error."""
    request = urllib.request.Request(address, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def action(portals: Portals, name: str, call: str) -> Any:
    """The whole answer of an action of one CKAN portal."""
    return json.loads(ask(f"{portals.servers[name].url}/api/3/action/{call}")[2])


def catalogue(portals: Portals, name: str) -> dict[str, Any]:
    """A one-document catalogue, decoded as its portal writes it."""
    facts = portals.servers[name].facts()
    return json.loads(ask(facts["url"])[2].decode(government(name).encoding))


def test_three_states_and_five_municipalities_hold_about_three_hundred_datasets(portals: Portals) -> None:
    orders = Counter(found.gov_type for found in GOVERNMENTS)
    assert orders == {"state": 3, "municipal": 5}
    assert sum(facts["datasets"] for facts in portals.facts()) == 302
    assert {facts["type"] for facts in portals.facts()} == {"mx_ckan", "mx_datajson"}


def test_the_inegi_keys_are_those_of_the_vocabularies() -> None:
    folder = ROOT / "schemas" / "vocabularies"
    names = {}
    for file in ("states.csv", "municipalities.csv"):
        with (folder / file).open(encoding="utf-8", newline="") as lines:
            names |= {row["id"]: row["label_es"] for row in csv.DictReader(lines)}
    assert {found.cvegeo: names[found.cvegeo] for found in GOVERNMENTS} == {
        found.cvegeo: found.place for found in GOVERNMENTS
    }


def test_themes_and_frequencies_of_the_word_list_are_terms() -> None:
    folder = ROOT / "schemas" / "vocabularies"
    terms = {}
    for vocabulary in ("themes", "frequencies"):
        with (folder / f"{vocabulary}.csv").open(encoding="utf-8", newline="") as lines:
            terms[vocabulary] = {row["id"] for row in csv.DictReader(lines)}
    for found in GOVERNMENTS:
        for record in records(found, DAY):
            assert record.theme in terms["themes"]
            assert record.frequency in terms["frequencies"]


def test_the_same_day_makes_the_same_portal_and_another_day_another_one() -> None:
    def made(day: date) -> str:
        return json.dumps([Portal(found, "http://portal.example", day).entries for found in GOVERNMENTS])

    assert made(DAY) == made(DAY)
    assert made(DAY) != made(date(2026, 11, 23))


def test_everything_says_that_it_is_a_demonstration(portals: Portals) -> None:
    for found in GOVERNMENTS:
        described = [record.notes for record in records(found, DAY)]
        assert all("Datos de demostración" in text for text in described)
        assert "Portal de demostración" in ask(portals.servers[found.name].url)[2].decode()
    mailboxes = {record.email.rpartition("@")[2] for found in GOVERNMENTS for record in records(found, DAY)}
    assert all(domain.endswith(".example.mx") for domain in mailboxes)


class TestCkan:
    """The action API."""

    def test_search_pages_are_capped_and_ordered_by_id(self, portals: Portals) -> None:
        seen: list[str] = []
        while True:
            answer = action(portals, "nuevo-leon", f"package_search?rows=1000&start={len(seen)}&sort=id%20asc")
            assert answer["success"] is True
            page = answer["result"]["results"]
            if not page:
                break
            assert len(page) <= 25
            seen += [package["id"] for package in page]
        assert seen == sorted(seen)
        assert len(seen) == len(set(seen)) == answer["result"]["count"] == 55

    def test_ten_rows_unless_asked(self, portals: Portals) -> None:
        assert len(action(portals, "jalisco", "package_search")["result"]["results"]) == 10

    def test_fl_gives_only_the_named_fields(self, portals: Portals) -> None:
        page = action(portals, "jalisco", "package_search?rows=3&fl=id,metadata_modified")["result"]["results"]
        assert [set(package) for package in page] == [{"id", "metadata_modified"}] * 3

    def test_fq_filters_by_interval_and_by_organization(self, portals: Portals) -> None:
        everything = action(portals, "jalisco", "package_search?rows=1000")["result"]["results"]
        recent = [p["id"] for p in everything if p["metadata_modified"] >= "2026-10-01T00:00:00"]
        assert 0 < len(recent) < len(everything)
        asked = action(
            portals, "jalisco", "package_search?rows=1000&fq=metadata_modified:[2026-10-01T00:00:00Z%20TO%20*]"
        )
        assert {p["id"] for p in asked["result"]["results"]} == set(recent)
        name = everything[0]["organization"]["name"]
        without = action(portals, "jalisco", f"package_search?rows=0&fq=-organization:{name}")["result"]["count"]
        only = action(portals, "jalisco", f"package_search?rows=0&fq=organization:{name}")["result"]["count"]
        assert (only > 0, only + without) == (True, len(everything))

    def test_list_and_show_agree(self, portals: Portals) -> None:
        names = action(portals, "monterrey", "package_list")["result"]
        assert len(names) == 35
        shown = action(portals, "monterrey", f"package_show?id={names[0]}")["result"]
        assert shown["name"] == names[0]
        assert action(portals, "monterrey", f"package_show?id={shown['id']}")["result"] == shown

    def test_post_is_taken_too(self, portals: Portals) -> None:
        address = f"{portals.servers['jalisco'].url}/api/3/action/package_search"
        status, _, body = ask(address, data=b'{"rows": 2}', headers={"Content-Type": "application/json"})
        assert (status, len(json.loads(body)["result"]["results"])) == (200, 2)

    def test_what_is_not_there_is_said_as_ckan_says_it(self, portals: Portals) -> None:
        status, headers, body = ask(f"{portals.servers['jalisco'].url}/api/3/action/package_show?id=nada")
        answer = json.loads(body)
        assert (status, answer["success"], answer["error"]["__type"]) == (404, False, "Not Found Error")
        assert headers["Content-Type"].startswith("application/json")
        assert (
            action(portals, "jalisco", "no_such_action")["error"]["message"] == "Action name not known: no_such_action"
        )
        assert action(portals, "jalisco", "package_search?rows=many")["error"]["__type"] == "Validation Error"

    def test_status_and_organizations(self, portals: Portals) -> None:
        assert action(portals, "jalisco", "status_show")["result"]["locale_default"] == "es"
        names = action(portals, "jalisco", "organization_list")["result"]
        full = action(portals, "jalisco", "organization_list?all_fields=true")["result"]
        assert names == [organization["name"] for organization in full]
        assert "secretaria-de-salud" in names

    def test_every_package_has_a_title_and_an_extra_may_lack(self, portals: Portals) -> None:
        packages = action(portals, "jalisco", "package_search?rows=1000")["result"]["results"]
        assert all(package["title"] for package in packages)
        without_guid = [p for p in packages if "guid" not in {extra["key"] for extra in p["extras"]}]
        assert len(without_guid) == 1


class TestDocuments:
    """``data.json`` and ``catalogo.json``."""

    @pytest.mark.parametrize(
        ("name", "start"), [("zapopan", b"\xef\xbb\xbf{"), ("merida", b"{"), ("guadalajara", b"{")]
    )
    def test_encodings(self, portals: Portals, name: str, start: bytes) -> None:
        body = ask(portals.servers[name].facts()["url"])[2]
        assert body.startswith(start)
        if name == "merida":
            with pytest.raises(UnicodeDecodeError):
                body.decode("utf-8")
            assert "Mérida" in body.decode("latin-1")

    def test_one_record_without_title_and_one_without_identifier_in_each(self, portals: Portals) -> None:
        for found in GOVERNMENTS:
            if found.platform == "ckan":
                continue
            entries = catalogue(portals, found.name)["dataset"]
            assert sum(not entry.get("title") for entry in entries) == 1
            assert sum(not entry.get("identifier") for entry in entries) == 1
            assert len(entries) == found.datasets

    def test_adela_is_told_apart_by_its_own_keys(self, portals: Portals) -> None:
        entry = catalogue(portals, "xalapa")["dataset"][0]
        assert {"govType", "publisher", "publishDate", "openessRating"} <= set(entry)
        assert set(entry["publisher"]) == {"name", "position", "mbox"}

    def test_keywords_contacts_and_themes_come_in_both_shapes(self, portals: Portals) -> None:
        entries = [e for name in ("guadalajara", "zapopan", "merida") for e in catalogue(portals, name)["dataset"]]
        assert {type(entry.get("keyword")) for entry in entries} == {list, str}
        assert {type(entry.get("contactPoint")) for entry in entries} == {dict, str, type(None)}
        assert {type(entry.get("theme")) for entry in entries} == {list, str, type(None)}
        assert any("license" in entry and entry["license"] is None for entry in entries)
        assert any("license" not in entry for entry in entries)

    def test_an_unchanged_document_is_not_sent_again(self, portals: Portals) -> None:
        address = portals.servers["zapopan"].facts()["url"]
        _, headers, body = ask(address)
        assert ask(address, {"If-None-Match": headers["ETag"]})[::2] == (304, b"")
        assert ask(address, {"If-Modified-Since": headers["Last-Modified"]})[0] == 304
        assert ask(address, {"If-None-Match": '"other"', "If-Modified-Since": headers["Last-Modified"]})[2] == body

    def test_gzip_when_asked(self, portals: Portals) -> None:
        import gzip

        address = portals.servers["guadalajara"].facts()["url"]
        _, headers, zipped = ask(address, {"Accept-Encoding": "gzip"})
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(zipped) == ask(address)[2]


@pytest.fixture
def texts(portals: Portals) -> dict[str, str]:
    """Everything each portal says, as one text."""
    return {name: json.dumps(server.portal.entries, ensure_ascii=False) for name, server in portals.servers.items()}


class TestDirt:
    """What the harvest has to cope with is really there."""

    def test_dates_in_four_orders(self, texts: dict[str, str]) -> None:
        assert re.search(r'"2026-\d\d-\d\d"', texts["jalisco"])
        assert re.search(r'"\d\d/\d\d/2026"', texts["nuevo-leon"])
        assert re.search(r'"\d\d-\d\d-2026"', texts["puebla"])
        assert re.search(r'"(Lun|Mar|Mié|Jue|Vie|Sáb|Dom), \d\d/\d\d/2026 - 12:47"', texts["guadalajara"])
        assert re.search(r'"(enero|agosto|octubre|noviembre) 2026"', texts["merida"])

    def test_frequencies_in_words_vague_and_unknown(self, texts: dict[str, str]) -> None:
        everything = " ".join(texts.values())
        for word in ("trimestralmente", '"Anual"', "R/P1Y", VAGUE_FREQUENCY, UNKNOWN_FREQUENCY):
            assert word in everything, word

    def test_html_mojibake_sizes_formats_and_licences(self, texts: dict[str, str]) -> None:
        everything = " ".join(texts.values())
        for piece in (
            "<p><strong>",
            "demostraciÃ³n",
            " MB",
            "www:link",
            "http://datos.gob.mx/libreusomx/",
            "CC-BY-4.0",
        ):
            assert piece in everything, piece

    def test_no_files_at_one_position(self, portals: Portals) -> None:
        packages = portals.servers["jalisco"].portal.entries
        assert sum(not package["resources"] for package in packages) == 1


class TestFiles:
    """Downloads hold what their links promise, but for the broken ones."""

    def test_every_link_answers_or_is_one_of_the_broken(self, portals: Portals) -> None:
        answers: Counter[int] = Counter()
        for server in portals.servers.values():
            for path, (_, file) in server.portal.files.items():
                status = server.portal.respond("GET", f"/{path}", "", {}, b"").status
                assert status == (404 if file.broken else 200), path
                answers[status] += 1
        assert answers[404] == 30
        assert answers[200] > 400

    def test_the_data_dictionaries_that_are_named_are_there(self, portals: Portals) -> None:
        named = re.findall(
            r'"(http://[^"]+/diccionarios/[^"]+)"', json.dumps(portals.servers["jalisco"].portal.entries)
        )
        assert len(named) == 15
        header, *rows = csv.reader(io.StringIO(ask(named[0])[2].decode("utf-8")))
        assert header == ["campo", "tipo", "descripcion"]
        assert rows

    @pytest.mark.parametrize("wanted", ["CSV", "JSON", "GEOJSON", "XLSX", "PDF", "SHP"])
    def test_formats(self, portals: Portals, wanted: str) -> None:
        for server in portals.servers.values():
            for path, (record, file) in server.portal.files.items():
                if file.format != wanted or file.broken:
                    continue
                data = ask(f"{server.url}/{path}")[2]
                self.check(wanted, data, [column.split("=")[0].rstrip("#$%") for column in record.columns])
                return
        pytest.fail(f"no {wanted} in any portal")

    def check(self, file_format: str, data: bytes, columns: list[str]) -> None:
        if file_format == "CSV":
            rows = list(csv.reader(io.StringIO(data.decode("utf-8"))))
            assert rows[0] == columns
            assert len(rows) == 25
        elif file_format == "JSON":
            assert list(json.loads(data)["datos"][0]) == columns
        elif file_format == "GEOJSON":
            assert json.loads(data)["features"][0]["geometry"]["type"] == "Point"
        elif file_format == "XLSX":
            sheet = openpyxl.load_workbook(io.BytesIO(data)).active
            assert sheet is not None
            assert [cell.value for cell in next(sheet.iter_rows())] == columns
        elif file_format == "PDF":
            assert data.startswith(b"%PDF-1.4")
            assert int(data.split()[-2]) == data.index(b"xref\n0")
        else:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                shapes = archive.read("datos.shp")
                # The header tells the file's length in words of two bytes.
                assert int.from_bytes(shapes[24:28], "big") * 2 == len(shapes)
                assert len(archive.read("datos.shx")) == 100 + 8 * 24


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
