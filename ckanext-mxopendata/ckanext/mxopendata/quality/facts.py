"""What is measured of one dataset: facts that change only when the dataset does, or the formulas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.mxopendata.metadata.validation import is_filled
from ckanext.mxopendata.metadata.vocabularies import Term, vocabulary
from ckanext.mxopendata.quality.completeness import Completeness, metadata_points
from ckanext.mxopendata.quality.families import FamilyFacts
from ckanext.mxopendata.quality.file_types import file_type
from ckanext.mxopendata.quality.freshness import FreshnessFacts, freshness_facts
from ckanext.mxopendata.quality.years import YearFacts, year_facts

# Raised whenever a measurement of an unchanged dataset would come out differently.
FORMULA_VERSION = "3"
UNKNOWN_FORMAT = ""
_NOT_A_LICENCE = "notspecified"


@dataclass(frozen=True)
class DatasetFacts:
    """One dataset, measured.

    Attributes:
        freshness: see :class:`FreshnessFacts`.
        completeness: metadata points.
        resources: how many resources it has.
        open_resources: of them, how many declare an open format.
        machine_readable_resources: of them, how many declare a machine readable format.
        formats: resources by format id; those without a known one under ``""``.
        licensed: whether it names a known licence (its own, or one on every resource).
        with_contact: whether one can write to somebody about it.
        archived: whether it left the sums.
        years: see :class:`YearFacts`.
        families: what the families of indicators of others need; ``None`` where nobody measured it.
    """

    freshness: FreshnessFacts
    completeness: Completeness
    resources: int
    open_resources: int
    machine_readable_resources: int
    formats: Mapping[str, int]
    licensed: bool
    with_contact: bool
    archived: bool
    years: YearFacts = YearFacts()
    families: FamilyFacts | None = None


def measure(dataset: Mapping[str, Any], families: FamilyFacts | None = None) -> DatasetFacts:
    """Measure one dataset.

    Args:
        dataset: a dataset as ``package_show`` gives it, with its resources.
        families: what was measured of it for the families of others.
    """
    resources = list(dataset.get("resources") or ())
    formats = [file_type(resource) for resource in resources]
    return DatasetFacts(
        freshness=freshness_facts(dataset),
        completeness=metadata_points(dataset),
        resources=len(resources),
        open_resources=_how_many(formats, "open"),
        machine_readable_resources=_how_many(formats, "machine_readable"),
        formats=dict(Counter(term.id if term else UNKNOWN_FORMAT for term in formats)),
        licensed=_is_licensed(dataset, resources),
        with_contact=is_filled(dataset, "contact"),
        archived=bool(dataset.get("archived_at")),
        years=year_facts(dataset),
        families=families,
    )


def _how_many(formats: Iterable[Term | None], fact: str) -> int:
    return sum(term is not None and term.facts.get(fact) == "true" for term in formats)


def _is_licensed(dataset: Mapping[str, Any], resources: list[Any]) -> bool:
    if _is_known_licence(dataset.get("license_id")):
        return True
    return bool(resources) and all(_is_known_licence(resource.get("license")) for resource in resources)


def _is_known_licence(text: object) -> bool:
    term = vocabulary("licences").find(text)
    return term is not None and term.id != _NOT_A_LICENCE
