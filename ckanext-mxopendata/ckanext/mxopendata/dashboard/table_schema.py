"""The Table Schema of each table that the pages hand out: what its columns are called, hold and mean, in Spanish.

Made from the definitions of :mod:`.tables` and of the indicators, so that a new indicator is described by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ckanext.mxopendata.dashboard.tables import NO, NO_DATA, YES, Table
from ckanext.mxopendata.quality.indicators import Indicator
from ckanext.mxopendata.quality.publication_index import weights
from ckanext.mxopendata.quality.register import REGISTER

_SHARES = ("percent", "points", "share")


class _Column(NamedTuple):
    """Type of Table Schema, title and description of a column."""

    kind: str
    title: str
    description: str


# One meaning for each heading, whichever table it stands in.
_COLUMNS: Mapping[str, _Column] = {
    "a_tiempo": _Column("string", "A tiempo", "Si se publicó antes, a tiempo o tarde."),
    "abierto": _Column("boolean", "Formato abierto", "Si el formato es abierto; sin datos si no se reconoce."),
    "actualizados": _Column("integer", "Actualizados", "Conjuntos actualizados: por la cosecha, o en el año."),
    "ano": _Column("year", "Año", "Año, en tiempo universal."),
    "avisos": _Column("integer", "Avisos", "Registros leídos con algún aviso."),
    "calculado": _Column("datetime", "Calculado", "Momento del cálculo, ISO 8601."),
    "cambio": _Column("number", "Cambio", "Puntos que el índice cambió desde la comparación anterior."),
    "campo": _Column("string", "Campo", "Clave del campo de metadatos en la API."),
    "clave": _Column("string", "Clave", "Clave del orden de gobierno, o de la entidad según el INEGI."),
    "comprometidos": _Column("integer", "Comprometidos", "Títulos distintos del plan prometidos para el año."),
    "comprometidos_segun_conteo": _Column("integer", "Según un conteo", "Total que dice un archivo de conteos."),
    "con_contacto": _Column("boolean", "Con contacto", "Si tiene un contacto con correo electrónico."),
    "con_licencia": _Column("boolean", "Con licencia", "Si tiene una licencia conocida, suya o de cada recurso."),
    "conjunto": _Column("string", "Conjunto", "Dirección del conjunto en el portal; de un compromiso, su título."),
    "conjuntos": _Column("integer", "Conjuntos", "Número de conjuntos de datos."),
    "conteo": _Column("string", "Conteo", "Archivo del que viene el conteo."),
    "corrida": _Column("string", "Corrida", "Clave de la cosecha."),
    "creados": _Column("integer", "Creados", "Conjuntos creados: por la cosecha, o en el año."),
    "denominador": _Column("number", "Denominador", "De cuántos; vacío si el indicador es una simple cuenta."),
    "desde": _Column("integer", "Desde", "Porcentaje de los puntos de metadatos, límite inferior."),
    "dia": _Column("date", "Día", "Día de las cifras, en la zona horaria del portal."),
    "empate": _Column("boolean", "Empate", "Si comparte el lugar con otra institución."),
    "entidad": _Column("string", "Entidad federativa", "Clave del INEGI, de 01 a 32."),
    "falta": _Column("string", "Falta", "Campos de metadatos sin llenar, separados por punto y coma."),
    "familia": _Column("string", "Familia", "Familia del indicador: mx, mqa, adela o pydatajson."),
    "fecha": _Column("string", "Fecha", "Día en que vence, ISO 8601."),
    "fecha_prometida": _Column("string", "Fecha prometida", "Última fecha prometida, ISO 8601; quizá un mes o un año."),
    "fechas_anteriores": _Column("string", "Fechas anteriores", "Fechas prometidas antes, separadas por punto y coma."),
    "formato": _Column("string", "Formato", "Clave del formato; vacía si no se reconoce."),
    "formula": _Column("string", "Fórmula", "Cómo se calcula, en palabras."),
    "frecuencia": _Column("string", "Frecuencia", "Frecuencia de actualización declarada, ISO 8601."),
    "fuente": _Column("string", "Fuente", "De dónde viene: una norma, una guía, otro portal; o la fuente cosechada."),
    "hallazgo": _Column("string", "Hallazgo", "Qué se encontró; vacío si nada falta."),
    "hasta": _Column("integer", "Hasta", "Porcentaje de los puntos de metadatos, límite superior."),
    "indicador": _Column("string", "Indicador", "Clave del indicador."),
    "indice": _Column("number", "Índice de publicación", "Índice de publicación, de 0 a 100."),
    "informe": _Column("string", "Informe", "Dirección del informe de la cosecha."),
    "institucion": _Column("string", "Institución", "Dirección de la institución en el portal."),
    "instituciones": _Column("integer", "Instituciones", "Número de instituciones."),
    "legible_por_maquina": _Column("boolean", "Legible por máquina", "Si una computadora lee el formato sin ayuda."),
    "leidos": _Column("integer", "Leídos", "Registros leídos en la cosecha."),
    "lugar": _Column("integer", "Lugar", "Lugar en la clasificación, entre las instituciones elegidas."),
    "lugar_anterior": _Column("integer", "Lugar anterior", "Lugar en la comparación anterior."),
    "mejor": _Column("string", "Mejor", "Si es mejor más (more), menos (less) o ninguno (neutral)."),
    "mes": _Column("yearmonth", "Mes", "Mes en que vence, ISO 8601."),
    "modificado": _Column("datetime", "Modificado", "Última actualización de los datos, ISO 8601."),
    "nombre": _Column("string", "Nombre", "Nombre para las personas."),
    "nombre_institucion": _Column("string", "Nombre de la institución", "Nombre de la institución."),
    "numerador": _Column("number", "Numerador", "Qué se contó; vacío si el indicador no es una razón."),
    "orden_de_gobierno": _Column("string", "Orden de gobierno", "Clave del orden de gobierno."),
    "proxima_actualizacion": _Column("datetime", "Próxima actualización", "Cuándo se espera, ISO 8601."),
    "publicado": _Column("string", "Publicado", "Día en que se publicó, ISO 8601; vacío si no se ha publicado."),
    "puntos": _Column("number", "Puntos", "Puntos de metadatos alcanzados, o por ganar."),
    "puntos_conocidos": _Column("integer", "Puntos conocidos", "Con cuántos de los 100 puntos se hizo el índice."),
    "puntos_posibles": _Column("number", "Puntos posibles", "Puntos de metadatos que se pueden alcanzar."),
    "que": _Column("string", "Qué", "Si lo que vence es un compromiso o la actualización de un conjunto."),
    "rechazados": _Column("integer", "Rechazados", "Registros que la cosecha rechazó."),
    "recurso": _Column("string", "Recurso", "Nombre del recurso comprometido, si el plan lo dice."),
    "recursos": _Column("integer", "Recursos", "Número de recursos."),
    "recursos_abiertos": _Column("integer", "Recursos abiertos", "Recursos en un formato abierto."),
    "recursos_legibles_por_maquina": _Column("integer", "Recursos legibles", "Recursos legibles por máquina."),
    "remedio": _Column("string", "Remedio", "Qué hacer; vacío si nada falta."),
    "retirado": _Column("string", "Retirado", "Día en que la institución lo retiró, ISO 8601; vacío si sigue en pie."),
    "sin_cambio": _Column("integer", "Sin cambio", "Registros iguales a los de la cosecha anterior."),
    "situacion": _Column("string", "Situación", "Situación de la actualización, o de la cosecha."),
    "situacion_de_la_cosecha": _Column("string", "Situación de la cosecha", "Cómo terminó la última cosecha."),
    "terminada": _Column("datetime", "Terminada", "Cuándo terminó la cosecha, ISO 8601."),
    "titulo": _Column("string", "Título", "Título del conjunto de datos."),
    "ultima_cosecha": _Column("datetime", "Última cosecha", "Cuándo terminó la última cosecha, ISO 8601."),
    "unidad": _Column("string", "Unidad", "Unidad del valor."),
    "valor": _Column("number", "Valor", "Valor del indicador, en su unidad."),
    "version_de_las_formulas": _Column("string", "Versión", "Versión de las fórmulas con que se calculó."),
}


def table_schema(table: Table) -> dict[str, Any]:
    """The Table Schema of a table's files.

    What is not known is ``sin datos``, which is declared as a missing value: no reader takes it for zero.

    Raises:
        KeyError: for a column that nobody has described.
    """
    return {"fields": [_field(name) for name in table.columns], "missingValues": ["", NO_DATA]}


def _field(name: str) -> dict[str, Any]:
    if name in REGISTER:
        return _of_indicator(REGISTER[name])
    scores = {f"{key}_de_100": each["label"]["es"] for key, each in weights().dimensions.items()}
    if name in scores:
        told = f"Porcentaje alcanzado de la dimensión «{scores[name]}» del índice."
        return _described(name, _Column("number", scores[name], told))
    return _described(name, _COLUMNS[name])


def _of_indicator(indicator: Indicator) -> dict[str, Any]:
    kind = "number" if indicator.unit in _SHARES else "integer"
    field = _described(indicator.id, _Column(kind, indicator.name["es"], indicator.formula["es"]))
    return {**field, "constraints": {"minimum": 0, "maximum": 100}} if indicator.unit == "percent" else field


def _described(name: str, column: _Column) -> dict[str, Any]:
    field = {"name": name, "type": column.kind, "title": column.title, "description": column.description}
    return {**field, "trueValues": [YES], "falseValues": [NO]} if column.kind == "boolean" else field
