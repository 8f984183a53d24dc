"""Loopback portals of eight governments, for the demonstration and for tests.

Real names of real governments, invented data: every portal, dataset and file says so. The pieces, in the order in which
data flows: ``governments`` (who publishes, in which protocol and with which habits), ``topics.csv`` (our word list),
``records`` (clean records), ``dirt`` (how publishers misspell them), ``ckan`` and ``datajson`` (the two protocols),
``files`` (what a download gives), ``server`` (HTTP). ``python -m portals --help`` starts them.
"""
