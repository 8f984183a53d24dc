"""A folder as web servers list it: Apache, nginx, IIS, and any page with links to files that lie beside it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

ENDINGS = (".csv", ".xlsx")
_BEGINNING = 512
# More is no list of a folder.
_MOST_BYTES = 5_000_000


def is_file(url: str) -> bool:
    """Whether an address names one of the files that are looked for."""
    return urlsplit(url).path.lower().endswith(ENDINGS)


def is_page(path: Path) -> bool:
    """Whether a file is a page of HTML."""
    with path.open("rb") as file:
        start = file.read(_BEGINNING).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<pre", b"<title", b"<!--"))


def files_in(path: Path, url: str) -> list[str]:
    """The addresses of the tables that a page links to and that lie in its own folder.

    Args:
        path: the page.
        url: the address that gave it, after redirects.

    Returns:
        In an order that does not hang on the page; neither those of other hosts nor those of other folders, whatever
        way they are written.
    """
    with path.open("rb") as file:
        text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    links = _Links()
    links.feed(text)
    links.close()
    folder = _place(urljoin(url, "."))
    found = set()
    for link in links.found:
        try:
            address = urldefrag(urljoin(url, link.strip())).url
            place = _place(address)
        except ValueError:  # an address that is none
            continue
        name = place[1].removeprefix(folder[1])
        inside = place[0] == folder[0] and place[1].startswith(folder[1]) and "/" not in name and "\\" not in name
        if inside and is_file(address):
            found.add(address)
    return sorted(found)


def _place(url: str) -> tuple[str, str]:
    """Where an address leads: scheme and host, and the path as the server reads it."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}", unquote(parts.path)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]
