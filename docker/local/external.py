"""Servers that exist already: whether they answer, asked before anything is done."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from local.problem import Problem
from local.settings import Settings

SECONDS = 10.0
POSTGRESQL_PORT = 5432
REDIS_PORT = 6379


def check(settings: Settings) -> None:
    """Ask each server that the environment names.

    Raises:
        Problem: one of them does not answer; passwords are not in the message.
    """
    if settings.database_url is not None:
        _connect("CKAN_SQLALCHEMY_URL", settings.database_url, POSTGRESQL_PORT)
    if settings.redis_url is not None:
        _connect("CKAN_REDIS_URL", settings.redis_url, REDIS_PORT)
    if settings.solr_url is not None:
        _ask_solr(settings.solr_url)


def _connect(variable: str, url: str, usual_port: int) -> None:
    parts = urlsplit(url)
    if not parts.hostname:
        # A Unix socket, named in the query: CKAN itself will say whether it is there.
        return
    port = parts.port or usual_port
    try:
        socket.create_connection((parts.hostname, port), timeout=SECONDS).close()
    except OSError as error:
        raise _away(variable, f"{parts.hostname}:{port}", error) from error


def _ask_solr(url: str) -> None:
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/admin/ping", timeout=SECONDS) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        # It is there and wants a name and a password, which CKAN has.
        if error.code not in (401, 403):
            raise _away("CKAN_SOLR_URL", _without_password(url), error) from error
    except (OSError, ValueError) as error:
        raise _away("CKAN_SOLR_URL", _without_password(url), error) from error


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}{parts.path}" if parts.hostname else url


def _away(variable: str, place: str, error: Exception) -> Problem:
    return Problem(
        f"{variable} nombra un servidor que no responde ({place}: {error}): inícielo, o quite la variable.",
        f"{variable} names a server that does not answer ({place}: {error}): start it, or unset the variable.",
    )
