"""Catalogues in one file: ``data.json`` of Project Open Data, DKAN and ArcGIS Hub, ADELA's ``catalogo.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ckanext.mxopendata.harvest.connectors.base import Known, ListConnector, Page
from ckanext.mxopendata.harvest.connectors.one_document import fetch_if_other, unmodified
from ckanext.mxopendata.harvest.documents import make_utf8, read_beside_list, stream_list
from ckanext.mxopendata.http import HttpClient
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import as_list, is_empty

PAGE_SIZE = 500
# Of these ADELA's datasets have none of their own: the catalogue's is theirs.
INHERITED = ("license", "language")
# Catalogues of other profiles have one of these; what they say of themselves is the catalogue's only.
OTHER_PROFILES = frozenset(("@context", "conformsTo", "publisher", "superThemeTaxonomy", "themeTaxonomy"))


class DataJsonConnector(ListConnector):
    """Fetches the file once, then reads it as a stream."""

    platform = "datajson"
    title = "data.json (México)"
    description = "Catálogo en un archivo data.json (Project Open Data 1.1), catalogo.json de ADELA o DCAT-US."

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; the list is unmodified where the server says so, or where the file is equal."""
        findings: list[Finding] = []
        memory: Mapping[str, Any] | None = None
        if not document.exists():
            fetched, memory = fetch_if_other(client, url, known)
            if fetched is None:
                yield unmodified(memory)
                return
            try:
                encoding = make_utf8(fetched.path)
                fetched.path.replace(document)
            finally:
                fetched.path.unlink(missing_ok=True)
            if not encoding.startswith("utf"):
                findings.append(Finding("json_encoding", location=url, value=encoding))
        done, told = int(position.get("read", 0)), bool(position.get("inherited"))
        common = _of_the_catalogue(document, url)
        records = stream_list(document, url, skip=done)
        while batch := list(islice(records, PAGE_SIZE)):
            done += len(batch)
            heirs = [_with_inherited(record, common) for record in batch] if common else batch
            if heirs != batch and not told:
                told = True
                shown = "; ".join(f"{name}: {value}" for name, value in common.items())
                findings.append(Finding("catalogue_values_inherited", location=url, value=shown))
            position = {"read": done, "inherited": told}
            yield Page(records=heirs, position=position, findings=findings, memory=memory)
            findings, memory = [], None


def _of_the_catalogue(document: Path, url: str) -> dict[str, Any]:
    """What the datasets of ADELA's ``catalogo.json`` take from their catalogue; empty for other profiles."""
    beside = read_beside_list(document, url, enough=OTHER_PROFILES)
    if not OTHER_PROFILES.isdisjoint(beside):
        return {}
    return {name: beside[name] for name in INHERITED if not is_empty(beside.get(name))}


def _with_inherited(record: Any, common: Mapping[str, Any]) -> Any:
    """The record with what it and its distributions do not say themselves; so its change is the record's."""
    if not isinstance(record, Mapping):
        return record
    distributions = [item for item in as_list(record.get("distribution")) if isinstance(item, Mapping)]
    missing = {
        name: value
        for name, value in common.items()
        if all(is_empty(holder.get(name)) for holder in (record, *distributions))
    }
    return {**record, **missing}
