"""The guarded session that every connection to a calendar server goes through, since people name the servers.

Each address that a name resolves to is checked, and the checked address is the one connected to. Requests go
to one origin (scheme, host, port) only; writing follows no redirect, reading only within the origin. An
answer may be 5 MB when unpacked, and a request may take 20 seconds in all, however slowly the answer drips
in. Every refusal has the same problem for the person (see letters.PROBLEMS) and its reason in the log.
Passwords are in no log, `repr` or exception.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

import niquests
from niquests.packages.urllib3.contrib.resolver import BaseResolver
from niquests.packages.urllib3.contrib.resolver.protocols import ProtocolResolver
from niquests.packages.urllib3.exceptions import HTTPError

from portal.calendars.wire.addresses import Origin, Rules, Trouble, refused
from portal.calendars.wire.credentials import Credentials
from portal.calendars.wire.responses import MOST_BYTES, checked_xml, unpacked

WHOLE_SECONDS = 20.0
CONNECT_SECONDS = 6.0
CONVERSATION_SECONDS = 180.0
"""All requests of a session together: a round ends after a minute, but not while it searches many
calendars.
"""
MOST_HOPS = 3
MOST_ADDRESSES = 6
READING = frozenset({"PROPFIND", "REPORT", "OPTIONS", "GET", "HEAD"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CALENDAR = b"BEGIN:VCALENDAR"
SHARED_DOMAINS = (".icloud.com",)
"""Domains whose calendars are on another host of the domain than the one people type."""


def look_up(host: str, port: int) -> list[tuple[Any, ...]]:
    """The addresses of a name, as socket.getaddrinfo."""
    return list(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))


class CheckingResolver(BaseResolver):
    """Resolves names, checks every address, and connects only to those it checked, as long as the session
    lasts. It keeps a duplicate handle of each connection, to shut all of them down when the time is up.
    """

    protocol = ProtocolResolver.CUSTOM
    implementation = "checking"

    def __init__(self, rules: Rules, hosts: set[str]) -> None:
        super().__init__(None, None)
        self.rules, self.hosts = rules, hosts
        self.until, self.made = 0.0, 0
        self.handles: list[socket.socket] = []
        self.checked: dict[tuple[str, int], list[Any]] = {}

    def recycle(self) -> "CheckingResolver":
        """Itself, since it is never closed."""
        return self

    def close(self) -> None:
        """Nothing to close."""

    def is_available(self) -> bool:
        """Always."""
        return True

    def getaddrinfo(self, host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        """Addresses of `host`, all of them allowed; raises Trouble, or socket.gaierror."""
        name = (host.decode("ascii") if isinstance(host, bytes) else str(host)).strip("[]").lower()
        if name not in self.hosts:
            raise refused(f"{name} is not the server of this account")
        place = (name, int(port))
        if place not in self.checked:
            rows = _within(lambda: look_up(*place), self.until - time.monotonic())
            for *_row, address in rows:
                if not self.rules.allows(str(address[0]), host=name, port=int(port)):
                    raise refused(f"{name} resolves to {address[0]}")
            self.checked[place] = rows
        return self.checked[place]

    def create_connection(
        self, address: tuple[str, int], *_: Any, socket_options: Any = None, **__: Any
    ) -> socket.socket:
        """A connection to the first checked address that answers."""
        failure: OSError = OSError("no address")
        for family, kind, protocol, _name, place in self.getaddrinfo(*address)[:MOST_ADDRESSES]:
            if time.monotonic() >= self.until:
                raise TimeoutError("no time left to connect")
            connection = socket.socket(family, kind, protocol)
            try:
                for option in socket_options or ():
                    connection.setsockopt(*option[:3])
                connection.settimeout(max(0.1, min(CONNECT_SECONDS, self.until - time.monotonic())))
                connection.connect(place)
                self.handles.append(connection.dup())
                self.made += 1
                if time.monotonic() >= self.until:  # the timer ran out and did not see this connection
                    raise TimeoutError("no time left after connecting")
                return connection
            except OSError as error:
                connection.close()
                failure = error
        raise failure

    def shut_down(self) -> None:
        """End every connection at once, whichever thread is reading from it."""
        for handle in self.handles:
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close_handles(self) -> None:
        """Close the duplicate handles."""
        while self.handles:
            self.handles.pop().close()


def _within(ask: Callable[[], list[Any]], seconds: float) -> list[Any]:
    """What `ask` returns, if it does within `seconds`; else raises Trouble, since a resolver may hang."""
    answers: queue.Queue[Any] = queue.Queue()

    def run() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001  # raised again by the thread that waits
            answers.put(error)

    threading.Thread(target=run, daemon=True, name="look-up").start()
    try:
        answer = answers.get(timeout=max(0.1, seconds))
    except queue.Empty:
        raise Trouble("slow", "name not resolved in time") from None
    if isinstance(answer, Exception):
        raise answer
    return list(answer)


class GuardedSession(niquests.Session):
    """The session that the CalDAV library sends through.

    `landed` is the address that the last answer came from. `calendar_text` is that answer if it was a
    calendar (RFC 4791, 7.10); it is kept from the library, which would write it to the log.
    """

    def __init__(
        self, origin: Origin, credentials: Credentials, rules: Rules, *, seconds: float = WHOLE_SECONDS
    ) -> None:
        rules.check(origin)
        self.checking = CheckingResolver(rules, {origin.host})
        super().__init__(
            resolver=self.checking,
            retries=0,
            disable_http2=True,
            disable_http3=True,
            revocation_configuration=None,
            allow_incoming_cookies=False,
        )
        self.trust_env = False
        self.origins, self.rules, self.credentials = {origin}, rules, credentials
        self.seconds, self.most_bytes = seconds, MOST_BYTES
        self.end = time.monotonic() + CONVERSATION_SECONDS
        self.landed, self.calendar_text = "", b""

    def __repr__(self) -> str:
        return f"<GuardedSession {sorted(map(str, self.origins))}>"

    def close(self) -> None:
        """Close every connection."""
        super().close()
        self.checking.close_handles()

    def get_redirect_target(self, resp: Any) -> str | None:
        """None: `_through` follows redirects; the library would first read the whole answer."""
        return None

    def admit(self, url: str) -> None:
        """Allow requests to another host of a shared domain as well; raises Trouble for any other origin."""
        origin = Origin.of(url)
        if origin in self.origins:
            return
        hosts = {origin.host, *(known.host for known in self.origins)}
        is_shared = any(all(host.endswith(domain) for host in hosts) for domain in SHARED_DOMAINS)
        if not is_shared or origin.scheme != "https":
            raise refused(f"sent on from {sorted(map(str, self.origins))} to {origin}")
        self.origins.add(origin)
        self.checking.hosts.add(origin.host)

    def may_ask(self, url: str) -> bool:
        """Whether requests may go there, admitting another host of a shared domain."""
        try:
            self.admit(url)
        except Trouble:
            return False
        return True

    def request(  # type: ignore[override]  # the parameters that the library uses
        self, method: str, url: str, *, data: Any = None, headers: Any = None, **_: Any
    ) -> Any:
        """Send one request as far as the rules allow and read the whole answer. Raises Trouble."""
        began = time.monotonic()
        until = min(began + self.seconds, self.end)
        if began >= until:
            raise Trouble("slow", "the whole conversation took too long")
        self.checking.until, expired = until, threading.Event()

        def time_is_up() -> None:
            expired.set()
            self.checking.shut_down()

        timer = threading.Timer(until - began, time_is_up)
        timer.daemon = True
        timer.start()
        try:
            answer = self._through(method, url, data, {**(headers or {}), "Accept-Encoding": "gzip"}, until)
            error: Exception | None = None
        except (
            niquests.exceptions.RequestException,
            HTTPError,
            OSError,
            ValueError,
            KeyError,
            RuntimeError,
        ) as failure:
            answer, error = None, _trouble(failure)
        except Trouble as trouble:
            answer, error = None, trouble
        finally:
            timer.cancel()
        # A connection that we shut down fails like any other, so the clock decides.
        if expired.is_set() or (error and time.monotonic() >= until):
            raise Trouble("slow", f"{method} took longer than {until - began:.3g} s")
        if error:
            raise error
        return answer

    def _through(self, method: str, url: str, data: Any, headers: Mapping[str, str], until: float) -> Any:
        challenged = False
        for _hop in range(MOST_HOPS + 2):
            if Origin.of(url) not in self.origins:
                raise refused(f"sent on from {sorted(map(str, self.origins))} to {url!r}")
            answer = self._ask(method, url, data, headers, until)
            if answer.status_code == 401 and not challenged:
                challenged = True
                if self.credentials.answer(answer.headers.get("WWW-Authenticate", "")):
                    continue
            if answer.status_code not in REDIRECTS:
                self.landed = url
                return answer
            target = urljoin(url, answer.headers.get("Location", ""))
            if method not in READING:
                raise refused(f"{method} answered {answer.status_code} to {target!r}")
            url = target
        raise refused(f"sent on too often, at last to {url!r}")

    def _ask(self, method: str, url: str, data: Any, headers: Mapping[str, str], until: float) -> Any:
        """Send a request, and again if it went over a connection kept open from before that was dropped
        meanwhile.

        Twice does no harm, since every write of ours is conditional.
        """
        made = self.checking.made
        try:
            return self._send(method, url, data, headers, until)
        except niquests.exceptions.Timeout:
            raise
        except (niquests.exceptions.ConnectionError, HTTPError, OSError):
            if self.checking.made != made or time.monotonic() >= until:
                raise
            return self._send(method, url, data, headers, until)

    def _send(self, method: str, url: str, data: Any, headers: Mapping[str, str], until: float) -> Any:
        wait = max(0.1, until - time.monotonic())
        answer: Any = super().request(
            method,
            url,
            data=data,
            headers=dict(headers),
            auth=self.credentials.present,
            timeout=(CONNECT_SECONDS, wait),
            allow_redirects=False,
            stream=True,
            proxies={},
            verify=True,
        )
        chunks = answer.raw.stream(16_384, decode_content=False)
        body = b"".join(unpacked(chunks, answer.headers.get("Content-Encoding", ""), self.most_bytes))
        is_read = method in ("PROPFIND", "REPORT") and answer.status_code in (200, 207)
        is_calendar = is_read and method == "REPORT" and body.startswith(CALENDAR)
        self.calendar_text = body if is_calendar else b""
        answer._content = checked_xml(body) if is_read and not is_calendar else b""
        answer._content_consumed = True
        return answer


def _trouble(error: Exception) -> Trouble:
    """A failed connection as a Trouble; of its text only what carries no secret."""
    detail = f"{type(error).__name__}: {error}"[:300]
    if isinstance(error, niquests.exceptions.SSLError):
        return Trouble("unreachable", detail)
    if isinstance(error, niquests.exceptions.Timeout | TimeoutError):
        return Trouble("slow", detail)
    if isinstance(error, OSError | HTTPError):
        return Trouble("unreachable", detail)
    return Trouble("bad-answer", detail)
