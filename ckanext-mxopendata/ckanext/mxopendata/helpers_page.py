"""Template helpers of the pages of datasets and institutions: facts of the pure modules in words, with addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from babel.dates import format_date

import ckan.plugins.toolkit as tk

from ckanext.mxopendata import institutions
from ckanext.mxopendata.facets import freshness_label
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.logic.dataset_findings import today
from ckanext.mxopendata.metadata import citation, glance
from ckanext.mxopendata.metadata.kinship import Institution
from ckanext.mxopendata.metadata.records import stored_list
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.quality import freshness

__all__ = [
    "mxopendata_citation",
    "mxopendata_dataset_title",
    "mxopendata_dictionary",
    "mxopendata_family",
    "mxopendata_standing",
    "mxopendata_host",
    "mxopendata_institution",
    "mxopendata_licence",
    "mxopendata_place_link",
    "mxopendata_place_links",
    "mxopendata_rows",
    "mxopendata_term_links",
]

_LIBRE_USO = "libreusomx"
_DAY = {"es": "d 'de' MMMM 'de' y", "en": "d MMMM y"}
_DAYS_TOLD_ONE_BY_ONE = 730
_TONES = {
    freshness.UP_TO_DATE: ("success", "circle-check"),
    freshness.REALTIME: ("success", "circle-check"),
    freshness.OVERDUE: ("danger", "triangle-exclamation"),
}


def mxopendata_rows(value: Any) -> list[Mapping[str, Any]]:
    """The rows of a repeating field, whatever an older record or another schema left there."""
    return glance.rows(value)


def mxopendata_institution(institution_id: str | None) -> dict[str, Any]:
    """An institution without counts and people, asked for once a request; nothing where there is none to be seen."""
    return institutions.institution_of(institution_id)


def mxopendata_standing(dataset: Mapping[str, Any]) -> dict[str, str]:
    """How a dataset stands against its promise now.

    Returns:
        ``{"verdict", "label", "sentence", "tone", "icon"}``: the verdict of :mod:`.quality.freshness`, its name, one
        sentence with the dates, Bootstrap's colour and Font Awesome's picture, beside which the words always stand.
    """
    standing = freshness.standing(dataset, datetime.now(timezone.utc))
    tone, icon = _TONES.get(standing.verdict, ("secondary", "circle-question"))
    return {
        "verdict": standing.verdict,
        "label": freshness_label(standing.verdict),
        "sentence": _freshness_sentence(standing),
        "tone": tone,
        "icon": icon,
    }


def _freshness_sentence(standing: freshness.Standing) -> str:
    facts = standing.facts
    words = {
        "every": _every(facts.frequency),
        "due": _day(facts.due),
        "last": _day(facts.late_after),
        "modified": _day(facts.modified),
    }
    if standing.verdict == freshness.UP_TO_DATE and standing.days_late is None:
        said = tk._("Updated %(every)s; the next update is expected on %(due)s.")
    elif standing.verdict == freshness.UP_TO_DATE:
        said = tk._("Updated %(every)s; the update expected on %(due)s is within the tolerance, until %(last)s.")
    elif standing.verdict == freshness.OVERDUE:
        words["late"] = _lateness(standing.days_late or 0)
        said = tk._("%(late)s late: updated %(every)s; the update was expected on %(due)s.")
    else:
        said = {
            freshness.REALTIME: tk._("The data are updated all the time."),
            freshness.IRREGULAR: tk._("The publisher does not promise a date for the next update."),
            freshness.NO_FREQUENCY: tk._("The publisher does not say how often the data are updated."),
            freshness.NO_DATE: tk._("Updated %(every)s, but the publisher does not say when they last were."),
            freshness.FUTURE_DATE: tk._("The date of the data, %(modified)s, lies in the future."),
        }[standing.verdict]
    return said % words


def _lateness(days: int) -> str:
    if days < _DAYS_TOLD_ONE_BY_ONE:
        return tk.ungettext("%(num)d day", "%(num)d days", days)
    years = days // freshness.DAYS_IN_YEAR
    return tk.ungettext("more than %(num)d year", "more than %(num)d years", years)


def _every(frequency: str | None) -> str:
    """How often, as part of a sentence; an operator's own list of frequencies may not say it."""
    term = vocabulary("frequencies").get(frequency or "")
    if term is None:
        return ""
    language = current_language()
    return term.facts.get(f"every_{language}") or f"({term.label(language).lower()})"


def _day(moment: datetime | None) -> str:
    return format_date(moment.date(), _DAY[current_language()], locale=current_language()) if moment else ""


def mxopendata_licence(dataset: Mapping[str, Any]) -> glance.Licence | None:
    """The licence in words, ``None`` where the dataset names none."""
    return glance.licence(dataset, current_language())


def mxopendata_place_link(key: Any, text: Any = "") -> dict[str, str]:
    """A place as ``{"name", "url"}``: the address of the search for it, empty where its INEGI key is not known."""
    return _place_link(glance.place(key, text, current_language()))


def mxopendata_place_links(dataset: Mapping[str, Any]) -> list[dict[str, str]]:
    """The places a dataset is about, each as ``{"name", "url"}``."""
    return [_place_link(place) for place in glance.places(dataset, current_language())]


def _place_link(place: glance.Place) -> dict[str, str]:
    return {"name": place.name, "url": _search(**{place.field: place.key}) if place.field else ""}


def mxopendata_term_links(value: Any, vocabulary_id: str, facet: str) -> list[dict[str, str]]:
    """The terms of a field, each as ``{"label", "url", "uri"}``.

    Args:
        value: of the field, as it is stored.
        vocabulary_id: vocabulary of its terms.
        facet: Solr field that the search for datasets of the same term uses.

    Returns:
        ``uri`` is the term's own address on the web where somebody else coined one, else empty. What is no term is
        left out: an older text is told among all fields.
    """
    known = vocabulary(vocabulary_id)
    found = [known.find(item) for item in stored_list(value) if isinstance(item, str)]
    terms = {term.id: term for term in found if term}
    return [
        {"label": term.label(current_language()), "url": _search(**{facet: term.id}), "uri": term.uri}
        for term in terms.values()
    ]


def mxopendata_dictionary(dataset: Mapping[str, Any]) -> glance.Dictionary:
    """Where the columns of a dataset are explained; falsy where nowhere."""
    return glance.dictionary(dataset)


def mxopendata_host(address: str) -> str:
    """The host of an address, which tells a reader where a link leads."""
    return address.split("/", 3)[2] if address.count("/") > 1 else address


def mxopendata_dataset_title(dataset_id: str) -> str:
    """The title of another dataset; what it is called by where it is not there or not to be seen."""
    try:
        return str(tk.get_action("package_show")({}, {"id": dataset_id})["title"])
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return dataset_id


def mxopendata_citation(dataset: Mapping[str, Any]) -> dict[str, str]:
    """How to cite a dataset today: ``{"formula", "bibtex"}``.

    The address is the page's on this portal in the portal's own language, because that is where it was consulted.
    """
    institution = institutions.institution_of(dataset.get("owner_org"))
    licence = glance.licence(dataset, current_language())
    year = re.match(r"\d{4}", str(dataset.get("modified") or dataset.get("issued") or ""))
    cited = citation.Cited(
        title=str(dataset.get("title") or dataset["name"]),
        institution=str(institution.get("title") or ""),
        acronym=str(institution.get("acronym") or ""),
        address=tk.h.url_for("dataset.read", id=dataset["name"], qualified=True, locale="default"),
        consulted=today(),
        licence=licence.label if licence and licence.address else "",
        year=year[0] if year else "",
    )
    return {
        "formula": citation.attribution(cited, with_licence=dataset.get("license_id") != _LIBRE_USO),
        "bibtex": citation.bibtex(cited, dataset["name"]),
    }


def mxopendata_family(institution: Mapping[str, Any]) -> dict[str, Any]:
    """The institutions around one, with what they publish.

    Returns:
        ``{"above": one or None, "below": [one], "municipalities": [one]}``; one is ``{"title", "url", "datasets"}``.
        Empty where there is nobody.
    """
    found = institutions.family_of(dict(institution))
    if not found:
        return {}
    counts = institutions.dataset_counts()

    def shown(one: Institution) -> dict[str, Any]:
        url = tk.h.url_for("organization.read", id=one.name)
        return {"title": one.title, "acronym": one.acronym, "url": url, "datasets": counts.get(one.name, 0)}

    return {
        "above": shown(found.above) if found.above else None,
        "below": [shown(one) for one in found.below],
        "municipalities": [shown(one) for one in found.municipalities],
    }


def _search(**filters: str) -> str:
    return tk.h.url_for("dataset.search", **filters)
