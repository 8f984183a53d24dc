"""Which file type a resource declares, by the vocabulary of file types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.mxopendata.metadata.vocabularies import Term, vocabulary


def file_type(resource: Mapping[str, Any]) -> Term | None:
    """The file type that a resource declares: its format, else its media type; ``None`` where neither is known."""
    types = vocabulary("file_types")
    return types.find(resource.get("format")) or _by_media_type(resource.get("mimetype"))


def _by_media_type(media_type: object) -> Term | None:
    if not isinstance(media_type, str) or not media_type:
        return None
    wanted = media_type.split(";")[0].strip().lower()
    fitting = [term for term in vocabulary("file_types").active() if term.facts.get("media_type") == wanted]
    # One media type may stand for several formats (ZIP and GTFS): which one is meant is not guessed.
    return fitting[0] if len(fitting) == 1 else None
