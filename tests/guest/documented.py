"""What ``docs/install.md`` tells an operator to type; the story does just that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_INI = re.compile(r"^```ini\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MIGRATIONS = "db pending-migrations --apply"


def switched_on(stock: Mapping[str, str]) -> dict[str, str]:
    """The options of a site that switches the suite on: the documented lines, and its own plugins behind ours."""
    text = (DOCS / "install.md").read_text(encoding="utf-8")
    block = _INI.search(text)
    assert block, "docs/install.md shows the lines for ckan.ini in a block ```ini"
    lines = dict(line.split(" = ", 1) for line in block.group(1).splitlines() if " = " in line)
    ours = lines["ckan.plugins"].split()
    own = [name for name in stock["ckan.plugins"].split() if name not in ours]
    return {**stock, **lines, "ckan.plugins": " ".join([*ours, *own])}


def migrations() -> list[str]:
    """The command that makes the tables, behind ``ckan -c INI``."""
    assert f"ckan.ini {_MIGRATIONS}" in (DOCS / "install.md").read_text(encoding="utf-8")
    return _MIGRATIONS.split()
