"""Apache Jena's ``riot``, the reader of RDF that many harvesters in Java are made of, from Maven Central.

Its libraries are fetched once into the project's ``build`` folder, as those of Solr are into the installation.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from local import files, java, maven, settings

MAIN = "riotcmd.riot"
SECONDS = 300
# JSON-LD is read whole; the collector for throughput halves the time on two cores.
JAVA_OPTIONS = ("-Xmx1g", "-XX:+UseParallelGC")
# Without a logger Jena keeps what it finds to itself.
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mx.opendata</groupId>
  <artifactId>test-jena</artifactId>
  <version>5.5.0</version>
  <properties><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
  <dependencies>
    <dependency><groupId>org.apache.jena</groupId><artifactId>jena-cmds</artifactId><version>5.5.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>2.0.17</version></dependency>
  </dependencies>
</project>
"""
_FINDING = re.compile(r"^(?:\[[^]]*\] )?(WARN|ERROR|FATAL)\b.*$", re.MULTILINE)
_COUNTED = re.compile(r"^(\S.*?)\s+: Triples = ([\d,]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Reading:
    """What ``riot`` says about some files.

    Attributes:
        triples: how many it read, by name of the file; one that it cannot read is not in it.
        errors: why it cannot.
        warnings: what it reads and does not like.
    """

    triples: dict[str, int]
    errors: list[str]
    warnings: list[str]


@dataclass(frozen=True)
class Riot:
    """The program: which Java runs it, and its libraries."""

    java: Path
    libraries: Path

    def read(self, paths: Sequence[Path]) -> Reading:
        """Read files by their endings, strictly; each term is checked (addresses, values of their datatypes).

        ``riot`` ends with code 1 when it warned, too, so its words decide.

        Raises:
            AssertionError: it ended badly and said nothing that explains it, as without memory.
        """
        argv = [str(self.java), *JAVA_OPTIONS, "-cp", f"{self.libraries}/*", MAIN, "--check", "--strict", "--count"]
        done = subprocess.run(
            [*argv, *map(str, paths)], capture_output=True, text=True, errors="replace", check=False, timeout=SECONDS
        )
        printed = f"{done.stderr}\n{done.stdout}"
        findings = [(found.group(1), found.group(0)) for found in _FINDING.finditer(printed)]
        assert done.returncode == 0 or (done.returncode == 1 and findings), f"{done.returncode}: {printed[-3000:]}"
        triples = {
            Path(name).name: int(number.replace(",", ""))
            for name, number in _COUNTED.findall(printed)
            if name != "Total"
        }
        return Reading(
            triples,
            [line for level, line in findings if level != "WARN"],
            [line for level, line in findings if level == "WARN"],
        )


def triples_by_pyoxigraph(paths: Sequence[Path]) -> dict[str, int]:
    """What ``riot`` should count, by the name of the file.

    A triple that a file says twice counts twice, but once in JSON-LD, which Jena takes in whole before it counts.
    """
    return {
        path.name: len(set(ox.parse(path=str(path))))
        if path.suffix == ".jsonld"
        else sum(1 for _ in ox.parse(path=str(path)))
        for path in paths
    }


def fetched() -> Riot:
    """The program, its libraries fetched where they lack.

    Raises:
        Problem: there is no Java and none can be had.
        MissingError: there is no Maven.
        CommandFailed: Maven cannot fetch them.
    """
    installation = settings.from_environment()
    program = java.java(installation)
    mark = hashlib.sha256(POM.encode()).hexdigest()[:8]
    libraries = settings.ROOT / "build" / f"jena-libraries-{mark}"
    if not libraries.exists():
        _fetch(libraries, java.home(program))
    return Riot(program, libraries)


def _fetch(libraries: Path, java_home: Path) -> None:
    pom = libraries.with_suffix(".pom")
    files.write_text(pom, POM, 0o644)
    try:
        maven.fetch(maven.program(), pom, libraries, libraries.with_suffix(".log"), java_home)
    except OSError:
        # Another run at the same time was first.
        if not libraries.exists():
            raise
