"""A real IMAP server (pymap) as a process of its own, with one mailbox, in an environment of its own.

It wants other versions of what the portal's tests are locked to, so it is installed when it is first wanted,
and kept.
"""

from __future__ import annotations

import imaplib
import subprocess
import time
import venv
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import fasteners

from portal.settings import HOUSE, Mailbox
from tests.postbox import free_port

PINNED = ("pymap==0.36.7", "proxy-protocol==0.11.3", "pysasl==1.2.0", "typing-extensions==4.16.0")
"""Everything that goes into the environment: nothing else is taken, and nothing is looked for."""
STARTS = """
import sys
from pymap.backend import mailbox
from pymap.main import main
from pymap.parsing.specials import Flag

keyword = sys.argv.pop(1)
if keyword:
    plain = mailbox.MailboxDataInterface.permanent_flags.fget
    mailbox.MailboxDataInterface.permanent_flags = property(lambda self: plain(self) | {Flag(keyword.encode())})
main()
"""
"""The server keeps no keywords by itself; told one, it keeps that, as most servers do."""


def python() -> str:
    """The Python that runs the server."""
    place = HOUSE / "build" / "mail-servers" / "pymap"
    wanted, made = "\n".join(PINNED), place / "made-of"
    place.parent.mkdir(parents=True, exist_ok=True)
    with fasteners.InterProcessLock(place.with_name("pymap.lock")):
        if not made.exists() or made.read_text() != wanted:
            venv.create(place, clear=True, with_pip=True)
            pip = [
                place / "bin" / "python",
                "-m",
                "pip",
                "--disable-pip-version-check",
                "install",
                "--quiet",
                "--no-deps",
            ]
            done = subprocess.run([*pip, *PINNED], capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, f"pymap cannot be installed: {done.stderr}"
            made.write_text(wanted)
    return str(place / "bin" / "python")


@dataclass
class MailServer:
    """One server; it forgets its letters when it stops. `certificate` and `key` have it speak STARTTLS."""

    folder: Path
    keyword: str = ""
    certificate: Path | None = None
    key: Path | None = None
    username: str = "answers"
    password: str = "heron-copper-27-quay"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        safe = ["--cert", str(self.certificate), "--key", str(self.key)] if self.certificate else ["--no-tls"]
        given = ["--host", "127.0.0.1", "--port", str(self.port), *safe, "dict"]
        given += ["--demo-user", self.username, "--demo-password", self.password]
        with (self.folder / "imap.log").open("ab") as log:
            self.process = subprocess.Popen(
                [python(), "-c", STARTS, self.keyword, *given], stdout=log, stderr=log
            )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with suppress(OSError):
                imaplib.IMAP4("127.0.0.1", self.port, timeout=2).logout()
                return
            time.sleep(0.1)
        raise AssertionError(f"the mail server does not answer: {(self.folder / 'imap.log').read_text()}")

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def mailbox(self, *, tls: str = "none", host: str = "127.0.0.1", **more: str) -> Mailbox:
        """What the portal is told of it."""
        facts = {"username": self.username, "password": self.password, **more}
        return Mailbox(host, self.port, tls=tls, **facts)

    def put(self, raw: bytes) -> None:
        """Have a message come in."""
        with self._signed_in() as server:
            assert server.append("INBOX", None, None, raw)[0] == "OK"

    def flags(self) -> list[str]:
        """The flags of each message, in the order they came in."""
        with self._signed_in() as server:
            server.select("INBOX", readonly=True)
            answer = server.fetch("1:*", "(FLAGS)")[1]
        told = [
            each.decode().partition("FLAGS (")[2].partition(")")[0]
            for each in answer
            if isinstance(each, bytes)
        ]
        return [" ".join(sorted(set(each.split()) - {"\\Recent"})) for each in told]

    def _signed_in(self) -> imaplib.IMAP4:
        server = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        server.login(self.username, self.password)
        return server
