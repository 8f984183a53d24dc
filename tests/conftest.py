"""What all lanes share: where the third-party payloads are, and a loopback server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("MXOPENDATA_PAYLOADS", ROOT.parent / "shared" / "payloads")).parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party payloads and shapes, which is not part of the product.

    In CI (``CI=true``) its absence is an error: nothing may be skipped there.
    """
    if not SHARED.is_dir():
        message = f"third-party payloads are not here ({SHARED}); set MXOPENDATA_PAYLOADS to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return SHARED
