"""What an administrator decides on a commitment and a dataset of the same institution, and what is left to decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ckan import model

from ckanext.mxopendata.core_tables import PACKAGE
from ckanext.mxopendata.planning.commitment_model import Commitment, CommitmentMatch
from ckanext.mxopendata.planning.matching import Named, propose, score

CONFIRMED, REFUSED = "confirmed", "refused"


def proposals(organization_id: str) -> list[dict[str, Any]]:
    """The datasets that may keep the institution's open promises, the surest first.

    Returns:
        ``[{"commitment", "title", "dataset_id", "dataset", "dataset_title", "score"}]``, scores from 0 to 1.
    """
    wanted = sa.select(Commitment.id, Commitment.title).where(
        Commitment.organization_id == organization_id,
        Commitment.dataset_id.is_(None),
        Commitment.withdrawn_on.is_(None),
    )
    promises = [Named(row.id, row.title) for row in model.Session.execute(wanted)]
    here = sa.select(PACKAGE.c.id, PACKAGE.c.title, PACKAGE.c.name).where(
        PACKAGE.c.owner_org == organization_id, PACKAGE.c.state == "active", PACKAGE.c.type == "dataset"
    )
    datasets = {row.id: Named(row.id, row.title or row.name, row.name) for row in model.Session.execute(here)}
    refused = sa.select(CommitmentMatch.commitment_id, CommitmentMatch.dataset_id).where(
        CommitmentMatch.commitment_id.in_([one.id for one in promises]), CommitmentMatch.decision == REFUSED
    )
    pairs = [(row.commitment_id, row.dataset_id) for row in model.Session.execute(refused)]
    titles = {one.id: one.text for one in promises}
    return [
        {
            "commitment": proposal.commitment_id,
            "title": titles[proposal.commitment_id],
            "dataset_id": proposal.dataset_id,
            "dataset": datasets[proposal.dataset_id].address,
            "dataset_title": datasets[proposal.dataset_id].text,
            "score": proposal.score,
        }
        for proposal in propose(promises, datasets.values(), pairs)
    ]


def dataset_of(organization_id: str, id_or_name: str) -> Any:
    """``id``, ``title`` and ``name`` of an active dataset of the institution, or ``None``."""
    query = sa.select(PACKAGE.c.id, PACKAGE.c.title, PACKAGE.c.name).where(
        PACKAGE.c.owner_org == organization_id,
        PACKAGE.c.state == "active",
        sa.or_(PACKAGE.c.id == id_or_name, PACKAGE.c.name == id_or_name),
    )
    return model.Session.execute(query).first()


def decide(commitment: Any, dataset: Any, decision: str, now: datetime) -> None:
    """Enter a decision, and give the commitment its dataset or take it away; it is not proposed again once refused.

    Args:
        commitment: as stored.
        dataset: as :func:`dataset_of` gives it.
        decision: ``confirmed`` or ``refused``.
        now: the moment.
    """
    match: Any = model.Session.get(CommitmentMatch, (commitment.id, dataset.id))
    if match is None:
        match = CommitmentMatch(commitment_id=commitment.id, dataset_id=dataset.id)
        model.Session.add(match)
    match.decision, match.decided_at = decision, now
    match.score = score(commitment.title, dataset.title or "", dataset.name)
    if decision == CONFIRMED:
        commitment.dataset_id = dataset.id
    elif commitment.dataset_id == dataset.id:
        commitment.dataset_id = None
    commitment.modified_at = now
    model.Session.commit()
