"""Real catalogues of other governments go in whole, and go in again without touching anything.

The expected numbers are those counted in the files by whoever collected them, and recounted here.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import isodate
import pytest
import rdflib
import sqlalchemy as sa
from dateutil.parser import isoparse

from ckan import model
from ckan.tests import helpers

from ckanext.mxopendata.dashboard.cli import indicators
from ckanext.mxopendata.dcat.cli import export
from dcat_shapes import violations
from integration.commands import runner

from .conftest import INSTITUTION, records_of, row_versions

pytestmark = [
    pytest.mark.integration,
    pytest.mark.payloads,
    pytest.mark.usefixtures("clean_site", "with_request_context"),
]

PHILADELPHIA = ("pod_us/opendataphilly.data.json", 402, 2841)
ARGENTINA = ("datajson_ar/datos-gob-ar.2018-02.data.json", 617, 1494)


def _payload(shared: Path, name: str) -> bytes:
    return (shared / "payloads" / "harvest" / name).read_bytes()


def _stored(source: dict[str, Any]) -> tuple[int, int]:
    """How many datasets and resources of a source are in the database."""
    query = """
        SELECT count(DISTINCT p.id), count(r.id)
        FROM mxopendata_harvest_identity i JOIN package p ON p.id = i.dataset_id AND p.state = 'active'
        LEFT JOIN resource r ON r.package_id = p.id AND r.state = 'active'
        WHERE i.source_id = :source
    """
    return tuple(model.Session.execute(sa.text(query), {"source": source["id"]}).one())


@pytest.mark.parametrize(
    ("name", "datasets", "resources"), [PHILADELPHIA, ARGENTINA], ids=["philadelphia", "argentina"]
)
def test_a_real_catalogue_goes_in_whole_and_stays_untouched(
    shared, portal, make_source, harvest, indexed, name, datasets, resources
):
    content = _payload(shared, name)
    listed = json.loads(content)["dataset"]
    assert (len(listed), sum(len(item.get("distribution") or []) for item in listed)) == (datasets, resources)
    source = make_source(f"/{name}")
    portal.serve(f"/{name}", content)
    run = harvest(source)
    assert (run["read"], run["created"], run["rejected"]) == (datasets, datasets, 0)
    assert _stored(source) == (datasets, resources)
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"', rows=0)
    assert found["count"] == datasets
    titles = {line.identifier: line.title for line in records_of(run["run"])}
    assert titles == {item["identifier"]: " ".join(item["title"].split()) for item in listed}

    before = row_versions()
    indexed.clear()
    again = harvest(source)
    assert (again["read"], again["unchanged"]) == (datasets, datasets)
    assert again["status"] == run["status"]
    assert again["warnings"] == run["warnings"]
    assert row_versions() == before
    assert not indexed


def test_a_ckan_portal_is_read(shared, portal, make_source, harvest):
    portal.serve("/api/3/action/package_search", _payload(shared, "ckan/demo-ckan-package_search.json"))
    source = make_source("/", source_type="mx_ckan")
    run = harvest(source)
    assert (run["read"], run["created"]) == (3, 3)
    assert harvest(source)["unchanged"] == 3
    dataset = helpers.call_action("package_show", id=records_of(run["run"])[0].dataset_id)
    assert dataset["source_url"].startswith(portal.url("/dataset/"))


def test_a_record_without_title_is_rejected(shared, portal, make_source, harvest):
    portal.serve("/data.json", _payload(shared, "pod_us/missing_title.json"))
    run = harvest(make_source())
    assert (run["status"], run["read"], run["rejected"], run["created"]) == ("finished_with_errors", 1, 1, 0)
    line = helpers.call_action("mxopendata_harvest_record_list", run=run["run"])["results"][0]
    assert line["action"] == "rejected"
    assert [finding["code"] for finding in line["findings"]] == ["record_without_title"]


def test_a_record_without_identifier_is_taken_in_with_a_derived_one(shared, portal, make_source, harvest):
    portal.serve("/data.json", _payload(shared, "pod_us/dcatus_no_identifier.json"))
    source = make_source()
    run = harvest(source)
    assert (run["status"], run["created"]) == ("finished_with_warnings", 1)
    line = helpers.call_action("mxopendata_harvest_record_list", run=run["run"])["results"][0]
    assert line["identifier"] == "derivado:ayuntamiento-de-prueba:commitment-of-traders"
    assert "record_without_identifier" in [finding["code"] for finding in line["findings"]]
    assert harvest(source)["unchanged"] == 1
    # The next catalogue lists the same dataset.
    helpers.call_action("harvest_source_clear", id=source["id"])


def test_equal_titles_with_identifiers_of_their_own_stay_two(shared, portal, make_source, harvest):
    portal.serve("/data.json", _payload(shared, "pod_us/dcatus_same_title.json"))
    source = make_source()
    assert harvest(source)["created"] == 2
    portal.serve("/data.json", _payload(shared, "pod_us/dcatus_same_title_step_2.json"))
    harvest(source)
    assert _stored(source)[0] == 2


@pytest.fixture
def catalogues(shared, portal, make_source, harvest) -> list[dict[str, Any]]:
    """The datasets of all the catalogues above, as a visitor finds them; harvested where they are not yet."""
    found = helpers.call_action("package_search", rows=0)["count"]
    for name, _, _ in (PHILADELPHIA, ARGENTINA) if found < PHILADELPHIA[1] + ARGENTINA[1] else ():
        portal.serve(f"/{name}", _payload(shared, name))
        harvest(make_source(f"/{name}"))
    pages = [helpers.call_action("package_search", rows=1000, start=start)["results"] for start in (0, 1000)]
    return [dataset for page in pages for dataset in page]


def test_all_of_it_leaves_without_a_violation_and_nothing_is_left_out(shared, catalogues, tmp_path):
    """Validated against the official shapes of DCAT-AP 3.0.1, which the product does not hold."""
    file = tmp_path / "catalogo.nt"
    result = runner().invoke(export, ["--format", "nt", "--output", str(file), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    graph = rdflib.Graph().parse(file, format="nt")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    assert len(set(graph.objects(None, dcat.dataset))) == len(catalogues) == told["datasets"]
    assert told["left_out"] == []
    resources = sum(len(dataset["resources"]) for dataset in catalogues)
    assert len(set(graph.subjects(rdflib.RDF.type, dcat.Distribution))) == resources == told["distributions"]

    assert violations(file, shared) == []

    without_titles = tmp_path / "sin-titulos.nt"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    without_titles.write_text("".join(line for line in lines if "<http://purl.org/dc/terms/title>" not in line))
    assert len(violations(without_titles, shared)) >= len(catalogues), "the shapes were not applied"


def test_all_of_it_is_on_the_dashboard_with_figures_that_anybody_can_recompute(catalogues):
    now = datetime.now(timezone.utc)
    result = runner().invoke(indicators, ["compute", "--now", now.isoformat(), "--json"])
    assert result.exit_code == 0, result.output
    shown = helpers.call_action("mxopendata_institution_report", id=INSTITUTION)["indicators"]
    assert shown["mx.datasets"]["value"] == len(catalogues)
    assert shown["mx.resources"]["value"] == sum(len(dataset["resources"]) for dataset in catalogues)
    with_contact = [
        dataset for dataset in catalogues if any(contact.get("email") for contact in dataset.get("contact") or [])
    ]
    assert shown["mx.with_contact"]["numerator"] == len(with_contact)
    late = [dataset for dataset in catalogues if _age_in_periods(dataset, now) is not None]
    fresh = [dataset for dataset in late if (_age_in_periods(dataset, now) or 0) < 1.2]
    assert (shown["mx.up_to_date"]["numerator"], shown["mx.up_to_date"]["denominator"]) == (len(fresh), len(late))
    assert len(late) > 300, "these catalogues say how often they are updated"


def _age_in_periods(dataset: dict[str, Any], now: datetime) -> float | None:
    """How many of its declared periods ago a dataset was updated; nothing where it does not say."""
    frequency = str(dataset.get("frequency") or "")
    said = dataset.get("modified") or max(
        (resource["modified"] for resource in dataset["resources"] if resource.get("modified")), default=None
    )
    if not frequency.startswith("R/P") or frequency.startswith("R/PT") or not said:
        return None
    modified = isoparse(said)
    modified = modified if modified.tzinfo else modified.replace(tzinfo=timezone.utc)
    period = isodate.parse_duration(frequency.removeprefix("R/"))
    days = (
        period / timedelta(days=1) if isinstance(period, timedelta) else float(period.years * 365 + period.months * 30)
    )
    return None if modified > now else (now - modified) / timedelta(days=days)
