"""Runs the migrations of this plugin on CKAN's connection."""

from ckanext.mxopendata.migrations import run

run(__file__)
