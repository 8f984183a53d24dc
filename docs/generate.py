"""Writes the pages of ``docs/`` that are made from data: ``python docs/generate.py`` (``--check`` only compares).

Called by ``make docs``; a test holds the committed pages against what this would write. Needs the virtual environment:
the page of the commands is what the commands themselves say.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import yaml

ROOT = Path(__file__).resolve().parent.parent
DECLARATION = ROOT / "ckanext-mxopendata" / "ckanext" / "mxopendata" / "config_declaration.yaml"
SCHEMAS = ROOT / "schemas"
# Schema, key of its list of fields, level in the crosswalk, heading.
FIELD_LISTS = (
    ("mx_dataset.yaml", "dataset_fields", "dataset", "Dataset"),
    ("mx_dataset.yaml", "resource_fields", "resource", "Resource"),
    ("mx_organization.yaml", "fields", "organization", "Institution"),
)
# Column of the crosswalk -> what it is.
ELSEWHERE = {
    "adela_json": "ADELA",
    "ckan_extra": "CKAN",
    "inventory_csv": "ds:/rs: and inventory",
    "pnda": "portal of 2025",
    "datajson": "data.json",
    "dcat": "DCAT",
}


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


def commands() -> str:
    """Every command with its options, as ``--help`` shows them."""
    from ckanext.mxopendata.cli import COMMANDS

    lines = [
        "# Commands",
        "",
        "Made from the commands themselves; `--help` behind any of them shows the same, in Spanish as they speak.",
        "Write `ckan -c /etc/ckan/default/ckan.ini` where a line begins with `ckan`, or set `CKAN_INI`. Each is there",
        "when the plugin named with it is switched on. Exit codes of all: 0 done · 1 done, with errors or rejected",
        "records · 2 nothing done, and one line says why. With `--json`: one JSON document on standard output,",
        "progress on standard error.",
        "",
    ]
    for name, (plugin, place) in sorted(COMMANDS.items()):
        module, attribute = place.split(":")
        for path, command in _with_inner(f"mxopendata {name}", getattr(import_module(module), attribute)):
            lines += [*_command(path, command, plugin), ""]
    return "\n".join(lines)


def _with_inner(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command, and those it holds."""
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield from _with_inner(f"{path} {name}", inner)


def _command(path: str, command: click.Command, plugin: str) -> list[str]:
    context = click.Context(command, info_name=path)
    arguments = " ".join(command.collect_usage_pieces(context))
    lines = [f"{'#' * (path.count(' ') + 1)} ckan {path}", "", f"`ckan {path} {arguments}`".replace(" `", "`")]
    if path.count(" ") == 1:
        lines[-1] += f" · plugin `{plugin}`"
    lines += ["", *(line.strip() for line in (command.help or "").strip().splitlines())]
    options = [param.get_help_record(context) for param in command.params if isinstance(param, click.Option)]
    if options:
        rows = [(f"`{record[0]}`", record[1]) for record in options if record]
        lines += ["", *_table(("option", "meaning"), rows)]
    return lines


def fields() -> str:
    """Every field of the schemas, with its row of the crosswalk."""
    with (SCHEMAS / "crosswalk.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [
        "# Fields",
        "",
        "Made from `schemas/mx_dataset.yaml`, `schemas/mx_organization.yaml` and `schemas/crosswalk.csv`: each field,",
        "what the form says of it, and what it is called on other platforms. *Owner* says who writes it in a",
        "harvested dataset: the source, or the portal (`local`), whose values no harvest touches. What is mandatory",
        "for whom: [metadata.md](metadata.md).",
        "",
    ]
    for schema, key, level, heading in FIELD_LISTS:
        described = yaml.safe_load((SCHEMAS / schema).read_text(encoding="utf-8"))[key]
        table = [row for field in described for row in _field(field, level, rows)]
        headings = ("field", "Spanish", "English", "requirement", "owner", "vocabulary", "search field")
        lines += [f"## {heading}", "", *_table(headings, table), ""]
        lines += [f"### {heading}: what the form says", "", *_table(("field", "help", "example"), _help(described)), ""]
        elsewhere = [row for row in _elsewhere(level, rows) if any(row[1:])]
        lines += [f"### {heading}: names elsewhere", "", *_table(("field", *ELSEWHERE.values()), elsewhere), ""]
    return "\n".join(lines)


def _help(described: Iterable[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """What a person reads beside each field, in Spanish, and the example that stands in it."""
    for field in described:
        inner = {f"{field['field_name']}.{sub['field_name']}": sub for sub in field.get("repeating_subfields", ())}
        for name, one in {field["field_name"]: field, **inner}.items():
            words = [one.get(key, "") for key in ("help_text", "form_placeholder")]
            words = [text.get("es", "") if isinstance(text, dict) else text for text in words]
            if any(words):
                yield f"`{name}`", *words


def _elsewhere(level: str, crosswalk: list[dict[str, str]]) -> Iterator[tuple[str, ...]]:
    """What each field is called on the other platforms; several names are tried in their order."""
    for row in crosswalk:
        if row["level"] == level:
            name = f"{row['field']}.{row['subfield']}" if row["subfield"] else row["field"]
            yield f"`{name}`", *(row[column].replace("|", ", ") for column in ELSEWHERE)


def _field(field: dict[str, Any], level: str, crosswalk: list[dict[str, str]]) -> Iterator[tuple[str, ...]]:
    """A field's line, and one for each of its subfields."""
    inner = {sub["field_name"]: sub for sub in field.get("repeating_subfields", ())}
    for name, described in {"": field, **inner}.items():
        label = described.get("label", {})
        labels = (label.get("es", ""), label.get("en", "")) if isinstance(label, dict) else (label, label)
        wanted = (level, field["field_name"], name)
        row = next((row for row in crosswalk if (row["level"], row["field"], row["subfield"]) == wanted), {})
        shown = f"`{field['field_name']}`" if not name else f"`{field['field_name']}.{name}`"
        facts = (row.get(column, "") for column in ("requirement", "owner", "vocabulary", "solr"))
        yield (shown, *labels, *(fact.replace("|", ", ") for fact in facts))


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table of Markdown; a bar within a cell does not end it."""
    cells = list(headings)
    lines = [f"| {' | '.join(cells)} |", f"|{'---|' * len(cells)}"]
    return lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


PAGES = {"configuration.md": configuration, "commands.md": commands, "fields.md": fields}


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
