"""What is found in a dataset on this very portal: today, beside its institution, with the licences registered here."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ckan import model
from ckan.lib.helpers import get_display_timezone

from ckanext.mxopendata.logic import lifting
from ckanext.mxopendata.metadata import validation
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import is_empty


def today() -> date:
    """Today in the portal's time zone."""
    return datetime.now(tz=get_display_timezone()).date()


def found_in(dataset: Mapping[str, Any]) -> list[Finding]:
    """The findings of a dataset as ``package_show`` gives it or as it would be saved.

    Dates are held against today in the portal's time zone, places against the institution's; a licence that the
    operator registered with CKAN is one.
    """
    extras = getattr(_institution(dataset), "extras", {})
    registered = model.Package.get_license_register()
    return [
        finding
        for finding in validation.validate_dataset(dataset, today(), extras.get("cvegeo"))
        if finding.code != "licence_unknown" or finding.field != "license_id" or str(finding.value) not in registered
    ]


def as_saved(dataset: dict[str, Any]) -> dict[str, Any]:
    """A dataset that is not saved, with what saving fills in: extras of old names, identifier, language, order.

    Raises:
        ValidationError: where a field comes twice and says two things.
    """
    saved = copy.deepcopy(dataset)
    lifting.take_extras(saved, dict)
    gov_type = getattr(_institution(saved), "extras", {}).get("gov_type")
    filled = {"identifier": saved.get("name"), "language": ["es"], "gov_type": gov_type}
    for name, value in filled.items():
        if is_empty(saved.get(name)) and not is_empty(value):
            saved[name] = value
    return saved


def _institution(dataset: Mapping[str, Any]) -> Any:
    owner = dataset.get("owner_org")
    return model.Group.get(owner) if owner and isinstance(owner, str) else None
