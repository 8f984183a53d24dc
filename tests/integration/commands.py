"""Commands called in this process."""

from __future__ import annotations

from inspect import signature
from typing import Any

from click.testing import CliRunner

from ckan.tests.helpers import CKANCliRunner


def runner(**options: Any) -> CKANCliRunner:
    """CKAN's, with the two outputs apart; since click 8.2, which CKAN 2.12 brings, they are so without asking.

    Args:
        options: click's.
    """
    apart: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
    return CKANCliRunner(**apart, **options)
