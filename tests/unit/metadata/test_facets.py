"""Which municipalities the search offers."""

from __future__ import annotations

from ckanext.mxopendata.facets import municipalities_within

ITEMS = [
    {"name": "14039", "display_name": "Guadalajara, Jalisco", "count": 3},
    {"name": "19039", "display_name": "Monterrey, Nuevo León", "count": 2},
]


def names(states: list[str], chosen: list[str] | None = None) -> list[str]:
    return [item["display_name"] for item in municipalities_within(ITEMS, states, chosen or [])]


def test_below_the_state_that_was_chosen():
    assert names([]) == []
    assert names(["14"]) == ["Guadalajara"]
    assert names(["14", "19"]) == ["Guadalajara, Jalisco", "Monterrey, Nuevo León"]


def test_one_that_was_chosen_can_be_given_back():
    assert names([], ["19039"]) == ["Monterrey, Nuevo León"]
    assert names(["14"], ["19039"]) == ["Guadalajara", "Monterrey, Nuevo León"]
    assert ITEMS[0]["display_name"] == "Guadalajara, Jalisco"
