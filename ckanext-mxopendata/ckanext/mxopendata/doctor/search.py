"""Checks of what Solr holds: Spanish analysis, and harvest sources that kept their type."""

from __future__ import annotations

import json
from typing import Any

import requests

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.mxopendata.doctor.check import Check, failed, passed

TIMEOUT_SECONDS = 10
# Spellings that a Spanish speaker expects to be the same word for a search; an English stemmer passes the first two.
SAME_WORDS = (("Educación", "educacion"), ("escuelas", "escuela"), ("públicas", "público"))


def solr_language() -> Check:
    """Solr finds ``Educación`` for ``educacion`` and ``escuela`` for ``escuelas``: it is asked, not its schema read."""
    try:
        different = [f"{one} ≠ {other}" for one, other in SAME_WORDS if _analysed(one) != _analysed(other)]
    except (requests.RequestException, KeyError, ValueError, IndexError) as error:
        return failed("solr_language", "away", error=type(error).__name__)
    if different:
        return failed("solr_language", different=", ".join(different))
    return passed("solr_language")


def _analysed(word: str) -> list[str]:
    """The terms that Solr's field type ``text`` makes of a word."""
    user, password = tk.config.get("solr_user"), tk.config.get("solr_password")
    response = requests.get(
        tk.config["solr_url"].rstrip("/") + "/analysis/field",
        params={"analysis.fieldtype": "text", "analysis.fieldvalue": word, "wt": "json"},
        auth=(user, password) if user and password else None,
        timeout=TIMEOUT_SECONDS,
    )
    response.raise_for_status()
    stages = response.json()["analysis"]["field_types"]["text"]["index"]
    return [token["text"] for token in stages[-1]]


def source_type() -> Check:
    """No harvest source lost its type in the index (ckanext-harvest 1.6 on CKAN 2.12 re-indexes it unvalidated)."""
    if not p.plugin_loaded("mxopendata_harvest"):
        return passed("source_type", count=0)
    found: dict[str, Any] = tk.get_action("package_search")(
        {"ignore_auth": True},
        {"fq": "+dataset_type:harvest", "rows": 1000, "fl": "id,name,validated_data_dict", "include_private": True},
    )
    lost = [
        source["name"]
        for source in found["results"]
        if not json.loads(source["validated_data_dict"]).get("source_type")
    ]
    if lost:
        return failed("source_type", names=", ".join(lost), first=lost[0])
    return passed("source_type", count=found["count"])
