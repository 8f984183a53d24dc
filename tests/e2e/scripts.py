"""When a page of CKAN is ready for a person's hands."""

from __future__ import annotations

from playwright.sync_api import Page

MODULES_RUN = """() => {
    const modules = window.ckan?.module;
    const wanted = [...document.querySelectorAll("[data-module]")].some(
        element => element.dataset.module.trim().split(" ").some(name => modules?.registry[name]));
    return !wanted || Object.keys(modules.instances).length > 0;
}"""


def wait_for_scripts(page: Page) -> Page:
    """The same page, once CKAN's modules listen.

    They start after the page's load, when the browser's translations came; what is typed or uploaded before is not
    noticed by them.
    """
    page.wait_for_function(MODULES_RUN)
    return page
