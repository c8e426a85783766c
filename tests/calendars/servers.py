"""Real calendar servers as processes of their own, on free ports, each with its own folder: Radicale and
Xandikos.

Both also in a version of some years ago, in an environment of its own (`OLDER`), since many people run what
their system gave them and the servers have changed their ways since:

    Radicale 3.0.6    refuses `If-Match: *` on a PUT (412), answers a change with 201, and free-busy queries with nothing
    Xandikos 0.2.12   answers a PUT whose UID is taken with 207 rather than 412, one into a calendar that is not there with
                      404 rather than 409, finds UIDs only as a whole, and breaks (500) over a sync token it does not know

What each version does was found by asking it.
"""

from __future__ import annotations

import base64
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import fasteners
import httpx
from lxml import etree

from portal.demo.calendars import CONFIG
from portal.settings import HOUSE

PASSWORD = "dune-velvet-91-orchard"
LISTING = '<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:resourcetype/></d:prop></d:propfind>'

_OF_BOTH = (
    "defusedxml==0.7.1",
    "python-dateutil==2.9.0.post0",
    "pytz==2025.2",
    "six==1.17.0",
    "vobject==0.9.9",
)
OLDER = {
    "radicale-3.0.6": ("radicale==3.0.6", "passlib==1.7.4", "setuptools==65.5.0", *_OF_BOTH),
    "xandikos-0.2.12": (
        *(
            "xandikos==0.2.12",
            "aiohappyeyeballs==2.6.1",
            "aiohttp==3.12.15",
            "aiosignal==1.4.0",
            "attrs==25.3.0",
        ),
        *(
            "dulwich==0.22.8",
            "frozenlist==1.7.0",
            "icalendar==6.1.0",
            "idna==3.10",
            "jinja2==3.1.6",
            "markupsafe==3.0.2",
        ),
        *(
            "multidict==6.6.4",
            "propcache==0.3.2",
            "typing-extensions==4.14.1",
            "tzdata==2025.2",
            "urllib3==2.5.0",
        ),
        *("yarl==1.20.1", *_OF_BOTH),
    ),
}
"""Everything that goes into the environment of each older version: nothing else is taken, and nothing is
looked for.
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def python_of(kind: str) -> str:
    """The Python that runs a kind of server. That of an older version is made when it is first wanted, and
    then kept.
    """
    if kind not in OLDER:
        return sys.executable
    place = HOUSE / "build" / "calendar-servers" / kind
    wanted, made = "\n".join(OLDER[kind]), place / "made-of"
    place.parent.mkdir(parents=True, exist_ok=True)
    with fasteners.InterProcessLock(place.with_name(f"{kind}.lock")):
        if not made.exists() or made.read_text() != wanted:
            venv.create(place, clear=True, with_pip=True)
            install = [
                place / "bin" / "python",
                "-m",
                "pip",
                "--disable-pip-version-check",
                "install",
                "--quiet",
                "--no-deps",
            ]
            done = subprocess.run(
                [*install, *OLDER[kind]], capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, f"{kind} cannot be installed: {done.stderr}"
            made.write_text(wanted)
    return str(place / "bin" / "python")


@dataclass
class CalendarServer:
    """One server with one person's account. `url` is what that person types."""

    kind: str
    folder: Path | None
    port: int = field(default_factory=free_port)
    username: str = "ada"
    password: str = PASSWORD
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}/"

    @property
    def is_running(self) -> bool:
        """Whether it answers."""
        return self.process is not None

    @property
    def auth(self) -> httpx.Auth:
        """How its owner's program signs in."""
        return httpx.BasicAuth(self.username, self.password)

    @property
    def program(self) -> str:
        """Whose server it is, of whatever version."""
        return self.kind.partition("-")[0]

    @property
    def _own(self) -> Path:
        assert self.folder is not None
        return self.folder

    @property
    def command(self) -> list[str]:
        """What starts it."""
        python = python_of(self.kind)
        if self.program == "radicale":
            return [python, "-m", "radicale", "--config", str(self._own / "config")]
        newer = [] if self.kind in OLDER else ["serve"]
        given = ["-d", str(self._own / "dav"), "-l", "127.0.0.1", "-p", str(self.port)]
        given += ["--state-dir", str(self._own / "state")] if newer else []
        return [python, "-m", "xandikos", *newer, *given, "--current-user-principal", "/ada/", "--defaults"]

    def start(self) -> None:
        """Start it, on the port and with the contents it had before, and wait until it answers."""
        self._own.mkdir(parents=True, exist_ok=True)
        (self._own / "users").write_text(f"{self.username}:{self.password}\n")
        (self._own / "config").write_text(CONFIG.format(port=self.port, folder=self.folder))
        with (self._own / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                httpx.request("OPTIONS", self.url, timeout=2, trust_env=False)
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError(f"{self.kind} does not start: {(self._own / 'log').read_text()}")

    def backup(self) -> Any:
        """A copy of all it holds; nothing may be written meanwhile."""
        kept = self._own.with_name(f"{self._own.name}-backup-{secrets.token_hex(3)}")
        shutil.copytree(self._own, kept)
        return kept

    def restore(self, backup: Any) -> None:
        """Hold again what it held then: stopped, set back, and started as an operator would."""
        self.stop()
        shutil.rmtree(self._own)
        shutil.copytree(backup, self._own)
        self.start()

    def stop(self) -> None:
        """Stop it at once."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    # What the owner of the account does in their own program.

    def ask(
        self, method: str, path: str, content: bytes | str = b"", *, wanted: int | None = None, **headers: str
    ) -> httpx.Response:
        """One request of the owner's own program."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = _client().request(
            method, f"http://localhost:{self.port}{path}", content=content, headers=named, auth=self.auth
        )
        assert answer.status_code == wanted if wanted else answer.is_success, (
            f"{method} {path}: {answer} {answer.text}"
        )
        return answer

    def items(self, calendar: str) -> dict[str, str]:
        """The texts of all items in a calendar, by path; unfolded, with plain line ends."""
        answer = self.ask("PROPFIND", calendar, LISTING, Depth="1", Content_Type="application/xml")
        hrefs = [
            each.findtext("{DAV:}href") or ""
            for each in etree.fromstring(answer.content).iterfind("{DAV:}response")
        ]
        return {href: self.text(href) for href in sorted(hrefs) if href.endswith(".ics")}

    def calendars(self) -> list[str]:
        """The paths of all calendars."""
        answer = self.ask("PROPFIND", self.home, LISTING, Depth="1", Content_Type="application/xml")
        found = etree.fromstring(answer.content).iterfind("{DAV:}response")
        kind = ".//{urn:ietf:params:xml:ns:caldav}calendar"
        return [each.findtext("{DAV:}href") or "" for each in found if each.find(kind) is not None]

    def text(self, path: str) -> str:
        """The text of one item."""
        return self.ask("GET", path).text.replace("\r\n", "\n").replace("\n ", "")

    def put(self, path: str, text: str) -> None:
        """Write an item as the owner's program does."""
        self.ask(
            "PUT", path, text.replace("\n", "\r\n").encode(), Content_Type="text/calendar; charset=utf-8"
        )

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        """Replace pieces of an item's text."""
        text = self.text(path)
        for old, new in changes:
            assert old in text, f"{old!r} is not in {text}"
            text = text.replace(old, new)
        self.put(path, text)

    def delete(self, path: str) -> None:
        """Delete an item or a calendar."""
        self.ask("DELETE", path)

    def make_calendar(self, path: str, name: str) -> None:
        """Make another calendar."""
        self.ask(
            "MKCALENDAR",
            path,
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            f"<d:displayname>{escape(name)}</d:displayname></d:prop></d:set></c:mkcalendar>",
            Content_Type="application/xml",
        )

    @property
    def home(self) -> str:
        """The path under which calendars are."""
        return "/ada/" if self.program == "radicale" else "/ada/calendars/"


@lru_cache
def _client() -> httpx.Client:
    """What all owners' programs send through: making one takes longer than most requests."""
    return httpx.Client(verify=False, trust_env=False, timeout=20, headers={"Connection": "close"})  # noqa: S501  # plain http


@contextmanager
def running_server(kind: str, folder: Path) -> Iterator[CalendarServer]:
    """A server that is gone afterwards."""
    server = CalendarServer(kind, folder / f"{kind}-{secrets.token_hex(3)}")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def basic(username: str, password: str) -> str:
    """What HTTP Basic sends."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
