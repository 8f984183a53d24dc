"""A dataset in one format, made once and copied into files until it changes; pure.

What datasets share is kept apart, so that a file says it once. An institution is such a part, with the terms it names,
so that a new name of it does not make its datasets anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from pyoxigraph import Triple

from ckanext.mxopendata.dcat import adela, datajson
from ckanext.mxopendata.dcat.catalogue import render_institution_catalogue
from ckanext.mxopendata.dcat.context import MAXIMUM_KNOWN, ExportContext, Rendering, SharedKey
from ckanext.mxopendata.dcat.counts import Counts
from ckanext.mxopendata.dcat.entries import Entry, to_bytes
from ckanext.mxopendata.dcat.frames import FORMATS as RDF_FORMATS
from ckanext.mxopendata.dcat.frames import to_part
from ckanext.mxopendata.dcat.packing import Packer
from ckanext.mxopendata.dcat.triples import render_dataset

# What a dictionary that is not what it should be may raise on its way through the generator and the serialiser.
UNUSABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

ENTRIES = {"datajson": datajson.render_entry, "adela": adela.render_entry}
FORMATS = (*RDF_FORMATS, *ENTRIES)
# Stand-ins that take the institution's name.
_NAMED_AFTER_INSTITUTION = ("contact.name", "creator.name")


@dataclass(frozen=True)
class Fragment:
    """One dataset in one format.

    Attributes:
        dataset_id: the dataset's id.
        institution: the id of its institution; empty without one.
        modified: the ``metadata_modified`` it was made of, as :func:`moment_key` writes it.
        part: the part of a file.
        piece: the same compressed (:mod:`.packing`).
        counts: what it adds to the report (:meth:`.Counts.to_text`).
        shared: keys of the shared parts it names, with blanks between.
        names_institution: whether the name of its institution stands in it, not only beside it.
    """

    dataset_id: str
    institution: str
    modified: str
    part: bytes
    piece: bytes
    counts: str
    shared: str
    names_institution: bool


@dataclass(frozen=True)
class SharedPart:
    """What several datasets name, in one format.

    Attributes:
        key: what :attr:`Fragment.shared` names, or :func:`institution_key`.
        part: the part of a file.
        piece: the same compressed.
        needs: keys of further shared parts that it names, with blanks between.
    """

    key: str
    part: bytes
    piece: bytes
    needs: str = ""


def institution_key(institution: str) -> str:
    """The key of the part that describes an institution and its catalogue."""
    return f"institution:{institution}"


def moment_key(moment: Any) -> str:
    """A ``metadata_modified`` as it can be compared: the search index keeps milliseconds, the dataset microseconds."""
    whole, _, fraction = str(moment or "").rstrip("Z").partition(".")
    return f"{whole}.{fraction[:3]:0<3}"


class Renderer:
    """Makes fragments, and the shared parts they name, each of these once."""

    def __init__(self, context: ExportContext) -> None:
        self._context = context
        self._packer = Packer()
        self._keys: dict[tuple[str, SharedKey], str] = {}
        self._institutions: set[tuple[str, str]] = set()
        self._made: dict[str, list[SharedPart]] = {}

    def render(
        self, dataset: Mapping[str, Any], formats: Sequence[str]
    ) -> tuple[dict[str, Fragment], dict[str, Exception]]:
        """One dataset in some formats.

        Args:
            dataset: validated dictionary of ``package_show``.
            formats: some of :data:`FORMATS`.

        Returns:
            By format, the fragment; and by format, the error where it cannot be expressed in it.
        """
        made: dict[str, Fragment] = {}
        failed: dict[str, Exception] = {}
        rendering: Rendering | None = None
        for name in formats:
            try:
                if render_entry := ENTRIES.get(name):
                    entry = render_entry(dataset, self._context)
                    made[name] = self._fragment(dataset, entry, to_bytes(entry.properties), "", names_institution=True)
                else:
                    rendering = rendering or render_dataset(dataset, self._context)
                    made[name] = self._of_triples(dataset, rendering, name)
            except UNUSABLE as error:  # noqa: PERF203  (each format by itself is the point)
                failed[name] = error
        return made, failed

    def take_shared(self) -> dict[str, list[SharedPart]]:
        """The shared parts made since the last call, by format."""
        made, self._made = self._made, {}
        return made

    def _of_triples(self, dataset: Mapping[str, Any], rendering: Rendering, name: str) -> Fragment:
        shared = self._share(name, rendering.shared)
        if rendering.institution:
            self._share_institution(name, dataset["organization"], rendering)
        is_named = any(field_name in rendering.filled for field_name in _NAMED_AFTER_INSTITUTION)
        return self._fragment(dataset, rendering, to_part(name, rendering.triples), shared, names_institution=is_named)

    def _share(self, name: str, described: Mapping[SharedKey, list[Triple]]) -> str:
        keys = []
        for shared_key, triples in described.items():
            key = self._keys.get((name, shared_key))
            if key is None:
                if len(self._keys) >= MAXIMUM_KNOWN:
                    self._keys.clear()
                key = self._keys[(name, shared_key)] = _key_of(shared_key)
                self._add(name, key, triples)
            keys.append(key)
        return " ".join(keys)

    def _share_institution(self, name: str, organization: Mapping[str, Any], rendering: Rendering) -> None:
        if (name, rendering.institution) in self._institutions:
            return
        self._institutions.add((name, rendering.institution))
        *others, agent = rendering.publisher.items()
        needs = self._share(name, dict(others))
        catalogue = render_institution_catalogue(self._context, organization)
        self._add(name, institution_key(rendering.institution), [*agent[1], *catalogue], needs)

    def _add(self, name: str, key: str, triples: Iterable[Triple], needs: str = "") -> None:
        part = to_part(name, triples)
        self._made.setdefault(name, []).append(SharedPart(key, part, self._packer.pack(part), needs))

    def _fragment(
        self, dataset: Mapping[str, Any], made: Entry | Rendering, part: bytes, shared: str, *, names_institution: bool
    ) -> Fragment:
        return Fragment(
            dataset_id=dataset["id"],
            institution=(dataset.get("organization") or {}).get("id") or "",
            modified=moment_key(dataset.get("metadata_modified")),
            part=part,
            piece=self._packer.pack(part),
            counts=Counts(made.distributions, made.dropped, made.filled).to_text(),
            shared=shared,
            names_institution=names_institution,
        )


def _key_of(key: SharedKey) -> str:
    node, kind = key
    return blake2b(f"{node.value} {kind.value}".encode(), digest_size=9).hexdigest()
