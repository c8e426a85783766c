"""The demo's own calendar server: a Radicale on this machine, in which two of the demo's people have an
account.

With it one can watch entries arrive. It keeps its calendars in the instance folder, answers on this machine
only, and is started by `portal serve --demo`, where Radicale is installed (the extra `demo`). Its port is
chosen once and kept, since the accounts remember it.
"""

import logging
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from portal.calendars.accounts import actions as accounts
from portal.clock import now
from portal.db import transaction
from portal.demo.company import JOAO, MIRA, address
from portal.demo.load import PASSWORD
from portal.people.queries import by_address

log = logging.getLogger(__name__)
FIRST_PORT, LAST_PORT = 5232, 5260
USERS = tuple(address(part.name) for part in (MIRA, JOAO))
"""Whose accounts there are; the name to sign in with is what stands before the @ of the address."""
CONFIG = """\
[server]
hosts = 127.0.0.1:{port}, [::1]:{port}

[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0

[rights]
type = owner_only

[storage]
filesystem_folder = {folder}/calendars

[logging]
level = warning
"""


@dataclass(frozen=True)
class CalendarServer:
    """Where the server keeps its things, and where it answers."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}/"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What starts it, after the name of Python."""
        return ("-m", "radicale", "--config", str(self.folder / "config"))


def user_of(email: str) -> str:
    """The name with which a person of the demo signs in there."""
    return email.partition("@")[0]


def prepare(instance: Path) -> CalendarServer | None:
    """Write the server's files, or find those of last time; None where Radicale is missing or its port is
    taken.
    """
    if find_spec("radicale") is None:
        return None
    folder = instance.resolve() / "demo-calendars"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "port"
    port = int(kept.read_text()) if kept.exists() else _free_port()
    if port is None or not _is_free(port):
        log.warning("the demo's calendar server stays off: port %s is taken", port or FIRST_PORT)
        return None
    kept.write_text(str(port))
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    (folder / "users").write_text("".join(f"{user_of(each)}:{PASSWORD}\n" for each in USERS))
    return CalendarServer(folder, port)


def connect(server: CalendarServer) -> None:
    """Connect the accounts of the demo's people; a worker writes into them as soon as it runs."""
    moment = now()
    with transaction():
        for email in USERS:
            person = by_address(email)
            if person is not None:
                user = user_of(email)
                accounts.connect(
                    person, address=server.url, username=user, password=PASSWORD, by=person.id, at=moment
                )


def _free_port() -> int | None:
    return next((port for port in range(FIRST_PORT, LAST_PORT) if _is_free(port)), None)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
