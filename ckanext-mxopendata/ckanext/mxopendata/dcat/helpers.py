"""Helpers of the dcat room's templates."""

from __future__ import annotations

from ckanext.mxopendata.dcat.negotiation import MEDIA_TYPES


def mxopendata_rdf_types() -> list[tuple[str, str]]:
    """What a page of RDF ends with, and its media type, for each form that is offered."""
    return [(extension, media_type) for media_type, extension in MEDIA_TYPES.items()]
