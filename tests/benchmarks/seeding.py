"""Fills a site with generated datasets of one harvest source, as if it had been harvested; for benchmarks only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ckan import model

from benchmarks import cloning, records, site

SOURCE = "catalogo-generado"


class AlreadySeededError(Exception):
    """The site has generated datasets already."""


def seed(size: int, source_type: str, url: str, file: Path) -> dict[str, Any]:
    """Seed a loaded site and write the catalogue that its source serves.

    The first datasets are really harvested; the others are copies of them, made by :func:`cloning.fill`.

    Args:
        size: how many datasets, each with three distributions; one institution for 40 of them.
        source_type: ``site.OURS`` or ``site.STOCK``.
        url: where ``file`` will be fetched from, now already.
        file: the data.json.

    Returns:
        ``{"source", "datasets", "distributions", "institutions"}``.

    Raises:
        AlreadySeededError: the site was seeded before.
    """
    if model.Package.get(SOURCE) is not None:
        raise AlreadySeededError(SOURCE)
    examples = min(size, records.KINDS)
    records.write_catalogue(file, range(examples))
    organization = make_institution(0, source_type)
    source_id = site.make_source(SOURCE, url, source_type, organization)
    site.harvest(source_id, source_type)
    if size > examples:
        cloning.fill(size, _harvested(source_id), _content_hash if source_type == site.OURS else None)
    records.write_catalogue(file, range(size))
    return {
        "source": SOURCE,
        "datasets": size,
        "distributions": size * 3,
        "institutions": records.institutions(size),
    }


def seed_plain(size: int, datasets: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Seed a site that has none of our plugins with the same datasets, given as :func:`examples` gives them."""
    organization = make_institution(0, "")
    created = [site.call("package_create", **dataset, owner_org=organization)["id"] for dataset in datasets]
    if size > len(created):
        cloning.fill(size, created)
    return {"datasets": size, "distributions": size * 3, "institutions": records.institutions(size)}


def examples(size: int) -> list[dict[str, Any]]:
    """The first datasets of a seeded site as ``package_create`` takes them, without what the site itself adds."""
    from ckanext.mxopendata.metadata.crosswalk import fields_of

    source = model.Package.get(SOURCE)
    wanted = [*fields_of("dataset"), "tags", "resources"]
    of_resource = fields_of("resource")
    shown = (site.call("package_show", id=dataset_id) for dataset_id in _harvested(source.id)[:size])
    datasets = [{key: dataset[key] for key in wanted if dataset.get(key)} for dataset in shown]
    for dataset in datasets:
        del dataset["owner_org"]
        dataset["tags"] = [{"name": tag["name"]} for tag in dataset["tags"]]
        dataset["resources"] = [
            {key: resource[key] for key in of_resource if resource.get(key)} for resource in dataset["resources"]
        ]
    return datasets


def make_institution(number: int, source_type: str) -> str:
    """Make a generated institution where it lacks; its id."""
    facts = records.institution(number)
    found = model.Group.get(facts["name"])
    if found is not None:
        return str(found.id)
    if source_type != site.OURS:
        # CKAN's own schema keeps other fields as extras.
        extras = [{"key": key, "value": facts.pop(key)} for key in ("gov_type", "cvegeo")]
        facts["extras"] = extras
    return str(site.call("organization_create", **facts)["id"])


def _harvested(source_id: str) -> list[str]:
    """The datasets of the first records, in their order."""
    query = sa.text(
        "SELECT package_id FROM harvest_object WHERE harvest_source_id = :source AND current ORDER BY guid LIMIT :kinds"
    )
    return list(model.Session.execute(query, {"source": source_id, "kinds": records.KINDS}).scalars())


def _content_hash(record: dict[str, Any]) -> str:
    from ckanext.mxopendata.harvest.identity import content_hash

    return content_hash(record, "datajson")
