"""The generator needs no CKAN (rule 1 of the architecture)."""

from __future__ import annotations

import subprocess
import sys

PURE = ("triples", "catalogue", "writer", "fragments", "datajson", "adela", "dumps", "check", "parser")


def test_the_pure_modules_do_not_import_ckan():
    imports = ", ".join(f"ckanext.mxopendata.dcat.{name}" for name in PURE)
    code = f"import sys, {imports}; sys.exit('ckan' in sys.modules or 'flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
