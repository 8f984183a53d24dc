"""The Solr schema of the installed CKAN with a Spanish analysis: a difference, not a copy that ages.

CKAN stems English and compares names letter by letter. What is changed here, and why:

* Words of titles, descriptions and the catch-all field are stemmed in Spanish: first the plural is taken off (which
  also treats words of four letters, ``obras`` → ``obra``), then the ending (``pública``, ``público`` → ``public``).
* Accents are folded before that, so that a word with and without accents has the same stem by construction; and
  also in the two field types that are not stemmed (names of people and files, suggestions while typing).
* Words in ``protwords.txt`` stay as they are, as in CKAN's own analysis.

The document is edited as text, so that nothing else in it differs and ``diff`` shows an operator the whole change.
Pure: text in, text out. Called by ``ckan mxopendata solr-schema`` and by the local stack.
"""

from __future__ import annotations

import re
from importlib.resources import files

STEMMED_TYPE = "text"
FOLDED_TYPES = ("text_general", "text_ngram")
# Each field type analyses what is stored and what is asked for.
ANALYZERS = 2

FOLDING = '<filter class="solr.ASCIIFoldingFilterFactory"/>'
SPANISH = (
    "<!-- ckanext-mxopendata: Spanish instead of English, accents folded first -->",
    FOLDING,
    '<filter class="solr.KeywordMarkerFilterFactory" protected="protwords.txt"/>',
    '<filter class="solr.SpanishPluralStemFilterFactory"/>',
    '<filter class="solr.SpanishLightStemFilterFactory"/>',
)
ENGLISH_STEMMER = re.compile(
    r'^([ \t]*)<filter class="solr\.SnowballPorterFilterFactory" language="English" protected="protwords\.txt"\s*/>',
    re.MULTILINE,
)
LOWER_CASE = re.compile(r'^([ \t]*)(<filter class="solr\.LowerCaseFilterFactory"\s*/>)', re.MULTILINE)


class UnknownSchemaError(ValueError):
    """The schema no longer has what is to be changed; the message names it."""


def installed_schema() -> str:
    """The schema that the installed CKAN brings.

    Raises:
        FileNotFoundError: this CKAN brings none.
    """
    return (files("ckan") / "config" / "solr" / "schema.xml").read_text(encoding="utf-8")


def spanish_schema(stock: str) -> str:
    """Put the Spanish analysis into a schema of CKAN.

    Args:
        stock: CKAN's ``schema.xml``, 2.11 or 2.12.

    Returns:
        The same document with other filters in three field types; nothing else differs.

    Raises:
        UnknownSchemaError: a field type or filter to be changed is not there, or is changed already.
    """
    changed = _change(stock, STEMMED_TYPE, ENGLISH_STEMMER, SPANISH)
    for name in FOLDED_TYPES:
        changed = _change(changed, name, LOWER_CASE, (r"\2", FOLDING))
    return changed


def _change(schema: str, name: str, filter_line: re.Pattern[str], lines: tuple[str, ...]) -> str:
    kinds = re.findall(rf'<fieldType name="{name}"[^>]*>.*?</fieldType>', schema, re.DOTALL)
    if len(kinds) != 1:
        raise UnknownSchemaError(f'the field type "{name}" is there {len(kinds)} times, not once')
    if name in FOLDED_TYPES and FOLDING in kinds[0]:
        raise UnknownSchemaError(f'the field type "{name}" folds accents already')
    changed, count = filter_line.subn("\n".join(rf"\1{line}" for line in lines), kinds[0])
    if count != ANALYZERS:
        wanted = "English stemmer" if filter_line is ENGLISH_STEMMER else "lower case filter"
        raise UnknownSchemaError(f'the field type "{name}" has {count} times the {wanted}, not {ANALYZERS} times')
    return schema.replace(kinds[0], changed)
