"""``python -m ckanext.mxopendata.quality.verify FILE``: recompute a frozen quarter where there is no CKAN."""

from __future__ import annotations

import sys
from pathlib import Path

from ckanext.mxopendata.quality.archive import ArchiveError, Verification, verify


def told(found: Verification) -> list[str]:
    """The outcome in Spanish, a line each."""
    lines = [
        f"Trimestre {found.quarter}, cifras de {found.as_of}: {found.datasets} conjuntos, "
        f"{found.institutions} instituciones.",
    ]
    for each in found.differences:
        whose = each["institution"] or "Todo el portal"
        lines.append(f"{whose}, {each['indicator']}: dice {each['frozen']}, da {each['recomputed']}")
    lines.append("Hay cifras que no corresponden." if found.differences else "Todas las cifras corresponden.")
    return lines


def main(arguments: list[str]) -> int:
    """Verify the one file named; 0 where all is right, 1 where a figure differs, 2 where it cannot be told."""
    if len(arguments) != 1:
        print("Uso: python -m ckanext.mxopendata.quality.verify ARCHIVO", file=sys.stderr)  # noqa: T201
        return 2
    try:
        found = verify(Path(arguments[0]).read_bytes())
    except (OSError, ArchiveError) as error:
        print(f"No se puede verificar: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print("\n".join(told(found)))  # noqa: T201
    return 1 if found.differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
