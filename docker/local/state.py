"""What one installation remembers between two commands: its ports, its secrets, the options somebody added."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterable
from typing import Any

from local import files
from local.settings import ADDRESS, Settings

FILE = "state.json"


def _read(settings: Settings) -> dict[str, dict[str, Any]]:
    return files.read_json(settings.home / FILE) or {}


def recall(settings: Settings, section: str, key: str) -> Any:
    """What was kept, ``None`` where nothing was."""
    return _read(settings).get(section, {}).get(key)


def remember(settings: Settings, section: str, key: str, value: Any) -> None:
    """Keep something until ``make clean``."""
    state = _read(settings)
    state.setdefault(section, {})[key] = value
    files.write_json(settings.home / FILE, state)


def secret(settings: Settings, name: str) -> str:
    """A random secret of this installation, made the first time somebody asks for it."""
    known = known_secret(settings, name)
    if known is None:
        known = secrets.token_urlsafe(32)
        remember(settings, "secrets", name, known)
    return known


def known_secret(settings: Settings, name: str) -> str | None:
    """A secret of this installation, ``None`` where there is none yet."""
    return recall(settings, "secrets", name)


def remember_secret(settings: Settings, name: str, value: str) -> None:
    """Keep a secret that somebody else made, for example an API token."""
    remember(settings, "secrets", name, value)


def port(settings: Settings, name: str, running: bool) -> int:
    """The port of a service: the one it had, unless somebody else has taken it meanwhile.

    Args:
        settings: the installation.
        name: name of the service.
        running: whether our own service is running there now, so that a taken port is right.
    """
    known = recall(settings, "ports", name)
    if known is not None and (running or is_free(known)):
        return known
    found = free_port(set(_read(settings).get("ports", {}).values()))
    remember(settings, "ports", name, found)
    return found


def remembered_port(settings: Settings, name: str) -> int | None:
    """The port a service had, ``None`` where it never had one."""
    return recall(settings, "ports", name)


def remember_port(settings: Settings, name: str, number: int) -> None:
    """Keep the port that somebody chose."""
    remember(settings, "ports", name, number)


def options(settings: Settings) -> dict[str, str]:
    """Options of CKAN that were added to this installation."""
    return _read(settings).get("options", {})


def add_options(settings: Settings, added: dict[str, str]) -> None:
    """Add options to CKAN's configuration of this installation; they stay until ``make clean``."""
    for key, value in added.items():
        remember(settings, "options", key, value)


def add_words(settings: Settings, key: str, words: Iterable[str]) -> None:
    """Add words to an option of CKAN that is a list; those that somebody else put there stay."""
    known = options(settings).get(key, "").split()
    add_options(settings, {key: " ".join(dict.fromkeys([*known, *words]))})


def is_free(number: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        # As the servers do it: a connection that has just ended does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, number))
        except OSError:
            return False
    return True


def free_port(taken: set[int] | None = None) -> int:
    """A port of this machine on which nothing listens, and that is none of ``taken``."""
    while True:
        with socket.socket() as probe:
            probe.bind((ADDRESS, 0))
            number = probe.getsockname()[1]
        if number not in (taken or ()):
            return number
