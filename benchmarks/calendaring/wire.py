"""A client that costs little, so that what is measured is the server: sockets and bytes, many connections in
one thread.
"""

import re
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Taken:
    """What came of some requests: how long each took and all together, in seconds, and the bytes of the last
    body.
    """

    wall: float = 0.0
    each: list[float] = field(default_factory=list)
    body: int = 0


class Line:
    """One kept-alive connection with one request under way at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = self._open()

    def _open(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def send(self, request: bytes) -> None:
        """Begin a request."""
        self.began, self.request, self.got = time.perf_counter(), request, b""
        self.connection.sendall(request)

    def receive(self) -> int | None:
        """Take what has come; the length of the body once the answer is whole. A server may close a line
        between two requests: then the request is sent again on a new one."""
        try:
            piece = self.connection.recv(65536)
        except ConnectionError:
            piece = b""
        if not piece:
            assert not self.got, "the server broke off in the middle"
            return None
        self.got += piece
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end:
            return None
        length = LENGTH.search(head)
        size = int(length[1]) if length and b" 304 " not in head[:13] else 0
        return len(body) if len(body) >= size else None

    def renew(self) -> None:
        """A new connection, with the request under way sent again."""
        self.connection.close()
        self.connection = self._open()
        self.connection.sendall(self.request)


def load(port: int, requests: Sequence[bytes], *, connections: int, status: int) -> Taken:
    """Send all requests over so many connections, each of which has the next one when its
    last is answered.
    """
    taken, waiting = Taken(), list(reversed(requests))
    with selectors.DefaultSelector() as ready:
        lines = [Line(port) for _ in range(min(connections, len(requests)))]
        began = time.perf_counter()
        for line in lines:
            line.send(waiting.pop())
            ready.register(line.connection, selectors.EVENT_READ, line)
        while len(taken.each) < len(requests):
            for key, _ in ready.select(20):
                line = key.data
                size = line.receive()
                if size is None and not line.got:
                    ready.unregister(line.connection)
                    line.renew()
                    ready.register(line.connection, selectors.EVENT_READ, line)
                if size is None:
                    continue
                assert line.got.startswith(b"HTTP/1.1 %d " % status), line.got[:200]
                taken.each.append(time.perf_counter() - line.began)
                taken.body = size
                if waiting:
                    line.send(waiting.pop())
        taken.wall = time.perf_counter() - began
        for line in lines:
            line.connection.close()
    return taken


def get(path: str, **headers: str) -> bytes:
    """A request as it goes over the line."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        *(f"{name.replace('_', '-')}: {said}" for name, said in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def ask(port: int, request: bytes) -> bytes:
    """One answer, whole."""
    line = Line(port)
    line.send(request)
    while line.receive() is None:
        assert line.got, "no answer"
    line.connection.close()
    return line.got
