"""Which plugins go together, and in which order: CKAN's line of plugins as the suite needs it.

The front door looks at it when the site starts, the doctor whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from ckan.exceptions import CkanConfigurationException

# One place of the docs, docker and tests compares itself with: the line as it stands in test.ini.
PLUGINS = (
    "mxopendata mxopendata_harvest mxopendata_dcat mxopendata_dashboard mxopendata_planning mxopendata_participation "
    "dcat harvest scheming_datasets scheming_organizations"
)
PARTNERS = {
    "mxopendata": ("scheming_datasets", "scheming_organizations"),
    "mxopendata_harvest": ("harvest",),
    "mxopendata_dcat": ("dcat",),
}
# Without these CKAN itself does not start: a room extends an action of its partner, which is then not there.
EXTENDED = ("mxopendata_harvest", "mxopendata_dcat")


def require(loaded: Sequence[str]) -> None:
    """Say in one sentence what CKAN would say in a traceback about a chained action.

    Args:
        loaded: the plugins of the configuration file.

    Raises:
        ckan.exceptions.CkanConfigurationException: a room is there without the plugin that it extends.
    """
    for room in EXTENDED:
        for partner in PARTNERS[room]:
            if room in loaded and partner not in loaded:
                line = in_order(loaded)
                raise CkanConfigurationException(
                    f"El complemento {room} necesita {partner}. Escriba en el archivo de configuración: "
                    f"ckan.plugins = {line}\n"
                    f"The plugin {room} needs {partner}. Write in the configuration file: ckan.plugins = {line}"
                )


def in_order(loaded: Sequence[str]) -> str:
    """The plugin line that this site should have: what it has and the partners it lacks, ours first.

    Args:
        loaded: the plugins as they stand now; the site's own stay, in their order, after ours.
    """
    wanted = {*loaded, *(partner for plugin in loaded for partner in PARTNERS.get(plugin, ()))}
    known = PLUGINS.split()
    ours = [name for name in known if name.startswith("mxopendata") and name in wanted]
    stock = [name for name in known if name not in ours and name in wanted]
    own = [name for name in loaded if name not in known]
    return " ".join([*ours, *own, *stock])
