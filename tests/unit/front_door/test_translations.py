"""The Spanish catalogue is complete and compiled: every sentence of the interface, none fuzzy, none left over."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "ckanext-mxopendata" / "ckanext" / "mxopendata"
SPANISH = PACKAGE / "i18n" / "es" / "LC_MESSAGES" / "ckanext-mxopendata.po"


@pytest.fixture(scope="module")
def extracted() -> set[str]:
    with (ROOT / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found: set[str] = set()
    for _file, _line, message, _comments, _context in extract_from_dir(PACKAGE, methods, options):
        found.add(message if isinstance(message, str) else message[0])
    return found


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    with SPANISH.open("rb") as file:
        return read_po(file, locale="es")


def _singular(message_id: object) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]  # pyright: ignore[reportIndexIssue]


def _is_filled(translation: object) -> bool:
    return bool(translation) if isinstance(translation, str) else all(translation)  # pyright: ignore[reportArgumentType]


def test_every_sentence_is_translated(extracted: set[str], spanish: Catalog):
    translated = {
        _singular(message.id)
        for message in spanish
        if message.id
        and not message.fuzzy
        and all([message.string] if isinstance(message.string, str) else message.string)
    }
    assert sorted(extracted - translated) == []


def test_nothing_is_left_over(extracted: set[str], spanish: Catalog):
    assert (
        sorted(_singular(message.id) for message in spanish if message.id and _singular(message.id) not in extracted)
        == []
    )


def test_placeholders_are_kept(spanish: Catalog):
    wrong = [str(message.id) for message in spanish if message.id and list(message.check(spanish))]
    assert wrong == []


def test_the_compiled_catalogue_is_the_same(spanish: Catalog):
    with SPANISH.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    assert _plain(compiled) == _plain(spanish)


def _plain(catalogue: Catalog) -> dict[str, object]:
    """Sentence to translation; Babel keeps plurals as a list in one and as a tuple in the other."""
    return {
        _singular(message.id): message.string if isinstance(message.string, str) else tuple(message.string)
        for message in catalogue
        if message.id
    }
