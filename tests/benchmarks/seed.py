"""``python -m benchmarks.seed``: what ``make seed`` does inside the virtual environment.

Reads one JSON document from its input (``ini``, ``size``, ``url``, ``file``) and prints another on its last line:
``{"source", "datasets", "distributions", "institutions"}``, or ``{"seeded": true}`` where that was done before.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import seeding, site


def main() -> None:
    """Do what the document on the standard input says."""
    order: dict[str, Any] = json.load(sys.stdin)
    with site.load(order["ini"]).test_request_context():
        try:
            answer = seeding.seed(order["size"], site.OURS, order["url"], Path(order["file"]))
        except seeding.AlreadySeededError:
            answer = {"seeded": True}
    print("\n" + json.dumps(answer))


if __name__ == "__main__":
    main()
