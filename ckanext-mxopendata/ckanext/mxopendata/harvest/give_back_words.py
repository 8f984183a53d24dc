"""What was changed in a record, in words of the reader's language."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.harvest.helpers import mxopendata_harvest_words
from ckanext.mxopendata.metadata.mended import FURTHER, Change


class ChangeWords:
    """Says changes, with the labels that the form of a dataset has."""

    def __init__(self) -> None:
        schema = tk.h.scheming_get_dataset_schema("dataset") or {}
        self._labels = {level: _labels(schema.get(f"{level}_fields", ())) for level in ("dataset", "resource")}

    def label(self, field: str, level: str) -> str:
        """The field's name in the form; the field itself where the form has none of it."""
        return self._labels[level].get(field, field)

    def why(self, change: Change) -> str:
        """Why it is written differently."""
        return mxopendata_harvest_words("change", change.why)

    def values(self, change: Change) -> str:
        """What was there and what is here: ``“mensual” → “R/P1M”``."""
        if change.said is None and change.here is None:
            return tk._("not repeated, since it is about a person")
        nothing = tk._("nothing")
        quoted = tk._("“{text}”")
        said, here = (nothing if text is None else quoted.format(text=text) for text in (change.said, change.here))
        return f"{said} → {here}"

    def sentence(self, change: Change) -> str:
        """All of one change."""
        if change.why == FURTHER:
            return tk._("{number} more changes").format(number=change.here)
        label = self.label(change.field, "dataset" if change.resource is None else "resource")
        return f"{label}: {self.values(change)} ({self.why(change)})"


def _labels(fields: Any) -> dict[str, str]:
    labels = {}
    for field in fields:
        name = field["field_name"]
        labels[name] = tk.h.scheming_language_text(field["label"])
        for inner in field.get("repeating_subfields", ()):
            labels[f"{name}.{inner['field_name']}"] = f"{labels[name]}, {tk.h.scheming_language_text(inner['label'])}"
    return labels
