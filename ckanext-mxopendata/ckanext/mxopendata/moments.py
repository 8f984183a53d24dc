"""Moments as our own tables, commands and addresses write them: ISO 8601, never a guess."""

from __future__ import annotations

from datetime import datetime, timezone

from dateutil.parser import isoparse


def read_moment(text: object) -> datetime | None:
    """An ISO 8601 date or date-time, even ``2024`` or ``2024-05``, as its first moment; without zone it is UTC."""
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        moment = isoparse(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
