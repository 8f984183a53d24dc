"""The dashboard's figures as datasets of the portal: what these say of themselves, and the files they lead to.

Their metadata name no figure, only the days and quarters that there are: what they count is measured like any other
dataset's, and a figure that moves does not change them again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from ckanext.mxopendata.dashboard import tables
from ckanext.mxopendata.dashboard.stored import Institution
from ckanext.mxopendata.dashboard.table_schema import table_schema

FIGURES, RANKING = "indicadores-de-publicacion", "clasificacion-trimestral"
_LICENCE = "libreusomx"
# What CKAN would make of another name: a term of the vocabulary of file types.
_FORMATS = {"TTL": "RDF_TURTLE"}
_MEDIA_TYPES = {
    "CSV": "text/csv",
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "JSON": "application/json",
    "TTL": "text/turtle",
    "ZIP": "application/zip",
}


@dataclass(frozen=True)
class Source:
    """What the datasets are described from.

    Attributes:
        site_id: CKAN's id of the site, from which the datasets' ids follow.
        institution: whose datasets they are.
        email: the institutional address of their contact.
        days: the first and the last day with figures.
        quarters: the frozen quarters with the day of each, the newest first.
        address: endpoint and parameters → address, whole and the same for every visitor.
    """

    site_id: str
    institution: Institution
    email: str
    days: tuple[date, date]
    quarters: Sequence[tuple[str, date]]
    address: Callable[..., str]


def described(source: Source) -> list[dict[str, Any]]:
    """The datasets as ``package_create`` takes them; that of the quarters only once one is frozen."""
    first, last = source.days
    figures = {
        **_common(source, FIGURES),
        "title": "Indicadores de publicación por institución",
        "notes": (
            "Las cifras del tablero de publicación del portal: cuánto publica cada institución, si está al día y si se "
            "puede entender y reutilizar. Hoy por institución, orden de gobierno y entidad, y la serie diaria de los "
            "últimos trece meses. Lo que no se conoce dice «sin datos», nunca cero."
        ),
        "frequency": "R/P1D",
        "modified": last.isoformat(),
        "temporal_coverage": [{"start": first.isoformat(), "end": last.isoformat()}],
        "tags": _tags("calidad de datos", "datos abiertos", "indicadores"),
        "resources": list(_of_figures(source)),
    }
    if not source.quarters:
        return [figures]
    frozen = [day for _, day in source.quarters]
    ranking = {
        **_common(source, RANKING),
        "title": "Clasificación trimestral de instituciones",
        "notes": (
            "La clasificación de las instituciones por su índice de publicación en cada trimestre congelado, y el "
            "archivo con todo lo que sustenta sus cifras, con el que cualquiera puede recalcularlas."
        ),
        "frequency": "R/P3M",
        "modified": max(frozen).isoformat(),
        "temporal_coverage": [{"start": min(frozen).isoformat(), "end": max(frozen).isoformat()}],
        "tags": _tags("clasificación", "datos abiertos", "indicadores"),
        "resources": list(_of_quarters(source)),
    }
    return [figures, ranking]


def _common(source: Source, name: str) -> dict[str, Any]:
    one = source.institution
    contact = {"name": one.title, "email": source.email}
    return {
        "id": _id(source, name),
        "name": name,
        "owner_org": one.id,
        "private": False,
        "identifier": name,
        "theme": ["gobierno"],
        "contact": [contact],
        "license_id": _LICENCE,
        "access_rights": "public",
        "documentation": [source.address("mxopendata_dashboard.methodology")],
        "language": ["es"],
        "creator": [{"name": one.title}],
        "issued": source.days[0].isoformat() if name == FIGURES else source.quarters[-1][1].isoformat(),
    }


def _of_figures(source: Source) -> Iterator[dict[str, Any]]:
    owner = _id(source, FIGURES)
    portal = (
        ("instituciones", "Cifras de hoy por institución"),
        ("ordenes", "Cifras de hoy por orden de gobierno"),
        ("entidades", "Cifras de hoy por entidad federativa"),
        ("formatos", "Recursos por formato"),
        ("frescura", "Conjuntos por situación de actualización"),
    )
    series = source.address("mxopendata_dashboard.series_file")
    yield _file(owner, "Serie diaria por institución", "CSV", series, tables.SERIES)
    for name, title in portal:
        for kind in ("CSV", "XLSX"):
            address = source.address("mxopendata_dashboard.index_file", extension=kind.lower(), tabla=name)
            yield _file(owner, title, kind, address, tables.PORTAL[name])
    everything = source.address("mxopendata_dashboard.index_file", extension="json")
    yield _file(owner, "Todas las cifras de hoy", "JSON", everything)
    indicators = source.address("mxopendata_dashboard.methodology_file", extension="csv")
    yield _file(owner, "Definición de los indicadores", "CSV", indicators, tables.METHODOLOGY)
    metrics = source.address("mxopendata_dashboard_dqv.methodology", extension="ttl")
    yield _file(owner, "Definición de los indicadores en el vocabulario DQV", "TTL", metrics)


def _of_quarters(source: Source) -> Iterator[dict[str, Any]]:
    owner = _id(source, RANKING)
    for quarter, _ in source.quarters:
        for kind in ("CSV", "XLSX"):
            address = source.address("mxopendata_dashboard.ranking_file", extension=kind.lower(), trimestre=quarter)
            yield _file(owner, f"Clasificación de {quarter}", kind, address, tables.ranking())
        archive = source.address("mxopendata_dashboard.quarter_file", quarter=quarter)
        yield _file(owner, f"Archivo verificable de {quarter}", "ZIP", archive)


def _file(owner: str, title: str, kind: str, address: str, table: tables.Table | None = None) -> dict[str, Any]:
    schema = {"schema": json.dumps(table_schema(table), ensure_ascii=False)} if table else {}
    return {
        "id": str(uuid5(UUID(owner), f"{title}/{kind}")),
        "name": f"{title} ({kind})",
        "description": f"{title}, tal como se descarga del tablero.",
        "url": address,
        "format": _FORMATS.get(kind, kind),
        "mimetype": _MEDIA_TYPES[kind],
        **schema,
    }


def _id(source: Source, name: str) -> str:
    """The same at every publication, whatever the datasets and the institution are called by then."""
    return str(uuid5(NAMESPACE_URL, f"mxopendata-dashboard:{source.site_id}:{name}"))


def _tags(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]
