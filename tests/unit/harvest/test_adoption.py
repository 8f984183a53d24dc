"""What other harvesters know a record by, and what they made of it."""

from __future__ import annotations

import pytest

from ckanext.mxopendata.harvest.adoption import aliases, source_tags
from ckanext.mxopendata.metadata.merging import match_resources


@pytest.mark.parametrize(
    ("record", "platform", "expected"),
    [
        ({"id": "u-1", "name": "pozos", "extras": [{"key": "guid", "value": "G 1"}]}, "ckan", ["u-1", "G 1"]),
        ({"identifier": " clave 7 ", "@id": "https://x/7"}, "datajson", [" clave 7 ", "https://x/7"]),
        ({"identifier": 7}, "datajson", ["7"]),
        ({"identifier": "igual", "id": "igual"}, "datajson", ["igual"]),
        ({"identifier": "", "guid": None, "uri": {"no": "texto"}}, "datajson", []),
    ],
)
def test_a_record_is_known_by_the_surest_first(record, platform, expected):
    assert aliases(record, platform) == expected


def test_tags_are_those_a_stock_harvester_wrote_cleaned_or_not():
    assert source_tags({"tags": [{"name": "Agua potable"}, {"name": ""}]}) == ["Agua potable", "agua-potable"]
    assert source_tags({"keyword": ["agua", "agua", " riego "]}) == ["agua", "riego"]
    assert source_tags({}) == []


EXISTING = [{"id": "a", "url": "https://x/1", "name": "Uno"}, {"id": "b", "url": "https://x/2", "name": "Dos"}]


def test_what_is_left_is_the_resource_in_its_place_if_that_is_asked_for():
    fresh = [{"url": "https://x/2", "name": "Dos"}, {"url": "https://y/1", "name": "Primero"}]
    assert match_resources(EXISTING, fresh) == {0: "b"}
    # The place of what is left is another's here.
    assert match_resources(EXISTING, fresh, by_position=True) == {0: "b"}
    moved = [{"url": "https://y/1", "name": "Primero"}, {"url": "https://x/2", "name": "Dos"}]
    assert match_resources(EXISTING, moved, by_position=True) == {0: "a", 1: "b"}


def test_lists_of_different_length_have_no_places_in_common():
    fresh = [{"url": "https://y/0", "name": "Nuevo"}, {"url": "https://y/1", "name": "Otro"}, {"url": "https://x/2"}]
    assert match_resources(EXISTING, fresh, by_position=True) == {2: "b"}
