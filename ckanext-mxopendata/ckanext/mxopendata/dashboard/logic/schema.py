"""What the actions of the dashboard room take."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.logic.schema import validator_args
from ckan.types import Schema, Validator, ValidatorFactory

from ckanext.mxopendata.dashboard.lists import SORTS
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality.freshness import VERDICTS
from ckanext.mxopendata.quality.register import REGISTER

MAXIMUM_PAGE = 1000
_LARGEST_OFFSET = 10**9


def _between(low: int, high: int) -> Validator:
    def check(value: Any) -> Any:
        if not low <= value <= high:
            raise tk.Invalid(tk._("Must be between {low} and {high}").format(low=low, high=high))
        return value

    return check


@validator_args
def indicator_show(not_empty: Validator, one_of: ValidatorFactory) -> Schema:
    """``id`` of an indicator."""
    return {"id": [not_empty, one_of(list(REGISTER))]}


@validator_args
def institution_report(
    not_empty: Validator,
    ignore_missing: Validator,
    unicode_safe: Validator,
    isodate: Validator,
    int_validator: Validator,
) -> Schema:
    """``id`` or name of an institution, optionally ``date`` and how many lines of the to-do list and of the plan."""
    return {
        "id": [not_empty, unicode_safe],
        "date": [ignore_missing, isodate],
        "todo_limit": [ignore_missing, int_validator, _between(0, MAXIMUM_PAGE)],
        "plan_limit": [ignore_missing, int_validator, _between(1, MAXIMUM_PAGE)],
    }


@validator_args
def dataset_report(not_empty: Validator, unicode_safe: Validator) -> Schema:
    """``id`` or name of a dataset."""
    return {"id": [not_empty, unicode_safe]}


@validator_args
def ranking(ignore_missing: Validator, unicode_safe: Validator, one_of: ValidatorFactory) -> Schema:
    """Which institutions stand in a ranking, and of which quarter."""
    return {
        "gov_type": [ignore_missing, one_of(list(vocabulary("orders_of_government").terms))],
        "sector": [ignore_missing, one_of(list(vocabulary("sectors").terms))],
        "state": [ignore_missing, one_of(list(vocabulary("states").terms))],
        "quarter": [ignore_missing, unicode_safe],
    }


@validator_args
def snapshot_list(  # noqa: PLR0913 - CKAN hands validators over as arguments
    ignore_missing: Validator,
    unicode_safe: Validator,
    isodate: Validator,
    int_validator: Validator,
    default: ValidatorFactory,
) -> Schema:
    """Whose snapshots, of which days."""
    return {
        "institution": [ignore_missing, unicode_safe],
        "since": [ignore_missing, isodate],
        "until": [ignore_missing, isodate],
        "offset": [default(0), int_validator, _between(0, _LARGEST_OFFSET)],
        "limit": [default(100), int_validator, _between(0, MAXIMUM_PAGE)],
    }


@validator_args
def measurement_list(  # noqa: PLR0913, PLR0917 - CKAN hands validators over as arguments
    ignore_missing: Validator,
    unicode_safe: Validator,
    one_of: ValidatorFactory,
    boolean_validator: Validator,
    int_validator: Validator,
    default: ValidatorFactory,
) -> Schema:
    """Filters, order and page of the list of datasets behind the figures."""
    return {
        "institution": [ignore_missing, unicode_safe],
        "gov_type": [ignore_missing, unicode_safe],
        "state": [ignore_missing, unicode_safe],
        "freshness": [ignore_missing, one_of(list(VERDICTS))],
        "indicator": [ignore_missing, one_of(list(REGISTER))],
        "meets": [default(True), boolean_validator],
        "format": [ignore_missing, unicode_safe],
        "missing": [ignore_missing, unicode_safe],
        "step": [ignore_missing, int_validator, _between(0, 4)],
        "sort": [default("title"), one_of(list(SORTS))],
        "offset": [default(0), int_validator, _between(0, _LARGEST_OFFSET)],
        "limit": [default(50), int_validator, _between(0, MAXIMUM_PAGE)],
    }
