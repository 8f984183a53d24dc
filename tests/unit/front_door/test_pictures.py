"""The page of pictures shows each one that is there, and none is heavy."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_picture_is_shown_described_and_light():
    shown = dict(re.findall(r"!\[([^\]]+)\]\(images/([^)]+)\)", (DOCS / "pictures.md").read_text(encoding="utf-8")))
    files = {path.name for path in (DOCS / "images").iterdir()}
    assert set(shown.values()) == files
    assert len(files) >= 18
    assert [name for name in files if (DOCS / "images" / name).stat().st_size >= 120_000] == []
