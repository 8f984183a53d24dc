"""What a source's list promises instead of publishing: handed to the planning room, where there is one.

A promise is not a dataset (rule 5 of the architecture). The report of a run may be public, and a line of an inventory
may not: it says how many lines there were, and nothing of any of them.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from werkzeug.datastructures import FileStorage

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.harvest.connectors.base import Promises
from ckanext.mxopendata.metadata.findings import Finding

_ACTION = "mxopendata_commitment_import"
# What the report of a run says of a list that promises.
CODES = frozenset(("promises_kept", "promises_rejected", "promises_not_kept"))


def store(found: Iterable[Promises], institution: str) -> list[Finding]:
    """Store files of promises of an institution, each in a transaction of its own; once more changes nothing.

    Args:
        found: the files.
        institution: id of the organization; rows of others are left out.

    Returns:
        What became of each.
    """
    return [finding for promises in found for finding in _store(promises, institution)]


def hold(findings: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a list holds promises, by what is said of it."""
    return any(finding["code"] in CODES for finding in findings)


def _store(promises: Promises, institution: str) -> Iterator[Finding]:
    try:
        action = tk.get_action(_ACTION)
    except KeyError:  # the room is switched off
        yield Finding("promises_not_kept", value=promises.file_name)
        return
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    upload = FileStorage(io.BytesIO(promises.content), promises.file_name)
    report = action({"user": user, "ignore_auth": True}, {"institution": institution, "upload": upload})
    counts = {name: report[name] for name in ("rows", "created", "updated", "unchanged", "rejected")}
    yield Finding("promises_kept", value=promises.file_name, details=counts)
    if counts["rejected"]:
        details = {**counts, "institution": report["institution"]}
        yield Finding("promises_rejected", value=promises.file_name, details=details)
