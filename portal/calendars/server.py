"""The client for a calendar server, and the only module that uses the CalDAV library (RFC 4791, 4918, 6578).

Only 200, 201 and 204 count as success. Items are named by their path, which begins with that of their
calendar. Every failure is a Trouble.
"""

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace, TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from caldav.davclient import DAVClient
from caldav.lib import error as dav_errors
from lxml import etree

from portal.calendars.wire import free_busy
from portal.calendars.wire.addresses import Origin, Rules, Trouble
from portal.calendars.wire.credentials import Credentials
from portal.calendars.wire.discovery import LONGEST_ADDRESS, Calendar, Home, address_of, calendars_in, home_of
from portal.calendars.wire.multistatus import SPACES, XML, C, D, Properties, S, listed, text
from portal.calendars.wire.session import GuardedSession

TEXT = {"Content-Type": "text/calendar; charset=utf-8"}
DONE = frozenset({200, 201, 204})
ABSENT = frozenset({404, 410})
READ_AT_ONCE = 40
LONGEST_ETAG = 500
LONG = 86_400.0


class Conflict(Exception):
    """An item is not as we last saw it (412), or its UID is taken (207, 400, 403, 409)."""


@dataclass(frozen=True)
class Item:
    """One item as the server has it."""

    etag: str
    text: bytes = field(repr=False)


class Server:
    """A session with one server on behalf of one person; use it with `with`."""

    def __init__(self, address: str, credentials: Credentials, allowed: Rules) -> None:
        origin = Origin.of(address)
        self.address, self.base, self.credentials = address, str(origin), credentials
        self.session = GuardedSession(origin, credentials, allowed)
        self._client: Any = DAVClient(str(origin) + "/", enable_rfc6764=False, huge_tree=False, timeout=20)
        self._client.session.close()
        self._client.session = self.session
        self._client.headers["User-Agent"] = "reverse-mentoring-portal"

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def discover(self) -> Home:
        """Where the person's calendars are."""
        return home_of(self)

    def calendars(self, home: str) -> list[Calendar]:
        """The calendars that take events and may be written to, in the server's order."""
        return calendars_in(self, home)

    def make_calendar(self, url: str, name: str) -> None:
        """Make a calendar for events at this address unless there is one; raises Trouble."""
        body = (
            f"{XML}<c:mkcalendar {SPACES}><d:set><d:prop><d:displayname>{escape(name)}</d:displayname>"
            '<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>'
            "</d:prop></d:set></c:mkcalendar>"
        )
        status, _ = self._write(
            "MKCALENDAR", url, body.encode(), {"Content-Type": "application/xml; charset=utf-8"}
        )
        if status in DONE:
            return
        try:
            self.ctag(url)
        except Trouble as error:
            if error.problem != "calendar-gone":
                raise
            raise Trouble("no-new-calendar", f"MKCALENDAR answered {status}", permanent=True) from None

    def ctag(self, calendar: str) -> str:
        """A tag that changes whenever something in the calendar does, "" if the server has none. Raises
        Trouble `calendar-gone`.
        """
        properties = self.properties(calendar, f"{D}resourcetype", f"{S}getctag", f"{D}sync-token")
        kinds = properties.get(f"{D}resourcetype")
        if kinds is None or kinds.find(f"{C}calendar") is None:
            raise Trouble("calendar-gone", f"no calendar at {urlsplit(calendar).path}", permanent=True)
        return (text(properties, f"{S}getctag") or text(properties, f"{D}sync-token"))[:500]

    def look(self, calendar: str) -> dict[str, str]:
        """The ETag of every item in a calendar, by path."""
        own, etags = urlsplit(calendar).path, {}
        for href, properties in self.listed(calendar, ("d:getetag", "d:resourcetype")):
            path, kinds = _path_in(calendar, href), properties.get(f"{D}resourcetype")
            if path.startswith(own) and path != own and (kinds is None or not len(kinds)):
                etags[path] = _etag(properties)
        return etags

    def read(self, paths: Collection[str]) -> dict[str, Item]:
        """The items at these paths that exist, by calendar-multiget."""
        items: dict[str, Item] = {}
        by_parent: dict[str, list[str]] = {}
        for path in sorted(paths):
            by_parent.setdefault(path.rpartition("/")[0] + "/", []).append(path)
        for parent, inside in by_parent.items():
            for at in range(0, len(inside), READ_AT_ONCE):
                items |= self._multiget(parent, inside[at : at + READ_AT_ONCE])
        return items

    def write(self, path: str, text: bytes, *, if_match: str | None) -> str:
        """Write an item that has this ETag, or with None a new one; its new ETag, or "". Raises Conflict and
        Trouble.
        """
        condition = {"If-Match": if_match} if if_match else {"If-None-Match": "*"}
        status, etag = self._write("PUT", self.base + path, text, {**TEXT, **condition})
        if status in DONE:
            return etag
        if status in (207, 400, 403, 409, 412):  # 207: an old server's way to say that a UID is taken
            raise Conflict(str(status))
        raise _failed("PUT", status)

    def delete(self, path: str, *, if_match: str) -> None:
        """Delete an item that has this ETag; it may be gone already. Raises Conflict and Trouble."""
        headers = {"Schedule-Reply": "F", **({"If-Match": if_match} if if_match else {})}
        status, _ = self._write("DELETE", self.base + path, b"", headers)
        if status in DONE or status in ABSENT:
            return
        if status == 412:
            raise Conflict(str(status))
        raise _failed("DELETE", status)

    def find(self, uid_part: str, calendars: Sequence[str]) -> dict[str, Item]:
        """The items, by path, whose UID contains `uid_part` ("": all), in the order of the calendars."""
        text_match = f"<c:text-match>{escape(uid_part)}</c:text-match>"
        by_uid = f'<c:prop-filter name="UID">{text_match}</c:prop-filter>' if uid_part else ""
        query = (
            f"{XML}<c:calendar-query {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter>"
            '<c:comp-filter name="VCALENDAR"><c:comp-filter'
            f' name="VEVENT">{by_uid}</c:comp-filter></c:comp-filter>'
            "</c:filter></c:calendar-query>"
        )
        items: dict[str, Item] = {}
        for calendar in calendars:
            for href, properties in self._multistatus("REPORT", calendar, query, "1"):
                path = _path_in(calendar, href)
                if f"{C}calendar-data" in properties and len(path) <= LONGEST_ADDRESS:
                    items[path] = _item(properties)
        return items

    def busy_texts(self, calendar: str, start: datetime, end: datetime) -> list[bytes]:
        """Calendar texts that say when the owner of a calendar is busy between two moments, and nothing else.

        Either one VFREEBUSY or, from a server without free-busy-query, the times of the events that overlap
        the span: a master comes with its rule and its exceptions. Raises Trouble, also when a server lists
        events without their times (Xandikos does, asked for a property that an event lacks), since their
        owner would seem free.
        """
        busy = self._free_busy(calendar, free_busy.query(start, end))
        if busy:
            return [free_busy.only_times(busy)]
        answers = self._multistatus("REPORT", calendar, free_busy.events_query(start, end), "1")
        events = [text(properties, f"{C}calendar-data").encode() for _, properties in answers]
        if not all(event.strip() for event in events):
            raise Trouble("bad-answer", "events without their times")
        return [free_busy.only_times(event) for event in events]

    def _free_busy(self, calendar: str, query: str) -> bytes:
        """The answer to a free-busy-query (RFC 4791, 7.10), or b"" from a server without it."""
        try:
            answer = self._ask("REPORT", calendar, query.encode(), {"Depth": "1"})
        except Trouble as trouble:
            if trouble.problem not in ("bad-answer", "not-a-calendar-server"):
                raise
            return b""
        busy = self.session.calendar_text
        return busy if answer.status == 200 and b"BEGIN:VFREEBUSY" in busy.upper() else b""

    def _multiget(self, parent: str, paths: list[str]) -> dict[str, Item]:
        hrefs = "".join(f"<d:href>{escape(path)}</d:href>" for path in paths)
        wanted = "<d:prop><d:getetag/><c:calendar-data/></d:prop>"
        query = f"{XML}<c:calendar-multiget {SPACES}>{wanted}{hrefs}</c:calendar-multiget>"
        spelled, items = {unquote(path): path for path in paths}, {}
        for href, properties in self._multistatus("REPORT", self.base + parent, query, None):
            path = spelled.get(unquote(urlsplit(address_of(self.base, href)).path))
            if path and f"{C}calendar-data" in properties:
                items[path] = _item(properties)
        return items

    def properties(self, url: str, *names: str) -> Properties:
        """Some properties of one resource; raises Trouble `calendar-gone` when there is none."""
        short = [name.replace(D, "d:").replace(C, "c:").replace(S, "s:") for name in names]
        return next((properties for _, properties in self.listed(url, short, depth="0")), {})

    def listed(self, url: str, names: Sequence[str], depth: str = "1") -> Iterator[tuple[str, Properties]]:
        query = (
            f"{XML}<d:propfind"
            f" {SPACES}><d:prop>{''.join(f'<{name}/>' for name in names)}</d:prop></d:propfind>"
        )
        return self._multistatus("PROPFIND", url, query, depth)

    def _multistatus(
        self, method: str, url: str, body: str, depth: str | None
    ) -> Iterator[tuple[str, Properties]]:
        answer = self._ask(method, url, body.encode(), {"Depth": depth} if depth else {})
        if answer.status in ABSENT:
            raise Trouble("calendar-gone", f"{method} answered {answer.status}", permanent=True)
        if answer.status not in (200, 207):
            raise _failed(method, answer.status)
        if answer.tree is None or answer.tree.tag != f"{D}multistatus":
            raise Trouble("not-a-calendar-server", f"{method} answered no multistatus", permanent=True)
        return iter(listed(answer.tree))

    def _write(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """A status and an ETag; weak ones count as none, since they match nothing."""
        answer = self._ask(method, url, body, headers)
        etag = str(answer.headers.get("ETag") or "")
        return answer.status, "" if etag.startswith("W/") else _storable(etag)

    def _ask(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Any:
        """One request through the library; turns each of its errors into a Trouble."""
        try:
            if method == "PUT":
                return self._client.put(url, body, headers)
            if method == "DELETE":
                return self._client.delete(url, headers)
            return self._client.request(url, method, body, headers)
        except dav_errors.RateLimitError as error:
            raise Trouble(
                "rate-limited", f"{method}: {error.reason}"[:300], retry_after=error.retry_after_seconds
            ) from None
        except dav_errors.AuthorizationError as error:
            if error.status == 403:
                return _FORBIDDEN
            raise Trouble("wrong-password", f"{method} answered 401", permanent=True) from None
        except OverflowError:  # a Retry-After of hundreds of digits
            raise Trouble(
                "rate-limited", f"{method}: a Retry-After beyond all numbers", retry_after=LONG
            ) from None
        except (
            dav_errors.DAVError,
            etree.LxmlError,
            ValueError,
            NotImplementedError,
            AttributeError,
            KeyError,
        ) as error:
            raise Trouble("bad-answer", f"{method}: {type(error).__name__}") from None


_FORBIDDEN = SimpleNamespace(status=403, tree=None, headers={})
"""The answer for a 403, which the library raises like a wrong password."""


def new_address(home: str, name: str) -> str:
    """An address for a calendar to be made."""
    slug = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return f"{home.rstrip('/')}/{slug.strip('-')[:40] or 'calendar'}-{uuid.uuid4().hex[:8]}/"


def _path_in(calendar: str, href: str) -> str:
    """The path of an item of a calendar; it begins with the calendar's own, however the server escapes
    that.
    """
    own, path = urlsplit(calendar).path, urlsplit(address_of(calendar, href)).path
    return own + path.rpartition("/")[2] if unquote(path).startswith(unquote(own)) else path


def _item(properties: Properties) -> Item:
    return Item(_etag(properties), text(properties, f"{C}calendar-data").encode())


def _etag(properties: Properties) -> str:
    return _storable(text(properties, f"{D}getetag"))


def _storable(etag: str) -> str:
    """An ETag as it is stored; one that is too long counts as none."""
    etag = etag.strip()
    return etag if len(etag) <= LONGEST_ETAG else ""


def _failed(method: str, status: int) -> Trouble:
    detail = f"{method} answered {status}"
    if status in (401, 407):
        return Trouble("wrong-password", detail, permanent=True)
    if status == 403:
        return Trouble("not-allowed", detail, permanent=True)
    if status in (413, 507):
        return Trouble("full", detail, permanent=True)
    if status in (405, 501) or status in ABSENT:
        return Trouble("not-a-calendar-server", detail, permanent=True)
    return Trouble("server-error" if status >= 500 else "bad-answer", detail)
