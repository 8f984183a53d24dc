"""One ``Finding`` for all that is wrong or could be better, wherever it is found: form, harvest, validator, API.

A finding stores facts (a code, a field, a place, a value); the sentences are looked up when somebody reads it, in the
reader's language, from ``schemas/findings/<room>.yaml``::

    frequency_unknown:
      severity: warning
      norm: "Guía de Implementación 2017, 2.4"
      message: {es: "No se reconoce la frecuencia «{value}».", en: "The frequency “{value}” is not known."}
      cure: {es: "Use una de: …", en: "Use one of: …"}

Braces name ``field``, ``location``, ``value`` or a key of ``details``.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ckanext.mxopendata.metadata.text import storable

LANGUAGES = ("es", "en")
SEVERITIES = ("error", "warning", "advice")
MAXIMUM_VALUE_LENGTH = 200


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is wrong, doubtful or could be better.

    Attributes:
        code: key of a sentence in ``schemas/findings/*.yaml``.
        field: name of the metadata field, or ``None`` where it concerns the whole.
        location: where in the source: a JSON path, ``renglon 12``, a URL.
        value: what was found there, as a database can hold it, cut to 200 characters.
        details: what else the sentence names.
    """

    code: str
    field: str | None = None
    location: str | None = None
    value: str | None = None
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in catalogue():
            raise KeyError(f"finding {self.code!r} has no sentence in schemas/findings")
        if self.value is not None:
            object.__setattr__(self, "value", storable(str(self.value))[:MAXIMUM_VALUE_LENGTH])

    @property
    def severity(self) -> str:
        """``error``, ``warning`` or ``advice``."""
        return catalogue()[self.code]["severity"]

    def facts(self) -> dict[str, Any]:
        """What is stored: no sentence, so that it can be read in another language later."""
        return {
            "code": self.code,
            "field": self.field,
            "location": self.location,
            "value": self.value,
            "details": dict(self.details),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Finding:
        """The opposite of :meth:`facts`."""
        return cls(**facts)

    def to_dict(self, language: str = "es") -> dict[str, Any]:
        """The fixed form of ``interfaces``: code, severity, field, location, value, message, cure, norm."""
        entry = catalogue()[self.code]
        words = _Words(
            {**self.details, "field": self.field or "", "location": self.location or "", "value": self.value or ""}
        )
        language = language if language in LANGUAGES else LANGUAGES[0]
        return {
            "code": self.code,
            "severity": self.severity,
            "field": self.field,
            "location": self.location,
            "value": self.value,
            "message": entry["message"][language].format_map(words),
            "cure": entry["cure"][language].format_map(words),
            "norm": entry.get("norm"),
        }


class _Words(dict[str, Any]):
    """Leaves a brace that nobody filled empty, so that a report never fails for the sake of a sentence."""

    def __missing__(self, key: str) -> str:
        return ""


# Eight times as fast as SafeLoader, and as safe; PyYAML has it where it was built with libyaml.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """All sentences of all rooms, by code.

    Raises:
        ValueError: where two rooms use the same code.
    """
    entries: dict[str, Mapping[str, Any]] = {}
    folder = files("ckanext.mxopendata.schemas") / "findings"
    for path in sorted(folder.iterdir(), key=lambda item: item.name):
        if not path.name.endswith(".yaml"):
            continue
        room: dict[str, Mapping[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), _LOADER) or {}  # noqa: S506 - one of the two safe ones
        twice = entries.keys() & room.keys()
        if twice:
            raise ValueError(f"{path.name} repeats {sorted(twice)}")
        entries.update(room)
    return entries


def worst(findings: Iterable[Finding]) -> str | None:
    """The gravest severity among the findings, or ``None`` where there is none."""
    present = {finding.severity for finding in findings}
    return next((severity for severity in SEVERITIES if severity in present), None)


def general_words(code: str, language: str = "es") -> dict[str, str]:
    """``code``, ``severity`` and ``message`` of a kind of finding, with ``…`` where one of them names what it found.

    Args:
        code: key of a sentence.
        language: ``es`` or ``en``.
    """
    entry = catalogue()[code]
    message = entry["message"][language if language in LANGUAGES else LANGUAGES[0]]
    return {"code": code, "severity": entry["severity"], "message": message.format_map(defaultdict(lambda: "…"))}
