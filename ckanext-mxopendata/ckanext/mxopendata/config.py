"""Every option of the suite, read in one place: nothing else calls ``tk.config``.

Names, defaults and descriptions are declared in ``config_declaration.yaml``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import ckan.plugins.toolkit as tk

VOCABULARY_BASE = "ckanext.mxopendata.vocabulary_base"
CONFIG_DIRS = "ckanext.mxopendata.config_dirs"
THEME_GROUPS = "ckanext.mxopendata.theme_groups"
HTTP_ALLOWED_PRIVATE = "ckanext.mxopendata.http.allowed_private"
HARVEST_CARRIERS = "ckanext.mxopendata.harvest.carriers"
HARVEST_BATCH = "ckanext.mxopendata.harvest.batch"
HARVEST_FOLDER = "ckanext.mxopendata.harvest.folder"
HARVEST_FULL_DAYS = "ckanext.mxopendata.harvest.full_days"
HARVEST_KEEP_RUNS = "ckanext.mxopendata.harvest.keep_runs"
HARVEST_MAIL = "ckanext.mxopendata.harvest.mail"
HTTP_MAX_MEGABYTES = "ckanext.mxopendata.http.max_megabytes"
HTTP_TOTAL_TIMEOUT = "ckanext.mxopendata.http.total_timeout"
FORM_FILE_KILOBYTES = "ckanext.mxopendata.form.file_kilobytes"
FORM_FILE_TIMEOUT = "ckanext.mxopendata.form.file_timeout"
HTTP_USER_AGENT = "ckanext.mxopendata.http.user_agent"
HTTP_RATE = "ckanext.mxopendata.http.rate"
HARVEST_READING_HOURS = "ckanext.mxopendata.harvest.reading_hours"
DASHBOARD_PUBLISH_AS = "ckanext.mxopendata.dashboard.publish_as"
DASHBOARD_CONTACT = "ckanext.mxopendata.dashboard.contact"
# One request a minute; a rate of 0 would be no harvest at all.
SLOWEST_RATE = 1 / 60


def site_url() -> str:
    """The portal's public address, without a final slash."""
    return tk.config["ckan.site_url"].rstrip("/")


def redis_key(name: str) -> str:
    """The name under which this site keeps something in Redis, which other sites may share."""
    return f"mxopendata:{tk.config['ckan.site_id']}:{name}"


def vocabulary_base() -> str:
    """The address below which vocabulary terms have their URIs, without a final slash."""
    return (tk.config[VOCABULARY_BASE] or f"{site_url()}/vocabularios").rstrip("/")


def config_dirs() -> list[str]:
    """The operator's own folders of harvest configurations, vocabularies and weights; the later one wins."""
    return list(tk.config[CONFIG_DIRS])


def theme_groups() -> bool:
    """Whether each dataset is kept a member of the group of its main theme."""
    return bool(tk.config[THEME_GROUPS])


def http_allowed_private() -> frozenset[str]:
    """The ``host:port`` pairs that may be fetched although their address is private."""
    return frozenset(tk.config[HTTP_ALLOWED_PRIVATE])


def harvest_carriers() -> int:
    """How many carriers of one source may wait or work at a time (rule 2 of the architecture)."""
    return int(tk.config[HARVEST_CARRIERS])


def harvest_batch() -> int:
    """How many datasets a harvest writes in one transaction."""
    return int(tk.config[HARVEST_BATCH])


def harvest_full_days() -> int:
    """After how many days a harvest reads all of a list again; 0 for each time."""
    return int(tk.config[HARVEST_FULL_DAYS])


def harvest_keep_runs() -> int:
    """How many runs of a source are kept with their reports, and as many of its jobs in ckanext-harvest."""
    return max(1, int(tk.config[HARVEST_KEEP_RUNS]))


def harvest_folder_path() -> tuple[Path, bool]:
    """Where catalogue files lie while they are read, and whether that folder holds nothing else."""
    storage = tk.config.get("ckan.storage_path")
    default = Path(storage, "mxopendata", "harvest") if storage else Path(tempfile.gettempdir(), "mxopendata-harvest")
    chosen = tk.config[HARVEST_FOLDER]
    return (Path(chosen), False) if chosen else (default, bool(storage))


def harvest_folder() -> Path:
    """Where catalogue files lie while they are read; made where it does not exist yet."""
    folder, _ = harvest_folder_path()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def harvest_mail() -> bool:
    """Whether institutions are written when a harvest of theirs needs somebody."""
    return bool(tk.config[HARVEST_MAIL])


def http_maximum_bytes() -> int:
    """Size that an answer of a harvested portal may have, in bytes."""
    return int(tk.config[HTTP_MAX_MEGABYTES]) * 1024 * 1024


def http_total_timeout() -> float:
    """Seconds that one answer of a harvested portal may take as a whole."""
    return float(tk.config[HTTP_TOTAL_TIMEOUT])


def http_rate() -> float:
    """Requests per second that one host gets from all processes of the site together, where its source says nothing."""
    return max(float(tk.config[HTTP_RATE]), SLOWEST_RATE)


def harvest_reading_hours() -> float:
    """Hours after which the reading of one source's list is given up."""
    return float(tk.config[HARVEST_READING_HOURS])


def http_user_agent() -> str:
    """How the suite presents itself to the portals it harvests."""
    return tk.config[HTTP_USER_AGENT] or f"ckanext-mxopendata (+{site_url()})"


def http_proxy() -> str | None:
    """The proxy for downloads that CKAN itself knows, or ``None``."""
    return tk.config.get("ckan.download_proxy") or None


def form_file_bytes() -> int:
    """How much of a resource's file the form looks at, in bytes."""
    return int(tk.config[FORM_FILE_KILOBYTES]) * 1024


def form_file_timeout() -> float:
    """Seconds that a file on another machine may take to answer the form."""
    return float(tk.config[FORM_FILE_TIMEOUT])


def dashboard_publish_as() -> str:
    """Name or id of the organization that publishes the dashboard's figures as datasets; empty where nobody does."""
    return tk.config[DASHBOARD_PUBLISH_AS] or ""


def dashboard_contact() -> str:
    """Institutional e-mail of the contact of these datasets; may be empty."""
    return tk.config[DASHBOARD_CONTACT] or ""


def export_folder() -> Path | None:
    """Where the files of the whole catalogue lie; ``None`` where the site has no ``ckan.storage_path``."""
    storage = tk.config.get("ckan.storage_path")
    return Path(storage, "mxopendata", "volcado") if storage else None
