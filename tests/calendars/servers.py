"""Real calendar servers as processes of their own, on free ports, each with its own folder: Radicale and Xandikos."""

from __future__ import annotations

import base64
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import httpx
from lxml import etree

from portal.demo_calendars import CONFIG

PASSWORD = "dune-velvet-91-orchard"
LISTING = '<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:resourcetype/></d:prop></d:propfind>'


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class CalendarServer:
    """One server with one person's account. `url` is what that person types."""

    kind: str
    folder: Path
    port: int = field(default_factory=free_port)
    username: str = "ada"
    password: str = PASSWORD
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}/"

    @property
    def command(self) -> list[str]:
        """What starts it."""
        if self.kind == "radicale":
            return [sys.executable, "-m", "radicale", "--config", str(self.folder / "config")]
        given = [
            "-d",
            str(self.folder / "dav"),
            "-l",
            "127.0.0.1",
            "-p",
            str(self.port),
            "--state-dir",
            str(self.folder / "state"),
        ]
        return [sys.executable, "-m", "xandikos", "serve", *given, "--current-user-principal", "/ada/", "--defaults"]

    def start(self) -> None:
        """Start it, on the port and with the contents it had before, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "users").write_text(f"{self.username}:{self.password}\n")
        (self.folder / "config").write_text(CONFIG.format(port=self.port, folder=self.folder))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                httpx.request("OPTIONS", self.url, timeout=2)
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError(f"{self.kind} does not start: {(self.folder / 'log').read_text()}")

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
        answer = httpx.request(
            method,
            f"http://localhost:{self.port}{path}",
            content=content,
            headers=named,
            auth=(self.username, self.password),
        )
        assert answer.status_code == wanted if wanted else answer.is_success, f"{method} {path}: {answer} {answer.text}"
        return answer

    def items(self, calendar: str) -> dict[str, str]:
        """The texts of all items in a calendar, by path; unfolded, with plain line ends."""
        answer = self.ask("PROPFIND", calendar, LISTING, Depth="1", Content_Type="application/xml")
        hrefs = [each.findtext("{DAV:}href") or "" for each in etree.fromstring(answer.content).iterfind("{DAV:}response")]
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
        self.ask("PUT", path, text.replace("\n", "\r\n").encode(), Content_Type="text/calendar; charset=utf-8")

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
        return "/ada/" if self.kind == "radicale" else "/ada/calendars/"


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
