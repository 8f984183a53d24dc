"""Texts: HTML taken out, broken encodings repaired, keywords made fit for CKAN."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading

_TAG = re.compile(
    r"</?(?:a|abbr|article|b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|embed|font|form|h[1-6]|head|hr|html|i|"
    r"iframe|img|input|label|li|link|meta|object|ol|p|pre|s|script|section|small|span|strike|strong|style|sub|sup|svg|"
    r"table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|video)\b[^>]*/?>|<!--",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d?);", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
# UTF-8 read as Windows-1252: C2 and C3 lead to Latin-1 letters, E2 80/82/84 to quotes, dashes and the euro sign.
_C1 = "\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d"
_C1 += "\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
_MOJIBAKE = re.compile(rf"[\u00c2\u00c3][\u0080-\u00bf{_C1}]|\u00e2[\u0080-\u00bf{_C1}]{{2}}")
# Without any of these, a text whose characters can all be printed (no control character, line break or blank but the
# common one) holds no HTML and no mojibake: there is nothing to clean.
_SUSPECT = re.compile("[<&\u00c2\u00c3\u00e2]")
_BLANKS = re.compile(r"\s+")
_BLANKS_AT_END = re.compile(r"[ \t\u00a0]+(?=\n|$)")
_EMPTY_LINES = re.compile(r"\n{3,}")
_ROUNDS = 8
_BLOCKS = frozenset(("p", "div", "br", "li", "tr", "ul", "ol", "table", "section", "article", "blockquote", "hr"))
_SILENT = frozenset(("script", "style", "head", "iframe", "object", "embed", "svg", "title"))
_TAG_FORBIDDEN = re.compile(r"[^\w \-.]", re.UNICODE)
TAG_MINIMUM, TAG_MAXIMUM = 2, 100
MAXIMUM_KEYWORDS = 200


def without_control(text: str) -> str:
    """A text without the characters that nobody sees: NUL, other control characters, halves of surrogate pairs."""
    return _CONTROL.sub("", text)


def repair_mojibake(text: str) -> str:
    """A text whose UTF-8 was once read as Windows-1252, set right: ``DescripciÃ³n`` → ``Descripción``."""
    for _ in range(_ROUNDS):
        repaired = _MOJIBAKE.sub(_decode, text)
        if repaired == text:
            break
        text = repaired
    return text


def _decode(match: re.Match[str]) -> str:
    octets = b"".join(
        bytes([ord(character)]) if ord(character) < 0x100 else character.encode("cp1252") for character in match[0]
    )
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


class _Plain(HTMLParser):
    """Keeps the words and the addresses of links, as Markdown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += tag not in ("embed",)
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "a":
            target = (dict(attrs).get("href") or "").strip()
            usable = target.lower().startswith(("http://", "https://", "mailto:")) and not re.search(
                r"[\s()<>]", target
            )
            self.links.append(target if usable else None)
            self.parts.append("[" if usable else "")
        elif tag in _BLOCKS or re.fullmatch(r"h[1-6]", tag):
            self.parts.append("\n" if tag in ("br", "tr") else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "a" and self.links:
            target = self.links.pop()
            self.parts.append(f"]({target})" if target else "")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag in _BLOCKS or re.fullmatch(r"h[1-6]", tag):
            self.parts.append("\n" if tag in ("li", "tr", "br") else "\n\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)


def _without_html(text: str) -> str:
    parser = _Plain()
    parser.feed(text)
    parser.close()
    for target in reversed(parser.links):
        parser.parts.append(f"]({target})" if target else "")
    return "".join(parser.parts)


def clean_text(text: object) -> str:
    """A text of several lines as Markdown: HTML and control characters out, encoding repaired, blanks tidied.

    Scripts go with what they contain; ``a < b`` and Markdown stay as they are.
    """
    if text is None:
        return ""
    cleaned = str(text)
    if cleaned.isprintable() and not _SUSPECT.search(cleaned):
        return cleaned.strip()
    for _ in range(_ROUNDS):
        before = cleaned
        cleaned = repair_mojibake(without_control(cleaned.replace("\r\n", "\n").replace("\r", "\n")))
        if _TAG.search(cleaned):
            cleaned = _without_html(cleaned)
        elif _ENTITY.search(cleaned):
            cleaned = html.unescape(cleaned)
        cleaned = _BLANKS_AT_END.sub("", cleaned.replace("\u00a0", " "))
        cleaned = _EMPTY_LINES.sub("\n\n", cleaned).strip()
        if cleaned == before:
            break
    return cleaned


def clean_line(text: object, maximum: int | None = None) -> str:
    """A text of one line (a title, a name): as :func:`clean_text`, line breaks and runs of blanks made one blank.

    Args:
        text: anything.
        maximum: how many characters at most; a longer one is cut at a word and ends in ``…``.
    """
    line = _BLANKS.sub(" ", clean_text(text)).strip()
    if maximum is not None and len(line) > maximum:
        head = line[: maximum - 1]
        head = (head.rsplit(" ", 1)[0] if " " in head[maximum // 2 :] else head).rstrip(" ,;:")
        # With the last letter the mark of the cut may look like a broken one: ``Ã…`` would be read as ``Å``.
        while head and clean_text(f"{head}…") != f"{head}…":
            head = head[:-1].rstrip(" ,;:")
        line = f"{head}…"
    return line


def read_keywords(value: object) -> Reading:
    """Keywords out of a list or a text with commas or semicolons, made fit for CKAN's rules for tags.

    CKAN takes 2 to 100 characters: letters, digits, blanks, ``-``, ``_`` and ``.``. Others become a blank.

    Returns:
        A list of at most 200 without repetitions (case and accents apart count as different); note ``keyword_changed``
        where a character was replaced or a keyword left out, ``keywords_too_many`` where only the first 200 are kept.
    """
    if value is None or value == "":
        return NOTHING
    items = value if isinstance(value, (list, tuple)) else re.split(r"[,;|\n]", str(value))
    found: dict[str, None] = {}
    changed = False
    for item in items:
        if item is None:
            continue
        for part in re.split(r"[,;]", clean_line(item.get("name") if isinstance(item, dict) else item)):
            written = part.strip()
            keyword = re.sub(r"\s+", " ", _TAG_FORBIDDEN.sub(" ", written)).strip()
            changed |= keyword != written
            if TAG_MINIMUM <= len(keyword) <= TAG_MAXIMUM:
                found[keyword] = None
            else:
                changed |= bool(written)
    if len(found) > MAXIMUM_KEYWORDS:
        return Reading(list(found)[:MAXIMUM_KEYWORDS], certain=False, note="keywords_too_many")
    return Reading(list(found), certain=not changed, note="keyword_changed" if changed else None)
