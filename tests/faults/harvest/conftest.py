"""A site with one harvested dataset, and a portal that can be broken."""

from __future__ import annotations

from tests.integration.conftest import app, application, clean_site  # noqa: F401
from tests.integration.harvest.conftest import harvest, make_source, portal  # noqa: F401
