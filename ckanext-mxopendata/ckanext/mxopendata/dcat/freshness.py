"""Which kept fragments still hold: what the change log names is forgotten, and made anew by whoever needs it next.

What the log does not know is seen otherwise: a dataset whose ``metadata_modified`` is another than its fragment's, and
fragments that other code, vocabularies or names of the site have made (:func:`fingerprint`).
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from ckan import model

from ckanext.mxopendata import changes
from ckanext.mxopendata.dcat import store
from ckanext.mxopendata.dcat.context import ExportContext
from ckanext.mxopendata.metadata.vocabularies import vocabulary_ids

READER = "dcat"
_LOG_ROWS = 10_000
# Packages whose code or data decide what a dataset's triples are.
_MAKERS = ("ckanext.mxopendata.dcat", "ckanext.mxopendata.metadata", "ckanext.mxopendata.schemas")


def forget_stale(context: ExportContext) -> None:
    """Forget the fragments that no longer hold, as far as the change log and the fingerprint tell; commits."""
    current = fingerprint(context)
    if store.made_with() != current:
        store.forget_all(current)
    # In the transaction in which the log's rows are ticked off: a crash between the two loses neither.
    while rows := changes.unread(READER, limit=_LOG_ROWS):
        if any(row.kind == changes.VOCABULARY_KIND for row in rows):
            store.forget_all(current)
        store.forget_datasets([row.dataset_id for row in rows if row.kind in changes.DATASET_KINDS])
        store.forget_institutions([row.dataset_id for row in rows if row.kind == changes.ORGANIZATION_KIND])
        changes.remember(READER, rows[-1])
        model.Session.commit()
    model.Session.commit()


def fingerprint(context: ExportContext) -> str:
    """Everything besides the datasets that their triples depend on, as one number in hexadecimal."""
    catalogue = context.catalogue
    site = (catalogue.uri, catalogue.title, catalogue.publisher, catalogue.language, catalogue.homepage)
    # Operators may replace vocabularies; ours are among the files of the package.
    terms = [repr(context.vocabulary(name).terms) for name in vocabulary_ids()]
    text = "\n".join([_of_the_makers(), context.vocabulary_base, *site, *terms])
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _of_the_makers() -> str:
    digest = hashlib.sha256()
    for package in _MAKERS:
        for file in _files_below(files(package)):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files_below(folder: Traversable) -> list[Traversable]:
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    found = [entry for entry in entries if entry.is_file() and not entry.name.endswith(".pyc")]
    for entry in entries:
        if entry.is_dir() and entry.name != "__pycache__":
            found += _files_below(entry)
    return found
