"""Hashes, names, derived identifiers and filters: pure functions over a record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.mxopendata.harvest.identity import content_hash, passes
from ckanext.mxopendata.metadata.names import dataset_name, derived_identifier, short_digest, slug

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


class TestContentHash:
    @given(record=st.dictionaries(st.text(), JSON, max_size=5), platform=st.sampled_from(["ckan", "datajson"]))
    def test_the_order_of_keys_does_not_matter(self, record, platform):
        turned = {key: record[key] for key in reversed(record)}
        assert content_hash(record, platform) == content_hash(turned, platform)

    def test_counters_of_ckan_do_not_matter(self):
        before = {"title": "Agua", "metadata_modified": "2026-01-01", "num_tags": 1, "tracking_summary": {"total": 4}}
        after = {"title": "Agua", "metadata_modified": "2026-02-01", "num_tags": 2, "tracking_summary": {"total": 9}}
        assert content_hash(before, "ckan") == content_hash(after, "ckan")

    def test_counters_of_a_resource_do_not_matter_either(self):
        before = {"resources": [{"url": "a", "revision_id": "1"}]}
        after = {"resources": [{"url": "a", "revision_id": "2"}]}
        assert content_hash(before, "ckan") == content_hash(after, "ckan")

    @pytest.mark.parametrize("field", ["title", "notes", "url", "resources", "modified"])
    def test_content_matters(self, field):
        assert content_hash({field: "a"}, "ckan") != content_hash({field: "b"}, "ckan")

    def test_the_order_of_keywords_does_not_matter_but_that_of_files_does(self):
        assert content_hash({"keyword": ["a", "b"]}, "datajson") == content_hash({"keyword": ["b", "a"]}, "datajson")
        assert content_hash({"distribution": ["a", "b"]}, "datajson") != content_hash(
            {"distribution": ["b", "a"]}, "datajson"
        )

    def test_half_a_surrogate_pair_is_hashed_all_the_same(self):
        assert len(content_hash({"title": "\ud800"}, "datajson")) == 40


class TestNames:
    def test_accents_and_signs_go(self):
        assert dataset_name("Índice de Marginación, 2020–2025 (CONAPO)") == "indice-de-marginacion-2020-2025-conapo"

    def test_a_long_title_is_cut_at_a_word(self):
        name = dataset_name("palabra " * 30)
        assert len(name) <= 90
        assert name.endswith("palabra")

    def test_a_title_without_letters_gets_a_name(self):
        assert dataset_name("水質").startswith("conjunto-")

    @given(st.text())
    def test_a_slug_is_always_a_valid_name_part(self, text):
        assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert len(slug(text)) <= 80

    def test_a_derived_identifier_holds_institution_and_title(self):
        assert derived_identifier("Xalapa", "padrón de árboles") == "derivado:xalapa:padron-de-arboles"

    def test_equal_titles_are_told_apart(self):
        assert short_digest("a") != short_digest("b")


class TestFilters:
    RECORD = {"organization": {"name": "salud", "title": "Salud"}, "tags": [{"name": "Agua"}], "keyword": ["Aire"]}

    @pytest.mark.parametrize(
        ("include", "exclude", "wanted"),
        [
            ({}, {}, True),
            ({"organization": ["salud"]}, {}, True),
            ({"organization.title": ["SALUD"]}, {}, True),
            ({"organization": ["obras"]}, {}, False),
            ({"tags": ["agua"], "keyword": ["aire"]}, {}, True),
            ({"tags": ["agua"], "keyword": ["fuego"]}, {}, False),
            ({}, {"tags": ["fuego", "agua"]}, False),
            ({}, {"nada": ["agua"]}, True),
        ],
    )
    def test_include_and_exclude(self, include, exclude, wanted):
        assert passes(self.RECORD, include, exclude) is wanted
