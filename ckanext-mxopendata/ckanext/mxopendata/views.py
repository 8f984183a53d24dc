"""Pages and files of the vocabularies: what the URIs of our terms lead to."""

from __future__ import annotations

import hashlib
import logging
import math
from typing import Any

from flask import Blueprint, Response, make_response
from werkzeug.wrappers import Response as Answer

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import config
from ckanext.mxopendata.dcat.frames import CONTENT_TYPES
from ckanext.mxopendata.dcat.skos import term_uris, write_vocabulary
from ckanext.mxopendata.downloads import csv_lines, refusal
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.vocabularies import (
    BROADER_IN,
    Heading,
    Term,
    Vocabulary,
    headings,
    vocabulary,
    vocabulary_ids,
)

__all__ = ["bp"]

log = logging.getLogger(__name__)
bp = Blueprint("mxopendata", __name__)

PAGE_SIZE = 250
CSV_COLUMNS = ("id", "label_es", "label_en", "uri", "broader", "status", "replaced_by", "exact_match", "source")
_FILE_TYPES = {name: CONTENT_TYPES[name] for name in ("ttl", "jsonld")} | {"csv": "text/csv; charset=utf-8"}
# What programs ask for at the URI of a term or vocabulary; people, and who does not mind, get the page.
_ASKED = {"text/html": "", "text/turtle": "ttl", "application/ld+json": "jsonld", "text/csv": "csv"}


@bp.errorhandler(tk.ObjectNotFound)
def _not_found(_error: tk.ObjectNotFound) -> tuple[str, int]:
    return refusal(404, tk._("Not found"), tk._("There is no such vocabulary or term."))


@bp.errorhandler(ValueError)
def _unreadable(error: ValueError) -> tuple[str, int]:
    log.error("a vocabulary cannot be read: %s", error)
    words = tk._("The file of a vocabulary cannot be read. Whoever runs the site finds the reason in the log.")
    return refusal(503, tk._("Not available"), words)


@bp.route("/vocabularios/")
def index() -> str:
    """All vocabularies."""
    tk.check_access("mxopendata_vocabulary_show", {}, {})
    language = current_language()
    shown = [
        {
            "id": heading.id,
            "title": heading.title(language),
            "description": heading.description(language),
            "count": _count(heading.id),
        }
        for heading in headings().values()
    ]
    return tk.render("mxopendata/vocabularies/index.html", {"vocabularies": shown})


@bp.route("/vocabularios/<vocabulary_id>.<any(ttl, jsonld, csv):extension>")
def file(vocabulary_id: str, extension: str) -> Answer:
    """A vocabulary as a file."""
    terms, heading = _known(vocabulary_id)
    base = config.vocabulary_base()
    text = _csv(terms, base) if extension == "csv" else write_vocabulary(terms, heading, base, extension)
    response = Response(text, content_type=_FILE_TYPES[extension])
    # Harvesters in a browser read it from other sites.
    response.headers["Access-Control-Allow-Origin"] = "*"
    if extension == "csv":
        response.headers["Content-Disposition"] = f'attachment; filename="{vocabulary_id}.csv"'
    # Of what is said, not of the bytes: the serialiser writes its prefixes in any order.
    said = repr((extension, base, heading, list(terms.terms.values())))
    response.set_etag(hashlib.sha256(said.encode()).hexdigest()[:32], weak=True)
    return response.make_conditional(tk.request.environ)


@bp.route("/vocabularios/<vocabulary_id>")
def read(vocabulary_id: str) -> Answer:
    """The terms of a vocabulary, to be searched; a program that asks for triples is sent to them."""
    terms, heading = _known(vocabulary_id)
    if extension := _asked_for():
        return _see_file(vocabulary_id, extension)
    asked = tk.request.args.get("q", "").strip()
    found = _search(terms, asked)
    pages = max(1, math.ceil(len(found) / PAGE_SIZE))
    page = min(_page_number(), pages)
    uris = term_uris(terms, config.vocabulary_base())
    language = current_language()
    page_text = tk.render(
        "mxopendata/vocabularies/read.html",
        {
            "vocabulary_id": vocabulary_id,
            "title": heading.title(language),
            "description": heading.description(language),
            "terms": [
                _shown(vocabulary_id, term, uris[term.id]) for term in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
            ],
            "count": len(found),
            "total": len(terms.terms),
            "asked": asked,
            "page": page,
            "pages": pages,
        },
    )
    response = make_response(page_text)
    response.vary.add("Accept")
    return response


@bp.route("/vocabularios/<vocabulary_id>/<path:term_id>")
def term(vocabulary_id: str, term_id: str) -> Answer:
    """Where the URI of a term leads: to its place in the page, or to the triples."""
    terms, _ = _known(vocabulary_id)
    if term_id not in terms.terms:
        raise tk.ObjectNotFound(term_id)
    if extension := _asked_for():
        return _see_file(vocabulary_id, extension)
    page = list(terms.terms).index(term_id) // PAGE_SIZE + 1
    return _see_other("mxopendata.read", vocabulary_id, _anchor=term_id, **({"page": page} if page > 1 else {}))


def _count(vocabulary_id: str) -> int | None:
    """How many terms; ``None`` where the file cannot be read, so that the others are still found."""
    try:
        return len(vocabulary(vocabulary_id).terms)
    except ValueError:
        log.exception("the vocabulary %s cannot be read", vocabulary_id)
        return None


def _known(vocabulary_id: str) -> tuple[Vocabulary, Heading]:
    tk.check_access("mxopendata_vocabulary_show", {}, {"id": vocabulary_id})
    if vocabulary_id not in vocabulary_ids():
        raise tk.ObjectNotFound(vocabulary_id)
    return vocabulary(vocabulary_id), headings()[vocabulary_id]


def _asked_for() -> str:
    """The file that the reader's program prefers to the page, or nothing."""
    return _ASKED[tk.request.accept_mimetypes.best_match(list(_ASKED), "text/html")]


def _see_file(vocabulary_id: str, extension: str) -> Answer:
    return _see_other("mxopendata.file", vocabulary_id, extension=extension)


def _see_other(endpoint: str, vocabulary_id: str, **parts: Any) -> Answer:
    # 303, for a term is no document: what answers is only about it.
    response = tk.redirect_to(tk.url_for(endpoint, vocabulary_id=vocabulary_id, **parts))
    response.status_code = 303
    response.vary.add("Accept")
    return response


def _page_number() -> int:
    text = tk.request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _search(terms: Vocabulary, asked: str) -> list[Term]:
    """The terms whose id, labels or aliases hold what is asked for, whatever its case and accents."""
    wanted = fold(asked)
    return [
        term
        for term in terms.terms.values()
        if not wanted or any(wanted in fold(text) for text in (term.id, term.label_es, term.label_en, *term.aliases))
    ]


def _shown(vocabulary_id: str, term: Term, uri: str) -> dict[str, Any]:
    other = BROADER_IN.get(vocabulary_id, vocabulary_id)
    themes = [theme for theme in term.facts.get("themes", "").split(";") if theme]
    return {
        "term": term,
        "uri": uri,
        "broader_in": other,
        "broader": vocabulary(other).get(term.broader),
        "replaced_by": vocabulary(vocabulary_id).get(term.replaced_by),
        "facts": [(label, term.facts[name]) for name, label in _fact_labels().items() if term.facts.get(name)],
        "themes": [found for theme in themes if (found := vocabulary("themes").get(theme))],
        "addresses": [alias for alias in term.exact_match if alias.startswith(("http://", "https://"))],
    }


def _fact_labels() -> dict[str, str]:
    return {
        "media_type": tk._("Media type"),
        "open": tk._("Open"),
        "machine_readable": tk._("Machine readable"),
        "stars": tk._("Stars"),
        "iso_3166_2": "ISO 3166-2",
        "year": tk._("Year of the list"),
    }


def _csv(terms: Vocabulary, base: str) -> str:
    uris = term_uris(terms, base)
    rows = (
        [
            "; ".join(term.exact_match) if name == "exact_match" else uris[term.id] if name == "uri" else str(value)
            for name, value in ((name, getattr(term, name)) for name in CSV_COLUMNS)
        ]
        for term in terms.terms.values()
    )
    return "".join(csv_lines(CSV_COLUMNS, rows))
