"""Discover a person's calendars: well-known address, principal, home, calendars (RFC 6764, 5397, 4791).

The CalDAV library's own discovery leaves the guarded session and sends passwords to whatever host a server
names. Here every step stays within the origin of the address that the person typed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol
from urllib.parse import quote, unquote, unquote_to_bytes, urljoin, urlsplit

from portal.calendars.wire.addresses import Origin, Trouble
from portal.calendars.wire.credentials import Credentials
from portal.calendars.wire.multistatus import C, D, Properties, is_writable_calendar, text
from portal.calendars.wire.session import GuardedSession

ELSEWHERE = ("calendar-gone", "not-a-calendar-server", "bad-answer", "server-error", "not-allowed")
"""Problems of one address after which the next is tried."""
UNESCAPED = "@:!$&'()*+,;=~"
"""Characters that need no escape in a path, beside letters, digits and `-._` (RFC 3986, 3.3)."""
LONGEST_ADDRESS, LONGEST_NAME = 1000, 200
"""The lengths of the columns (calendars.models)."""
MOST_CALENDARS = 100
"""A home may list thousands of calendars, and each would get requests of its own."""


@dataclass(frozen=True)
class Home:
    """Where a person's calendars are, and how to sign in there."""

    url: str
    scheme: str


@dataclass(frozen=True)
class Calendar:
    """A calendar that takes events and may be written to."""

    url: str
    name: str


class DavServer(Protocol):
    """The part of a server that discovery needs."""

    address: str
    session: GuardedSession
    credentials: Credentials

    def properties(self, url: str, *names: str) -> Properties:
        """Some properties of one resource."""

    def listed(self, url: str, names: Sequence[str], depth: str = "1") -> Iterator[tuple[str, Properties]]:
        """Some properties of a collection and of what is in it."""


def home_of(server: DavServer) -> Home:
    """The calendar home of the person who signs in; raises Trouble."""
    principal = _principal(server)
    server.session.admit(principal)
    home = server.properties(principal, f"{C}calendar-home-set").get(f"{C}calendar-home-set")
    href = home.findtext(f"{D}href") if home is not None else None
    if not href:
        raise Trouble("not-a-calendar-server", "the principal has no calendar-home-set", permanent=True)
    url = address_of(server.session.landed, href)
    server.session.admit(url)
    return Home(url, server.credentials.scheme)


def _principal(server: DavServer) -> str:
    base, path = str(Origin.of(server.address)), urlsplit(server.address).path
    typed = [server.address] if path.strip("/") else []
    trouble: Trouble | None = None
    for url in dict.fromkeys([*typed, f"{base}/.well-known/caldav", f"{base}/"]):
        try:
            properties = server.properties(url, f"{D}current-user-principal", f"{C}calendar-home-set")
        except Trouble as error:
            if error.problem not in ELSEWHERE:
                raise
            trouble = trouble or error
            continue
        principal = properties.get(f"{D}current-user-principal")
        href = principal.findtext(f"{D}href") if principal is not None else None
        if href:
            return address_of(server.session.landed, href)
        if properties.get(f"{C}calendar-home-set") is not None:
            return server.session.landed
    if trouble and trouble.problem in ("server-error", "not-allowed"):
        raise trouble
    detail = f"no principal found; {trouble.detail if trouble else 'nobody is signed in there'}"
    raise Trouble("not-a-calendar-server", detail, permanent=True)


def calendars_in(server: DavServer, home: str) -> list[Calendar]:
    """The calendars in a home that take events and may be written to, in the server's order, without those on
    other servers. Raises Trouble.
    """
    names = (
        "d:resourcetype",
        "d:displayname",
        "c:supported-calendar-component-set",
        "d:current-user-privilege-set",
    )
    calendars: list[Calendar] = []
    writable = (row for row in server.listed(home, names) if is_writable_calendar(row[1]))
    for href, properties in islice(writable, MOST_CALENDARS):
        url = address_of(home, href).rstrip("/") + "/"
        name = text(properties, f"{D}displayname").strip() or unquote(url.rstrip("/").rpartition("/")[2])
        if len(url) <= LONGEST_ADDRESS and server.session.may_ask(url):
            calendars.append(Calendar(url, name[:LONGEST_NAME].strip()))
    return calendars


def address_of(base: str, href: str) -> str:
    """The address that an href of an answer means, normalised, since some servers escape more than they must
    and some less. Raises Trouble for one that is no address.
    """
    try:
        parts = urlsplit(urljoin(base, href.strip()))
    except ValueError as error:
        raise Trouble("bad-answer", f"an href that is no address: {error}") from None
    path = "/".join(quote(unquote_to_bytes(part), safe=UNESCAPED) for part in parts.path.split("/"))
    return parts._replace(path=path).geturl()
