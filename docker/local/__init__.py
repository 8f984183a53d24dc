"""The local stack: a whole portal on one machine, on real services, from one command.

``make`` calls ``python3 -m local <command>`` with this folder's parent on the path. Everything here runs on the
standard library alone, because it runs before anything is installed; only ``wsgi.py``, ``prepare.py`` and the demo's
content run inside the virtual environment. All state lives below ``MXOPENDATA_HOME`` and nothing but 127.0.0.1 is
listened on.
"""
