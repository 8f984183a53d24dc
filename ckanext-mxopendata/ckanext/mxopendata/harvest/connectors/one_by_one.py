"""Lists of names whose records are asked for one by one, while pages stay short."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Page, Unreadable
from ckanext.mxopendata.metadata.findings import Finding

PAGE_SIZE = 50
# A page is kept after so many seconds, however few its records are: a carrier has little time.
PAGE_SECONDS = 20.0
# So many records in a row are not each one's own matter: a portal that refuses is not asked on and on.
REFUSALS = 20


def read_one_by_one(
    names: Sequence[str],
    show: Callable[[str], Any],
    position: Mapping[str, Any],
    findings: Sequence[Finding] = (),
) -> Iterator[Page]:
    """The records of a list of names.

    Args:
        names: the whole list, in the same order whenever it is read.
        show: gives the record of a name, or :class:`Unreadable`.
        position: how many are ``done``; what else stands in it stays.
        findings: what is to be said of the list.

    Raises:
        SourceError: where many in a row cannot be read, with the finding of the last.
    """
    done, refusals = int(position["done"]), 0
    said = list(findings)
    while done < len(names):
        records: list[Any] = []
        until = time.monotonic() + PAGE_SECONDS
        for name in names[done : done + PAGE_SIZE]:
            record = show(name)
            refusals = refusals + 1 if isinstance(record, Unreadable) else 0
            if refusals >= REFUSALS:
                raise SourceError(record.finding)
            records.append(record)
            if time.monotonic() > until:
                break
        done += len(records)
        yield Page(records=records, position={**position, "done": done}, total=len(names), findings=said)
        said = []
