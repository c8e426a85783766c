"""A real SMTP server that keeps what it is given, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Postbox:
    """Letters as they arrived. `answer` is what the server says to each, such as `451 later` or `550 no such
    box`.
    """

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answer = "250 taken"
        self.seconds_before_answer = 0.0
        self.begun = threading.Event()
        self.port = free_port()
        self._controller: Controller | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a letter in, or refuse it."""
        self.begun.set()
        if self.seconds_before_answer:
            await asyncio.sleep(self.seconds_before_answer)
        if self.answer.startswith("2"):
            content = (
                envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
            )
            letter = message_from_bytes(content, policy=policy.default)
            assert isinstance(letter, EmailMessage)
            self.letters.append(letter)
        return self.answer

    @property
    def url(self) -> str:
        """What MAIL_URL says to send letters here."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Open for letters, at the same port each time."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Close, if it is open."""
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    def to(self, address: str) -> list[EmailMessage]:
        """The letters to `address`, in the order they came."""
        return [each for each in list(self.letters) if address.lower() in str(each["To"]).lower()]

    def wait_for(self, address: str, *, subject: str = "", seconds: float = 20) -> EmailMessage:
        """The latest letter to `address` whose subject holds `subject`, once it is there."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = [each for each in self.to(address) if subject.lower() in str(each["Subject"]).lower()]
            if found:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(
            f"no letter to {address} about {subject!r}; there are {[str(e['To']) for e in self.letters]}"
        )


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def text_of(letter: EmailMessage) -> str:
    """The plain part of a letter."""
    part = letter.get_body(("plain",))
    assert part is not None, "a letter has a plain part"
    return str(part.get_content())


def link_in(letter: EmailMessage) -> str:
    """The path (and query) of the one private link in a letter's plain text."""
    links = re.findall(r"https?://[^\s<>\"]+", text_of(letter))
    assert links, f"no link in {text_of(letter)}"
    parts = urlsplit(max(links, key=len))
    return (
        parts.path
        + (f"?{parts.query}" if parts.query else "")
        + (f"#{parts.fragment}" if parts.fragment else "")
    )
