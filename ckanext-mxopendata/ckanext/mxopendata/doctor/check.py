"""The result of one check, and the words that every sentence may use: this site's own file, name and address."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
import requests
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.search.common import SearchError, SolrConnectionError

from ckanext.mxopendata.metadata.findings import Finding

log = logging.getLogger(__name__)

# What PostgreSQL answers where a table or a column is not there (SQLSTATE).
_NOT_MIGRATED = ("42P01", "42703")


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        name: name of the check, fixed for scripts.
        ok: whether the site is in order there.
        finding: the sentences, with their facts.
    """

    name: str
    ok: bool
    finding: Finding

    def to_dict(self, language: str = "es") -> dict[str, Any]:
        """The fixed form: check, ok, severity, message, cure (empty where nothing is to be mended)."""
        sentences = self.finding.to_dict(language)
        return {
            "check": self.name,
            "ok": self.ok,
            "severity": sentences["severity"],
            "message": sentences["message"],
            "cure": sentences["cure"],
        }


def passed(name: str, variant: str = "", /, **details: Any) -> Check:
    """A check that found the site in order.

    Args:
        name: name of the check.
        variant: which of its sentences, where a site can be in order in more than one way.
        details: what the sentence names.
    """
    return Check(name, True, _finding(f"doctor_{name}_ok", variant, details))


def failed(name: str, variant: str = "", /, **details: Any) -> Check:
    """A check that found something to mend.

    Args:
        name: name of the check.
        variant: which of its sentences, where a check can fail in more than one way.
        details: what the sentence names.
    """
    return Check(name, False, _finding(f"doctor_{name}", variant, details))


def look(check: Callable[[], Check]) -> Check:
    """Run a check; one that cannot look (service away, tables missing) says so, and never hides the others.

    Args:
        check: one of the checks; its name is that of the function.
    """
    name = check.__name__
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever breaks one check is its result, not the end of the others
        log.debug("the check %s could not look", name, exc_info=True)
        return Check(name, False, _finding("doctor_unseen", _kind(error), {"error": _words_of(error), "check": name}))
    finally:
        # A statement that PostgreSQL refused would have it refuse those of the next check too.
        _end_transaction()


def _end_transaction() -> None:
    try:
        model.Session.rollback()
    except SQLAlchemyError:
        log.debug("no transaction to end", exc_info=True)


def _finding(code: str, variant: str, details: dict[str, Any]) -> Finding:
    return Finding(f"{code}_{variant}" if variant else code, details={**site_words(), **details})


def site_words() -> dict[str, str]:
    """What cures name of this site: ``ini``, ``ckan`` (the command as it was called), ``site_id``, ``site_url``."""
    ini = tk.config.get("__file__") or "ckan.ini"
    return {
        "ini": ini,
        "ckan": f"ckan -c {ini}",
        "site_id": tk.config.get("ckan.site_id") or "default",
        "site_url": tk.config.get("ckan.site_url") or "",
    }


def _kind(error: Exception) -> str:
    if isinstance(error, DBAPIError):
        return "tables" if getattr(error.orig, "pgcode", None) in _NOT_MIGRATED else "database"
    if isinstance(error, redis.RedisError):
        return "redis"
    if isinstance(error, (requests.RequestException, SearchError, SolrConnectionError)):
        return "solr"
    return ""


def _words_of(error: Exception) -> str:
    """The first line of what the error says, without the statement that SQLAlchemy adds, and never a password."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
        error = error.orig
    if isinstance(error, requests.RequestException):
        # Its text holds the whole address, with what may stand in it before an @.
        return type(error).__name__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
