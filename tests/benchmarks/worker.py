"""``python -m benchmarks.worker``: one piece of work on one site, in a process of its own.

Reads one JSON document from its input (``ini``, ``task`` of :data:`benchmarks.tasks.TASKS`, and what that needs) and
prints another on its last line: the task's answer and ``peak_rss_mb``, the most memory this process held.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks import seeding, site
from benchmarks.memory import peak_rss_mb
from benchmarks.tasks import TASKS


def main() -> None:
    """Do what the document on the standard input says."""
    order: dict[str, Any] = json.load(sys.stdin)
    application = site.load(order["ini"])
    with application.test_request_context():
        try:
            answer = TASKS[order["task"]](order, application)
        except seeding.AlreadySeededError:
            answer = {"seeded": True}
    sys.stdout.write("\n" + json.dumps({**answer, "peak_rss_mb": peak_rss_mb()}) + "\n")


if __name__ == "__main__":
    main()
