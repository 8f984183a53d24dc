"""An operator who has a schema for datasets already: told so, shown the way, and both schemas' fields afterwards."""

from __future__ import annotations

import json
from pathlib import Path

from . import content, documented
from .conftest import STOCK_OPTIONS, Story
from .site import Place, Site, write_ini

OWN_SCHEMA = """
scheming_version: 2
dataset_type: dataset
about: Esquema propio
about_url: https://www.ejemplo.gob.mx
dataset_fields:
- {field_name: title, label: Título, preset: title}
- {field_name: name, label: Dirección, preset: dataset_slug}
- {field_name: notes, label: Descripción, form_snippet: markdown.html}
- {field_name: owner_org, label: Institución, preset: dataset_organization}
- {field_name: clave_interna, label: Clave interna}
resource_fields:
- {field_name: url, label: URL, preset: resource_url_upload}
- {field_name: licencia_interna, label: Licencia interna}
"""


def _own_schema(place: Place) -> Path:
    path = place.home / "propio.yaml"
    path.write_text(OWN_SCHEMA, encoding="utf-8")
    return path


def test_the_doctor_says_that_two_schemas_collide(place: Place, site: Site) -> None:
    own = _own_schema(place).as_uri()
    options = documented.switched_on(STOCK_OPTIONS)
    key = "scheming.dataset_schemas"
    write_ini(place, site.port, {**options, key: f"{options[key]} {own}"})
    done = place.run("ckan", "-c", str(place.ini), "mxopendata", "doctor", "--json", expect=1)
    check = next(check for check in json.loads(done.stdout) if check["check"] == "dataset_schema")
    assert not check["ok"]
    assert own in check["message"]
    assert "merge-schema" in check["cure"]


def test_both_are_merged_as_the_doctor_says(place: Place, site: Site, story: Story) -> None:
    target = place.home / "unido.yaml"
    words = ("merge-schema", _own_schema(place).as_uri(), "--output", str(target), "--json")
    merged = site.command("mxopendata", *words)
    write_ini(place, site.port, {**documented.switched_on(STOCK_OPTIONS), **merged["configuration"]})
    site.stop()
    site.start()
    # CKAN shows datasets as they were indexed: a changed schema is seen once the index is written again.
    site.order("reindex")
    checks = {check["check"]: check for check in site.command("mxopendata", "doctor", "--json", codes=(0, 1))}
    assert checks["dataset_schema"]["ok"], checks["dataset_schema"]
    names = [f"conjunto-{number:02}" for number in range(0, content.DATASETS, 6)]
    for name in names:
        shown = site.act("package_show", story.admin, id=name)
        assert shown["clave_interna"] == f"K-{name[-2:]:0>3}"
        assert shown["title"] == story.before[name]["title"]
    assert site.act("package_show", None, id="conjunto-00")["frequency"] == "R/P1M"
    editor = story.tokens[content.user_name("obras-publicas", "editor")]
    site.act("package_patch", editor, id="conjunto-06", clave_interna="K-nueva")
    assert site.act("package_show", None, id="conjunto-06")["clave_interna"] == "K-nueva"
    assert site.refused([f"/dataset/{name}" for name in names]) == {}
    assert site.refused(["/dataset/edit/conjunto-06"], content.user_name("obras-publicas", "editor")) == {}
