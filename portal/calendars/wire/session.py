"""The guarded session: every connection to a calendar server goes through here, since people name the
servers.

Each address that a name resolves to is checked, and a checked address is the one connected to. Requests go to
one origin (scheme, host, port) only; writing follows no redirect, reading only within the origin. An answer
may be 5 MB when unpacked, and a request may take 20 seconds in all, however slowly the server drips. The
person is told one and the same thing for every refusal (a word, see letters.PROBLEMS); why, the log knows.
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
"""All requests of a session together: a round ends itself after a minute, but not while it looks through many
calendars.
"""
MOST_HOPS = 3
MOST_ADDRESSES = 6
READING = frozenset({"PROPFIND", "REPORT", "OPTIONS", "GET", "HEAD"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CALENDAR = b"BEGIN:VCALENDAR"
SAME_HOUSE = (".icloud.com",)
"""Domains whose calendars live on another host of the same domain than the one people type."""


def look_up(host: str, port: int) -> list[tuple[Any, ...]]:
    """What the system's resolver says of a name, as socket.getaddrinfo."""
    return list(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))


class CheckingResolver(BaseResolver):
    """Resolves, checks every address, and connects to those it checked, and to no others for as long as the
    session lasts. Keeps a second handle of each connection, by which all can be shut down when time is up."""

    protocol = ProtocolResolver.CUSTOM
    implementation = "checking"

    def __init__(self, rules: Rules, hosts: set[str]) -> None:
        super().__init__(None, None)
        self.rules, self.hosts = rules, hosts
        self.until, self.made = 0.0, 0
        self.handles: list[socket.socket] = []
        self.checked: dict[tuple[str, int], list[Any]] = {}

    def recycle(self) -> "CheckingResolver":
        """Nothing is ever closed."""
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
            found = _within(lambda: look_up(*place), self.until - time.monotonic())
            for each in found:
                if not self.rules.allows(str(each[4][0]), host=name, port=int(port)):
                    raise refused(f"{name} resolves to {each[4][0]}")
            self.checked[place] = found
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
                if time.monotonic() >= self.until:  # the watch has gone off and did not see this one
                    raise TimeoutError("no time left after connecting")
                return connection
            except OSError as error:
                connection.close()
                failure = error
        raise failure

    def shut_down(self) -> None:
        """End every connection at once, whoever is reading from it."""
        for each in self.handles:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def let_go(self) -> None:
        """Give the handles back."""
        while self.handles:
            self.handles.pop().close()


def _within(ask: Callable[[], list[Any]], seconds: float) -> list[Any]:
    """What `ask` answers, if it does within `seconds`: name servers may take their time."""
    answers: queue.Queue[Any] = queue.Queue()

    def asking() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001  # handed to whoever waits
            answers.put(error)

    threading.Thread(target=asking, daemon=True, name="look-up").start()
    try:
        answer = answers.get(timeout=max(0.1, seconds))
    except queue.Empty:
        raise Trouble("slow", "name not resolved in time") from None
    if isinstance(answer, Exception):
        raise answer
    return list(answer)


class GuardedSession(niquests.Session):
    """What the CalDAV library sends through. `landed` is the address that the last answer came from, `told`
    is the calendar text that it was (RFC 4791, 7.10), which the library does not get to see: it would write
    it to the log."""

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
        self.landed, self.told = "", b""

    def __repr__(self) -> str:
        return f"<GuardedSession {sorted(map(str, self.origins))}>"

    def close(self) -> None:
        """Close every connection."""
        super().close()
        self.checking.let_go()

    def get_redirect_target(self, resp: Any) -> str | None:
        """None: where an answer points to is seen to in `_through`; the library would read the whole of it
        first.
        """
        return None

    def admit(self, url: str) -> None:
        """Let requests go to another host of the same house as well; raises Trouble for any other origin."""
        origin = Origin.of(url)
        if origin in self.origins:
            return
        hosts = {origin.host, *(each.host for each in self.origins)}
        together = any(all(host.endswith(house) for host in hosts) for house in SAME_HOUSE)
        if not together or origin.scheme != "https":
            raise refused(f"sent on from {sorted(map(str, self.origins))} to {origin}")
        self.origins.add(origin)
        self.checking.hosts.add(origin.host)

    def may_ask(self, url: str) -> bool:
        """Whether requests may go there, to another host of the same house as well."""
        try:
            self.admit(url)
        except Trouble:
            return False
        return True

    def request(  # type: ignore[override]  # the parameters that the library uses
        self, method: str, url: str, *, data: Any = None, headers: Any = None, **_: Any
    ) -> Any:
        """Send one request as far as the rules allow; the answer is whole. Raises Trouble."""
        began = time.monotonic()
        until = min(began + self.seconds, self.end)
        if began >= until:
            raise Trouble("slow", "the whole conversation took too long")
        self.checking.until, expired = until, threading.Event()

        def time_is_up() -> None:
            expired.set()
            self.checking.shut_down()

        watch = threading.Timer(until - began, time_is_up)
        watch.daemon = True
        watch.start()
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
            answer, error = None, _named(failure)
        except Trouble as trouble:
            answer, error = None, trouble
        finally:
            watch.cancel()
        if expired.is_set() or (
            error and time.monotonic() >= until
        ):  # the end of a line that we cut looks like any other
            raise Trouble("slow", f"{method} took longer than {until - began:.3g} s")
        if error:
            raise error
        return answer

    def _through(self, method: str, url: str, data: Any, headers: Mapping[str, str], until: float) -> Any:
        challenged = False
        for _hop in range(MOST_HOPS + 2):
            if Origin.of(url) not in self.origins:
                raise refused(f"sent on from {sorted(map(str, self.origins))} to {url!r}")
            answer = self._asked(method, url, data, headers, until)
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

    def _asked(self, method: str, url: str, data: Any, headers: Mapping[str, str], until: float) -> Any:
        """Send a request, and once more when the line it went over was kept open from before and was dropped
        meanwhile.

        Twice does no harm: every write of ours says what it expects to find.
        """
        made = self.checking.made
        try:
            return self._sent(method, url, data, headers, until)
        except niquests.exceptions.Timeout:
            raise
        except (niquests.exceptions.ConnectionError, HTTPError, OSError):
            if self.checking.made != made or time.monotonic() >= until:
                raise
            return self._sent(method, url, data, headers, until)

    def _sent(self, method: str, url: str, data: Any, headers: Mapping[str, str], until: float) -> Any:
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
        wanted = method in ("PROPFIND", "REPORT") and answer.status_code in (200, 207)
        self.told = body if wanted and method == "REPORT" and body.startswith(CALENDAR) else b""
        answer._content = checked_xml(body) if wanted and not self.told else b""
        answer._content_consumed = True
        return answer


def _named(error: Exception) -> Trouble:
    """A failure of the line as a word; of its text only what carries no secret."""
    detail = f"{type(error).__name__}: {error}"[:300]
    if isinstance(error, niquests.exceptions.SSLError):
        return Trouble("unreachable", detail)
    if isinstance(error, niquests.exceptions.Timeout | TimeoutError):
        return Trouble("slow", detail)
    if isinstance(error, OSError | HTTPError):
        return Trouble("unreachable", detail)
    return Trouble("bad-answer", detail)
