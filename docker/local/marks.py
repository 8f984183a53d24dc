"""Beginnings of the lines with which a child process speaks to us; everything else it prints goes to its log."""

from __future__ import annotations

STEP, ANSWER, FAILURE = "\x1estep ", "\x1eanswer ", "\x1efailure "
