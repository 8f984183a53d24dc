"""What of a run needs somebody, and whether that is news. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ckanext.mxopendata import http_retry
from ckanext.mxopendata.metadata.findings import catalogue

# A portal that did not answer once may answer tomorrow by itself: told when it fails twice in a row.
PASSING = http_retry.PASSING | {"http_too_slow", "json_cut_off", "json_empty"}
# Faults on our side, of which the institution can mend nothing: the log tells who runs the portal.
OURS = frozenset({"run_fault", "record_failed", "record_not_indexed"})
DOUBTFUL = "doubtful"


def needs(
    status: str, codes: Iterable[str], causes: Mapping[str, int], doubtful: int, before: str | None
) -> list[str] | None:
    """What of a run that ended somebody of the institution must see to.

    Args:
        status: of the run.
        codes: of the findings about the list as a whole.
        causes: code of a finding → how many records have it.
        doubtful: how many datasets of this run wait for somebody to say whether they are one of before.
        before: status of the run before, or ``None``.

    Returns:
        Words that name it, the same in each run for the same thing: ``failed:<code>``, ``held:<code>``,
        ``rejected:<code>``, ``doubtful``; an empty list where all is well; ``None`` where nothing can be said yet, or
        nothing that an institution could mend.
    """
    wrong = [code for code in codes if _severity(code) == "error"]
    if status == "failed":
        if OURS.intersection(wrong):
            return None
        lasting = [code for code in wrong if code not in PASSING]
        if not lasting:
            return ["failed:unreachable"] if before == "failed" else None
        return sorted({f"failed:{code}" for code in lasting})
    if status == "held":
        return sorted({f"held:{code}" for code in wrong}) or ["held"]
    found = {f"rejected:{code}" for code in (*wrong, *causes) if _severity(code) == "error" and code not in OURS}
    if doubtful:
        found.add(DOUBTFUL)
    return sorted(found)


def is_news(wanted: Sequence[str] | None, earlier: Iterable[tuple[Sequence[str] | None, bool]]) -> bool:
    """Whether what a run needs has not been told yet.

    Args:
        wanted: what it needs.
        earlier: of the source's runs before, the newest first: what each needed, and whether that was told.
    """
    if not wanted:
        return False
    for needed, told in earlier:
        if needed == []:
            # All was well in between: that it is not any more is news again.
            return True
        if told:
            # Doubtful datasets are counted in the run that made them, and in no other.
            return DOUBTFUL in wanted or not set(wanted) <= set(needed or ())
    return True


def _severity(code: str) -> str:
    return catalogue().get(code, {}).get("severity", "error")
