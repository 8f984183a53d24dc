"""The site as it was for years: stock CKAN, stock harvesters, the default schema."""

from __future__ import annotations

import subprocess

from . import content
from .conftest import SOURCES, Remote, Story
from .harvesting import datasets_of, harvest
from .site import PASSWORD, Place, Site

HARVEST_PAGES = ("/harvest", "/harvest/{}", "/harvest/about/{}")
HARVEST_ADMIN_PAGES = ("/harvest/admin/{}", "/harvest/{}/job", "/harvest/{}/job/last", "/harvest/edit/{}")


def test_the_suite_is_not_there(place: Place) -> None:
    program = "from importlib.metadata import distributions; print(*(d.name for d in distributions()))"
    done = subprocess.run([place.python, "-c", program], capture_output=True, text=True, check=True)
    assert "ckanext-harvest" in done.stdout
    assert "ckanext-mxopendata" not in done.stdout


def test_it_is_this_ckan(site: Site, place: Place) -> None:
    assert site.act("status_show", None)["ckan_version"].startswith(f"{place.version}.")


def test_people_and_datasets(site: Site, story: Story) -> None:
    story.admin = site.order("sysadmin", name="administradora", password=PASSWORD)
    for name, title in content.INSTITUTIONS.items():
        people = [{"name": content.user_name(name, role), "capacity": role} for role in content.ROLES]
        for person in people:
            user = person["name"]
            site.act("user_create", story.admin, name=user, password=PASSWORD, email=f"{user}@example.com")
            story.tokens[user] = site.order("token", name=user)
        extras = [{"key": key, "value": value} for key, value in content.INSTITUTION_EXTRAS.items()]
        site.act("organization_create", story.admin, name=name, title=title, users=people, extras=extras)
    for name, title in content.GROUPS.items():
        site.act("group_create", story.admin, name=name, title=title)
    for number in range(content.DATASETS):
        site.act("package_create", story.admin, **content.dataset(number))
    found = site.act("package_search", story.admin, rows=0, include_private=True)
    assert found["count"] == content.DATASETS


def test_both_sources_are_harvested(site: Site, story: Story, remotes: dict[str, Remote]) -> None:
    for name, kind in SOURCES.items():
        site.act(
            "harvest_source_create",
            story.admin,
            name=name,
            title=name,
            url=remotes[kind].url,
            source_type=kind,
            owner_org="obras-publicas",
            config="",
            frequency="MANUAL",
        )
        job = harvest(site, story.admin, name)
        assert job["stats"]["added"] == content.HARVESTED, job
        assert job["stats"]["errored"] == 0, job
        assert len(datasets_of(site, story.admin, name)) == content.HARVESTED


def test_every_page_answers(site: Site, story: Story) -> None:
    found = site.act("package_search", story.admin, rows=1000, include_private=True, fq="dataset_type:dataset")
    names = [dataset["name"] for dataset in found["results"]]
    story.before = {name: site.act("package_show", story.admin, id=name) for name in names}
    assert len(story.before) == content.DATASETS + 2 * content.HARVESTED
    story.pages = ["/", "/dataset/", "/dataset/?q=obras&sort=metadata_modified+desc", "/organization/", "/group/"]
    story.pages += [f"/organization/{name}" for name in content.INSTITUTIONS]
    story.pages += [f"/organization/about/{name}" for name in content.INSTITUTIONS]
    story.pages += [f"/group/{name}" for name in content.GROUPS]
    story.pages += [page.format(name) for page in HARVEST_PAGES for name in SOURCES]
    story.pages += ["/catalog.ttl", "/feeds/dataset.atom", "/about", "/user/login"]
    for dataset in story.before.values():
        own = [f"/dataset/{dataset['name']}"]
        own += [f"/dataset/{dataset['name']}/resource/{resource['id']}" for resource in dataset["resources"]]
        (story.private if dataset["private"] else story.pages).extend(own)
    assert len(story.private) > len(content.PRIVATE)
    assert site.refused(story.pages) == {}
    assert site.refused(story.private, codes=(403, 404)) == {}
    assert site.refused([page.format(name) for page in HARVEST_ADMIN_PAGES for name in SOURCES], "administradora") == {}
