"""Makes a CKAN dataset of a record, or brings the one it already is up to date.

Every field has an owner in the crosswalk (rule 4 of the architecture): a harvest sets those of the source and leaves
the local ones alone. A dataset keeps its id, its name and the ids of its resources for good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.mxopendata.core_tables import PACKAGE, PACKAGE_TAG, TAG
from ckanext.mxopendata.harvest import origins, trouble
from ckanext.mxopendata.harvest.connectors.base import Connector
from ckanext.mxopendata.harvest.handover import TAKEN_OVER
from ckanext.mxopendata.harvest.matching import file_addresses
from ckanext.mxopendata.harvest.together import AskedTogether
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import MappingSettings, map_record
from ckanext.mxopendata.metadata.mended import Change
from ckanext.mxopendata.metadata.merging import beyond_the_template, changed_fields, merged_resources, source_fields
from ckanext.mxopendata.metadata.names import dataset_name, short_digest

# Ours to set, whatever the crosswalk says of a field of that name in the source.
PROVENANCE = ("source_catalog", "source_identifier", "source_url", "harvested_at")
# What CKAN reads of a dataset to see what a new version of it changes.
_COMPARED = ("resources_all", "package_tags", "relationships_as_subject", "relationships_as_object")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Draft:
    """A dataset that was written in the current transaction.

    Attributes:
        dataset_id: its CKAN id.
        findings: what the mapping has to say about its record.
        source_tags: names of the tags that came from the source; the others are local.
        origin: the identifier its record says it had in another catalogue, or ``None``.
        hints: the UUIDs its record has to do with (:func:`.origins.hints`).
        changes: what of its record is written differently here.
    """

    dataset_id: str
    findings: Sequence[Finding] = ()
    source_tags: Sequence[str] = ()
    origin: str | None = None
    hints: Sequence[str] = ()
    changes: Sequence[Change] = ()


@dataclass
class DatasetWriter:
    """Writes the datasets of one source.

    Attributes:
        connector: the source's connector.
        mapping: what the mapping needs to know of the source.
        organization_id: the institution of new datasets.
        source_url: address of the source.
        source_title: name of the source.
        user: name of the user that writes, CKAN's site user.
        now: the time of the run, ISO 8601.
    """

    connector: Connector
    mapping: MappingSettings
    organization_id: str
    source_url: str
    source_title: str
    user: str
    now: str
    _names: set[str] = field(default_factory=set)
    _tags: dict[str, list[str]] = field(default_factory=dict)
    _user: Any = None
    _held: list[Any] = field(default_factory=list)
    _shown: dict[str, dict[str, Any]] = field(default_factory=dict)

    def begin(self, rows: Sequence[Mapping[str, Any]], tags: Mapping[str, list[str]]) -> None:
        """Look up once what a batch needs to know.

        Args:
            rows: the records of the batch, with action and title.
            tags: dataset id → names of the tags that came from the source last time.
        """
        self._tags = dict(tags)
        self._user = model.User.get(self.user)
        existing = [row["dataset_id"] for row in rows if row["dataset_id"]]
        self._held = _load(existing)
        with AskedTogether(existing):
            self._shown = {dataset_id: shown for dataset_id in existing if (shown := self._show_or_none(dataset_id))}
        names = {dataset_name(row["title"]) for row in rows if row["action"] == "created"}
        query = sa.select(PACKAGE.c.name).where(PACKAGE.c.name.in_(names))
        self._names = set(model.Session.execute(query).scalars()) if names else set()

    def write(self, row: Mapping[str, Any], record: Mapping[str, Any]) -> Draft:
        """Do to one dataset what was decided, in the current transaction and without indexing.

        Args:
            row: the line of the run: action, identifier, title, dataset_id, possible_duplicate_of.
            record: as the source gave it; empty for a dataset that is gone there.

        Raises:
            ckan.plugins.toolkit.ValidationError: where CKAN refuses it; the transaction is lost then.
        """
        if row["action"] == "archived":
            return self._update(row["dataset_id"], {"archived_at": self.now})
        if row["action"] == "deleted":
            return self._update(row["dataset_id"], {"state": "deleted"})
        mapped = map_record(dict(record), self.connector.shape, self.mapping)
        dataset = {**mapped.dataset, **self._provenance(row, record)}
        tags = [tag["name"] for tag in dataset.get("tags", [])]
        if row["action"] == "created":
            dataset_id = self._create(row, {**dataset, **self._remote_id(record)})
        else:
            dataset_id = row["dataset_id"]
            if row["matched_by"] == TAKEN_OVER:
                # Its page is to be that of the institution whose data these are.
                dataset["owner_org"] = self.organization_id
            self._merge(dataset_id, dataset, adopted=row["matched_by"] in ("harvester", TAKEN_OVER))
        origin = origins.origin(record, self.connector.shape)
        hints = origins.hints(record, row["identifier"], file_addresses(record))
        return Draft(dataset_id, mapped.findings, tags, origin, hints, mapped.changes)

    def _create(self, row: Mapping[str, Any], dataset: dict[str, Any]) -> str:
        dataset.update(name=self._new_name(row), owner_org=self.organization_id, type="dataset")
        if row["possible_duplicate_of"]:
            dataset["possible_duplicate_of"] = row["possible_duplicate_of"]
        return tk.get_action("package_create")(self._context(), dataset)

    def _remote_id(self, record: Mapping[str, Any]) -> dict[str, str]:
        """The id of a dataset of another CKAN, where it is free here.

        ckanext-harvest's own harvester knows its datasets by that: so it finds ours when a source goes back to it.
        """
        remote = record.get("id")
        if self.connector.shape != "ckan" or not isinstance(remote, str) or not _UUID.fullmatch(remote):
            return {}
        taken = model.Session.execute(sa.select(PACKAGE.c.id).where(PACKAGE.c.id == remote)).first()
        return {} if taken else {"id": remote}

    def _new_name(self, row: Mapping[str, Any]) -> str:
        name = dataset_name(row["title"])
        if name in self._names:
            name = f"{name}-{short_digest(self.source_url + row['identifier'])}"
        self._names.add(name)
        return name

    def _merge(self, dataset_id: str, dataset: Mapping[str, Any], adopted: bool) -> None:
        existing = self._shown.pop(dataset_id, None) or self._show(dataset_id)
        theirs = source_fields("dataset") - self._staying("dataset")
        merged = {key: value for key, value in existing.items() if key not in theirs}
        ours = (*PROVENANCE, "owner_org")
        local = {key for key in existing if key not in source_fields("dataset") and key not in ours}
        merged.update({key: value for key, value in dataset.items() if key not in local})
        merged["tags"] = self._merged_tags(dataset_id, existing, dataset)
        files, fresh = existing.get("resources", []), dataset.get("resources", [])
        merged["resources"] = merged_resources(files, fresh, adopted, self._staying("resource"))
        # Back in the source's list, whatever had become of it.
        merged["state"] = "active"
        merged.pop("archived_at", None)
        changed = changed_fields(merged, existing)
        if not changed:
            # The record changed in something the model does not hold: a new date would falsify freshness.
            return
        if changed == {"modified"}:
            # A new date of the data touches that date only.
            merged["harvested_at"] = existing.get("harvested_at")
        self._save(merged, existing)

    def _staying(self, level: str) -> frozenset[str]:
        """The fields of the source that a record which leaves them empty does not take away."""
        return beyond_the_template(level) if self.connector.is_template else frozenset()

    def _merged_tags(
        self, dataset_id: str, existing: Mapping[str, Any], dataset: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """The source's tags of today and those somebody added here."""
        before = set(self._tags.get(dataset_id, []))
        now = [tag["name"] for tag in dataset.get("tags", [])]
        local = [tag["name"] for tag in existing.get("tags", []) if tag["name"] not in before]
        known = {tag["name"]: tag for tag in existing.get("tags", [])}
        return [known.get(name, {"name": name}) for name in dict.fromkeys([*now, *local])]

    def _update(self, dataset_id: str, changes: Mapping[str, Any]) -> Draft:
        existing = self._shown.pop(dataset_id, None) or self._show(dataset_id)
        self._save({**existing, **changes}, existing)
        return Draft(dataset_id, source_tags=self._tags.get(dataset_id, []))

    def _save(self, dataset: dict[str, Any], existing: Mapping[str, Any]) -> None:
        # Else CKAN would keep the old time of the change.
        dataset.pop("metadata_modified", None)
        context = self._context()
        context["changed_entities"] = {"packages": {existing["id"]}}
        # What package_update would otherwise ask Solr for, once for each dataset.
        context["original_package"] = dict(existing)
        tk.get_action("package_update")(context, dataset)
        # CKAN 2.12 leaves the savepoint of package_update open in a deferred commit (stack trap 8).
        nested = model.Session().get_nested_transaction()
        if nested is not None:
            nested.commit()

    def _show(self, dataset_id: str) -> dict[str, Any]:
        context = self._context()
        context["use_cache"] = False
        return tk.get_action("package_show")(context, {"id": dataset_id})

    def _show_or_none(self, dataset_id: str) -> dict[str, Any] | None:
        try:
            return self._show(dataset_id)
        except Exception as error:  # it fails again, and alone, when its record is written
            if trouble.is_trouble(error):
                raise
            return None

    def _provenance(self, row: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "source_catalog": self.source_title,
            "source_identifier": row["identifier"],
            "source_url": self.connector.page_address(self.source_url, record) or self.source_url,
            "harvested_at": self.now,
        }

    def _context(self) -> Context:
        return {
            "user": self.user,
            # Else CKAN asks the database who that is, for each dataset.
            "auth_user_obj": self._user,
            "ignore_auth": True,
            "defer_commit": True,
            "return_id_only": True,
        }


def _load(dataset_ids: Sequence[str]) -> list[Any]:
    """Datasets of a batch, with what CKAN compares and their tags: while they are held, it finds them in the session.

    It would ask the database for each of them, one by one, otherwise.
    """
    if not dataset_ids:
        return []
    fresh = {"populate_existing": True}
    of_each = [orm.selectinload(getattr(model.Package, name)) for name in _COMPARED]
    packages = sa.select(model.Package).where(PACKAGE.c.id.in_(dataset_ids)).options(*of_each)
    used = sa.select(PACKAGE_TAG.c.tag_id).where(PACKAGE_TAG.c.package_id.in_(dataset_ids))
    tags = sa.select(model.Tag).where(TAG.c.id.in_(used))
    return [
        *model.Session.execute(packages.execution_options(**fresh)).scalars(),
        *model.Session.execute(tags).scalars(),
    ]
