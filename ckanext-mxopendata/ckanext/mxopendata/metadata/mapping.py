"""One mapping for all platforms: a record as a portal gives it becomes a Mexican dataset, with findings.

Driven by the crosswalk: for each field, the ways of the platform's columns are tried in their order, and what is found
is read by the datatype of the field. Nothing is guessed silently, and nothing a record holds goes unmentioned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ckanext.mxopendata.metadata import readers
from ckanext.mxopendata.metadata.crosswalk import CrosswalkField, crosswalk, fields_of
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.groups import read_groups
from ckanext.mxopendata.metadata.mended import (
    CHANGES,
    CLEANED,
    CONFIGURED,
    DERIVED,
    MOVED,
    Change,
    bounded,
)
from ckanext.mxopendata.metadata.records import (
    EXTENSION,
    NODE,
    STAND_INS,
    Found,
    as_list,
    columns,
    every,
    first,
    is_empty,
    loads,
    look,
    unwrap,
)
from ckanext.mxopendata.metadata.resources import commonest_frequency, read_licence, read_resources
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.update_frequency import without_repeated
from ckanext.mxopendata.metadata.values import Notebook, read_list, read_single, scalar

__all__ = ["MappedRecord", "MappingSettings", "RecordIdentity", "map_record", "record_identity", "title_key"]

# What a platform says about itself, not about the data.
_TECHNICAL = frozenset((
    "@type", "@id", "@context", "id", "name", "owner_org", "organization", "groups", "private", "state", "type",
    "num_resources", "num_tags", "isopen", "license_id", "license_title", "license_url", "license",
    "relationships_as_object", "relationships_as_subject", "creator_user_id", "metadata_created", "metadata_modified",
    "tracking_summary", "revision_id", "plugin_data", "extras", "resources", "distribution", "rs", "title",
    "title_translated", "display_name", "author", "author_email", "maintainer", "maintainer_email",
    "maintainer_phone", "publisher", "contactPoint", "guid", "log_message", "harvest_object_id", "harvest_source_id",
    "harvest_source_title", "openessRating", "revision_timestamp", "changed_by", "total_resource_views",
    "source_catalog", "source_identifier", "source_url", "harvested_at", "archived_at", "possible_duplicate_of",
    "provenance", "spatial_text", "temporal_start", "temporal_end", "superThemeTaxonomy",
))  # fmt: skip
_OF_THE_EXTENSION = frozenset((f"{EXTENSION}.{STAND_INS}", f"{EXTENSION}.{CHANGES}"))
# Heading that asks for the contrary of our field -> what its answers mean.
_ANSWERS: Mapping[str, Mapping[str, Any]] = {"¿Tiene datos privados?": {"sí": "non_public", "no": "public"}}
# Property of Project Open Data that we read from nobody -> field of our extension that says the same.
_SAID_IN_THE_EXTENSION = {"references": "documentation"}
_LOCAL_BUT_READ = frozenset(("gov_type",))
_GROUPS = frozenset(("contact", "creator", "temporal_coverage", "spatial_coverage"))


@dataclass(frozen=True)
class MappingSettings:
    """What an operator sets for one source (keys of the harvest configuration).

    Attributes:
        date_order: ``DMY``, ``MDY`` or ``YMD``: how dates that allow several orders are read (and reported);
            ``None`` leaves them unread.
        license: licence of datasets that name none, in any spelling the licence reader knows.
        defaults: our field → value, where the source has none; values in any spelling the field's reader knows.
        fixed: our field → value, whatever the source says.
        values: our field → {what the source writes → value to read instead}; case and accents do not count.
        field_map: our field → way in the record (``publisher.department``), tried before those of the crosswalk.
        cvegeo: INEGI key of the source's state or municipality: names of municipalities are looked up within its state.
        gov_type: order of government of the source's institution, a term of ``orders_of_government``.
        institution_title: name of the institution; a ``publisher`` of that name is not taken for an area of it.
    """

    date_order: str | None = "DMY"
    license: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    field_map: Mapping[str, str] = field(default_factory=dict)
    cvegeo: str | None = None
    gov_type: str | None = None
    institution_title: str | None = None


@dataclass(frozen=True)
class MappedRecord:
    """What became of a record.

    Attributes:
        dataset: as ``package_create`` takes it, without owner_org, name, id and provenance.
        findings: what was noticed.
        changes: what is written differently from the record (:mod:`.mended`).
    """

    dataset: dict[str, Any]
    findings: list[Finding]
    changes: list[Change]


@dataclass(frozen=True)
class RecordIdentity:
    """What tells one record of a source from another; either may be missing."""

    identifier: str | None
    title: str | None


def title_key(title: str) -> str:
    """The form in which two titles are the same: without case, accents, punctuation and runs of blanks."""
    return fold(readers.clean_line(title))


def record_identity(record: Mapping[str, Any], platform: str) -> RecordIdentity:
    """Identifier and title of a record, without mapping the rest of it."""
    unwrapped = unwrap(record, platform)
    here = columns(unwrapped, platform)
    ways = {name: fields_of("dataset")[name].ways(*here) for name in ("identifier", "title")}
    if platform == "ckan":
        ways["identifier"] = (NODE, *ways["identifier"])
    found = {name: first(unwrapped, each) for name, each in ways.items()}
    texts = {name: readers.clean_line(scalar(value.value)) if value else "" for name, value in found.items()}
    return RecordIdentity(texts["identifier"] or None, texts["title"] or None)


def map_record(record: Mapping[str, Any], platform: str, settings: MappingSettings | None = None) -> MappedRecord:
    """Map one record.

    Args:
        record: a ``package_show`` dictionary (``ckan``), or an item of ``dataset`` of a data.json, an ADELA catalogue
            or one of the Argentine profile (``datajson``).
        platform: ``ckan``, ``datajson`` or ``table`` (:mod:`.catalogue_table`).
        settings: what the operator set for the source.

    Returns:
        The dataset and the findings. A record without a title is mapped too; whoever stores it rejects it.

    Raises:
        ValueError: for a platform that is none.
    """
    settings = settings or MappingSettings()
    notebook = Notebook(settings.date_order, settings.cvegeo)
    unwrapped = unwrap(record, platform)
    if platform == "ckan":
        unwrapped = without_repeated(unwrapped)
    mapping = _Mapping(unwrapped, platform, settings, notebook)
    return MappedRecord(mapping.dataset(), notebook.findings, bounded(notebook.changes))


class _Mapping:
    """One record under way."""

    def __init__(self, record: Mapping[str, Any], platform: str, settings: MappingSettings, notebook: Notebook) -> None:
        self.record = record
        self.platform = platform
        self.settings = settings
        self.notebook = notebook
        self.columns = columns(record, platform)

    def dataset(self) -> dict[str, Any]:
        """Everything, in the order: source, resources, what follows from them, the operator's word."""
        dataset: dict[str, Any] = {}
        for name, row in fields_of("dataset").items():
            if (row.owner == "source" or name in _LOCAL_BUT_READ) and name not in ("license_id", "tag_string"):
                value = self._field(row, self.record)
                if not is_empty(value):
                    dataset[name] = value
        keywords = self._keywords()
        dataset["resources"] = read_resources(self.record, self.platform, self.columns, self.notebook)
        self._licence(dataset)
        if "frequency" not in dataset:
            frequency = commonest_frequency(dataset["resources"])
            if frequency:
                dataset["frequency"] = frequency
                self.notebook.change("frequency", DERIVED, None, frequency)
        self._creator(dataset)
        self._operator(dataset)
        added = readers.read_keywords(dataset.pop("tag_string", None)).value or []
        tags = [*keywords, *self._themes(dataset), *added]
        dataset["tags"] = [{"name": name} for name in dict.fromkeys(tags)]
        self._left_out()
        return dataset

    def _field(self, row: CrosswalkField, record: Mapping[str, Any]) -> Any:
        ways = (row.field, *row.ways(*self.columns)) if self.platform == "ckan" else row.ways(*self.columns)
        mapped = self.settings.field_map.get(row.field)
        if mapped and not is_empty(look(record, mapped)):
            ways = (mapped,)
        if row.field in _GROUPS:
            if mapped and mapped in ways:
                record = {**record, row.field: look(record, mapped)}
            return read_groups(row, record, self.columns, self.notebook)
        if row.field == "theme":
            return None  # read with the keywords, since what is no theme becomes one
        found = first(record, ways)
        return None if found is None else self._read(row, found)

    def _read(self, row: CrosswalkField, found: Found) -> Any:
        found = self._meant(row.field, found)
        if row.cardinality == "list":
            return read_list(row, Found(loads(found.value), found.location), self.notebook)
        return read_single(row, found, self.notebook)

    def _meant(self, name: str, found: Found) -> Found:
        """What is found, as the operator's table has it."""
        meant = self._translated(name, found.value, found.location)
        is_same = meant == found.value or isinstance(found.value, list) or found.location.startswith("config.")
        return Found(meant, found.location, None if is_same else scalar(found.value))

    def _translated(self, name: str, value: Any, location: str = "") -> Any:
        table = {**_ANSWERS.get(location, {}), **self.settings.values.get(name, {})}
        if not table:
            return value
        folded = {fold(written): meant for written, meant in table.items()}
        if isinstance(value, list):
            return [folded.get(fold(scalar(item)), item) for item in value]
        return folded.get(fold(scalar(value)), value)

    def _keywords(self) -> list[str]:
        row = fields_of("dataset")["tag_string"]
        mapped = self.settings.field_map.get("tag_string")
        found = first(self.record, ((mapped,) if mapped else ()) + row.ways(*self.columns))
        if found is None:
            return []
        reading = readers.read_keywords(found.value)
        if reading.note:
            self.notebook.change("tag_string", CLEANED, _words(found.value), ", ".join(reading.value or []))
        return self.notebook.keep(reading, "tag_string", found) or []

    def _themes(self, dataset: dict[str, Any]) -> list[str]:
        """Set ``theme``; returns what is no theme, as keywords, so that it is not lost."""
        row = fields_of("dataset")["theme"]
        mapped = self.settings.field_map.get("theme")
        ways = ((mapped,) if mapped else ()) + row.ways(*self.columns)
        themes: dict[str, None] = dict.fromkeys(as_list(dataset.get("theme")))
        keywords: list[str] = []
        for found in () if "theme" in self.settings.fixed else every(self.record, ways):
            for item in self._theme_texts(found):
                reading = readers.read_theme(item)
                if reading.value is None and reading.certain is False:
                    self.notebook.note("theme_unknown", "theme", Found(item, found.location))
                    kept = readers.read_keywords([item]).value or []
                    self.notebook.change("theme", MOVED, item, ", ".join(kept))
                    keywords.extend(kept)
                for theme in reading.value or ():
                    self.notebook.compare(row, Found(item, found.location), theme)
                themes.update(dict.fromkeys(reading.value or []))
        if themes:
            dataset["theme"] = list(themes)
        return keywords

    def _theme_texts(self, found: Found) -> list[str]:
        value = loads(found.value)
        if isinstance(value, str) and "//" not in value:
            value = [part.strip() for part in value.replace(";", ",").split(",")]
        value = self._translated("theme", as_list(value))
        return [str(text) for text in (scalar(item) for item in as_list(value)) if not is_empty(text)]

    def _licence(self, dataset: dict[str, Any]) -> None:
        """The dataset's licence; one that the vocabulary does not know goes to its resources in the source's words."""
        row = fields_of("dataset")["license_id"]
        found = first(self.record, row.ways(*self.columns))
        if found is not None:
            found = self._meant("license_id", found)
            kept: dict[str, Any] = {}
            licence = read_licence(row, found, self.notebook, kept)
            if licence and not licence.startswith(("http", "ftp")):
                dataset["license_id"] = licence
            else:
                kept.update({"license": licence} if licence else {})
                for resource in dataset["resources"]:
                    for name, value in kept.items():
                        resource.setdefault(name, value)
        if "license_id" not in dataset and self.settings.license and found is None:
            reading = readers.read_licence(self.settings.license)
            if reading.value:
                dataset["license_id"] = reading.value
                self.notebook.change("license_id", CONFIGURED, None, reading.value)

    def _creator(self, dataset: dict[str, Any]) -> None:
        """In Project Open Data and DCAT ``publisher`` may be an area within the institution of the source."""
        publisher = self.record.get("publisher")
        if self.platform != "datajson" and NODE not in self.record:
            return
        if dataset.get("creator") or not isinstance(publisher, Mapping):
            return
        name = readers.clean_line(publisher.get("name"))
        own = {fold(text) for text in (self.settings.institution_title or "",)}
        if name and "govType" not in self.record and "position" not in publisher and fold(name) not in own:
            dataset["creator"] = [{"name": name}]

    def _operator(self, dataset: dict[str, Any]) -> None:
        if self.settings.gov_type:
            dataset["gov_type"] = self.settings.gov_type
        for name, value in self.settings.fixed.items():
            self._set(dataset, name, value)
        for name, value in self.settings.defaults.items():
            if is_empty(dataset.get(name)):
                self._set(dataset, name, value)

    def _set(self, dataset: dict[str, Any], name: str, value: Any) -> None:
        row = fields_of("dataset").get(name)
        if row is None:
            self.notebook.note("setting_unknown", name, Found(name, "config"))
            return
        if name in _GROUPS:
            read = read_groups(row, {name: value}, ("ckan_extra",), self.notebook)
        elif name == "theme":
            read = [theme for item in as_list(value) for theme in readers.read_theme(item).value or []]
        elif name == "tag_string":
            read = value
        else:
            read = self._read(row, Found(value, f"config.{name}"))
        if is_empty(read):
            return
        if read != dataset.get(name):
            self.notebook.change(name, CONFIGURED, _words(dataset.get(name)), _words(read), instead=True)
        dataset[name] = read

    def _left_out(self) -> None:
        """Name the keys of the record that nothing was taken from."""
        ways = {way for row in crosswalk() for way in row.ways(*self.columns)}
        known = {way.split(".")[0] for way in (*ways, *self.settings.field_map.values())} | set(fields_of("dataset"))
        left = sorted(key for key in self.record if key not in known | _TECHNICAL and not is_empty(self.record[key]))
        own = self.record.get(EXTENSION)
        if EXTENSION in known and isinstance(own, Mapping):
            # of a portal whose version of the suite has more fields than this one
            left += sorted(f"{EXTENSION}.{key}" for key in own if f"{EXTENSION}.{key}" not in ways | _OF_THE_EXTENSION)
            left = [key for key in left if _SAID_IN_THE_EXTENSION.get(key) not in own]
        if left:
            self.notebook.note("fields_left_out", None, Found(", ".join(left), ""), count=len(left))


def _words(value: Any) -> Any:
    """A list of texts or of tags as one text, anything else as it is."""
    if not isinstance(value, (list, tuple)):
        return value
    texts = [scalar(item) for item in value]
    return ", ".join(str(text) for text in texts if not is_empty(text)) if all(texts) else value
