"""What of a dataset is searched, and under which name: the ``solr`` column of the crosswalk, and nothing beside it.

CKAN hands every extra to Solr as a string. There a string of more than 32,766 bytes loses the whole dataset (ckan#7404)
and a name that ends in ``_date`` is parsed with invented days; so what the crosswalk does not name stays out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from datetime import datetime, timezone
from functools import cache
from typing import Any

from ckanext.mxopendata.metadata.crosswalk import crosswalk
from ckanext.mxopendata.metadata.lifting import CORE, ORIGINAL, extra_fields, lifted_from
from ckanext.mxopendata.metadata.records import as_list, is_empty, loads
from ckanext.mxopendata.metadata.validation import points
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality.freshness import FUTURE_DATE, UP_TO_DATE, freshness_facts

ARCHIVED = "archived_at"
# Say so to find archived datasets too: package_search(..., extras={"ext_archived": True})
ARCHIVED_TOO = "ext_archived"

# When the data are due again, how fresh they were when indexed and until when that holds, what the metadata are worth.
DUE, FRESHNESS, FRESH_UNTIL, SCORE = "mx_due_date", "mx_freshness", "mx_late_date", "mx_score"

_LONGEST_BYTES = 32_000
_LONGEST_WORD = 1_000
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD}}}")
# Stored as they are, never analysed.
_WHOLE = frozenset(("data_dict", "validated_data_dict"))


@cache
def _columns() -> tuple[tuple[str, str, str], ...]:
    """Field, subfield and Solr field of every row of the dataset that is searched and is no field of CKAN's own."""
    return tuple(
        (row.field, row.subfield, column)
        for row in crosswalk()
        if row.level == "dataset" and row.field not in CORE["dataset"]
        for column in row.ways("solr")
    )


def index_document(document: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A Solr document of CKAN's, with our fields as the crosswalk says and no field too long.

    Args:
        document: what CKAN hands to ``before_dataset_index``; extras stand there twice, as ``x`` and ``extras_x``.
        now: the moment for which freshness is told.

    Returns:
        A new document.
    """
    ours = set(extra_fields("dataset"))
    kept = {key: value for key, value in document.items() if not _is_ours(key.removeprefix("extras_"), ours)}
    stored = {name: loads(document.get(f"extras_{name}", document.get(name))) for name in ours}
    for name, subfield, column in _columns():
        values = list(_values(stored[name], subfield))
        if column.startswith("vocab_"):
            found = list(dict.fromkeys(text for value in values for text in _for_column(column, str(value))))
            if found:
                kept[column] = sorted({*found, *kept.get(column, ())}) if column in kept else found
        elif values:
            kept[column] = str(values[0])
    kept.update(_quality(document, now))
    return {key: value if key in _WHOLE else _fit(value) for key, value in kept.items()}


def _quality(document: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What searches are sorted and narrowed down by: the due date, the verdict of now, the points (``087.5``)."""
    dataset = loads(document.get("validated_data_dict"))
    if not isinstance(dataset, Mapping):
        return {}
    facts = freshness_facts(dataset)
    fields = {
        FRESHNESS: facts.verdict(now),
        SCORE: f"{points(dataset)[0]:05.1f}",
    }
    for name, moment in ((DUE, facts.due), (FRESH_UNTIL, facts.late_after)):
        if moment is not None:
            fields[name] = moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return fields


def outdated(now: datetime) -> str:
    """The Solr query for datasets whose indexed freshness no longer holds at ``now``."""
    text = now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"({FRESHNESS}:{UP_TO_DATE} AND {FRESH_UNTIL}:[* TO {text}]) OR {FRESHNESS}:{FUTURE_DATE}"


def _is_ours(key: str, ours: Set[str]) -> bool:
    """Whether it is a field of ours, or what an older record said there (which may name people)."""
    return key in ours or (key.startswith(ORIGINAL) and lifted_from(key) is not None)


def _values(value: Any, subfield: str) -> list[Any]:
    found = as_list(value)
    if subfield:
        found = [item.get(subfield) for item in found if isinstance(item, Mapping)]
    return [item for item in found if not is_empty(item) and not isinstance(item, (dict, list))]


def _for_column(column: str, value: str) -> list[str]:
    """A key of a locality counts for its municipality and its state; a place is also found by its official name."""
    if column == "vocab_state":
        return [value[:2]]
    if column == "vocab_municipality":
        return [value[:5]] if len(value) >= 5 else []
    if column == "vocab_policy":
        # a target counts for its goal, too
        term = vocabulary("policies").get(value)
        return [value, term.broader] if term and term.broader else [value]
    return [value]


def _fit(value: Any) -> Any:
    if isinstance(value, list):
        return [_fit(item) for item in value]
    if not isinstance(value, str) or len(value) < _LONGEST_WORD:
        return value
    return _LONG_WORD.sub(lambda match: match[0] + " ", value)


def shorten_strings(document: dict[str, Any], texts: frozenset[str]) -> dict[str, Any]:
    """Cut every field that Solr keeps as one term to what Solr takes.

    Args:
        document: the document, changed in place.
        texts: fields that Solr splits into words, which may be of any length.
    """
    for key, value in document.items():
        if key in _WHOLE or key in texts or key.startswith(("extras_", "res_extras_")):
            continue
        if isinstance(value, str):
            document[key] = _cut(value)
        elif isinstance(value, list):
            document[key] = [_cut(item) if isinstance(item, str) else item for item in value]
    return document


def _cut(value: str) -> str:
    if len(value) * 4 < _LONGEST_BYTES:
        return value
    return value.encode("utf-8")[:_LONGEST_BYTES].decode("utf-8", "ignore")


# Fields of CKAN's Solr schema of the type "text" and its kin.
TEXTS = frozenset(("title", "notes", "text", "urls", "res_name", "res_description", "maintainer", "author", "license"))


def leave_out_archived(parameters: dict[str, Any]) -> dict[str, Any]:
    """Add to a search that archived datasets are not wanted, unless it asks for them by itself."""
    queries = [parameters.get("q"), parameters.get("fq"), *as_list(parameters.get("fq_list"))]
    asked = any(ARCHIVED in str(query) for query in queries if query)
    if not asked and not (parameters.get("extras") or {}).get(ARCHIVED_TOO):
        parameters["fq"] = f"{parameters.get('fq') or ''} -{ARCHIVED}:[* TO *]".strip()
    return parameters
