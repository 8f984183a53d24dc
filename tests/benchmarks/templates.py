"""Text with places to fill: made of an example by telling which of its words are which."""

from __future__ import annotations

import re
from collections.abc import Mapping


def template(text: str, words: Mapping[str, str]) -> str:
    """Make a template for the ``%`` operator.

    Args:
        text: an example.
        words: word of the example → name of the value that stands there. Of two words the longer one is looked for
            first; no word may be empty.

    Returns:
        The template; ``template(text, words) % {name: word, …}`` is ``text`` again.
    """
    if not words:
        return text.replace("%", "%%")
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))
    pieces: list[str] = []
    end = 0
    for found in pattern.finditer(text):
        pieces += [text[end : found.start()].replace("%", "%%"), f"%({words[found[0]]})s"]
        end = found.end()
    return "".join([*pieces, text[end:].replace("%", "%%")])
