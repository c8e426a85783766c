"""A server at the level of the socket that does whatever a test wants, and remembers which credentials it was
shown.

And what asking it costs: `Scales` asks in a process of its own, forked for each question, so that memory is
that of one question alone, what C libraries take included.
"""

from __future__ import annotations

import json
import resource
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.source import HOUSE

END = b"\r\n\r\n"
SECRET = "password-nobody-may-read"
MEGABYTE = 1_000_000


class Talk:
    """One request, and the line it came over."""

    def __init__(self, line: socket.socket, request: bytes, villain: Villain) -> None:
        self.line, self.request, self.villain = line, request, villain
        self.method, self.path = (each.decode() for each in request.split(b" ", 2)[:2])

    def say(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Send these pieces."""
        self.repeat(pieces, pause=pause)

    def repeat(self, pieces: Iterable[bytes], *, pause: float = 0.0) -> None:
        """Send piece after piece, until there are no more or nobody listens."""
        for each in pieces:
            self.line.sendall(each)
            self.villain.sent += len(each)
            if pause and self.villain.over.wait(pause):
                return


class Villain:
    """Listens on a port of its own; every request is answered by `act`. `greet` is what comes before any
    request.
    """

    def __init__(
        self,
        act: Callable[[Talk], None] = lambda _talk: None,
        *,
        tls: ssl.SSLContext | None = None,
        greet: Callable[[socket.socket], None] | None = None,
        listen: str = "127.0.0.1",
    ) -> None:
        self.act, self.tls, self.greet = act, tls, greet
        self.requests: list[bytes] = []
        self.lines, self.sent = 0, 0
        self.over = threading.Event()
        self.listener = socket.create_server((listen, 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http{'s' if self.tls else ''}://localhost:{self.port}/"

    @property
    def credentials(self) -> list[str]:
        """Everything that looks like a way to sign in, in any request."""
        lines = [line for each in self.requests for line in each.partition(END)[0].split(b"\r\n")]
        telling = (b"authorization", b"proxy-authorization", b"cookie")
        return [line.decode() for line in lines if line.partition(b":")[0].strip().lower() in telling]

    def close(self) -> None:
        """Stop listening and dripping."""
        self.over.set()
        self.listener.close()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            self.lines += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with plain:
            try:
                plain.settimeout(30)
                if self.greet:
                    self.greet(plain)
                line = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
                with line:
                    while request := _message(line):
                        self.requests.append(request)
                        self.act(Talk(line, request, self))
                        if b"connection: close" in request.lower() or self.over.is_set():
                            return
            except (OSError, ValueError, IndexError):
                return


def _message(line: socket.socket) -> bytes:
    found = b""
    while END not in found:
        piece = line.recv(65_536)
        if not piece:
            return b""
        found += piece
    head, _, body = found.partition(END)
    lengths = [
        each.partition(b":")[2] for each in head.split(b"\r\n") if each.lower().startswith(b"content-length:")
    ]
    while len(body) < (int(lengths[0]) if lengths else 0):
        body += line.recv(65_536)
    return head + END + body


def head(
    status: str = "207 Multi-Status", *lines: str, kind: str = "application/xml; charset=utf-8"
) -> bytes:
    """The head of an answer, its last empty line included."""
    return "\r\n".join(
        [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *lines, "", ""]
    ).encode()


def whole(status: str = "207 Multi-Status", body: bytes = b"", *lines: str) -> Callable[[Talk], None]:
    """An answer, after which the line is cut."""

    def act(talk: Talk) -> None:
        talk.say(head(status, f"Content-Length: {len(body)}", *lines) + body)
        talk.line.shutdown(socket.SHUT_RDWR)

    return act


def parts(*pieces: bytes, pause: float = 0.0, cut: bool = True) -> Callable[[Talk], None]:
    """Pieces as they go over the line; then it is cut, or left open."""

    def act(talk: Talk) -> None:
        talk.say(*pieces, pause=pause)
        if cut:
            talk.line.shutdown(socket.SHUT_RDWR)

    return act


def endless(
    begin: bytes, piece: bytes, *, pause: float = 0.0, most: int = 400 * MEGABYTE
) -> Callable[[Talk], None]:
    """A beginning, and then the same piece for ever: until nobody listens any more, or `most` bytes were
    taken.
    """

    def act(talk: Talk) -> None:
        talk.say(begin)
        talk.repeat((piece for _ in range(most // len(piece))), pause=pause)

    return act


def certificate(folder: Path, name: str = "localhost", *, days: int = 1) -> ssl.SSLContext:
    """What a server shows that vouches for itself, in this name; `days` below zero is one
    that has run out.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject, today = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today - timedelta(days=30)).not_valid_after(today + timedelta(days=days))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text = made.sign(key, hashes.SHA256()).public_bytes(encoding)
    text += key.private_bytes(encoding, form, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem")
    return context


@dataclass(frozen=True)
class Weight:
    """What a question ended in and what it cost: seconds, and megabytes of memory at the most."""

    problem: str
    permanent: bool
    retry_after: float | None
    seconds: float
    megabytes: float
    told: Any

    def __str__(self) -> str:
        return f"{self.problem or 'answered'}, {self.seconds:.2f} s, {self.megabytes:.1f} MB"


class Scales:
    """Asks servers in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.calendars.weighing"]
        self.process = subprocess.Popen(
            command, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(
        self, url: str, what: str = "discover", *, seconds: float = 20, most_bytes: int = 5 * MEGABYTE
    ) -> Weight:
        """Ask for one thing (a name in weighing.QUESTIONS)."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(
            json.dumps({"url": url, "what": what, "seconds": seconds, "most_bytes": most_bytes}) + "\n"
        )
        self.process.stdin.flush()
        return Weight(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(10)


def resident() -> float:
    """The megabytes that this process has at present."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MEGABYTE


def full_up(listener: socket.socket) -> list[socket.socket]:
    """Lines that fill the queue of a listener, so that the next to connect waits for ever."""
    waiting = []
    for _ in range(8):
        line = socket.socket(listener.family)
        line.setblocking(False)
        line.connect_ex(listener.getsockname())
        waiting.append(line)
    time.sleep(0.05)
    return waiting


def path_of(url: str) -> str:
    """The path of an address."""
    return urlsplit(url).path
