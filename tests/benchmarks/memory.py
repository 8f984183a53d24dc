"""How much memory this process holds."""

from __future__ import annotations

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_rss_mb() -> float:
    """The most memory that this process held, in MB."""
    if _STATUS.exists():
        return _of_status("VmHWM")
    # Elsewhere than on Linux; there getrusage also counts what the process was before it became this one.
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024, 1)


def rss_mb() -> float:
    """The memory that this process holds now, in MB; elsewhere than on Linux the most it held."""
    return _of_status("VmRSS") if _STATUS.exists() else peak_rss_mb()


def _of_status(name: str) -> float:
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return round(int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) / 1024, 1)
