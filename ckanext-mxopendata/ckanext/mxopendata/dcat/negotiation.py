"""Which form of a page a client asks for, and answers that it may keep: validators, 304, use from other sites."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

from flask import Response
from werkzeug.datastructures import MIMEAccept

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import changes

# What is offered instead of HTML; of two that a client likes as well, the first.
MEDIA_TYPES = {
    "text/turtle": "ttl",
    "application/rdf+xml": "rdf",
    "application/ld+json": "jsonld",
    "application/n-triples": "nt",
    "text/n3": "n3",
}
# The search index may be a moment behind the change log.
_SETTLED = timedelta(minutes=1)


def wanted_extension(accept: MIMEAccept) -> str | None:
    """The ending of the form that a client likes best; ``None`` where that is HTML, or it does not say."""
    best = accept.best_match(["text/html", "application/xhtml+xml", *MEDIA_TYPES], default="text/html")
    return MEDIA_TYPES.get(best or "")


def last_change(now: datetime) -> datetime | None:
    """When the catalogue last changed; ``None`` where that is not known, or too fresh to be sure that it can be seen.

    Args:
        now: the moment of asking, with time zone.
    """
    moment = changes.last_moment()
    return moment if moment and now - moment > _SETTLED else None


def is_unchanged(moment: datetime | None) -> bool:
    """Whether the client has what there is, by the date it sends; one that sends an ETag is told by that."""
    asked = tk.request.if_modified_since
    return (
        moment is not None
        and asked is not None
        and not tk.request.if_none_match
        and moment.replace(microsecond=0) <= asked
    )


def answer(body: bytes, content_type: str, modified: datetime | None) -> Response:
    """A page that other sites' scripts may read and a client may ask for again; 304 where it has it.

    Args:
        body: the page.
        content_type: what it is.
        modified: when it changed, with time zone; ``None`` where that is not known.
    """
    response = Response(body, content_type=content_type)
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    return finish(response, modified)


def not_modified(modified: datetime) -> Response:
    """The answer to a client that has what there is."""
    return finish(Response(status=304), modified)


def finish(response: Response, modified: datetime | None) -> Response:
    """Give an answer its headers, and make it a 304 where the client has what it says."""
    if modified:
        response.last_modified = modified.astimezone(timezone.utc)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Link"
    response.make_conditional(tk.request.environ)
    return response
