"""Every platform through the whole engine: a first harvest, the same again, then one changed and one gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan.tests import helpers

from portals.platforms import PLATFORMS, Plain, PlatformPortal
from portals.platforms.base import serving

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


@pytest.fixture(params=sorted(PLATFORMS))
def small_portal(
    request: pytest.FixtureRequest, portal: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PlatformPortal]:
    """A portal of each platform with twelve datasets of its own."""
    kind = request.param.removeprefix("mx_").replace("_", "-").replace(" ", "-")
    made = PLATFORMS[request.param]([
        Plain(f"{kind}-{number}", f"Conjunto {number} de {kind}", file_url=f"https://{kind}.gob.mx/{number}.csv")
        for number in range(12)
    ])  # fmt: skip
    with serving(made) as host:
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [host])
        yield made


def test_it_is_harvested_and_harvested_again(small_portal, make_source, harvest):
    source = make_source(small_portal.address, small_portal.source_type)
    first = harvest(source)
    assert (first["read"], first["created"], first["rejected"]) == (12, 12, 0), first["findings"]
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"', rows=20)
    assert {dataset["title"] for dataset in found["results"]} == {record.title for record in small_portal.records}
    files = {dataset["title"]: {file["url"] for file in dataset["resources"]} for dataset in found["results"]}
    assert all(small_portal.file_address(record) in files[record.title] for record in small_portal.records)

    again = harvest(source)
    assert (again["read"], again["unchanged"], again["updated"]) == (12, 12, 0)

    small_portal.records[3] = replace(small_portal.records[3], description="Otra descripción", modified="2026-10-02")
    del small_portal.records[-1]
    third = harvest(source)
    assert (third["read"], third["updated"], third["unchanged"]) == (11, 1, 10)
    assert (third["in_grace"], third["archived"], third["deleted"]) == (1, 0, 0)
