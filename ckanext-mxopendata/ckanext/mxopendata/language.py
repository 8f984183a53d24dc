"""The language sentences are written in: the reader's, or the portal's where nobody is reading."""

from __future__ import annotations

from flask import has_request_context

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.metadata.findings import LANGUAGES


def current_language() -> str:
    """``es`` or ``en``: of the request under way, else (commands, jobs) the portal's own; Spanish for any other."""
    language = (tk.h.lang() if has_request_context() else None) or tk.config["ckan.locale_default"]
    short = str(language)[:2]
    return short if short in LANGUAGES else LANGUAGES[0]
