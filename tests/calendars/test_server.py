"""Servers that lie and send one elsewhere: each is a word for the person, quickly, and nothing leaks. Busy
times.

What hostile servers cost is in test_hostile.py.

ASVS 5.0: 1.3.6 (SSRF), 5.2.x (sizes of what is unpacked), 13.2.4 and 13.2.5 (where the server may connect
to).
"""

# long because its cases belong together
from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from portal.calendars.server import Conflict, Server
from portal.calendars.wire import session
from portal.calendars.wire.addresses import Origin, Rules, Trouble
from portal.calendars.wire.credentials import Credentials
from portal.core.calendar import busy_times
from tests.calendars.conftest import MakeHostile, emptied
from tests.calendars.proxy import http, multistatus
from tests.calendars.servers import CalendarServer

SECRET = "password-nobody-may-read"
LOCAL = Rules(("localhost",))
PRINCIPAL = "<d:current-user-principal><d:href>{}</d:href></d:current-user-principal>"
HOME = "<c:calendar-home-set><d:href>{}</d:href></c:calendar-home-set>"


def trouble_with(url: str, rules: Rules = LOCAL, *, seconds: float = 20) -> Trouble:
    """What discovery there ends in."""
    try:
        with Server(url, Credentials("ada", SECRET), rules) as server:
            server.session.seconds = seconds
            server.discover()
    except Trouble as trouble:
        return trouble
    raise AssertionError("no trouble at all")


def test_writing_follows_no_redirect(hostile: MakeHostile) -> None:
    elsewhere = hostile(http("201 Created"))
    liar = hostile(http("301 Moved Permanently", b"", f"Location: {elsewhere.url}x.ics"))
    with Server(liar.url, Credentials("ada", SECRET), LOCAL) as server:
        for act in (
            lambda: server.write("/x.ics", b"BEGIN:VCALENDAR", if_match=None),
            lambda: server.delete("/x.ics", if_match="*"),
            lambda: server.make_calendar(f"{liar.url}new/", "New"),
        ):
            with pytest.raises(Trouble) as caught:
                act()
            assert (caught.value.problem, caught.value.permanent) == ("refused-address", True)
    assert elsewhere.seen == []


def test_reading_follows_a_redirect_within_the_origin_and_no_more_than_three(hostile: MakeHostile) -> None:
    def answer(_method: str, path: str) -> bytes:
        if path.startswith("/.well-known"):
            return http("301 Moved Permanently", b"", "Location: /dav/")
        return http("207 Multi-Status", multistatus(path, PRINCIPAL.format("/me/") + HOME.format("/home/")))

    with Server(hostile(answer).url, Credentials("ada", SECRET), LOCAL) as server:
        assert server.discover().url.endswith("/home/")
    endless = hostile(lambda _method, path: http("302 Found", b"", f"Location: {path}x"))
    assert trouble_with(endless.url).problem == "refused-address"
    assert len(endless.seen) <= 5


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
)
def test_a_redirect_to_another_origin_is_not_followed_and_sees_no_password(
    hostile: MakeHostile, status: str
) -> None:
    elsewhere = hostile(http("207 Multi-Status", multistatus("/", PRINCIPAL.format("/me/"))))
    liar = hostile(http(status, b"", f"Location: {elsewhere.url}"))
    assert trouble_with(liar.url).problem == "refused-address"
    assert elsewhere.seen == []


def test_another_host_of_the_same_house_is_gone_to_where_that_is_known_to_be_so() -> None:
    with Server("https://caldav.icloud.com/", Credentials("ada", SECRET), Rules()) as server:
        server.session.admit("https://p12-caldav.icloud.com:443/1234/calendars/")
        for other in (
            "https://p12-caldav.icloud.com.example.org/",
            "http://p12-caldav.icloud.com/",
            "https://icloud.example.com/",
        ):
            with pytest.raises(Trouble):
                server.session.admit(other)


@pytest.mark.parametrize(
    ("answer", "problem", "permanent"),
    [
        (http("401 Unauthorized", b"", 'WWW-Authenticate: Basic realm="x"'), "wrong-password", True),
        (http("401 Unauthorized"), "wrong-password", True),
        (http("403 Forbidden"), "not-allowed", True),
        (http("429 Too Many Requests", b"", "Retry-After: 120"), "rate-limited", False),
        (http("503 Service Unavailable", b"", "Retry-After: 120"), "rate-limited", False),
        (http("503 Service Unavailable"), "server-error", False),
        (http("207 Multi-Status", b"<no"), "not-a-calendar-server", True),
        (http("207 Multi-Status", b""), "not-a-calendar-server", True),
        (
            http("207 Multi-Status", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
            "not-a-calendar-server",
            True,
        ),
        (http("200 OK", b"<html><body>Welcome", kind="text/html"), "not-a-calendar-server", True),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "unreachable", False),
        (b"", "unreachable", False),
    ],
)
def test_what_a_server_answers_becomes_a_word(
    hostile: MakeHostile, answer: bytes, problem: str, permanent: bool
) -> None:
    found = trouble_with(hostile(answer).url)
    assert (found.problem, found.permanent) == (problem, permanent)


def test_how_long_to_wait_is_taken_from_the_server(hostile: MakeHostile) -> None:
    assert (
        trouble_with(hostile(http("429 Too Many Requests", b"", "Retry-After: 120")).url).retry_after == 120
    )
    assert (
        trouble_with(hostile(http("429 Too Many Requests", b"", "Retry-After: soon")).url).retry_after is None
    )


@pytest.mark.parametrize(
    "status", ["200 OK", "201 Created", "204 No Content", "207 Multi-Status", "202 Accepted", "500 Oh no"]
)
def test_a_write_has_succeeded_with_200_201_or_204_and_nothing_else(
    hostile: MakeHostile, status: str
) -> None:
    with Server(hostile(http(status, b"", 'ETag: "one"')).url, Credentials("ada", SECRET), LOCAL) as server:
        if status[:3] in ("200", "201", "204"):
            assert server.write("/x.ics", b"", if_match=None) == '"one"'
            return
        with pytest.raises(Conflict if status[:3] == "207" else Trouble):
            server.write("/x.ics", b"", if_match=None)


def test_digest_is_answered_once_and_the_password_does_not_go_over_the_line(hostile: MakeHostile) -> None:
    challenge = http(
        "401 Unauthorized", b"", 'WWW-Authenticate: Digest realm="dav", nonce="n1", qop="auth", algorithm=MD5'
    )

    def answer(method: str, path: str) -> bytes:
        line = next((each for each in server_.seen[-1].decode().splitlines() if "Digest " in each), "")
        parts = dict(re.findall(r'(\w+)="?([^",]+)', line))
        proof = f"{md5(f'ada:dav:{SECRET}')}:n1:{parts.get('nc')}:{parts.get('cnonce')}:auth:{md5(f'{method}:{path}')}"
        if parts.get("response") != md5(proof):
            return challenge
        return http("207 Multi-Status", multistatus(path, PRINCIPAL.format("/me/") + HOME.format("/home/")))

    server_ = hostile(answer)
    credentials = Credentials("ada", SECRET, "digest")
    with Server(server_.url, credentials, LOCAL) as server:
        assert server.discover().scheme == "digest"
    assert not any(b"Basic" in each for each in server_.seen)
    wrong = hostile(challenge)
    assert trouble_with(wrong.url).problem == "wrong-password"
    assert len(wrong.seen) == 2


def md5(text: str) -> str:
    """As RFC 7616 has it."""
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324  # the scheme's own


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://cal.example.com/",
            "file:///etc/passwd",
            "gopher://x/",
            "https:///x",
            "http://localhost:{port}/",
        ),
        *(
            "http://127.0.0.1:{port}/",
            "https://127.0.0.1:{port}\\@cal.example.com/",
            "https://cal.example.com:99999/",
        ),
    ],
)
def test_an_address_that_is_no_public_https_is_refused(hostile: MakeHostile, url: str) -> None:
    inside = hostile(http("207 Multi-Status", multistatus("/", PRINCIPAL.format("/me/"))))
    found = trouble_with(url.format(port=inside.port), Rules(), seconds=3)
    assert (found.problem, found.permanent) == ("refused-address", True)
    assert inside.seen == []


def test_a_name_whose_answers_change_is_connected_to_where_it_was_checked(
    hostile: MakeHostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = hostile(http("207 Multi-Status", multistatus("/", PRINCIPAL.format("/me/"))))
    for answers in (["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["127.0.0.1", "93.184.215.14"]):
        found = [(2, 1, 6, "", (each, inside.port)) for each in answers]
        monkeypatch.setattr(session, "look_up", lambda _host, _port, found=found: found)
        assert (
            trouble_with(f"https://rebinding.example.com:{inside.port}/", Rules()).problem
            == "refused-address"
        )
    assert inside.seen == []


def test_the_name_server_is_asked_once_for_all_connections(
    hostile: MakeHostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, asked = hostile(http("201 Created", b"", "Connection: close")), []
    monkeypatch.setattr(
        session, "look_up", lambda *to: asked.append(to) or [(2, 1, 6, "", ("127.0.0.1", inside.port))]
    )
    with Server(inside.url, Credentials("ada", SECRET), LOCAL) as server:
        for name in ("/1.ics", "/2.ics"):
            server.write(name, b"BEGIN:VCALENDAR", if_match=None)
        assert (len(inside.seen), server.session.checking.made, asked) == (2, 2, [("localhost", inside.port)])


def test_a_slow_name_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "look_up", lambda *_: time.sleep(10))
    began = time.monotonic()
    assert trouble_with("https://cal.example.com/", Rules(), seconds=1).problem == "slow"
    assert time.monotonic() - began < 8, "ten would be all that it takes"


@pytest.mark.parametrize(
    ("rules", "address", "allowed"),
    [
        (Rules(), "93.184.215.14", True),
        (Rules(), "2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        (Rules(), "10.1.2.3", False),
        (Rules(nets=(ip_network("10.1.0.0/16"),)), "10.1.2.3", True),
        (Rules(nets=(ip_network("10.1.0.0/16"),)), "10.2.2.3", False),
        (Rules(nets=(ip_network("10.1.0.0/16"),)), "::ffff:10.1.2.3", True),
        (Rules(nets=(ip_network("10.1.0.0/16"),)), "93.184.215.14", True),
        (Rules(("cal.example.com",)), "10.2.2.3", True),
        (Rules(("cal.example.com:8443",)), "10.2.2.3", False),
        (Rules(("other.example.com",)), "10.2.2.3", False),
        (Rules(("other.example.com",)), "93.184.215.14", True),
    ],
)
def test_allowed_hosts_and_networks_open_and_never_narrow(rules: Rules, address: str, allowed: bool) -> None:
    assert rules.allows(address, host="cal.example.com", port=443) == allowed


def test_only_a_listed_host_may_use_http() -> None:
    Rules(("cal.example.com",)).check(Origin.of("http://cal.example.com/"))
    Rules(nets=(ip_network("10.0.0.0/8"),)).check(Origin.of("https://10.1.1.1/"))
    for rules in (Rules(), Rules(nets=(ip_network("10.0.0.0/8"),)), Rules(("other.example.com",))):
        with pytest.raises(Trouble):
            rules.check(Origin.of("http://10.1.1.1/"))


def test_the_environments_proxies_and_passwords_are_not_used(
    hostile: MakeHostile, monkeypatch: pytest.MonkeyPatch, radicale: CalendarServer
) -> None:
    spy = hostile(http("502 Bad Gateway"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, spy.url)
    with Server(radicale.url, Credentials(radicale.username, radicale.password), LOCAL) as server:
        assert server.discover().url == f"{radicale.url}ada/"
    assert spy.seen == []


def test_the_password_shows_nowhere(hostile: MakeHostile, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        http("401 Unauthorized"),
        http("500 Oh"),
        http("207 Multi-Status", b"<x/>"),
        b"nonsense\r\n\r\n",
    ]
    credentials = Credentials("ada", SECRET)
    for each in answers:
        trouble = trouble_with(hostile(each).url)
        assert (
            SECRET
            not in f"{trouble!r} {trouble} {trouble.detail} {trouble.__context__!r} {trouble.__cause__!r}"
        )
    with Server("http://localhost:1/", credentials, LOCAL) as server:
        assert SECRET not in f"{credentials!r} {server!r} {server.session!r} {server.credentials}"
    assert caplog.records
    assert SECRET not in caplog.text


WEEK = (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))
ABOUT_HER = ("Dentist", "about the raise", "Ward 7", "boss@example.com", "Divorce")


def event(uid: str, *lines: str) -> str:
    said = (f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines)
    secret = ("SUMMARY:Dentist", "DESCRIPTION:about the raise", "LOCATION:Ward 7", "X-ALT-DESC:Divorce")
    guests = (
        "ORGANIZER:mailto:boss@example.com",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Divorce",
        "TRIGGER:-PT5M",
    )
    return "\n".join(["BEGIN:VEVENT", *said, *secret, *guests, "END:VALARM", "END:VEVENT"])


def week_of_appointments(server: CalendarServer) -> str:
    """A calendar with one of each kind of appointment; its address."""
    path = f"{server.home}busy/"
    server.make_calendar(path, "Busy")
    rule = event(
        "rule",
        "DTSTART:20260106T090000Z",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=20",
        "EXDATE:20260113T090000Z",
    )
    moved = event(
        "rule", "RECURRENCE-ID:20260303T090000Z", "DTSTART:20260304T150000Z", "DTEND:20260304T160000Z"
    )
    items = {
        "plain": event("plain", "DTSTART:20260302T100000Z", "DTEND:20260302T113000Z"),
        "rule": f"{rule}\n{moved}",
        "free": event("free", "DTSTART:20260305T100000Z", "DTEND:20260305T110000Z", "TRANSP:TRANSPARENT"),
        "off": event("off", "DTSTART:20260305T120000Z", "DTEND:20260305T130000Z", "STATUS:CANCELLED"),
        "later": event("later", "DTSTART:20260310T100000Z", "DTEND:20260310T110000Z"),
    }
    for name, said in items.items():
        text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Mine//EN\n{said}\nEND:VCALENDAR\n"
        server.put(f"{path}{name}.ics", text)
    return f"http://localhost:{server.port}{path}"


def test_events_that_come_without_their_times_make_nobody_pass_for_free(
    calendar_servers: Callable[[str], CalendarServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "_free_busy", lambda *_: b"")
    xandikos = emptied(calendar_servers("xandikos"))
    calendar = week_of_appointments(xandikos)
    with (
        Server(calendar, Credentials(xandikos.username, xandikos.password), LOCAL) as asked,
        pytest.raises(Trouble) as caught,
    ):
        asked.busy_texts(calendar, *WEEK)
    assert (caught.value.problem, caught.value.permanent) == ("bad-answer", False)


@pytest.mark.parametrize(
    ("server", "way"),
    [("radicale", "free-busy-query"), ("radicale", "calendar-query"), ("xandikos", "free-busy-query")],
    indirect=["server"],
)
def test_busy_times_come_without_a_word_about_what_the_appointments_are(
    server: CalendarServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    if way == "calendar-query":
        monkeypatch.setattr(Server, "_free_busy", lambda *_: b"")
    calendar = week_of_appointments(server)
    caplog.set_level(logging.DEBUG)
    with Server(calendar, Credentials(server.username, server.password), LOCAL) as asked:
        texts = asked.busy_texts(calendar, *WEEK)
        told = asked.session.calendar_text
    assert bool(told) == (way == "free-busy-query")
    assert [word for word in ABOUT_HER for text in texts if word.encode() in text] == []
    found = busy_times.merged(
        each
        for text in texts
        for each in busy_times.read(text, start=WEEK[0], end=WEEK[1], zone="Europe/Berlin")
    )
    assert [f"{start:%d %H:%M}-{end:%H:%M}" for start, end in found] == ["02 10:00-11:30", "04 15:00-16:00"]
    if way == "free-busy-query":
        assert "20260304T150000Z" not in caplog.text


FREE_BUSY = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VFREEBUSY\r\nFREEBUSY:20260302T100000Z/PT1H\r\n"
    b"END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
)
EVENT = (
    "<c:calendar-data>BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260302T100000Z\nSUMMARY:Dentist\nEND:VEVENT\n"
    "END:VCALENDAR\n</c:calendar-data>"
)


@pytest.mark.parametrize(
    "status",
    [
        *(
            "400 Bad Request",
            "403 Forbidden",
            "404 Not Found",
            "405 Method Not Allowed",
            "415 Unsupported Media Type",
        ),
        *("500 Internal Server Error", "501 Not Implemented", "200 OK", "204 No Content", "207 Multi-Status"),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>Welcome", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"], ids=["empty", "page", "other"]
)
def test_a_server_without_free_busy_is_asked_for_the_times_of_events_alone(
    hostile: MakeHostile, status: str, body: bytes
) -> None:
    def answer(_method: str, path: str) -> bytes:
        if b"free-busy-query" in server_.seen[-1]:
            return http(status, body, kind="text/calendar")
        return http("207 Multi-Status", multistatus(f"{path}x.ics", EVENT))

    server_ = hostile(answer)
    with Server(server_.url, Credentials("ada", SECRET), LOCAL) as server:
        texts = server.busy_texts(f"{server_.url}c/", *WEEK)
    assert texts == [
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260302T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ]
    [_, asked] = server_.seen
    assert re.findall(rb'prop name="([A-Z-]+)"', asked) == [
        *(
            b"VERSION",
            b"DTSTART",
            b"DTEND",
            b"DURATION",
            b"RRULE",
            b"EXDATE",
            b"RECURRENCE-ID",
            b"STATUS",
            b"TRANSP",
        )
    ]
    assert b"allprop" not in asked
    assert b'<c:time-range start="20260302T000000Z" end="20260309T000000Z"/>' in asked


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (http("401 Unauthorized"), "wrong-password"),
        (http("429 Too Many Requests", b"", "Retry-After: 120"), "rate-limited"),
        (http("302 Found", b"", "Location: https://elsewhere.example.com/"), "refused-address"),
        (http("200 OK", b"BEGIN:VCALENDAR\r\n" + b" " * 5_000_000), "too-large"),
        (http("404 Not Found"), "calendar-gone"),
        (http("200 OK", FREE_BUSY.replace(b"FREEBUSY:", b"BEGIN:X\r\n" * 9)), "bad-answer"),
    ],
    ids=["401", "429", "elsewhere", "large", "gone", "deep"],
)
def test_busy_times_that_cannot_be_asked_for_are_a_word(
    hostile: MakeHostile, answer: bytes, problem: str
) -> None:
    place = hostile(answer)
    with Server(place.url, Credentials("ada", SECRET), LOCAL) as server, pytest.raises(Trouble) as caught:
        server.busy_texts(f"{place.url}c/", *WEEK)
    assert (caught.value.problem, len(place.seen)) == (problem, 2 if problem == "calendar-gone" else 1)


def test_free_busy_is_one_request_and_only_its_times_are_kept(hostile: MakeHostile) -> None:
    place = hostile(
        http("200 OK", FREE_BUSY.replace(b"FREEBUSY:", b"SUMMARY:Dentist\r\nFREEBUSY:"), kind="text/calendar")
    )
    with Server(place.url, Credentials("ada", SECRET), LOCAL) as server:
        assert server.busy_texts(f"{place.url}c/", *WEEK) == [FREE_BUSY]
        with pytest.raises(Trouble):
            server.look(f"{place.url}c/")
        assert server.session.calendar_text == b""
    assert len(place.seen) == 2
