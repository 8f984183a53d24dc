"""Which institutions stand above and below one another. Pure.

A field names the institution above; where a municipality names none, it is the government of its state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_STATE_KEY, _MUNICIPALITY_KEY = 2, 5


@dataclass(frozen=True)
class Institution:
    """What is known of an institution without asking for all of it; texts may be empty."""

    name: str
    title: str
    acronym: str = ""
    gov_type: str = ""
    cvegeo: str = ""
    parent: str = ""


@dataclass(frozen=True)
class Family:
    """The institutions around one.

    Attributes:
        above: the one it belongs to, or ``None``.
        below: those that name it as theirs, by title.
        municipalities: of a state's government, the municipalities of the state that publish here and do not name
            another institution as theirs, by title.
    """

    above: Institution | None
    below: tuple[Institution, ...]
    municipalities: tuple[Institution, ...]

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.above or self.below or self.municipalities)


def is_state_government(one: Institution) -> bool:
    """Whether it governs a state; a ministry or agency of the state names what it belongs to."""
    return one.gov_type == "state" and len(one.cvegeo) == _STATE_KEY and not one.parent


def is_municipality(one: Institution) -> bool:
    """Whether it governs a municipality."""
    return one.gov_type == "municipal" and len(one.cvegeo) == _MUNICIPALITY_KEY


def family(one: Institution, others: Iterable[Institution]) -> Family:
    """Find the relatives of an institution.

    Args:
        one: the institution.
        others: at least those that may be relatives; itself is passed over.

    Returns:
        Where the field names nobody who is there, a municipality belongs to the only government of its state; where
        there are several such institutions, to none of them.
    """
    known = sorted((other for other in others if other.name != one.name), key=lambda other: other.title.casefold())
    above = next((other for other in known if other.name == one.parent), None)
    if above is None and not one.parent and is_municipality(one):
        state = [other for other in known if is_state_government(other) and other.cvegeo == one.cvegeo[:_STATE_KEY]]
        above = state[0] if len(state) == 1 else None
    below = tuple(other for other in known if other.parent == one.name)
    own = [other for other in known if is_municipality(other) and other.cvegeo[:_STATE_KEY] == one.cvegeo]
    municipalities = tuple(other for other in own if is_state_government(one) and not other.parent)
    return Family(above, below, municipalities)
