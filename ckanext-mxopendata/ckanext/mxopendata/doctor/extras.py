"""Check of what older records hold under the names of our fields; tells it before the schema is switched on, too."""

from __future__ import annotations

from collections import Counter

from ckanext.mxopendata.doctor.check import Check, failed, passed
from ckanext.mxopendata.logic import lifting
from ckanext.mxopendata.old_extras import find_old_records


def old_extras() -> Check:
    """No extra holds plain text under the name of a field of ours."""
    records: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    unread = 0
    for record in find_old_records():
        records[record.level] += 1
        keys.update(key for found in (*record.keys.values(), record.former.moved) for key in found)
        unread += len(record.unread)
    if not records:
        return passed("old_extras")
    return failed(
        "old_extras",
        "" if lifting.is_in_use() else "before",
        datasets=records["dataset"],
        institutions=records["organization"],
        keys=", ".join(f"{key} ({count})" for key, count in keys.most_common()),
        unread=unread,
    )
