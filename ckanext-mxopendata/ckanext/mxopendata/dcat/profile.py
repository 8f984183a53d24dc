"""Adapter of our triples for ckanext-dcat."""

from __future__ import annotations

from ckanext.dcat.profiles import RDFProfile


class MexicanDCATAPProfile(RDFProfile):
    """Placeholder until the generator exists."""
