"""The suite's wheel, built from a copy of the checkout: an earlier build may have left files there."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from local import commands
from local.settings import Settings

PACKAGED = ("ckanext-mxopendata", "schemas", "harvest_configs", "pyproject.toml", "setup.py", "README.md", "LICENSE")


def build(settings: Settings, target: Path) -> Path:
    """Build the wheel by way of the source distribution, so that this is complete too.

    Args:
        settings: the installation, whose environment holds the tools.
        target: the folder to write to; its older wheels are taken away.

    Returns:
        The wheel.

    Raises:
        CommandFailed: it cannot be built.
    """
    for older in target.glob("*.whl"):
        older.unlink()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        for name in PACKAGED:
            path = settings.root / name
            if path.is_dir():
                shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            else:
                shutil.copy(path, source / name)
        argv = [settings.python, "-m", "build", "--no-isolation", "--outdir", target, source]
        commands.run(argv, settings.logs / "wheel.log")
    return next(target.glob("*.whl"))
