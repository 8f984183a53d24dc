"""Argentina's profile of metadata (``schemas/argentine_profile.yaml``): does a dataset of a data.json keep to it?

The indicators of pydatajson count which datasets do, and which of the fields that the profile recommends are used.
"""

from __future__ import annotations

import mimetypes
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import isodate
import yaml

if TYPE_CHECKING:
    import jsonschema

RECOMMENDED = "s"
OPTIONAL = "o"
# Extensions that hide what the file is.
_HIDING = frozenset({".zip", ".php", ".asp", ".aspx"})
_CHARACTER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_ADDRESS = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*:(?://(?:{_CHARACTER}|[\[\]])*(?:/{_CHARACTER}*)*|/?(?:{_CHARACTER}+(?:/{_CHARACTER}*)*)?)"
    rf"(?:\?(?:{_CHARACTER}|[/?])*)?(?:#(?:{_CHARACTER}|[/?])*)?"
)


@dataclass(frozen=True)
class FieldUse:
    """How many fields of a kind are used, of how many that could be; uses can be added up.

    Attributes:
        recommended: recommended fields that are there.
        recommended_possible: recommended fields that could be there.
        optional: optional fields that are there.
        optional_possible: optional fields that could be there.
    """

    recommended: int = 0
    recommended_possible: int = 0
    optional: int = 0
    optional_possible: int = 0

    def __add__(self, other: FieldUse) -> FieldUse:
        return FieldUse(
            self.recommended + other.recommended,
            self.recommended_possible + other.recommended_possible,
            self.optional + other.optional,
            self.optional_possible + other.optional_possible,
        )


def keeps_to_the_profile(dataset: Any) -> bool:
    """Whether a dataset of a data.json is valid: required fields, types and forms, and formats that fit the files.

    Source: the profile that pydatajson checks; a format given as a media type that no extension is known for does not
    fit a file with an extension.
    """
    if not _validator().is_valid(dataset):
        return False
    distributions = dataset.get("distribution") if isinstance(dataset, dict) else None
    return all(_format_fits(distribution) for distribution in distributions or ())


def field_use(catalogue: Mapping[str, Any]) -> FieldUse:
    """How far a whole catalogue uses the fields that the profile recommends or allows.

    A field counts as used where it is there, even if empty; a list of no datasets, distributions or columns could use
    none. Source: pydatajson, ``campos_recomendados_pct`` and ``campos_optativos_pct``.
    """
    return _use(catalogue, _profile()["fields"])


def field_use_of_dataset(dataset: Mapping[str, Any]) -> FieldUse:
    """The same of one dataset with its distributions."""
    return _use(dataset, _profile()["fields"]["dataset"])


def _use(thing: object, fields: Mapping[str, Any]) -> FieldUse:
    counts = [0, 0, 0, 0]
    _count_use(thing, fields, counts)
    recommended, recommended_possible, optional, optional_possible = counts
    return FieldUse(recommended, recommended_possible, optional, optional_possible)


def _count_use(thing: object, fields: Mapping[str, Any], counts: list[int]) -> None:
    # Added in place: it is asked of each dataset of a portal.
    found = thing if isinstance(thing, Mapping) else {}
    for name, kind in fields.items():
        if kind == RECOMMENDED:
            counts[0] += name in found
            counts[1] += 1
        elif kind == OPTIONAL:
            counts[2] += name in found
            counts[3] += 1
        elif isinstance(kind, dict):
            for part in _parts(found.get(name)):
                _count_use(part, kind, counts)


def _parts(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    return [value if isinstance(value, Mapping) else {}]


def _format_fits(distribution: object) -> bool:
    if not isinstance(distribution, Mapping) or not isinstance(distribution.get("format"), str):
        return True
    told = distribution["format"]
    if "/" not in told or mimetypes.MimeTypes().guess_all_extensions(told):
        return True
    named = (distribution.get("downloadURL"), distribution.get("fileName"))
    return all(_extension(name) in {"", *_HIDING} for name in named if isinstance(name, str))


def _extension(address: str) -> str:
    try:
        return PurePosixPath(urlsplit(address).path).suffix.lower()
    except ValueError:
        return ""


@cache
def _profile() -> Mapping[str, Any]:
    text = (files("ckanext.mxopendata.schemas") / "argentine_profile.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@cache
def _validator() -> jsonschema.Draft7Validator:
    # It takes long to import, and only who measures validates.
    import jsonschema

    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date")(_is_date)
    checker.checks("date-time")(_is_moment)
    checker.checks("uri")(_is_address)
    return jsonschema.Draft7Validator(_profile()["dataset"], format_checker=checker)


def _is_date(text: object) -> bool:
    if not isinstance(text, str):
        return True
    try:
        time.strptime(text, "%Y-%m-%d")
    except ValueError:
        return False
    return True


def _is_moment(text: object) -> bool:
    """ISO 8601 with a ``T``; a zone is not asked for, as the validators of that network do not."""
    if not isinstance(text, str):
        return True
    try:
        isodate.parse_datetime(text)
    except (ValueError, isodate.ISO8601Error):
        return False
    return True


def _is_address(text: object) -> bool:
    return not isinstance(text, str) or _ADDRESS.fullmatch(text) is not None
