"""Names made of titles: of datasets in addresses, and identifiers for records that have none."""

from __future__ import annotations

import hashlib
import re
import unicodedata

DERIVED_PREFIX = "derivado"


def derived_identifier(institution: str, title_key: str) -> str:
    """The identifier of a record that has none, from its institution and its normalised title.

    Both stay when the file is put in another order, so the record stays the same dataset.
    """
    return f"{DERIVED_PREFIX}:{slug(institution)}:{slug(title_key, limit=150)}"


def dataset_name(title: str) -> str:
    """A name for the address of a dataset's page: between 2 and 90 letters, digits and hyphens."""
    name = slug(title, limit=90)
    return name if len(name) >= 2 else f"conjunto-{name or short_digest(title)}"


def short_digest(text: str) -> str:
    """Six hexadecimal digits that tell equal titles apart."""
    return hashlib.blake2b(text.encode("utf-8", errors="surrogatepass"), digest_size=3).hexdigest()


def slug(text: str, limit: int = 80) -> str:
    """Letters without accents, digits and single hyphens, cut at a hyphen where possible."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(name) > limit:
        head = name[: limit + 1].rpartition("-")[0]
        name = head if len(head) >= limit // 2 else name[:limit]
    return name
