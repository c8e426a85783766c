"""Bare requests to a calendar server, as cheap as Python has them: one connection, no parsing, no reading
back.
"""

import http.client
from collections.abc import Sequence
from types import TracebackType

from tests.calendars.servers import CalendarServer, basic

LOOK = (
    b'<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" xmlns:s="http://calendarserver.org/ns/"><d:prop>'
    b"<d:resourcetype/><s:getctag/><d:sync-token/></d:prop></d:propfind>"
)
"""What the portal asks of a calendar first, to see whether anything in it changed."""


class Bare:
    """A connection with the owner's name and password."""

    def __init__(self, server: CalendarServer) -> None:
        self.connection = http.client.HTTPConnection("localhost", server.port, timeout=30)
        self.headers = {"Authorization": basic(server.username, server.password)}

    def __enter__(self) -> "Bare":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> int:
        """The status of one request."""
        named = {name.replace("_", "-"): said for name, said in headers.items()}
        self.connection.request(method, path, body, {**self.headers, **named})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def put(self, texts: Sequence[tuple[str, bytes]]) -> None:
        """Write all texts to their paths, one after the other."""
        for path, text in texts:
            status = self.ask("PUT", path, text, Content_Type="text/calendar; charset=utf-8")
            assert status in (200, 201, 204), f"PUT {path}: {status}"

    def look(self, path: str) -> None:
        """Ask whether anything in a calendar changed."""
        status = self.ask("PROPFIND", path, LOOK, Depth="0", Content_Type="application/xml; charset=utf-8")
        assert status == 207, f"PROPFIND {path}: {status}"
