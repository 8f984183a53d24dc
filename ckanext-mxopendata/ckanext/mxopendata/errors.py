"""What can go wrong with what is read from elsewhere, as a whole."""

from __future__ import annotations

from ckanext.mxopendata.metadata.findings import Finding


class SourceError(Exception):
    """A source or a linked file cannot be read; ``finding`` says in the user's words why and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding
