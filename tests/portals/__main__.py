"""``python -m portals HOME``: start the portals, write where they are to ``HOME/portals.json``, serve until ended."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import date
from pathlib import Path

from portals.server import Portals, remember, remembered


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; the day and the ports of an earlier start are kept."""
    parser = argparse.ArgumentParser(prog="portals", description="Loopback portals with demonstration data.")
    parser.add_argument("home", type=Path, help="folder for portals.json and harvest_configs/")
    parser.add_argument("--as-of", type=date.fromisoformat, help="day the records are made for")
    parser.add_argument("--mark", default="", help="written to portals.json, to tell this start from an earlier one")
    options = parser.parse_args()
    as_of, ports = remembered(options.home)
    # Another day would change every record: it is fixed by the first start.
    portals = Portals(options.as_of or as_of or date.today(), ports)  # noqa: DTZ011
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    portals.write_configurations(options.home / "harvest_configs")
    remember(options.home, portals, options.mark)
    for facts in portals.facts():
        sys.stderr.write(f"{facts['name']:<12} {facts['type']:<12} {facts['datasets']:>4}  {facts['url']}\n")
    ended.wait()
    portals.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
