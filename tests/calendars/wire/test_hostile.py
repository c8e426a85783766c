"""Hostile and broken servers, each with what asking it costs: a word for its owner, no password elsewhere,
bounds kept.

The bounds follow from the product's own: 5 MB of an answer, 20 seconds of a request. Where a test makes them
small, it does so to be fast. ASVS 5.0: 1.3.6, 1.5.1 (XML), 5.2.x (what is unpacked), 12.3.2 (certificates),
13.2.4, 13.2.5, 16.5.x.
"""

# long because it is all tables of cases, which are to be read beside each other

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.calendars.models import CalendarAccount
from portal.calendars.server import Server
from portal.calendars.syncing import due_accounts, sync
from portal.calendars.wire import session
from portal.calendars.wire.addresses import Rules, Trouble
from portal.calendars.wire.credentials import Credentials
from portal.clock import now
from portal.db import db, transaction
from portal.people.models import Person
from tests.calendars import pairs
from tests.calendars.account_rows import Account
from tests.calendars.hostile import (
    MEGABYTE,
    SECRET,
    Scales,
    Talk,
    Villain,
    Weight,
    certificate,
    endless,
    full_up,
    head,
    parts,
    whole,
)
from tests.calendars.servers import CalendarServer
from tests.personas import Factories

SLACK = 10.0
"""Seconds that a machine with much to do may add to a bound."""
LIGHT = 40.0
"""Megabytes that a question with a small answer may take."""
HEAVY = 150.0
"""Megabytes that five megabytes of the worst XML may be made of."""
BUFFERS = 16 * MEGABYTE
"""What the kernel takes off a server's hands before anybody has read it."""
PROPS = "<d:current-user-principal><d:href>{}</d:href></d:current-user-principal>"
HOME = "<c:calendar-home-set><d:href>{}</d:href></c:calendar-home-set>"
OPEN = b'<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
CLOSE = b"</d:multistatus>"
Open = Callable[..., Villain]


@pytest.fixture(scope="module")
def scales() -> Iterator[Scales]:
    made = Scales()
    yield made
    made.close()


@pytest.fixture
def villain() -> Iterator[Open]:
    made: list[Villain] = []

    def opened(*given: Any, **more: Any) -> Villain:
        made.append(Villain(*given, **more))
        return made[-1]

    yield opened
    for each in made:
        each.close()


@pytest.fixture
def figure(
    record_property: Callable[[str, object], None], request: pytest.FixtureRequest
) -> Callable[..., None]:
    """Keeps what a case costs, to be read in the report of a run (`--junit-xml`, or `-s`)."""

    def keep(weight: Weight, server: Villain | None = None) -> None:
        taken = f", {server.sent / MEGABYTE:.2f} MB sent, {len(server.requests)} requests" if server else ""
        record_property("figure", f"{weight}{taken}")
        print(f"\nFIGURE {request.node.name}: {weight}{taken}")

    return keep


def multistatus(*responses: bytes) -> bytes:
    return OPEN + b"".join(responses) + CLOSE


def response(href: str, properties: str) -> bytes:
    said = f"<d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
    return f"<d:response><d:href>{href}</d:href>{said}</d:response>".encode()


def trouble_with(url: str, rules: Rules, *, seconds: float = 3) -> Trouble:
    """What discovery there ends in, in this process."""
    with Server(url, Credentials("ada", SECRET), rules) as server:
        server.session.seconds = seconds
        try:
            server.discover()
        except Trouble as trouble:
            return trouble
    raise AssertionError("no trouble at all")


def bounded(
    weight: Weight, problem: str | tuple[str, ...], *, seconds: float = 20, megabytes: float = LIGHT
) -> None:
    wanted = (problem,) if isinstance(problem, str) else problem
    assert weight.problem in wanted, f"{weight}: {weight.told}"
    assert weight.seconds < seconds + SLACK, str(weight)
    assert weight.megabytes < megabytes, str(weight)


# Elsewhere: nothing is sent on.


def elsewhere_in(where: str, other: str) -> Callable[[Talk], None]:
    """A server that names another one, in one place or another."""

    def act(talk: Talk) -> None:
        if where == "principal":
            whole(body=multistatus(response(talk.path, PROPS.format(other))))(talk)
        elif where == "home-set" and talk.path == "/me/":
            whole(body=multistatus(response("/me/", HOME.format(other))))(talk)
        elif where == "second hop" and not talk.path.startswith("/hop"):
            whole("307 Temporary Redirect", b"", "Location: /hop/")(talk)
        elif where in ("redirect", "second hop"):
            whole("307 Temporary Redirect", b"", f"Location: {other}")(talk)
        elif where == "challenge":
            challenge = f'WWW-Authenticate: Digest realm="x", nonce="y", qop="auth", domain="{other}"'
            whole("401 Unauthorized", b"", challenge, f"Location: {other}", f"Refresh: 0; url={other}")(talk)
        else:
            whole(body=multistatus(response(talk.path, PROPS.format("/me/"))))(talk)

    return act


SPELLED = ("//localhost:{port}/", "http://localhost:{port}@x/", "HTTP://LOCALHOST:{port}/")
POINTERS = [(where, "{url}") for where in ("redirect", "second hop", "principal", "home-set", "challenge")]


@pytest.mark.parametrize(
    ("where", "spelled"), [*POINTERS, *itertools.product(("redirect", "home-set"), SPELLED)]
)
def test_nothing_is_sent_on_to_where_a_server_points(
    scales: Scales, villain: Open, figure: Any, where: str, spelled: str
) -> None:
    other = villain(whole(body=multistatus(response("/", PROPS.format("/me/")))))
    liar = villain(elsewhere_in(where, spelled.format(url=other.url, port=other.port)))
    weight = scales.ask(liar.url)
    figure(weight, liar)
    assert (other.lines, other.requests, other.credentials) == (0, [], [])
    bounded(weight, "wrong-password" if where == "challenge" else "refused-address")
    assert weight.permanent


@pytest.mark.parametrize("what", ["look", "find", "busy", "read"])
def test_items_that_are_said_to_be_elsewhere_are_not_read_there(
    scales: Scales, villain: Open, figure: Any, what: str
) -> None:
    other = villain(whole(body=multistatus()))
    said = "<d:getetag>1</d:getetag><c:calendar-data>BEGIN:VCALENDAR\nEND:VCALENDAR</c:calendar-data>"
    liar = villain(whole(body=multistatus(response(f"{other.url}c/x.ics", said))))
    weight = scales.ask(liar.url, what)
    figure(weight, liar)
    assert (other.lines, other.credentials) == (0, [])
    bounded(weight, ("", "bad-answer"))


# Slow: a request takes so long and no longer, whatever drips.

ZIP_HEAD, ZIP_NOTHING = gzip.compress(b"")[:10], b"\0\0\0\xff\xff"
HEAD_OF_LENGTH = head("207 Multi-Status", "Content-Length: 100000")
CHUNKED = head("207 Multi-Status", "Transfer-Encoding: chunked")


def silent(talk: Talk) -> None:
    talk.villain.over.wait(30)


def hop_by_hop(talk: Talk) -> None:
    """A redirect after most of the time, and another one."""
    talk.villain.over.wait(0.45)
    whole("302 Found", b"", f"Location: {talk.path}x")(talk)


DRIPS = {
    "silence": silent,
    "status line": parts(*[bytes([each]) for each in head()], pause=0.03, cut=False),
    "headers": endless(b"HTTP/1.1 207 Multi-Status\r\n", b"X-More: x\r\n", pause=0.03),
    "body": endless(HEAD_OF_LENGTH, b" ", pause=0.03),
    "chunks": endless(CHUNKED, b"1\r\n \r\n", pause=0.03),
    "size of a chunk": endless(CHUNKED, b"0", pause=0.03),
    "come again": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.03),
    "early hints": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", pause=0.03),
    "hop by hop": hop_by_hop,
    "without a length": endless(head(), b"<!-- x -->", pause=0.03),
    "zipped": endless(head("207 Multi-Status", "Content-Encoding: gzip") + ZIP_HEAD, ZIP_NOTHING, pause=0.03),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_a_server_that_drips_is_left_when_the_time_is_up(
    scales: Scales, villain: Open, figure: Any, kind: str
) -> None:
    dripping = villain(DRIPS[kind])
    weight = scales.ask(dripping.url, seconds=1)
    figure(weight, dripping)
    bounded(weight, "slow", seconds=1)
    assert not weight.permanent


def test_a_greeting_that_never_comes_is_not_waited_for(
    scales: Scales, villain: Open, figure: Any, tmp_path: Path
) -> None:
    mute = villain(tls=certificate(tmp_path), greet=lambda _line: time.sleep(5))
    weight = scales.ask(mute.url, seconds=1)
    figure(weight, mute)
    bounded(weight, "slow", seconds=1)
    assert mute.credentials == []


def test_a_name_with_a_thousand_addresses_that_never_answer_takes_no_longer(
    monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting, port = full_up(listener), listener.getsockname()[1]
    monkeypatch.setattr(session, "look_up", lambda *_: [(2, 1, 6, "", ("127.0.0.1", port))] * 1000)
    began = time.monotonic()
    problem = trouble_with(f"http://localhost:{port}/", Rules(("localhost",)), seconds=1).problem
    took = time.monotonic() - began
    record_property("figure", f"{problem}, {took:.2f} s")
    assert (problem, took < 1 + SLACK) == ("slow", True), took
    for each in (*waiting, listener):
        each.close()


def test_a_conversation_of_many_slow_answers_comes_to_an_end(
    villain: Open, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr(session, "CONVERSATION_SECONDS", 1.0)

    def late(talk: Talk) -> None:
        talk.villain.over.wait(0.15)
        whole(body=multistatus())(talk)

    server, began = villain(late), time.monotonic()
    with (
        Server(server.url, Credentials("ada", SECRET), Rules(("localhost",))) as asked,
        pytest.raises(Trouble) as caught,
    ):
        asked.find("x", [f"{server.url}{number}/" for number in range(1_000)])
    took = time.monotonic() - began
    record_property("figure", f"{caught.value.problem}, {took:.2f} s, {len(server.requests)} requests")
    assert (caught.value.problem, took < 1 + SLACK, len(server.requests) < 10) == ("slow", True, True), took


# Large: so much is taken and no more.

GZIP = "Content-Encoding: gzip"
BOMB = gzip.compress(b"<x>" + b" " * 200_000_000)
HUGE = {
    "body": endless(head(), b"<!-- " + b"x" * 65_000 + b" -->"),
    "body of a refusal": endless(head("403 Forbidden"), b"x" * 65_000),
    "body of a challenge": endless(
        head("401 Unauthorized", 'WWW-Authenticate: Digest realm="x", nonce="y"'), b"x" * 65_000
    ),
    "body of a redirect": endless(head("302 Found", "Location: /x/"), b"x" * 65_000),
    "chunks": endless(CHUNKED, b"10000\r\n" + b" " * 65_536 + b"\r\n"),
    "promised": endless(head("207 Multi-Status", "Content-Length: 99999999999999"), b" " * 65_536),
    "gzip bomb": whole("207 Multi-Status", BOMB, GZIP),
    "gzip bomb of a refusal": whole("403 Forbidden", BOMB, GZIP),
    "gzip and then more": endless(head("207 Multi-Status", GZIP) + gzip.compress(b"<x/>"), b"x" * 65_000),
    "gzip of nothing": endless(head("207 Multi-Status", GZIP) + ZIP_HEAD, ZIP_NOTHING * 2_000),
}


@pytest.mark.parametrize("kind", HUGE)
def test_of_an_answer_without_end_no_more_is_taken_than_allowed(
    scales: Scales, villain: Open, figure: Any, kind: str
) -> None:
    server = villain(HUGE[kind])
    weight = scales.ask(server.url, "look")
    figure(weight, server)
    bounded(weight, "too-large")
    assert weight.permanent
    assert server.sent < 5 * MEGABYTE + BUFFERS


def test_a_bomb_in_a_bomb_is_unpacked_once(scales: Scales, villain: Open, figure: Any) -> None:
    for encoding, problem in (
        ("gzip", "not-a-calendar-server"),
        ("gzip, gzip", "bad-answer"),
        ("br", "bad-answer"),
    ):
        server = villain(whole("207 Multi-Status", gzip.compress(BOMB), f"Content-Encoding: {encoding}"))
        weight = scales.ask(server.url, "look")
        figure(weight, server)
        bounded(weight, problem)


HEADS = {
    "one header": endless(b"HTTP/1.1 207 Multi-Status\r\nX-Long: ", b"x" * 65_536),
    "headers": endless(b"HTTP/1.1 207 Multi-Status\r\n", b"X-More: " + b"x" * 1_000 + b"\r\n"),
    "small headers": endless(b"HTTP/1.1 207 Multi-Status\r\n", b"a: b\r\n" * 10_000),
    "status line": endless(b"HTTP/1.1 207 ", b"x" * 65_536),
    "no line": endless(b"", b"\r\n" * 30_000),
    "hints": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1_000),
    "trailers": endless(CHUNKED + b"0\r\n", b"X-More: x\r\n" * 5_000),
    "size of a chunk": endless(CHUNKED, b"0" * 65_536),
    "note to a chunk": endless(CHUNKED + b"1;", b"x" * 65_536),
}


@pytest.mark.parametrize("kind", HEADS)
def test_headers_without_end_are_not_listened_to(
    scales: Scales, villain: Open, figure: Any, kind: str
) -> None:
    server = villain(HEADS[kind])
    weight = scales.ask(server.url, "look", seconds=2)
    figure(weight, server)
    bounded(weight, ("slow", "unreachable", "bad-answer", "too-large", "not-a-calendar-server"), seconds=2)
    assert server.sent < 5 * MEGABYTE + BUFFERS, server.sent


# XML that is more than it seems.


def laughs(*, where: str) -> bytes:
    entities = "".join(f'<!ENTITY l{at + 1} "{f"&l{at};" * 10}">' for at in range(9))
    dtd = f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'.encode()
    inside = (
        b'<d:response a="&l9;"/>'
        if where == "attribute"
        else b"<d:response><d:href>&l9;</d:href></d:response>"
    )
    return dtd + multistatus(inside)


def parsed(kind: str, other: str = "http://localhost:1/", file: str = "/etc/hostname") -> bytes:
    """A nonsense of each kind."""
    fine = multistatus(response("/c/", PROPS.format("/me/")))
    return {
        "billion laughs": laughs(where="text"),
        "billion laughs in an attribute": laughs(where="attribute"),
        "quadratic": b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 50_000 + b'">]>' + multistatus(b"&a;" * 50_000),
        "references": b'<!DOCTYPE x [<!ENTITY a "b">]>' + multistatus(b"&a;" * 1_600_000),
        "external file": f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{file}">]>'.encode() + multistatus(b"&a;"),
        "external address": f'<!DOCTYPE x [<!ENTITY a SYSTEM "{other}">]>'.encode() + multistatus(b"&a;"),
        "external DTD": f'<!DOCTYPE x SYSTEM "{other}">'.encode() + fine,
        "external parameter": f'<!DOCTYPE x [<!ENTITY % a SYSTEM "{other}"> %a;]>'.encode() + fine,
        "external style": f'<?xml-stylesheet href="{other}"?><x/>'.encode(),
        "hidden DTD": b"<?a?> <!-- <x> -->\n" * 1_000 + laughs(where="text"),
        "comments without a DTD": b"<!-- - <!- <!DOCTYP -->" * 20_000 + b"<x/>",
        "a DTD in UTF-16": laughs(where="text").decode().encode("utf-16"),
        "deep": b"<a>" * 200_000,
        "deep and closed": b"<a>" * 200_000 + b"</a>" * 200_000,
        "another encoding": b'<?xml version="1.0" encoding="utf-16"?>' + fine,
        "an unknown encoding": b'<?xml version="1.0" encoding="x-nothing"?>' + fine,
        "EBCDIC": (
            b'<?xml version="1.0" encoding="cp037"?>'.decode().encode("cp037") + fine.decode().encode("cp037")
        ),
        "UTF-7": b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x+AD4-<x/>',
        "no encoding": b"\xff\xfe\xfd" + fine,
        "broken letters": multistatus(b"\xc3\x28\xf8\xa1\xa1\xa1\xa1"),
        "NUL": multistatus(b"\0\0"),
        "an attribute twice": multistatus(b'<d:response a="1" a="2"/>'),
        "another root": b"<x>" + fine + b"</x>",
        "a page": b"<!DOCTYPE html><html><body>Welcome<br></body></html>",
        "JSON": b'{"error": "moved"}',
        "nothing": b"",
        "cut off": fine[:-20],
    }[kind]


NONSENSE = (
    *(
        "billion laughs",
        "billion laughs in an attribute",
        "quadratic",
        "references",
        "external file",
        "external address",
    ),
    *(
        "external DTD",
        "external parameter",
        "external style",
        "hidden DTD",
        "comments without a DTD",
        "a DTD in UTF-16",
    ),
    *("deep", "deep and closed", "another encoding", "an unknown encoding", "EBCDIC", "UTF-7", "no encoding"),
    *("broken letters", "NUL", "an attribute twice", "another root", "a page", "JSON", "nothing", "cut off"),
)


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_in_xml_is_a_word_and_nothing_is_fetched_for_it(
    scales: Scales, villain: Open, figure: Any, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "canary").write_text("a-file-of-ours")
    other = villain(whole("200 OK", b"<x/>"))
    server = villain(whole("207 Multi-Status", parsed(kind, other.url, str(tmp_path / "canary"))))
    weight = scales.ask(server.url, "look")
    figure(weight, server)
    bounded(weight, "not-a-calendar-server", seconds=5)
    assert (other.lines, "a-file-of-ours" in str(weight.told)) == (0, False)


def filled(begin: bytes, piece: Callable[[int], bytes], end: bytes, most: int = 4_900_000) -> bytes:
    """As many pieces as go into an answer."""
    one, found = len(piece(99_999)), begin
    return found + b"".join(piece(at) for at in range((most - len(begin)) // one)) + end


MANY = {
    "tiny elements": lambda: filled(OPEN, lambda _: b"<a/>", CLOSE),
    "attributes": lambda: filled(OPEN[:-1], lambda at: f' a{at}=""'.encode(), b">" + CLOSE),
    "instructions": lambda: filled(OPEN, lambda _: b"<?a?>", CLOSE),
    "properties": lambda: filled(
        OPEN + b"<d:response><d:propstat><d:prop>",
        lambda at: f"<a{at}/>".encode(),
        b"</d:prop></d:propstat></d:response>" + CLOSE,
    ),
}


@pytest.mark.parametrize("kind", MANY)
def test_very_much_markup_is_not_parsed(scales: Scales, villain: Open, figure: Any, kind: str) -> None:
    server = villain(whole("207 Multi-Status", MANY[kind]()))
    weight = scales.ask(server.url, "look")
    figure(weight, server)
    bounded(weight, "too-large", seconds=5)


@pytest.mark.parametrize(
    ("what", "piece"),
    [
        ("look", lambda at: response(f"/c/{at}.ics", f"<d:getetag>{at}</d:getetag><d:resourcetype/>")),
        ("look", lambda at: f"<d:response><d:href>/c/{at}</d:href></d:response>".encode()),
        ("busy", lambda at: response(f"/c/{at}.ics", "<c:calendar-data>BEGIN:VCALENDAR</c:calendar-data>")),
        ("calendars", lambda at: response(f"/home/{at}/", "<d:resourcetype><c:calendar/></d:resourcetype>")),
    ],
    ids=["look", "bare", "busy", "calendars"],
)
def test_very_many_things_in_an_answer_stay_within_bounds(
    scales: Scales, villain: Open, figure: Any, what: str, piece: Callable[[int], bytes]
) -> None:
    server = villain(whole("207 Multi-Status", filled(OPEN, piece, CLOSE)))
    weight = scales.ask(server.url, what)
    figure(weight, server)
    bounded(weight, ("", "too-large"), seconds=10, megabytes=HEAVY)
    assert what != "calendars" or weight.told == 100


# Half answers.

FINE = multistatus(response("/c/", "<d:getetag>1</d:getetag>"))
ZIPPED = gzip.compress(FINE)
BROKEN = {
    "nothing": (parts(b""), "unreachable"),
    "half a status line": (parts(b"HTTP/1.1 20"), "unreachable"),
    "half a header": (parts(head()[:-10]), "unreachable"),
    "cut after the head": (parts(HEAD_OF_LENGTH), "unreachable"),
    "cut in the middle": (
        parts(head("207 Multi-Status", f"Content-Length: {len(FINE)}") + FINE[:-9]),
        "unreachable",
    ),
    "shorter than said": (parts(HEAD_OF_LENGTH + FINE), "unreachable"),
    "length of letters": (parts(head("207 Multi-Status", "Content-Length: many") + FINE), "unreachable"),
    "length below zero": (parts(head("207 Multi-Status", "Content-Length: -5") + FINE), "unreachable"),
    "two lengths": (
        parts(head("207 Multi-Status", "Content-Length: 5", "Content-Length: 6") + FINE),
        "unreachable",
    ),
    "chunks cut off": (parts(CHUNKED + b"ff\r\n" + FINE[:100]), "unreachable"),
    "chunks without an end": (parts(CHUNKED + b"5\r\n<a/> \r\n"), "unreachable"),
    "chunks of nonsense": (parts(CHUNKED + b"zz\r\n" + FINE), "unreachable"),
    "a chunk below zero": (parts(CHUNKED + b"-5\r\n" + FINE), "unreachable"),
    "gzip cut off": (whole("207 Multi-Status", ZIPPED[:-12], GZIP), "bad-answer"),
    "gzip without its end": (whole("207 Multi-Status", ZIPPED[:-8], GZIP), "bad-answer"),
    "not gzip": (whole("207 Multi-Status", FINE, GZIP), "bad-answer"),
    "gzip with a wrong sum": (whole("207 Multi-Status", ZIPPED[:-8] + b"12345678", GZIP), "bad-answer"),
    "raw deflate": (
        whole("207 Multi-Status", zlib.compress(FINE)[2:-4], "Content-Encoding: deflate"),
        "bad-answer",
    ),
    "no HTTP": (parts(b"220 mail.example.com ESMTP\r\n\r\n"), "unreachable"),
    "HTTP/0.9": (parts(FINE), "unreachable"),
    "HTTP/2": (parts(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + struct.pack(">IBI", 0, 4, 0)), "unreachable"),
    "noise": (parts(bytes(range(256)) * 100), "unreachable"),
    "status 99": (whole("99 What", FINE), "bad-answer"),
    "status 999": (whole("999 What", FINE), ("bad-answer", "server-error")),
    "switching": (parts(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "unreachable"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_half_an_answer_is_none(scales: Scales, villain: Open, figure: Any, kind: str) -> None:
    act, problem = BROKEN[kind]
    server = villain(act)
    weight = scales.ask(server.url, "look", seconds=2)
    figure(weight, server)
    wanted = {problem} if isinstance(problem, str) else {*problem}
    bounded(weight, tuple(wanted | {"bad-answer", "unreachable"}), seconds=2)
    assert not weight.permanent
    assert len(server.requests) <= 2


def test_a_written_item_whose_answer_breaks_off_is_not_held_for_written(
    scales: Scales, villain: Open, figure: Any
) -> None:
    for act in (
        parts(b"HTTP/1.1 201 Cre"),
        parts(head("201 Created", "Content-Length: 50") + b"half"),
        parts(b""),
    ):
        server = villain(act)
        weight = scales.ask(server.url, "write", seconds=2)
        figure(weight, server)
        bounded(weight, "unreachable", seconds=2)
        assert len(server.requests) == 1


# Statuses, and how long to wait.


@pytest.mark.parametrize(
    ("status", "said", "problem", "wait"),
    [
        ("401 Unauthorized", (), "wrong-password", None),
        ("401 Unauthorized", ('WWW-Authenticate: Digest realm="x"',), "wrong-password", None),
        (
            "401 Unauthorized",
            ('WWW-Authenticate: Digest realm="x", nonce="y", algorithm=NONE',),
            "wrong-password",
            None,
        ),
        ("401 Unauthorized", ("WWW-Authenticate: " + "Digest " * 9_000,), "wrong-password", None),
        (
            "401 Unauthorized",
            ("WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM"),
            "wrong-password",
            None,
        ),
        ("429 Too Many Requests", ("Retry-After: 86400",), "rate-limited", 86_400),
        ("429 Too Many Requests", ("Retry-After: -5",), "rate-limited", None),
        ("429 Too Many Requests", ("Retry-After: " + "9" * 400,), "rate-limited", None),
        ("429 Too Many Requests", ("Retry-After: " + "9" * 5_000,), "rate-limited", None),
        ("429 Too Many Requests", ("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT",), "rate-limited", None),
        (
            "429 Too Many Requests",
            ("Retry-After: Fri, 31 Dec 99999999999 23:59:59 GMT",),
            "rate-limited",
            None,
        ),
        ("503 Service Unavailable", ("Retry-After: 86400",), "rate-limited", 86_400),
        ("503 Service Unavailable", (), "server-error", None),
        (
            "407 Proxy Authentication Required",
            ('Proxy-Authenticate: Basic realm="x"',),
            "wrong-password",
            None,
        ),
        ("402 Payment Required", (), "bad-answer", None),
        ("511 Network Authentication Required", (), "server-error", None),
    ],
)
def test_a_status_is_a_word_and_nothing_is_waited_for_here(
    scales: Scales,
    villain: Open,
    figure: Any,
    status: str,
    said: tuple[str, ...],
    problem: Any,
    wait: float | None,
) -> None:
    server = villain(whole(status, b"", *said))
    weight = scales.ask(server.url, "look", seconds=3)
    figure(weight, server)
    bounded(weight, problem, seconds=3)
    assert wait is None or weight.retry_after == wait
    assert len(server.requests) <= 2


# Certificates.


@pytest.mark.parametrize("kind", ["unknown", "run out", "of another name", "none at all"])
def test_a_server_that_does_not_prove_itself_is_shown_no_password(
    scales: Scales, villain: Open, figure: Any, tmp_path: Path, kind: str
) -> None:
    name, days = (
        ("cal.example.com", 1) if kind == "of another name" else ("localhost", -1 if kind == "run out" else 1)
    )
    tls: ssl.SSLContext | None = None if kind == "none at all" else certificate(tmp_path, name, days=days)
    server = villain(
        whole(body=FINE), tls=tls, greet=None if tls else lambda line: line.sendall(head("400 Bad Request"))
    )
    weight = scales.ask(server.url.replace("http:", "https:"), seconds=5)
    figure(weight, server)
    bounded(weight, "unreachable", seconds=5)
    assert (server.lines > 0, server.requests, server.credentials) == (True, [], [])


# Addresses of this machine and its network, in every spelling.

ANY = "0.0.0.0"  # noqa: S104  # a villain listens there, so that it would answer however it is spelled
SPELLINGS = (
    *("2130706433", "017700000001", "0x7f000001", "0x7f.0.0.1", "0177.0.0.01", "127.1", "127.0.1", "0"),
    *(ANY, "0.0.0.1"),
    *("127.0.0.1.", "localhost.", "LOCALHOST", "LocalHost.", "127.255.255.254"),
    *("%31%32%37.0.0.1", "127.0.0.1%00.example.com"),
    *(
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::7f00:1]",
    ),
    *(
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2002:7f00:1::1]",
    ),
    *(
        "[2001:0:7f00:1::]",
        "[fec0::1]",
        "[feff::1]",
        "[fe80::1]",
        "[fe80::1%lo]",
        "[fe80::1%25lo]",
        "[::1%lo]",
        "[fc00::1]",
    ),
    *(
        "[::5efe:127.0.0.1]",
        "[fe80::200:5efe:7f00:1]",
        "[::ffff:0:127.0.0.1]",
        "[ff02::1]",
        "[fd00:ec2::254]",
    ),
    *(
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "2852039166",
    ),
    *(
        "100.100.100.200",
        "168.63.129.16",
        "10.0.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.0.2.1",
        "198.18.0.1",
    ),
    *("0xa9fea9fe", "100.64.0.1", "cal.example.com\\@localhost"),
    *("⑯⑨。②⑤④。⑯⑨。②⑤④", "１２７.0.0.1", "ⓛocalhost", "127。0。0。1", "lоcalhost", "localhost\u00ad"),
    *("ada@127.0.0.1", "ada:x@localhost", "cal.example.com@localhost", "localhost#@cal.example.com"),
    *(
        "localhost",
        "10.1.2.3",
        "172.16.0.1",
        "255.255.255.255",
        "224.0.0.1",
        "[fd00::1]",
        "[2001::7f00:1]",
        "",
        ":99999",
    ),
    *("localhost\t", "local\nhost", " localhost", "localhost\r\nX-Evil:1"),
)


def refusal(url: str) -> Trouble:
    """As trouble_with; a session to an address like that need not come about at all."""
    try:
        return trouble_with(url, Rules())
    except Trouble as trouble:
        return trouble


@pytest.mark.parametrize("host", SPELLINGS, ids=ascii)
def test_this_machine_and_its_network_are_refused_in_every_spelling(villain: Open, host: str) -> None:
    inside = villain(whole(body=FINE), listen=ANY)
    began = time.monotonic()
    found = refusal(f"https://{host}:{inside.port}/")
    assert (found.problem, found.permanent) == ("refused-address", True), found.detail
    assert (inside.lines, inside.credentials) == (0, [])
    assert time.monotonic() - began < 3 + SLACK


RESOLVED = (
    *(
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
    ),
    *("fe80::1%lo", "fe80::1%1", "fec0::1%lo", "::1%lo", "::ffff:127.0.0.1%lo", "ff02::1%lo", ANY, "::"),
    *("169.254.169.254", "::ffff:0:7f00:1"),
    *(
        "2001:0:0:0:0:0:80ff:fffe",
        "fd00:ec2::254",
        "fc00::1",
        "10.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
    ),
)


@pytest.mark.parametrize("address", RESOLVED)
def test_a_name_that_resolves_to_an_inner_address_is_not_gone_to(
    villain: Open, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    inside = villain(whole(body=FINE))
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    place = (address, inside.port, 0, 0) if ":" in address else (address, inside.port)
    monkeypatch.setattr(session, "look_up", lambda *_: [(family, 1, 6, "", place)])
    assert (trouble_with("https://cal.example.com/", Rules()).problem, inside.lines) == ("refused-address", 0)


def test_the_address_that_was_checked_is_the_one_connected_to(
    villain: Open, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """A name server that says something else every time it is asked (rebinding)."""
    inside, gone_to, asked = villain(whole(body=FINE)), [], itertools.count()
    real = socket.socket.connect

    def look_up(_host: str, port: int) -> list[tuple[Any, ...]]:
        address = "93.184.215.14" if next(asked) % 2 == 0 else "127.0.0.1"
        return [(2, 1, 6, "", (address, inside.port if address == "127.0.0.1" else port))]

    def connect(self: socket.socket, place: Any) -> None:
        gone_to.append(place[0])
        if place[0] != "127.0.0.1":
            raise ConnectionRefusedError
        real(self, place)

    monkeypatch.setattr(session, "look_up", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    problems = []
    for _ in range(4):
        problems.append(trouble_with("https://cal.example.com/", Rules()).problem)
    record_property("figure", f"{problems}, connected to {sorted(set(gone_to))}")
    assert set(problems) <= {"unreachable", "refused-address"}
    assert (set(gone_to), inside.lines) == ({"93.184.215.14"}, 0)


# What items say.

LINES = {
    "every second": ("unreadable", "RRULE:FREQ=SECONDLY;COUNT=9"),
    "every minute": ("unreadable", "RRULE:FREQ=MINUTELY"),
    "every hour": ("unreadable", "RRULE:FREQ=HOURLY;INTERVAL=24"),
    "by the second": (
        None,
        f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
    ),
    "nothing at all": (None, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    "no step": (None, "RRULE:FREQ=DAILY;INTERVAL=0"),
    "without end": (None, "RRULE:FREQ=DAILY"),
    "a billion": (None, "RRULE:FREQ=DAILY;COUNT=1000000000"),
    "until the last day": (None, "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z"),
    "huge step": (None, "RRULE:FREQ=YEARLY;INTERVAL=99999999999999999999"),
    "many exceptions": (
        None,
        "RRULE:FREQ=DAILY;COUNT=9",
        f"EXDATE:{','.join(['20260303T090000Z'] * 50_000)}",
    ),
    "many days": (None, f"RDATE:{','.join(f'{year:04}0303T090000Z' for year in range(1, 9_999))}"),
    "many rules": (None, *["RRULE:FREQ=DAILY"] * 2_000),
    "endless rule": (None, f"RRULE:FREQ=YEARLY;BYDAY={','.join(['MO'] * 50_000)}"),
    "long": (None, "DURATION:P999999999999W"),
    "no rule": (None, "RRULE:" + "A=" * 50_000),
}


@pytest.mark.parametrize("kind", LINES)
def test_rules_that_would_never_end_are_not_followed(
    scales: Scales, villain: Open, figure: Any, kind: str
) -> None:
    wanted, *lines = LINES[kind]
    said = "\n".join(["DTSTART:20260302T090000Z", *(lines if kind == "long" else ["DURATION:PT1H", *lines])])
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:x\n{said}\nEND:VEVENT\nEND:VCALENDAR\n"
    item = response("/c/x.ics", f"<d:getetag>1</d:getetag><c:calendar-data>{text}</c:calendar-data>")
    server = villain(whole("207 Multi-Status", multistatus(item)))
    weight = scales.ask(server.url, "read")
    figure(weight, server)
    bounded(weight, "", seconds=5, megabytes=HEAVY)
    assert len(weight.told) == 1
    assert wanted is None or weight.told == [wanted]


def test_nothing_but_the_calendar_is_asked_with_the_password(scales: Scales, villain: Open) -> None:
    """What went before says that no other server saw a password; here, that its own one did."""
    server = villain(whole(body=FINE))
    assert scales.ask(server.url, "look").told == 0
    assert [each.partition(" ")[2].partition(" ")[0] for each in server.credentials] == ["Basic"]


# Whole rounds: a hostile account beside one that is well.


@pytest.fixture
def healthy(radicale: CalendarServer, make: Factories, mira: Person, sam: Person) -> Account:
    account = Account(radicale, mira)
    account.pairing = pairs.whole(make, mira, sam)
    return account.connect()


@pytest.fixture
def hostile(radicale: CalendarServer, make: Factories) -> Account:
    """Another person's account, which has been well until its server turns."""
    return Account(radicale, make.person("Hana Hostile")).connect()


def turn(account: Account, server: Villain) -> None:
    """From now on its server is another one, and there is news for it."""
    base = server.url.rstrip("/")
    values = {
        "origin": base,
        "address": server.url,
        "calendar_url": f"{base}/c/",
        "looked_at": None,
        "not_before": None,
    }
    with transaction():
        row = db.session.get_one(CalendarAccount, account.id)
        for name, value in {**values, "state": "connected", "pushed_at": now()}.items():
            setattr(row, name, value)


def round_of_all() -> list[int]:
    """One sweep, and what it rings."""
    due = due_accounts.find(at=now())
    assert due_accounts.sweep() == len(due)
    for each in due:
        sync.sync(each)
    return due


def bits(body: bytes) -> Callable[[Talk], None]:
    return whole("207 Multi-Status", body)


ROUNDS = {
    "drips": (endless(HEAD_OF_LENGTH, b" ", pause=0.03), "slow", "connected"),
    "huge": (HUGE["body"], "too-large", "connected"),
    "bomb": (HUGE["gzip bomb"], "too-large", "connected"),
    "elsewhere": (
        whole("302 Found", b"", "Location: https://cal.example.com/"),
        "refused-address",
        "suspended",
    ),
    "laughs": (bits(laughs(where="text")), "not-a-calendar-server", "connected"),
    "cut off": (parts(HEAD_OF_LENGTH), "unreachable", "connected"),
    "401": (whole("401 Unauthorized"), "wrong-password", "suspended"),
    "429": (whole("429 Too Many Requests", b"", "Retry-After: 86400"), "rate-limited", "connected"),
    "429 for ages": (
        whole("429 Too Many Requests", b"", f"Retry-After: {'9' * 400}"),
        "rate-limited",
        "connected",
    ),
    "503": (whole("503 Service Unavailable"), "server-error", "connected"),
    "empty": (bits(multistatus()), "calendar-gone", "suspended"),
}


@pytest.mark.parametrize("kind", ROUNDS)
def test_a_hostile_account_takes_nothing_from_the_one_beside_it(
    healthy: Account, hostile: Account, villain: Open, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(session.GuardedSession.__init__, "__kwdefaults__", {"seconds": 2.0})
    act, problem, state = ROUNDS[kind]
    server = villain(act)
    turn(hostile, server)
    began = time.monotonic()
    assert round_of_all() == sorted([healthy.id, hostile.id])
    took, row = time.monotonic() - began, hostile.row
    assert (row.problem, row.state, row.lease_holder, row.failures) == (problem, state, None, 1)
    assert (healthy.row.state, healthy.row.problem, healthy.there()) == ("connected", "", healthy.wanted())
    assert took < 2 + 10, took
    asked = len(server.requests)
    assert round_of_all() == []  # it waits, or its owner is asked
    assert len(server.requests) == asked <= 2
    letters = [each.kind for each in hostile.letters]
    assert letters == (["calendars.suspended"] if state == "suspended" else [])
    print(
        f"\nFIGURE round, {kind}: {problem}, {state}, {took:.2f} s for both accounts,"
        f" {server.sent / MEGABYTE:.2f} MB sent"
    )


def test_a_day_asked_for_is_waited_and_no_more_than_a_day(
    healthy: Account, hostile: Account, villain: Open
) -> None:
    for said in ("86400", "864000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"):
        turn(hostile, villain(whole("429 Too Many Requests", b"", f"Retry-After: {said}")))
        hostile.sync()
        wait = (hostile.row.not_before - now()).total_seconds()
        assert 86_390 < wait <= 86_400, (said, wait)
        hostile.let_time_pass(hours=23, minutes=30)
        assert hostile.id not in due_accounts.find(at=now())
        hostile.let_time_pass(hours=1)
        assert hostile.id in due_accounts.find(at=now())


def test_a_wrong_password_suspends_and_asks_once_and_is_not_tried_again(
    hostile: Account, villain: Open
) -> None:
    server = villain(whole("401 Unauthorized", b"", 'WWW-Authenticate: Basic realm="x"'))
    turn(hostile, server)
    hostile.sync()
    assert (hostile.row.state, hostile.row.problem) == ("suspended", "wrong-password")
    assert [each.kind for each in hostile.letters] == ["calendars.suspended"]
    for _ in range(3):
        hostile.let_time_pass(days=2)
        assert hostile.id not in due_accounts.find(at=now())
        hostile.sync(at_once=True)
    assert (len(server.requests), len(hostile.letters)) == (1, 1)


def test_a_server_in_trouble_is_asked_less_and_less_up_to_once_an_hour(
    hostile: Account, villain: Open
) -> None:
    turn(hostile, villain(whole("503 Service Unavailable")))
    waits = []
    for _ in range(9):
        hostile.sync()
        waits.append((hostile.row.not_before - now()).total_seconds())
    for number, wait in enumerate(waits):
        longest = min(60 * 2**number, 3600)
        assert longest * 0.74 - 1 < wait <= longest + 1, waits
    assert (hostile.row.state, hostile.row.failures, hostile.letters) == ("connected", 9, [])
