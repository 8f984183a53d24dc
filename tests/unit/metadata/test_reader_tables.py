"""Every value that the metadata model names, in each of its spellings, and what must not be taken for one of them.

The tables are written by hand from the norms, not from our vocabularies: they would agree with themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.readers import Reading
from ckanext.mxopendata.metadata.readers.place import place_name
from ckanext.mxopendata.metadata.vocabularies import VOCABULARIES, vocabulary

from .test_readers import ANYTHING as ANYTHING_FLAT

EU = "http://publications.europa.eu/resource/authority"
DUBLIN_CORE = "http://purl.org/cld/freq"

# ISO 8601 as ADELA writes it: Spanish, EU frequency, Dublin Core frequency (which has no five and ten years), English.
FREQUENCIES = {
    "realtime": ("Tiempo real", "UPDATE_CONT", "continuous", "Real time"),
    "R/P1D": ("Diario", "DAILY", "daily", "Daily"),
    "R/P1W": ("Semanal", "WEEKLY", "weekly", "Weekly"),
    "R/P2W": ("Quincenal", "BIWEEKLY", "biweekly", "Fortnightly"),
    "R/P1M": ("Mensual", "MONTHLY", "monthly", "Monthly"),
    "R/P2M": ("Bimestral", "BIMONTHLY", "bimonthly", "Every two months"),
    "R/P3M": ("Trimestral", "QUARTERLY", "quarterly", "Quarterly"),
    "R/P4M": ("Cuatrimestral", "ANNUAL_3", "threeTimesAYear", "Three times a year"),
    "R/P6M": ("Semestral", "ANNUAL_2", "semiannual", "Twice a year"),
    "R/P1Y": ("Anual", "ANNUAL", "annual", "Yearly"),
    "R/P2Y": ("Bianual", "BIENNIAL", "biennial", "Biennial"),
    "R/P5Y": ("Quinquenal", "QUINQUENNIAL", None, "Every five years"),
    "R/P10Y": ("Decenal", "DECENNIAL", None, "Every ten years"),
    "irregular": ("Irregular", "IRREG", "irregular", "Irregular"),
}
ALSO_FREQUENCIES = {
    "realtime": ("R/PT1S", "continuo", f"{EU}/frequency/CONT"),
    "R/P1D": ("diariamente", "Diaria", "P1D", "Data are updated daily", "Updated daily", "The data is updated Daily."),
    "R/P1W": ("semanalmente", "cada semana", "R/P7D"),
    "R/P2W": ("quincenalmente", "R/P0.5M", f"{EU}/frequency/MONTHLY_2", f"{DUBLIN_CORE}/semimonthly"),
    "R/P1M": (
        *("mensualmente", "MENSUAL", "r/p1m", "Los datos se actualizan mensualmente", "Actualización mensual"),
        *("El conjunto de datos se actualiza de forma mensual.", "Se actualiza cada mes"),
    ),
    "R/P2M": ("bimestralmente",),
    "R/P3M": ("trimestralmente", "R / P3M"),
    "R/P4M": ("cuatrimestralmente",),
    "R/P6M": ("semestralmente", "semi-annual", "R/P0.5Y"),
    "R/P1Y": ("anualmente", "annual", "R/P12M", "P1Y"),
    "R/P2Y": ("bienal",),
    "R/P5Y": ("quinquennial",),
    "R/P10Y": ("decennial",),
    "irregular": (
        *("eventual", "según disponibilidad", "segun disponibilidad", "as needed", f"{EU}/frequency/AS_NEEDED"),
        *("Data are updated as needed", "ondemand", "a demanda"),
    ),
}
# Of none of the fourteen, or of two of them.
NO_FREQUENCIES = [
    *(
        f"{EU}/frequency/{code}"
        for code in ("TRIENNIAL", "QUADRENNIAL", "MONTHLY_3", "WEEKLY_2", "WEEKLY_3", "DAILY_2")
    ),
    *(f"{EU}/frequency/{code}" for code in ("HOURLY", "NEVER", "NOT_PLANNED", "UNKNOWN", "OTHER", "")),
    *(f"{DUBLIN_CORE}/{code}" for code in ("triennial", "semiweekly", "threeTimesAWeek", "threeTimesAMonth")),
    *("R/PT1H", "R/P3D", "R/P3.5D", "R/P0.33M", "R/P3Y", "R/P4Y", "R/P", "R/P1M/2020"),
    *("biweekly", "bi-weekly", "bimonthly", "Bimonthly", "horario", "trianual", "nunca", "cada luna llena", "otro"),
    *("Data are updated biweekly", "Se actualiza", "Updated", "Not updated (historical data)", "Updated by hand"),
]

ACCESS_RIGHTS = {
    # EU access right, Spanish words, Project Open Data's and other English words, ADELA's `public`
    "public": ("PUBLIC", ("Público", "publico", "Pública", "Abierto"), ("public", "open"), (True, "true", "sí", "Si")),
    "restricted": ("RESTRICTED", ("Restringido", "Reservado"), ("restricted", "restricted public"), ()),
    "non_public": (
        "NON_PUBLIC",
        ("No público", "Privado", "Confidencial"),
        ("non-public", "private", "Not public"),
        (False, "false", "no"),
    ),
}
NO_ACCESS_RIGHTS = ["quizá", "1", 0, "N/A", f"{EU}/access-right/SENSITIVE", "semipúblico"]

LANGUAGES = {
    # ISO 639: Spanish, English, EU language, other codes and names
    "es": ("Español", "Spanish", "SPA", ("spa", "ES", "es-MX", "es_MX", "es-419", "castellano")),
    "en": ("Inglés", "English", "ENG", ("eng", "en-US", "en-GB")),
    "nah": ("Náhuatl", "Nahuatl", "NAH", ("nahuatl", "Mexicano")),
    "yua": ("Maya yucateco", "Yucatec Maya", "YUA", ("maya",)),
    "tzh": ("Tseltal", "Tzeltal", "TZH", ()),
    "tzo": ("Tsotsil", "Tzotzil", "TZO", ()),
    "mix": ("Mixteco", "Mixtec", "MIX", ()),
    "zap": ("Zapoteco", "Zapotec", "ZAP", ()),
    "oto": ("Otomí", "Otomi", "OTO", ("hñähñu",)),
}
NO_LANGUAGES = ["klingon", "xx", "s", "español e inglés", "es;en", f"{EU}/language/XXX", 7]

YES = [
    True,
    1,
    1.0,
    "1",
    "sí",
    "Si",
    "SÍ",
    " si ",
    "Sí.",
    "s",
    "true",
    "TRUE",
    "Verdadero",
    "cierto",
    "yes",
    "Y",
    "x",
    "X",
]
NO = [False, 0, 0.0, "0", "no", "NO", "No.", "n", "false", "FALSE", "Falso", "off", "f"]
NEITHER = [
    2,
    -1,
    0.5,
    "2",
    "quizá",
    "s/n",
    "N/A",
    "sí y no",
    "?",
    "null",
    "nan",
    float("nan"),
    [True],
    "verdad a medias",
]


def _table(known: dict[str, Any], spellings: Any) -> list[tuple[Any, str]]:
    return [(text, term) for term, row in known.items() for text in (term, *spellings(row)) if text is not None]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        *_table(
            FREQUENCIES, lambda row: (row[0], f"{EU}/frequency/{row[1]}", row[2] and f"{DUBLIN_CORE}/{row[2]}", row[3])
        ),
        *((text, term) for term, texts in ALSO_FREQUENCIES.items() for text in texts),
    ],
)
def test_a_frequency_in_each_of_its_spellings(text, term):
    assert readers.read_frequency(text) == Reading(term)
    if not text.startswith("http"):
        assert readers.read_frequency(f"  {text.upper()} ") == Reading(term)
    assert readers.read_frequency(text.replace("http://", "https://")) == Reading(term)


def test_the_table_of_frequencies_is_the_model_s():
    assert list(FREQUENCIES) == list(vocabulary("frequencies").terms)
    assert len(FREQUENCIES) == 14
    assert list(ALSO_FREQUENCIES) == list(FREQUENCIES)


@pytest.mark.parametrize("text", NO_FREQUENCIES)
def test_what_is_none_of_the_fourteen_is_not_rounded(text):
    reading = readers.read_frequency(text)
    assert (reading.value, reading.certain) == (None, False)
    assert reading.note in ("frequency_unknown", "frequency_ambiguous")


_DAYS = {"D": 1.0, "W": 7.0, "M": 30.44, "Y": 365.25}


def _days(interval: str) -> float:
    count, unit = interval.removeprefix("R/P")[:-1], interval[-1]
    return float(count) * _DAYS[unit]


@given(count=st.integers(1, 400), unit=st.sampled_from(sorted(_DAYS)))
def test_an_interval_is_read_as_one_of_its_length(count, unit):
    term = readers.read_frequency(f"R/P{count}{unit}").value
    if term is not None:
        assert _days(term) == pytest.approx(_days(f"R/P{count}{unit}"), rel=0.08)


@pytest.mark.parametrize(
    ("text", "term"),
    _table(ACCESS_RIGHTS, lambda row: (f"{EU}/access-right/{row[0]}", *row[1], *row[2], *row[3])),
)
def test_an_access_level_in_each_of_its_spellings(text, term):
    assert readers.read_access_rights(text) == Reading(term)


@pytest.mark.parametrize("text", NO_ACCESS_RIGHTS)
def test_what_is_no_access_level(text):
    assert readers.read_access_rights(text) == Reading(None, certain=False, note="access_rights_unknown")


@pytest.mark.parametrize(
    ("text", "term"), _table(LANGUAGES, lambda row: (row[0], row[1], f"{EU}/language/{row[2]}", *row[3]))
)
def test_a_language_in_each_of_its_spellings(text, term):
    assert readers.read_language(text) == Reading(term)


@pytest.mark.parametrize("text", NO_LANGUAGES)
def test_what_is_no_language(text):
    assert readers.read_language(text) == Reading(None, certain=False, note="language_unknown")


@pytest.mark.parametrize(
    ("text", "value"), [*((text, True) for text in YES), *((text, False) for text in NO)], ids=repr
)
def test_yes_and_no(text, value):
    reading = readers.read_boolean(text)
    assert reading == Reading(value)
    assert isinstance(reading.value, bool)


@pytest.mark.parametrize("text", NEITHER, ids=repr)
def test_neither_yes_nor_no(text):
    assert readers.read_boolean(text) == Reading(None, certain=False, note="boolean_unreadable")


# ----------------------------------------------------------------------------- properties of what takes a vocabulary

ANYTHING = st.one_of(ANYTHING_FLAT, st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2))
VOCABULARY = st.sampled_from(VOCABULARIES)


@settings(max_examples=400, deadline=None)
@given(value=ANYTHING, name=VOCABULARY)
def test_terms_never_raise_and_agree_with_themselves(value, name):
    for reader in (readers.read_term, readers.read_known_or_own):
        reading = reader(value, name)
        assert reading.certain or reading.note
        if reading.value is not None:
            assert reader(reading.value, name).value == reading.value
    term = readers.read_term(value, name).value
    assert term is None or vocabulary(name).get(term)


@settings(max_examples=600, deadline=None)
@given(name=VOCABULARY, data=st.data())
def test_a_term_is_read_however_it_is_spelt(name, data):
    """By id, labels and addresses, in any case, without accents, with blanks and a final stop."""
    terms = vocabulary(name)
    term = data.draw(st.sampled_from(terms.active()))
    text = data.draw(st.sampled_from((term.id, term.label_es, term.label_en, *term.aliases)))
    spelt = data.draw(st.sampled_from((str, str.upper, str.lower, _without_accents, "  {} ".format, "{}.".format)))(
        text
    )
    if len(terms.candidates(text)) == 1 and "//" not in text:
        assert readers.read_term(spelt, name) == Reading(term.id)


def _without_accents(text: str) -> str:
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text))


@settings(max_examples=300, deadline=None)
@given(value=ANYTHING, order=st.sampled_from(("DMY", "MDY", "YMD")), within=st.sampled_from(("00", "14", "14039")))
def test_readers_that_are_told_more_never_raise_and_agree_with_themselves(value, order, within):
    for reader, told in ((readers.read_date, order), (readers.read_interval, order), (readers.read_place, within)):
        reading = reader(value, told)
        assert reading.certain or reading.note
        if reading.value is not None:
            assert reader(reading.value, told).value == reading.value
    reading = readers.read_file_type(value, value, value)
    assert reading.value is None or readers.read_file_type(reading.value).value == reading.value


# ------------------------------------------------------------------------------------------- what was written is read

# The years that the reader takes for years.
DAYS = st.dates(date(1000, 1, 1), date(2999, 12, 31))
MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)


@given(day=st.dates(date(1950, 1, 1), date(2090, 12, 31)))
def test_a_day_written_in_any_form_is_that_day(day):
    month = MONTHS[day.month - 1]
    for text in (
        day.isoformat(),
        f"{day.day} de {month} de {day.year}",
        f"{day.day} {month.upper()} {day.year}",
        f"{day.year}/{day.month:02}/{day.day:02}",
        f"{day:%Y%m%d}",
        f"Fecha: {day.isoformat()}",
    ):
        assert readers.read_date(text) == Reading(day.isoformat()), text
    for order, text in (
        ("DMY", f"{day:%d/%m/%Y}"),
        ("MDY", f"{day:%m-%d-%Y}"),
        ("DMY", f"{day.day}.{day.month}.{day.year}"),
    ):
        assert readers.read_date(text, order).value == day.isoformat(), text
        alone = readers.read_date(text)
        assert alone.value in (None, day.isoformat()), text
        assert (alone.value is None) == (day.day <= 12 and day.day != day.month), text
    for text in (f"{month} {day.year}", f"{day.year} {month}", f"{month} de {day.year}", f"{day:%Y-%m}"):
        assert readers.read_date(text) == Reading(f"{day:%Y-%m}"), text


@given(start=DAYS, end=DAYS)
def test_a_period_is_its_two_days_and_never_turned_round(start, end):
    reading = readers.read_interval(f"{start}/{end}")
    if start <= end:
        assert reading == Reading({"start": start.isoformat(), "end": end.isoformat()})
    else:
        assert reading.note == "interval_reversed"
    assert readers.read_interval(f"{start}/..").value == {"start": start.isoformat()}


@given(size=st.integers(0, 2**63 - 1))
def test_a_size_in_bytes_is_itself_however_it_is_grouped(size):
    assert readers.read_size(size) == Reading(size)
    assert readers.read_size(str(size)) == Reading(size)
    assert readers.read_size(f"{size} bytes") == Reading(size)
    assert readers.read_size(f"{size:,}") == Reading(size)


@given(tenths=st.integers(1, 99_999), unit=st.sampled_from((("KB", 3), ("MB", 6), ("GB", 9))))
def test_a_rounded_size_says_so(tenths, unit):
    bytes_of_it = tenths * 10 ** (unit[1] - 1)
    assert readers.read_size(f"{tenths / 10} {unit[0]}") == Reading(bytes_of_it, certain=False, note="size_rounded")


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)


@given(local=WORD, host=WORD, name=st.text("abc ñé", min_size=1, max_size=9))
def test_an_address_is_itself_with_and_without_what_stands_around_it(local, host, name):
    address = f"{local}@{host}.gob.mx"
    for text in (address, f"mailto:{address}", f" {address}.", f"{name} <{address}>"):
        assert readers.read_email(text) == Reading(address), text
    page = f"https://{host}.gob.mx/{local}?a={host}&b=%C3%A1#{local}"
    assert readers.read_url(page) == Reading(page)
    assert readers.read_url(f" <{page}> ") == Reading(page)


def test_every_state_and_municipality_is_read_by_its_own_key_and_name():
    keys = [key for name in ("states", "municipalities") for key in vocabulary(name).terms]
    called = Counter(place_name(key) for key in keys)
    for key in keys:
        name = place_name(key)
        assert readers.read_place(key) == Reading({"cvegeo": key})
        assert readers.read_cvegeo(key) == Reading(key)
        # Two of Oaxaca have one name; "Coyotepec, México" may be the one in Puebla, since México is the country, too.
        if readers.read_place(name).note == "place_ambiguous":
            assert called[name] > 1 or key.startswith("15"), name
        else:
            assert readers.read_place(name) == Reading({"cvegeo": key, "text": name})
    assert {name for name, times in called.items() if times > 1} == {
        "San Juan Mixtepec, Oaxaca",
        "San Pedro Mixtepec, Oaxaca",
    }


def test_every_licence_and_file_type_is_read_by_each_of_its_names():
    for term in vocabulary("licences").active():
        for text in filter(None, (term.id, term.label_es, term.label_en, term.uri, *term.exact_match)):
            assert readers.read_licence(text) == Reading(term.id), text
    for term in vocabulary("file_types").active():
        assert readers.read_format(term.id) == Reading(term.id)
        assert readers.read_format(f".{term.id.lower()}") == Reading(term.id)
        assert readers.read_file_type(None, None, f"https://x.mx/a.{term.id.lower()}").value in (None, term.id)
        if term.facts["media_type"]:
            assert readers.read_media_type(term.facts["media_type"]) == Reading(term.facts["media_type"])
            assert readers.read_media_type(term.id) == Reading(term.facts["media_type"])
