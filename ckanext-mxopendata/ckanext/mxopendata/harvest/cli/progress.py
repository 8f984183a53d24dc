"""How far a harvest is, on a terminal: how many records, how fast, how long still. Elsewhere nothing is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from tqdm import tqdm

PHASES = {"reading": "leyendo", "deciding": "decidiendo", "writing": "escribiendo", "ending": "cerrando"}
_COUNTED = "{desc}: {percentage:3.0f} % |{bar}| {n_fmt} de {total_fmt}, {rate_noinv_fmt}, faltan {remaining}"
_UNCOUNTED = "{desc}: {n_fmt}, {rate_noinv_fmt}, lleva {elapsed}"
_SOURCES = "{n_fmt} de {total_fmt} fuentes |{bar}| faltan {remaining}"


class Progress:
    """A bar of the sources that are done, and below it one for each that is under way.

    Args:
        names: name by id of the sources; one alone needs no bar for all.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._bars: dict[str, tqdm] = {}
        self._phases: dict[str, str] = {}
        alone = len(names) < 2
        self._all = _bar(total=len(names), bar_format=_SOURCES, disable=True if alone else None)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for bar in (*self._bars.values(), self._all):
            bar.close()

    def tell(self, source_id: str, phase: str, done: int, total: int | None) -> None:
        """Show how far a source is.

        Args:
            source_id: id of the source.
            phase: of its run.
            done: how many records are dealt with in this phase.
            total: how many there are, where that is known.
        """
        words = f"{self._names[source_id]}, {PHASES.get(phase, phase)}"
        counted = _COUNTED if total else _UNCOUNTED
        bar = self._bars.get(source_id)
        if bar is None:
            bar = _bar(total=total, desc=words, unit=" registros", bar_format=counted)
            self._bars[source_id], self._phases[source_id] = bar, phase
        bar.bar_format = counted
        if self._phases[source_id] != phase:
            # Reading and writing have a speed each.
            self._phases[source_id] = phase
            bar.set_description_str(words, refresh=False)
            bar.reset(total)
        bar.total = total
        bar.update(done - bar.n)

    def follow(self, source_id: str) -> Callable[[Any, int, int | None], None]:
        """What ``engine.advance`` is to tell of the run of a source in this process."""

        def told(run: Any, done: int, total: int | None) -> None:
            self.tell(source_id, run.phase, done, total)

        return told

    def end(self, source_id: str) -> None:
        """A source is done."""
        bar = self._bars.pop(source_id, None)
        if bar is not None:
            bar.close()
        self._all.update()


def _bar(**options: Any) -> tqdm:
    """A bar that goes when it is closed; none at all where nobody looks at a terminal."""
    return tqdm(**{"file": sys.stderr, "leave": False, "disable": None, "miniters": 1, **options})
