"""What a tired operator asks at night: is this site in order, and if not, what do I type?

Each check looks at one thing and returns a :class:`Check`; its sentences are in ``schemas/findings/doctor*.yaml``:
``doctor_<check>`` when something is wrong, ``doctor_<check>_ok`` when it is in order.
"""

from __future__ import annotations

from collections.abc import Callable

from ckanext.mxopendata.doctor import (
    addresses,
    extras,
    harvests,
    installation,
    options,
    queue,
    schemas,
    search,
    services,
    upkeep,
)
from ckanext.mxopendata.doctor.check import Check, look

__all__ = ["CHECKS", "Check", "diagnose"]

# In the order in which an operator should mend what they find: nothing below works while something above is broken.
CHECKS: tuple[Callable[[], Check], ...] = (
    installation.versions,
    installation.plugins,
    schemas.dataset_schema,
    schemas.organization_schema,
    installation.migrations,
    extras.old_extras,
    options.options,
    options.site_url,
    addresses.rdf_addresses,
    options.locale,
    options.secrets,
    options.private_hosts,
    services.clock,
    services.redis,
    services.disk,
    services.mail,
    services.tracking,
    search.solr_schema,
    search.solr_language,
    search.index,
    search.source_type,
    queue.queue_type,
    queue.redis_timeout,
    queue.consumers,
    queue.queues,
    harvests.harvester_run,
    harvests.schedule,
    harvests.failing_sources,
    harvests.held_runs,
    harvests.source_secrets,
    upkeep.worker,
    upkeep.change_readers,
    upkeep.figures,
    upkeep.catalogue_files,
)


def diagnose() -> list[Check]:
    """Run every check, in the order in which an operator should mend what they find.

    Returns:
        One :class:`Check` each; a check that cannot look (service away) says so instead of raising.
    """
    return [look(check) for check in CHECKS]
