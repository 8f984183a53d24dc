"""What an operator or a program can meet is in the documentation, and its links lead somewhere."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
import yaml

from ckanext.mxopendata.cli import COMMANDS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PLUGINS = PROJECT["entry-points"]["ckan.plugins"]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _actions() -> list[str]:
    """Names of the API actions of every room, as CKAN's blanket takes them from the modules."""
    names = []
    package = ROOT / "ckanext-mxopendata" / "ckanext" / "mxopendata"
    for path in sorted(package.rglob("logic/action.py")):
        module = importlib.import_module(".".join(["ckanext", *path.relative_to(package.parent).with_suffix("").parts]))
        public = getattr(module, "__all__", None) or [
            name
            for name, thing in vars(module).items()
            if callable(thing) and not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__
        ]
        names += public
    return names


def _options() -> list[str]:
    declared = yaml.safe_load(
        (ROOT / "ckanext-mxopendata" / "ckanext" / "mxopendata" / "config_declaration.yaml").read_text(encoding="utf-8")
    )
    return [option["key"] for group in declared["groups"] for option in group["options"]]


def _fields() -> list[str]:
    dataset = yaml.safe_load((ROOT / "schemas" / "mx_dataset.yaml").read_text(encoding="utf-8"))
    institution = yaml.safe_load((ROOT / "schemas" / "mx_organization.yaml").read_text(encoding="utf-8"))
    described = [*dataset["dataset_fields"], *dataset["resource_fields"], *institution["fields"]]
    inner = [
        (field["field_name"], sub["field_name"]) for field in described for sub in field.get("repeating_subfields", ())
    ]
    return [field["field_name"] for field in described] + [".".join(names) for names in inner]


def _checks() -> list[str]:
    from ckanext.mxopendata.doctor import CHECKS

    return [check.__name__ for check in CHECKS]


def test_every_action_is_documented():
    assert [name for name in _actions() if f"`{name}`" not in read("api.md")] == []


def test_every_option_is_documented():
    assert [name for name in _options() if f"`{name}`" not in read("configuration.md")] == []


def test_every_field_is_documented():
    assert [name for name in _fields() if f"| `{name}` |" not in read("fields.md")] == []


def test_every_check_of_the_doctor_is_documented():
    assert [name for name in _checks() if f"`{name}`" not in read("doctor.md")] == []


def test_every_plugin_is_documented():
    pages = (ROOT / "README.md").read_text(encoding="utf-8") + read("harvest.md")
    assert [name for name in PLUGINS if f"`{name}`" not in pages] == []


def test_every_command_has_its_part():
    assert [name for name in COMMANDS if f"## ckan mxopendata {name}\n" not in read("commands.md")] == []


def _anchors(page: Path) -> set[str]:
    """What the headings of a page are called in addresses, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path):
    lost = []
    for link in re.findall(r"\]\(((?!https?:|mailto:)[^)]+)\)", page.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in _anchors(path)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_page_is_reached_from_the_readme(page: Path):
    assert f"docs/{page.name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_file_that_a_page_names_is_there():
    """Paths of the checkout in the text; names in angle brackets and endings like ``*`` stand for several."""
    pattern = r"`((?:docker|docs|schemas|tests|harvest_configs)/[^`\s<>…$]*)`"
    named = {(page.name, path) for page in PAGES for path in re.findall(pattern, page.read_text(encoding="utf-8"))}
    assert len(named) > 20
    assert [(page, path) for page, path in sorted(named) if not list(ROOT.glob(path.rstrip("/")))] == []


def test_every_make_target_that_a_page_names_is_there():
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    targets = set(re.findall(r"^([a-z0-9 -]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    known = {name for line in targets for name in line.split()}
    named = {
        name
        for names in re.findall(r"(?:^|`)make ((?:[a-z][a-z0-9-]* ?)+)", text, re.MULTILINE)
        for name in names.split()
    }
    assert len(named) > 8
    assert named - known == set()


def test_the_versions_in_the_documents_are_the_tested_ones():
    """CKAN and its extensions, as pinned for the stack that the tests run on."""
    pins = dict(
        line.split("==")
        for line in (ROOT / "docker" / "local" / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line and " ; " not in line
    )
    page, readme = read("install.md"), (ROOT / "README.md").read_text(encoding="utf-8")
    for text in (page, readme):
        assert pins["ckan"] in text
        assert f"{pins['ckanext-scheming']} · {pins['ckanext-harvest']} · {pins['ckanext-dcat']}" in text


def test_the_lines_to_set_are_those_of_the_tests():
    """What install.md tells to write into ckan.ini is what the tests run with."""
    tested = (ROOT / "test.ini").read_text(encoding="utf-8").splitlines()
    block = re.search(r"```ini\n(.*?)```", read("install.md"), re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        assert line in tested or line == "ckan.harvest.mq.type = redis"
