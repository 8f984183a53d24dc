"""All indicators of all families, and which of them a list of institutions shows."""

from __future__ import annotations

from collections.abc import Mapping

from ckanext.mxopendata.quality import adela_indicators, mexican, mqa_indicators, pydatajson_indicators
from ckanext.mxopendata.quality.indicators import Indicator

# Family → its name for people.
FAMILIES: Mapping[str, Mapping[str, str]] = {
    "mx": {"es": "Indicadores propios", "en": "Our own indicators"},
    "mqa": {"es": "MQA, de data.europa.eu", "en": "MQA, of data.europa.eu"},
    "adela": {"es": "ADELA, de datos.gob.mx hasta 2018", "en": "ADELA, of datos.gob.mx until 2018"},
    "pydatajson": {"es": "pydatajson, de la red de Argentina", "en": "pydatajson, of Argentina's network"},
}
FOREIGN: Mapping[str, Indicator] = {
    **mqa_indicators.INDICATORS,
    **adela_indicators.INDICATORS,
    **pydatajson_indicators.INDICATORS,
}
REGISTER: Mapping[str, Indicator] = {**mexican.INDICATORS, **FOREIGN}
# What is told of each of thousands of institutions, and kept of each day: ours, and one or two of each other family.
HEADLINES: Mapping[str, Indicator] = {
    **mexican.INDICATORS,
    **{
        name: FOREIGN[name]
        for name in (
            mqa_indicators.TOTAL,
            adela_indicators.MEDAL,
            adela_indicators.GRADE,
            "pydatajson.datasets_actualizados_pct",
        )
    },
}


def family_of(indicator_id: str) -> str:
    """The family of an indicator, a key of :data:`FAMILIES`."""
    return indicator_id.split(".", 1)[0]
