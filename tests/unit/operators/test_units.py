"""Units for hosts without containers: systemd, supervisor and cron say the same, and their own programs read them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from supervisor.options import ServerOptions

DOCKER = Path(__file__).resolve().parents[3] / "docker"
SYSTEMD = DOCKER / "systemd"
SUPERVISOR = DOCKER / "supervisor" / "mxopendata.conf"
TABLE = (DOCKER / "cron" / "mxopendata").read_text(encoding="utf-8")
UNITS = sorted(SYSTEMD.iterdir())
PROGRAMS = ("ckan-gather-consumer", "ckan-fetch-consumer", "ckan-worker")
CKAN = "/usr/lib/ckan/default/bin/ckan -c /etc/ckan/default/ckan.ini"


def unit(name: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(SYSTEMD / name, encoding="utf-8")
    return parser


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_can_read_it(path: Path, tmp_path: Path):
    """``systemd-analyze verify`` says nothing once the programs that it names are there."""
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is missing: apt-get install systemd")
    for other in UNITS:
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", other.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (tmp_path / other.name).write_text(text, encoding="utf-8")
    name = path.name.replace("@.", "@1.")
    if name != path.name:
        shutil.copy(tmp_path / path.name, tmp_path / name)
    checked = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / name], capture_output=True, text=True, check=False
    )
    said = [line for line in checked.stderr.splitlines() if str(tmp_path) in line or path.stem in line]
    assert (checked.returncode, said) == (0, [])


@pytest.mark.parametrize("name", ["ckan-gather-consumer", "ckan-fetch-consumer@", "ckan-worker"])
def test_what_must_run_starts_again(name: str):
    service = unit(f"{name}.service")["Service"]
    assert service["Restart"] == "always"
    assert service["User"] not in {"root", ""}
    assert service["ExecStart"].startswith(CKAN)


@pytest.mark.parametrize("path", sorted(SYSTEMD.glob("*.timer")), ids=lambda path: path.name)
def test_every_timer_has_its_service(path: Path):
    service = unit(f"{path.stem}.service")["Service"]
    assert service["Type"] == "oneshot"
    assert unit(path.name)["Timer"]["Persistent"] == "true"


def test_timers_do_what_the_table_does(scheduler: ModuleType):
    """Whoever takes systemd and whoever takes cron get the same jobs; the backup is no command of ``ckan``."""
    variables, jobs = scheduler.read_table(TABLE)
    assert variables["CKAN"] == CKAN
    wanted = {job.command.replace("$CKAN", CKAN): job.times for job in jobs}
    found = {}
    for path in SYSTEMD.glob("*.timer"):
        command = unit(f"{path.stem}.service")["Service"]["ExecStart"]
        found[command] = unit(path.name)["Timer"]["OnCalendar"]
    backup = [command for command in found if command.split()[0].endswith("/mxopendata-backup")]
    assert len(backup) == 1
    assert set(found) - set(backup) == set(wanted)
    for command, times in wanted.items():
        minute, hour, *_ = times.split()
        every = re.fullmatch(r"\*/(\d+)", minute)
        clock = f"*:00/{every[1]}:00" if every else f"{int(hour):02}:{int(minute):02}:00"
        assert found[command] == f"*-*-* {clock}", command


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The programs as supervisor itself reads them; folder and user of this machine stand in for the operator's."""
    folder = tmp_path_factory.mktemp("supervisor")
    text = SUPERVISOR.read_text(encoding="utf-8").replace("/var/log/ckan", str(folder))
    text = re.sub(r"^user=.*\n", "", text, flags=re.MULTILINE)
    configuration = folder / "supervisord.conf"
    configuration.write_text(f"[supervisord]\nlogfile={folder}/log\nidentifier=t\n\n{text}", encoding="utf-8")
    options = ServerOptions()
    options.realize(["-n", "-c", str(configuration)])
    return {group.name: group.process_configs for group in options.process_group_configs}


def test_supervisor_can_read_it(programs: dict[str, list[Any]]):
    assert sorted(programs) == sorted(PROGRAMS)
    assert len(programs["ckan-fetch-consumer"]) == 2


def test_supervisor_and_systemd_run_the_same(programs: dict[str, list[Any]]):
    for name in PROGRAMS:
        service = unit(f"{name}{'@' if 'fetch' in name else ''}.service")["Service"]
        for process in programs[name]:
            assert process.command == service["ExecStart"]
            assert process.autorestart
            given = service.get("Environment", "").strip('"').removeprefix("CKAN_REDIS_URL=")
            assert process.environment.get("CKAN_REDIS_URL", "") == given


def test_supervisor_runs_nothing_as_root():
    parser = configparser.RawConfigParser(inline_comment_prefixes=None, comment_prefixes=(";",))
    parser.read(SUPERVISOR, encoding="utf-8")
    assert {parser[f"program:{name}"]["user"] for name in PROGRAMS} == {"www-data"}


def test_cron_would_read_the_file():
    """A name without a dot, a line end at the end; variables are set, not used, in a setting of cron's."""
    assert TABLE.endswith("\n")
    assert not any("." in path.name for path in (DOCKER / "cron").iterdir())
    settings = [line for line in TABLE.splitlines() if re.match(r"^[A-Z]+\s*=", line)]
    assert not any("$" in line for line in settings)
    # cron takes an unquoted per cent sign for the end of a line.
    assert "%" not in TABLE
