"""A table that goes back to its author: every row as it came, and beside it what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.mxopendata.metadata.catalogue_table import FINDING_COLUMNS
from ckanext.mxopendata.metadata.tables import Table
from ckanext.mxopendata.metadata.text import fold

_BETWEEN = " | "
_SEVERITIES = {"error": "error", "warning": "advertencia", "advice": "recomendación"}


def findings_table(table: Table, findings: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """The input with columns ``renglon, campo, gravedad, hallazgo, remedio``.

    Args:
        table: as it was read.
        findings: each as ``Finding.to_dict``, with ``row``; those of the whole table stand beside its first row.

    Returns:
        Headings and rows, one for each row of the input; several findings of a row stand in one cell, in one order,
        parted by ``|``. The columns of an earlier such file are replaced.
    """
    ours = {fold(name) for name in FINDING_COLUMNS}
    kept = [position for position, text in enumerate(table.written) if fold(text) not in ours]
    first = min(table.originals, default=0)
    by_row: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for finding in findings:
        row = finding.get("row")
        by_row[row if row in table.originals else first].append(finding)
    rows = []
    for number, cells in table.originals.items():
        found = by_row.get(number, [])
        texts = [cells[position] if position < len(cells) else "" for position in kept]
        rows.append([
            *texts,
            str(number),
            _BETWEEN.join(str(item["field"] or "") for item in found),
            _BETWEEN.join(_SEVERITIES[item["severity"]] for item in found),
            _BETWEEN.join(item["message"] for item in found),
            _BETWEEN.join(item["cure"] for item in found),
        ])  # fmt: skip
    return [*(table.written[position] for position in kept), *FINDING_COLUMNS], rows
