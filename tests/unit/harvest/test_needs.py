"""What of a run needs somebody, and when that is news."""

from __future__ import annotations

import pytest

from ckanext.mxopendata.harvest.needs import OURS, PASSING, is_news, needs
from ckanext.mxopendata.metadata.findings import catalogue


@pytest.mark.parametrize(
    ("status", "codes", "causes", "doubtful", "before", "wanted"),
    [
        ("finished", [], {}, 0, None, []),
        ("finished_with_warnings", ["list_incomplete"], {"record_without_identifier": 3}, 0, None, []),
        (
            "finished_with_errors",
            [],
            {"record_without_title": 2, "record_failed": 1},
            0,
            None,
            ["rejected:record_without_title"],
        ),
        # Only what we did wrong ourselves.
        ("finished_with_errors", [], {"record_failed": 1}, 0, None, []),
        ("finished", [], {}, 2, None, ["doubtful"]),
        ("held", ["list_shrunken"], {}, 0, "finished", ["held:list_shrunken"]),
        ("failed", ["http_not_found"], {}, 0, "finished", ["failed:http_not_found"]),
        ("failed", ["http_timeout"], {}, 0, "finished", None),
        ("failed", ["http_timeout"], {}, 0, None, None),
        ("failed", ["http_timeout"], {}, 0, "failed", ["failed:unreachable"]),
        ("failed", ["run_fault"], {}, 0, "failed", None),
        ("failed", ["a_code_of_another_version"], {}, 0, None, ["failed:a_code_of_another_version"]),
    ],
)
def test_what_needs_somebody(status, codes, causes, doubtful, before, wanted):
    assert needs(status, codes, causes, doubtful, before) == wanted


@pytest.mark.parametrize(
    ("wanted", "earlier", "news"),
    [
        ([], [], False),
        (None, [], False),
        (["rejected:x"], [], True),
        (["rejected:x"], [(["rejected:x"], True)], False),
        (["rejected:x"], [(["rejected:x", "rejected:y"], True)], False),
        (["rejected:x", "rejected:y"], [(["rejected:x"], True)], True),
        # It was well in between.
        (["rejected:x"], [([], False), (["rejected:x"], True)], True),
        # Nothing could be said in between, and what could not be sent counts as not told.
        (["rejected:x"], [(None, False), (["rejected:x"], True)], False),
        (["rejected:x"], [(["rejected:x"], False)], True),
        (["failed:unreachable"], [(["rejected:x"], True)], True),
        (["doubtful"], [(["doubtful"], True)], True),
    ],
)
def test_what_is_news(wanted, earlier, news):
    assert is_news(wanted, earlier) is news


def test_the_codes_exist():
    assert catalogue().keys() >= PASSING | OURS
