"""Answers of a catalogue service for the web, read as a stream: one bad record costs only itself.

The document is never built as a whole, nothing is fetched for it and no entity is expanded.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Unreadable
from ckanext.mxopendata.harvest.documents import make_utf8
from ckanext.mxopendata.metadata.findings import Finding

SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "huge_tree": False,
    "load_dtd": False,
    "remove_comments": True,
    "remove_pis": True,
}
_START = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?(?:MD_Metadata|MI_Metadata))(?=[\s>])")
_IDENTIFIER = re.compile(rb"fileIdentifier\b[^>]*>\s*(?:<[^/][^>]*>)?\s*([^<\s][^<]{0,200})")
_RESULTS_END = re.compile(rb"</(?:[\w.-]+:)?SearchResults\s*>")
_BEGINNING = 120


class RefusedError(SourceError):
    """The service answered with an exception report.

    Attributes:
        about_start: whether it is that there are no records at the place asked for.
    """

    def __init__(self, finding: Finding, about_start: bool) -> None:
        super().__init__(finding)
        self.about_start = about_start


@dataclass
class Answer:
    """One page of a list.

    Attributes:
        records: what ``read`` made of each, or :class:`Unreadable`.
        matched: how many records the service says there are, or ``None``.
        next_record: where it says the next page begins; 0 at the end; ``None`` where it does not say.
    """

    records: list[Any] = field(default_factory=list)
    matched: int | None = None
    next_record: int | None = None


def read_answer(path: Path, url: str, read: Callable[[etree._Element], Any]) -> Answer:
    """Read a ``GetRecordsResponse``.

    Args:
        path: where it is; rewritten in UTF-8 where it is not.
        url: where it came from, for messages.
        read: makes of a record's element what is kept of it.

    Raises:
        RefusedError: where the service answered with an exception report.
        SourceError: where it is no such answer, or cut off.
    """
    make_utf8(path)
    _refuse_html(path, url)
    answer = Answer()
    prefixes: dict[str, str] = {}
    try:
        _stream(path, url, answer, read, prefixes)
    except etree.XMLSyntaxError as error:
        if not prefixes:  # before the list began
            raise SourceError(_not_xml(path, url, error)) from error
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if not _RESULTS_END.search(text):
                raise SourceError(Finding("xml_cut_off", location=url, value=str(len(answer.records)))) from error
            answer.records += _one_by_one(text, len(answer.records), prefixes, read, url)
    return answer


def _stream(
    path: Path, url: str, answer: Answer, read: Callable[[etree._Element], Any], prefixes: dict[str, str]
) -> None:
    results: etree._Element | None = None
    declared: dict[str, str] = {}
    with path.open("rb") as file:
        _skip_blanks(file)
        for event, item in etree.iterparse(file, events=("start-ns", "start", "end"), encoding="utf-8", **SAFE):
            if event == "start-ns":
                declared[item[0]] = item[1]
            elif event == "start" and results is None:
                name = etree.QName(item).localname
                if item.getparent() is None and name not in {"GetRecordsResponse", "ExceptionReport"}:
                    raise SourceError(Finding("csw_not_a_list", location=url, value=name))
                if name == "SearchResults":
                    results = item
                    prefixes.update(declared)
                    answer.matched = _number(item.get("numberOfRecordsMatched"))
                    answer.next_record = _number(item.get("nextRecord"))
            elif event == "end" and results is None and etree.QName(item).localname == "ExceptionReport":
                raise _refusal(item, url)
            elif event == "end" and results is not None and item.getparent() is results:
                answer.records.append(_attempt(item, len(answer.records), read, url))
                item.clear()
                # not what comes after it: the parser is ahead
                while item.getprevious() is not None:
                    del results[0]
    if results is None:
        raise SourceError(Finding("csw_not_a_list", location=url, value="GetRecordsResponse"))


def _skip_blanks(file: Any) -> None:
    """Blank lines before the XML declaration are the commonest fault of scripts, and none but a parser minds them."""
    beginning = file.read(_BEGINNING)
    file.seek(len(beginning) - len(beginning.lstrip()))


def _attempt(element: etree._Element, number: int, read: Callable[[etree._Element], Any], url: str) -> Any:
    """What ``read`` makes of a record; a record that it stumbles over costs only itself."""
    found = element.find("{*}fileIdentifier")
    name = "".join(found.itertext()).strip() if found is not None else ""
    try:
        return read(element)
    except SourceError as error:
        return Unreadable(name or f"#{number + 1}", error.finding)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        reason = {"reason": f"{type(error).__name__}: {error}"[:200]}
        shown = name or f"#{number + 1}"
        return Unreadable(shown, Finding("record_xml_unreadable", location=url, value=shown, details=reason))


def _one_by_one(
    text: mmap.mmap, done: int, prefixes: dict[str, str], read: Callable[[etree._Element], Any], url: str
) -> Iterator[Any]:
    """The records of a document that is not well-formed, each parsed by itself, from one on."""
    declared = " ".join(f"xmlns{':' + name if name else ''}={quoteattr(uri)}" for name, uri in prefixes.items())
    head, tail = f"<records {declared}>".encode(), b"</records>"
    starts = list(_START.finditer(text))
    for number, start in enumerate(starts[done:], start=done):
        until = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        end = text.find(b"</" + start[1], start.end(), until)
        close = text.find(b">", end, until) if end >= 0 else -1
        fragment = text[start.start() : close + 1 if close >= 0 else until]
        try:
            root = etree.fromstring(head + fragment + tail, etree.XMLParser(**SAFE))
        except etree.XMLSyntaxError as error:
            named = _IDENTIFIER.search(fragment)
            name = named[1].decode("utf-8", errors="replace").strip() if named else f"#{number + 1}"
            reason = {"reason": str(error.msg)[:200]}
            yield Unreadable(name, Finding("record_xml_broken", location=url, value=name, details=reason))
        else:
            yield _attempt(root[0], number, read, url)


def _refusal(report: etree._Element, url: str) -> RefusedError:
    said = " ".join(" ".join("".join(text.itertext()).split()) for text in report.iter("{*}ExceptionText"))
    exception = next(report.iter("{*}Exception"), report)
    code, locator = exception.get("exceptionCode") or "", exception.get("locator") or ""
    words = f"{said} {locator}".casefold().replace(" ", "")
    finding = Finding("csw_exception", location=url, value=said or code or locator or "ExceptionReport")
    return RefusedError(finding, "startposition" in words)


def _refuse_html(path: Path, url: str) -> None:
    with path.open("rb") as file:
        beginning = file.read(2000).lstrip().lower()
    if not beginning:
        raise SourceError(Finding("json_empty", location=url))
    # Other documents have a type too: an entity that is declared in one is not expanded.
    if beginning.startswith(b"<") and (b"<html" in beginning or b"<!doctype html" in beginning):
        raise SourceError(Finding("xml_is_html", location=url, value=_shown(path)))


def _not_xml(path: Path, url: str, error: etree.XMLSyntaxError) -> Finding:
    return Finding("xml_invalid", location=url, value=_shown(path), details={"reason": str(error.msg)[:200]})


def _shown(path: Path) -> str:
    """How a file begins, for people."""
    with path.open("rb") as file:
        text = file.read(_BEGINNING).decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else "·" for letter in " ".join(text.split()))[:80]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None
