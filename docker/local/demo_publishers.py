"""The people of the demonstration and what they publish themselves, as publishers do: through the site's API."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from local import state
from local.problem import Problem
from local.settings import Settings

INSTITUTIONS = {"jalisco": "Jalisco", "guadalajara": "Guadalajara"}
# What a person's name begins with, by role in the institution.
ROLES = {"admin": ("administra", "Administración"), "editor": ("edita", "Edición"), "member": ("consulta", "Consulta")}
SECONDS = 60.0
NOTICE = "Conjunto de demostración: las cifras son inventadas."


@dataclass(frozen=True)
class Captured:
    """A dataset that an editor captures in the portal, with one uploaded table.

    Attributes:
        institution: who publishes it.
        name: its address.
        title, notes, area: what it is and who makes it.
        theme, frequency: ids of terms.
        age: days since its data were updated.
        keywords: its keywords.
        rows: header and rows of its table.
    """

    institution: str
    name: str
    title: str
    notes: str
    area: str
    theme: str
    frequency: str
    age: int
    keywords: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


CAPTURED = (
    Captured(
        "jalisco",
        "sequia-por-municipio-jalisco",
        "Monitor de sequía por municipio",
        "Categoría de sequía de cada municipio al cierre de la quincena, de anormalmente seco a excepcional.",
        "Secretaría de Gestión Integral del Agua",
        "medio_ambiente",
        "R/P2W",
        6,
        ("sequía", "agua", "clima"),
        (("cvegeo", "municipio", "fecha", "categoria"), ("14039", "Guadalajara", "2026-11-15", "D1")),
    ),
    Captured(
        "jalisco",
        "carga-turistica-pueblos-magicos",
        "Visitantes en Pueblos Mágicos de Jalisco",
        "Visitantes y pernoctas por mes en cada Pueblo Mágico, según la encuesta a establecimientos de hospedaje.",
        "Secretaría de Turismo",
        "turismo",
        "R/P1M",
        95,
        ("turismo", "pueblos mágicos"),
        (
            ("pueblo", "anio", "mes", "visitantes"),
            ("Tequila", "2026", "8", "18450"),
            ("Mazamitla", "2026", "8", "9120"),
        ),
    ),
    Captured(
        "jalisco",
        "sentencias-publicas-jalisco",
        "Versiones públicas de sentencias",
        "Sentencias firmes con sus datos personales suprimidos, por materia y órgano.",
        "Consejo de la Judicatura",
        "derechos_humanos",
        "irregular",
        40,
        ("justicia", "sentencias", "transparencia"),
        (("expediente", "materia", "fecha"), ("001/2026", "Familiar", "2026-10-02")),
    ),
    Captured(
        "guadalajara",
        "aforo-corredores-peatonales",
        "Aforo en corredores peatonales del Centro",
        "Personas contadas por hora en los corredores peatonales del Centro Histórico.",
        "Dirección de Movilidad y Transporte",
        "movilidad",
        "R/P1W",
        3,
        ("movilidad", "peatones", "aforo"),
        (("corredor", "fecha", "hora", "personas"), ("Fray Antonio Alcalde", "2026-11-18", "12", "3120")),
    ),
    Captured(
        "guadalajara",
        "esterilizacion-animales-guadalajara",
        "Esterilizaciones de perros y gatos",
        "Cirugías de esterilización gratuitas por campaña, especie y colonia.",
        "Dirección de Protección Animal",
        "salud",
        "R/P3M",
        210,
        ("salud animal", "esterilización"),
        (("campania", "colonia", "especie", "cirugias"), ("2026-1", "Oblatos", "perro", "84")),
    ),
    Captured(
        "guadalajara",
        "presupuesto-participativo-guadalajara",
        "Proyectos del presupuesto participativo",
        "Proyectos votados, ganadores, colonia y avance de su ejecución.",
        "Dirección de Participación Ciudadana",
        "presupuesto",
        "R/P1Y",
        120,
        ("presupuesto participativo", "participación ciudadana"),
        (("proyecto", "colonia", "votos", "avance"), ("Parque Morelos", "Centro", "1520", "60")),
    ),
)


def people(settings: Settings) -> list[dict[str, Any]]:
    """The people to make, with their passwords and the tokens they have already (``local.demo_content`` says how)."""
    found = []
    for organization, place in INSTITUTIONS.items():
        for role, (verb, duty) in ROLES.items():
            name = f"{verb}-{organization}"
            found.append(
                {
                    "name": name,
                    "fullname": f"{duty}, {place} (demostración)",
                    "email": f"{name}@example.com",
                    "password": state.secret(settings, f"password of {name}"),
                    "organization": organization,
                    "role": role,
                    "token": state.known_secret(settings, f"token of {name}"),
                }
            )
    return found


def remember(settings: Settings, tokens: dict[str, str]) -> list[dict[str, Any]]:
    """Keep the tokens; the people as ``stack.json`` lists them."""
    for name, token in tokens.items():
        state.remember_secret(settings, f"token of {name}", token)
    keys = ("name", "role", "organization", "password", "token")
    return [{key: person[key] for key in keys} for person in people(settings)]


def publish(url: str, users: list[dict[str, Any]], today: date) -> int:
    """Capture the datasets that are not there yet, each with its institution's editor; how many were captured.

    Raises:
        Problem: the site refused one; its words are in the message.
    """
    editors = {user["organization"]: user["token"] for user in users if user["role"] == "editor"}
    captured = 0
    for dataset in CAPTURED:
        token = editors[dataset.institution]
        if _ask(url, f"package_show?id={dataset.name}", token, None, missing=True) is None:
            package = _ask(url, "package_create", token, _json(described(dataset, today)))
            assert package is not None, "only a missing one gives nothing"
            _ask(url, "resource_create", token, _upload(dataset, package["id"], today))
            captured += 1
    return captured


def described(dataset: Captured, today: date) -> dict[str, Any]:
    """The dictionary that ``package_create`` takes, complete as the Guía wants it."""
    modified = today - timedelta(days=dataset.age)
    host = f"{dataset.institution}.example.mx"
    return {
        "name": dataset.name,
        "title": dataset.title,
        "notes": f"{dataset.notes} {NOTICE}",
        "owner_org": dataset.institution,
        "identifier": dataset.name,
        "theme": [dataset.theme],
        "tags": [{"name": keyword} for keyword in dataset.keywords],
        "contact": [{"name": dataset.area, "position": "Enlace de datos abiertos", "email": f"datos@{host}"}],
        "creator": [{"name": dataset.area}],
        "frequency": dataset.frequency,
        "issued": (modified - timedelta(days=700)).isoformat(),
        "modified": modified.isoformat(),
        "temporal_coverage": [{"start": "2024-01-01", "end": modified.isoformat()}],
        "spatial_coverage": [{"cvegeo": {"jalisco": "14", "guadalajara": "14039"}[dataset.institution]}],
        "access_rights": "public",
        "license_id": "cc-by-4.0",
        "language": ["es"],
        "documentation": [f"https://{host}/diccionarios/{dataset.name}.csv"],
    }


def _upload(dataset: Captured, package: str, today: date) -> tuple[str, bytes]:
    """A form with the dataset's table as a file (RFC 7578)."""
    text = io.StringIO()
    csv.writer(text).writerows(dataset.rows)
    data = text.getvalue().encode("utf-8")
    boundary = uuid.uuid5(uuid.NAMESPACE_URL, dataset.name).hex
    fields = {
        "package_id": package,
        "name": f"{dataset.title} (CSV)",
        "description": NOTICE,
        "format": "CSV",
        "mimetype": "text/csv",
        "size": str(len(data)),
        "encoding": "UTF-8",
        "modified": (today - timedelta(days=dataset.age)).isoformat(),
    }
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    file = f'name="upload"; filename="{dataset.name}.csv"\r\nContent-Type: text/csv'
    parts.append(f"--{boundary}\r\nContent-Disposition: form-data; {file}\r\n\r\n".encode() + data)
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"\r\n--{boundary}--\r\n".encode()


def _json(document: dict[str, Any]) -> tuple[str, bytes]:
    return "application/json", json.dumps(document).encode("utf-8")


def _ask(
    url: str, action: str, token: str, form: tuple[str, bytes] | None, missing: bool = False
) -> dict[str, Any] | None:
    """The result of an action; ``None`` for what is not there, when ``missing`` allows it."""
    headers = {"Authorization": token}
    if form is not None:
        headers["Content-Type"] = form[0]
    request = urllib.request.Request(f"{url}/api/3/action/{action}", data=form[1] if form else None, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)["result"]
    except urllib.error.HTTPError as error:
        with error:
            if missing and error.code == 404:
                return None
            said = error.read().decode("utf-8", "replace")[:500]
        raise Problem(
            f"El portal no aceptó {action}: {said}. Corríjalo y repita make demo.",
            f"The portal refused {action}: {said}. Mend it and run make demo again.",
        ) from error
    except (OSError, urllib.error.URLError) as error:
        raise Problem(
            f"El portal no respondió a {action}: {error}. Repita make demo.",
            f"The portal did not answer {action}: {error}. Run make demo again.",
        ) from error
