"""Read the mailbox that answers to invitations come to, over IMAP (RFC 9051). The only module that uses
`imaplib`.

A message is read, taken in a transaction of its own, and only then marked as read by us. If the worker is
killed in between, it is read again, which does no harm (see `replies`). A message that breaks something is
marked too and blocks no other; one that is no answer stays unread for whoever else uses the mailbox. One
worker at a time reads, under a lock that ends with its process.
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
"""At most this many messages are read in one round."""
LOOKED_BACK = timedelta(days=30)
READ = "PortalRead"
"""The keyword on messages that we have read; on a server without keywords it is \\Seen."""
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
    """Take the answers that have come in; how many messages were read. After trouble the next round goes
    on.
    """
    mailbox = current().mailbox
    if mailbox is None:
        return 0
    with _lock(current()) as is_free:
        if not is_free:
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
    """The opened folder; raises NotRead, also for whatever goes wrong with the server inside the block."""
    try:
        server = _connect(mailbox)
    except BROKEN as error:
        raise NotRead(_words(error)) from error
    timer = Timer(WHOLE_SECONDS, _hang_up, [server.socket()])
    timer.daemon = True
    timer.start()
    try:
        yield Folder(server, mailbox.folder)
    except BROKEN as error:
        raise NotRead(_words(error)) from error
    finally:
        timer.cancel()
        with suppress(*BROKEN):
            server.logout()


class Folder:
    """A folder on the server."""

    def __init__(self, server: imaplib.IMAP4, name: str) -> None:
        self.server = server
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        _ok(server.select(f'"{escaped}"'))
        flags = server.response("PERMANENTFLAGS")[1]
        permanent = b" ".join(flag for flag in flags if isinstance(flag, bytes))
        self.mark = READ if b"\\*" in permanent or READ.encode() in permanent else SEEN

    def read_new(self) -> int:
        """Take each message that we have not read yet, the oldest first; how many."""
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
        """The UIDs of recent messages that we have not read yet."""
        since = at - LOOKED_BACK
        unread = f"UNKEYWORD {self.mark}" if self.mark == READ else "UNSEEN"
        day = f"{since.day:02d}-{MONTHS[since.month - 1]}-{since.year}"
        answer = _ok(self.server.uid("SEARCH", f"UNDELETED {unread} SINCE {day}"))
        uids = b" ".join(line for line in answer if isinstance(line, bytes)).split()
        return [uid.decode("ascii") for uid in sorted(uids, key=int)]

    def _take(self, uid: str) -> bool:
        sizes = SIZE.findall(b" ".join(_parts(_ok(self.server.uid("FETCH", uid, "(RFC822.SIZE)")))))
        if sizes and int(sizes[0]) > messages.LARGEST:
            raise Invalid(f"It is larger than {messages.LARGEST:,} bytes.")
        fetched = _ok(self.server.uid("FETCH", uid, "(BODY.PEEK[])"))
        raw = next((part[1] for part in fetched if isinstance(part, tuple)), None)
        return raw is not None and replies.receive(raw).taken


def _parts(fetched: list[Any]) -> Iterator[bytes]:
    for item in fetched:
        parts = item if isinstance(item, tuple) else (item,)
        yield from (part for part in parts if isinstance(part, bytes))


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
        with suppress(OSError):  # after a failed TLS handshake the connection is closed already
            server.shutdown()
        raise
    return server


def _ok(answer: tuple[str, Any]) -> list[Any]:
    status, data = answer[0], list(answer[1])
    if status != "OK":
        words = b" ".join(_parts(data)).decode("utf-8", "replace")
        raise NotRead(words[:400] or status)
    return data


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    raw = error.args[0] if error.args and isinstance(error.args[0], bytes) else None
    return (raw.decode("utf-8", "replace") if raw else str(error) or type(error).__name__)[:400]


@contextmanager
def _lock(settings: Settings) -> Iterator[bool]:
    """A lock of the database or of a file, held inside the block; whether we got it."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            is_free = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}))
            try:
                yield is_free
            finally:
                if is_free:
                    connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        return
    with (settings.instance / "mailbox.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
