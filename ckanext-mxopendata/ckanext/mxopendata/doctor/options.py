"""Checks of the configuration file: our own options, the site's address, its languages, its secrets."""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.common import config_declaration
from ckan.config.declaration import Key
from ckan.lib.i18n import get_ckan_i18n_dir

from ckanext.mxopendata import config
from ckanext.mxopendata.doctor.check import Check, failed, passed

PREFIX = "ckanext.mxopendata."
# What stands in examples: CKAN's documentation, ckan-docker, our own test.ini and .env.example.
PLACEHOLDERS = frozenset(
    {"change_me", "changeme", "default-secret", "only-for-tests", "only-for-tests-and-long-enough-for-hs256", "pass"}
)
SHORTEST_SECRET = 16
SIGNING = ("api_token.jwt.encode.secret", "api_token.jwt.decode.secret")
SECRETS = ("SECRET_KEY", "beaker.session.secret", "WTF_CSRF_SECRET_KEY", *SIGNING)
SPANISH = "es"


def options() -> Check:
    """Every option of ours that is set exists, has a value of its kind, and names folders that can be read."""
    known = sorted(str(key) for key in config_declaration.iter_options() if str(key).startswith(PREFIX))
    for key in sorted(key for key in tk.config if key.startswith(PREFIX)):
        if key not in known:
            endings = {name.removeprefix(PREFIX): name for name in known}
            near = difflib.get_close_matches(key.removeprefix(PREFIX), endings, n=1)
            if near:
                return failed("options", "unknown", key=key, near=endings[near[0]], given=tk.config[key])
            return failed("options", "unknown_far", key=key)
    for key in (config.HARVEST_CARRIERS, config.HARVEST_BATCH, config.HTTP_MAX_MEGABYTES, config.HTTP_TOTAL_TIMEOUT):
        text = str(tk.config[key])
        if not text.isdecimal() or int(text) < 1:
            return failed("options", "number", key=key, given=text, default=declared_default(key))
    for folder in config.config_dirs():
        if not os.access(folder, os.R_OK | os.X_OK) or not Path(folder).is_dir():
            return failed("options", "folder", key=config.CONFIG_DIRS, folder=folder)
    return passed("options", count=len(known))


def declared_default(key: str) -> Any:
    """What an option is where nobody set it."""
    return config_declaration[Key.from_string(key)].default


def site_url() -> Check:
    """The site's address is the one that visitors and catalogues use: not this machine's own, and encrypted."""
    url = tk.config["ckan.site_url"]
    parts = urlsplit(url)
    if parts.path.strip("/"):
        root = parts.path.rstrip("/")
        return failed("site_url", "path", url=url, bare=f"{parts.scheme}://{parts.netloc}", root=f"{root}/{{{{LANG}}}}")
    if is_local():
        public = next((source for source in _source_urls() if not is_loopback(urlsplit(source).hostname)), None)
        return failed("site_url", "local", url=url, public=public) if public else passed("site_url", "local", url=url)
    if parts.scheme != "https":
        return failed("site_url", "http", url=url, secure=url.replace("http://", "https://", 1))
    return passed("site_url", url=url)


def is_local() -> bool:
    """Whether the site has an address that only this machine knows: a demonstration or somebody's own copy."""
    return is_loopback(urlsplit(tk.config["ckan.site_url"]).hostname)


def is_loopback(host: str | None) -> bool:
    """Whether a host's name or address stands for this machine itself."""
    if not host or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _source_urls() -> Iterator[str]:
    """The addresses of active harvest sources; none where the harvest room or its tables are not there."""
    table = "harvest_source"
    if sa.inspect(model.Session.connection()).has_table(table):
        query = sa.select(sa.column("url")).select_from(sa.table(table, sa.column("active"))).where(sa.column("active"))
        yield from model.Session.scalars(query)


def locale() -> Check:
    """Spanish is what a visitor sees first; CKAN ships ``es`` (and ``es_AR``), an ``es_MX`` stops it from starting."""
    default = tk.config["ckan.locale_default"]
    offered = list(tk.config["ckan.locales_offered"])
    # CKAN's own list of languages refuses to be made where the first one is missing.
    brought = {"en", *(path.name for path in Path(get_ckan_i18n_dir()).iterdir())}
    if default not in brought:
        return failed("locale", "absent", default=default)
    missing = [name for name in offered if name not in brought]
    if missing:
        return failed("locale", "missing", names=", ".join(missing))
    if not default.startswith(SPANISH):
        return failed("locale", default=default)
    if offered and default not in offered:
        return failed("locale", "not_offered", default=default, offered=" ".join(offered))
    return passed("locale", default=default)


def secrets() -> Check:
    """No secret is one that stands in examples or is quickly guessed, and tokens are read with what signed them."""
    weak = [key for key in SECRETS if _is_weak(_bare(key))]
    if weak:
        return failed("secrets", keys=", ".join(weak), first=weak[0])
    if _bare(SIGNING[0]) != _bare(SIGNING[1]) and all(_is_text(key) for key in SIGNING):
        return failed("secrets", "differ", one=SIGNING[0], other=SIGNING[1])
    address = sa.engine.make_url(tk.config["sqlalchemy.url"])
    if (address.password or "").lower() in PLACEHOLDERS:
        return failed("secrets", "database", user=address.username)
    return passed("secrets")


def _bare(key: str) -> str:
    return str(tk.config.get(key, "") or "").removeprefix("string:")


def _is_text(key: str) -> bool:
    """CKAN also takes ``file:`` with the path of a key; what is in it is not looked at."""
    return not str(tk.config.get(key, "") or "").startswith("file:")


def _is_weak(value: str) -> bool:
    # An empty one falls back to SECRET_KEY, which is looked at itself.
    return bool(value) and (value.lower() in PLACEHOLDERS or len(value) < SHORTEST_SECRET)


def private_hosts() -> Check:
    """Private addresses that may be fetched are those of sources of today: others are doors left open."""
    allowed = config.http_allowed_private()
    used = {_host_and_port(url) for url in _source_urls()}
    unused = sorted(allowed - used)
    if unused:
        kept = " ".join(sorted(allowed & used))
        return failed("private_hosts", hosts=" ".join(unused), key=config.HTTP_ALLOWED_PRIVATE, kept=kept)
    return passed("private_hosts", count=len(allowed))


def _host_and_port(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
