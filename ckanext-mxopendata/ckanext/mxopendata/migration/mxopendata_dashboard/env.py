"""Runs the migrations of this plugin on CKAN's connection."""

import os

from alembic import context
from sqlalchemy import engine_from_config, pool

PLUGIN = os.path.basename(os.path.dirname(__file__))
VERSION_TABLE = f"{PLUGIN}_alembic_version"


def run_migrations_offline():
    context.configure(
        url=context.config.get_main_option("sqlalchemy.url"), literal_binds=True, version_table=VERSION_TABLE
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    configuration = context.config.get_section(context.config.config_ini_section)
    engine = engine_from_config(configuration, prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, version_table=VERSION_TABLE)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
