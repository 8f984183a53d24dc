"""What the story does to the site from outside: start it, ask for pages, call actions, give commands."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

WORKER = Path(__file__).with_name("worker.py")
REQUEST_SECONDS = 120
PASSWORD = "una-contrasena-larga"


class ActionError(Exception):
    """CKAN refused an action; ``status`` and its ``error``."""

    def __init__(self, action: str, status: int, error: Any) -> None:
        super().__init__(f"{action}: {status}: {json.dumps(error, ensure_ascii=False)[:2000]}")
        self.status = status
        self.error = error


@dataclass(frozen=True)
class Place:
    """Where the existing CKAN lives: its environment, its services, its folder."""

    version: str
    venv: Path
    wheel: Path
    home: Path
    database: str
    solr: str
    redis: str

    @classmethod
    def from_environment(cls) -> Place:
        """As the lane ``guest`` says it; ``KeyError`` names what is missing."""
        return cls(
            version=os.environ["MXOPENDATA_GUEST_CKAN"],
            venv=Path(os.environ["MXOPENDATA_GUEST_VENV"]),
            wheel=Path(os.environ["MXOPENDATA_GUEST_WHEEL"]),
            home=Path(os.environ["MXOPENDATA_GUEST_HOME"]),
            database=os.environ["CKAN_SQLALCHEMY_URL"],
            solr=os.environ["CKAN_SOLR_URL"],
            redis=os.environ["CKAN_REDIS_URL"],
        )

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.venv / "bin" / "python"

    @property
    def ini(self) -> Path:
        """Its configuration."""
        return self.home / "ckan.ini"

    def environment(self) -> dict[str, str]:
        """Of its processes: nothing of the checkout, nothing of the test's own CKAN."""
        kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "LC_ALL", "TMPDIR")}
        return {**kept, "PATH": f"{self.venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(self, *words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a program of its environment, as an operator types it; its exit code must be ``expect``."""
        done = subprocess.run(
            [str(self.venv / "bin" / words[0]), *words[1:]],
            cwd=self.home,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


@dataclass
class Site:
    """The running site; ``with`` ends it."""

    place: Place
    port: int
    log: Path
    sessions: dict[str, requests.Session] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, tables: bool = False) -> None:
        """Start it and wait until it is ready.

        Args:
            tables: whether it makes its tables first.
        """
        self.sessions.clear()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.place.python), str(WORKER), str(self.place.ini), str(self.port), *["--tables"] * tables],
                cwd=self.place.home,
                env=self.place.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._answer() == "ready"

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is None:
            return
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None

    def order(self, what: str, **details: Any) -> Any:
        """Give the process an order; see ``worker.py``."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, **details}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the site's process ended:\n{self.last_words()}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-6000:]

    def command(self, *words: str, codes: Sequence[int] = (0,)) -> Any:
        """A command with ``--json`` inside the running process; the document it prints."""
        done = self.order("command", words=[*words])
        assert done["code"] in codes, f"{words}: {done}"
        return json.loads(done["out"])

    def act(self, action: str, token: str | None, **details: Any) -> Any:
        """Call an action over HTTP, as any client does; its result, else :class:`ActionError`."""
        headers = {"Authorization": token} if token else {}
        answer = requests.post(
            f"{self.url}/api/3/action/{action}", json=details, headers=headers, timeout=REQUEST_SECONDS
        )
        try:
            document = answer.json()
        except ValueError:
            raise ActionError(action, answer.status_code, answer.text[:500]) from None
        if not document.get("success"):
            raise ActionError(action, answer.status_code, document.get("error"))
        return document["result"]

    def page(self, path: str, user: str | None = None) -> requests.Response:
        """A page as a browser gets it; the user logs in first, as people do."""
        session = self.sessions.get(user or "")
        if session is None:
            session = self.sessions[user or ""] = requests.Session()
            if user is not None:
                self._log_in(session, user)
        return session.get(f"{self.url}{path}", timeout=REQUEST_SECONDS)

    def _log_in(self, session: requests.Session, user: str) -> None:
        form = session.get(f"{self.url}/user/login", timeout=REQUEST_SECONDS).text
        token = re.search(r'name="_csrf_token"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="_csrf_token"', form)
        assert token, form[:2000]
        answer = session.post(
            f"{self.url}/user/login",
            data={"login": user, "password": PASSWORD, "_csrf_token": token.group(1) or token.group(2)},
            headers={"Referer": f"{self.url}/user/login"},
            timeout=REQUEST_SECONDS,
        )
        assert answer.status_code == 200, answer.text[:2000]
        assert "/user/login" not in answer.url, f"{user} could not log in"

    def refused(self, paths: Sequence[str], user: str | None = None, codes: Sequence[int] = (200,)) -> dict[str, int]:
        """The paths among these that are answered otherwise than expected, with what they are answered."""
        answered = {path: self.page(path, user).status_code for path in paths}
        return {path: code for path, code in answered.items() if code not in codes}


def write_ini(place: Place, port: int, options: Mapping[str, str]) -> None:
    """Write the configuration of the site, with these options on top of what every CKAN has."""
    lines = {
        "use": "egg:ckan",
        "SECRET_KEY": "solo-para-pruebas",
        "WTF_CSRF_SECRET_KEY": "solo-para-pruebas",
        "api_token.jwt.encode.secret": "string:solo-para-pruebas-y-bastante-larga-para-hs256",
        "api_token.jwt.decode.secret": "string:solo-para-pruebas-y-bastante-larga-para-hs256",
        "ckan.site_id": "guest",
        "ckan.site_url": f"http://127.0.0.1:{port}",
        "ckan.site_title": "Portal de siempre",
        "ckan.storage_path": str(place.home / "storage"),
        "sqlalchemy.url": place.database,
        "solr_url": place.solr,
        "ckan.redis.url": place.redis,
        "ckan.harvest.mq.type": "redis",
        **options,
    }
    content = "[app:main]\n" + "".join(f"{key} = {value.replace('%', '%%')}\n" for key, value in lines.items())
    place.ini.write_text(content + LOGGING, encoding="utf-8")


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


LOGGING = """
[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(asctime)s %(levelname)-5.5s [%(name)s] %(message)s
"""
