"""Takes the pictures of ``docs/images`` and writes the page that shows them: ``make pictures``.

Of the running demonstration (``make demo``), to which it gives a past and some promises first, so that trends, quarters
and dates have something to tell. WebP, each smaller than 120 kB; the system's Chromium takes them.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "images"
WIDTHS = (1280, 390)
# Longer pages are cut: what they are like is seen by then.
HEIGHT = 2400
MOST_BYTES = 120_000
INSTITUTION = "jalisco"
MONTHS = 8


@dataclass(frozen=True)
class Picture:
    """One page of the demonstration.

    Attributes:
        name: of the file.
        path: of the page.
        told: what is to be seen, in a few words.
        role: of the person who sees it; anybody where it is empty.
    """

    name: str
    path: str
    told: str
    role: str = ""


def main() -> None:
    """Prepare the demonstration, take all pictures, write the page."""
    stack = json.loads((Path(os.environ.get("MXOPENDATA_BUILD") or ROOT / "build") / "stack.json").read_text("utf-8"))
    _give_a_past(stack)
    postponed = _give_promises(stack)
    listed = _get(f"{stack['url']}/compromisos.json?institucion={INSTITUTION}")["results"]
    promise = next(one["id"] for one in listed if one["title"] == postponed)
    pictures = _pictures(promise)
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        sys.exit("no Chromium on this machine: apt-get install chromium")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        for width in WIDTHS:
            for picture in pictures:
                _take(browser, stack, picture, width)
        browser.close()
    (ROOT / "docs" / "pictures.md").write_text(page(pictures), encoding="utf-8")


def _pictures(promise: str) -> list[Picture]:
    return [
        Picture("tablero", "/tablero", "The dashboard of the whole portal"),
        Picture("tablero-clasificacion", "/tablero/clasificacion", "The ranking of institutions"),
        Picture("tablero-institucion", f"/tablero/institucion/{INSTITUTION}", "The dashboard of an institution"),
        Picture("tablero-conjuntos", "/tablero/conjuntos?frescura=vencido", "The datasets behind a figure"),
        Picture("tablero-datos", f"/tablero/datos/sequia-por-municipio-{INSTITUTION}", "What counts for a dataset"),
        Picture("tablero-metodologia", "/tablero/metodologia", "The methodology"),
        Picture("compromisos", f"/compromisos?institucion={INSTITUTION}", "What an institution promised"),
        Picture("compromisos-uno", f"/compromisos/{promise}", "A promise with every date"),
        Picture(
            "compromisos-coincidencias",
            f"/organization/{INSTITUTION}/coincidencias",
            "Which dataset keeps which promise, as its administrators see it",
            "admin",
        ),
    ]


def page(pictures: list[Picture]) -> str:
    """The page that shows the pictures, wide and narrow."""
    told = "Pages with the data of the demonstration, at 1280 and 390 pixels wide; `make pictures` takes them anew."
    lines = ["# Pictures", "", told]
    for picture in pictures:
        lines += ["", f"## {picture.told}", ""]
        lines += [f"![{picture.told}, {width} pixels wide](images/{picture.name}-{width}.webp)" for width in WIDTHS]
    return "\n".join(lines) + "\n"


def _give_a_past(stack: dict[str, Any]) -> None:
    """Figures of the last day of some months, of the datasets of today: the demonstration has no other past."""
    today = datetime.now(timezone.utc).date()
    day = today.replace(day=1) - timedelta(days=1)
    past: list[date] = []
    while len(past) < MONTHS:
        past.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    for each in reversed(past):
        _ckan(stack, "indicators", "compute", "--now", f"{each.isoformat()}T18:00:00Z", "--json")
    _ckan(stack, "indicators", "compute", "--json")


def _give_promises(stack: dict[str, Any]) -> str:
    """An opening plan in two versions, some of it late, some still to come; the title of a promise that was moved."""
    found = _get(f"{stack['url']}/api/3/action/package_search?fq=organization:{INSTITUTION}&rows=6")
    kept = [dataset["title"] for dataset in found["result"]["results"]]
    today = datetime.now(timezone.utc).date()
    later = today + timedelta(days=120)
    promised = [*kept, "Padrón de obras públicas por municipio", "Verificaciones ambientales a empresas"]
    for postponed in (0, 60):
        lines = ["conjunto_datos,recurso_datos,fecha_publicacion"]
        for number, title in enumerate(promised):
            moved = timedelta(days=postponed if number % 3 == 0 else 0)
            day = later if number == len(promised) - 1 else today - timedelta(days=200 - 30 * number)
            lines.append(f'"{title}","{title} (CSV)",{(day + moved).isoformat()}')
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"plan-de-apertura-{postponed}.csv"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            _ckan(stack, "plan", "import", str(path), "--institution", INSTITUTION, "--json")
    return promised[0]


def _ckan(stack: dict[str, Any], *words: str) -> None:
    done = subprocess.run([*stack["ckan"], "mxopendata", *words], capture_output=True, text=True, check=False)
    if done.returncode == 2:
        sys.exit(f"ckan mxopendata {' '.join(words)}: {done.stderr[-500:]}")


def _get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


def _take(browser: Browser, stack: dict[str, Any], picture: Picture, width: int) -> None:
    context = browser.new_context(locale="es-MX", viewport={"width": width, "height": 900})
    shown = context.new_page()
    if picture.role:
        _log_in(shown, stack, picture.role)
    answer = shown.goto(f"{stack['url']}{picture.path}", wait_until="networkidle")
    if answer is None or answer.status != 200:
        sys.exit(f"{picture.path}: {answer.status if answer else 'no answer'}")
    height = min(HEIGHT, shown.evaluate("document.documentElement.scrollHeight"))
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    devtools = context.new_cdp_session(shown)
    for quality in (85, 70, 55, 40, 25, 15):
        told = {"format": "webp", "quality": quality, "clip": clip, "captureBeyondViewport": True}
        content = base64.b64decode(devtools.send("Page.captureScreenshot", told)["data"])
        if len(content) < MOST_BYTES:
            break
    (FOLDER / f"{picture.name}-{width}.webp").write_bytes(content)
    context.close()


def _log_in(shown: Page, stack: dict[str, Any], role: str) -> None:
    user = next(one for one in stack["users"] if (one["role"], one["organization"]) == (role, INSTITUTION))
    shown.goto(f"{stack['url']}/user/login")
    shown.locator("input[name=login]").fill(user["name"])
    shown.locator("input[name=password]").fill(user["password"])
    shown.keyboard.press("Enter")
    shown.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
