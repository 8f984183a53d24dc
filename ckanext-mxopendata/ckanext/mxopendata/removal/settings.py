"""The site's configuration without us: which options stay, in which form. Pure functions over a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

PACKAGE = "ckanext.mxopendata"
PLUGINS = "ckan.plugins"
PROFILES = "ckanext.dcat.rdf.profiles"
# Options that list schemas: the plugin that is of no use once its list is empty.
SCHEMAS = {
    "scheming.dataset_schemas": "scheming_datasets",
    "scheming.organization_schemas": "scheming_organizations",
}
PRESETS = "scheming.presets"


def our_names(group: str) -> frozenset[str]:
    """Names under which this package registered itself, for example its plugins (group ``ckan.plugins``)."""
    return frozenset(point.name for point in entry_points(group=group) if point.value.startswith(f"{PACKAGE}."))


def words(value: Any) -> list[str]:
    """An option that lists words, as CKAN holds it: a list, or a text."""
    return value.split() if isinstance(value, str) else list(value or ())


def without_us(configuration: Mapping[str, Any]) -> dict[str, str | None]:
    """Options that have to change when the suite goes.

    Args:
        configuration: CKAN's configuration.

    Returns:
        Option → its new value, ``None`` where the line is to be removed.
    """
    changes: dict[str, str | None] = {}
    unused: set[str] = set()
    for option, plugin in SCHEMAS.items():
        before = words(configuration.get(option))
        after = [word for word in before if not word.startswith(PACKAGE)]
        if after != before:
            changes[option] = " ".join(after) or None
            if not after:
                unused.add(plugin)
    for option, ours in ((PRESETS, None), (PROFILES, our_names("ckan.rdf.profiles"))):
        before = words(configuration.get(option))
        after = [word for word in before if not (word in ours if ours is not None else word.startswith(PACKAGE))]
        if after != before:
            changes[option] = " ".join(after) or None
    ours_and_unused = our_names("ckan.plugins") | unused
    kept = [name for name in words(configuration[PLUGINS]) if name not in ours_and_unused]
    return {PLUGINS: " ".join(kept), **changes}
