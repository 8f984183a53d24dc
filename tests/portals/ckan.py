"""A CKAN portal's action API, as far as a harvester, a browser or a curious person asks it."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from portals.dirt import Hand
from portals.governments import Government
from portals.records import File, records

DEFAULT_ROWS = 10
VERSION = "2.10.4"
INTERVAL = re.compile(r"^(\w+):\[(\S+) TO (\S+)\]$")


class ActionError(Exception):
    """An answer with ``success: false``: the HTTP status and CKAN's error dictionary."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        """``kind`` is CKAN's ``__type``."""
        super().__init__(message)
        self.status = status
        self.error = {"__type": kind, "message": message}


def packages(government: Government, base: str, as_of: date) -> list[dict[str, Any]]:
    """The portal's packages as ``package_show`` gives them; ``base`` is the portal's address without final slash."""
    return [
        _package(Hand(government, record, position), base, as_of)
        for position, record in enumerate(records(government, as_of))
    ]


def _package(hand: Hand, base: str, as_of: date) -> dict[str, Any]:
    record = hand.record
    touched = record.modified or as_of
    keywords = hand.keywords()
    names = keywords.split(", ") if isinstance(keywords, str) else keywords
    extras = {
        "guid": hand.identifier(),
        "frequency": hand.frequency(),
        "dcat_issued": hand.date(record.issued),
        "dcat_modified": hand.modified(),
        "dcat_publisher_name": record.area,
        "dcat_publisher_email": record.email,
        "publisher_type": "Titular de la unidad de datos",
        "theme": hand.theme(),
        "spatial_text": hand.spatial(),
        "temporal_start": hand.date(record.start),
        "temporal_end": hand.date(record.end),
        "language": "es",
        "dataDictionary": hand.dictionary(base),
    }
    resources = [_resource(hand, file, position, base) for position, file in enumerate(hand.files())]
    return {
        "id": record.id,
        "name": record.slug,
        "title": hand.title(),
        "notes": hand.notes(),
        "author": record.area,
        "maintainer": record.contact_name,
        "maintainer_email": record.email,
        "url": f"{base}/dataset/{record.slug}",
        "license_id": "notspecified" if (license_name := hand.license()) is None else license_name,
        "license_title": license_name,
        "type": "dataset",
        "state": "active",
        "private": False,
        "isopen": license_name is not None,
        "owner_org": (organization := organization_of(hand.government, record.area))["id"],
        "organization": organization,
        "groups": [{"name": record.theme, "title": record.theme, "display_name": record.theme}],
        "tags": [{"name": name, "display_name": name, "state": "active", "vocabulary_id": None} for name in names],
        "extras": [{"key": key, "value": value} for key, value in extras.items() if value is not None],
        "resources": resources,
        "num_resources": len(resources),
        "num_tags": len(names),
        "metadata_created": _moment(record.issued),
        "metadata_modified": _moment(touched),
        "version": None,
    }


def _resource(hand: Hand, file: File, position: int, base: str) -> dict[str, Any]:
    return {
        "id": file.id,
        "package_id": hand.record.id,
        "name": file.name,
        "description": None if position else f"Archivo de {hand.record.title}.",
        "url": f"{base}/{file.path}",
        "format": hand.format(file) or "",
        "mimetype": None,
        "size": hand.size(file),
        "position": position,
        "created": _moment(hand.record.issued),
        "last_modified": _moment(file.modified),
        "state": "active",
        "update_frequency": hand.record.frequency,
    }


def _moment(day: date) -> str:
    return datetime.combine(day, time(18, 30)).isoformat(timespec="microseconds")


def organization_of(government: Government, area: str) -> dict[str, Any]:
    """The portal's own organization for one area of the government."""
    name = re.sub(r"[^a-z]+", "-", _plain(area)).strip("-")
    return {
        "id": str(uuid5(NAMESPACE_URL, f"https://{government.host}/{name}")),
        "name": name,
        "title": area,
        "description": f"{area} {government.of_place}",
        "type": "organization",
        "is_organization": True,
        "state": "active",
    }


def _plain(text: str) -> str:
    return text.lower().translate(str.maketrans("áéíóúüñ", "aeiouun"))


class ActionApi:
    """Answers actions over a list of packages that somebody else may change between two calls."""

    def __init__(self, government: Government, found: list[dict[str, Any]]) -> None:
        """``found`` is read at each call, never copied."""
        self.government = government
        self.packages = found

    def call(self, action: str, parameters: dict[str, str]) -> Any:
        """The ``result`` of one action, or ``ActionError``."""
        method = {
            "package_search": self._search,
            "package_list": self._list,
            "package_show": self._show,
            "current_package_list_with_resources": self._current,
            "organization_list": self._organizations,
            "organization_show": self._organization,
            "group_list": lambda parameters: sorted({group["name"] for p in self.packages for group in p["groups"]}),
            "tag_list": lambda parameters: sorted({tag["name"] for p in self.packages for tag in p["tags"]}),
            "status_show": self._status,
            "site_read": lambda parameters: True,
        }.get(action)
        if method is None:
            raise ActionError(400, "Bad request", f"Action name not known: {action}")
        return method(parameters)

    def _search(self, parameters: dict[str, str]) -> dict[str, Any]:
        rows = min(_whole(parameters, "rows", DEFAULT_ROWS), self.government.rows_max)
        start = _whole(parameters, "start", 0)
        found = [
            p for p in self.packages if _matches(p, parameters.get("q", "")) and _passes(p, parameters.get("fq", ""))
        ]
        for clause in reversed(parameters.get("sort", "metadata_modified desc").split(",")):
            name, _, order = clause.strip().partition(" ")
            if any(name not in package for package in found):
                raise ActionError(400, "Search Query Error", f"Unknown sort field: {name}")
            found.sort(key=lambda package: str(package[name]), reverse=order.strip() == "desc")
        page = found[start : start + rows]
        fields = [name for name in re.split(r"[,\s]+", parameters.get("fl", "")) if name]
        if fields:
            page = [{name: _indexed(name, package[name]) for name in fields if name in package} for package in page]
        return {"count": len(found), "facets": {}, "search_facets": {}, "sort": parameters.get("sort"), "results": page}

    def _list(self, parameters: dict[str, str]) -> list[str]:
        names = sorted(package["name"] for package in self.packages)
        start = _whole(parameters, "offset", 0)
        return names[start : start + _whole(parameters, "limit", len(names))]

    def _show(self, parameters: dict[str, str]) -> dict[str, Any]:
        wanted = parameters.get("id", "")
        for package in self.packages:
            if wanted in (package["id"], package["name"]):
                return package
        raise ActionError(404, "Not Found Error", "No encontrado")

    def _current(self, parameters: dict[str, str]) -> list[dict[str, Any]]:
        start = _whole(parameters, "offset", 0)
        return self.packages[start : start + _whole(parameters, "limit", DEFAULT_ROWS)]

    def _organizations(self, parameters: dict[str, str]) -> list[Any]:
        found = {package["organization"]["name"]: package["organization"] for package in self.packages}
        names = sorted(found)
        return [found[name] for name in names] if parameters.get("all_fields", "").lower() == "true" else names

    def _organization(self, parameters: dict[str, str]) -> dict[str, Any]:
        for package in self.packages:
            if parameters.get("id") in (package["organization"]["id"], package["organization"]["name"]):
                return package["organization"]
        raise ActionError(404, "Not Found Error", "No encontrado")

    def _status(self, parameters: dict[str, str]) -> dict[str, Any]:
        return {
            "ckan_version": VERSION,
            "site_title": f"Datos abiertos {self.government.of_place} (demostración)",
            "site_description": "Portal de demostración con datos generados",
            "locale_default": "es",
            "extensions": ["datastore"],
        }


def _whole(parameters: dict[str, str], name: str, default: int) -> int:
    text = parameters.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise ActionError(409, "Validation Error", f"{name}: {text} is not a whole number")
    return int(text)


def _matches(package: dict[str, Any], query: str) -> bool:
    if query in ("", "*:*"):
        return True
    text = _plain(f"{package['title']} {package['notes']} {' '.join(tag['name'] for tag in package['tags'])}")
    return all(word in text for word in _plain(query).split())


def _passes(package: dict[str, Any], filters: str) -> bool:
    # Intervals hold blanks, so the clauses are taken out with a pattern instead of split.
    for negated, clause in re.findall(r"([-+]?)(\w+:(?:\[[^\]]*\]|\([^)]*\)|\"[^\"]*\"|\S+))", filters):
        if _holds(package, clause) == (negated == "-"):
            return False
    return True


def _holds(package: dict[str, Any], clause: str) -> bool:
    interval = INTERVAL.match(clause)
    if interval:
        name, low, high = interval.groups()
        value = str(package.get(name) or "")
        return (low == "*" or value >= _bound(low)) and (high == "*" or value <= _bound(high))
    name, _, wanted = clause.partition(":")
    alternatives = [word.strip('"') for word in wanted.strip("()").split(" OR ")]
    values = {
        "organization": [package["organization"]["name"]],
        "owner_org": [package["owner_org"]],
        "groups": [group["name"] for group in package["groups"]],
        "tags": [tag["name"] for tag in package["tags"]],
        "res_format": [resource["format"] for resource in package["resources"]],
    }.get(name, [str(package.get(name))])
    return any(one in values or (name == "dataset_type" and one == package["type"]) for one in alternatives)


def _indexed(name: str, value: Any) -> Any:
    """A field as the index gives it: dates with milliseconds, without zeros at their end, in UTC."""
    if name not in ("metadata_modified", "metadata_created"):
        return value
    day, _, fraction = str(value).partition(".")
    fraction = fraction[:3].rstrip("0")
    return f"{day}.{fraction}Z" if fraction else f"{day}Z"


def _bound(text: str) -> str:
    return text.rstrip("Z")
