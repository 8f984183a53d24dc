"""Reading what the world writes: exact values for what was met, and no guess for what is not clear."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ckanext.mxopendata.metadata import readers

XLSX_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TestDates:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("2015-08", "2015-08"),
            ("2015", "2015"),
            ("15/08/2013", "2013-08-15"),
            ("30-06-2016", "2016-06-30"),
            ("05/05/2024", "2024-05-05"),
            ("enero 2026", "2026-01"),
            ("ene-26", "2026-01"),
            ("2026 enero", "2026-01"),
            ("15 de marzo de 2026", "2026-03-15"),
            ("March 15, 2026", "2026-03-15"),
            ("Lun, 08/05/2024 - 12:47", "2024-08-05T12:47:00"),
            ("Mar, 04/30/2024 - 12:47", "2024-04-30T12:47:00"),
            ("Date changed 2018-08-09 18:08", "2018-08-09T18:08:00"),
            ("2018-12-10T20:17:12Z", "2018-12-10T20:17:12+00:00"),
            ("2018-04-16T03:19:16.847622", "2018-04-16T03:19:16.847622"),
            ("20140930", "2014-09-30"),
        ],
    )
    def test_one_reading(self, text: str, value: str) -> None:
        assert readers.read_date(text) == readers.Reading(value)

    @pytest.mark.parametrize(
        ("text", "note"),
        [
            ("05/04/2016", "date_order_unknown"),
            ("15/08/13", "date_order_unknown"),
            ("15 de marzo", "date_without_year"),
            ("mzo", "date_without_year"),
            ("2015-02-30", "date_impossible"),
            ("13/13/2013", "date_impossible"),
            ("R/P1D", "date_is_interval"),
            ("pronto", "date_unreadable"),
            ("123", "date_unreadable"),
        ],
    )
    def test_no_reading(self, text: str, note: str) -> None:
        assert readers.read_date(text) == readers.Reading(None, certain=False, note=note)

    @pytest.mark.parametrize(("order", "value"), [("DMY", "2016-04-05"), ("MDY", "2016-05-04")])
    def test_the_order_of_the_source_decides_and_is_reported(self, order: str, value: str) -> None:
        assert readers.read_date("05/04/2016", order) == readers.Reading(
            value, certain=False, note="date_order_assumed"
        )

    def test_numbers(self) -> None:
        assert readers.read_date(1523848756).value == "2018-04-16T03:19:16+00:00"
        assert readers.read_date("1523848756000").value == "2018-04-16T03:19:16+00:00"
        assert readers.read_date("42005") == readers.Reading("2015-01-01", certain=False, note="date_serial")

    @pytest.mark.payloads
    def test_every_date_of_the_opening_plans_of_2016_is_read(self, shared: Any) -> None:
        with (shared / "payloads/mx/adela-planes-apertura-2016.csv").open(encoding="utf-8-sig", newline="") as file:
            dates = [row["date"] for row in csv.DictReader(file)]
        assert len(dates) == 2535
        read = [readers.read_date(text) for text in dates if text.strip()]
        assert all(reading.certain and reading.value for reading in read)


class TestIntervals:
    @pytest.mark.parametrize(
        ("text", "start", "end"),
        [
            ("2014-01-01 / 2014-06-30", "2014-01-01", "2014-06-30"),
            ("2014-03-31", "2014-03-31", "2014-03-31"),
            ("2010-2015", "2010", "2015"),
            ("2010-01-01/P1Y", "2010-01-01", "2010-12-31"),
            ("del 1 de enero de 2010 al 30 de junio de 2012", "2010-01-01", "2012-06-30"),
        ],
    )
    def test_both_ends(self, text: str, start: str, end: str) -> None:
        assert readers.read_interval(text) == readers.Reading({"start": start, "end": end})

    def test_an_open_end(self) -> None:
        assert readers.read_interval("2010-01-01/..").value == {"start": "2010-01-01"}

    def test_an_end_before_the_start_is_not_turned_round(self) -> None:
        assert readers.read_interval("2015-01-01/2014-12-31").note == "interval_reversed"
        assert readers.read_interval("2015/2015-06").value == {"start": "2015", "end": "2015-06"}


class TestFrequencies:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("Anual", "R/P1Y"),
            ("trimestralmente", "R/P3M"),
            ("DIARIO", "R/P1D"),
            ("R/P0.5M", "R/P2W"),
            ("R/PT1S", "realtime"),
            ("r/p1m", "R/P1M"),
            ("P1Y", "R/P1Y"),
            ("eventual", "irregular"),
            ("según disponibilidad", "irregular"),
            ("quarterly", "R/P3M"),
            ("http://publications.europa.eu/resource/authority/frequency/ANNUAL_2", "R/P6M"),
            ("http://purl.org/cld/freq/threeTimesAYear", "R/P4M"),
        ],
    )
    def test_known(self, text: str, value: str) -> None:
        assert readers.read_frequency(text) == readers.Reading(value)

    @pytest.mark.parametrize("text", ["R/PT1H", "cada luna llena", "bimonthly"])
    def test_not_guessed(self, text: str) -> None:
        assert readers.read_frequency(text).value is None


class TestTexts:
    def test_mojibake_is_repaired_once_and_spanish_left_alone(self) -> None:
        assert readers.repair_mojibake("DescripciÃ³n de Ã¡rea") == "Descripción de área"
        assert readers.repair_mojibake("«CAFÉ» Ñandú 25 °C") == "«CAFÉ» Ñandú 25 °C"

    def test_html_goes_and_its_words_and_links_stay(self) -> None:
        html = '<p>Hola <b>mundo</b></p><script>alert(1)</script><a href="https://x.mx/a">aquí</a>'
        assert readers.clean_text(html) == "Hola mundo\n\n[aquí](https://x.mx/a)"
        assert readers.clean_text("a < b & c > d") == "a < b & c > d"

    @pytest.mark.parametrize(
        ("text", "cleaned"),
        [
            ("Datos &eacute;", "Datos é"),
            ("Datos <b>", "Datos"),
            ("DescripciÃ³n", "Descripción"),
            ("25 Â°C", "25 °C"),
            ("Datos â€“ 2026", "Datos – 2026"),
            ("Datos\u200b abiertos\x00", "Datos abiertos"),
            ("Datos\u00a0abiertos", "Datos abiertos"),
            ("uno \ndos\r\n\n\ntres", "uno\ndos\n\ntres"),
            ("  Ñandú  «a» 😀 ", "Ñandú  «a» 😀"),
            (" \t", ""),
        ],
    )
    def test_whatever_is_to_be_cleaned_is_noticed_by_itself(self, text: str, cleaned: str) -> None:
        """Most texts need no cleaning and are not looked at further: none of these may be taken for one of them."""
        assert readers.clean_text(text) == cleaned

    def test_what_hides_behind_entities_is_cleaned_too(self) -> None:
        assert "<script" not in readers.clean_text("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;x")

    def test_a_harmful_link_loses_its_target(self) -> None:
        assert readers.clean_text('<a href="javascript:alert(1)">x</a>') == "x"

    def test_keywords_are_made_fit_for_ckan_and_that_is_said(self) -> None:
        reading = readers.read_keywords(["salud", "C++/x", "a", None, "Salud", "z" * 101])
        assert reading.value == ["salud", "C x", "Salud"]
        assert reading.note == "keyword_changed"


class TestPlaces:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("14", {"cvegeo": "14"}),
            ("14039", {"cvegeo": "14039"}),
            ("140390001", {"cvegeo": "140390001"}),
            ("Nacional", {"cvegeo": "00", "text": "Nacional"}),
            ("Tonalá, Jalisco", {"cvegeo": "14101", "text": "Tonalá, Jalisco"}),
            ("Ciudad de México", {"cvegeo": "09", "text": "Ciudad de México"}),
            ("Estado de México", {"cvegeo": "15", "text": "Estado de México"}),
            ("Jalisco, México", {"cvegeo": "14", "text": "Jalisco, México"}),
            ("Estado de Jalisco", {"cvegeo": "14", "text": "Estado de Jalisco"}),
            ("Estado de Jalisco, México", {"cvegeo": "14", "text": "Estado de Jalisco, México"}),
            ("Guadalajara, Jalisco, México", {"cvegeo": "14039", "text": "Guadalajara, Jalisco, México"}),
            ("Guadalajara, Jal., Mexico", {"cvegeo": "14039", "text": "Guadalajara, Jal., Mexico"}),
            ("Tonalá, Estado de Jalisco", {"cvegeo": "14101", "text": "Tonalá, Estado de Jalisco"}),
            ("Municipio de Tonalá, Jalisco", {"cvegeo": "14101", "text": "Municipio de Tonalá, Jalisco"}),
            ("Ciudad de México, México", {"cvegeo": "09", "text": "Ciudad de México, México"}),
            ("Toluca, México", {"cvegeo": "15106", "text": "Toluca, México"}),
            ("Toluca, Estado de México, México", {"cvegeo": "15106", "text": "Toluca, Estado de México, México"}),
            (
                "Estado Libre y Soberano de México",
                {"cvegeo": "15", "text": "Estado Libre y Soberano de México"},
            ),
            ("Morelos, República Mexicana", {"cvegeo": "17", "text": "Morelos, República Mexicana"}),
        ],
    )
    def test_known(self, text: str, value: dict[str, str]) -> None:
        assert readers.read_place(text) == readers.Reading(value)

    @pytest.mark.parametrize(
        "text", ["México", "Juárez", "Tonalá", "Tonalá, México", "Morelos, México", "Municipio de Morelos"]
    )
    def test_several_places_of_one_name_are_not_chosen_from(self, text: str) -> None:
        assert readers.read_place(text) == readers.Reading({"text": text}, certain=False, note="place_ambiguous")

    def test_the_source_s_own_state_decides(self) -> None:
        assert readers.read_place("Tonalá", "14").value == {"cvegeo": "14101", "text": "Tonalá"}
        assert readers.read_place("Tonalá", "14039").value == {"cvegeo": "14101", "text": "Tonalá"}
        assert readers.read_place("Tonalá, México", "14").value == {"cvegeo": "14101", "text": "Tonalá, México"}
        assert readers.read_place("Morelos, México", "17").value == {"cvegeo": "17", "text": "Morelos, México"}
        assert readers.read_place("Morelos, México", "15").value == {"cvegeo": "15056", "text": "Morelos, México"}

    def test_a_spreadsheet_s_lost_zero(self) -> None:
        assert readers.read_place("9012") == readers.Reading(
            {"cvegeo": "09012"}, certain=False, note="cvegeo_zero_added"
        )

    @pytest.mark.parametrize("text", ["99", "14999"])
    def test_keys_that_do_not_exist(self, text: str) -> None:
        assert readers.read_place(text).note == "cvegeo_unknown"

    def test_rectangles_of_both_norms(self) -> None:
        ring = [[-99.3, 19.1], [-98.9, 19.1], [-98.9, 19.6], [-99.3, 19.6], [-99.3, 19.1]]
        for text in ("-99.3,19.1,-98.9,19.6", "19.1,-99.3 19.6,-98.9"):
            assert json.loads(readers.read_place(text).value["bbox"])["coordinates"] == [ring]
        assert readers.read_place("-200,0,10,10").note == "bbox_impossible"


class TestFilesAndAddresses:
    @pytest.mark.parametrize(
        ("text", "size"), [("1.2 MB", 1_200_000), ("20480", 20480), ("1,234,567", 1_234_567), ("3 MiB", 3_145_728)]
    )
    def test_sizes(self, text: str, size: int) -> None:
        assert readers.read_size(text).value == size

    def test_formats_and_media_types(self) -> None:
        assert readers.read_format("xslx").value == "XLSX"
        assert readers.read_format("application/vnd.geo+json").value == "GEOJSON"
        assert readers.read_format("image/tiff").value is None

    @pytest.mark.parametrize(
        ("written", "media_type", "address", "file_type", "note"),
        [
            ("Excel", None, "https://x.mx/Padrón%202026.XLSX?v=2", "XLSX", None),
            ("Excel", XLSX_MEDIA_TYPE, "https://x.mx/descarga/7", "XLSX", None),
            ("MS Excel", "application/vnd.ms-excel", "padron.xlsx", "XLSX", None),
            ("Excel", "application/vnd.ms-excel", "https://x.mx/a.xls", "XLS", None),
            ("Excel", None, "https://x.mx/descarga/7", "XLS", None),
            ("Word", None, "https://x.mx/a.docx", "DOCX", None),
            ("", "application/vnd.ms-excel", "https://x.mx/a.xlsx", "XLSX", None),
            ("", "application/vnd.ms-excel", "https://x.mx/a.csv", "CSV", None),
            ("", "text/csv", "https://x.mx/a.php", "CSV", None),
            ("XLS", None, "https://x.mx/a.xlsx", "XLS", "format_contradicted"),
            ("CSV", None, "https://x.mx/a.xlsx", "CSV", "format_contradicted"),
            ("Excel", None, "https://x.mx/a.csv", "XLS", "format_contradicted"),
            ("XLSX", "application/vnd.ms-excel", "https://x.mx/a.xlsx", "XLSX", None),
            ("CSV", "application/zip", "https://x.mx/a.zip", "CSV", None),
            ("Excelente", None, "https://x.mx/a.xlsx", None, "format_unknown"),
        ],
    )
    def test_the_file_s_name_tells_which_excel(self, written, media_type, address, file_type, note) -> None:
        reading = readers.read_file_type(written, media_type, address)
        assert (reading.value, reading.note) == (file_type, note)
        assert readers.read_media_type("rar").value == "application/vnd.rar"
        assert readers.read_media_type("text/csv; charset=utf-8").value == "text/csv"

    def test_addresses(self) -> None:
        assert readers.read_url("http://x.mx/a b.csv").value == "http://x.mx/a%20b.csv"
        assert readers.read_url("www.inegi.org.mx").value == "http://www.inegi.org.mx"
        assert readers.read_url("javascript:alert(1)").note == "url_scheme"
        assert readers.read_url("sin dirección").note == "url_invalid"

    def test_emails(self) -> None:
        assert readers.read_email("mailto:Datos@SEP.gob.mx").value == "Datos@sep.gob.mx"
        assert readers.read_email("Ana <ana@x.mx>").value == "ana@x.mx"
        assert readers.read_email("a@x.mx; b@x.mx") == readers.Reading("a@x.mx", certain=False, note="email_several")
        assert readers.read_email("no tiene").note == "email_invalid"

    def test_licences(self) -> None:
        assert readers.read_licence("http://datos.gob.mx/libreusomx/").value == "libreusomx"
        assert readers.read_licence("https://creativecommons.org/licenses/by/4.0").value == "cc-by-4.0"
        assert readers.read_licence("Open Data Commons Open Database License (ODbL)").value == "odbl"
        assert readers.read_licence("cc-zero").value == "cc0-1.0"
        assert readers.read_licence("No restrictions").value is None


ANYTHING = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.text(max_size=8), max_size=3),
)
WITH_A_VOCABULARY = ("read_term", "read_known_or_own")
READERS = [
    getattr(readers, name) for name in readers.__all__ if name.startswith("read_") and name not in WITH_A_VOCABULARY
]


@settings(max_examples=150, deadline=None)
@given(value=ANYTHING)
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_readers_never_raise_and_agree_with_themselves(reader: Any, value: Any) -> None:
    reading = reader(value)
    if reading.value is None:
        return
    again = reader(reading.value[0] if reader is readers.read_theme else reading.value)
    expected = reading.value[:1] if reader is readers.read_theme else reading.value
    assert again.value == expected


@settings(max_examples=200, deadline=None)
@example(text="3" * 31 + "Ã 33333333")
@given(text=st.text(alphabet="<>&;/abÃ³© \n#x3pscrit\"'=[]()", max_size=80))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = readers.clean_text(text)
    assert readers.clean_text(once) == once
    line = readers.clean_line(text, 40)
    assert len(line) <= 40
    assert readers.clean_line(line, 40) == line


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/2019", "25/04/2019"], "DMY"),
        (["03/04/2019", "04/25/2019"], "MDY"),
        (["03/04/2019", "05/06/2020"], None),
        (["25/04/2019", "04/25/2019"], None),
        (["2019/04/25", "2019-04-26"], "YMD"),
        (["enero 2026", "", None, "R/P1D"], None),
        ([], None),
    ],
)
def test_the_order_of_dates_is_the_files_own(texts: list[Any], order: str | None) -> None:
    assert readers.infer_date_order(texts) == order


def test_a_term_of_an_open_vocabulary_is_known_or_the_authors_own() -> None:
    assert readers.read_known_or_own("ODS 13.1", "policies").value == "sdg:13.1"
    own = readers.read_known_or_own(" Programa  estatal ", "policies")
    assert (own.value, own.certain, own.note) == ("Programa estatal", False, "term_not_listed")
    assert readers.read_known_or_own("", "policies").value is None
