"""The site for a web server of several processes; CKAN's wheel brings no such module. ``CKAN_INI`` names the ini."""

from __future__ import annotations

import os

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

application = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())
