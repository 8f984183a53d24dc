"""Indicators of what institutions promised and what came of it (issue 8, "open by default").

All count lines of inventories and opening plans that everybody may see. Where the institution promised nothing, or the
room of promises is switched off, there is no data, which is not zero.
"""

from __future__ import annotations

from collections.abc import Callable

from ckanext.mxopendata.quality.indicators import Evidence, Indicator
from ckanext.mxopendata.quality.values import Value, count, no_data, percentage
from ckanext.mxopendata.quality.years import PORTAL_OF_2025

_GUIDE = "Guía de Implementación de la Política de Datos Abiertos, 2017, 1.2 y 1.3"


def _of(name: str, among: str) -> Callable[[Evidence], Value]:
    """A count; no data where the lines it is counted among are none."""

    def compute(evidence: Evidence) -> Value:
        sums = evidence.commitments
        if sums is None or not getattr(sums, among):
            return no_data("commitments")
        return count(getattr(sums, name), "commitments", getattr(sums, among))

    return compute


def _share(name: str, among: str) -> Callable[[Evidence], Value]:
    def compute(evidence: Evidence) -> Value:
        sums = evidence.commitments
        return no_data("percent") if sums is None else percentage(getattr(sums, name), getattr(sums, among))

    return compute


COMMITMENT_INDICATORS = (
    Indicator(
        id="mx.inventoried",
        name={"es": "Inventariados", "en": "Inventoried"},
        formula={
            "es": ("Renglones del inventario de la institución que cualquiera puede ver. Sin inventario, no hay dato."),
            "en": (
                "Lines of the institution's inventory that everybody may see. Without an inventory there is no data."
            ),
        },
        unit="commitments",
        direction="more",
        source=_GUIDE,
        compute=_of("inventoried", "inventoried"),
    ),
    Indicator(
        id="mx.inventory_published",
        name={"es": "Inventario publicado", "en": "Inventory published"},
        formula={
            "es": (
                "Renglones del inventario cuyo conjunto está publicado, entre los renglones del inventario, por 100."
            ),
            "en": (
                "Lines of the inventory whose dataset is published, divided by the lines of the inventory, times 100."
            ),
        },
        unit="percent",
        direction="more",
        source=_GUIDE,
        compute=_share("inventory_published", "inventoried"),
    ),
    Indicator(
        id="mx.committed",
        name={"es": "Comprometidos", "en": "Committed"},
        formula={
            "es": "Renglones del plan de apertura que no se retiraron. Sin plan, no hay dato.",
            "en": "Lines of the opening plan that were not withdrawn. Without a plan there is no data.",
        },
        unit="commitments",
        direction="more",
        source=_GUIDE,
        compute=_of("committed", "planned"),
    ),
    Indicator(
        id="mx.committed_this_year",
        name={"es": "Comprometidos para este año", "en": "Committed for this year"},
        formula={
            "es": (
                "Títulos distintos de conjuntos que el plan de apertura promete para el año en curso (tiempo "
                "universal) y que no se retiraron, de todos los que promete para él; su lista tiene un renglón por "
                "recurso. Sin plan para el año, no hay dato."
            ),
            "en": (
                "Different titles of datasets that the opening plan promises for the current year (universal time) and "
                "that were not withdrawn, of all that it promises for it; their list has a line for each resource. "
                "Without a plan for the year there is no data."
            ),
        },
        unit="commitments",
        direction="more",
        source=PORTAL_OF_2025,
        compute=_of("committed_this_year", "planned_this_year"),
    ),
    Indicator(
        id="mx.commitments_published",
        name={"es": "Compromisos publicados", "en": "Commitments published"},
        formula={
            "es": ("Compromisos que no se retiraron y cuyo conjunto de datos es público, activo y no está archivado."),
            "en": "Commitments that were not withdrawn and whose dataset is public, active and not archived.",
        },
        unit="commitments",
        direction="more",
        source=_GUIDE,
        compute=_of("published", "lines"),
    ),
    Indicator(
        id="mx.commitments_late",
        name={"es": "Compromisos con retraso", "en": "Commitments late"},
        formula={
            "es": (
                "Compromisos que se publicaron después del último día prometido, más los que vencieron sin publicarse."
            ),
            "en": (
                "Commitments published after the last day they were promised for, and those overdue without being "
                "published."
            ),
        },
        unit="commitments",
        direction="less",
        source=_GUIDE,
        compute=_of("late", "lines"),
    ),
    Indicator(
        id="mx.commitments_early",
        name={"es": "Compromisos adelantados", "en": "Commitments early"},
        formula={
            "es": "Compromisos que se publicaron antes del primer día prometido.",
            "en": "Commitments published before the first day they were promised for.",
        },
        unit="commitments",
        direction="more",
        source=_GUIDE,
        compute=_of("early", "lines"),
    ),
    Indicator(
        id="mx.commitments_overdue",
        name={"es": "Compromisos vencidos", "en": "Commitments overdue"},
        formula={
            "es": "Compromisos que no se retiraron ni se publicaron y cuyo último día prometido ya pasó.",
            "en": "Commitments neither withdrawn nor published whose last promised day is over.",
        },
        unit="commitments",
        direction="less",
        source=_GUIDE,
        compute=_of("overdue", "lines"),
    ),
    Indicator(
        id="mx.commitments_withdrawn",
        name={"es": "Compromisos retirados", "en": "Commitments withdrawn"},
        formula={
            "es": "Compromisos que la institución retiró; siguen en la lista con su motivo.",
            "en": "Commitments that the institution withdrew; they stay in the list with their reason.",
        },
        unit="commitments",
        direction="less",
        source=_GUIDE,
        compute=_of("withdrawn", "lines"),
    ),
    Indicator(
        id="mx.commitments_kept",
        name={"es": "Compromisos cumplidos", "en": "Commitments kept"},
        formula={
            "es": (
                "Compromisos publicados, entre los publicados, los vencidos y los que se retiraron después de vencer, "
                "por 100. Los que están por vencer o no tienen fecha no cuentan."
            ),
            "en": (
                "Commitments published, divided by those published, overdue, or withdrawn after they fell due, times "
                "100. Those still to come or without a date do not count."
            ),
        },
        unit="percent",
        direction="more",
        source=_GUIDE,
        compute=_share("published", "judged"),
    ),
    Indicator(
        id="mx.commitments_on_time",
        name={"es": "Compromisos a tiempo", "en": "Commitments on time"},
        formula={
            "es": (
                "Compromisos con fecha que se publicaron a más tardar el último día prometido, entre los que tienen "
                "fecha y se publicaron, vencieron o se retiraron después de vencer, por 100."
            ),
            "en": (
                "Commitments with a date that were published by the last day promised, divided by those with a date "
                "that were published, are overdue, or were withdrawn after they fell due, times 100."
            ),
        },
        unit="percent",
        direction="more",
        source=_GUIDE,
        compute=_share("in_time", "dated"),
    ),
    Indicator(
        id="mx.access_public",
        name={"es": "Acceso público", "en": "Public access"},
        formula={
            "es": "Renglones cuyo nivel de acceso es público.",
            "en": "Lines whose level of access is public.",
        },
        unit="commitments",
        direction="more",
        source=_GUIDE,
        compute=_of("access_public", "lines"),
    ),
    Indicator(
        id="mx.access_restricted",
        name={"es": "Acceso restringido", "en": "Restricted access"},
        formula={
            "es": "Renglones cuyo nivel de acceso es restringido, entre los que cualquiera puede ver.",
            "en": "Lines whose level of access is restricted, of those that everybody may see.",
        },
        unit="commitments",
        direction="neutral",
        source=_GUIDE,
        compute=_of("access_restricted", "lines"),
    ),
    Indicator(
        id="mx.access_non_public",
        name={"es": "Acceso no público", "en": "Non-public access"},
        formula={
            "es": "Renglones cuyo nivel de acceso es no público, entre los que cualquiera puede ver.",
            "en": "Lines whose level of access is non-public, of those that everybody may see.",
        },
        unit="commitments",
        direction="neutral",
        source=_GUIDE,
        compute=_of("access_non_public", "lines"),
    ),
)
