"""``python -m benchmarks.worker``: one piece of work on one site, in a process of its own.

Reads one JSON document from its input (``ini``, ``task`` of :data:`benchmarks.tasks.TASKS`, and what that needs) and
prints another on its last line: the task's answer and ``peak_rss_mb``, the most memory this process held.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

from benchmarks import seeding, site
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


def peak_rss_mb() -> float:
    """The most memory that this process held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return round(int(line.split()[1]) / 1024, 1)
    # Elsewhere than on Linux; there getrusage also counts what the process was before it became this one.
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024, 1)


if __name__ == "__main__":
    main()
