"""What the institution is written of a run that needs somebody. Pure: subject and plain text, in Spanish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckanext.mxopendata.metadata.readers.words import clean_line

MAXIMUM_CAUSES = 5
_TITLE_LENGTH = 120
_TEXT_LENGTH = 500
_WHAT = {
    "failed": ("no se pudo cosechar", "La cosecha falló. No se cambió ningún conjunto de datos."),
    "held": (
        "la cosecha espera confirmación",
        "La cosecha está detenida y no se cambió ningún conjunto de datos, hasta que alguien lo confirme en el portal.",
    ),
    "finished_with_errors": ("hay registros que corregir", "La cosecha terminó y hay registros que no se publicaron."),
}
_DOUBTFUL = ("hay conjuntos de datos dudosos", "La cosecha terminó y hay que decidir sobre conjuntos de datos dudosos.")


def subject(run: Mapping[str, Any]) -> str:
    """The subject of the mail: one line, whatever the title of the source holds."""
    return f"{clean_line(run['source_title'], _TITLE_LENGTH)}: {_what(run)[0]}"


def body(run: Mapping[str, Any], causes: Sequence[Mapping[str, Any]], site: str, address: str) -> str:
    """The text of the mail.

    Args:
        run: as ``report.run_dict`` gives it.
        causes: findings of its records, as ``report.causes`` gives them.
        site: title of the portal.
        address: of the portal, without a final slash.
    """
    source = f"Fuente: {clean_line(run['source_title'], _TITLE_LENGTH)}"
    if run["institution_title"]:
        source += f" ({clean_line(run['institution_title'], _TITLE_LENGTH)})"
    parts = [source, _what(run)[1]]
    parts += [_cause(finding) for finding in run["findings"] if finding["severity"] == "error"]
    wrong = [cause for cause in causes if cause["severity"] == "error"]
    parts += [_cause(cause, cause["count"]) for cause in wrong[:MAXIMUM_CAUSES]]
    if len(wrong) > MAXIMUM_CAUSES:
        parts.append(f"Hay {len(wrong) - MAXIMUM_CAUSES} causas más en el informe.")
    if run["doubtful"]:
        doubt = f"Conjuntos de datos nuevos que quizá son uno de antes: {run['doubtful']}."
        parts.append(f"{doubt} Decida en {address}/cosechas/dudosos")
    parts += [
        f"El informe, con todos los registros y cómo corregirlos: {run['report_url']}",
        f"Este correo lo envía {clean_line(site, _TITLE_LENGTH)} ({address}) a quien la institución designó como"
        " responsable, y solo cuando algo cambia. Para no recibir más correos de esta fuente, ponga"
        f' "mail": false en su configuración: {address}/harvest/edit/{run["source"]}',
    ]
    return "\n\n".join(parts) + "\n"


def _what(run: Mapping[str, Any]) -> tuple[str, str]:
    return _WHAT.get(run["status"], _DOUBTFUL)


def _cause(finding: Mapping[str, Any], count: int = 0) -> str:
    records = {0: "", 1: " (1 registro)"}.get(count, f" ({count} registros)")
    message = clean_line(finding["message"], _TEXT_LENGTH)
    return f"- {message}{records}\n  Cómo corregirlo: {clean_line(finding['cure'], _TEXT_LENGTH)}"
