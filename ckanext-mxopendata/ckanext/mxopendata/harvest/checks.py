"""Whether the portals of many sources are as their sources say: those that CKAN knows, and those of files only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ckanext.mxopendata import config
from ckanext.mxopendata.errors import SourceError
from ckanext.mxopendata.harvest import sources
from ckanext.mxopendata.harvest.config_files import ConfigFile
from ckanext.mxopendata.harvest.listing import list_sources
from ckanext.mxopendata.harvest.probe import Probed, probe
from ckanext.mxopendata.harvest.pruning import OURS
from ckanext.mxopendata.harvest.settings import parse_config
from ckanext.mxopendata.harvest.source import http_settings, load_source
from ckanext.mxopendata.harvest.uploaded import is_uploaded
from ckanext.mxopendata.http import HttpClient, HttpSettings
from ckanext.mxopendata.metadata.findings import Finding

# How many portals are asked side by side; each at the pace that its host admits.
SIDE_BY_SIDE = 16
# What takes longer is no answer to somebody who wants to know whether a portal is there.
LONGEST_ANSWER = 30.0
# Of these a harvest goes on as it is.
GOOD = frozenset({"answers", "moved"})
ROW = ("name", "type", "url", "institution", "enabled", "last_run")


@dataclass(frozen=True)
class Asked:
    """A source whose portal is to be asked.

    Attributes:
        row: what :func:`.listing.list_sources` tells of it.
        settings: how it is asked; ``None`` where its configuration is wrong.
        wrong: why it is.
        kept_here: whether it is an uploaded table: there is no portal to ask.
    """

    row: Mapping[str, Any]
    settings: HttpSettings | None = None
    wrong: Finding | None = None
    kept_here: bool = False


def known_sources(names: Iterable[str] = (), with_files: bool = False) -> tuple[list[Asked], list[str]]:
    """The sources of some names.

    Args:
        names: of sources in CKAN, or else in a configuration file; all of CKAN's where empty.
        with_files: whether, where no names are given, those that only a file names come too.

    Returns:
        The sources, and the names that nobody knows.
    """
    wanted = set(names)
    asked = [_stored(row) for row in list_sources(wanted)]
    there = {one.row["name"] for one in asked}
    missing = wanted - there
    if missing or with_files:
        known = sorted(sources.known_files(), key=lambda file: not file.findings)
        # Of two files of one name that without a mistake.
        files = {file.name: file for file in known if file.name}
        for name in sorted(missing & files.keys() if wanted else files.keys() - there):
            asked.append(_of_file(files[name]))
            missing.discard(name)
    return asked, sorted(missing)


def check(asked: Iterable[Asked], done: Callable[[], object] = lambda: None) -> list[dict[str, Any]]:
    """Ask the portals of some sources, side by side; nothing is stored.

    Args:
        asked: the sources.
        done: called after each.

    Returns:
        For each, in the same order, ``{"name", "type", "url", "institution", "enabled", "last_run", "health", "state",
        "moved_to", "found_type", "found_url", "seconds", "findings"}``; ``health`` is ``ok`` or ``failed``, ``state``
        one of those of :data:`.probe.State` or ``misconfigured``.
    """
    ordered = list(asked)
    answers: dict[int, tuple[Probed | None, float]] = {}
    with (
        TemporaryDirectory(prefix=OURS, dir=config.harvest_folder()) as folder,
        ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="check") as pool,
    ):
        waiting = {pool.submit(_ask, one, Path(folder, str(number))): number for number, one in enumerate(ordered)}
        for future in as_completed(waiting):
            answers[waiting[future]] = future.result()
            done()
    return [_told(one, *answers[number]) for number, one in enumerate(ordered)]


def _stored(row: Mapping[str, Any]) -> Asked:
    try:
        source = load_source(row["id"])
        settings = _gentle(http_settings(source.settings, source.type))
        return Asked(row, settings, kept_here=is_uploaded(source.id))
    except SourceError as error:
        return Asked(row, wrong=error.finding)


def _of_file(file: ConfigFile) -> Asked:
    content = file.content
    institution = content.get("institution")
    row = {
        "name": file.name,
        "type": content.get("type"),
        "url": content.get("url"),
        "institution": institution.get("name") if isinstance(institution, Mapping) else institution,
        "enabled": content.get("enabled", True),
        "last_run": None,
    }
    if file.findings:
        return Asked(row, wrong=file.findings[0])
    try:
        settings = parse_config(sources.config_of(content))
        return Asked(row, _gentle(http_settings(settings, content["type"])))
    except SourceError as error:
        return Asked(row, wrong=error.finding)


def _gentle(settings: HttpSettings) -> HttpSettings:
    return replace(settings, retries=1, total_timeout=min(settings.total_timeout, LONGEST_ANSWER))


def _ask(one: Asked, folder: Path) -> tuple[Probed | None, float]:
    if one.settings is None:
        return None, 0.0
    if one.kept_here:
        return Probed("answers"), 0.0
    folder.mkdir()
    began = time.monotonic()
    with (
        HttpClient(one.settings, folder) as client,
        HttpClient(replace(one.settings, credential=None), folder) as keyless,
    ):
        probed = probe(client, keyless, one.row["type"], one.row["url"])
    return probed, time.monotonic() - began


def _told(one: Asked, probed: Probed | None, seconds: float) -> dict[str, Any]:
    findings = probed.findings if probed else (one.wrong,) if one.wrong else ()
    found = probed.found if probed else None
    return {
        **{key: one.row[key] for key in ROW},
        "health": "ok" if probed and probed.state in GOOD else "failed",
        "state": probed.state if probed else "misconfigured",
        "moved_to": probed.moved_to if probed else None,
        "found_type": found.type if found else None,
        "found_url": found.url if found else None,
        "seconds": round(seconds, 1),
        "findings": [finding.to_dict() for finding in findings],
    }
