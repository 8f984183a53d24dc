"""Catalogues in one file: ``data.json`` of Project Open Data, DKAN and ArcGIS Hub, ADELA's ``catalogo.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ckanext.mxopendata.harvest.connectors.base import Known, Page, Shape
from ckanext.mxopendata.harvest.documents import digest_of, make_utf8, read_beside_list, stream_list
from ckanext.mxopendata.http import HttpClient, Validators
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import as_list, is_empty

PAGE_SIZE = 500
# Of these ADELA's datasets have none of their own: the catalogue's is theirs.
INHERITED = ("license", "language")
# Catalogues of other profiles have one of these; what they say of themselves is the catalogue's only.
OTHER_PROFILES = frozenset(("@context", "conformsTo", "publisher", "superThemeTaxonomy", "themeTaxonomy"))


class DataJsonConnector:
    """Fetches the file once, then reads it as a stream."""

    platform = "datajson"
    shape: Shape = "datajson"
    title = "data.json (México)"
    description = "Catálogo en un archivo data.json (Project Open Data 1.1), catalogo.json de ADELA o DCAT-US."
    authorization = "Bearer {key}"
    repeats_while_paging = False

    def pages(
        self, client: HttpClient, url: str, position: Mapping[str, Any], document: Path, known: Known | None = None
    ) -> Iterator[Page]:
        """See :meth:`Connector.pages`; the list is unmodified where the server says so, or where the file is equal."""
        findings: list[Finding] = []
        memory: dict[str, Any] | None = None
        if not document.exists():
            before = known.memory if known and known.whole else {}
            fetched = client.fetch_if_changed(url, Validators.of(before))
            if fetched is None:
                yield Page(records=[], position={}, reading="unmodified", memory=before)
                return
            # Many servers give no validators, or new ones for the same file.
            memory = {**fetched.validators.facts(), "digest": digest_of(fetched.path)}
            if memory["digest"] == before.get("digest"):
                fetched.path.unlink()
                yield Page(records=[], position={}, reading="unmodified", memory=memory)
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

    def version(self, record: Mapping[str, Any]) -> str | None:
        """No record of such a file can be read alone: its version would be of no use."""
        return None

    def not_a_dataset(self, record: Mapping[str, Any]) -> bool:
        """A file of this kind lists datasets only."""
        return False

    def page_address(self, url: str, record: Mapping[str, Any]) -> str | None:
        """See :meth:`Connector.page_address`."""
        page = record.get("landingPage")
        return page if isinstance(page, str) and page.startswith(("http://", "https://")) else None


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
