"""Pages of the harvest room."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("mxopendata_harvest", __name__)

__all__ = ["bp"]
