"""The mailbox that answers to invitations come to, read over IMAP (RFC 9051). The only file that knows
`imaplib`.

A message is read, taken in a transaction of its own, and only then marked as read by us: killed in between,
it is read again, and an answer taken twice is taken once (replies). One that breaks something is marked too
and blocks no other. What is no answer stays unread for whoever else looks into the mailbox. One worker at a
time reads: a lock of the database or of the folder that ends with whoever holds it, so a worker that dies
leaves it free.
"""

import fcntl
import imaplib
import logging
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import Timer
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.calendars.by_mail import messages, replies
from portal.clock import now
from portal.db import db
from portal.errors import Invalid, OutsideFailure
from portal.settings import Mailbox, Settings, current

log = logging.getLogger(__name__)
ANSWER_SECONDS, WHOLE_SECONDS = 15, 120
ROUND = 100
"""Messages read in one round at the most."""
LOOKED_BACK = timedelta(days=30)
READ = "PortalRead"
"""The keyword that marks what we have read; where the server keeps no keywords, \\Seen has to do."""
SEEN = "\\Seen"
LOCK = 0x6D61696C626F78  # "mailbox": PostgreSQL's advisory lock
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
BROKEN = (imaplib.IMAP4.error, OSError)


class NotRead(OutsideFailure):
    """The mailbox cannot be read now."""

    def __init__(self, words: str) -> None:
        super().__init__(words, permanent=False)


def poll() -> int:
    """Take the answers that have come in; how many messages were read. The next round goes on after any
    trouble.
    """
    mailbox = current().mailbox
    if mailbox is None:
        return 0
    with _alone(current()) as free:
        if not free:
            return 0
        try:
            with connected(mailbox) as folder:
                return folder.read_new()
        except NotRead as trouble:
            log.warning(
                "the mailbox %s at %s cannot be read: %s", mailbox.folder, mailbox.host, trouble.message
            )
            return 0


@contextmanager
def connected(mailbox: Mailbox) -> Iterator["Folder"]:
    """The folder, opened; raises NotRead, also for whatever goes wrong inside on the way to the server."""
    try:
        server = _connect(mailbox)
    except BROKEN as error:
        raise NotRead(_words(error)) from error
    watch = Timer(WHOLE_SECONDS, _hang_up, [server.socket()])
    watch.daemon = True
    watch.start()
    try:
        yield Folder(server, mailbox.folder)
    except BROKEN as error:
        raise NotRead(_words(error)) from error
    finally:
        watch.cancel()
        with suppress(*BROKEN):
            server.logout()


class Folder:
    """A folder on the server, and what can be done with it."""

    def __init__(self, server: imaplib.IMAP4, name: str) -> None:
        self.server = server
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        _ok(server.select(f'"{escaped}"'))
        permanent = b" ".join(
            each for each in server.response("PERMANENTFLAGS")[1] if isinstance(each, bytes)
        )
        self.mark = READ if b"\\*" in permanent or READ.encode() in permanent else SEEN

    def read_new(self) -> int:
        """Take each message that was not read yet, the oldest first; how many."""
        uids = self.new(at=now())[:ROUND]
        for uid in uids:
            marks = self.mark
            try:
                if self._take(uid):
                    marks = f"{self.mark} {SEEN}"
            except (SQLAlchemyError, *BROKEN):
                raise
            except Invalid as refused:
                log.warning("message %s was not read: %s", uid, refused.message)
            except Exception:
                log.exception("message %s could not be taken, through a defect of ours", uid)
                db.session.rollback()
            _ok(self.server.uid("STORE", uid, "+FLAGS.SILENT", f"({marks})"))
        return len(uids)

    def new(self, *, at: datetime) -> list[str]:
        """The UIDs of what came in lately and was not read yet."""
        since = at - LOOKED_BACK
        unread = f"UNKEYWORD {self.mark}" if self.mark == READ else "UNSEEN"
        day = f"{since.day:02d}-{MONTHS[since.month - 1]}-{since.year}"
        found = _ok(self.server.uid("SEARCH", f"UNDELETED {unread} SINCE {day}"))
        uids = b" ".join(each for each in found if isinstance(each, bytes)).split()
        return [each.decode("ascii") for each in sorted(uids, key=int)]

    def _take(self, uid: str) -> bool:
        sizes = SIZE.findall(b" ".join(_parts(_ok(self.server.uid("FETCH", uid, "(RFC822.SIZE)")))))
        if sizes and int(sizes[0]) > messages.LARGEST:
            raise Invalid(f"It is larger than {messages.LARGEST:,} bytes.")
        fetched = _ok(self.server.uid("FETCH", uid, "(BODY.PEEK[])"))
        raw = next((each[1] for each in fetched if isinstance(each, tuple)), None)
        return raw is not None and replies.receive(raw).taken


def _parts(fetched: list[Any]) -> Iterator[bytes]:
    for each in fetched:
        yield from (
            part for part in (each if isinstance(each, tuple) else (each,)) if isinstance(part, bytes)
        )


def _connect(mailbox: Mailbox) -> imaplib.IMAP4:
    safe = ssl.create_default_context()
    if mailbox.tls == "tls":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            mailbox.host, mailbox.port, ssl_context=safe, timeout=ANSWER_SECONDS
        )
    else:
        server = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=ANSWER_SECONDS)
    try:
        if mailbox.tls == "starttls":
            server.starttls(safe)
        server.login(mailbox.username, mailbox.password)
    except BaseException:
        with suppress(OSError):  # a connection that failed to become safe is shut already
            server.shutdown()
        raise
    return server


def _ok(answer: tuple[str, Any]) -> list[Any]:
    said, data = answer[0], list(answer[1])
    if said != "OK":
        words = b" ".join(_parts(data)).decode("utf-8", "replace")
        raise NotRead(words[:400] or said)
    return data


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    said = error.args[0] if error.args and isinstance(error.args[0], bytes) else None
    return (said.decode("utf-8", "replace") if said else str(error) or type(error).__name__)[:400]


@contextmanager
def _alone(settings: Settings) -> Iterator[bool]:
    """Whether nobody else reads the mailbox while this lasts."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            free = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}))
            try:
                yield free
            finally:
                if free:
                    connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        return
    with (settings.instance / "mailbox.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
