"""Actions that look at a portal and make a source of it."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context, DataDict

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.form_start import fresh_context
from ckanext.mxopendata.harvest import proposal, sources
from ckanext.mxopendata.harvest.connectors import CONNECTORS
from ckanext.mxopendata.harvest.settings import SourceSettings, check_file
from ckanext.mxopendata.harvest.source import mapping_facts
from ckanext.mxopendata.harvest.suggestions import host_of, hosts_of
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.mapping import MappingSettings

# A web server hangs up on a page that takes a minute.
PATIENCE_SECONDS = 40.0
_KEPT = ("url", "type", "name", "title", "schedule", "license", "cvegeo")


def mxopendata_harvest_source_detect(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Look at a portal: what answers, and what its first records would become (issue 9, part 2). Nothing is stored.

    Args:
        context: CKAN's.
        data_dict: ``url`` (any address of the portal), ``type`` (a source type; found out where it is missing),
            ``institution`` (name or id of the one its datasets would belong to; only a sysadmin may leave it out).

    Returns:
        ``{"type", "platform", "url", "suggested": {"name", "title", "institution", "institution_title",
        "new_institution", "cvegeo", "license"}, "preview": {"total", "findings", "records": […]}}``.

    Raises:
        ValidationError: for an address that is none or of another host, a type that is none, or a portal that cannot
            be read: why, and what can be done, under ``url``.
        NotAuthorized: for who is neither sysadmin nor an administrator of the institution.
    """
    tk.check_access("mxopendata_harvest_source_detect", context, data_dict)
    url, source_type = str(tk.get_or_bust(data_dict, "url")).strip(), data_dict.get("type") or None
    if source_type and source_type not in CONNECTORS:
        raise tk.ValidationError({"type": [tk._("There is no such type of source.")]})
    institution = _institution(data_dict)
    _check_host(context, institution, url)
    known = mapping_facts(institution.title, institution.extras) if institution is not None else {}
    try:
        found = proposal.propose(url, source_type, SourceSettings(), MappingSettings(**known), PATIENCE_SECONDS)
    except SourceError as error:
        told = error.finding.to_dict(current_language())
        raise tk.ValidationError({"url": [f"{told['message']} {told['cure']}"]}) from error
    if institution is not None:
        found["suggested"] |= {
            "institution": institution.name,
            "institution_title": institution.title,
            "new_institution": None,
        }
    return found


def mxopendata_harvest_source_add(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make a harvest source as the configuration file of one would (issue 9, part 2).

    Args:
        context: CKAN's.
        data_dict: ``url``, ``type``, ``name``, ``title``, ``institution`` (name or id; a sysadmin may name one that a
            configuration file of this site describes, and it is created), ``schedule`` (``WEEKLY``), ``license`` (of
            datasets that name none), ``cvegeo``.

    Returns:
        ``{"id", "name", "type", "url", "institution"}``.

    Raises:
        ValidationError: in the caller's language, by field.
        NotAuthorized: as :func:`mxopendata_harvest_source_detect`.
    """
    tk.check_access("mxopendata_harvest_source_add", context, data_dict)
    content = {name: str(data_dict[name]).strip() for name in _KEPT if data_dict.get(name)}
    institution = _institution(data_dict)
    named = institution.name if institution is not None else str(data_dict.get("institution") or "")
    described = None if institution is not None else sources.described_institution(named)
    if institution is None and described is None:
        raise tk.ValidationError({"institution": [tk._("Choose the institution that its datasets belong to.")]})
    whole = {**content, "institution": named if described is None else dict(described)}
    _check_content(whole)
    _check_host(context, institution, content["url"])
    source_id = sources.save(whole, origin=None, context=fresh_context(context))
    return {"id": source_id, **{key: content[key] for key in ("name", "type", "url")}, "institution": named}


def _check_content(content: dict[str, Any]) -> None:
    """Refuse what a configuration file could not say, by field, in the caller's words."""
    errors: dict[str, Any] = {}
    for finding in check_file(json.loads(json.dumps(content))):
        told = finding.to_dict(current_language())
        errors.setdefault(told["field"] or "url", []).append(f"{told['message']} {told['cure']}")
    if errors:
        raise tk.ValidationError(errors)


def _institution(data_dict: DataDict) -> Any:
    """The institution named, or ``None`` where there is none of that name."""
    found = model.Group.get(data_dict["institution"]) if data_dict.get("institution") else None
    return found if found is not None and found.is_organization and found.state == "active" else None


def _check_host(context: Context, institution: Any, url: str) -> None:
    """Who is no sysadmin asks the institution's own host only: any other is somebody else's to offer."""
    if not host_of(url):
        raise tk.ValidationError(
            {"url": [tk._("Write the address of the portal, such as https://datos.ejemplo.gob.mx.")]}
        )
    user: Any = context.get("auth_user_obj") or model.User.get(context.get("user", ""))
    if context.get("ignore_auth") or (user is not None and user.sysadmin):
        return
    own = hosts_of((institution and institution.extras) or {})
    if host_of(url) in own:
        return
    if not own:
        said = tk._("The page of your institution names no portal yet: write its address there first.")
    else:
        said = tk._("You may add the portal that the page of your institution names: {hosts}.").format(
            hosts=", ".join(sorted(own))
        )
    raise tk.ValidationError({"url": [said]})
