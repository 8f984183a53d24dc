"""Datasets that may be one of before under a new identifier: who decides, and what becomes of them.

A run never decides this by itself (:mod:`.matching`): it creates the dataset and says which one it may be.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.harvest import handover, report
from ckanext.mxopendata.harvest.model import Elsewhere, Identity, Record, Redirect, Run

FIELD = "possible_duplicate_of"
# How many are looked at; who has more than these decides on the first ones first.
_MOST = 500
# The content of no record: the next harvest writes what its source says.
_TO_BE_WRITTEN = "decided"


def doubtful(source: str | None = None) -> list[dict[str, Any]]:
    """The datasets about which nobody has decided yet, the oldest first.

    Args:
        source: id or name of a harvest source; ``None`` for all.

    Returns:
        ``[{"dataset", "other", "source", "source_title", "institution", "institution_title"}]``; ``dataset`` and
        ``other`` as ``package_show`` gives them, without regard to who may see them.
    """
    records, sources = Record.__table__, PACKAGE.alias("sources")
    query = (
        sa.select(records.c.dataset_id, Run.source_id, sa.func.min(Run.started).label("since"))
        .join(Run, Run.id == records.c.run_id)
        .join(PACKAGE, PACKAGE.c.id == records.c.dataset_id)
        .join(sources, sources.c.id == Run.source_id)
        .where(records.c.action == "created", records.c.possible_duplicate_of.isnot(None), PACKAGE.c.state == "active")
        .group_by(records.c.dataset_id, Run.source_id)
        .order_by(sa.text("since"), records.c.dataset_id)
        .limit(_MOST)
    )
    if source:
        query = query.where(sa.or_(sources.c.id == source, sources.c.name == source))
    rows = model.Session.execute(query).all()
    known = report.sources_by_id({row.source_id for row in rows})
    found: list[dict[str, Any]] = []
    for row in rows:
        dataset = _show(row.dataset_id)
        other = _show(str(dataset.get(FIELD) or "")) if dataset else None
        if dataset and other and row.source_id in known:
            facts = known[row.source_id]
            found.append({
                "dataset": dataset,
                "other": other,
                "source": facts["name"],
                "source_title": facts["title"],
                "institution": facts["institution"],
                "institution_title": facts["institution_title"],
            })  # fmt: skip
    return found


def pair(dataset_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A doubtful dataset and the one it may be.

    Args:
        dataset_id: id or name of the doubtful one.

    Raises:
        ckan.plugins.toolkit.ObjectNotFound: where there is no such dataset, or nothing to decide about it.
    """
    dataset = _show(dataset_id)
    other = _show(str(dataset.get(FIELD) or "")) if dataset else None
    if dataset is None or other is None:
        raise tk.ObjectNotFound("Nothing to decide about this dataset")
    return dataset, other


def accept(dataset: dict[str, Any], other: dict[str, Any], context: Any) -> None:
    """It is the same: its identifier moves to the dataset of before, its address leads there, and it goes.

    What the source says of it now is written into the dataset of before by the next harvest. All of it happens in one
    transaction.

    Args:
        dataset: the doubtful one.
        other: the one of before.
        context: CKAN's, of who decides.

    Raises:
        ckan.plugins.toolkit.ValidationError: where its source is being harvested just now, or no longer lists it.
    """
    identities = model.Session.query(Identity).filter(Identity.dataset_id == dataset["id"]).all()
    if not identities:
        raise tk.ValidationError({FIELD: [tk._("No source lists this dataset any more.")]})
    writers = model.Session.query(Identity).filter(Identity.dataset_id == other["id"]).all()
    for identity in identities:
        _check_at_rest(identity.source_id)
        elsewhere = next((writer for writer in writers if writer.source_id != identity.source_id), None)
        if elsewhere is not None:
            _check_at_rest(elsewhere.source_id)
            handover.settle_accepted(identity, elsewhere)
            continue
        former = model.Session.query(Identity).filter(
            Identity.source_id == identity.source_id, Identity.dataset_id == other["id"]
        )
        former.delete(synchronize_session=False)
        identity.dataset_id = other["id"]
        identity.hash = _TO_BE_WRITTEN
        identity.absent_since, identity.absent_runs, identity.archived_at = None, 0, None
    of_others = model.Session.query(Elsewhere).filter(Elsewhere.dataset_id == dataset["id"])
    of_others.update({"dataset_id": other["id"]}, synchronize_session=False)
    earlier = model.Session.query(Redirect).filter(Redirect.dataset_id == dataset["id"])
    earlier.update({"dataset_id": other["id"]}, synchronize_session=False)
    _decided(dataset["id"])
    redirect = Redirect(former_id=dataset["id"], former_name=dataset["name"], dataset_id=other["id"])
    model.Session.merge(redirect)
    # Commits.
    tk.get_action("package_delete")(context, {"id": dataset["id"]})


def reject(dataset: dict[str, Any]) -> None:
    """They are two: nobody is asked again."""
    _decided(dataset["id"])
    tk.get_action("package_patch")({"ignore_auth": True}, {"id": dataset["id"], FIELD: ""})


def redirect_of(name_or_id: str) -> str | None:
    """The name of the dataset that one which is gone was found to be."""
    query = (
        sa.select(PACKAGE.c.name)
        .join(Redirect, Redirect.dataset_id == PACKAGE.c.id)
        .where(
            sa.or_(Redirect.former_id == name_or_id, Redirect.former_name == name_or_id), PACKAGE.c.state == "active"
        )
    )
    return model.Session.execute(query).scalars().first()


def is_any_waiting() -> bool:
    """Whether somebody has something to decide."""
    records = Record.__table__
    query = sa.select(records.c.dataset_id).join(PACKAGE, PACKAGE.c.id == records.c.dataset_id)
    query = query.where(records.c.possible_duplicate_of.isnot(None), PACKAGE.c.state == "active").limit(1)
    return model.Session.execute(query).first() is not None


def _decided(dataset_id: str) -> None:
    """Take the question out of the reports, in the current transaction."""
    records = Record.__table__
    where = (records.c.dataset_id == dataset_id, records.c.possible_duplicate_of.isnot(None))
    model.Session.execute(sa.update(records).where(*where).values(possible_duplicate_of=None))


def _check_at_rest(source_id: str) -> None:
    running = model.Session.query(Run.id).filter(Run.source_id == source_id, Run.status.is_(None))
    if running.first():
        raise tk.ValidationError({FIELD: [tk._("Its source is being harvested just now. Try again in a few minutes.")]})


def _show(dataset_id: str) -> dict[str, Any] | None:
    if not dataset_id:
        return None
    try:
        return tk.get_action("package_show")({"ignore_auth": True, "use_cache": False}, {"id": dataset_id})
    except tk.ObjectNotFound:
        return None
