"""Keys of portals that want one: in the environment of the process, never in a source's configuration, which is public.

Whoever may propose a source may name a variable. So only variables meant for this can be named, and each says which
host its key is for: nobody can have another portal's key, or the database's password, sent to a host of their own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest.connectors.base import Unreadable
from ckanext.mxopendata.http_credential import Credential
from ckanext.mxopendata.metadata.findings import Finding

PREFIX = "MXOPENDATA_SECRET_"
_NAME = re.compile(rf"{PREFIX}[A-Z0-9_]+")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
# As an HTTP header may carry it.
_HEADER = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_KEYS = re.compile(
    r"(api|access|auth|app)[_-]?(key|token)|token|password|passwd|pwd|contraseña|clave_api|secret|client[_-]?secret"
    r"|authorization|credentials?",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"https?://[^/?#\s]*@|[?&](auth_key|api_?key|access_token|token)=", re.IGNORECASE)


def credential(name: str, form: str) -> Credential:
    """The key that an environment variable holds.

    Args:
        name: of the variable; its value is ``HOST KEY``, or ``HOST SCHEME KEY`` where the portal wants another scheme
            than that of its kind.
        form: how the header is made of a key alone, with ``{key}``; where it begins with ``?``, the parameter of an
            address in which the key goes.

    Raises:
        SourceError: where it is not there, or is not of that form; its value is not told.
    """
    if not _NAME.fullmatch(name):
        raise SourceError(Finding("secret_name_wrong", field="secret", details={"prefix": PREFIX}))
    host, _, header = os.environ.get(name, "").strip().partition(" ")
    header = header.strip()
    if not host:
        raise SourceError(Finding("secret_missing", field="secret", value=name))
    if not _HOST.fullmatch(host) or not _HEADER.fullmatch(header):
        raise SourceError(Finding("secret_without_host", field="secret", value=name))
    if " " in header:
        return Credential(host.lower(), header)
    parameter, _, pattern = form.removeprefix("?").partition("=") if form.startswith("?") else (None, "", form)
    return Credential(host.lower(), pattern.format(key=header), parameter)


def hidden(finding: Finding, key: Credential | None) -> Finding:
    """A finding that does not repeat a key, also where the portal repeated it in its answer."""
    if key is None:
        return finding
    # The key alone, too: the header may name its scheme before it.
    words = sorted({key.value, key.value.rpartition(" ")[2], quote(key.value, safe="")}, key=len, reverse=True)
    facts = json.dumps(finding.facts())
    for word in words:
        facts = facts.replace(json.dumps(word)[1:-1], "…")
    return Finding.from_facts(json.loads(facts))


def hidden_in(record: Any, key: Credential | None) -> Any:
    """A record as it was read; where it could not be, what is said of it does not repeat the portal's key."""
    return Unreadable(record.identifier, hidden(record.finding, key)) if isinstance(record, Unreadable) else record


def held_by(content: Mapping[str, Any]) -> list[Finding]:
    """Where a source's configuration seems to hold a secret itself; what it is, is not repeated.

    Args:
        content: the configuration.
    """
    name = content.get("secret")
    found = []
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        found.append(Finding("secret_name_wrong", field="secret", details={"prefix": PREFIX}))
    # The names in field_map are those of fields.
    others = {key: value for key, value in content.items() if key not in {"secret", "field_map"}}
    return [*found, *(Finding("config_holds_secret", field=place) for place in _suspects(others, ""))]


def _suspects(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            inner = f"{place}.{key}".lstrip(".")
            if _KEYS.fullmatch(str(key)) and isinstance(item, (str, int)) and not isinstance(item, bool):
                yield inner
            else:
                yield from _suspects(item, inner)
    elif isinstance(value, list):
        for item in value:
            yield from _suspects(item, place)
    elif isinstance(value, str) and _IN_ADDRESS.search(value):
        yield place
