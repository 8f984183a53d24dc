"""The site of the removal's tests: real processes, in more than one environment."""

from __future__ import annotations

from tests.removal.conftest import site  # noqa: F401
