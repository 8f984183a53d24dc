"""Addresses of people and pages."""

from __future__ import annotations

import re
from email.utils import parseaddr
from urllib.parse import quote, urlsplit

from ckanext.mxopendata.metadata.readers.reading import NOTHING, Reading, unreadable

# Deliberately looser than RFC 5321: what a mail server may accept is not refused here.
_EMAIL = re.compile(r"^[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\]+\.[^\s@<>()\[\],;:\"\\.]{2,}$")
_SCHEMES = ("http", "https", "ftp", "ftps", "sftp")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")
MAXIMUM_URL_LENGTH = 8_000


def read_email(text: object) -> Reading:
    """One e-mail address out of ``mailto:a@b.mx``, ``Name <a@b.mx>`` or the bare address.

    Returns:
        The address with its domain in lower case. Note ``email_several`` where more than one stands there (the first
        is the value), ``email_invalid`` where none does.
    """
    if not text:
        return NOTHING
    parts = [part for part in re.split(r"[;,\s]+(?=\S*@)|[;,]", str(text).strip()) if part and "@" in part]
    addresses = [address for address in (_address(part) for part in parts) if address]
    if not addresses:
        return unreadable("email_invalid")
    if len(addresses) > 1:
        return Reading(addresses[0], certain=False, note="email_several")
    return Reading(addresses[0])


def _address(text: str) -> str | None:
    bare = re.sub(r"^\s*mailto:", "", text, flags=re.IGNORECASE).split("?")[0].strip().rstrip(".")
    address = bare if _EMAIL.match(bare) else parseaddr(bare)[1]
    if not _EMAIL.match(address):
        return None
    local, domain = address.rsplit("@", 1)
    return f"{local}@{domain.lower()}"


def read_url(text: object) -> Reading:
    """An address that a browser can open; blanks and letters beyond ASCII are percent-encoded, nothing is fetched.

    Returns:
        Note ``url_invalid`` where it is none, ``url_scheme`` where it could do harm or cannot be opened
        (``javascript:``, ``file:``).
    """
    if not text:
        return NOTHING
    written = str(text).strip().strip("<>").strip()
    if written.lower().startswith("www."):
        written = f"http://{written}"
    try:
        parts = urlsplit(written)
        host = parts.hostname
    except ValueError:
        return unreadable("url_invalid")
    if parts.scheme and parts.scheme not in _SCHEMES:
        return unreadable("url_scheme")
    if not parts.scheme or not host or _CONTROL.search(parts.netloc) or len(written) > MAXIMUM_URL_LENGTH:
        return unreadable("url_invalid")
    try:
        encoded = quote(written, safe=_SAFE)
    except UnicodeEncodeError:  # a lone surrogate
        return unreadable("url_invalid")
    return Reading(encoded)
