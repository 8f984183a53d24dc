"""Answers of the database about several datasets at once, where CKAN asks for them one after the other.

CKAN shows a dataset with six statements, for its resources, tags, groups and so on. For the datasets of a batch each
of these is asked once, for all of them. CKAN's own code makes the statement and reads its rows; only the id that it
asks for is exchanged for the ids of the batch, as SQLAlchemy's event ``do_orm_execute`` allows (its documentation,
"Re-Executing Statements"). A statement that does not look as known here is left as it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import islice
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import FrozenResult
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.expression import Select

from ckan import model


class AskedTogether:
    """Asks for all of several datasets what is asked for one; use as a context manager, while nothing is changed.

    Args:
        dataset_ids: ids of the datasets.
    """

    def __init__(self, dataset_ids: Iterable[str]) -> None:
        self._ids = frozenset(dataset_ids)
        self._session: Any = None
        # Statement without the id → dataset id → answer. What was given is asked anew.
        self._answers: dict[Hashable, dict[str, FrozenResult[Any]]] = {}

    def __enter__(self) -> AskedTogether:
        self._session = model.Session()
        event.listen(self._session, "do_orm_execute", self._answer)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._session, "do_orm_execute", self._answer)
        self._answers.clear()

    def _answer(self, asked: ORMExecuteState) -> Any:
        statement: Any = asked.statement
        if not asked.is_select or not isinstance(statement, Select):
            return None
        key: Any = statement._generate_cache_key()
        if key is None:
            return None
        values = [one.value for one in key.bindparams]
        places = [place for place, value in enumerate(values) if isinstance(value, str) and value in self._ids]
        if len(places) != 1:
            return None
        dataset_id = values.pop(places[0])
        question = (key.key, repr(values))
        if question not in self._answers:
            self._answers[question] = _ask(asked, key.bindparams[places[0]], self._ids)
        answer = self._answers[question].pop(dataset_id, None)
        return answer and answer()


def _ask(asked: ORMExecuteState, wanted: Any, dataset_ids: Iterable[str]) -> dict[str, FrozenResult[Any]]:
    """Ask for all datasets; nothing where the statement does not compare one column with the id."""
    columns: list[Any] = []

    def exchange(element: Any, **_: Any) -> Any:
        is_it = isinstance(element, BinaryExpression) and getattr(element.right, "key", None) == wanted.key
        if not is_it or element.operator is not operators.eq:
            return None
        columns.append(element.left)
        return element.left.in_(sorted(dataset_ids))

    statement: Any = asked.statement
    together: Any = visitors.replacement_traverse(statement, {}, exchange)
    if len(columns) != 1:
        return {}
    limit = statement._limit
    template = asked.invoke_statement().freeze()
    found = asked.invoke_statement(together.limit(None).add_columns(columns[0].label("asked_for")))
    rows: dict[str, list[Any]] = {dataset_id: [] for dataset_id in dataset_ids}
    for *values, dataset_id in found:
        rows[dataset_id].append(tuple(values))
    return {dataset_id: template.with_new_rows(list(islice(own, limit))) for dataset_id, own in rows.items()}
