"""The archive of a frozen quarter: its inputs, its weights and its figures, and the proof that they belong together.

A ZIP file of some texts. ``verify`` needs nothing but the file and this room: no CKAN, no database, no network.

- ``conjuntos.jsonl``: one line a public dataset, ``{"dataset", "institution", "facts"}``.
- ``compromisos.jsonl``: one line a public promise, ``{"institution", "facts"}``; not there where nobody keeps promises,
  and in no archive of before.
- ``instituciones.jsonl``: one line an institution (the portal first, with an empty name): ``{"institution", "title",
  "gov_type", "state", "sectors", "ranked", "runs", "indicators"}``; ``runs`` are the harvests that counted.
- ``pesos.json``: the weights of the publication index.
- ``manifiesto.json``: ``{"quarter", "as_of", "formula_version", "datasets", "institutions", "commitments"}``.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from ckanext.mxopendata.quality.adela import ResourceFacts
from ckanext.mxopendata.quality.argentine_profile import FieldUse
from ckanext.mxopendata.quality.commitments import CommitmentFacts, CommitmentSums, of_commitment
from ckanext.mxopendata.quality.completeness import Completeness, MissingField
from ckanext.mxopendata.quality.facts import FORMULA_VERSION, DatasetFacts
from ckanext.mxopendata.quality.families import FamilyFacts
from ckanext.mxopendata.quality.freshness import FreshnessFacts
from ckanext.mxopendata.quality.indicators import Evidence, HarvestRun, compute_all
from ckanext.mxopendata.quality.publication_index import Weights, parse_weights, publication_index
from ckanext.mxopendata.quality.pydatajson_sums import EntryFacts
from ckanext.mxopendata.quality.register import REGISTER
from ckanext.mxopendata.quality.sums import Sums, of_dataset
from ckanext.mxopendata.quality.years import YearFacts

DATASETS, INSTITUTIONS, WEIGHTS, MANIFEST = "conjuntos.jsonl", "instituciones.jsonl", "pesos.json", "manifiesto.json"
COMMITMENTS = "compromisos.jsonl"
_INDEX = "mx.index"
# Each later version only added facts and figures: what an archive of before holds comes out the same.
VERIFIABLE = ("1", "2", FORMULA_VERSION)
# An archive is small; one that unpacks to more was not made here.
_MAXIMUM_BYTES = 2 * 1024**3


class ArchiveError(ValueError):
    """The file is no archive of a quarter, or one of other formulas."""


@dataclass(frozen=True)
class Frozen:
    """One institution of a frozen quarter, or the portal (``name`` empty).

    Attributes:
        name: its address.
        title: its name for people.
        about: ``{"gov_type", "state", "sectors", "ranked"}``.
        runs: the harvest runs that counted.
        indicators: its figures, by id.
    """

    name: str
    title: str
    about: Mapping[str, Any]
    runs: tuple[HarvestRun, ...]
    indicators: Mapping[str, Any]


@dataclass(frozen=True)
class Verification:
    """What came out of recomputing an archive.

    Attributes:
        quarter: for example ``2026Q4``.
        as_of: the moment of the figures, ISO 8601.
        datasets: how many were added up.
        institutions: how many institutions were recomputed.
        differences: ``{"institution", "indicator", "frozen", "recomputed"}``; none where all is right.
    """

    quarter: str
    as_of: str
    datasets: int
    institutions: int
    differences: list[dict[str, Any]]


def write(  # noqa: PLR0913 - each is an input of the archive
    quarter: str,
    now: datetime,
    weights: Weights,
    institutions: Iterable[Frozen],
    datasets: Iterable[tuple[str, str, DatasetFacts]],
    *,
    commitments: Iterable[tuple[str, CommitmentFacts]] | None = None,
) -> tuple[bytes, int, int]:
    """An archive.

    Args:
        quarter: for example ``2026Q4``.
        now: the moment of the figures, with time zone.
        weights: of the publication index.
        institutions: the portal first.
        datasets: name, name of the institution (empty for none) and facts of each public dataset.
        commitments: name of the institution and facts of each public promise; ``None`` where nobody keeps promises.

    Returns:
        The ZIP file, how many datasets and how many institutions it holds. Equal inputs give an equal file.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        counted = _write_lines(archive, DATASETS, (_dataset_line(*each) for each in datasets))
        told = _write_lines(archive, INSTITUTIONS, (_institution_line(each) for each in institutions)) - 1
        manifest: dict[str, Any] = {"quarter": quarter, "as_of": now.isoformat(), "formula_version": FORMULA_VERSION}
        if commitments is not None:
            lines = ({"institution": owner, "facts": dataclasses.asdict(facts)} for owner, facts in commitments)
            manifest["commitments"] = _write_lines(archive, COMMITMENTS, lines)
        _write_lines(archive, WEIGHTS, [dataclasses.asdict(weights)])
        _write_lines(archive, MANIFEST, [{**manifest, "datasets": counted, "institutions": told}])
    return buffer.getvalue(), counted, told


def verify(content: bytes) -> Verification:
    """Recompute every figure of an archive from its inputs.

    Raises:
        ArchiveError: where the file is no archive, or its formulas are of a version that is not known.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > _MAXIMUM_BYTES:
                raise ArchiveError("el archivo es demasiado grande para ser el de un trimestre")
            manifest = next(_read_lines(archive, MANIFEST))
            if manifest["formula_version"] not in VERIFIABLE:
                told, mine = manifest["formula_version"], FORMULA_VERSION
                raise ArchiveError(f"las fórmulas del archivo son la versión {told} y las de este programa, la {mine}")
            weights = parse_weights(next(_read_lines(archive, WEIGHTS)))
            return _recompute(manifest, weights, archive)
    except (zipfile.BadZipFile, KeyError, StopIteration, TypeError, ValueError) as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError("el archivo no es el de un trimestre congelado, o está dañado") from error


def _recompute(manifest: Mapping[str, Any], weights: Weights, archive: zipfile.ZipFile) -> Verification:
    now = datetime.fromisoformat(manifest["as_of"])
    sums: dict[str, Sums] = defaultdict(Sums)
    datasets = 0
    for line in _read_lines(archive, DATASETS):
        mine = of_dataset(read_facts(line["facts"]), now)
        sums[line["institution"]] += mine
        datasets += 1
    whole = sum(sums.values(), start=Sums())
    promised = _promised(manifest, now, archive)
    differences: list[dict[str, Any]] = []
    institutions = -1
    for line in _read_lines(archive, INSTITUTIONS):
        institutions += 1
        mine = whole if institutions == 0 else sums[line["institution"]]
        runs = tuple(HarvestRun(datetime.fromisoformat(at), found, read) for at, found, read in line["runs"])
        kept = None if promised is None else promised[line["institution"]]
        values = compute_all(REGISTER, Evidence(mine, now, runs, commitments=kept))
        values[_INDEX] = publication_index(values, weights)
        # As JSON has it, so that 1 and 1.0 are the same.
        recomputed = json.loads(json.dumps(values))
        for name, frozen in line["indicators"].items():
            found = {"institution": line["institution"], "indicator": name, "recomputed": recomputed.get(name)}
            if frozen != found["recomputed"]:
                differences.append({**found, "frozen": frozen})
    if (datasets, institutions) != (manifest["datasets"], manifest["institutions"]):
        raise ArchiveError("al archivo le faltan renglones")
    return Verification(manifest["quarter"], manifest["as_of"], datasets, institutions, differences)


def _promised(manifest: Mapping[str, Any], now: datetime, archive: zipfile.ZipFile) -> dict[str, CommitmentSums] | None:
    """The counts of promises by institution, those of all under an empty name."""
    if "commitments" not in manifest:
        return None
    found: dict[str, CommitmentSums] = defaultdict(CommitmentSums)
    found[""] = CommitmentSums()
    seen: dict[str, set[tuple[str, str]]] = defaultdict(set)
    number, today = 0, now.astimezone(timezone.utc).date()
    for line in _read_lines(archive, COMMITMENTS):
        mine = of_commitment(CommitmentFacts(**line["facts"]), today, seen[line["institution"]])
        found[line["institution"]] += mine
        found[""] += mine
        number += 1
    if number != manifest["commitments"]:
        raise ArchiveError("al archivo le faltan renglones")
    return found


def read_facts(line: Mapping[str, Any]) -> DatasetFacts:
    """The facts of a dataset from their line in an archive."""
    freshness, completeness = line["freshness"], line["completeness"]
    moments = {name: _moment(freshness[name]) for name in ("modified", "due", "late_after")}
    missing = tuple(MissingField(**each) for each in completeness["missing"])
    families, years = line.get("families"), line.get("years") or {}
    return DatasetFacts(**{
        **line,
        "families": _read_families(families) if families else None,
        "years": YearFacts(**{name: each if each is None else tuple(each) for name, each in years.items()}),
        "freshness": FreshnessFacts(**{**freshness, **moments}),
        "completeness": Completeness(completeness["points"], completeness["maximum"], missing),
    })  # fmt: skip


def _read_families(line: Mapping[str, Any]) -> FamilyFacts:
    resources, entry = line["adela"], line["pydatajson"]
    days = {name: date.fromisoformat(entry[name]) if entry[name] else None for name in ("stale_on", "modified")}
    return FamilyFacts(
        line["mqa"],
        ResourceFacts(**{**resources, "stars": tuple(resources["stars"])}),
        EntryFacts(**{**entry, **days, "use": FieldUse(**entry["use"])}),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _dataset_line(name: str, institution: str, facts: DatasetFacts) -> dict[str, Any]:
    return {"dataset": name, "institution": institution, "facts": dataclasses.asdict(facts)}


def _institution_line(each: Frozen) -> dict[str, Any]:
    runs = [(run.finished.isoformat(), run.with_findings, run.read) for run in each.runs]
    figures = {"runs": runs, "indicators": each.indicators}
    return {"institution": each.name, "title": each.title, **each.about, **figures}


def _write_lines(archive: zipfile.ZipFile, name: str, lines: Iterable[Mapping[str, Any]]) -> int:
    number = 0
    # The date of the entry is fixed, so that equal quarters are equal files.
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False, default=_in_json).encode("utf-8", "replace") + b"\n")
            number += 1
    return number


def _in_json(value: object) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def _read_lines(archive: zipfile.ZipFile, name: str) -> Iterator[dict[str, Any]]:
    with archive.open(name) as file:
        for line in file:
            yield json.loads(line)
