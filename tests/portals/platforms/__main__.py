"""``python -m portals.platforms mx_ckan 20000 500``: a portal of that platform with so many datasets, 500 a page.

Prints its ``host:port`` and serves until its standard input ends. In a process of its own, what it holds in memory is
not counted with what its reader does.
"""

from __future__ import annotations

import sys

from portals.platforms import PLATFORMS, Plain
from portals.platforms.base import serving


def main() -> None:
    """Serve."""
    name, count, page_size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    portal = PLATFORMS[name](
        [
            Plain(f"DS-{number:05}", f"Conjunto {number}: año y región", file_url=f"https://datos.gob.mx/{number}.csv")
            for number in range(count)
        ]
    )
    portal.page_size = page_size
    with serving(portal) as host:
        sys.stdout.write(f"{host} {portal.address}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
