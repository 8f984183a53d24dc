"""The form of ckanext-harvest, in which an operator makes a stock source one of ours."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from ckan.tests import factories, helpers

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site", "stock_harvesters")]


def test_the_form_changes_the_type_and_says_what_lost_its_effect(make_source, portal, app):
    source = make_source(portal.url(""), "ckan", remote_orgs="only_local", force_all=True)
    sysadmin = factories.SysadminWithToken()
    headers = {"Authorization": sysadmin["token"]}
    address = f"/harvest/edit/{source['name']}"
    page = app.get(address, headers=headers)
    form = BeautifulSoup(page.body, "html.parser").select_one("form#source-new")
    assert form is not None
    sent = {
        field["name"]: field.text if field.name == "textarea" else field.get("value", "")
        for field in form.select("input[type=text], input[type=hidden], textarea")
        if field.get("name")
    }
    chosen = form.select("select option[selected]")
    sent.update({option.parent["name"]: option.get("value", "") for option in chosen if option.parent.get("name")})
    sent.update({"source_type": "mx_ckan", "owner_org": source["owner_org"]})
    shown = BeautifulSoup(app.post(address, data=sent, headers=headers).body, "html.parser")
    said = [note.get_text(" ", strip=True) for note in shown.select(".flash-messages .alert")]
    assert len([text for text in said if "«remote_orgs»" in text and "«institution»" in text]) == 1
    assert len([text for text in said if "«force_all»" in text]) == 1
    changed = helpers.call_action("harvest_source_show", id=source["id"])
    assert (changed["source_type"], changed["config"]) == ("mx_ckan", source["config"])
