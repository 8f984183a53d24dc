"""What a new source would be called, whose it is, what its datasets lack: pure functions over what was seen of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ckanext.mxopendata.metadata.names import slug
from ckanext.mxopendata.metadata.text import fold

_NOT_A_LICENCE = "notspecified"


@dataclass(frozen=True)
class KnownInstitution:
    """An institution of this site, as far as a source is recognised by it.

    Attributes:
        name: in its address.
        title: for people.
        acronym: its own, or an empty text.
        cvegeo: INEGI's key of its territory, or an empty text.
        hosts: of its pages.
    """

    name: str
    title: str
    acronym: str
    cvegeo: str
    hosts: frozenset[str]


def host_of(url: object) -> str:
    """The host of an address without ``www.``, in small letters; an empty text where there is none."""
    try:
        host = urlsplit(str(url or "").strip()).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def hosts_of(fields: Mapping[Any, Any]) -> frozenset[str]:
    """The hosts of an institution's pages, by its fields."""
    return frozenset(filter(None, (host_of(fields.get(name)) for name in ("portal_url", "landing_page"))))


def suggest(
    url: str,
    page_title: str,
    records: Sequence[Mapping[str, Any]],
    institutions: Collection[KnownInstitution],
    files: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """What to call a source, and what to say of it.

    A configuration file for the same host knows best; then the institution whose page has that host; then the one that
    most records name.

    Args:
        url: address of the source.
        page_title: title of the portal's page, or an empty text.
        records: as :func:`.preview.preview` shows them.
        institutions: those of this site.
        files: contents of the configuration files that are known.

    Returns:
        ``{"name", "title", "institution", "institution_title", "new_institution", "cvegeo", "license"}``: the first two
        are never empty; ``institution`` is a name or ``None``, ``new_institution`` what it would be created with where
        this site does not have it, ``license`` the one that most records name, where some name none.
    """
    host = host_of(url)
    file = _file_of(url, host, files)
    said = file.get("institution")
    described: Mapping[str, Any] = said if isinstance(said, Mapping) else {"name": said}
    found = _find(institutions, lambda one: one.name == described["name"])
    if not said:
        found = _find(institutions, lambda one: host in one.hosts) or _named_by(records, institutions)
    new = dict(described) if found is None and "title" in described else None
    of = {"name": found.name, "title": found.title} if found else new or {}
    return {
        "name": file.get("name") or slug(host or url),
        "title": file.get("title") or page_title or of.get("title") or host,
        "institution": of.get("name"),
        "institution_title": of.get("title"),
        "new_institution": new,
        "cvegeo": file.get("cvegeo") or (found.cvegeo if found else "") or None,
        "license": file.get("license") or _licence(records),
    }


def _file_of(url: str, host: str, files: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The file for this address; else the only one for its host, or what all files for that host agree on."""
    near = [file for file in files if host and host in (host_of(file.get("url")), host_of(file.get("portal")))]
    same = [file for file in near if str(file.get("url", "")).rstrip("/") == url.rstrip("/")]
    chosen = same or near
    if len(chosen) == 1:
        return chosen[0]
    first = chosen[0] if chosen else {}
    shared = ("institution", "cvegeo", "license")
    return {key: first[key] for key in shared if key in first and all(file.get(key) == first[key] for file in chosen)}


def _find(institutions: Iterable[KnownInstitution], fits: Any) -> KnownInstitution | None:
    """The only institution that fits; ``None`` where none or several do: a guess would be worse."""
    found = [one for one in institutions if fits(one)]
    return found[0] if len(found) == 1 else None


def _named_by(
    records: Iterable[Mapping[str, Any]], institutions: Iterable[KnownInstitution]
) -> KnownInstitution | None:
    """The institution that more than half of the records name as who publishes or made them."""
    names = [_publisher(record["dataset"]) for record in records]
    name, number = Counter(filter(None, names)).most_common(1)[0] if any(names) else ("", 0)
    if number * 2 <= len(names):
        return None
    return _find(institutions, lambda one: name in (fold(one.title), fold(one.acronym)))


def _publisher(dataset: Mapping[str, Any]) -> str:
    creators = dataset.get("creator") or ()
    said = creators[0].get("name") if creators and isinstance(creators[0], Mapping) else None
    return fold(str(said)) if said else ""


def _licence(records: Sequence[Mapping[str, Any]]) -> str | None:
    said = [str(record["dataset"].get("license_id") or "") for record in records if record["dataset"]]
    known = Counter(licence for licence in said if licence not in ("", _NOT_A_LICENCE))
    return known.most_common(1)[0][0] if known and known.total() < len(said) else None
