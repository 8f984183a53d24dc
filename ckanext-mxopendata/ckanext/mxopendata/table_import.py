"""A ``ds:/rs:`` catalogue becomes the datasets of an institution: each as a whole or not at all.

A table adds and changes; it never removes: an empty cell leaves a field as it is, a resource or a dataset that the
table does not name stays. So an incomplete table loses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.mxopendata.core_tables import PACKAGE, read_extras
from ckanext.mxopendata.metadata.catalogue_table import Catalogue, CatalogueDataset, read_catalogue
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import MappingSettings
from ckanext.mxopendata.metadata.merging import changed_fields, match_resources
from ckanext.mxopendata.metadata.names import dataset_name, short_digest
from ckanext.mxopendata.metadata.records import is_empty
from ckanext.mxopendata.metadata.validation import validate_dataset

FATES = ("created", "updated", "unchanged", "rejected")
# What package_show works out by itself, and what CKAN sets anew on each save.
_WORKED_OUT = frozenset((
    "num_resources", "num_tags", "isopen", "license_title", "license_url", "organization", "metadata_modified",
))  # fmt: skip


@dataclass
class ImportReport:
    """What became of a table.

    Attributes:
        catalogue: the table as it was read.
        fates: of each dataset of the catalogue, one of ``FATES``.
        names: of each, the name of its dataset in CKAN where there is one.
        findings: of the table, then of each dataset; ``details["row"]`` is the row.
    """

    catalogue: Catalogue
    fates: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows of data the table has; every one is counted in the fate of its dataset."""
        return sum(len(dataset.rows) for dataset in self.catalogue.datasets)

    def counted(self, in_rows: bool = True) -> dict[str, int]:
        """How many rows (or datasets) met each fate."""
        counts: dict[str, int] = dict.fromkeys(FATES, 0)
        for dataset, fate in zip(self.catalogue.datasets, self.fates, strict=True):
            counts[fate] += len(dataset.rows) if in_rows else 1
        return counts

    def to_dict(self, language: str) -> dict[str, Any]:
        """``{"rows", "created", "updated", "unchanged", "rejected", "datasets": {…}, "findings": [Finding + "row"]}``.

        The four counts are of rows and add up to ``rows``; those below ``datasets`` are of datasets.
        """
        findings = [{**finding.to_dict(language), "row": finding.details.get("row")} for finding in self.findings]
        return {"rows": self.rows, **self.counted(), "datasets": self.counted(in_rows=False), "findings": findings}


def import_catalogue(  # noqa: PLR0913, PLR0917 - whose table, in whose name, and how it is read
    content: bytes,
    institution: Mapping[str, Any],
    user: str,
    dry_run: bool = False,
    date_order: str | None = None,
    own_source: str | None = None,
) -> ImportReport:
    """Read a catalogue and store its datasets in an institution.

    Mandatory fields that the table has no column for are reported, not refused: these are records of another place.

    Args:
        content: the CSV or XLSX file.
        institution: as ``organization_show`` gives it.
        user: name of the user in whose name datasets are written; who may is asked before.
        dry_run: whether only to say what would become of each row; CKAN is asked, nothing is kept.
        date_order: how the table writes dates (``DMY``, ``MDY``, ``YMD``); ``None`` finds it out of the table.
        own_source: title of the source whose datasets the table may change, besides those of none.

    Returns:
        The report; its catalogue has no dataset where the file could not be read, and says why.
    """
    settings = MappingSettings(
        date_order=date_order,
        cvegeo=institution.get("cvegeo") or None,
        gov_type=institution.get("gov_type") or None,
        institution_title=institution.get("title"),
    )
    report = ImportReport(read_catalogue(content, institution["name"], settings))
    report.findings.extend(report.catalogue.table.findings)
    stored = _stored(institution["id"])
    writer = _Writer(institution["id"], user, dry_run, own_source)
    for dataset in report.catalogue.datasets:
        fate, name, findings = _one(dataset, stored.get(dataset.identifier, ()), writer)
        report.fates.append(fate)
        report.names.append(name)
        report.findings.extend([*dataset.findings, *findings])
    return report


def _one(
    dataset: CatalogueDataset, known: Sequence[Mapping[str, Any]], writer: _Writer
) -> tuple[str, str | None, list[Finding]]:
    if dataset.is_rejected:
        return "rejected", None, []
    row = dataset.rows[0]
    refused = _refusal(dataset, known, row, writer.own_source)
    if refused:
        return "rejected", known[0]["name"], [refused]
    try:
        fate, name, saved = writer.update(known[0]["id"], dataset) if known else writer.create(dataset)
    except tk.ValidationError as error:
        model.Session.rollback()
        findings = [
            Finding("import_refused", name, str(row), words, {"row": row, "dataset": dataset.identifier})
            for name, words in _sentences(error.error_dict)
        ]
        return "rejected", known[0]["name"] if known else None, findings
    lacking = [finding for finding in validate_dataset(saved) if finding.severity == "warning"]
    placed = [
        Finding(finding.code, finding.field, str(row), finding.value, {**finding.details, "row": row})
        for finding in lacking
        if finding.code.startswith("missing_")
    ]
    return fate, name, placed


def _refusal(
    dataset: CatalogueDataset, known: Sequence[Mapping[str, Any]], row: int, own_source: str | None
) -> Finding | None:
    details = {"row": row, "dataset": dataset.identifier}
    if len(known) > 1:
        return Finding("import_identifier_twice", "ds:identifier", str(row), dataset.identifier, details)
    if known and known[0]["state"] == "deleted":
        return Finding("import_deleted", "ds:identifier", str(row), None, details)
    if known and known[0]["source"] and known[0]["source"] != own_source:
        return Finding("import_harvested", "ds:identifier", str(row), known[0]["source"], details)
    return None


def _sentences(errors: Mapping[str, Any], within: str = "") -> Iterable[tuple[str, str]]:
    """CKAN's errors as field and sentence, those of resources with their field only."""
    for name, words in errors.items():
        if isinstance(words, Mapping):
            yield from _sentences(words, within or name)
        elif isinstance(words, list):
            for item in words:
                if isinstance(item, Mapping):
                    yield from _sentences(item, name)
                else:
                    yield within or name, str(item)
        else:
            yield within or name, str(words)


def _stored(institution_id: str) -> dict[str, list[dict[str, Any]]]:
    """Identifier → the institution's datasets that have it; one that is deleted only where no other is."""
    wanted = ("id", "name", "state", "extras")
    columns = [PACKAGE.c[name] for name in wanted if name in PACKAGE.c]
    query = sa.select(*columns).where(PACKAGE.c.owner_org == institution_id, PACKAGE.c.type == "dataset")
    rows: list[Any] = list(model.Session.execute(query).mappings())
    extras = read_extras("package", rows)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        own = extras.get(row["id"], {})
        if own.get("identifier"):
            source = own.get("source_catalog") or own.get("source_identifier")
            known = {"id": row["id"], "name": row["name"], "state": row["state"], "source": source}
            found[own["identifier"]].append(known)
    for identifier, known in found.items():
        found[identifier] = [item for item in known if item["state"] != "deleted"] or known[:1]
    return found


@dataclass
class _Writer:
    """Creates and updates through CKAN's actions; on a dry run it asks them and takes everything back."""

    institution_id: str
    user: str
    dry_run: bool
    own_source: str | None = None

    def _context(self) -> Context:
        # The rights were asked for the institution as a whole; what the Guía makes mandatory is reported, not refused.
        context: Context = {"user": self.user, "ignore_auth": True, "return_id_only": True}
        if self.dry_run:
            context["defer_commit"] = True
        return context

    def create(self, dataset: CatalogueDataset) -> tuple[str, str, dict[str, Any]]:
        name = dataset_name(dataset.dataset["title"])
        if model.Session.execute(sa.select(PACKAGE.c.id).where(PACKAGE.c.name == name)).first():
            name = f"{name}-{short_digest(self.institution_id + dataset.identifier)}"
        new = {**dataset.dataset, "name": name, "owner_org": self.institution_id, "type": "dataset"}
        self._call("package_create", new)
        return "created", name, new

    def update(self, dataset_id: str, dataset: CatalogueDataset) -> tuple[str, str, dict[str, Any]]:
        asking: Context = {"user": self.user, "ignore_auth": True, "use_cache": False}
        existing = tk.get_action("package_show")(asking, {"id": dataset_id})
        merged = merged_with_table(existing, dataset.dataset)
        if not changed_fields(merged, existing):
            return "unchanged", existing["name"], existing
        self._call("package_update", {name: value for name, value in merged.items() if name not in _WORKED_OUT})
        return "updated", existing["name"], merged

    def _call(self, action: str, dataset: dict[str, Any]) -> None:
        try:
            tk.get_action(action)(self._context(), dataset)
        finally:
            if self.dry_run:
                model.Session.rollback()


def merged_with_table(existing: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset with what a table says of it.

    Args:
        existing: as ``package_show`` gives it.
        written: what the table says, in the same form.

    Returns:
        ``existing`` with the filled fields of ``written``; its resources keep their ids, those that the table does not
        name stay behind the others.
    """
    merged = dict(existing)
    merged.update({name: value for name, value in written.items() if not is_empty(value)})
    if {tag["name"] for tag in written.get("tags", ())} == {tag["name"] for tag in existing.get("tags", ())}:
        merged["tags"] = existing.get("tags", [])
    old = list(existing.get("resources", ()))
    known = {str(resource["id"]): resource for resource in old}
    fresh = list(written.get("resources", ()))
    pairs = match_resources(old, fresh)
    resources = []
    for position, resource in enumerate(fresh):
        before = known.pop(pairs.get(position, ""), {})
        if before and "download_url" not in before and resource.get("download_url") == resource.get("url"):
            resource = {name: value for name, value in resource.items() if name != "download_url"}  # noqa: PLW2901
        resources.append({**before, **resource})
    merged["resources"] = [*resources, *known.values()]
    return merged
