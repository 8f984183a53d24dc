"""Licences registered with CKAN: those of the vocabulary, in Spanish, without asking the network.

CKAN reads its register from ``licenses_group_url``. Where the operator set none, the shipped ``licences.json`` is named
there; a test keeps it equal to the vocabulary (``python -m ckanext.mxopendata.licences`` writes it anew).
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from ckanext.mxopendata.metadata.vocabularies import vocabulary

OPTION = "licenses_group_url"


def register_path() -> Path:
    """Where the shipped register lies."""
    return Path(str(files("ckanext.mxopendata.schemas") / "licences.json"))


def register() -> list[dict[str, Any]]:
    """The licences in the form CKAN reads: id, title, url, status, and whether they conform to the Open Definition."""
    return [
        {
            "id": term.id,
            "title": term.label_es,
            "url": term.uri,
            "status": "retired" if term.status == "deprecated" else "active",
            "od_conformance": term.facts.get("open_definition") or "not reviewed",
            "osd_conformance": "not reviewed",
            "domain_content": True,
            "domain_data": True,
            "domain_software": False,
            "family": "",
            "maintainer": "",
            "is_generic": term.id.startswith("other-"),
        }
        for term in vocabulary("licences").terms.values()
    ]


def register_text() -> str:
    """The register as JSON; in ASCII, because CKAN opens the file in the encoding of the locale."""
    return json.dumps(register(), ensure_ascii=True, indent=1) + "\n"


if __name__ == "__main__":
    register_path().write_text(register_text(), encoding="ascii")
