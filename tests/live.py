"""The portal as people run it: web server and worker under the supervisor, on a free port, with a real mail
server.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from flask import Flask

from portal.app import create_app
from portal.db import db, transaction
from portal.people.models import Person
from portal.programmes.models import Programme, ProgrammeStaff
from portal.settings import Settings, new_keys
from tests.personas import Factories
from tests.postbox import Postbox, free_port
from tests.processes import portal
from tests.visitor import session_of


class LivePortal:
    """`portal serve` (or, with `command`, another of its commands) in `folder`. `log` is what it has said."""

    def __init__(self, folder: Path, postbox: Postbox, **settings: str) -> None:
        self.folder = folder
        self.postbox = postbox
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
        }
        self.environ = {
            **inherited,
            **new_keys(),
            "PORTAL_INSTANCE": str(folder),
            "PUBLIC_URL": self.url,
            "MAIL_URL": postbox.url,
            "MAIL_FROM": "mentoring@example.com",
            "ALLOWED_EMAIL_DOMAINS": "example.com",
            "CALDAV_ALLOWED_HOSTS": "localhost",
            **settings,
        }

    @property
    def log(self) -> str:
        """All that its processes have said."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @cached_property
    def app(self) -> Flask:
        """The application in this process, on the same database."""
        return create_app(Settings.from_environment(self.environ))

    @cached_property
    def make(self) -> Factories:
        """Makes rows in the portal's database."""
        return Factories(self.app)

    def command(self, *words: str) -> str:
        """Run `portal <words>` to its end; what it printed."""
        done = portal(self.environ, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `portal <words>` and let it run."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "portal.cli.main", *words],
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start(self) -> LivePortal:
        """Serve, and wait until it is ready."""
        process = self.begin("serve", "--port", str(self.port))
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert process.poll() is None, f"the portal stopped:\n{self.log}"
            if self.ready():
                return self
            time.sleep(0.1)
        raise AssertionError(f"the portal is not ready after a minute:\n{self.log}")

    def ready(self) -> bool:
        """Whether /readyz says so."""
        try:
            with urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def stop(self) -> None:
        """Stop all that was begun, as Ctrl-C would, and not so gently after a while."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
        if "app" in self.__dict__:
            with self.app.app_context():
                db.session.remove()
                db.engine.dispose()

    def staff_of(self, programme: Programme, person: Person) -> ProgrammeStaff:
        """The row that has `person` run `programme`, not added yet."""
        return ProgrammeStaff(programme_id=programme.id, person_id=person.id)

    def cookie_of(self, person: Person) -> dict[str, str]:
        """A cookie that signs `person` in, as Playwright takes it."""
        token = secrets.token_urlsafe(32)
        with self.app.app_context(), transaction():
            db.session.add(session_of(person.id, token))
        return {"name": self.app.config["SIGN_IN_COOKIE"], "value": token, "url": self.url}
