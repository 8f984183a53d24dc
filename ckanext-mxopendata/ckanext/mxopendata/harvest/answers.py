"""Answers of the database that CKAN asks for again with every dataset: who writes, which institution, which tag.

CKAN makes each dataset as if it were the only one. Of some 30 statements for a new dataset, eight ask for the same
user, the same institution and the tags of datasets before it. SQLAlchemy's event ``do_orm_execute`` is there for
answers from memory (its documentation, "Re-Executing Statements"); it is listened to on the session of one batch only.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.sql.expression import Select

from ckan import model

from ckanext.mxopendata.core_tables import GROUP

_CLASSES = frozenset((model.User, model.Group, model.Tag))


class Remembered:
    """Gives what was found before in the same transaction; use as a context manager.

    Only rows of one of three tables, which a harvest does not change. Nothing found is asked again, for a tag may
    have been made since; and so is everything after the transaction or a part of it ended.
    """

    def __init__(self) -> None:
        self._session: Any = None
        # Statement and its values → the answer.
        self._known: dict[Hashable, Any] = {}

    def __enter__(self) -> Remembered:
        self._session = model.Session()
        for name, listener in self._listeners():
            event.listen(self._session, name, listener)
        return self

    def __exit__(self, *_: object) -> None:
        for name, listener in self._listeners():
            event.remove(self._session, name, listener)
        self._known.clear()

    def _listeners(self) -> tuple[tuple[str, Any], ...]:
        return (
            ("do_orm_execute", self._answer),
            ("after_transaction_end", self._end),
            ("after_soft_rollback", self._forget),
        )

    def _answer(self, asked: ORMExecuteState) -> Any:
        statement: Any = asked.statement
        if not asked.is_select or not _of_interest(asked):
            return None
        key = statement._generate_cache_key()
        values = key and tuple(one.value for one in key.bindparams)
        if not key or not all(isinstance(value, (str, int)) for value in values):
            return None
        asked_before = (key.key, values)
        if asked_before not in self._known:
            answer = asked.invoke_statement().freeze()
            if not answer.data or not _of_one_table(statement):
                return answer()
            self._known[asked_before] = answer
        return self._known[asked_before]()

    def _end(self, _: Any, transaction: Any) -> None:
        if transaction.parent is None:
            self._known.clear()

    def _forget(self, *_: Any) -> None:
        self._known.clear()


def _of_interest(asked: ORMExecuteState) -> bool:
    """Whether rows of one of the three tables are asked for, as far as can be told at once."""
    if asked.bind_mapper is not None:
        return asked.bind_mapper.class_ in _CLASSES
    return isinstance(asked.statement, Select) and asked.statement.columns_clause_froms == [GROUP]


def _of_one_table(statement: Any) -> bool:
    """Whether a statement joins nothing: what it finds is then found whatever becomes of a dataset."""
    found = statement.get_final_froms()
    return len(found) == 1 and isinstance(found[0], sa.Table)
