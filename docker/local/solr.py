"""Solr 9 from Maven Central, with the schema of the installed CKAN and our Spanish analysis."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from local import commands, files, java, maven, programs, state
from local.problem import Problem
from local.settings import ADDRESS, Settings

NAME = "solr"
START_SECONDS = 90.0
OURS = Path(__file__).resolve().parent / "solr"
EMPTY_FILES = ("protwords.txt", "synonyms.txt", "stopwords.txt")
HEAP = "512m"


def is_installed(settings: Settings) -> bool:
    """Whether Solr's libraries are here."""
    return _libraries(settings).exists()


def install(settings: Settings) -> None:
    """Fetch Solr's libraries, once.

    Raises:
        Problem: Maven is missing, or cannot fetch them.
    """
    target = _libraries(settings)
    if target.exists():
        return
    files.remove_partial_folders(target)
    try:
        mvn = maven.program()
    except maven.MissingError as error:
        raise Problem(
            "Falta Maven, que baja Solr: instálelo (apt-get install maven, brew install maven) o dé la dirección de un "
            "Solr en CKAN_SOLR_URL.",
            "Maven, which fetches Solr, is missing: install it (apt-get install maven, brew install maven) or give the "
            "address of a Solr in CKAN_SOLR_URL.",
        ) from error
    log = settings.logs / "maven.log"
    try:
        maven.fetch(mvn, OURS / "pom.xml", target, log, java.home(java.java(settings)))
    except commands.CommandFailed as error:
        raise Problem(
            f"Maven no pudo bajar Solr: revise la conexión (detalle en {log}) y repita la orden.",
            f"Maven could not fetch Solr: check the network (details in {log}) and run the command again.",
        ) from error


def start(settings: Settings, *cores: str, schemas: Mapping[str, str] | None = None) -> None:
    """Ask for the server, with its cores.

    Args:
        settings: the installation.
        cores: their names; they have our schema, for the CKAN that is installed.
        schemas: more cores, each with a schema of its own.
    """
    number = state.port(settings, NAME, running=programs.running(settings, NAME) is not None)
    home = settings.home / NAME
    schema = _schema(settings) if cores else ""
    contents = {**dict.fromkeys(cores, schema), **(schemas or {})}
    files.write_text(home / "solr.xml", (OURS / "solr.xml").read_text(encoding="utf-8"), 0o644)
    for core, content in contents.items():
        _write_core(home / core, core, content)
    argv = [
        str(java.java(settings)),
        f"-Xmx{HEAP}",
        f"-Dsolr.solr.home={home}",
        f"-Dsolr.install.dir={home}",
        f"-Dsolr.log.dir={settings.logs}",
        f"-Dhost={ADDRESS}",
        f"-Dport={number}",
        f"-Dwebapp={OURS / 'web'}",
        f"-Dlog4j2.configurationFile={OURS / 'log4j2.xml'}",
        "-cp",
        f"{_libraries(settings)}/*",
        "org.eclipse.jetty.xml.XmlConfiguration",
        str(OURS / "jetty.xml"),
    ]
    version = hashlib.sha256("".join([*contents, *contents.values()]).encode()).hexdigest()
    programs.want(
        settings,
        programs.Program(NAME, argv, folder=str(home), order=programs.SERVICE, stop_seconds=30, version=version),
    )


def wait(settings: Settings, *cores: str) -> None:
    """Wait until all cores answer."""
    programs.wait_ready(settings, NAME, lambda: all(_answers(url(settings, core)) for core in cores), START_SECONDS)


def schema_changed(settings: Settings, core: str) -> bool:
    """Whether a core's index was last written with another schema (or never): it must be written again."""
    note, mark = _note(settings, core)
    return not note.exists() or note.read_text(encoding="utf-8") != mark


def note_indexed(settings: Settings, core: str) -> None:
    """Remember that a core's index was written with the schema that is there now."""
    note, mark = _note(settings, core)
    files.write_text(note, mark, 0o644)


def _note(settings: Settings, core: str) -> tuple[Path, str]:
    folder = settings.home / NAME / core
    return folder / "indexed-with", hashlib.sha256((folder / "conf" / "schema.xml").read_bytes()).hexdigest()


def url(settings: Settings, core: str) -> str:
    """The address of one core, as CKAN wants it."""
    return f"http://{ADDRESS}:{state.remembered_port(settings, NAME)}/solr/{core}"


def _libraries(settings: Settings) -> Path:
    mark = hashlib.sha256((OURS / "pom.xml").read_bytes()).hexdigest()[:8]
    return settings.installations / f"solr-libraries-{mark}"


def untouched_schema(venv: Path) -> str:
    """The schema that the CKAN of a virtual environment brings, as it is.

    Raises:
        FileNotFoundError: there is no CKAN.
    """
    found = next(venv.glob("lib/python3*/site-packages/ckan/config/solr/schema.xml"), None)
    if found is None:
        raise FileNotFoundError(f"{venv}: ckan/config/solr/schema.xml")
    return found.read_text(encoding="utf-8")


def _schema(settings: Settings) -> str:
    # In the virtual environment's Python: the schema is that of the CKAN installed there.
    program = (
        "import sys; from ckanext.mxopendata.solr_schema import installed_schema, spanish_schema; "
        "sys.stdout.write(spanish_schema(installed_schema()))"
    )
    try:
        return commands.run([settings.python, "-c", program], settings.logs / "solr-schema.log")
    except commands.CommandFailed as error:
        raise Problem(
            f"No se pudo hacer el esquema de Solr de este CKAN: {error.last_words.splitlines()[-1]}",
            f"The Solr schema of this CKAN could not be made: {error.last_words.splitlines()[-1]}",
        ) from error


def _write_core(folder: Path, name: str, schema: str) -> None:
    for word_list in EMPTY_FILES:
        if not (folder / "conf" / word_list).exists():
            files.write_text(folder / "conf" / word_list, "", 0o644)
    files.write_text(
        folder / "conf" / "solrconfig.xml", (OURS / "conf" / "solrconfig.xml").read_text(encoding="utf-8"), 0o644
    )
    files.write_text(folder / "conf" / "schema.xml", schema, 0o644)
    files.write_text(folder / "core.properties", f"name={name}\n", 0o644)


def _answers(core: str) -> bool:
    try:
        with urllib.request.urlopen(f"{core}/admin/ping?wt=json", timeout=10) as answer:
            return json.load(answer)["status"] == "OK"
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        return False
