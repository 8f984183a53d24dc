"""Terms stay, are named in both languages, point at each other, and any text may be looked up."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.mxopendata.dcat import nodes, skos
from ckanext.mxopendata.dcat.context import Builder, Catalogue, ExportContext, NamedNode
from ckanext.mxopendata.metadata.vocabularies import (
    BROADER_IN,
    VOCABULARIES,
    headings,
    use_folders,
    vocabulary,
    vocabulary_ids,
)

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
IDS = Path(__file__).with_name("vocabulary_ids")
HEADER = "id,label_es,label_en,uri,broader,status,replaced_by,exact_match,source"
BASE = "https://datos.example/vocabularios"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An operator's folder; ``use_folders`` has to be called once the files are there."""
    (tmp_path / "vocabularies").mkdir()
    yield tmp_path
    use_folders([])


@pytest.mark.parametrize("name", VOCABULARIES)
def test_no_id_ever_disappears(name: str) -> None:
    """An id of the list that is gone was deleted: bring it back as ``deprecated``. New ones go on the list."""
    recorded = (IDS / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert recorded == sorted(set(recorded))
    assert set(recorded) - set(vocabulary(name).terms) == set(), "deleted terms"
    assert set(vocabulary(name).terms) - set(recorded) == set(), f"add to {IDS.name}/{name}.txt"


def test_every_file_is_a_vocabulary() -> None:
    files = {path.stem for path in (SCHEMAS / "vocabularies").glob("*.csv")}
    assert files == {*VOCABULARIES, "_index"}
    assert {path.stem for path in IDS.glob("*")} == set(VOCABULARIES)


@pytest.mark.parametrize("name", VOCABULARIES)
def test_terms_point_at_terms(name: str) -> None:
    above = vocabulary(BROADER_IN.get(name, name)).terms
    for term in vocabulary(name).terms.values():
        assert not term.broader or term.broader in above, term
        assert term.broader != term.id or name in BROADER_IN, term
        assert not term.replaced_by or term.status == "deprecated", term
        assert not term.replaced_by or vocabulary(name).terms[term.replaced_by].status == "active", term
        assert term.source, term


@pytest.mark.parametrize("name", VOCABULARIES)
def test_uris_are_unique_and_those_of_the_export(name: str) -> None:
    uris = skos.term_uris(vocabulary(name), BASE)
    assert [uri for uri, times in Counter(uris.values()).items() if times > 1] == []
    builder = Builder(ExportContext(Catalogue(BASE, ""), BASE), NamedNode(BASE))
    for term in vocabulary(name).active():
        assert uris[term.id] == (term.uri or nodes.own_uri(builder, name, term.id).value)
        assert all(re.match(r"https?://[^\s<>]+$", uri) for uri in (uris[term.id], *term.exact_match)), term


def test_every_vocabulary_has_a_title_and_a_purpose_in_both_languages() -> None:
    assert tuple(headings()) == VOCABULARIES
    for heading in headings().values():
        assert all((heading.title_es, heading.title_en, heading.description_es, heading.description_en)), heading
        assert heading.title("es") != heading.id


def test_how_many_policies() -> None:
    families = Counter(term.facts["family"] for term in vocabulary("policies").terms.values())
    assert families == {"sdg": 17 + 169, "pdn": 6, "sendai": 7, "coneval": 6}
    per_goal = Counter(term.broader for term in vocabulary("policies").terms.values() if term.broader)
    assert [per_goal[f"sdg:{goal}"] for goal in range(1, 18)] == [
        *(7, 8, 13, 10, 9, 8, 5, 12, 8, 10, 10, 11, 5, 10, 12, 12, 19),
    ]
    find = vocabulary("policies").find
    found = [find(text) for text in ("ODS 11.2", "http://metadata.un.org/sdg/11.2", "SDG:11.2", "meta 11.2")]
    assert [term.id for term in found if term] == ["sdg:11.2"] * 4


def test_policies_have_the_uri_that_the_export_gives_them() -> None:
    builder = Builder(ExportContext(Catalogue(BASE, ""), BASE), NamedNode(BASE))
    for term_id, uri in skos.term_uris(vocabulary("policies"), BASE).items():
        node = nodes.policy(builder, term_id)
        assert node is not None
        assert node.value == uri


def test_the_steps_of_the_priority_list_are_those_of_the_form() -> None:
    import yaml

    schema = yaml.safe_load((SCHEMAS / "mx_dataset.yaml").read_text(encoding="utf-8"))
    field = next(field for field in schema["dataset_fields"] if field["field_name"] == "priority_list")
    steps = {
        term.id: (term.label_es, term.label_en) for term in vocabulary("idmx").terms.values() if ":" not in term.id
    }
    choices = field.get("choices")
    assert choices is None or steps == {c["value"]: (c["label"]["es"], c["label"]["en"]) for c in choices}


def test_places_name_the_year_of_their_list() -> None:
    years = Counter(term.facts["year"] for term in vocabulary("municipalities").terms.values())
    assert years == {"2020": 2469, "": 9}
    assert all(term.id.startswith(term.broader) for term in vocabulary("municipalities").terms.values())


def test_languages_of_mexico() -> None:
    indigenous = [term for term in vocabulary("languages").terms.values() if term.facts["family"] == "indigenous"]
    assert len(indigenous) == 68
    find = vocabulary("languages").find
    meant = {"wixárika": "hch", "Huichol": "hch", "zos": "zoc", "Ku'ahl": "x-kuahl", "tojolabal": "toj", "maya": "yua"}
    assert {text: getattr(find(text), "id", None) for text in meant} == meant
    assert find("chontal") is None


def test_standards_are_found_by_address_and_by_name() -> None:
    find = vocabulary("standards").find
    meant = {
        "https://standard.open-contracting.org/latest": "ocds",
        "http://standard.open-contracting.org/": "ocds",
        "EDCA-MX": "edca-mx",
        "gtfs": "gtfs",
        "https://gtfs.org": "gtfs",
        "RFC 7946": "geojson",
    }
    assert {text: getattr(find(text), "id", None) for text in meant} == meant


@given(
    st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.none(), st.lists(st.text(max_size=3), max_size=3))
)
def test_anything_may_be_looked_up(text: object) -> None:
    for name in VOCABULARIES:
        found = vocabulary(name).find(text)
        assert found is None or found.id in vocabulary(name).terms


@given(st.sampled_from(VOCABULARIES), st.data())
def test_a_term_is_found_by_what_it_is_called(name: str, data: st.DataObject) -> None:
    term = data.draw(st.sampled_from(list(vocabulary(name).terms.values())))
    for text in (term.id, term.label_es.upper(), f"  {term.label_en} ", *term.aliases):
        assert term in vocabulary(name).candidates(text) or term.status == "deprecated"


def test_a_vocabulary_is_read_once() -> None:
    assert vocabulary("municipalities") is vocabulary("municipalities")


class TestOperatorsFolders:
    def _write(self, folder: Path, name: str, text: str) -> None:
        (folder / "vocabularies" / f"{name}.csv").write_text(text, encoding="utf-8")
        use_folders([folder])

    def test_a_vocabulary_of_their_own_comes_after_ours(self, folder: Path) -> None:
        self._write(folder, "rios", f"{HEADER}\nlerma,Lerma,,,,active,,,x\n")
        self._write(folder, "Otra lista", f"{HEADER}\n")
        assert vocabulary_ids() == (*VOCABULARIES, "rios")
        assert vocabulary("rios").terms["lerma"].label("en") == "Lerma"
        assert headings()["rios"].title("en") == "rios"
        use_folders([])
        assert "rios" not in vocabulary_ids()
        with pytest.raises(KeyError):
            vocabulary("rios")

    def test_a_title_of_theirs_wins(self, folder: Path) -> None:
        self._write(
            folder, "_index", "id,title_es,title_en,description_es,description_en\nthemes,Materias,,,\nnada,x,,,\n"
        )
        assert (headings()["themes"].title("en"), headings()["sectors"].title()) == ("Materias", "Sectores")
        assert "nada" not in headings()

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("id,label_es\nx,y\n", "lacks the columns"),
            (f"{HEADER}\na,A,A,,,active,,,x\na,B,B,,,active,,,x\n", "twice"),
            (f"{HEADER}\na,A,A,,,active,,,x,one too many\n", "row 2, has more cells"),
            (f"{HEADER}\na,A,A,,,active,,,x\n ,B,B,,,active,,,x\n", "row 3, has no id"),
            ("", "lacks the columns"),
        ],
    )
    def test_what_is_wrong_is_said(self, folder: Path, text: str, complaint: str) -> None:
        self._write(folder, "themes", text)
        with pytest.raises(ValueError, match=complaint):
            vocabulary("themes")
        assert vocabulary("sectors").terms

    def test_another_encoding_is_said(self, folder: Path) -> None:
        (folder / "vocabularies" / "themes.csv").write_bytes(f"{HEADER}\na,Año,,,,active,,,x\n".encode("latin-1"))
        use_folders([folder])
        with pytest.raises(ValueError, match="not UTF-8"):
            vocabulary("themes")

    def test_addresses_that_are_none_get_our_uri(self, folder: Path) -> None:
        self._write(folder, "rios", f"{HEADER}\nel lerma,Lerma,,no es <una> dirección,,active,,tampoco esta,x\n")
        assert skos.term_uris(vocabulary("rios"), BASE) == {"el lerma": f"{BASE}/rios/el%20lerma"}
        text = skos.write_vocabulary(vocabulary("rios"), headings()["rios"], BASE, "nt").decode()
        assert "tampoco" not in text


def test_the_files_have_the_columns_of_the_interface() -> None:
    for name in VOCABULARIES:
        with (SCHEMAS / "vocabularies" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        assert columns[:9] == HEADER.split(","), name
