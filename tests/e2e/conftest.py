"""A real browser against the running demonstration (``make demo``), which ``build/stack.json`` describes."""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from absent import give_up
from e2e.scripts import wait_for_scripts

ROOT = Path(__file__).resolve().parents[2]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# The first page of each kind compiles its templates.
expect.set_options(timeout=15_000)


@dataclass(frozen=True)
class User:
    """A person of the demonstration."""

    name: str
    role: str
    organization: str | None
    password: str
    token: str


@dataclass(frozen=True)
class Stack:
    """The running demonstration."""

    url: str
    users: tuple[User, ...]
    portals: tuple[dict[str, Any], ...]

    def user(self, role: str, organization: str | None = None) -> User:
        """The person with that role, in that institution where the role has one."""
        return next(user for user in self.users if user.role == role and organization in (None, user.organization))

    def get(self, path: str, token: str | None = None) -> bytes:
        """The body of a page or file that must be there."""
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": token} if token else {})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def status(self, path: str, token: str | None = None) -> int:
        """The HTTP status of a page."""
        try:
            self.get(path, token)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        return 200

    def api(self, name: str, /, token: str | None = None, **parameters: Any) -> Any:
        """The result of an action that must succeed."""
        request = urllib.request.Request(
            f"{self.url}/api/3/action/{name}",
            data=json.dumps(parameters).encode(),
            headers={"Content-Type": "application/json"} | ({"Authorization": token} if token else {}),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["result"]

    def datasets(self, fq: str = "", rows: int = 1000) -> list[dict[str, Any]]:
        """All public datasets that a search finds."""
        return self.api("package_search", fq=fq, rows=rows)["results"]


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The demonstration, which must be up."""
    file = Path(os.environ.get("MXOPENDATA_BUILD") or ROOT / "build") / "stack.json"
    if not file.is_file():
        give_up(f"the demonstration is not running ({file} lacks): run make demo first")
    facts = json.loads(file.read_text(encoding="utf-8"))
    if not facts["portals"]:
        give_up("the site is empty: run make demo, make up is not enough")
    return Stack(facts["url"], tuple(User(**user) for user in facts["users"]), tuple(facts["portals"]))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        give_up("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path)
        yield started
        started.close()


@pytest.fixture(scope="session")
def login_states(stack: Stack, browser: Browser) -> Callable[[User], Any]:
    """Logs a person in through the form, once, and gives the cookies for any number of contexts."""
    known: dict[str, Any] = {}

    def state(user: User) -> Any:
        if user.name not in known:
            context = browser.new_context(locale="es-MX", viewport=WIDE)
            page = context.new_page()
            page.goto(f"{stack.url}/user/login")
            page.get_by_label("Nombre de usuario").fill(user.name)
            page.get_by_label("Contraseña").fill(user.password)
            page.keyboard.press("Enter")
            expect(page.locator(".account.authed, .authed").first).to_be_visible()
            known[user.name] = context.storage_state()
            context.close()
        return known[user.name]

    return state


@pytest.fixture
def open_page(stack: Stack, browser: Browser, login_states: Callable[[User], Any]) -> Iterator[Callable[..., Page]]:
    """Opens a page of the site, as anybody or as a person, wide or narrow; script errors fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_one(path: str, user: User | None = None, viewport: Any = None) -> Page:
        context = browser.new_context(
            locale="es-MX",
            viewport=viewport or WIDE,
            storage_state=login_states(user) if user else None,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        answer = page.goto(f"{stack.url}{path}")
        assert answer is not None, path
        assert answer.status == 200, f"{path}: {answer.status}"
        return wait_for_scripts(page)

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def passing(stack: Stack) -> Iterator[Callable[[str], str]]:
    """Notes the name of a dataset that the test makes, so that it is gone again afterwards."""
    names: list[str] = []

    def note(name: str) -> str:
        names.append(name)
        return name

    yield note
    token = stack.user("sysadmin").token
    for name in names:
        if stack.status(f"/api/3/action/package_show?id={name}", token) == 200:
            stack.api("dataset_purge", token=token, id=name)


def quoted(text: str) -> str:
    """For a query string."""
    return urllib.parse.quote(text)
