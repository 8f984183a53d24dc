"""The loopback portals, as their own tests start them."""

from unit.portals.conftest import portals  # noqa: F401
