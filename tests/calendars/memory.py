"""A calendar server in memory, spoken to over HTTP like any other, with the habits of servers that are not at
hand here.

Plain, it does what RFC 4791 says. A Quirk makes it behave as some real server was seen to: so the same tests
show what becomes of entries there. It is a fake, held to the same contract as Radicale and Xandikos
(test_contract.py).
"""

# long because it is one whole server, to be read as one.
from __future__ import annotations

import base64
import copy
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import parse_http_list, parse_keqv_list
from xml.sax.saxutils import escape

import httpx
from icalendar import Calendar as Text
from icalendar import Component
from lxml import etree

from portal.core.calendar import documents
from portal.errors import Invalid
from tests.calendars.servers import CalendarServer

D, C, S = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
XML = '<?xml version="1.0" encoding="utf-8"?>'
REALM = "memory"
Answer = tuple[int, dict[str, str], bytes]


class Quirk(StrEnum):
    """A habit, and whose it is."""

    OVERWRITES = "ignores If-None-Match"
    """SOGo, Zimbra: what is there is overwritten."""
    DELETES_ANYHOW = "ignores If-Match on DELETE"
    """SOGo, Zimbra."""
    NO_ETAG_ON_PUT = "names no ETag after a PUT"
    """Servers that rewrite what they are given and keep to RFC 4791, 5.3.4."""
    WEAK_ETAGS = "weak ETags"
    """Proxies that pack answers make strong ETags weak ones; those match nothing."""
    ONE_UID_PER_ACCOUNT = "a UID is unique per account"
    """Cyrus, Fastmail: 403 when it is in another calendar."""
    NO_UID_TWICE = "refuses a UID that was deleted"
    """Nextcloud, whose bin keeps it."""
    SAME_UID_TWICE = "stores two items of one UID"
    """sabre, DAViCal."""
    NO_CTAG = "no ctag"
    """Servers with neither getctag nor sync-token."""
    STILL_CTAG = "a ctag that never changes"
    """DAViCal accepts bogus sync tokens; others cache."""
    DIGEST = "HTTP Digest only"
    """Baïkal, old sabre."""
    REWRITES = "rewrites what was PUT under a strong ETag"
    """Radicale, Xandikos, Cyrus, SOGo. Here: lengths for ends, zones by name alone, lines of its own, another
    order.
    """
    HANGS_UP = "drops kept-alive connections"
    """SOGo: closes the line after an answer without having said so."""


@dataclass
class Stored:
    """One item."""

    text: bytes
    etag: str


@dataclass
class Kept:
    """One calendar; `log` holds which items changed, one after another, since it was `made_at` a state of its
    own.
    """

    name: str
    made_at: int
    items: dict[str, Stored] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """Another one, whenever something changes."""
        return f"http://memory/{self.made_at + len(self.log)}"


class MemoryServer(CalendarServer):
    """One server with one person's account, on a port of its own."""

    def __init__(self, *quirks: Quirk) -> None:
        super().__init__("memory", folder=None)
        self.quirks = frozenset(quirks)
        self.calendars_kept: dict[str, Kept] = {}
        self.binned: set[str] = set()
        self.numbers = iter(range(1, 10**9))
        self.lock = threading.RLock()
        self.seen: list[tuple[str, str, int]] = []
        self.listening: ThreadingHTTPServer | None = None

    def __hash__(self) -> int:
        return id(self)

    @property
    def is_running(self) -> bool:
        """Whether it answers."""
        return self.listening is not None

    @property
    def home(self) -> str:
        """The path under which calendars are."""
        return "/ada/calendars/"

    @property
    def auth(self) -> httpx.Auth:
        """How its owner's program signs in."""
        digest = Quirk.DIGEST in self.quirks
        return (
            httpx.DigestAuth(self.username, self.password)
            if digest
            else httpx.BasicAuth(self.username, self.password)
        )

    def start(self) -> None:
        """Listen, on the port and with the contents it had before."""
        self.listening = _Listening(("127.0.0.1", self.port), _handler(self))
        threading.Thread(
            target=self.listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        """Stop listening at once."""
        if self.listening is not None:
            self.listening.shutdown()
            self.listening.server_close()
            self.listening = None

    def backup(self) -> Any:
        """A copy of all it holds."""
        with self.lock:
            return copy.deepcopy((self.calendars_kept, self.binned))

    def restore(self, backup: Any) -> None:
        """Hold again what it held then."""
        with self.lock:
            self.calendars_kept, self.binned = copy.deepcopy(backup)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """What it says to a request."""
        if not self._knows(method, headers):
            challenge = f'Digest realm="{REALM}", nonce="{next(self.numbers):08x}", qop="auth", algorithm=MD5'
            return (
                401,
                {"WWW-Authenticate": challenge if Quirk.DIGEST in self.quirks else f'Basic realm="{REALM}"'},
                b"",
            )
        act: Callable[[str, dict[str, str], bytes], Answer] | None = getattr(self, f"_{method.lower()}", None)
        if act is None:
            return 405, {}, b""
        with self.lock:
            said = act(path, headers, body)
            self.seen.append((method, path, said[0]))
            return said

    def _knows(self, method: str, headers: dict[str, str]) -> bool:
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        if Quirk.DIGEST not in self.quirks:
            return (scheme, rest) == (
                "Basic",
                base64.b64encode(f"{self.username}:{self.password}".encode()).decode(),
            )
        if scheme != "Digest":
            return False
        said = parse_keqv_list(parse_http_list(rest))
        one, two = _md5(f"{self.username}:{REALM}:{self.password}"), _md5(f"{method}:{said['uri']}")
        between = [said["nonce"], *(said[name] for name in ("nc", "cnonce", "qop") if "qop" in said)]
        return said["response"] == _md5(":".join([one, *between, two]))

    def _place(self, path: str) -> tuple[Kept | None, str, str]:
        """The calendar of a path, the calendar's own path, and the name of the item in it."""
        folder, _, name = path.rpartition("/")
        return self.calendars_kept.get(f"{folder}/"), f"{folder}/", name

    def _options(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        return (
            200,
            {
                "DAV": "1, 3, calendar-access",
                "Allow": "OPTIONS, GET, PUT, DELETE, PROPFIND, REPORT, MKCALENDAR",
            },
            b"",
        )

    def _get(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        calendar, _, name = self._place(path)
        item = calendar.items.get(name) if calendar else None
        if item is None:
            return 404, {}, b""
        return 200, {"Content-Type": "text/calendar; charset=utf-8", "ETag": item.etag}, item.text

    def _mkcalendar(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        path = path if path.endswith("/") else f"{path}/"
        if path in self.calendars_kept:
            return 405, {}, b""
        if not path.startswith(self.home) or path.count("/") != self.home.count("/") + 1:
            return 403, {}, b""
        name = etree.fromstring(body).findtext(f".//{D}displayname") if body else None
        self.calendars_kept[path] = Kept(name or "", next(self.numbers) * 1_000_000)
        return 201, {}, b""

    def _put(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        calendar, _, name = self._place(path)
        if calendar is None or not name:
            return 409, {}, b""
        there = calendar.items.get(name)
        if there and headers.get("if-none-match") == "*" and Quirk.OVERWRITES not in self.quirks:
            return 412, {}, b""
        if "if-match" in headers and not _matches(there, headers["if-match"]):
            return 412, {}, b""
        try:
            uid, text = _checked(body)
        except (ValueError, KeyError):
            return 403, {}, _error("c:valid-calendar-data")
        if self._is_taken(uid, calendar, name) or (there is None and self._is_binned(uid)):
            return 403, {}, _error("c:no-uid-conflict")
        stored = Stored(_rewritten(text) if Quirk.REWRITES in self.quirks else body, self._etag())
        calendar.items[name] = stored
        calendar.log.append(name)
        said = {} if Quirk.NO_ETAG_ON_PUT in self.quirks else {"ETag": stored.etag}
        return 204 if there else 201, said, b""

    def _is_taken(self, uid: str, calendar: Kept, name: str) -> bool:
        own = (
            []
            if Quirk.SAME_UID_TWICE in self.quirks
            else [(calendar, other) for other in calendar.items if other != name]
        )
        if Quirk.ONE_UID_PER_ACCOUNT in self.quirks:
            own += [
                (each, other)
                for each in self.calendars_kept.values()
                if each is not calendar
                for other in each.items
            ]
        return any(_uid(each.items[other].text) == uid for each, other in own)

    def _is_binned(self, uid: str) -> bool:
        return Quirk.NO_UID_TWICE in self.quirks and uid in self.binned

    def _etag(self) -> str:
        etag = f'"{next(self.numbers):x}"'
        return f"W/{etag}" if Quirk.WEAK_ETAGS in self.quirks else etag

    def _delete(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        whole = self.calendars_kept.pop(path, None)
        if whole is not None:
            return 204, {}, b""
        calendar, _, name = self._place(path)
        item = calendar.items.get(name) if calendar else None
        if calendar is None or item is None:
            return 404, {}, b""
        matches = "if-match" not in headers or _matches(item, headers["if-match"])
        if not matches and Quirk.DELETES_ANYHOW not in self.quirks:
            return 412, {}, b""
        del calendar.items[name]
        calendar.log.append(name)
        self.binned.add(_uid(item.text))
        return 204, {}, b""

    def _propfind(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        asked = [each.tag for each in etree.fromstring(body).find(f"{D}prop")]
        found = [(each, self._properties(each)) for each in self._listed(path, headers.get("depth", "0"))]
        if not found:
            return 404, {}, b""
        return _multistatus(
            [(href, {name: has[name] for name in asked if name in has}, asked) for href, has in found]
        )

    def _listed(self, path: str, depth: str) -> Iterator[str]:
        calendar = self.calendars_kept.get(path)
        if calendar is not None:
            yield path
            yield from (f"{path}{name}" for name in sorted(calendar.items) if depth != "0")
        elif path in ("/", "/ada/", self.home, "/.well-known/caldav"):
            yield path
            yield from (each for each in sorted(self.calendars_kept) if depth != "0" and path == self.home)
        elif (kept := self._place(path))[0] and kept[2] in kept[0].items:
            yield path

    def _properties(self, path: str) -> dict[str, str]:
        """Those of one thing, as XML by name."""
        common = {
            f"{D}current-user-principal": "<d:href>/ada/</d:href>",
            f"{D}displayname": "",
            f"{D}resourcetype": "<d:collection/>",
        }
        calendar = self.calendars_kept.get(path)
        if calendar is None:
            holder, _, name = self._place(path)
            if holder and name in holder.items:
                return {f"{D}getetag": escape(holder.items[name].etag), f"{D}resourcetype": ""}
            return {**common, f"{C}calendar-home-set": f"<d:href>{self.home}</d:href>"}
        state = "http://memory/0" if Quirk.STILL_CTAG in self.quirks else calendar.state
        tokens = {} if Quirk.NO_CTAG in self.quirks else {f"{S}getctag": state, f"{D}sync-token": state}
        return {
            **common,
            f"{D}displayname": escape(calendar.name),
            f"{D}resourcetype": "<d:collection/><c:calendar/>",
            f"{C}supported-calendar-component-set": '<c:comp name="VEVENT"/>',
            f"{D}current-user-privilege-set": "<d:privilege><d:all/></d:privilege>",
            **tokens,
        }

    def _report(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        tree, calendar = etree.fromstring(body), self.calendars_kept.get(path)
        if calendar is None:
            return 404, {}, b""
        items = {f"{path}{name}": item for name, item in sorted(calendar.items.items())}
        if tree.tag == f"{C}calendar-multiget":
            hrefs = [unquote(urlsplit(each.text).path) for each in tree.iterfind(f"{D}href")]
            return _multistatus([(href, _data(items.get(href)), []) for href in hrefs])
        if tree.tag == f"{C}calendar-query":
            return _multistatus(
                [(href, _data(item), []) for href, item in items.items() if _answers(tree, item.text)]
            )
        if tree.tag == f"{C}free-busy-query":
            span = _span(tree.find(f"{C}time-range"))
            blocking = [each.text for each in items.values() if b"TRANSP:TRANSPARENT" not in each.text]
            busy = sorted(each for text in blocking for each in _times(text, *span))
            return 200, {"Content-Type": "text/calendar; charset=utf-8"}, _free_busy(span, busy)
        if tree.tag == f"{D}sync-collection":
            return self._since(tree.findtext(f"{D}sync-token") or "", path, calendar)
        return 403, {}, _error("d:supported-report")

    def _since(self, token: str, path: str, calendar: Kept) -> Answer:
        number = re.fullmatch(r"http://memory/(\d+)", token)
        if token and number is None and Quirk.STILL_CTAG not in self.quirks:
            return 403, {}, _error("d:valid-sync-token")
        names = dict.fromkeys(calendar.log[max(0, int(number[1]) - calendar.made_at) if number else 0 :])
        changed = [(f"{path}{name}", _data(calendar.items.get(name)), []) for name in names]
        return _multistatus(changed, f"<d:sync-token>{calendar.state}</d:sync-token>")


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked is gone; that is no matter of ours."""


def _handler(server: MemoryServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def parse_request(self) -> bool:
            """Any method is one of ours."""
            self.do_any = self.answered
            good = super().parse_request()
            if good:
                setattr(self, f"do_{self.command}", self.answered)
            return good

        def answered(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said, text = server.answer(self.command, unquote(urlsplit(self.path).path), headers, body)
            lines = [
                f"HTTP/1.1 {status} {self.responses.get(status, ('',))[0]}",
                f"Content-Length: {len(text)}",
            ]
            lines += [f"{name}: {value}" for name, value in said.items()]
            self.wfile.write(
                "\r\n".join([*lines, "", ""]).encode() + (b"" if self.command == "HEAD" else text)
            )
            self.close_connection = self.close_connection or Quirk.HANGS_UP in server.quirks

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing to anybody."""

    return Handler


def _matches(item: Stored | None, wanted: str) -> bool:
    """By strong comparison (RFC 9110, 13.1.1)."""
    return item is not None and (wanted == "*" or (wanted == item.etag and not wanted.startswith("W/")))


def _checked(body: bytes) -> tuple[str, Component]:
    """The UID of a text and the text; raises ValueError or KeyError unless it is one entry."""
    text = Text.from_ical(body)
    uids = {str(each["UID"]) for each in text.walk("VEVENT")}
    if len(uids) != 1:
        raise ValueError("one entry, please")
    return uids.pop(), text


def _uid(text: bytes) -> str:
    return _checked(text)[0]


def _rewritten(text: Component) -> bytes:
    """As some servers keep it: lengths for ends, no zones but their names, and marks of their own."""
    text.subcomponents = [each for each in text.subcomponents if each.name != "VTIMEZONE"]
    for event in text.walk("VEVENT"):
        if "DTEND" in event:
            event.add("duration", event.pop("DTEND").dt - event["DTSTART"].dt)
        event["X-MEMORY-KEPT"] = "yes"
    text["PRODID"] = "-//Memory//EN"
    written: bytes = text.to_ical(sorted=True)
    return written.replace(b"\r\n ", b"") if b"\r\n " in written else written


def _multistatus(rows: list[tuple[str, dict[str, str], list[str]]], more: str = "") -> Answer:
    """Properties of each thing; without any, it is not there."""
    said = []
    for href, has, asked in rows:
        if not has and not asked:
            said.append(
                f"<d:response><d:href>{escape(href)}</d:href><d:status>HTTP/1.1 404 Not"
                " Found</d:status></d:response>"
            )
            continue
        missing = "".join(f"<{_short(name)}/>" for name in asked if name not in has)
        given = "".join(f"<{_short(name)}>{value}</{_short(name)}>" for name, value in has.items())
        said.append(
            f"<d:response><d:href>{escape(href)}</d:href>"
            f"<d:propstat><d:prop>{given}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
            + (
                f"<d:propstat><d:prop>{missing}</d:prop><d:status>HTTP/1.1 404 Not"
                " Found</d:status></d:propstat>"
                if missing
                else ""
            )
            + "</d:response>"
        )
    text = f"{XML}<d:multistatus {SPACES}>{''.join(said)}{more}</d:multistatus>"
    return 207, {"Content-Type": "application/xml; charset=utf-8"}, text.encode()


def _short(name: str) -> str:
    for space, letter in ((D, "d"), (C, "c"), (S, "s")):
        if name.startswith(space):
            return f"{letter}:{name.removeprefix(space)}"
    space, _, local = name[1:].partition("}")
    return f'{local} xmlns="{space}"'


def _error(condition: str) -> bytes:
    return f"{XML}<d:error {SPACES}><{condition}/></d:error>".encode()


def _data(item: Stored | None) -> dict[str, str]:
    return {f"{D}getetag": escape(item.etag), f"{C}calendar-data": escape(item.text.decode())} if item else {}


def _answers(query: Any, text: bytes) -> bool:
    """Whether an item is among what a calendar-query asks for: by text of a property, and by time."""
    for wanted in query.iter(f"{C}prop-filter"):
        match = wanted.find(f"{C}text-match")
        events = Text.from_ical(text).walk("VEVENT")
        if match is not None and not any(
            match.text.lower() in str(each.get(wanted.get("name"), "")).lower() for each in events
        ):
            return False
    return all(any(True for _ in _times(text, *_span(each))) for each in query.iter(f"{C}time-range"))


def _span(element: Any) -> tuple[datetime, datetime]:
    start, end = (
        datetime.strptime(element.get(name), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        for name in ("start", "end")
    )
    return start, end


def _times(text: bytes, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When an item takes place between two moments."""
    try:
        view = documents.view_of_text(text)
    except Invalid:
        return
    for each in view["occurrences"].values():
        begins, ends = (_moment(each[name]) for name in ("start", "end"))
        if not each["cancelled"] and begins < end and ends > start:
            yield begins, ends


def _moment(text: str) -> datetime:
    if "T" in text:
        return datetime.fromisoformat(text)
    return datetime.combine(date.fromisoformat(text), time(), UTC)


def _free_busy(span: tuple[datetime, datetime], busy: list[tuple[datetime, datetime]]) -> bytes:
    def stamp(when: datetime) -> str:
        return when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Memory//EN", "BEGIN:VFREEBUSY", "UID:free-busy"]
    lines += [f"DTSTAMP:{stamp(span[0])}", f"DTSTART:{stamp(span[0])}", f"DTEND:{stamp(span[1])}"]
    lines += [f"FREEBUSY:{stamp(start)}/{stamp(end)}" for start, end in busy]
    return "\r\n".join([*lines, "END:VFREEBUSY", "END:VCALENDAR", ""]).encode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
