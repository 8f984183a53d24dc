"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ckanext.mxopendata.metadata.findings import Finding


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        name: name of the check, fixed for scripts.
        ok: whether the site is in order there.
        finding: the sentences, with their facts.
    """

    name: str
    ok: bool
    finding: Finding

    def to_dict(self, language: str = "es") -> dict[str, Any]:
        """The fixed form: check, ok, severity, message, cure (empty where nothing is to be mended)."""
        sentences = self.finding.to_dict(language)
        return {
            "check": self.name,
            "ok": self.ok,
            "severity": sentences["severity"],
            "message": sentences["message"],
            "cure": sentences["cure"],
        }


def passed(name: str, **details: Any) -> Check:
    """A check that found the site in order."""
    return Check(name, True, Finding(f"doctor_{name}_ok", details=details))


def failed(name: str, variant: str = "", **details: Any) -> Check:
    """A check that found something to mend.

    Args:
        name: name of the check.
        variant: which of its sentences, where a check can fail in more than one way.
        details: what the sentence names.
    """
    code = f"doctor_{name}_{variant}" if variant else f"doctor_{name}"
    return Check(name, False, Finding(code, details=details))
