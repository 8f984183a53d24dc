"""A site that never saw the suite takes in a file of ours by ckanext-dcat's own ``dcat_rdf_harvester``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import serving
from payload_catalogues import stored_datasets
from unit.dcat.assembling import write_catalogue
from unit.dcat.conftest import INSTITUTION, make_context

from .conftest import Story
from .harvesting import datasets_of, harvest
from .site import Site

pytestmark = pytest.mark.payloads

SOURCE = "archivo-nuestro"
# The stock harvester writes some fourteen datasets a second: every sixth is a sample of every kind of catalogue.
EVERY = 6


@pytest.fixture
def some(shared: Path) -> list[dict[str, Any]]:
    """Real datasets, as a site with the suite would have them."""
    return stored_datasets(shared, INSTITUTION)[::EVERY]


@pytest.fixture
def source(site: Site, story: Story, some: list[dict[str, Any]]) -> Iterator[str]:
    """A source that gives them as one file; what it brought is gone again when the test is over."""
    written, report = write_catalogue([some], make_context(), "ttl")
    assert report.datasets == len(some) > 300
    with serving() as portal:
        portal.serve("/volcado.ttl", written, headers={"Content-Type": "text/turtle"})
        url = portal.url("/volcado.ttl")
        of_it = {"name": SOURCE, "title": SOURCE, "url": url, "source_type": "dcat_rdf", "owner_org": "salud"}
        made = site.act("harvest_source_create", story.admin, **of_it, frequency="MANUAL", config="")
        yield SOURCE
        site.act("harvest_source_clear", story.admin, id=made["id"])
        site.act("harvest_source_delete", story.admin, id=made["id"])
        site.act("dataset_purge", story.admin, id=made["id"])


def test_the_stock_rdf_harvester_takes_in_every_dataset(site: Site, story: Story, some: Any, source: str) -> None:
    job = harvest(site, story.admin, source)
    assert job["stats"]["errored"] == 0, job["gather_error_summary"] + job["object_error_summary"]
    arrived = datasets_of(site, story.admin, source).values()
    assert sorted(dataset["title"] for dataset in arrived) == sorted(dataset["title"] for dataset in some)
    assert sum(len(dataset["resources"]) for dataset in arrived) == sum(len(dataset["resources"]) for dataset in some)
