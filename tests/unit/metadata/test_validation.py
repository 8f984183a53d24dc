"""What a dataset lacks, what it is worth, and what of it is searched."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.mxopendata import search
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.mapping import map_record
from ckanext.mxopendata.metadata.validation import is_valid, mandatory, points, validate_dataset

FULL: dict[str, Any] = {
    "title": "Rutas",
    "notes": "Rutas de autobús",
    "identifier": "r-1",
    "theme": ["movilidad"],
    "contact": [{"email": "a@x.mx"}],
    "frequency": "R/P1M",
    "modified": "2026-08-15",
    "gov_type": "municipal",
    "access_rights": "public",
    "license_id": "libreusomx",
    "documentation": ["https://x.mx/d.csv"],
    "language": ["es"],
    "tags": [{"name": "rutas"}],
    "creator": [{"name": "Movilidad"}],
    "issued": "2020",
    "temporal_coverage": [{"start": "2015"}],
    "spatial_coverage": [{"cvegeo": "14039"}],
    "url": "https://x.mx",
    "policy_alignment": ["sdg:11.2"],
    "priority_list": "committed",
    "legal_basis_text": "Art. 70",
    "resources": [
        {"name": "a", "url": "https://x.mx/a.csv", "description": "d", "format": "CSV", "mimetype": "text/csv"}
    ],
}


def codes(dataset: dict[str, Any]) -> list[str]:
    return [finding.code for finding in validate_dataset(dataset)]


class TestValidation:
    def test_a_full_dataset_has_nothing_to_improve(self) -> None:
        assert validate_dataset(FULL) == []
        assert points(FULL) == (100.0, 100)

    def test_an_empty_one_lacks_everything_the_gravest_first(self) -> None:
        findings = validate_dataset({})
        assert {f"missing_{name}" for name in mandatory()} <= {finding.code for finding in findings}
        severities = [finding.severity for finding in findings]
        assert severities == sorted(severities, key=["error", "warning", "advice"].index)
        assert points({}) == (0.0, 100)
        assert not is_valid(findings)

    def test_each_missing_field_costs_its_points(self) -> None:
        for name in set(FULL) - {"resources"}:
            lacking = {key: value for key, value in FULL.items() if key != name}
            field = "tag_string" if name == "tags" else name
            assert f"missing_{field}" in codes(lacking)
            assert points(lacking)[0] < 100

    def test_a_contact_without_an_email_is_none(self) -> None:
        assert "missing_contact" in codes({**FULL, "contact": [{"name": "Ana"}]})

    def test_a_dictionary_may_be_a_resource(self) -> None:
        resource = {**FULL["resources"][0], "name": "Diccionario de datos"}
        assert "missing_documentation" not in codes({**FULL, "documentation": [], "resources": [resource]})

    def test_recommended_fields_do_not_make_it_invalid(self) -> None:
        assert is_valid(validate_dataset({**FULL, "tags": [], "url": ""}))
        assert not is_valid(validate_dataset({**FULL, "frequency": ""}))

    def test_values_without_a_reading_are_named(self) -> None:
        found = validate_dataset({**FULL, "frequency": "cada eclipse", "modified": "2026-02-30", "theme": ["magia"]})
        assert Finding("frequency_unknown", "frequency", "frequency", "cada eclipse") in found
        assert {"date_impossible", "theme_unknown"} <= {finding.code for finding in found}

    def test_restricted_access_needs_a_reason(self) -> None:
        assert codes({**FULL, "access_rights": "restricted"}) == ["reason_missing"]
        assert codes({**FULL, "access_rights": "restricted", "access_comment": "Art. 113"}) == []

    def test_a_resource_is_worth_its_share(self) -> None:
        bare = {"url": "https://x.mx/b.csv"}
        assert points({**FULL, "resources": [FULL["resources"][0], bare]}) == (97.0, 100)
        found = validate_dataset({**FULL, "resources": [bare]})
        assert {finding.location for finding in found} == {"resources[0]"}


NOW = datetime(2026, 11, 23, tzinfo=timezone.utc)


class TestIndexDocument:
    def document(self, **extras: Any) -> dict[str, Any]:
        stored = {key: value if isinstance(value, str) else json.dumps(value) for key, value in extras.items()}
        return {"id": "1", "type": "dataset", **stored, **{f"extras_{key}": value for key, value in stored.items()}}

    def test_only_what_the_crosswalk_names(self) -> None:
        given = self.document(
            theme=["salud", "agua"],
            frequency="R/P1M",
            contact=[{"name": "Ana", "email": "a@x.mx"}],
            spatial_coverage=[{"cvegeo": "14039", "geom": "POLYGON((…))", "text": "Centro"}],
            version_notes="x" * 40_000,
            otro="se queda",
        )
        indexed = search.index_document(given, NOW)
        assert indexed == {
            "id": "1",
            "type": "dataset",
            "otro": "se queda",
            "extras_otro": "se queda",
            "vocab_theme": ["salud", "agua"],
            "frequency": "R/P1M",
            "vocab_state": ["14"],
            "vocab_municipality": ["14039"],
            "vocab_place_name": ["Centro"],
        }

    def test_freshness_and_points(self) -> None:
        dataset = {"title": "Uno", "frequency": "R/P1Y", "modified": "2025-01-01", "resources": []}
        indexed = search.index_document({"id": "1", "validated_data_dict": json.dumps(dataset)}, NOW)
        assert (indexed["mx_freshness"], indexed["mx_due_date"]) == ("overdue", "2026-01-01T00:00:00Z")
        assert indexed["mx_score"] == "020.0"
        assert "R" not in search.index_document({"id": "1"}, NOW)

    def test_a_target_counts_for_its_goal(self) -> None:
        indexed = search.index_document(self.document(policy_alignment=["sdg:4.1", "pdn:S6"]), NOW)
        assert set(indexed["vocab_policy"]) == {"sdg:4.1", "sdg:4", "pdn:S6"}

    def test_nothing_too_long_reaches_solr(self) -> None:
        document = search.shorten_strings(
            search.index_document(
                {"id": "1", "otro": "ñ" * 40_000, "notes": "x" * 5_000, "res_url": ["u" * 40_000]}, NOW
            ),
            search.TEXTS,
        )
        assert len(document["otro"].encode()) <= 32_766
        assert len(document["res_url"][0].encode()) <= 32_766
        assert max(len(word) for word in document["notes"].split()) <= 1_000
        assert document["notes"].replace(" ", "") == "x" * 5_000

    def test_what_ckan_stores_is_left_alone(self) -> None:
        text = json.dumps({"a": "x" * 90_000})
        assert search.shorten_strings({"validated_data_dict": text}, search.TEXTS) == {"validated_data_dict": text}

    def test_archived_are_left_out_unless_asked_for(self) -> None:
        assert search.leave_out_archived({"q": "x"})["fq"] == "-archived_at:[* TO *]"
        assert search.leave_out_archived({"fq": "archived_at:[* TO *]"})["fq"] == "archived_at:[* TO *]"
        assert "fq" not in search.leave_out_archived({"q": "x", "extras": {search.ARCHIVED_TOO: True}})


INNER_KEYS = st.sampled_from(("name", "title", "key", "value", "fn", "hasEmail", "type", "@id"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INNER_KEYS, inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    *("title", "notes", "description", "identifier", "theme", "groups", "keyword", "tags", "contactPoint", "publisher"),
    *(
        "contact",
        "temporal",
        "spatial",
        "license",
        "license_id",
        "accrualPeriodicity",
        "modified",
        "issued",
        "language",
    ),
    *("accessLevel", "public", "landingPage", "distribution", "resources", "extras"),
)


@settings(max_examples=200, deadline=None)
@given(record=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8), platform=st.sampled_from(("ckan", "datajson")))
def test_no_record_breaks_the_mapping_and_what_it_makes_can_be_checked(record: dict[str, Any], platform: str) -> None:
    mapped = map_record(record, platform)
    json.dumps([finding.facts() for finding in mapped.findings])
    validate_dataset(mapped.dataset)
    assert 0 <= points(mapped.dataset)[0] <= 100
