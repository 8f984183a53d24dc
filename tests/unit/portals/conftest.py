"""The loopback portals, started once for each module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portals.server import Portals
from unit.portals.calls import DAY


@pytest.fixture(scope="module")
def portals() -> Iterator[Portals]:
    started = Portals(DAY)
    yield started
    started.close()


@pytest.fixture
def fresh(portals: Portals) -> Iterator[Portals]:
    yield portals
    for server in portals.servers.values():
        server.portal.reset()
