"""The last runs of a source, drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ckanext.mxopendata.harvest import trend


def _run(status: str, read: int) -> dict[str, object]:
    return {"status": status, "read": read}


def test_bars_are_as_high_as_was_read_and_a_failure_is_a_cross():
    recent = [_run("finished", 50), _run("failed", 0), _run("finished_with_errors", 100), _run("finished", 100)]
    drawing = ET.fromstring(trend.drawing(recent, "Terminada: 2 & <b>"))
    assert drawing.get("role") == "img"
    assert drawing.findtext("title") == "Terminada: 2 & <b>"
    paths = {path.get("class"): path.get("d") for path in drawing.findall("path")}
    assert paths["mxoh-run-good"] == "M3 20v-10M24 20v-20"
    assert paths["mxoh-run-poor"] == "M17 20v-20"
    assert "l6 6" in (paths["mxoh-run-bad"] or "")


def test_nothing_read_at_all_is_still_seen():
    assert "v-2" in trend.drawing([_run("finished", 0)], "")
