"""Lines of the log that a program can read."""

from __future__ import annotations

from ckanext.mxopendata.harvest.events import line


def test_a_line_is_key_and_value_on_one_line():
    facts = {"source": "fuente-1", "cause": None, "rate": 34.6, "url": 'http://a.mx/b?c=d e\nf"g'}
    made = line("run_finished", facts)
    assert made == 'event=run_finished source=fuente-1 rate=34.6 url="http://a.mx/b?c=d e\\nf\\"g"'
    assert len(made.splitlines()) == 1
    assert line("x", {"a": "", "b": "ñ\u2028z"}) == 'event=x a="" b="\\u00f1\\u2028z"'
