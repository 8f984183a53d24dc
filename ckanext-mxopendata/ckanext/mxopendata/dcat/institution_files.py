"""The catalogue of one institution in JSON, as it is now, and the card of a dataset's contact."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from typing import IO, Any

from ckanext.mxopendata.dcat import site, values
from ckanext.mxopendata.dcat.entries import to_bytes
from ckanext.mxopendata.dcat.fragments import ENTRIES, UNUSABLE
from ckanext.mxopendata.dcat.writer import PartWriter, frame_around
from ckanext.mxopendata.metadata.records import stored_list

log = logging.getLogger(__name__)

_IN_MEMORY = 4 * 1024 * 1024


def write_institution(name: str, organization: Mapping[str, Any]) -> tuple[IO[bytes], str]:
    """What an anonymous visitor may see of an institution, whole before the first byte leaves.

    Args:
        name: ``datajson`` or ``adela``.
        organization: dictionary of ``organization_show``.

    Returns:
        The file at its beginning, in memory or, where it is large, on disk; and the SHA-256 of what it holds.
    """
    context = site.current_context([organization["id"]])
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (whoever sends it closes it)
    digest = hashlib.sha256()

    def write(data: bytes) -> None:
        digest.update(data)
        file.write(data)

    parts = PartWriter(frame_around(name, context, organization), write)
    for listed in site.list_datasets(organization["id"]):
        for dataset in site.read_datasets([entry.id for entry in listed]):
            try:
                parts.add(to_bytes(ENTRIES[name](dataset, context).properties))
            except UNUSABLE:  # noqa: PERF203  (each dataset by itself is the point)
                log.exception("dataset %s cannot be exported", dataset["id"])
    parts.finish()
    file.seek(0)
    return file, digest.hexdigest()[:32]


def contact_card(dataset: Mapping[str, Any]) -> str | None:
    """The first contact of a dataset as a vCard 4.0 (RFC 6350); ``None`` where it names none."""
    contact = next(iter(stored_list(dataset.get("contact"))), None)
    facts = contact if isinstance(contact, dict) else {"name": contact}
    organization = (dataset.get("organization") or {}).get("title")
    email = values.make_email_iri(facts.get("email"))
    phone = values.make_telephone_iri(facts.get("phone"))
    page = values.make_iri(facts.get("url"))
    lines = {
        "FN": _escaped(facts.get("name") or organization),
        "ORG": _escaped(organization),
        "TITLE": _escaped(facts.get("position")),
        "EMAIL": email.value.removeprefix("mailto:") if email else "",
        "TEL;VALUE=uri": phone.value if phone else "",
        "URL": page.value if page else "",
    }
    if not any(values.clean_text(value) for value in facts.values()):
        return None
    body = [f"{name}:{value}" for name, value in lines.items() if value]
    return "\r\n".join(["BEGIN:VCARD", "VERSION:4.0", *body, "END:VCARD", ""])


def _escaped(value: Any) -> str:
    text = values.clean_text(value).replace("\\", "\\\\")
    return text.replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")
