"""What a reader answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reading:
    """A value read from a text.

    Attributes:
        value: what is stored, or ``None`` where nothing was written or it cannot be read.
        certain: whether the text allows no other reading. An absent value is certain, an unreadable one is not.
        note: what a person should know about it, as the code of a finding (``schemas/findings/metadata.yaml``).
    """

    value: Any
    certain: bool = True
    note: str | None = None


NOTHING = Reading(None)


def unreadable(note: str) -> Reading:
    """The answer for something written that has no reading."""
    return Reading(None, certain=False, note=note)
