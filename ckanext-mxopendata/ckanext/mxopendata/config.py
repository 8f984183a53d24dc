"""Every option of the suite, read in one place: nothing else calls ``tk.config``.

Names, defaults and descriptions are declared in ``config_declaration.yaml``.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk

VOCABULARY_BASE = "ckanext.mxopendata.vocabulary_base"
CONFIG_DIRS = "ckanext.mxopendata.config_dirs"
HTTP_ALLOWED_PRIVATE = "ckanext.mxopendata.http.allowed_private"
HARVEST_CARRIERS = "ckanext.mxopendata.harvest.carriers"


def site_url() -> str:
    """The portal's public address, without a final slash."""
    return tk.config["ckan.site_url"].rstrip("/")


def vocabulary_base() -> str:
    """The address below which vocabulary terms have their URIs, without a final slash."""
    return (tk.config[VOCABULARY_BASE] or f"{site_url()}/vocabularios").rstrip("/")


def config_dirs() -> list[str]:
    """The operator's own folders of harvest configurations, vocabularies and weights; the later one wins."""
    return list(tk.config[CONFIG_DIRS])


def http_allowed_private() -> frozenset[str]:
    """The ``host:port`` pairs that may be fetched although their address is private."""
    return frozenset(tk.config[HTTP_ALLOWED_PRIVATE])


def harvest_carriers() -> int:
    """How many carriers of one source may wait or work at a time (rule 2 of the architecture)."""
    return int(tk.config[HARVEST_CARRIERS])
