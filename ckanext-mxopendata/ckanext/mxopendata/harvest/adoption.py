"""Takes over the datasets that another harvester of ckanext-harvest made for a source before its type became ours.

ckanext-harvest leaves one ``current`` object for each dataset: its ``guid`` is the id of the remote dataset
(``ckan``) or the ``identifier`` of the record (``dcat_json``), its ``content`` the record. Ours never hold a record, so
an object with content was written by somebody else, also where a source went back to its old type for a while.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.munge import munge_tag

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.harvest import spool
from ckanext.mxopendata.harvest.connectors.base import Connector
from ckanext.mxopendata.harvest.model import Elsewhere, Identity, Run, Spooled
from ckanext.mxopendata.harvest.stock import HARVEST_OBJECTS
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import record_identity, title_key
from ckanext.mxopendata.metadata.records import as_list, unwrap
from ckanext.mxopendata.metadata.values import scalar

# The hash of a dataset whose record we have not written yet: it differs from that of every record.
UNWRITTEN = ""
# What other harvesters know a record by, the surest first.
ALIAS_KEYS = ("id", "identifier", "guid", "uri", "@id")

_CHUNK = 200
_SHOWN = 5
_ELSEWHERE = Elsewhere.__table__
_IDENTITY = Identity.__table__
_SPOOL = Spooled.__table__

# Its record and its dataset are known, but another harvester wrote the dataset after us.
_OVERWRITTEN = """
UPDATE mxopendata_harvest_identity i SET hash = :unwritten
FROM harvest_object o
WHERE i.source_id = :source AND i.hash <> :unwritten AND o.harvest_source_id = :source
    AND o.package_id = i.dataset_id AND o.current AND o.content IS NOT NULL
"""

# Another harvester removed it when its record was gone, which is not the word of an editor.
_REMOVED = """
UPDATE mxopendata_harvest_identity i SET archived_at = :now
FROM package p
WHERE i.source_id = :source AND i.archived_at IS NULL AND p.id = i.dataset_id AND p.state = 'deleted'
    AND NOT EXISTS (SELECT 1 FROM harvest_object o WHERE o.package_id = p.id AND o.current)
    AND EXISTS (SELECT 1 FROM harvest_object o WHERE o.package_id = p.id AND o.harvest_source_id = :source
        AND o.report_status = 'deleted')
"""


def adopt(run: Run, connector: Connector) -> list[Finding]:
    """Make the datasets of other harvesters ours, in the current transaction; no dataset is touched.

    A record of the list is the dataset that an object of one of its identifiers (:func:`aliases`) names. A dataset
    whose record is gone becomes known too, and waits like any other that is gone. One that shares its record with
    another dataset is left as it is, and named.

    Args:
        run: a run whose list was read to its end.
        connector: that of its source.

    Returns:
        How many datasets were taken over, and which were left; empty where there were none.
    """
    objects, source_id = HARVEST_OBJECTS, run.source_id
    of_others = sa.exists().where(objects.c.harvest_source_id == source_id, objects.c.content.isnot(None))
    # A source all of whose datasets are stored through another one is ours as well.
    of_ours = sa.exists().where(_IDENTITY.c.source_id == source_id) | sa.exists().where(
        _ELSEWHERE.c.source_id == source_id
    )
    others, ours = model.Session.execute(sa.select(of_others, of_ours)).one()
    if ours and not others:
        return []
    if ours:
        values = {"source": source_id, "now": run.at, "unwritten": UNWRITTEN}
        model.Session.execute(sa.text(_OVERWRITTEN), values)
        model.Session.execute(sa.text(_REMOVED), values)
    # Without identities the objects may be our own: our tables were taken away and came back.
    found = _candidates(source_id) if others or not ours else {}
    if not ours:
        for key, orphans in _orphans(source_id, connector.shape).items():
            found.setdefault(key, []).extend(orphans)
    if not found:
        return []
    identifiers = sa.select(_IDENTITY.c.identifier).where(_IDENTITY.c.source_id == source_id)
    known = set(model.Session.execute(identifiers).scalars())
    pairs: list[tuple[str | None, dict[str, Any]]] = list(_in_the_list(run.id, connector.shape, found, known))
    # Without an object nothing but its record ties a dataset to the source.
    pairs += [(None, one) for candidates in found.values() for one in candidates if one["id"]]
    adopted = 0
    left: list[str] = []
    for start in range(0, len(pairs), _CHUNK):
        noted, others_of_one = _note(run, connector.shape, pairs[start : start + _CHUNK], known)
        adopted += noted
        left += others_of_one
    findings = [Finding("datasets_adopted", value=str(adopted))] if adopted else []
    if left:
        shown = ", ".join(left[:_SHOWN]) + (" …" if len(left) > _SHOWN else "")
        findings.append(Finding("datasets_not_adopted", value=shown, details={"count": len(left)}))
    return findings


def aliases(record: Mapping[str, Any], platform: str) -> list[str]:
    """All that other harvesters may know a record by, the surest first.

    Args:
        record: as the portal gave it.
        platform: ``ckan`` or ``datajson``.
    """
    unwrapped = unwrap(record, platform)
    values = [*(record.get(key) for key in ALIAS_KEYS), *(unwrapped.get(key) for key in ALIAS_KEYS)]
    texts = [str(value) for value in values if isinstance(value, (str, int)) and str(value).strip()]
    return list(dict.fromkeys(texts))


def source_tags(record: Mapping[str, Any]) -> list[str]:
    """The tags that the harvesters of ckanext-harvest and ckanext-dcat give a dataset for this record."""
    names = [scalar(item) for key in ("tags", "keyword") for item in as_list(record.get(key))]
    given = [name.strip() for name in names if isinstance(name, str) and name.strip()]
    # Their option ``clean_tags`` writes them differently.
    return list(dict.fromkeys([*given, *(munge_tag(name) for name in given)]))


def _candidates(source_id: str) -> dict[str, list[dict[str, Any]]]:
    """Identifier of the other harvester → its datasets that no source of ours knows, the likeliest first."""
    objects = HARVEST_OBJECTS
    other = objects.alias()
    mine = sa.exists().where(_IDENTITY.c.dataset_id == objects.c.package_id)
    elsewhere = sa.exists().where(
        other.c.package_id == objects.c.package_id, other.c.current.is_(True), other.c.harvest_source_id != source_id
    )
    of_another = objects.c.content.isnot(None)
    query = (
        sa.select(
            objects.c.id,
            of_another.label("has_record"),
            objects.c.guid,
            objects.c.package_id,
            objects.c.current,
            objects.c.gathered,
            PACKAGE.c.name,
            PACKAGE.c.title,
            PACKAGE.c.state,
        )
        .distinct(objects.c.package_id)
        .join(PACKAGE, PACKAGE.c.id == objects.c.package_id)
        .where(objects.c.harvest_source_id == source_id, of_another | objects.c.current.is_(True), ~mine, ~elsewhere)
        .order_by(objects.c.package_id, objects.c.current.desc().nulls_last(), objects.c.gathered.desc().nulls_last())
    )
    found: dict[str, list[dict[str, Any]]] = {}
    rows = [dict(row) for row in model.Session.execute(query).mappings()]
    rows.sort(key=lambda row: str(row["gathered"] or ""), reverse=True)
    rows.sort(key=lambda row: (not row["current"], row["state"] != "active"))
    for row in rows:
        found.setdefault(row["guid"], []).append(row)
    return found


def _orphans(source_id: str, platform: str) -> dict[str, list[dict[str, Any]]]:
    """The same of datasets without any harvest object: ckanext-harvest can forget a source's history, but not them.

    They are those of the source's institution that a program made, not a person: one of the users that harvesters work
    as. ``ckan`` gave them the id of the remote dataset, ``dcat_json`` the extra ``guid``.
    """
    source = model.Package.get(source_id)
    if source is None or not source.owner_org:
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    query = model.Session.query(model.Package).filter(
        PACKAGE.c.type == "dataset",
        PACKAGE.c.state == "active",
        PACKAGE.c.owner_org == source.owner_org,
        PACKAGE.c.creator_user_id.in_(_harvesting_users()),
        ~sa.exists().where(HARVEST_OBJECTS.c.package_id == PACKAGE.c.id),
        ~sa.exists().where(_IDENTITY.c.dataset_id == PACKAGE.c.id),
    )
    for package in query:
        key = package.id if platform == "ckan" else package.extras.get("guid")
        if key:
            same = {"id": None, "has_record": False, "package_id": package.id, "guid": key, "current": True}
            named = {"gathered": None, "name": package.name, "title": package.title, "state": package.state}
            found.setdefault(key, []).append({**same, **named})
    return found


def _harvesting_users() -> list[str]:
    """Ids of the users that ckanext-harvest works as: its option, ``harvest``, the site's own."""
    names = {tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"], "harvest"}
    names.add(tk.config.get("ckanext.harvest.user_name") or "harvest")
    return [user.id for user in map(model.User.get, sorted(names)) if user is not None]


def _in_the_list(
    run_id: str, platform: str, found: dict[str, list[dict[str, Any]]], known: set[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The identifier of each record of the list that is one of the datasets, and that dataset, taken out of them."""
    numbers = model.Session.execute(
        sa.select(_SPOOL.c.number, _SPOOL.c.identifier).where(_SPOOL.c.run_id == run_id).order_by(_SPOOL.c.number)
    ).all()
    taken = set(known)
    for start in range(0, len(numbers), _CHUNK):
        part = numbers[start : start + _CHUNK]
        records = spool.records(run_id, [row.number for row in part])
        for row in part:
            names = [*aliases(records.get(row.number, {}), platform), row.identifier]
            name = next((name for name in names if name in found), None)
            if name is None or row.identifier in taken:
                continue
            taken.add(row.identifier)
            candidate = found[name].pop(0)
            if not candidate["has_record"]:
                candidate["source_tags"] = source_tags(records.get(row.number, {}))
            yield row.identifier, candidate
            if not found[name]:
                del found[name]


def _note(
    run: Run, platform: str, pairs: Sequence[tuple[str | None, dict[str, Any]]], known: set[str]
) -> tuple[int, list[str]]:
    """Remember datasets under their identifiers.

    Returns:
        How many, and the names of published ones whose identifier has another dataset already.
    """
    contents = _contents([candidate["id"] for _, candidate in pairs if candidate["id"]])
    rows: list[dict[str, Any]] = []
    left: list[str] = []
    for listed, candidate in pairs:
        record = contents.get(candidate["id"], {})
        own = record_identity(record, platform).identifier or candidate["guid"] or candidate["package_id"]
        identifier = listed or own
        if identifier in known:
            left += [candidate["name"]] if candidate["state"] == "active" else []
            continue
        known.add(identifier)
        # No current object: the other harvester removed it when its record was gone, and may do so no more.
        removed = candidate["state"] == "deleted" and not candidate["current"]
        rows.append(
            {
                "source_id": run.source_id,
                "identifier": identifier,
                "dataset_id": candidate["package_id"],
                "hash": UNWRITTEN,
                "title_key": title_key(candidate["title"] or ""),
                "source_tags": candidate.get("source_tags") or source_tags(record),
                "findings": [],
                "first_seen": candidate["gathered"].replace(tzinfo=timezone.utc) if candidate["gathered"] else run.at,
                "archived_at": run.at if removed else None,
            }
        )
    if rows:
        model.Session.execute(insert(_IDENTITY).values(rows))
    return len(rows), left


def _contents(object_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Id of a harvest object → the record it holds; empty where that is no JSON object."""
    query = sa.select(HARVEST_OBJECTS.c.id, HARVEST_OBJECTS.c.content).where(
        HARVEST_OBJECTS.c.id.in_(object_ids), HARVEST_OBJECTS.c.content.isnot(None)
    )
    contents: dict[str, dict[str, Any]] = {}
    for row in model.Session.execute(query):
        try:
            record = json.loads(row.content)
        except ValueError:  # another harvester's: XML, RDF
            record = None
        contents[row.id] = record if isinstance(record, dict) else {}
    return contents
