"""The kept fragments: read, written and forgotten in CKAN's session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ckan import model

from ckanext.mxopendata.dcat.fragments import Fragment, SharedPart, institution_key
from ckanext.mxopendata.dcat.model import FragmentRow, FragmentState, SharedPartRow
from ckanext.mxopendata.dcat.packing import unpack

_FRAGMENTS = FragmentRow.__table__
_SHARED = SharedPartRow.__table__
_STATE = FragmentState.__table__
_FIELDS = ("dataset_id", "institution", "modified", "piece", "counts", "shared", "names_institution")
_TYPES = {"piece": "bytea[]", "names_institution": "boolean[]"}
_COLUMNS = ", ".join(f"CAST(:{name} AS {_TYPES.get(name, 'text[]')})" for name in _FIELDS)
_NEW = ", ".join(f"{name} = excluded.{name}" for name in _FIELDS[1:])
_KEEP = sa.text(
    f"INSERT INTO mxopendata_fragment (format, {', '.join(_FIELDS)})"  # noqa: S608  (names of ours)
    f" SELECT :format, * FROM unnest({_COLUMNS}) ON CONFLICT (dataset_id, format) DO UPDATE SET {_NEW}"
)


def read(formats: Iterable[str], ids: Sequence[str]) -> dict[str, dict[str, Fragment]]:
    """The kept fragments of some datasets: format → dataset id → fragment."""
    found: dict[str, dict[str, Fragment]] = {name: {} for name in formats}
    query = sa.select(_FRAGMENTS.c.format, *(_FRAGMENTS.c[name] for name in _FIELDS)).where(
        _FRAGMENTS.c.dataset_id == sa.any_(sa.cast(list(ids), sa.ARRAY(sa.Text))), _FRAGMENTS.c.format.in_(list(found))
    )
    for name, dataset_id, institution, modified, stored, *rest in model.Session.execute(query):
        piece = bytes(stored)
        found[name][dataset_id] = Fragment(dataset_id, institution, modified, unpack(piece), piece, *rest)
    return found


def keep(made: Mapping[str, Sequence[Fragment]], shared: Mapping[str, Sequence[SharedPart]]) -> None:
    """Write fragments and the shared parts they name, and commit both together.

    Args:
        made: fragments by format; those that are there are replaced.
        shared: shared parts by format; those that are there are the same and stay.
    """
    for name, fragments in made.items():
        if fragments:
            columns = {field: [getattr(fragment, field) for fragment in fragments] for field in _FIELDS}
            model.Session.execute(_KEEP, {"format": name, **columns})
    rows = [
        {"key": part.key, "format": name, "piece": part.piece, "needs": part.needs}
        for name, parts in shared.items()
        for part in parts
    ]
    if rows:
        model.Session.execute(insert(_SHARED).on_conflict_do_nothing(), rows)
    model.Session.commit()


def shared_keys(name: str, keys: Sequence[str]) -> set[str]:
    """Which of some shared parts of a format are kept."""
    return set(model.Session.scalars(sa.select(_SHARED.c.key).where(_among(keys), _SHARED.c.format == name)))


def read_shared(name: str, keys: Sequence[str]) -> list[SharedPart]:
    """Some of the shared parts of a format; those that are not there are left out."""
    columns = (_SHARED.c.key, _SHARED.c.piece, _SHARED.c.needs)
    query = sa.select(*columns).where(_among(keys), _SHARED.c.format == name)
    return [
        SharedPart(key, unpack(bytes(piece)), bytes(piece), needs) for key, piece, needs in model.Session.execute(query)
    ]


def _among(keys: Sequence[str]) -> sa.ColumnElement[bool]:
    return _SHARED.c.key == sa.any_(sa.cast(list(keys), sa.ARRAY(sa.Text)))


def forget_datasets(ids: Sequence[str]) -> None:
    """Forget every fragment of some datasets."""
    model.Session.execute(sa.delete(_FRAGMENTS).where(_FRAGMENTS.c.dataset_id.in_(ids)))


def forget_institutions(ids: Sequence[str]) -> None:
    """Forget what describes some institutions, and the fragments in which their names stand."""
    keys = [institution_key(institution) for institution in ids]
    model.Session.execute(sa.delete(_SHARED).where(_SHARED.c.key.in_(keys)))
    model.Session.execute(
        sa.delete(_FRAGMENTS).where(_FRAGMENTS.c.institution.in_(ids), _FRAGMENTS.c.names_institution)
    )


def forget_all(made_with: str) -> None:
    """Forget everything, and note what the fragments to come are made with."""
    for table in (_FRAGMENTS, _SHARED, _STATE):
        model.Session.execute(sa.delete(table))
    model.Session.execute(sa.insert(_STATE).values(id=1, made_with=made_with))


def made_with() -> str | None:
    """What the kept fragments were made with; ``None`` before the first export."""
    return model.Session.execute(sa.select(_STATE.c.made_with)).scalar()
