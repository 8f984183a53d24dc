"""The whole removal: what there is, what is done with the plugins on, and what to type afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.mxopendata.removal import harvests, leftovers, without
from ckanext.mxopendata.removal.harvests import OurSource
from ckanext.mxopendata.removal.leftovers import Leftovers
from ckanext.mxopendata.removal.settings import PLUGINS, our_names, without_us, words
from ckanext.mxopendata.removal.without import Outcome

FRONT_DOOR = "mxopendata"
PREFIX = "mxopendata_"
VERSION_TABLE = "_alembic_version"


@dataclass
class Plan:
    """What a removal finds, and after :func:`carry_out` what it did.

    Attributes:
        ini: the site's configuration file.
        changes: options to change, see :func:`~ckanext.mxopendata.removal.settings.without_us`.
        sources: harvest sources of our types.
        content: datasets and institutions, as the site without us sees them.
        left: keys, background jobs and files of ours.
        tables: our tables → number of rows; they go with the migrations.
        downgrades: our plugins with tables, in the order in which these go.
    """

    ini: str
    changes: dict[str, str | None]
    sources: list[OurSource]
    content: Outcome
    left: Leftovers
    tables: dict[str, int]
    downgrades: list[str]

    @property
    def unloaded(self) -> list[str]:
        """Plugins whose tables are there although they are off: CKAN migrates the tables of loaded plugins only."""
        return [name for name in self.downgrades if not p.plugin_loaded(name)]

    def commands(self) -> list[str]:
        """What to type next, in this order, with web server, consumers and workers stopped."""
        ckan = f"ckan -c {self.ini}"
        saved = f"pg_dump --no-owner --table='{PREFIX}*' --file=mxopendata-tables.sql \"$CKAN_SQLALCHEMY_URL\""
        down = [f"{ckan} db downgrade -p {plugin}" for plugin in self.downgrades]
        plugins = f'ckan config-tool {self.ini} "{PLUGINS} = {self.changes[PLUGINS]}"'
        return [*([saved] if down else []), *down, plugins, f"{ckan} search-index rebuild"]

    def lines(self) -> list[str]:
        """The other lines of the configuration file to change: ``option = value``, or ``# option`` to remove it."""
        others = [(option, value) for option, value in self.changes.items() if option != PLUGINS]
        return [f"# {option}" if value is None else f"{option} = {value}" for option, value in others]

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "sources": [source.to_dict() for source in self.sources],
            **{name: getattr(self.content, name) for name in Outcome.__dataclass_fields__},
            "redis_keys": len(self.left.keys),
            "background_jobs": len(self.left.jobs),
            "files": [str(path) for path in self.left.files],
            "tables": self.tables,
            "settings": self.changes,
            "commands": self.commands(),
        }


def look() -> Plan:
    """Look at everything and change nothing.

    Raises:
        without.SiteError: where the site does not start without us.
        redis.RedisError: where Redis does not answer.
    """
    return _plan(write=False)


def carry_out(progress: Callable[[str], None]) -> Plan:
    """Do what can be done while our plugins are on. Interrupted, it is simply called again.

    Args:
        progress: told what is done next.

    Returns:
        What was found before, with the numbers of what was written.

    Raises:
        without.SiteError: where the site does not start without us; nothing is changed then.
        redis.RedisError: where Redis does not answer.
    """
    progress("valores")
    plan = _plan(write=True)
    progress("cosechas")
    harvests.still(plan.sources)
    progress("archivos, claves y trabajos")
    # Ending a harvest may have left some more.
    leftovers.look().remove()
    return plan


def _plan(write: bool) -> Plan:
    ini = str(Path(tk.config["__file__"]).resolve())
    changes = without_us(tk.config)
    sources = harvests.look()
    tables = _tables()
    downgrades = _downgrades()
    # No transaction of this process is to be in the way of the other one.
    model.Session.rollback()
    return Plan(ini, changes, sources, without.run(ini, changes, write), leftovers.look(), tables, downgrades)


def _names() -> list[str]:
    return sorted(name for name in sa.inspect(model.Session.connection()).get_table_names() if name.startswith(PREFIX))


def _tables() -> dict[str, int]:
    counted: dict[str, int] = {}
    for name in _names():
        if not name.endswith(VERSION_TABLE):
            query = sa.select(sa.func.count()).select_from(sa.table(name))
            counted[name] = model.Session.execute(query).scalar_one()
    return counted


def _downgrades() -> list[str]:
    """Plugins whose version table is there: the rooms first, the front door, which they need, last."""
    there = {name.removesuffix(VERSION_TABLE) for name in _names() if name.endswith(VERSION_TABLE)}
    ours = our_names("ckan.plugins") & there
    loaded = words(tk.config[PLUGINS])
    return sorted(ours, key=lambda name: (name == FRONT_DOOR, loaded.index(name) if name in loaded else -1))
