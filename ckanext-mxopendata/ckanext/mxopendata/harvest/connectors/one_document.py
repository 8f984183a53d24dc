"""Catalogues in one document: it is fetched each time, and read only where it is another than the last time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.harvest.connectors.base import Known, Page
from ckanext.mxopendata.harvest.documents import digest_of
from ckanext.mxopendata.http import Fetched, HttpClient, Validators


def fetch_if_other(client: HttpClient, url: str, known: Known | None) -> tuple[Fetched | None, Mapping[str, Any]]:
    """Fetch a document.

    Args:
        client: the only way to fetch anything.
        url: where it is.
        known: what the last complete run knew of it, or ``None`` where it is to be read in any case.

    Returns:
        The document, or ``None`` where the server says that it is unmodified, or sends the same once more; and what to
        be reminded of the next time.
    """
    before = known.memory if known and known.whole else {}
    fetched = client.fetch_if_changed(url, Validators.of(before))
    if fetched is None:
        return None, before
    # Many servers give no validators, or new ones for the same file.
    memory = {**fetched.validators.facts(), "digest": digest_of(fetched.path)}
    if memory["digest"] == before.get("digest"):
        fetched.path.unlink()
        return None, memory
    return fetched, memory


def unmodified(memory: Mapping[str, Any]) -> Page:
    """The one page of a list that is what it was."""
    return Page(records=[], position={}, reading="unmodified", memory=memory)
