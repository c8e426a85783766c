"""A proxy before a calendar server that loses answers, holds requests back, and cuts lines, just when a test
wants it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

from tests.calendars.servers import free_port

END = b"\r\n\r\n"


class Proxy:
    """Listens on a port of its own and passes requests of HTTP/1.1 on, one connection each.

    `before` is asked with method and path before a request is passed on, `after` before its answer is: True
    lets it through, False cuts the line. Both may take their time, which holds the request (or its answer)
    back.
    """

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.before: Callable[[str, str], bool] = lambda _method, _path: True
        self.after: Callable[[str, str], bool] = lambda _method, _path: True
        self.seen: list[tuple[str, str]] = []
        self.answered: list[tuple[str, str, int]] = []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        """What one types."""
        return f"http://localhost:{self.port}/"

    def close(self) -> None:
        """Stop listening."""
        self.listener.close()

    def drop_answer(self, method: str, times: int = 1) -> None:
        """Lose the answer to the next requests of a method, after the server has done as told."""
        left = [times]

        def after(seen: str, _path: str) -> bool:
            if seen == method and left[0]:
                left[0] -= 1
                return False
            return True

        self.after = after

    def hold(self, method: str, *, answer: bool = False) -> Held:
        """Hold the next request of a method back, or its answer."""
        held = Held(method)
        if answer:
            self.after = held
        else:
            self.before = held
        return held

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            try:
                request = _message(line)
                while request:
                    if not self._pass_on(line, request):
                        return
                    request = _message(line)
            except OSError:
                return

    def _pass_on(self, line: socket.socket, request: bytes) -> bool:
        method, path = request.split(b" ", 2)[0].decode(), request.split(b" ", 2)[1].decode()
        self.seen.append((method, path))
        if not self.before(method, path):
            return False
        head, _, body = request.partition(END)
        kept = [each for each in head.split(b"\r\n") if not each.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self.target), 10) as server:
            server.sendall(b"\r\n".join([*kept, b"Connection: close"]) + END + body)
            answer = _all(server)
        self.answered.append((method, path, int(answer.split(b" ", 2)[1])))
        if not self.after(method, path):
            return False
        line.sendall(answer)
        return False


class Held:
    """A request held back: `begun` once it is there; `let_go` lets it through."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.begun, self.free, self.done = threading.Event(), threading.Event(), False

    def __call__(self, method: str, _path: str) -> bool:
        if method == self.method and not self.done:
            self.done = True
            self.begun.set()
            self.free.wait(60)
        return True

    def let_go(self) -> None:
        """Pass it on."""
        self.free.set()


def _message(line: socket.socket) -> bytes:
    """One request: its head, and as much of a body as it says."""
    found = b""
    while END not in found:
        piece = line.recv(65536)
        if not piece:
            return b""
        found += piece
    head, _, body = found.partition(END)
    lengths = [
        each.partition(b":")[2] for each in head.split(b"\r\n") if each.lower().startswith(b"content-length:")
    ]
    length = int(lengths[0]) if lengths else 0
    while len(body) < length:
        body += line.recv(65536)
    return head + END + body


def _all(line: socket.socket) -> bytes:
    found = b""
    while piece := line.recv(65536):
        found += piece
    return found


class Hostile:
    """A server that answers every request with what `answer` makes of method and path: bytes as they go over
    the line.
    """

    def __init__(self, answer: Callable[[str, str], bytes | list[bytes]], *, pause: float = 0.0) -> None:
        self.answer, self.pause, self.port = answer, pause, free_port()
        self.seen: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}/"

    def close(self) -> None:
        """Stop listening."""
        self.listener.close()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            try:
                request = _message(line)
                self.seen.append(request)
                said = self.answer(request.split(b" ", 2)[0].decode(), request.split(b" ", 2)[1].decode())
                for piece in [said] if isinstance(said, bytes) else said:
                    line.sendall(piece)
                    time.sleep(self.pause)
            except (OSError, IndexError):
                return


def http(status: str, body: bytes = b"", *headers: str, kind: str = "application/xml") -> bytes:
    """An answer of HTTP/1.1."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        f"Content-Type: {kind}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + END + body


def multistatus(href: str, properties: str) -> bytes:
    """A multistatus about one thing."""
    return (
        '<d:multistatus xmlns:d="DAV:"'
        f' xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>{href}</d:href><d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1'
        " 200 OK</d:status></d:propstat></d:response></d:multistatus>"
    ).encode()
