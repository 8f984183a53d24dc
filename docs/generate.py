"""Writes the pages of ``docs/`` that are made from data: ``python docs/generate.py`` (``--check`` only compares).

Called by ``make docs``; a test holds the committed pages against what this would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
DECLARATION = ROOT / "ckanext-mxopendata" / "ckanext" / "mxopendata" / "config_declaration.yaml"


def configuration() -> str:
    """The table of options, from the declaration that CKAN itself reads."""
    lines = [
        "# Configuration",
        "",
        "Made from `config_declaration.yaml`; `ckan config declaration mxopendata` prints the same on a site.",
        "",
    ]
    for group in yaml.safe_load(DECLARATION.read_text(encoding="utf-8"))["groups"]:
        lines += [f"## {group['annotation']}", "", "| option | default | meaning |", "|---|---|---|"]
        for option in group["options"]:
            default = f"`{option['default']}`" if "default" in option else "–"
            meaning = " ".join(option["description"].split()).replace("|", "\\|")
            example = f" Example: `{option['example']}`." if "example" in option else ""
            lines.append(f"| `{option['key']}` | {default} | {meaning}{example} |")
        lines.append("")
    return "\n".join(lines)


PAGES = {"configuration.md": configuration}


def stale_pages() -> list[str]:
    """Names of the committed pages that differ from what their data say."""
    folder = ROOT / "docs"
    return [
        name
        for name, page in PAGES.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != page()
    ]


def main() -> None:
    """Write the pages, or say which are stale and leave with 1."""
    if "--check" in sys.argv:
        sys.exit(f"stale, run make docs: {', '.join(stale)}" if (stale := stale_pages()) else 0)
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
