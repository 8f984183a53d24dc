"""Makes the lifting of older extras permanent and turns those of the former national portal into fields.

Through CKAN's own actions, one record after the other.

Nothing is remembered between runs: a record that was saved no longer has such extras, so an interrupted run goes on
where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.logic import lifting
from ckanext.mxopendata.metadata.former_extras import FormerExtras
from ckanext.mxopendata.metadata.lifting import free_key
from ckanext.mxopendata.old_extras import OldRecord, find_old_records

# What package_show works out by itself; left out, so that CKAN 2.12 does not take the dataset for unchanged.
_WORKED_OUT = ("num_resources", "num_tags", "isopen", "license_title", "license_url", "organization")
_PROGRESS_EVERY = 100


def is_possible() -> bool:
    """Whether our schema is switched on: else CKAN would store the fields under the names they have now."""
    return lifting.is_in_use()


def migrate_extras(dry_run: bool, say: Callable[[int, int], None]) -> dict[str, Any]:
    """Save every dataset and institution that has older extras under our names or those of the former national portal.

    Datasets that an active source still harvests keep the latter: its harvester knows them by these extras.

    On CKAN 2.12 ``metadata_modified`` stays as it is; CKAN 2.11 always moves it.

    Args:
        dry_run: whether only to say what would be done.
        say: called every hundred records with how many are done and how many there are.

    Returns:
        ``{"datasets", "changed", "institutions", "institutions_changed", "left": [{"dataset" | "institution", "key",
        "reason"}]}``. ``changed`` counts what was saved (would be, on a dry run). ``reason`` is ``unread`` (kept as
        ``original_<key>``), ``extra_unread`` and ``extra_taken`` (an extra of the former portal that cannot be read, or
        whose field says something else: it stays), ``unknown`` (an extra that means no field: it stays) or ``refused``
        (CKAN did not take the record; it stays as it was). Values are not reported: they may name people.
    """
    records = list(find_old_records())
    report: dict[str, Any] = {"datasets": 0, "changed": 0, "institutions": 0, "institutions_changed": 0, "left": []}
    for number, record in enumerate(records, 1):
        found, changed = _COUNTERS[record.level]
        report[found] += 1
        refused = [] if dry_run else _save(record)
        if not refused:
            report[changed] += 1
        named = {"dataset" if record.level == "dataset" else "institution": record.name}
        reasons = dict.fromkeys(refused, "refused") if refused else _left(record)
        report["left"] += [{**named, "key": key, "reason": reason} for key, reason in sorted(reasons.items())]
        if number % _PROGRESS_EVERY == 0:
            say(number, len(records))
    return report


_COUNTERS = {"dataset": ("datasets", "changed"), "organization": ("institutions", "institutions_changed")}


def is_complete(report: Mapping[str, Any]) -> bool:
    """Whether all that means a field was stored in it."""
    return all(item["reason"] == "unknown" for item in report["left"])


def _left(record: OldRecord) -> dict[str, str]:
    return {
        **dict.fromkeys(record.unknown, "unknown"),
        **{key: f"extra_{reason}" for key, reason in record.former.left.items()},
        **dict.fromkeys(record.unread, "unread"),
    }


def _save(record: OldRecord) -> list[str]:
    """Save one record as it is shown; returns the fields that CKAN refused."""
    context: Any = {"ignore_auth": True, "user": _site_user()}
    try:
        if record.level == "organization":
            tk.get_action("organization_patch")(context, {"id": record.id})
        else:
            asking: Any = {"ignore_auth": True, "use_cache": False}
            shown = tk.get_action("package_show")(asking, {"id": record.id})
            dataset = {name: value for name, value in shown.items() if name not in _WORKED_OUT}
            _take_former(dataset, record.former)
            context["return_id_only"] = True
            tk.get_action("package_update")(context, dataset)
    except tk.ValidationError as error:
        model.Session.rollback()
        return sorted(error.error_dict)
    return []


def _take_former(dataset: dict[str, Any], former: FormerExtras) -> None:
    dataset.update(former.fields)
    extras = [extra for extra in dataset.get("extras", ()) if extra["key"] not in former.moved]
    taken = {extra["key"]: extra["value"] for extra in extras}
    for key, text in former.originals.items():
        free = free_key(key, text, taken)
        if free:
            extras.append({"key": free, "value": text})
    dataset["extras"] = extras


def _site_user() -> str:
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
