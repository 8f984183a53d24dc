"""The suite comes: the wheel, the documented lines, the documented command, a restart."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from . import content, documented
from .conftest import SOURCES, STOCK_OPTIONS, Remote, Story
from .site import Place, Site, write_ini

SCHEMA_OPTIONS = ("scheming.dataset_schemas", "scheming.organization_schemas")


def test_the_wheel_is_installed(place: Place) -> None:
    # Everything it needs is there in the tested versions: nothing is fetched.
    place.run("pip", "install", "--no-index", "--no-input", "--disable-pip-version-check", str(place.wheel))
    found = place.run("python", "-c", "import ckanext.mxopendata as suite; print(*suite.__path__)").stdout
    assert str(place.venv) in found


def test_the_doctor_counts_old_extras_before_the_schema_is_switched_on(place: Place, site: Site) -> None:
    options = documented.switched_on(STOCK_OPTIONS)
    write_ini(place, site.port, {key: value for key, value in options.items() if key not in SCHEMA_OPTIONS})
    done = place.run("ckan", "-c", str(place.ini), "mxopendata", "doctor", "--json", expect=1)
    checks = {check["check"]: check for check in json.loads(done.stdout)}
    with_old_extras = sum(map(content.has_old_values, range(content.DATASETS)))
    assert not checks["old_extras"]["ok"]
    # Every harvested dataset has some, too: stock harvesters write `language`, `frequency` and the like.
    counted = f"{with_old_extras + 2 * content.HARVESTED} conjuntos y {len(content.INSTITUTIONS)} instituciones"
    assert counted in checks["old_extras"]["message"]
    assert all(key in checks["old_extras"]["message"] for key in content.OLD_KEYS)
    assert not checks["dataset_schema"]["ok"]
    assert not checks["migrations"]["ok"]


def test_lines_tables_restart(place: Place, site: Site, remotes: dict[str, Remote]) -> None:
    hosts = " ".join(urlsplit(remote.url).netloc for remote in remotes.values())
    write_ini(
        place,
        site.port,
        # The portals of this story are on this machine, which our harvesters leave alone unless told.
        {**documented.switched_on(STOCK_OPTIONS), "ckanext.mxopendata.http.allowed_private": hosts},
    )
    place.run("ckan", "-c", str(place.ini), *documented.migrations())
    site.stop()
    site.start()
    assert "mxopendata" in site.act("status_show", None)["extensions"]


def test_every_old_page_answers(site: Site, story: Story) -> None:
    assert site.refused(story.pages) == {}
    assert site.refused(story.private, codes=(403, 404)) == {}


def test_every_old_page_answers_its_people(site: Site, story: Story) -> None:
    of_institution = {
        name: [
            page
            for dataset in story.before.values()
            if dataset["private"] and dataset["organization"]["name"] == name
            for page in story.private
            if f"/{dataset['name']}" in page
        ]
        for name in content.INSTITUTIONS
    }
    assert all(of_institution.values())
    for institution in content.INSTITUTIONS:
        other = next(name for name in content.INSTITUTIONS if name != institution)
        for role in content.ROLES:
            user = content.user_name(institution, role)
            pages = ["/", f"/organization/{institution}", "/dashboard/", f"/user/{user}", "/user/edit"]
            assert site.refused(pages + of_institution[institution], user) == {}
            assert site.refused(of_institution[other], user, codes=(403, 404)) == {}


def test_every_old_form_opens(site: Site, story: Story) -> None:
    forms = {
        content.user_name("obras-publicas", "admin"): ["/organization/edit/obras-publicas", "/dataset/new"],
        content.user_name("salud", "editor"): ["/dataset/edit/conjunto-05", "/dataset/edit/conjunto-07"],
        "administradora": [
            *(f"/dataset/edit/conjunto-{number:02}" for number in (0, 9, 10, 12, 15, 30)),
            *(f"/dataset/resources/{name}" for name in list(story.before)[:2]),
            *(f"{page}/{name}" for page in ("/harvest/admin", "/harvest/edit") for name in SOURCES),
            "/group/edit/bienestar",
            "/harvest/new",
            "/ckan-admin/",
            "/dataset/groups/conjunto-01",
            "/dataset/activity/conjunto-01",
        ],
    }
    for user, pages in forms.items():
        assert site.refused(pages, user) == {}
