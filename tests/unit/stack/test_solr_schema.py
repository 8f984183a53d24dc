"""The Spanish difference applied to the schema of the installed CKAN."""

from __future__ import annotations

import difflib

import pytest
from lxml import etree

from ckanext.mxopendata.solr_schema import UnknownSchemaError, installed_schema, spanish_schema


@pytest.fixture(scope="module")
def stock() -> str:
    return installed_schema()


@pytest.fixture(scope="module")
def spanish(stock: str) -> etree._Element:
    return etree.fromstring(spanish_schema(stock).encode())


def _filters(schema: etree._Element, field_type: str, kind: str) -> list[str]:
    path = f"//fieldType[@name='{field_type}']/analyzer[@type='{kind}']/filter/@class"
    return [name.removeprefix("solr.").removesuffix("FilterFactory") for name in schema.xpath(path)]


@pytest.mark.parametrize("kind", ["index", "query"])
def test_words_are_folded_then_stemmed_in_spanish(spanish: etree._Element, kind: str) -> None:
    found = _filters(spanish, "text", kind)
    assert found[found.index("LowerCase") :] == [
        "LowerCase",
        "ASCIIFolding",
        "KeywordMarker",
        "SpanishPluralStem",
        "SpanishLightStem",
        "ASCIIFolding",
    ]
    assert "SnowballPorter" not in found


@pytest.mark.parametrize("field_type", ["text_general", "text_ngram"])
@pytest.mark.parametrize("kind", ["index", "query"])
def test_unstemmed_types_fold_accents_last(spanish: etree._Element, field_type: str, kind: str) -> None:
    assert _filters(spanish, field_type, kind)[-2:] == ["LowerCase", "ASCIIFolding"]


def test_nothing_else_differs(stock: str) -> None:
    changes = [
        line for line in difflib.ndiff(stock.splitlines(), spanish_schema(stock).splitlines()) if line[0] in "+-"
    ]
    removed = [line for line in changes if line[0] == "-"]
    added = [line for line in changes if line[0] == "+"]
    assert len(removed) == 2
    assert all("SnowballPorter" in line for line in removed)
    # Five lines for the stemmer and one for each folding, in two analyzers each.
    assert len(added) == 2 * 5 + 4


def _without(schema: str, old: str, new: str = "", count: int = -1) -> str:
    changed = schema.replace(old, new, count)
    assert changed != schema
    return changed


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('language="English"', 'language="Portuguese"', "English stemmer"),
        ('<fieldType name="text" ', '<fieldType name="texto" ', '"text" is there 0 times'),
        ('<fieldType name="text_general" ', '<fieldType name="general" ', '"text_general" is there 0 times'),
        ("solr.LowerCaseFilterFactory", "solr.UpperCaseFilterFactory", "lower case filter"),
    ],
)
def test_another_schema_is_refused_by_name(stock: str, old: str, new: str, named: str) -> None:
    with pytest.raises(UnknownSchemaError, match=named):
        spanish_schema(_without(stock, old, new))


def test_one_analyzer_without_the_stemmer_is_refused(stock: str) -> None:
    with pytest.raises(UnknownSchemaError, match="1 times the English stemmer, not 2"):
        spanish_schema(_without(stock, 'language="English"', 'language="French"', 1))


def test_a_spanish_schema_is_not_changed_twice(stock: str) -> None:
    with pytest.raises(UnknownSchemaError):
        spanish_schema(spanish_schema(stock))


def test_a_schema_that_folds_accents_already_is_refused(stock: str) -> None:
    folded = spanish_schema(stock)
    start = folded.index('<fieldType name="text_general"')
    mixed = stock[: stock.index('<fieldType name="text_general"')] + folded[start:]
    with pytest.raises(UnknownSchemaError, match="folds accents already"):
        spanish_schema(mixed)
