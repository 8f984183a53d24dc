"""What a tired operator asks at night: is this site in order, and if not, what do I type?

Each check looks at one thing and returns a :class:`Check`; its sentences are in ``schemas/findings/doctor.yaml``:
``doctor_<check>`` when something is wrong, ``doctor_<check>_ok`` when it is in order.
"""

from __future__ import annotations

from collections.abc import Callable

from ckanext.mxopendata.doctor import installation, queue, search
from ckanext.mxopendata.doctor.check import Check

__all__ = ["CHECKS", "Check", "diagnose"]

CHECKS: tuple[Callable[[], Check], ...] = (
    installation.versions,
    installation.plugins,
    installation.dataset_schema,
    installation.migrations,
    installation.locale,
    search.solr_language,
    queue.redis_timeout,
    queue.consumers,
    search.source_type,
)


def diagnose() -> list[Check]:
    """Run every check, in the order in which an operator should mend what they find.

    Returns:
        One :class:`Check` each; a check that cannot look (service away) says so instead of raising.
    """
    return [check() for check in CHECKS]
