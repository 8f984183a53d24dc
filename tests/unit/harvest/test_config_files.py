"""What somebody is told who made a mistake in the file of a source: where, in which words, with what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ckanext.mxopendata.harvest.config_files import read_file, read_files

GOOD = """\
name: mx-jalisco-tonala
title: Datos Abiertos de Tonalá
url: https://datos.tonala.gob.mx/data.json
type: mx_datajson
enabled: true
schedule: WEEKLY
cvegeo: "14101"
license: cc-by-4.0
fixed:
  language: es
institution:
  name: ayuntamiento-tonala
  title: Ayuntamiento de Tonalá
  gov_type: municipal
  cvegeo: "14101"
"""
# What is written in the place of what → the line, the field, and words of what is said.
MISTAKES = {
    "a key in Spanish": ("license:", "licencia:", 8, "licencia", "¿Quiso decir «license»?"),
    "a misspelt key": ("institution:", "institucion:", 11, "institucion", "¿Quiso decir «institution»?"),
    "a misspelt key within another": ("  gov_type:", "  govtype:", 14, "institution.govtype", "«gov_type»"),
    "a type without its prefix": ("mx_datajson", "datajson", 4, "type", "¿Quiso decir «mx_datajson»?"),
    "a type by the name of the software": ("mx_datajson", "GeoNetwork", 4, "type", "¿Quiso decir «mx_csw»?"),
    "a misspelt licence": ("cc-by-4.0", "ccby 4.0", 8, "license", "¿Quiso decir «cc-by-4.0»?"),
    "a licence that does not exist": ("cc-by-4.0", "la de siempre", 8, "license", "libreusomx"),
    "no address": ("url: https://datos.tonala.gob.mx/data.json\n", "", 1, "url", "Falta «url»"),
    "an address without https": ("https://datos", "datos", 3, "url", "https://datos.tonala.gob.mx/data.json"),
    "an address of a file": ("https://", "file:///", 3, "url", "https:// o http://"),
    "a key of INEGI without quotes": ('cvegeo: "14101"\nlic', "cvegeo: 01001\nlic", 7, "cvegeo", '"01001"'),
    "a key that INEGI does not have": ('cvegeo: "14101"\nlic', 'cvegeo: "14999"\nlic', 7, "cvegeo", "14999"),
    "an order of government in Spanish": ("municipal\n", "ayuntamiento\n", 14, "institution.gov_type", "municipal"),
    "another order of government in Spanish": ("municipal\n", "estatal\n", 14, "institution.gov_type", "«state»"),
    "how often in Spanish": ("WEEKLY", "semanal", 6, "schedule", "¿Quiso decir «WEEKLY»?"),
    "how often in small letters": ("WEEKLY", "weekly", 6, "schedule", "¿Quiso decir «WEEKLY»?"),
    "a name with blanks and accents": ("mx-jalisco-tonala", "Jalisco Tonalá", 1, "name", "jalisco-tonala"),
    "a yes in quotes": ("enabled: true", 'enabled: "true"', 5, "enabled", "true (sí) o false (no), sin comillas"),
    "a field that does not exist": ("  language:", "  lenguage:", 10, "fixed.lenguage", "«language»"),
    "a field like nothing": ("  language:", "  xyz:", 10, "fixed.xyz", "docs/fields.md"),
    "a key twice": ("type: mx_datajson", "type: mx_datajson\ntype: mx_ckan", 5, "type", "renglones 4 y 5"),
    "an institution without a title": ("  title: Ayuntamiento de Tonalá\n", "", 11, "institution.title", "Falta"),
    "a colon in a title": ("title: Datos", "title: Datos: salud y", 2, None, "comillas"),
    "a tab": ("  language", "\tlanguage", 10, None, "espacios"),
    "quotes that do not close": ('"14101"\nlic', '"14101\nlic', 15, None, "comillas"),
    "quotes that never close": ('pal\n  cvegeo: "14101"', 'pal\n  cvegeo: "14101', 15, None, "comillas"),
    "an indentation of its own": ("  gov_type", "   gov_type", 14, None, "misma sangría"),
    "no colon": ("title: Datos", "title Datos", 2, None, "Falta «:»"),
}


@pytest.fixture
def said(tmp_path: Path):
    """What is said of a file with this text; the findings as people read them."""

    def read(text: str | bytes) -> list[dict[str, Any]]:
        path = tmp_path / "tonala.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return [finding.to_dict() for finding in read_file(path).findings]

    return read


def test_a_good_file_has_nothing_wrong(said):
    assert said(GOOD) == []
    assert said("\ufeff" + GOOD) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_with_its_line_and_what_was_meant(said, mistake):
    right, wrong, line, field, words = MISTAKES[mistake]
    assert right in GOOD
    findings = said(GOOD.replace(right, wrong, 1))
    # A key that is not known may be one that is missing now.
    finding = next(each for each in findings if each["field"] == field)
    assert (finding["severity"], finding["location"]) == ("error", f"renglón {line}")
    assert words in f"{finding['message']} {finding['cure']}"


def test_a_file_of_another_encoding_is_said_so(said):
    (finding,) = said(GOOD.encode("latin-1"))
    assert "UTF-8" in finding["message"]


def test_a_list_in_the_place_of_a_source_is_said_so(said):
    (finding,) = said("- uno\n- dos\n")
    assert "claves con su valor" in finding["cure"]


def test_a_copied_file_whose_name_was_not_changed_is_refused_and_the_first_one_kept(tmp_path):
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(GOOD.replace("tonala.gob", "otro.gob"), encoding="utf-8")
    files = {Path(file.path).name: file for file in read_files([tmp_path])}
    assert not files["a.yaml"].findings
    (finding,) = files["b.yaml"].findings
    assert finding.code == "config_name_twice"
    assert "a.yaml" in finding.to_dict()["message"]


def test_a_file_of_a_later_folder_takes_the_place_of_one_of_the_same_name(tmp_path):
    for folder in ("uno", "dos"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_text(GOOD.replace("WEEKLY", "DAILY"), encoding="utf-8")
    found = read_files([tmp_path / "uno", tmp_path / "dos"])
    assert [file.path for file in found] == [str(tmp_path / "dos" / "a.yaml")]
