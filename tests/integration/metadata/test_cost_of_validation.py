"""What validation asks for does not grow with the number of values that it looks at; no clock is looked at here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.metadata.vocabularies import use_folders

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

CONTRADICTED = {"cvegeo": "14039", "text": "Sonora"}
FEW, MANY = 2, 40


class Walked(dict[tuple[Any, ...], Any]):
    """The flat values of a dataset, which count how often somebody walks through all of them."""

    walks = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        self.walks += 1
        return super().__iter__()


def flat(places: int, **values: str) -> Walked:
    """A dataset with places whose description names another one, as validators get it."""
    of_places = {
        ("spatial_coverage", index, name): text for index in range(places) for name, text in CONTRADICTED.items()
    }
    extras = {
        ("extras", index, part): text
        for index, pair in enumerate(values.items())
        for part, text in zip(("key", "value"), pair, strict=True)
    }
    return Walked({**of_places, **extras})


@pytest.mark.parametrize(("of_source", "refused"), [({}, MANY), ({"source_identifier": "uno"}, 0)])
def test_whose_request_it_is_is_asked_once(of_source: dict[str, str], refused: int) -> None:
    data = flat(MANY, **of_source)
    context: dict[str, Any] = {"model": model, "session": model.Session}
    errors: dict[tuple[Any, ...], list[str]] = {key: [] for key in dict.fromkeys(data)}
    data.walks = 0
    agrees = tk.get_validator("mxopendata_place_agrees")
    for index in range(MANY):
        with suppress(tk.StopOnError):
            agrees(("spatial_coverage", index, "text"), data, errors, context)
    assert sum(map(len, errors.values())) == refused
    assert data.walks == 1


def test_the_answer_is_of_one_validation_only(complete, as_editor):
    """A harvested dataset keeps what it says; the next one that the same person writes is asked anew."""
    kept = as_editor("package_create", **complete("de-fuera", source_identifier="uno", spatial_coverage=[CONTRADICTED]))
    assert kept["spatial_coverage"] == [CONTRADICTED]
    with pytest.raises(tk.ValidationError):
        as_editor("package_create", **complete("de-aqui", spatial_coverage=[CONTRADICTED]))


def read(field: dict[str, Any], text: str) -> Any:
    """What the validator that ckanext-scheming makes for a field stores of a text; ``None`` where it refuses."""
    key = (field["field_name"],)
    data, errors = {key: text}, {key: []}
    with suppress(tk.StopOnError):
        tk.get_validator("mxopendata_read")(field, {})(key, data, errors, {"model": model, "session": model.Session})
    return None if errors[key] else data[key]


def test_a_validator_is_made_once_for_what_the_schema_says(tmp_path: Path) -> None:
    """ckanext-scheming asks for one of every field of every dataset; fields that differ never share one."""
    make = tk.get_validator("mxopendata_read")
    term = {"field_name": "theme", "datatype": "term", "vocabulary": "themes", "label": "Tema"}
    assert make(term, {}) is make(dict(term), {"another": "schema"})
    other = [{**term, key: value} for key, value in (("datatype", "line"), ("vocabulary", "sectors"))]
    assert [read(field, "Turismo") for field in (term, *other)] == ["turismo", "Turismo", None]

    header = "id,label_es,label_en,uri,broader,status,replaced_by,exact_match,source"
    (tmp_path / "vocabularies").mkdir()
    (tmp_path / "vocabularies" / "themes.csv").write_text(f"{header}\nagua,Agua,Water,,,active,,,x\n", encoding="utf-8")
    use_folders([tmp_path])
    try:
        assert (read(term, "Agua"), read(term, "turismo")) == ("agua", None)
    finally:
        use_folders([])
    assert read(term, "turismo") == "turismo"


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What the database is asked while the test runs."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = model.Session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


def test_what_was_stored_is_asked_once(complete, as_editor, statements):
    stored = as_editor("package_create", **complete("guardado", spatial_coverage=[{"cvegeo": "14039"}]))
    asked = []
    for number in (FEW, FEW, MANY):
        statements.clear()
        with pytest.raises(tk.ValidationError) as caught:
            as_editor("package_patch", id=stored["id"], spatial_coverage=[CONTRADICTED] * number)
        told = caught.value.error_dict["spatial_coverage"]
        assert [bool(place.get("text")) for place in told] == [True] * number
        asked.append(len(statements))
    assert asked[1] == asked[2]
