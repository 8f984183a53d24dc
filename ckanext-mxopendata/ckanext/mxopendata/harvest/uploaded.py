"""The catalogue of an institution without a portal: a table that it uploads, read as if it were fetched.

The file belongs to a source of type ``mx_table``. Its address is the page on which people upload it, and nothing is
ever read from there: what a source's address says opens no file of this machine.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.mxopendata import config
from ckanext.mxopendata.core_tables import PACKAGE, extra_value
from ckanext.mxopendata.harvest.adoption import UNWRITTEN
from ckanext.mxopendata.harvest.connectors.table_records import take_in
from ckanext.mxopendata.harvest.connectors.table_store import Store
from ckanext.mxopendata.harvest.model import Identity, Run, Spooled, Upload
from ckanext.mxopendata.harvest.pruning import OURS
from ckanext.mxopendata.harvest.sources import save
from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS, HarvestSource
from ckanext.mxopendata.http import Fetched, FetchError, HttpClient, HttpSettings, Validators
from ckanext.mxopendata.local_files import writing
from ckanext.mxopendata.metadata.commitment_columns import CATALOGUE, INVENTORY
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import title_key
from ckanext.mxopendata.metadata.names import short_digest, slug

TYPE = "mx_table"
_IDENTITY = Identity.__table__
_SPOOL = Spooled.__table__
_UPLOAD = Upload.__table__
_SHOWN_NAME = 200


class UploadClient(HttpClient):
    """Gives a table that was uploaded in the place of what an address would answer; asks no other machine."""

    def __init__(self, settings: HttpSettings, folder: Path | None, source_id: str) -> None:
        super().__init__(settings, folder)
        self._source_id = source_id

    def fetch(self, url: str) -> Fetched:
        """The table."""
        query = sa.select(_UPLOAD.c.content, _UPLOAD.c.digest).where(_UPLOAD.c.source_id == self._source_id)
        row = model.Session.execute(query).first()
        if row is None:
            raise FetchError(Finding("http_not_found", location=url))
        content = zlib.decompress(row.content)
        with writing():
            handle, name = tempfile.mkstemp(prefix=OURS, suffix=".part", dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        return Fetched(Path(name), url, "", len(content), Validators(url, row.digest))

    def fetch_if_changed(self, url: str, known: Validators) -> Fetched | None:
        """The table, unless it is still the one of before."""
        query = sa.select(_UPLOAD.c.digest).where(_UPLOAD.c.source_id == self._source_id)
        same = known.etag and known.etag == model.Session.execute(query).scalar()
        return None if same else self.fetch(url)


def client(settings: HttpSettings, folder: Path, source_id: str) -> HttpClient:
    """What a source is read with: of one whose table was uploaded, that table."""
    if source_id and is_uploaded(source_id):
        return UploadClient(settings, folder, source_id)
    return HttpClient(settings, folder)


def is_uploaded(source_id: str) -> bool:
    """Whether a source reads a table that was uploaded."""
    query = sa.select(sa.exists().where(_UPLOAD.c.source_id == source_id))
    return bool(model.Session.execute(query).scalar())


def of_institution(organization_id: str) -> Any:
    """The upload of an institution whose source is still there, or ``None``."""
    query = (
        sa.select(_UPLOAD.c.source_id, _UPLOAD.c.file_name, _UPLOAD.c.uploaded, PACKAGE.c.name, PACKAGE.c.title)
        .join(PACKAGE, PACKAGE.c.id == _UPLOAD.c.source_id)
        .where(_UPLOAD.c.organization_id == organization_id, PACKAGE.c.state == "active")
    )
    return model.Session.execute(query).first()


def datasets_of(source_id: str) -> list[dict[str, str]]:
    """The datasets that a source brought and that are there: ``identifier``, ``title``, ``name``."""
    query = (
        sa.select(_IDENTITY.c.identifier, PACKAGE.c.title, PACKAGE.c.name)
        .join(PACKAGE, PACKAGE.c.id == _IDENTITY.c.dataset_id)
        .where(_IDENTITY.c.source_id == source_id, _IDENTITY.c.archived_at.is_(None), PACKAGE.c.state == "active")
        .order_by(PACKAGE.c.title)
    )
    return [dict(row) for row in model.Session.execute(query).mappings()]


def refuse(content: bytes) -> Finding | None:
    """Why a table cannot be a catalogue, read to its end as the harvest would; ``None`` where it can.

    Raises:
        SourceError: where it is no table of ours, or this server has no room for it.
    """
    with tempfile.TemporaryDirectory(prefix=OURS, dir=config.harvest_folder()) as folder:
        path = Path(folder, "table")
        with writing():
            path.write_bytes(content)
        with Store(Path(folder, "rows")) as store:
            kind = take_in(path, "", store, "kind")
    if kind == CATALOGUE:
        return None
    return Finding("table_is_inventory" if kind == INVENTORY else "table_is_plan")


def keep(content: bytes, file_name: str, institution: dict[str, Any], now: datetime) -> str:
    """Make a table the catalogue of an institution, in the place of the one before; returns the id of its source.

    Args:
        content: the file.
        file_name: how it is called.
        institution: as ``organization_show`` gives it.
        now: the moment of the upload.
    """
    source_id = _known_source(institution["id"]) or _new_source(institution)
    values = {
        "organization_id": institution["id"],
        "file_name": file_name[:_SHOWN_NAME],
        "digest": hashlib.blake2b(content, digest_size=20).hexdigest(),
        "content": zlib.compress(content),
        "uploaded": now,
    }
    statement = insert(_UPLOAD).values(source_id=source_id, **values)
    model.Session.execute(statement.on_conflict_do_update(index_elements=[_UPLOAD.c.source_id], set_=values))
    model.Session.commit()
    return source_id


def _known_source(organization_id: str) -> str | None:
    """The source of an institution's table; one that was deleted is one again, and knows its datasets."""
    query = sa.select(_UPLOAD.c.source_id).where(_UPLOAD.c.organization_id == organization_id)
    source_id = model.Session.execute(query).scalar()
    source, package = (HarvestSource.get(source_id), model.Package.get(source_id)) if source_id else (None, None)
    if source is None or package is None:
        model.Session.execute(sa.delete(_UPLOAD).where(_UPLOAD.c.organization_id == organization_id))
        return None
    if package.state != "active" or not source.active:
        user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        context: Context = {"ignore_auth": True, "user": user}
        tk.get_action("package_patch")(context, {"id": source_id, "state": "active"})
        # ckanext-harvest has no action that switches a source on.
        HarvestSource.get(source_id).active = True
    return source_id


def _new_source(institution: dict[str, Any]) -> str:
    name = slug(f"tabla-{institution['name']}", limit=90)
    if model.Package.get(name) is not None:
        name = f"{name}-{short_digest(institution['id'])}"
    address = tk.h.url_for("mxopendata_tables.page", name=institution["name"], _external=True, locale="default")
    title = f"Tabla de {institution.get('title') or institution['name']}"
    content = {"name": name, "title": title, "url": address, "type": TYPE, "institution": institution["name"]}
    return save(content, origin=None)


def adopt(run: Run, organization_id: str) -> list[Finding]:
    """Make datasets that a table brought before it was the whole catalogue ours, in the current transaction.

    They are those of the institution that have the identifier of a record and belong to no source. Two of one
    identifier are left as they are, and named.

    Args:
        run: a run whose list was read to its end.
        organization_id: the source's institution.
    """
    if not is_uploaded(run.source_id):
        return []
    identifier = extra_value(PACKAGE, "identifier")
    listed = sa.select(_SPOOL.c.identifier).where(_SPOOL.c.run_id == run.id, _SPOOL.c.action.is_(None))
    known = sa.select(_IDENTITY.c.identifier).where(_IDENTITY.c.source_id == run.source_id)
    objects = HARVEST_OBJECTS
    query = sa.select(identifier.label("identifier"), PACKAGE.c.id, PACKAGE.c.name, PACKAGE.c.title).where(
        PACKAGE.c.owner_org == organization_id,
        PACKAGE.c.type == "dataset",
        PACKAGE.c.state == "active",
        identifier.in_(listed),
        identifier.not_in(known),
        ~sa.exists().where(_IDENTITY.c.dataset_id == PACKAGE.c.id),
        ~sa.exists().where(objects.c.package_id == PACKAGE.c.id, objects.c.current.is_(True)),
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in model.Session.execute(query.order_by(PACKAGE.c.name)):
        found[row.identifier].append(row)
    own = {name: rows[0] for name, rows in found.items() if len(rows) == 1}
    facts = {"source_id": run.source_id, "hash": UNWRITTEN, "source_tags": [], "findings": [], "first_seen": run.at}
    lines = [
        {**facts, "identifier": name, "dataset_id": row.id, "title_key": title_key(row.title or "")}
        for name, row in own.items()
    ]
    if lines:
        model.Session.execute(insert(_IDENTITY).values(lines))
    findings = [Finding("table_datasets_adopted", value=str(len(own)))] if own else []
    left = [row.name for rows in found.values() if len(rows) > 1 for row in rows]
    if left:
        findings.append(Finding("datasets_not_adopted", value=", ".join(left)[:200], details={"count": len(left)}))
    return findings
