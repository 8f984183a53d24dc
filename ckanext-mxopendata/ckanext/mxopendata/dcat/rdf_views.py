"""Pages of RDF: datasets, the catalogue and institutions', in the addresses of ckanext-dcat and a few more.

Our plugin stands before ckanext-dcat in ``ckan.plugins``, so these rules come before its own (``doctor`` checks the
order); what is asked for in another profile than ours is answered by it.
"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response, redirect

import ckan.plugins.toolkit as tk

import ckanext.dcat.utils as dcat_utils
from ckanext.dcat.exceptions import RDFProfileException
from ckanext.dcat.processors import RDFSerializer

from ckanext.mxopendata.dcat import negotiation
from ckanext.mxopendata.dcat.pages import EXTENSIONS, SEARCH_PARAMETERS, Wanted, content_type, write_dataset, write_page
from ckanext.mxopendata.dcat.writer import RDF_PROFILE
from ckanext.mxopendata.institutions import ONLY_THE_RECORD
from ckanext.mxopendata.moments import read_moment

mxopendata_rdf = Blueprint("mxopendata_rdf", __name__)

_FORMAT = f"<any({', '.join(EXTENSIONS)}):extension>"
_CATALOGUE = tk.config.get("ckanext.dcat.catalog_endpoint") or dcat_utils.DEFAULT_CATALOG_ENDPOINT
# Pages of CKAN that have a form in RDF: endpoint → endpoint, and the name of its argument.
_IN_RDF = {
    "dataset.read": ("mxopendata_rdf.dataset", "dataset_id"),
    "organization.read": ("mxopendata_rdf.institution", "institution"),
    "dataset.search": ("mxopendata_rdf.catalogue", None),
    "home.index": ("mxopendata_rdf.catalogue", None),
}


@mxopendata_rdf.before_app_request
def negotiate() -> Any:
    """Lead a client that likes RDF better than HTML from a page to its form in RDF."""
    endpoint, argument = _IN_RDF.get(tk.request.endpoint or "", ("", None))
    if not endpoint or tk.request.method not in ("GET", "HEAD"):
        return None
    extension = negotiation.wanted_extension(tk.request.accept_mimetypes)
    if extension is None:
        return None
    found = {argument: (tk.request.view_args or {}).get("id")} if argument else {}
    return redirect(tk.url_for(endpoint, extension=extension, **found), code=303)


@mxopendata_rdf.after_app_request
def vary(response: Response) -> Response:
    """Tell caches that these pages depend on what the client likes."""
    if tk.request.endpoint in _IN_RDF:
        response.vary.add("Accept")
    return response


@mxopendata_rdf.route(_CATALOGUE.replace("{_format}", _FORMAT))
def catalogue(extension: str) -> Response:
    """The catalogue, page by page."""
    if not _is_ours():
        return make_response(dcat_utils.read_catalog_page(extension))
    return _page(extension, partial(tk.url_for, "mxopendata_rdf.catalogue", extension=extension), None)


@mxopendata_rdf.route(f"/organization/<institution>/catalog.{_FORMAT}")
def institution(institution: str, extension: str) -> Response:
    """An institution's catalogue, page by page."""
    organization = show_institution(institution)
    address = partial(tk.url_for, "mxopendata_rdf.institution", institution=organization["name"], extension=extension)
    return _page(extension, address, organization)


@mxopendata_rdf.route(f"/dataset/<dataset_id>.{_FORMAT}")
def dataset(dataset_id: str, extension: str) -> Response:
    """One dataset."""
    if not _is_ours():
        return make_response(dcat_utils.read_dataset_page(dataset_id, extension))
    shown = show_dataset(dataset_id)
    if shown.get("type") != "dataset":
        return make_response(dcat_utils.read_dataset_page(dataset_id, extension))
    body = write_dataset(shown, extension)
    return negotiation.answer(body, content_type(extension), read_moment(shown["metadata_modified"]))


def show_dataset(name: str) -> dict[str, Any]:
    """A dataset by its name or id; ends the request where there is none, or it is not for whoever asks."""
    try:
        return tk.get_action("package_show")({}, {"id": name})
    except tk.ObjectNotFound:
        tk.abort(404, tk._("Dataset not found"))
    except tk.NotAuthorized:
        tk.abort(403)
    raise AssertionError("abort raises")


def show_institution(name: str) -> dict[str, Any]:
    """An institution by its name or id; ends the request where there is none."""
    try:
        return tk.get_action("organization_show")({}, {"id": name, **ONLY_THE_RECORD})
    except tk.ObjectNotFound:
        tk.abort(404, tk._("Organization not found"))
    except tk.NotAuthorized:
        tk.abort(403)
    raise AssertionError("abort raises")


def _page(extension: str, address: Any, organization: dict[str, Any] | None) -> Response:
    args = tk.request.args
    searched: dict[str, Any] = {name: args[name] for name in SEARCH_PARAMETERS if args.get(name)}
    modified = negotiation.last_change(datetime.now(timezone.utc))
    if modified and negotiation.is_unchanged(modified):
        return negotiation.not_modified(modified)

    def numbered(page: int) -> str:
        return address(page=page, **searched, _external=True, locale="default")

    wanted = Wanted(extension, numbered, args.get("page"), institution=organization, **searched)
    try:
        body = write_page({}, wanted)
    except tk.ValidationError as error:
        tk.abort(400, " ".join(error.error_summary.values()))
        raise AssertionError("abort raises") from None
    return negotiation.answer(body, content_type(extension), modified)


def _is_ours() -> bool:
    """Whether our profile is asked for; one that nobody knows ends the request."""
    asked = [name for name in tk.request.args.get("profiles", "").split(",") if name.strip()]
    profiles = asked or tk.aslist(tk.config.get("ckanext.dcat.rdf.profiles"))
    if profiles == [RDF_PROFILE]:
        return True
    try:
        RDFSerializer(profiles=list(profiles))
    except RDFProfileException:
        tk.abort(400, tk._("There is no such profile: %s") % ", ".join(profiles))
    return False
