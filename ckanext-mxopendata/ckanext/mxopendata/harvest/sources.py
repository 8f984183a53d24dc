"""Harvest sources: those CKAN knows, those that configuration files describe, and how the two are brought together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.mxopendata import config
from ckanext.mxopendata.harvest.config_files import ConfigFile, read_files
from ckanext.mxopendata.harvest.listing import list_sources
from ckanext.mxopendata.harvest.model import ManagedSource
from ckanext.mxopendata.harvest.settings import SOURCE_KEYS
from ckanext.mxopendata.harvest.stock import HarvestSource
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import is_empty

FOLDER = "harvest_configs"
DEFAULT_SCHEDULE = "WEEKLY"
_MANAGED = ManagedSource.__table__
# What a file says of an institution, in this order.
_OF_INSTITUTION = ("name", "title", "acronym", "description", "gov_type", "cvegeo", "ranked", "portal_url")
# Types of the stock harvesters → those of ours that read the same portals and take over their datasets.
SUCCESSORS = {"ckan": "mx_ckan", "dcat_json": "mx_datajson"}


@dataclass
class SyncResult:
    """What a synchronisation did, or would do.

    Attributes:
        created: names of new sources.
        updated: names of changed sources.
        unchanged: names of sources that are as their file says.
        disabled: names of sources whose file says ``enabled: false``.
        invalid: ``{"file", "findings"}`` of files that cannot be used.
        changes: ``{"source", "field", "old", "new"}`` for each difference.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    invalid: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, path: str, findings: Iterable[Finding]) -> None:
        """Add a file that cannot be used."""
        self.invalid.append({"file": path, "findings": [finding.to_dict() for finding in findings]})


def known_files(paths: Iterable[str] = ()) -> list[ConfigFile]:
    """Our configuration files, those of the operator's folders and of further places; of two for one source the later.

    Args:
        paths: files and folders.
    """
    ours = Path(str(files(f"ckanext.mxopendata.{FOLDER}")))
    return read_files([ours, *(Path(folder, FOLDER) for folder in config.config_dirs()), *map(Path, paths)])


def file_of(name: str) -> ConfigFile | None:
    """The configuration file of a source, whether CKAN knows the source or not; ``None`` where there is none.

    Where something is wrong with it, it says so.
    """
    found = [file for file in known_files() if file.name == name]
    return next((file for file in found if not file.findings), found[0] if found else None)


def sync(paths: Iterable[str], dry_run: bool = False, with_disabled: bool = False) -> SyncResult:
    """Bring CKAN's sources to what the configuration files say.

    Only sources that a file created are touched, and those of a stock harvester whose address a file names with the
    type of ours that takes its place: they become the file's. None is ever removed.

    Args:
        paths: files and folders besides those of the suite and of ``ckanext.mxopendata.config_dirs``.
        dry_run: whether only to tell what would be done.
        with_disabled: whether sources whose file says ``enabled: false`` are created too, switched off; else only
            those that are there already are kept as their file says.
    """
    result = SyncResult()
    for file in known_files(paths):
        if file.findings:
            result.refuse(file.path, file.findings)
            continue
        try:
            _sync_one(file, result, dry_run, with_disabled)
        except tk.ValidationError as error:
            model.Session.rollback()
            reasons = "; ".join(f"{key}: {value}" for key, value in error.error_summary.items())
            result.refuse(file.path, [Finding("source_refused", value=reasons)])
    return result


def export(name: str) -> dict[str, Any]:
    """A source as its configuration file would say it.

    Raises:
        ckan.plugins.toolkit.ObjectNotFound: where there is none of that name.
    """
    rows = list_sources([name])
    if not rows:
        raise tk.ObjectNotFound(name)
    row = rows[0]
    source = HarvestSource.get(row["id"])
    package: Any = model.Package.get(row["id"])
    settings = json.loads(source.config) if source.config else {}
    institution = settings.pop("institution", None) or row["institution"]
    head = {"name": row["name"], "title": row["title"], "url": row["url"], "type": row["type"]}
    head |= {"notes": package.notes} if package.notes else {}
    whole = {**head, "enabled": row["enabled"], "schedule": row["schedule"], **settings}
    return {**whole, "institution": _described(institution)}


def described_institution(name: str) -> Mapping[str, Any] | None:
    """How the configuration files of this site describe an institution, or ``None`` where none does."""
    said = (file.content.get("institution") for file in known_files() if not file.findings)
    return next((one for one in said if isinstance(one, Mapping) and one["name"] == name), None)


def save(content: Mapping[str, Any], origin: str | None, context: Context | None = None) -> str:
    """Create a source, and its institution where that does not exist.

    Args:
        content: as a configuration file says it.
        origin: the file that manages it from now on, or ``None``.
        context: of who makes it; the site itself where it is ``None``.

    Returns:
        The id of the source.

    Raises:
        ckan.plugins.toolkit.ValidationError: where CKAN refuses it.
    """
    _ensure_institution(content["institution"])
    wanted, on = _source_dict(content), content.get("enabled", True)
    # The stock action knows no source that is off: until it is, nothing may find it due.
    given = wanted if on else {**wanted, "frequency": "MANUAL"}
    source = tk.get_action("harvest_source_create")(context or _context(), given)
    if not on:
        _switch(source["id"], on)
        HarvestSource.get(source["id"]).frequency = wanted["frequency"]
        model.Session.commit()
    if origin:
        _manage(source["id"], origin, content)
    return source["id"]


def _sync_one(file: ConfigFile, result: SyncResult, dry_run: bool, with_disabled: bool) -> None:
    content, name = file.content, file.name
    enabled = content.get("enabled", True)
    package = model.Package.get(name) or (_predecessor(content) if enabled else None)
    if package is None:
        if not enabled:
            result.disabled.append(name)
        if enabled or with_disabled:
            result.created.append(name)
            if not dry_run:
                save(content, file.path)
        return
    managed = model.Session.execute(sa.select(_MANAGED.c.file).where(_MANAGED.c.source_id == package.id)).first()
    taken_over = enabled and managed is None and _is_succeeded(HarvestSource.get(package.id), content)
    if package.state != "active" or managed is None and not taken_over:
        result.refuse(file.path, [Finding("source_not_ours", value=name)])
        return
    changes = _changes(package, content)
    if changes:
        result.updated.append(name)
        result.changes += changes
        if not dry_run:
            _update(package.id, content, file.path)
    else:
        result.unchanged.append(name)
    if not enabled:
        result.disabled.append(name)


def _predecessor(content: Mapping[str, Any]) -> Any:
    """The dataset behind the source of a stock harvester that a file takes over, or ``None``."""
    old = [stock for stock, ours in SUCCESSORS.items() if ours == content["type"]]
    sources = model.Session.query(HarvestSource).filter(HarvestSource.type.in_(old), HarvestSource.active.is_(True))
    found = [source.id for source in sources if _is_succeeded(source, content)]
    return model.Package.get(found[0]) if len(found) == 1 else None


def _is_succeeded(source: Any, content: Mapping[str, Any]) -> bool:
    """Whether a source is of a stock harvester, and a file names its address with the type that takes its place."""
    if source is None or SUCCESSORS.get(source.type) != content["type"]:
        return False
    here, there = (str(url).strip().rstrip("/").lower() for url in (source.url, content["url"]))
    return here == there


def _changes(package: Any, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    source = HarvestSource.get(package.id)
    wanted = _source_dict(content)
    now = {
        "name": package.name,
        "title": source.title,
        "url": source.url,
        "source_type": source.type,
        "frequency": source.frequency,
        "config": source.config or "",
        "notes": package.notes or "",
        "enabled": source.active,
    }
    target = {**{key: wanted[key] for key in now if key in wanted}, "enabled": content.get("enabled", True)}
    return [
        {"source": package.name, "field": key, "old": now[key], "new": target[key]}
        for key in now
        if now[key] != target[key]
    ]


def _update(source_id: str, content: Mapping[str, Any], path: str) -> None:
    tk.get_action("harvest_source_update")(_context(), {**_source_dict(content), "id": source_id})
    _switch(source_id, content.get("enabled", True))
    _manage(source_id, path, content)


def _switch(source_id: str, on: bool) -> None:
    # ckanext-harvest has no action that switches a source off without removing its page.
    HarvestSource.get(source_id).active = on


def _manage(source_id: str, path: str, content: Mapping[str, Any]) -> None:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    values = {"file": path, "digest": digest}
    statement = insert(_MANAGED).values(source_id=source_id, **values)
    model.Session.execute(statement.on_conflict_do_update(index_elements=[_MANAGED.c.source_id], set_=values))
    model.Session.commit()


def config_of(content: Mapping[str, Any]) -> str:
    """What of a configuration file is the configuration of its source, as CKAN keeps it."""
    rest = {key: value for key, value in content.items() if key not in SOURCE_KEYS | {"schedule", "institution"}}
    return json.dumps({"institution": _institution(content), **rest}, ensure_ascii=False, sort_keys=True, indent=1)


def _institution(content: Mapping[str, Any]) -> str:
    institution = content["institution"]
    return institution if isinstance(institution, str) else institution["name"]


def _source_dict(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": content["name"],
        "title": content["title"],
        "url": content["url"],
        "source_type": content["type"],
        "notes": content.get("notes", ""),
        "frequency": content.get("schedule", DEFAULT_SCHEDULE),
        "owner_org": _institution(content),
        "config": config_of(content),
    }


def _described(name: str) -> str | dict[str, Any]:
    """An institution as a file describes it, so that another portal can create it; its name where it does not exist."""
    try:
        shown = tk.get_action("organization_show")(_context(), {"id": name, "include_users": False})
    except tk.ObjectNotFound:
        return name
    described = {key: shown[key] for key in _OF_INSTITUTION if not is_empty(shown.get(key))}
    if "ranked" in described:
        described["ranked"] = str(described["ranked"]).lower() == "true"
    return described


def _ensure_institution(institution: str | Mapping[str, Any]) -> None:
    """Create an institution that a file describes; one that exists belongs to its editors and is not changed."""
    if isinstance(institution, str) or model.Group.get(institution["name"]) is not None:
        return
    tk.get_action("organization_create")(_context(), dict(institution))


def _context() -> Context:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"ignore_auth": True, "user": user["name"]}
