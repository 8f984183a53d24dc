"""What ADELA, the national portal's tool until 2018, gave an institution: medals, stars and a grade out of ten.

- A resource has no medal, bronze (address, title, description, theme and tags), silver (bronze, and name and e-mail of
  its owner) or gold (silver, and updated as often as declared).
- The medal of an institution is the whole part of the mean over its resources, where one without a medal counts as
  one, as in the original.
- Its grade is the whole part of (0, 40, 50 or 60 for the medal; 15 if no promised resource is unpublished; 15 if
  anything was downloaded; 10 without an open recommendation) divided by ten. What nobody knows gives no points, and
  ``out_of`` says how many could be had: without figures of use, 85.
- Its opening is the whole part of the median of the stars of its formats.

The original gave 0 to an institution whose last page of results has a single row; that was an error and is not copied.
Source: issue 8; mxabierto/adela, app/views/organizations/shared/_dashboard.html.erb.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ckanext.mxopendata.metadata.records import is_empty, stored_list
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality.file_types import file_type
from ckanext.mxopendata.quality.freshness import IRREGULAR, REALTIME, UP_TO_DATE, standing

NO_MEDAL, BRONZE, SILVER, GOLD = range(4)
_QUALITY = {NO_MEDAL: 0, BRONZE: 40, SILVER: 50, GOLD: 60}
PROMISES_POINTS = 15
USE_POINTS = 15
RECOMMENDATIONS_POINTS = 10
_QUALITY_POINTS = 60
# ADELA's own list; a format that is not on it has the stars of the vocabulary of file types.
_STARS = {
    **dict.fromkeys(("PNG", "PDF", "BMP", "JPEG", "ZIP"), 1),
    **dict.fromkeys(("XLS", "XLSX"), 2),
    **dict.fromkeys(("CSV", "JSON", "TXT", "XML", "HTML", "TSV", "SHP", "KML", "KMZ"), 3),
    **dict.fromkeys(("RDF", "RDF_XML"), 4),
}
_NAMED_STARS = {"PSV": 3, "LOD": 5}
AS_DECLARED = (UP_TO_DATE, REALTIME, IRREGULAR)
MOST_STARS = 5


@dataclass(frozen=True)
class ResourceCounts:
    """Resources by medal and by stars: all that an institution's figures are made from; counts can be added.

    Attributes:
        medals: resources by medal, 0 to 3.
        stars: resources by stars, 1 to 5; those whose format nobody knows are not in it.
    """

    medals: Mapping[int, int] = field(default_factory=dict)
    stars: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: ResourceCounts) -> ResourceCounts:
        return ResourceCounts(_added(self.medals, other.medals), _added(self.stars, other.stars))


@dataclass(frozen=True)
class ResourceFacts:
    """The resources of one dataset, without a clock: whether the best ones are of gold depends on the day.

    Attributes:
        without_medal: resources that lack something bronze asks for.
        bronze: resources with all of that, whose owner cannot be reached.
        owned: resources whose owner can be: gold while the dataset is updated as often as declared, else silver.
        stars: resources with one to five stars.
    """

    without_medal: int
    bronze: int
    owned: int
    stars: tuple[int, ...]

    def counts(self, verdict: str) -> ResourceCounts:
        """The medals and stars, given the verdict on the dataset's freshness."""
        best = GOLD if verdict in AS_DECLARED else SILVER
        medals = {NO_MEDAL: self.without_medal, BRONZE: self.bronze, best: self.owned}
        stars = dict(enumerate(self.stars, start=1))
        return ResourceCounts(
            {medal: number for medal, number in medals.items() if number},
            {star: number for star, number in stars.items() if number},
        )


@dataclass(frozen=True)
class Grade:
    """The grade of an institution.

    Attributes:
        value: whole, 0 to 10.
        points: of which it is made, 0 to 100.
        out_of: how many could be had from what is known; 100 with all evidence.
    """

    value: int
    points: int
    out_of: int


def resource_counts(dataset: Mapping[str, Any], now: datetime) -> ResourceCounts:
    """The medals and stars of a dataset's resources.

    Args:
        dataset: as ``package_show`` gives it, with its resources.
        now: the moment that freshness is judged for.
    """
    return resource_facts(dataset).counts(standing(dataset, now).verdict)


def resource_facts(dataset: Mapping[str, Any]) -> ResourceFacts:
    """What does not age of the medals and stars of a dataset's resources.

    Args:
        dataset: as ``package_show`` gives it, with its resources.
    """
    resources = list(dataset.get("resources") or ())
    best = _best_medal(dataset)
    medals = Counter(_undated_medal(dataset, resource, best) for resource in resources)
    stars = Counter(opening_stars(resource) for resource in resources)
    in_order = tuple(stars[number] for number in range(1, MOST_STARS + 1))
    return ResourceFacts(medals[NO_MEDAL], medals[BRONZE], medals[SILVER], in_order)


def resource_medal(dataset: Mapping[str, Any], resource: Mapping[str, Any], now: datetime) -> int:
    """The medal of a resource: 0 none, 1 bronze, 2 silver, 3 gold.

    Description, theme, tags and owner may be said of the dataset. The frequency counts as kept where it is not periodic
    (real time, irregular), as nothing is due; a dataset without a readable date does not keep one.
    """
    medal = _undated_medal(dataset, resource, _best_medal(dataset))
    return GOLD if medal == SILVER and standing(dataset, now).verdict in AS_DECLARED else medal


def _best_medal(dataset: Mapping[str, Any]) -> int:
    """The best medal but for gold that the dataset lets its resources have."""
    if is_empty(dataset.get("theme")) or is_empty(dataset.get("tags")):
        return NO_MEDAL
    contacts = stored_list(dataset.get("contact"))
    return SILVER if any(_is_reachable(contact) for contact in contacts) else BRONZE


def _undated_medal(dataset: Mapping[str, Any], resource: Mapping[str, Any], best: int) -> int:
    title = resource.get("name") or dataset.get("title")
    description = resource.get("description") or dataset.get("notes")
    return NO_MEDAL if any(is_empty(value) for value in (resource.get("url"), title, description)) else best


def opening_stars(resource: Mapping[str, Any]) -> int | None:
    """The stars of a resource's format, 1 to 5; ``None`` where nobody knows the format."""
    term = file_type(resource)
    if term is None:
        return _NAMED_STARS.get(str(resource.get("format") or "").strip().upper())
    stars = vocabulary("file_types").terms[term.id].facts.get("stars")
    return _STARS.get(term.id) or (int(stars) if stars else None)


def institution_medal(counts: ResourceCounts) -> int | None:
    """The medal of an institution: the whole part of the mean; ``None`` without resources.

    A resource without a medal counts as one, as the original had it.
    """
    number = sum(counts.medals.values())
    if not number:
        return None
    return sum(max(medal, BRONZE) * many for medal, many in counts.medals.items()) // number


def opening(counts: ResourceCounts) -> int | None:
    """The opening of an institution: the whole part of the median of the stars; ``None`` without a known format."""
    in_order = [stars for stars in sorted(counts.stars) for _ in range(counts.stars[stars])]
    if not in_order:
        return None
    middle = len(in_order) // 2
    return in_order[middle] if len(in_order) % 2 else (in_order[middle - 1] + in_order[middle]) // 2


def grade(
    counts: ResourceCounts, *, unpublished: int | None, downloads: int | None, recommendations: int | None
) -> Grade:
    """The grade of an institution.

    Args:
        counts: its resources.
        unpublished: promised resources that are not published; ``None`` where its promises are not known.
        downloads: downloads of its resources; ``None`` without figures of use.
        recommendations: open recommendations; ``None`` where nobody looked.
    """
    parts = (
        (PROMISES_POINTS, None if unpublished is None else unpublished == 0),
        (USE_POINTS, None if downloads is None else downloads > 0),
        (RECOMMENDATIONS_POINTS, None if recommendations is None else recommendations == 0),
    )
    points = _QUALITY[institution_medal(counts) or NO_MEDAL] + sum(worth for worth, met in parts if met)
    out_of = _QUALITY_POINTS + sum(worth for worth, met in parts if met is not None)
    return Grade(points // 10, points, out_of)


def _is_reachable(contact: object) -> bool:
    return isinstance(contact, Mapping) and bool(contact.get("name")) and bool(contact.get("email"))


def _added(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def total(parts: Iterable[ResourceCounts]) -> ResourceCounts:
    """All parts added."""
    return sum(parts, start=ResourceCounts())
