"""CKAN keeps the helpers of all plugins under their names: two rooms that took the same one would hide each other's."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[3] / "ckanext-mxopendata" / "ckanext" / "mxopendata"


def test_no_two_rooms_have_a_helper_of_the_same_name():
    names = Counter(
        name
        for path in PACKAGE.rglob("helpers*.py")
        for name in re.findall(r"^def (mxopendata_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert len(names) > 40
    assert [name for name, number in names.items() if number > 1] == []
