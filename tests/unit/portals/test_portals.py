"""The loopback portals: the protocols they speak, the dirt they are known to hold, the hooks that change them."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from portals.dirt import UNKNOWN_FREQUENCY, VAGUE_FREQUENCY
from portals.governments import GOVERNMENTS
from portals.portal import Portal
from portals.records import records
from portals.server import Portals
from unit.portals.calls import DAY, action, ask, catalogue

ROOT = Path(__file__).resolve().parents[3]


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
