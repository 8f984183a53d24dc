"""What tests of the HTTP client share."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.mxopendata.http import FetchError, HttpClient, HttpSettings


@pytest.fixture
def fetch(loopback, tmp_path):
    """Fetches an address of the loopback server with some settings."""

    def make(url: str, **settings: Any) -> Any:
        allowed = settings.pop("allowed_private", frozenset({loopback.host}))
        options = {"user_agent": "prueba/1.0", "allowed_private": allowed, "retries": 0, **settings}
        with HttpClient(HttpSettings(**options), tmp_path) as client:
            return client.fetch(url)

    return make


def failure(call: Any) -> FetchError:
    """What a call that must fail fails with."""
    with pytest.raises(FetchError) as error:
        call()
    return error.value
