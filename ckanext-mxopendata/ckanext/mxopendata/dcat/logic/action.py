"""Actions of the dcat room."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, DataDict

from ckanext.mxopendata import config
from ckanext.mxopendata.dcat.dumps import read_manifest

__all__ = ["mxopendata_dump_show"]


@tk.side_effect_free
def mxopendata_dump_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The manifest of the files of the whole catalogue.

    :returns: ``generated, profile, datasets, distributions, rendered, reused, left_out, dropped, filled, files``, the
        last a list of ``name, bytes, sha256, generated``
    :raises NotFound: where the catalogue has not been exported yet
    """
    tk.check_access("mxopendata_dump_show", context, data_dict)
    folder = config.export_folder()
    manifest = read_manifest(folder) if folder else None
    if manifest is None:
        raise tk.ObjectNotFound(
            tk._("The catalogue has not been exported yet. Whoever runs the site does it with: %s")
            % "ckan mxopendata export --format ttl"
        )
    return manifest
