"""What a portal lists and is no dataset of its own: read, excluded, and each with its reason in the report."""

from __future__ import annotations

from typing import Any

import pytest

import ckan.plugins.toolkit as tk
from ckan.tests import helpers

from portals.platforms.base import Plain, serving
from portals.platforms.socrata import SocrataPortal

from .conftest import records_of

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "with_request_context")]


def test_it_is_excluded_with_its_reason(portal: Any, make_source, harvest, monkeypatch):
    made = SocrataPortal([Plain(f"abcd-000{number}", f"Tabla {number}") for number in range(5)])
    made.federates, made.strangers = True, [Plain("wxyz-0001", "Tabla de otro gobierno")]
    made.facts = {
        "abcd-0001": {"parent_fxf": ["abcd-0000"]},
        "abcd-0002": {"hide_from_data_json": True},
        "abcd-0003": {"type": "story"},
    }
    with serving(made) as host:
        monkeypatch.setitem(tk.config, "ckanext.mxopendata.http.allowed_private", [host])
        source = make_source(made.address, "mx_socrata")
        run = harvest(source)
        assert (run["status"], run["read"], run["created"], run["excluded"]) == ("finished", 6, 2, 4)
        reasons = {line.title: [found["code"] for found in line.findings] for line in records_of(run["run"])}
        assert {title: codes for title, codes in reasons.items() if codes and codes[0].startswith("record_")} == {
            "Tabla 1": ["record_is_a_view"],
            "Tabla 2": ["record_hidden_by_portal"],
            "Tabla 3": ["record_of_other_kind"],
            "Tabla de otro gobierno": ["record_of_other_portal"],
        }
        again = harvest(source)
        assert (again["unchanged"], again["excluded"], again["in_grace"]) == (2, 4, 0)
        # A dataset that the portal hides from then on is no longer listed for us.
        made.facts["abcd-0004"] = {"hide_from_data_json": True}
        assert harvest(source)["in_grace"] == 1
    found = helpers.call_action("package_search", fq=f'harvest_source_id:"{source["id"]}"')
    assert {dataset["identifier"] for dataset in found["results"]} == {"abcd-0000", "abcd-0004"}
