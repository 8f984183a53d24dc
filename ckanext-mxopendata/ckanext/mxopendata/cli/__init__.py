"""The ``ckan mxopendata`` command: one group, whose commands belong to the rooms.

A command is imported when it is asked for, so that starting ``ckan`` costs nothing (rule 14 of the architecture), and
is offered only when its room's plugin is loaded.
"""

from __future__ import annotations

from importlib import import_module

import click

import ckan.plugins as p

__all__ = ["mxopendata"]

COMMANDS: dict[str, tuple[str, str]] = {
    # command: (plugin that brings it, module:attribute)
    "doctor": ("mxopendata", "ckanext.mxopendata.cli.doctor:doctor"),
    "uninstall": ("mxopendata", "ckanext.mxopendata.cli.uninstall:uninstall"),
    "solr-schema": ("mxopendata", "ckanext.mxopendata.cli.solr_schema:solr_schema"),
    "merge-schema": ("mxopendata", "ckanext.mxopendata.cli.merge_schema:merge_schema"),
    "migrate-extras": ("mxopendata", "ckanext.mxopendata.cli.migrate_extras:migrate_extras"),
    "refresh-search": ("mxopendata", "ckanext.mxopendata.cli.refresh_search:refresh_search"),
    "theme-groups": ("mxopendata", "ckanext.mxopendata.cli.theme_groups:theme_groups"),
    "import": ("mxopendata", "ckanext.mxopendata.cli.tables:import_table"),
    "export-table": ("mxopendata", "ckanext.mxopendata.cli.tables:export_table"),
    "sources": ("mxopendata_harvest", "ckanext.mxopendata.harvest.cli.sources:sources"),
    "harvest": ("mxopendata_harvest", "ckanext.mxopendata.harvest.cli.harvest:harvest"),
    "run": ("mxopendata_harvest", "ckanext.mxopendata.harvest.cli.run:run"),
    "export": ("mxopendata_dcat", "ckanext.mxopendata.dcat.cli:export"),
    "plan": ("mxopendata_planning", "ckanext.mxopendata.planning.cli:plan"),
    "indicators": ("mxopendata_dashboard", "ckanext.mxopendata.dashboard.cli:indicators"),
}


class RoomCommands(click.Group):
    """A group that knows its commands by name and loads only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands whose room is switched on."""
        return sorted(name for name, (plugin, _) in COMMANDS.items() if p.plugin_loaded(plugin))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or ``None`` where its room is off."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, attribute = COMMANDS[cmd_name][1].split(":")
        return getattr(import_module(module), attribute)


@click.group(cls=RoomCommands)
def mxopendata() -> None:
    """Datos abiertos de México: cosecha, exportación, indicadores y diagnóstico."""
