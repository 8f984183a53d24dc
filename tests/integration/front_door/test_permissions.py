"""Who may see and do (the table of the architecture), asked for every action of ours as every kind of user.

Every action has its auth function; an action that is not in the table below fails the first test.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import Any

import pytest

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.authz import auth_functions_list
from ckan.tests import factories, helpers

from ckanext.mxopendata.harvest.model import Run
from ckanext.mxopendata.planning.commitment_model import Commitment
from ckanext.mxopendata.planning.model import Role

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

ROLES = ("anonymous", "member", "editor", "admin", "other_admin", "sysadmin")
EVERYBODY = frozenset(ROLES)
INSIDE = frozenset({"member", "editor", "admin", "sysadmin"})
ADMINS = frozenset({"admin", "sysadmin"})
EDITORS = frozenset({"editor", "admin", "sysadmin"})
WITH_ACCOUNT = EVERYBODY - {"anonymous"}

Site = dict[str, Any]
# action, what it is asked (made from the site), who may
TABLE: list[tuple[str, Callable[[Site], dict[str, Any]], frozenset[str]]] = [
    ("mxopendata_dataset_validate", lambda site: {"id": site["public"]}, EVERYBODY),
    ("mxopendata_dataset_validate", lambda site: {"id": site["private"]}, INSIDE),
    ("mxopendata_dataset_validate", lambda site: {"dataset": {"title": "Sin guardar"}}, WITH_ACCOUNT),
    ("mxopendata_table_import", lambda site: {"institution": site["institution"]}, EDITORS),
    ("mxopendata_table_show", lambda site: {"institution": site["institution"]}, EVERYBODY),
    ("mxopendata_role_list", lambda site: {"institution": site["institution"]}, EVERYBODY),
    ("mxopendata_role_create", lambda site: {"institution": site["institution"]}, ADMINS),
    ("mxopendata_role_update", lambda site: {"id": site["role"]}, ADMINS),
    ("mxopendata_role_delete", lambda site: {"id": site["role"]}, ADMINS),
    ("mxopendata_commitment_list", lambda site: {"institution": site["institution"]}, EVERYBODY),
    ("mxopendata_commitment_sums", lambda site: {"institution": site["institution"]}, EVERYBODY),
    ("mxopendata_commitment_sums", lambda site: {"institution": site["institution"], "closed": True}, INSIDE),
    ("mxopendata_commitment_show", lambda site: {"id": site["promise"]}, EVERYBODY),
    ("mxopendata_commitment_show", lambda site: {"id": site["closed_promise"]}, INSIDE),
    ("mxopendata_commitment_create", lambda site: {"institution": site["institution"]}, ADMINS),
    ("mxopendata_commitment_import", lambda site: {"institution": site["institution"]}, ADMINS),
    ("mxopendata_commitment_update", lambda site: {"id": site["promise"]}, ADMINS),
    ("mxopendata_commitment_match_list", lambda site: {"institution": site["institution"]}, ADMINS),
    ("mxopendata_commitment_match_confirm", lambda site: {"id": site["promise"]}, ADMINS),
    ("mxopendata_commitment_match_refuse", lambda site: {"id": site["promise"]}, ADMINS),
    ("mxopendata_commitment_withdraw", lambda site: {"id": site["promise"]}, ADMINS),
    ("mxopendata_commitment_restore", lambda site: {"id": site["promise"]}, ADMINS),
    ("mxopendata_vocabulary_show", lambda site: {"id": "themes"}, EVERYBODY),
    ("mxopendata_harvest_run_show", lambda site: {"run": site["run"]}, EVERYBODY),
    ("mxopendata_harvest_record_list", lambda site: {"run": site["run"]}, EVERYBODY),
    ("mxopendata_harvest_run_show", lambda site: {"run": site["private_run"]}, INSIDE),
    ("mxopendata_harvest_record_list", lambda site: {"run": site["private_run"]}, INSIDE),
    ("mxopendata_harvest_change_list", lambda site: {"source": "fuente-publica"}, EVERYBODY),
    ("mxopendata_harvest_change_list", lambda site: {"source": "fuente-privada"}, INSIDE),
    ("mxopendata_harvest_doubtful_list", lambda site: {}, WITH_ACCOUNT),
    ("mxopendata_harvest_doubtful_decide", lambda site: {"id": site["doubtful"]}, EDITORS),
    ("mxopendata_harvest_run_list", lambda site: {}, EVERYBODY),
    ("mxopendata_harvest_source_list", lambda site: {}, EVERYBODY),
    ("mxopendata_harvest_source_search", lambda site: {}, EVERYBODY),
    ("mxopendata_harvest_source_detect", lambda site: {"institution": site["institution"]}, ADMINS),
    ("mxopendata_harvest_source_detect", lambda site: {}, frozenset({"sysadmin"})),
    ("mxopendata_harvest_source_add", lambda site: {"institution": site["institution"]}, ADMINS),
    ("mxopendata_harvest_upload", lambda site: {"institution": site["institution"]}, EDITORS),
    ("mxopendata_harvest_upload_show", lambda site: {"institution": site["institution"]}, EDITORS),
    ("mxopendata_datajson_show", lambda site: {"ids": [site["public"]]}, EVERYBODY),
    ("mxopendata_dump_show", lambda site: {"format": "ttl"}, EVERYBODY),
    ("mxopendata_indicator_list", lambda site: {}, EVERYBODY),
    ("mxopendata_indicator_show", lambda site: {"id": "mx.datasets"}, EVERYBODY),
    ("mxopendata_dashboard_show", lambda site: {}, EVERYBODY),
    ("mxopendata_institution_report", lambda site: {"id": site["institution"]}, EVERYBODY),
    ("mxopendata_ranking", lambda site: {}, EVERYBODY),
    ("mxopendata_dataset_report", lambda site: {"id": site["public"]}, EVERYBODY),
    ("mxopendata_dataset_report", lambda site: {"id": site["private"]}, INSIDE),
    ("mxopendata_snapshot_list", lambda site: {"institution": site["institution"]}, EVERYBODY),
    ("mxopendata_measurement_list", lambda site: {"institution": site["institution"]}, EVERYBODY),
]


def _source(name: str, institution: str, *, private: bool) -> dict[str, Any]:
    source = helpers.call_action(
        "harvest_source_create",
        name=name,
        title=name,
        url=f"http://{name}.example/data.json",
        source_type="mx_datajson",
        owner_org=institution,
        frequency="MANUAL",
    )
    if private:
        model.Package.get(source["id"]).private = True
        model.Session.commit()
    return source


def _run(source_id: str) -> str:
    now = datetime.now(timezone.utc)
    run = Run(source_id=source_id, status="finished", phase="done", at=now, started=now, finished=now)
    model.Session.add(run)
    model.Session.commit()
    return run.id


def _role(institution: str) -> str:
    role = Role(organization_id=institution, kind="liaison", person="Ana", appointed_on=date(2026, 1, 15))
    model.Session.add(role)
    model.Session.commit()
    return role.id


def _promise(institution: str, *, open_to_all: bool) -> str:
    promise = Commitment(
        organization_id=institution, line_key=str(open_to_all), title="Rutas", in_plan=True, open_to_all=open_to_all
    )
    model.Session.add(promise)
    model.Session.commit()
    return promise.id


def _doubtful(institution: str) -> str:
    other = factories.Dataset(owner_org=institution)
    return factories.Dataset(owner_org=institution, possible_duplicate_of=other["id"])["id"]


@pytest.fixture(scope="module")
def site(clean_site: None) -> Site:
    users = {role: factories.User() for role in ("member", "editor", "admin", "other_admin")}
    users["sysadmin"] = factories.Sysadmin()
    institution = factories.Organization(
        users=[{"name": users[role]["name"], "capacity": role} for role in ("member", "editor", "admin")]
    )
    factories.Organization(users=[{"name": users["other_admin"]["name"], "capacity": "admin"}])
    return {
        "users": {role: user["name"] for role, user in users.items()} | {"anonymous": ""},
        "institution": institution["id"],
        "public": factories.Dataset(owner_org=institution["id"])["id"],
        "private": factories.Dataset(owner_org=institution["id"], private=True)["id"],
        "doubtful": _doubtful(institution["id"]),
        "role": _role(institution["id"]),
        "promise": _promise(institution["id"], open_to_all=True),
        "closed_promise": _promise(institution["id"], open_to_all=False),
        "run": _run(_source("fuente-publica", institution["id"], private=False)["id"]),
        "private_run": _run(_source("fuente-privada", institution["id"], private=True)["id"]),
    }


def test_every_action_is_in_the_table(clean_site: None):
    ours = {
        name
        for plugin in p.PluginImplementations(p.IActions)
        for name in plugin.get_actions()
        if name.startswith("mxopendata_")
    }
    assert ours == {action for action, _, _ in TABLE}
    assert ours <= set(auth_functions_list())


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("action", "asked", "allowed"), TABLE, ids=[f"{row[0]}-{i}" for i, row in enumerate(TABLE)])
def test_who_may(site: Site, role: str, action: str, asked: Callable[[Site], dict[str, Any]], allowed: frozenset[str]):
    context = {"user": site["users"][role], "ignore_auth": False, "model": model}
    if role in allowed:
        assert tk.check_access(action, context, asked(site))
    else:
        with pytest.raises(tk.NotAuthorized):
            tk.check_access(action, context, asked(site))


@pytest.mark.parametrize("role", ROLES)
def test_runs_of_a_private_source_are_listed_to_those_inside(site: Site, role: str):
    runs = tk.get_action("mxopendata_harvest_run_list")({"user": site["users"][role], "ignore_auth": False}, {})
    assert (site["private_run"] in {run["run"] for run in runs}) == (role in INSIDE)


@pytest.mark.parametrize("role", ROLES)
def test_promises_that_are_not_public_are_listed_to_those_inside(site: Site, role: str):
    asked = {"user": site["users"][role], "ignore_auth": False}
    found = tk.get_action("mxopendata_commitment_list")(asked, {})
    assert (site["closed_promise"] in {one["id"] for one in found["results"]}) == (role in INSIDE)
    assert (found["count"] == 2) == (role in INSIDE)
