"""What is known of links: the evidence that the families of indicators are given, never fetched here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TOO_MANY_REQUESTS = 429

# Address -> last HTTP status; ``None`` where there was no answer. An address that is not in it was never tried.
Links = Mapping[str, "int | None"]


def read_links(document: Any) -> dict[str, int | None]:
    """Evidence on links from a JSON document.

    Args:
        document: ``{address: status}``, or a list of ``{"url": address, "status": status}``; a status is an HTTP code,
            or ``null`` where there was no answer.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(document, list):
        document = {entry["url"]: entry for entry in document if isinstance(entry, dict) and "url" in entry}
    if not isinstance(document, dict):
        raise ValueError("neither an object nor a list of objects with a url")  # noqa: TRY004
    found: dict[str, int | None] = {}
    for address, told in document.items():
        status = told.get("status") if isinstance(told, dict) else told
        if status is not None and (isinstance(status, bool) or not isinstance(status, int)):
            raise ValueError(f"{address}: {status!r} is no HTTP status")
        found[str(address)] = status
    return found
