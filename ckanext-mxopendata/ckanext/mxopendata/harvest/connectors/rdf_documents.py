"""RDF as portals really serve it: any of its syntaxes whatever they call it, any encoding, HTML instead, cut off.

Documents stay on disk and are read as a stream. Nothing is fetched for them, and no entity is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pyoxigraph
from pyoxigraph import RdfFormat

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.documents import CHUNK, SAMPLE, make_utf8
from ckanext.mxopendata.metadata.findings import Finding

_XML_DECLARATION = re.compile(rb"\s*<\?xml\b[^>]{0,200}\?>")
_DECLARED = re.compile(rb"^[\s\xef\xbb\xbf]*<\?xml\b[^>]{0,150}encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_ELEMENT = re.compile(rb"<(?:\?xml|!--|!DOCTYPE|[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?[\s>/])", re.IGNORECASE)
_HTML = re.compile(rb"<(?:html|body|!doctype\s+html)\b", re.IGNORECASE)
# Four terms a line, of which the last is a graph: the one syntax of text that TriG is not a superset of.
_NODE, _LITERAL = rb"(?:<[^>]*>|_:\S+)", rb"\"(?:[^\"\\]|\\.)*\"\S*"
_QUAD = re.compile(rb"%s\s+<[^>]*>\s+(?:%s|%s)\s+%s\s*\." % (_NODE, _NODE, _LITERAL, _NODE))


class _EnoughError(Exception):
    """What stands before the first element was read."""


class _EntityError(Exception):
    """An entity is declared there."""


def make_readable(path: Path, url: str) -> list[Finding]:
    """Bring a document into UTF-8, in place.

    Args:
        path: the document.
        url: where it came from, for messages.

    Returns:
        What is to be said of its encoding.

    Raises:
        SourceError: for an empty answer, for a web page, for XML that declares entities.
    """
    with path.open("rb") as file:
        declared = _DECLARED.match(file.read(400))
    encoding = make_utf8(path, declared[1].decode("ascii") if declared else None)
    with path.open("rb") as file:
        beginning = file.read(SAMPLE).lstrip()
    if not beginning:
        raise SourceError(Finding("json_empty", location=url))
    if beginning.startswith(b"<") and _HTML.search(beginning[:2000]):
        raise SourceError(Finding("rdf_is_html", location=url))
    if _syntax(beginning) == RdfFormat.RDF_XML:
        _refuse_entities(path, url)
        return []
    return [] if encoding.startswith("utf") else [Finding("rdf_encoding", location=url, value=encoding)]


def stream_quads(path: Path, url: str) -> Iterator[Any]:
    """The quads of a document that :func:`make_readable` has seen, in its order.

    Args:
        path: the document.
        url: where it came from: relative addresses in it are relative to this one.

    Raises:
        SourceError: where it is no RDF, or needs something from elsewhere to be read; what stands before the error has
            been given by then.
    """
    with path.open("rb") as file:
        beginning = file.read(SAMPLE)
        # It may still name the encoding of before.
        said = _XML_DECLARATION.match(beginning)
        file.seek(said.end() if said else len(beginning) - len(beginning.lstrip()))
        syntax = _syntax(beginning.lstrip())
        try:
            # Lenient: a blank in somebody's address must not cost the rest of the catalogue.
            yield from pyoxigraph.parse(file, format=syntax, base_iri=url, lenient=True)
        except (SyntaxError, ValueError) as error:
            raise SourceError(_unreadable(url, str(error))) from error


def _syntax(beginning: bytes) -> RdfFormat:
    """By how a document begins; what its server calls it is not asked."""
    if beginning[:1] in (b"{", b"["):
        return RdfFormat.JSON_LD
    if _ELEMENT.match(beginning):
        return RdfFormat.RDF_XML
    return RdfFormat.N_QUADS if _QUAD.match(beginning) else RdfFormat.TRIG


def _refuse_entities(path: Path, url: str) -> None:
    """A few entities that name one another make a document of gigabytes (“billion laughs”)."""

    def declared(*_: object) -> None:
        raise _EntityError

    def element(*_: object) -> None:
        raise _EnoughError

    parser = expat.ParserCreate("utf-8")
    parser.EntityDeclHandler = declared
    parser.StartElementHandler = element
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                parser.Parse(chunk)
        except (_EnoughError, expat.ExpatError):
            return  # whether the rest is well-formed, the reader of RDF says
        except _EntityError:
            raise SourceError(Finding("rdf_entities", location=url)) from None


def _unreadable(url: str, message: str) -> Finding:
    # The words of pyoxigraph, which has one kind of error for all.
    if "remote context" in message or "LoadDocumentCallback" in message:
        return Finding("rdf_remote_context", location=url)
    return Finding("rdf_invalid", location=url, value=message)
