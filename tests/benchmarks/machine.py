"""The machine that figures were measured on, without its name."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("ckan", "ckanext-scheming", "ckanext-harvest", "ckanext-dcat", "ckanext-mxopendata", "sqlalchemy", "rdflib")


def describe(services: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    """Cores, memory and versions.

    Args:
        services: name and version of what was started beside.
    """
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **dict(services), **_packages()},
    }


def load() -> float:
    """How many processes wanted a processor in the last minute: more than there are cores spoils every figure."""
    return round(os.getloadavg()[0], 1)


def _packages() -> dict[str, str]:
    return {name: found for name in PACKAGES if (found := _version(name))}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
