"""Command lines of ``ckan`` that stand in documents and scripts, held against the commands that there really are.

No site is needed: CKAN's commands, those of the plugins that an operator calls, and ours are read from their code.
"""

from __future__ import annotations

import re
import shlex
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath

import click

# What stands for the command in scripts and tables.
VARIABLES = frozenset({"$CKAN", "$ckan", "${CKAN}"})
ENDS_A_COMMAND = frozenset({"|", "||", "&&", ";", "&", ")", "then"})


@cache
def root() -> click.Group:
    """The group ``ckan`` with the commands of CKAN, of ckanext-harvest, of CKAN's own plugins and of the suite."""
    from ckan.cli.cli import ckan

    from ckanext.harvest import cli as harvest
    from ckanext.tracking.cli import tracking

    from ckanext.mxopendata.cli import COMMANDS

    group = click.Group("ckan", commands=dict(ckan.commands), params=list(ckan.params))
    for command in (*harvest.get_commands(), tracking.tracking):
        group.add_command(command)
    own = click.Group("mxopendata")
    for name, (_, place) in COMMANDS.items():
        module, attribute = place.split(":")
        own.add_command(getattr(import_module(module), attribute), name)
    group.add_command(own, "mxopendata")
    return group


def invocations(text: str) -> list[list[str]]:
    """Every call of ``ckan`` in some lines for the shell: the words behind it, up to the end of the command.

    ``docker compose exec ckan ckan …`` names a service first; brackets of optional words are taken off.
    """
    found: list[list[str]] = []
    for line in text.replace("\\\n", " ").splitlines():
        words = _words(line)
        for index, word in enumerate(words):
            rest = words[index + 1 :]
            # `exec ckan ckan`, the user of `sudo -u ckan /usr/bin/ckan` and the last word of `chown ckan` are no calls.
            if not _is_command(word) or not rest or _is_command(rest[0]):
                continue
            end = next((place for place, other in enumerate(rest) if _ends(other)), len(rest))
            found.append(rest[:end])
            break
    return found


def _is_command(word: str) -> bool:
    path = PurePosixPath(word)
    return word in {*VARIABLES, "ckan"} or (path.name == "ckan" and path.parent.name == "bin")


def _ends(word: str) -> bool:
    return word in ENDS_A_COMMAND or re.match(r"\d?[<>]", word) is not None


def _words(line: str) -> list[str]:
    line = line.replace("[", " ").replace("]", " ").replace("…", " ")
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        # A lone quote in a line of prose or of another language.
        words = line.split()
    return [part for word in words for part in ([word[:-1], ";"] if word.endswith(";") else [word])]


def problem(words: list[str]) -> str | None:
    """What is wrong with one call: an unknown command or option; ``None`` when there is such a command.

    Args:
        words: behind ``ckan``, as :func:`invocations` gives them.
    """
    command: click.Command = root()
    path = ["ckan"]
    rest = list(words)
    options = _options(command)
    while rest:
        word = rest.pop(0)
        name, separator, _ = word.partition("=")
        if word.startswith("-") and word != "--":
            if name in ("--help", "-h"):
                continue
            if name not in options:
                return f"{' '.join(path)} has no option {name}"
            if not separator and not options[name]:
                rest[:1] = []
        elif isinstance(command, click.Group):
            inner = command.commands.get(word)
            if inner is None and word.isupper():
                # "COMMAND" in a page stands for any of them.
                return None
            if inner is None:
                return f"{' '.join(path)} has no command {word}"
            command, path = inner, [*path, word]
            options = {**options, **_options(command)}
    return None


def _options(command: click.Command) -> dict[str, bool]:
    """Each option and whether it stands alone, without a value."""
    return {
        name: bool(param.is_flag or param.count)
        for param in command.params
        if isinstance(param, click.Option)
        for name in (*param.opts, *param.secondary_opts)
    }


def in_markdown(text: str) -> list[list[str]]:
    """Every call of ``ckan`` in the code of a Markdown page: fenced blocks and spans that begin with it."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```[^\n]*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`(ckan (?:-c [^`\s]+ )?[a-z][^`]*)`", prose)
    return [words for piece in (*blocks, *spans) for words in invocations(piece)]
