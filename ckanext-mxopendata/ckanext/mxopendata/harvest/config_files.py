"""The configuration files of sources: what they say, and in which line something is wrong. No CKAN."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from ckanext.mxopendata.harvest.settings import check_file
from ckanext.mxopendata.metadata.findings import Finding

# What libyaml's and PyYAML's messages speak of → what it mostly comes of.
_SYNTAX = {
    "mapping values are not allowed": "config_yaml_colon",
    "found character '\\t'": "config_yaml_tab",
    "quoted scalar": "config_yaml_quote",
    "found '<scalar>'": "config_yaml_quote",
    "expected <block end>": "config_yaml_colon",
    "could not find expected ':'": "config_yaml_no_colon",
}


@dataclass(frozen=True)
class ConfigFile:
    """A configuration file as it was read.

    Attributes:
        path: where it is.
        content: what it says; empty where it could not be read.
        findings: what is wrong with it.
    """

    path: str
    content: Mapping[str, Any]
    findings: Sequence[Finding] = ()

    @property
    def name(self) -> str:
        """The name of its source."""
        return str(self.content.get("name", ""))

    def complaints(self) -> list[str]:
        """What is wrong with it, for people: the file, the line, the message and the cure."""
        return [complaint(self.path, finding.to_dict()) for finding in self.findings]


@dataclass
class _Places:
    """Where the keys of a YAML document stand.

    Attributes:
        lines: key with those above it, joined by points → its line, from 1.
        written: the same → how its value is written, where that is one.
        twice: keys that stand there a second time, with both lines.
    """

    lines: dict[str, int] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    twice: list[tuple[str, int, int]] = field(default_factory=list)

    def of(self, name: str | None) -> int:
        """The line of a key, or of the one above it that is there."""
        while name and name not in self.lines:
            name = name.rpartition(".")[0]
        return self.lines.get(name or "", 1)


def complaint(path: str, finding: Mapping[str, Any]) -> str:
    """What is wrong in a file, for people.

    Args:
        path: of the file.
        finding: as :meth:`Finding.to_dict` gives it.
    """
    place = f"{path}, {finding['location']}" if finding["location"] else path
    return f"{place}: {finding['message']} {finding['cure']}"


def read_files(paths: Iterable[Path]) -> list[ConfigFile]:
    """All configuration files at some places; of two for one source the one of the later place wins.

    Within one folder no name may stand for two sources: the second file is refused.

    Args:
        paths: files, or folders that are searched for ``*.yaml``.

    Returns:
        One for each source, and one for each file that cannot be used.
    """
    found: dict[str, ConfigFile] = {}
    for place in paths:
        here: dict[str, ConfigFile] = {}
        for path in _in(place):
            file = read_file(path)
            if not file.findings and file.name in here:
                details = {"other": here[file.name].path}
                file = replace(file, findings=[Finding("config_name_twice", "name", None, file.name, details)])
            here[f"!{file.path}" if file.findings or not file.name else file.name] = file
        found |= here
    return list(found.values())


def read_file(path: Path) -> ConfigFile:
    """One configuration file, with what is wrong with it and in which line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        places = _places(text)
        content = yaml.safe_load(text)
    except UnicodeDecodeError:
        return ConfigFile(str(path), {}, [Finding("config_not_utf8")])
    except yaml.YAMLError as error:
        return ConfigFile(str(path), {}, [_syntax(error)])
    if isinstance(content, Mapping):
        # YAML reads an unquoted 2026-11-22 as a date, and 09 as text or number depending on its digits.
        content = json.loads(json.dumps(content, default=str))
    twice = [
        Finding("config_key_twice", name, f"renglón {second}", details={"first": first, "second": second})
        for name, first, second in places.twice
    ]
    findings = [*twice, *(_placed(finding, places) for finding in check_file(content))]
    return ConfigFile(str(path), content if isinstance(content, dict) else {}, findings)


def _placed(finding: Finding, places: _Places) -> Finding:
    # As it is written: of 01001 YAML makes 513.
    value = places.written.get(finding.field or "") if finding.code == "config_number_for_text" else finding.value
    return replace(finding, location=f"renglón {places.of(finding.field)}", value=value)


def _syntax(error: yaml.YAMLError) -> Finding:
    reason = " ".join(str(error).split())
    code = next((code for words, code in _SYNTAX.items() if words in reason), "config_not_yaml")
    problem, began = (getattr(error, f"{name}_mark", None) for name in ("problem", "context"))
    # What does not end is noticed far behind the place where it begins.
    mark = began if began and "while scanning" in reason else problem
    location = f"renglón {mark.line + 1}" if mark else None
    return Finding(code, location=location, details={"reason": reason})


def _places(text: str) -> _Places:
    places = _Places()
    root = yaml.compose(text, yaml.SafeLoader)
    if isinstance(root, yaml.MappingNode):
        _note(root, "", places)
    return places


def _note(node: yaml.MappingNode, above: str, places: _Places) -> None:
    for key, value in node.value:
        name = f"{above}.{key.value}".lstrip(".")
        line = key.start_mark.line + 1
        if name in places.lines:
            places.twice.append((name, places.lines[name], line))
        places.lines[name] = line
        if isinstance(value, yaml.MappingNode):
            _note(value, name, places)
        elif isinstance(value, yaml.ScalarNode):
            places.written[name] = value.value


def _in(path: Path) -> list[Path]:
    return sorted(path.rglob("*.yaml")) if path.is_dir() else [path] if path.is_file() else []
