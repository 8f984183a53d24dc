"""Resources of Junar in the words of Project Open Data; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from ckanext.mxopendata.harvest.connectors.base import LeftOut
from ckanext.mxopendata.http_credential import without_parameter
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.records import as_list, is_empty

AUTH_KEY = "auth_key"
VIEW = "ds"
# What shows data of others.
NOT_DATA = {"vz": "visualization", "db": "dashboard"}
_READ = frozenset((
    "guid", "title", "description", "notes", "tags", "category_name", "created_at", "modified_at", "license",
    "frequency", "spatial", "mbox", "link", "endpoint", "type",
))  # fmt: skip
# What the software needs for itself, when the data were last asked for, and who of the portal's people captured it.
_OF_THE_SOFTWARE = frozenset(("result", "resources", "category_id", "timestamp", "status", "user"))
# Later seconds would be in the year 5138: such a number counts milliseconds.
_MILLISECONDS = 100_000_000_000


def of_resource(item: Any, api: str) -> Any:
    """A resource of the API; :class:`LeftOut` where it only shows data of others, what is no object as it is.

    Nobody's key is taken over, wherever in the record an address holds one.

    Args:
        item: as the portal gave it.
        api: where its API is, without a slash at its end.
    """
    if not isinstance(item, Mapping):
        return item
    item = _without_key(item)
    kind = str(item.get("type") or "").lower()
    if kind in NOT_DATA:
        reason = Finding("record_of_other_kind", value=item.get("title"), details={"kind": NOT_DATA[kind]})
        return LeftOut({"identifier": item.get("guid"), "title": item.get("title")}, [reason])
    texts = [text for name in ("description", "notes") if not is_empty(text := item.get(name))]
    record = {
        **{name: value for name, value in item.items() if name not in _READ | _OF_THE_SOFTWARE},
        "identifier": item.get("guid"),
        "title": item.get("title"),
        "description": "\n\n".join(map(str, dict.fromkeys(texts))),
        "keyword": [tag for tag in as_list(item.get("tags")) if not is_empty(tag)],
        "theme": item.get("category_name"),
        "issued": _moment(item.get("created_at")),
        "modified": _moment(item.get("modified_at")),
        "license": item.get("license"),
        "accrualPeriodicity": item.get("frequency"),
        "spatial": item.get("spatial"),
        "contactPoint": {"hasEmail": item["mbox"]} if item.get("mbox") else None,
        "landingPage": _web(item.get("link")),
        "distribution": list(_distributions(item, kind, api)),
    }
    return {name: value for name, value in record.items() if not is_empty(value)}


def _without_key(value: Any) -> Any:
    if isinstance(value, str):
        return without_parameter(value, AUTH_KEY)
    if isinstance(value, Mapping):
        return {name: _without_key(item) for name, item in value.items()}
    return [_without_key(item) for item in value] if isinstance(value, list) else value


def _web(address: Any) -> str | None:
    """An address of the web; Junar's own storage (``file://``) is none."""
    return address if isinstance(address, str) and address.startswith(("http://", "https://")) else None


def _distributions(item: Mapping[str, Any], kind: str, api: str) -> Iterator[dict[str, Any]]:
    """The file a dataset was made from; of a view, and where there is no file, the page from which it is downloaded.

    The API gives data to those with a key only: its address stands for them where there is no page.
    """
    title, file, page = item.get("title"), _web(item.get("endpoint")), _web(item.get("link"))
    if file:
        yield {"title": title, "downloadURL": file}
    if page and (kind == VIEW or not file):
        yield {"title": title, "accessURL": page, "format": "HTML", "mediaType": "text/html"}
    elif not file and item.get("guid"):
        name = quote(str(item["guid"]))
        data = f"datastreams/{name}/data.csv" if kind == VIEW else f"datasets/{name}.json"
        yield {"title": title, "accessURL": f"{api}/api/v2/{data}"}


def _moment(value: Any) -> Any:
    """A moment as ISO 8601; what is no number of seconds or milliseconds, as it is."""
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    try:
        seconds = value / 1000 if value >= _MILLISECONDS else value
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return str(value)
