"""Check of the addresses that our export shares with ckanext-dcat: ours answer, and hand over what is not ours."""

from __future__ import annotations

import click
from flask import Flask, current_app, has_app_context
from werkzeug.exceptions import HTTPException

import ckan.plugins as p
import ckan.plugins.toolkit as tk

from ckanext.mxopendata.doctor.check import Check, failed, passed
from ckanext.mxopendata.partners import in_order

_CATALOGUE, _DATASET = "/catalog.{_format}", "/dataset/a.ttl"
_OURS = "mxopendata_rdf"


def rdf_addresses() -> Check:
    """The RDF of datasets and of the catalogue comes from us: of two rules for an address the first plugin's counts."""
    if not p.plugin_loaded("mxopendata_dcat"):
        return passed("rdf_addresses", "off")
    catalogue = tk.config.get("ckanext.dcat.catalog_endpoint") or _CATALOGUE
    addresses = (catalogue.replace("{_format}", "ttl"), _DATASET)
    taken = {address: found for address in addresses if not (found := _endpoint(address)).startswith(f"{_OURS}.")}
    if taken:
        words = ", ".join(f"{address} ({found or '–'})" for address, found in taken.items())
        return failed("rdf_addresses", addresses=words, line=in_order(list(tk.config["ckan.plugins"])))
    profiles = tk.aslist(tk.config.get("ckanext.dcat.rdf.profiles"))
    if profiles != ["mx_dcat_ap"]:
        return failed("rdf_addresses", "profile", profiles=" ".join(profiles) or "–")
    return passed("rdf_addresses")


def _application() -> Flask:
    """The site's own; within the command CKAN keeps it beside the command, and none is in use."""
    if has_app_context():
        return current_app
    return click.get_current_context().meta["flask_app"]


def _endpoint(address: str) -> str:
    try:
        endpoint, _ = _application().url_map.bind("localhost").match(address)
    except HTTPException:
        return ""
    return str(endpoint)
