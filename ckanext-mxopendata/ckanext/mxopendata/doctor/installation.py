"""Checks of what is installed and switched on: versions, plugins and their order, migrations."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from packaging.requirements import Requirement

import ckan
import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.doctor.check import Check, failed, passed
from ckanext.mxopendata.partners import PARTNERS, PLUGINS, in_order

SUITE = "ckanext-mxopendata"
TESTED_CKAN = ("2.11", "2.12")
CORE = "ckan"


def versions() -> Check:
    """CKAN is a version the suite is tested with, and the packages beside it are in the suite's ranges."""
    installed = tk.ckan.__version__
    # Compared by its parts: "2.1" is not a beginning of "2.11".
    if ".".join(installed.split(".")[:2]) not in TESTED_CKAN:
        return failed("versions", found=installed, tested=", ".join(TESTED_CKAN))
    wrong = _outside_the_ranges(requires(SUITE) or ())
    if wrong:
        return failed(
            "versions",
            "range",
            found=", ".join(f"{wanted.name} {there or '–'} ({wanted.specifier})" for wanted, there in wrong),
            packages=" ".join(f"'{wanted.name}{wanted.specifier}'" for wanted, _ in wrong),
        )
    extensions = (f"{name} {version(name)}" for name in (SUITE, "ckanext-scheming", "ckanext-harvest", "ckanext-dcat"))
    return passed("versions", found=f"ckan {installed}, {', '.join(extensions)}")


def _outside_the_ranges(requirements: Sequence[str]) -> list[tuple[Requirement, str | None]]:
    """Those of our requirements that the installed version (``None``: not installed) does not fulfil."""
    wrong = []
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            there = version(requirement.name)
        except PackageNotFoundError:
            there = None
        if there is None or not requirement.specifier.contains(there, prereleases=True):
            wrong.append((requirement, there))
    return wrong


def plugins() -> Check:
    """Our plugins stand before the stock ones, whose templates would win otherwise, and no partner is missing."""
    loaded: list[str] = list(tk.config["ckan.plugins"])
    line = in_order(loaded)
    for plugin, partners in PARTNERS.items():
        for partner in partners:
            if plugin in loaded and partner not in loaded:
                return failed("plugins", "missing", plugin=plugin, partner=partner, line=line)
    ours = [name for name in loaded if name.startswith("mxopendata")]
    stock = [name for name in PLUGINS.split() if not name.startswith("mxopendata") and name in loaded]
    for other in stock:
        for first in ours:
            if loaded.index(other) < loaded.index(first):
                return failed("plugins", first=first, other=other, line=line)
    return passed("plugins", found=" ".join(loaded))


def migrations() -> Check:
    """CKAN and every plugin that brings tables have them, in their newest form and in no newer one."""
    behind, ahead = [], []
    for name, folder in _migrated():
        head, current, known = _revisions(name, folder)
        if current != head:
            (behind if known else ahead).append(name)
    if ahead:
        return failed("migrations", "ahead", plugins=", ".join(ahead))
    if behind:
        words = ("db upgrade" if name == CORE else f"db upgrade -p {name}" for name in behind)
        ini = tk.config.get("__file__") or "ckan.ini"
        commands = " && ".join(f"ckan -c {ini} {word}" for word in words)
        return failed("migrations", plugins=", ".join(behind), commands=commands)
    return passed("migrations")


def _migrated() -> list[tuple[str, Path]]:
    found = [(CORE, Path(ckan.__file__).parent / "migration")]
    for name in tk.config["ckan.plugins"]:
        implementation = p.get_plugin(name)
        folder = _migration_folder(implementation, name) if implementation is not None else None
        if folder is not None:
            found.append((name, folder))
    return found


def _revisions(name: str, folder: Path) -> tuple[str | None, str | None, bool]:
    """The newest revision of the code, the one of the database, and whether the code knows the latter."""
    script = ScriptDirectory(str(folder))
    head = script.get_current_head()
    table = "alembic_version" if name == CORE else f"{name}_alembic_version"
    if not sa.inspect(model.Session.connection()).has_table(table):
        return head, None, True
    current = model.Session.scalar(sa.select(sa.column("version_num")).select_from(sa.table(table)))
    try:
        script.get_revision(current or "base")
    except CommandError:
        return head, current, False
    return head, current, True


def _migration_folder(implementation: object, plugin: str) -> Path | None:
    """Where CKAN looks for a plugin's migrations: ``ckanext/<extension>/migration/<plugin>``, nested or not."""
    extension = import_module(".".join(type(implementation).__module__.split(".")[:2]))
    folders = (Path(root) / "migration" / plugin for root in extension.__path__)
    return next((folder for folder in folders if (folder / "versions").is_dir()), None)
