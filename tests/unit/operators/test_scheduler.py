"""``ckan-scheduler``: cron's table, without cron and without root."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

DOCKER = Path(__file__).resolve().parents[3] / "docker"
TABLE = (DOCKER / "cron" / "mxopendata").read_text(encoding="utf-8")


def test_the_shipped_table_is_read(scheduler: ModuleType):
    variables, jobs = scheduler.read_table(TABLE)
    assert set(variables) == {"SHELL", "CKAN"}
    assert len(jobs) == 5
    assert all(job.command.startswith("$CKAN ") for job in jobs)


@pytest.mark.parametrize(
    ("moment", "count"),
    [("2026-11-22T03:15", 2), ("2026-11-22T03:45", 2), ("2026-11-22T10:05", 1), ("2026-11-22T10:06", 0)],
)
def test_jobs_are_due_in_their_minute(scheduler: ModuleType, moment: str, count: int):
    _, jobs = scheduler.read_table(TABLE)
    assert sum(job.due(datetime.fromisoformat(moment)) for job in jobs) == count


@pytest.mark.parametrize("line", ["61 * * * * ckan true", "* * * * ckan", "every day ckan mxopendata export"])
def test_a_line_that_is_none_is_quoted(scheduler: ModuleType, line: str):
    with pytest.raises(ValueError, match="line 2 is no line of cron"):
        scheduler.read_table(f"# table\n{line}\n")


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if path.exists() and path.read_text(encoding="utf-8"):
            return path.read_text(encoding="utf-8")
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


def test_a_job_gets_the_variables_of_the_table(scheduler: ModuleType, tmp_path: Path):
    target = tmp_path / "said"
    variables, jobs = scheduler.read_table(f'WORD=one two\n* * * * * www-data echo "$WORD" > {target}\n')
    scheduler.start(jobs[0], {**variables, "PATH": os.environ["PATH"]})
    assert wait_for(target) == "one two\n"


def test_a_job_that_still_runs_is_not_started_again(
    scheduler: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    _, jobs = scheduler.read_table(f"* * * * * www-data echo once >> {tmp_path / 'log'}; sleep 60\n")
    environment = {"PATH": os.environ["PATH"]}
    scheduler.start(jobs[0], environment)
    wait_for(tmp_path / "log")
    scheduler.start(jobs[0], environment)
    assert (tmp_path / "log").read_text(encoding="utf-8") == "once\n"
    assert "still running" in capfd.readouterr().out
    process = jobs[0].process
    scheduler.end(jobs)
    assert process.poll() is not None


def test_how_a_job_ended_is_said_once(scheduler: ModuleType, capfd: pytest.CaptureFixture[str]):
    _, jobs = scheduler.read_table("* * * * * www-data exit 3\n")
    scheduler.start(jobs[0], {"PATH": os.environ["PATH"]})
    jobs[0].process.wait(timeout=10)
    scheduler.report(jobs[0])
    scheduler.report(jobs[0])
    assert capfd.readouterr().out.count("ended with 3") == 1


def test_it_ends_when_told_and_leaves_a_sign_of_life(tmp_path: Path):
    table = tmp_path / "table"
    table.write_text("0 0 1 1 * www-data true\n", encoding="utf-8")
    pulse = tmp_path / "pulse"
    program = subprocess.Popen(
        [sys.executable, DOCKER / "image" / "ckan-scheduler", table],
        env={**os.environ, "MXOPENDATA_PULSE": str(pulse)},
        stdout=subprocess.PIPE,
    )
    deadline = time.monotonic() + 20
    while not pulse.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pulse.exists()
    program.send_signal(signal.SIGTERM)
    output, _ = program.communicate(timeout=20)
    assert program.returncode == 0
    assert b"1 jobs" in output


def test_a_table_that_cannot_be_read_is_said(tmp_path: Path):
    words = [sys.executable, DOCKER / "image" / "ckan-scheduler", tmp_path / "none"]
    refused = subprocess.run(words, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "No such file" in refused.stderr
