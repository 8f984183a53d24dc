"""Runs the migrations of one of our plugins on CKAN's connection: what every ``migration/<plugin>/env.py`` calls."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import context
from sqlalchemy import engine_from_config, pool


def run(environment_file: str) -> None:
    """Run the migrations beside an Alembic environment file.

    Args:
        environment_file: ``__file__`` of ``migration/<plugin>/env.py``; the plugin's name gives the version table.
    """
    version_table = f"{Path(environment_file).parent.name}_alembic_version"
    if context.is_offline_mode():
        address = context.config.get_main_option("sqlalchemy.url")
        context.configure(url=address, literal_binds=True, version_table=version_table)
        with context.begin_transaction():
            context.run_migrations()
        return
    section = context.config.get_section(context.config.config_ini_section) or {}
    engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, version_table=version_table)
        with context.begin_transaction():
            context.run_migrations()
            if not context.get_context().get_current_heads():
                # All the way down nothing of ours stays behind; Alembic would leave its empty table.
                connection.execute(sa.text(f'DROP TABLE IF EXISTS "{version_table}"'))
