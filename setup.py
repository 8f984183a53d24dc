"""Package layout that setuptools cannot read from ``pyproject.toml`` alone.

The suite's code lives under ``ckanext-mxopendata/ckanext/mxopendata`` because CKAN looks for migrations below a literal
``/ckanext/`` folder; the data folders ``schemas/`` and ``harvest_configs/`` stay at the root, where people edit
them, and are mapped into the package. Everything else (name, version, entry points) is in ``pyproject.toml``.
"""

from __future__ import annotations

from setuptools import find_namespace_packages, setup

SOURCE = "ckanext-mxopendata"
DATA_PACKAGES = {
    "ckanext.mxopendata.schemas": "schemas",
    "ckanext.mxopendata.harvest_configs": "harvest_configs",
}
NOT_CODE = [
    f"ckanext.mxopendata.{pattern}"
    for folder in ("migration", "templates", "assets", "public", "i18n")
    for pattern in (folder, f"{folder}.*", f"*.{folder}", f"*.{folder}.*")
]

setup(
    packages=find_namespace_packages(SOURCE, include=["ckanext.mxopendata*"], exclude=NOT_CODE) + list(DATA_PACKAGES),
    package_dir={"": SOURCE, **DATA_PACKAGES},
    include_package_data=False,
    package_data={
        "ckanext.mxopendata": ["*.yaml", "migration/**/*", "i18n/**/*.mo", "i18n/**/*.po"],
        # Of every package.
        "": ["templates/**/*", "assets/**/*", "public/**/*", "*.yaml", "*.csv"],
        "ckanext.mxopendata.schemas": ["*.yaml", "*.json", "*.csv", "*.md", "**/*.csv", "**/*.yaml", "**/*.ttl"],
        "ckanext.mxopendata.harvest_configs": ["_schema.json", "*.csv", "**/*.yaml"],
    },
)
