"""The mail to an institution: what it says, in one piece whatever the portal wrote."""

from __future__ import annotations

from ckanext.mxopendata.harvest import letter

RUN = {
    "run": "r1",
    "source": "fuente",
    "source_title": "Datos de\r\nBcc: x@mal.ejemplo  Zapopan",
    "institution_title": "Ayuntamiento",
    "status": "finished_with_errors",
    "findings": [],
    "doubtful": 0,
    "report_url": "https://portal.mx/harvest/fuente/corrida/r1",
}


def _cause(number: int, severity: str = "error") -> dict[str, object]:
    return {"severity": severity, "message": f"Mensaje\n{number}", "cure": f"Remedio {number}", "count": number}


def test_the_subject_is_one_line():
    assert letter.subject(RUN) == "Datos de Bcc: x@mal.ejemplo Zapopan: hay registros que corregir"
    assert letter.subject({**RUN, "status": "finished", "doubtful": 1}).endswith(": hay conjuntos de datos dudosos")
    assert len(letter.subject({**RUN, "source_title": "a" * 1000})) < 200


def test_the_first_errors_stand_in_it_with_their_cure():
    text = letter.body(RUN, [*map(_cause, range(1, 8)), _cause(9, "warning")], "Portal", "https://portal.mx")
    assert "- Mensaje 1 (1 registro)\n  Cómo corregirlo: Remedio 1" in text
    assert "- Mensaje 5 (5 registros)" in text
    assert "Mensaje 6" not in text
    assert "Mensaje 9" not in text
    assert "Hay 2 causas más en el informe." in text
    assert "https://portal.mx/harvest/edit/fuente" in text


def test_doubtful_datasets_have_their_page():
    text = letter.body({**RUN, "doubtful": 3}, [], "Portal", "https://portal.mx")
    assert "quizá son uno de antes: 3. Decida en https://portal.mx/cosechas/dudosos" in text
