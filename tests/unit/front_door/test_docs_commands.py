"""Every command line in documents and scripts is one that there is, with its options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import command_lines

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCKER = ROOT / "docker"
# Files with calls of `ckan`, and what the lines that hold them look like.
SCRIPTS = {
    **dict.fromkeys(sorted((DOCKER / "systemd").glob("*.service")), r"^ExecStart=(.*ckan -c.*)$"),
    DOCKER / "supervisor" / "mxopendata.conf": r"^command=(.*)$",
    DOCKER / "cron" / "mxopendata": r"^#?(.*\$CKAN .*)$",
    DOCKER / "compose.yaml": r"^    command: \[ckan-service, (ckan.*)\]$",
    DOCKER / "image" / "docker-entrypoint.d" / "10-mxopendata.sh": r"^if ! (ckan .*); then$",
    DOCKER / "image" / "ckan-service": r"^(ckan .*)$",
    DOCKER / "backup" / "mxopendata-backup": r'^ *"\$(ckan" -c.*)$',
    DOCKER / "backup" / "mxopendata-restore": r'^ *echo "  (ckan .*)"$',
}
# The backup of the site is no command of `ckan`.
WITHOUT = {"ckan-mxopendata-backup.service"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_line_of_a_page_exists(page: Path):
    calls = command_lines.in_markdown(page.read_text(encoding="utf-8"))
    problems = [problem for words in calls if (problem := command_lines.problem(words))]
    assert problems == []


@pytest.mark.parametrize(("script", "pattern"), SCRIPTS.items(), ids=lambda value: getattr(value, "name", ""))
def test_every_command_line_of_a_script_exists(script: Path, pattern: str):
    lines = re.findall(pattern, script.read_text(encoding="utf-8"), re.MULTILINE)
    calls = command_lines.invocations("\n".join(line.replace('ckan"', "ckan").replace(",", " ") for line in lines))
    assert bool(calls) != (script.name in WITHOUT)
    assert [problem for words in calls if (problem := command_lines.problem(words))] == []


def test_the_pages_are_read_at_all():
    calls = [words for page in PAGES for words in command_lines.in_markdown(page.read_text(encoding="utf-8"))]
    assert len(calls) > 80


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ckan -c x.ini mxopendata exprot", "ckan mxopendata has no command exprot"),
        ("ckan mxopendata export --fromat ttl", "ckan mxopendata export has no option --fromat"),
        (
            "sudo -u www-data /usr/bin/ckan -c x.ini harvester fetch-consumers",
            "ckan harvester has no command fetch-consumers",
        ),
        ("docker compose exec ckan ckan jobs werker", "ckan jobs has no command werker"),
        ("$CKAN db upgrde", "ckan db has no command upgrde"),
    ],
)
def test_a_wrong_command_line_is_found(line: str, said: str):
    (words,) = command_lines.invocations(line)
    assert command_lines.problem(words) == said


@pytest.mark.parametrize(
    "line",
    [
        "ckan -c x.ini db upgrade -p harvest",
        "ckan mxopendata sources add URL [--institution NAME] && echo done",
        "CKAN_REDIS_URL='redis://h/0?a=1' ckan harvester gather-consumer",
        "docker compose exec ckan ckan search-index rebuild",
    ],
)
def test_a_right_command_line_passes(line: str):
    (words,) = command_lines.invocations(line)
    assert command_lines.problem(words) is None
