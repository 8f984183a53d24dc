"""What can go wrong with a source as a whole."""

from __future__ import annotations

from ckanext.mxopendata.metadata.findings import Finding


class SourceError(Exception):
    """The source cannot be read; ``finding`` says in the user's words why and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding
