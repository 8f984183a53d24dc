"""Checks of what Solr holds: its schema, Spanish analysis, as many documents as the database, sources with a type."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import requests
import sqlalchemy as sa

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.search import SUPPORTED_SCHEMA_VERSIONS

from ckanext.mxopendata import solr_schema as schema_text
from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.doctor.check import Check, failed, passed

TIMEOUT_SECONDS = 10
# Spellings that a Spanish speaker expects to be the same word for a search; an English stemmer passes the first two.
SAME_WORDS = (("Educación", "educacion"), ("escuelas", "escuela"), ("públicas", "público"))
MOST_SOURCES = 1000
# What was written so lately may still be on its way to Solr: a run that writes, a soft commit.
ON_THE_WAY = timedelta(minutes=5)


def solr_schema() -> Check:
    """Solr answers, and has the schema of this CKAN version."""
    try:
        found = str(_ask("/schema")["schema"]["name"])
        _ask("/select", q="*:*", rows="0")
    except (requests.RequestException, KeyError, ValueError) as error:
        return failed("solr_schema", "away", error=_reason(error), address=_address())
    wanted = re.search(r'<schema name="([^"]+)"', schema_text.installed_schema())
    if found.rpartition("-")[2] not in SUPPORTED_SCHEMA_VERSIONS:
        return failed("solr_schema", found=found, wanted=wanted[1] if wanted else "?")
    if wanted is not None and found != wanted[1]:
        return failed("solr_schema", "older", found=found, wanted=wanted[1])
    return passed("solr_schema", found=found)


def solr_language() -> Check:
    """Solr finds ``Educación`` for ``educacion`` and ``escuela`` for ``escuelas``: it is asked, not its schema read."""
    different = [f"{one} ≠ {other}" for one, other in SAME_WORDS if _analysed(one) != _analysed(other)]
    if different:
        return failed("solr_language", different=", ".join(different))
    return passed("solr_language")


def _analysed(word: str) -> list[str]:
    """The terms that Solr's field type ``text`` makes of a word."""
    answer = _ask("/analysis/field", **{"analysis.fieldtype": "text", "analysis.fieldvalue": word})
    return [token["text"] for token in answer["analysis"]["field_types"]["text"]["index"][-1]]


def index() -> Check:
    """Solr holds as many datasets and sources as the database, apart from what was written just now."""
    indexed = int(_ask("/select", q="*:*", rows=0, fq=_ours())["response"]["numFound"])
    active = sa.select(sa.func.count()).select_from(PACKAGE).where(PACKAGE.c.state == "active")
    stored: int = model.Session.scalar(active) or 0
    since = datetime.now(timezone.utc).replace(tzinfo=None) - ON_THE_WAY
    lately = sa.select(sa.func.count()).select_from(PACKAGE).where(PACKAGE.c.metadata_modified > since)
    if abs(stored - indexed) > (model.Session.scalar(lately) or 0):
        return failed("index", "more" if indexed > stored else "", indexed=indexed, stored=stored)
    return passed("index", indexed=indexed)


def source_type() -> Check:
    """No harvest source lost its type in the index (ckanext-harvest 1.6 on CKAN 2.12 re-indexes it unvalidated)."""
    if not p.plugin_loaded("mxopendata_harvest"):
        return passed("source_type", count=0)
    filters = [*_ours(), "+dataset_type:harvest"]
    found = _ask("/select", q="*:*", rows=MOST_SOURCES, fq=filters, fl="name,validated_data_dict")["response"]
    lost = [
        source["name"] for source in found["docs"] if not json.loads(source["validated_data_dict"]).get("source_type")
    ]
    if lost:
        return failed("source_type", names=", ".join(lost), first=lost[0])
    return passed("source_type", count=found["numFound"])


def _ours() -> list[str]:
    """The filters for what this site has published, datasets and sources: several sites may share a core."""
    return [f'+site_id:"{tk.config["ckan.site_id"]}"', "+entity_type:package", "+state:active"]


def _ask(handler: str, **parameters: Any) -> dict[str, Any]:
    """One question to Solr.

    Raises:
        requests.RequestException: it does not answer, or refuses.
    """
    user, password = tk.config.get("solr_user"), tk.config.get("solr_password")
    response = requests.get(
        tk.config["solr_url"].rstrip("/") + handler,
        params={**parameters, "wt": "json"},
        auth=(user, password) if user and password else None,
        timeout=TIMEOUT_SECONDS,
    )
    response.raise_for_status()
    return response.json()


def _address() -> str:
    """Solr's address without the password that may stand in it."""
    return re.sub(r"//[^/@]*@", "//", tk.config["solr_url"])


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
