"""Live feeds: how they are asked for, and what they answer."""

# long because all that is asked of a feed is asked of the one season that its fixtures plan

# long because its cases belong together
from __future__ import annotations

import contextvars
import gzip
import hashlib
import logging
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from portal import audit
from portal.calendars.feeds import links
from portal.calendars.feeds import pages as feeds
from portal.calendars.models import FeedLink
from portal.clock import now
from portal.db import db, transaction
from portal.people import versions
from portal.people.models import Person
from tests.calendars import pairs
from tests.calendars.readers import ical_js, python_reader
from tests.conftest import Counted, Noise
from tests.personas import Factories
from tests.visitor import Visitor, refresh

Counting = Callable[[], AbstractContextManager[Counted]]
NewVisitor = Callable[..., Visitor]
PAGE = "/calendars/feed"


@pytest.fixture
def mira(make: Factories) -> Person:
    """The junior who mentors."""
    return make.person("Mira Jansen")


@pytest.fixture
def joao(make: Factories) -> Person:
    """The senior who learns."""
    return make.person("João “Jota”; Dr., 🦩")


def link_of(person: Person, pairing_id: int | None = None) -> FeedLink:
    """The open address of a feed, made if need be."""
    with transaction():
        link = links.link_for(person.id, pairing_id, at=now())
    db.session.refresh(link)
    return link


def path_of(person: Person, pairing_id: int | None = None) -> str:
    """The path of a feed."""
    address = links.address(link_of(person, pairing_id))
    assert address
    assert address.startswith("http://localhost/feeds/")
    return urlsplit(address).path


def ask(app: Flask, path: str, **more: object) -> TestResponse:
    """Ask for a feed as a calendar program does."""
    method = str(more.pop("method", "GET"))
    response = contextvars.Context().run(lambda: app.test_client().open(path, method=method, **more))  # type: ignore[arg-type]  # passed on as it is
    refresh()
    return response


def note_of(person: Person) -> tuple[datetime | None, str]:
    """When and by what a person's feed was last read, as noted."""
    db.session.rollback()
    link = links.open_link(person.id)
    assert link
    return link.last_read_at, link.last_reader


def test_two_readers_read_a_feed_alike_and_right(
    app: Flask, make: Factories, mira: Person, joao: Person, noise: Noise
) -> None:
    pairs.whole(make, noise.person, make.person("Quinn Quagmire"))
    pairing = pairs.pairing(make, mira, joao)
    pairs.series(make, pairing, skipped=(1,), moved={3: timedelta(days=1, hours=2)}, zone="America/New_York")
    pairs.milestones(make, pairing)
    response = ask(app, path_of(mira))
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    seen = python_reader(response.data)
    assert seen == ical_js(response.data)
    starts = [start for what, start, _, _ in seen if what.startswith("Check-in")]
    winter, moved, *summer = starts
    assert winter == datetime(2026, 3, 10, 14, tzinfo=UTC)
    assert moved == datetime(2026, 4, 15, 16, tzinfo=UTC)
    assert summer == [datetime(2026, month, day, 14, tzinfo=UTC) for month, day in ((5, 12), (6, 9), (7, 14))]


def test_a_feed_is_asked_for_without_a_session_a_cookie_or_a_detour(
    app: Flask, make: Factories, mira: Person, joao: Person, new_visitor: NewVisitor, count_queries: Counting
) -> None:
    pairs.whole(make, mira, joao)
    path = path_of(mira)
    ask(app, path)
    with count_queries() as stranger:
        plain = ask(app, path)
    signed_in = new_visitor(joao)
    with count_queries() as known:
        response = signed_in.open(path, inspect=False, headers={"HX-Request": "true"}).response
    assert len(known) == len(stranger)
    assert response.data == plain.data
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "private, max-age=300"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "METHOD" not in plain.text
    for name in (
        "NAME:Vice Versa",
        "X-WR-CALNAME:Vice Versa",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ):
        assert f"\r\n{name}\r\n" in plain.text


def test_what_has_not_changed_is_not_sent_again(
    app: Flask, make: Factories, mira: Person, joao: Person, count_queries: Counting
) -> None:
    pairs.whole(make, mira, joao)
    path = path_of(mira)
    first = ask(app, path)
    etag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    assert not etag.startswith("W/")
    feeds.body_cache.bodies.clear()
    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"other", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": changed},
        {"If-None-Match": etag, "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ):
        with count_queries() as counted:
            again = ask(app, path, headers=headers)
        assert len(counted) == (2 if "If-None-Match" in headers else 3)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag), headers
        assert again.headers["Cache-Control"] == "private, max-age=300"
    assert not feeds.body_cache.bodies, "no document was built"
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": changed},
        {"If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        assert ask(app, path, headers=headers).status_code == 200, headers


def test_every_kind_of_change_gives_another_etag_and_another_date(
    app_with: Callable[..., Flask], mira_and_joao: tuple[Factories, Person, Person]
) -> None:
    make, mira, joao = mira_and_joao
    app = make.app
    pairing = pairs.whole(make, mira, joao)
    path = path_of(mira)
    seen: set[tuple[str, str]] = set()

    def then(asked: Flask = app, address: str = path) -> None:
        headers = ask(asked, address).headers
        here = (headers["ETag"], headers["Last-Modified"])
        assert all(here[0] != each[0] and here[1] != each[1] for each in seen)
        seen.add(here)

    then()
    pairs.changed(mira)
    then()
    with transaction():
        versions.raise_card(joao.id)
    then()
    pairs.change(joao, name="João")
    pairs.changed(mira)
    then()
    pairs.change(pairing, mira, joao, state="ended", ended_at=now())
    then()
    pairs.change(pairing, mira, joao, state="active", ended_at=None)
    then()
    pairs.change(mira, locale="de")
    then()
    then(address=f"{path}?flat=1")
    then(asked=app_with(portal_name="Seitenwechsel"))


@pytest.fixture
def mira_and_joao(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> tuple[Factories, Person, Person]:
    """The two, and what made them."""
    return make, mira, joao


def test_a_change_shows_at_the_next_reading(app: Flask, make: Factories, mira: Person, joao: Person) -> None:
    pairing = pairs.pairing(make, mira, joao)
    row = pairs.series(make, pairing)
    path = path_of(joao)
    before = ask(app, path)
    pairs.change(row, mira, joao, minutes=90, revision=1, revised_at=now())
    after = ask(app, path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "SEQUENCE:1" in after.text
    assert ask(app, path).data == after.data


def test_head_says_what_get_would(app: Flask, make: Factories, mira: Person, joao: Person) -> None:
    pairs.whole(make, mira, joao)
    path = path_of(mira)
    get, head = ask(app, path), ask(app, path, method="HEAD")
    assert (head.status_code, head.data) == (200, b"")
    assert {**head.headers, "X-Request-Id": ""} == {**get.headers, "X-Request-Id": ""}
    assert ask(app, path, method="HEAD", headers={"If-None-Match": get.headers["ETag"]}).status_code == 304
    for method in ("POST", "PUT", "DELETE", "PROPFIND"):
        assert ask(app, path, method=method).status_code in (400, 405)


def test_it_is_packed_for_those_who_can_unpack(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    pairs.whole(make, mira, joao)
    path = path_of(mira)
    plain = ask(app, path)
    assert "Content-Encoding" not in plain.headers
    packed = ask(app, path, headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    for etag in (plain.headers["ETag"], packed.headers["ETag"]):
        again = ask(app, path, headers={"Accept-Encoding": "gzip", "If-None-Match": etag})
        assert again.status_code == 304
    for refused in ("gzip;q=0", "identity", "br"):
        assert "Content-Encoding" not in ask(app, path, headers={"Accept-Encoding": refused}).headers


def test_a_flat_feed_lists_each_check_in_by_itself(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    pairs.whole(make, mira, joao)
    path = path_of(mira)
    flat, whole = ask(app, f"{path}?flat=1"), ask(app, path)
    assert flat.text.count("BEGIN:VEVENT") == 6 + 3
    assert "RRULE" not in flat.text
    assert python_reader(flat.data) == ical_js(flat.data) == python_reader(whole.data)


def test_equal_data_gives_equal_bytes(app: Flask, make: Factories, mira: Person, joao: Person) -> None:
    pairs.whole(make, mira, joao)
    path = path_of(mira)
    before = ask(app, path, headers={"Accept-Encoding": "gzip"}).data
    feeds.body_cache.bodies.clear()
    assert ask(app, path, headers={"Accept-Encoding": "gzip"}).data == before


def test_three_pairings_take_as_many_queries_as_one(
    app: Flask, make: Factories, mira: Person, joao: Person, count_queries: Counting
) -> None:
    pairs.whole(make, mira, joao)
    path = path_of(mira)
    ask(app, path)
    counts = []
    for name in ("", "Ann Abel", "Ben Bach"):
        if name:
            pairs.whole(make, mira, make.person(name))
        feeds.body_cache.bodies.clear()
        with count_queries() as counted:
            assert ask(app, path).status_code == 200
        counts.append(len(counted))
    assert len(set(counts)) == 1
    assert counts[0] <= 10


def test_the_feed_of_one_pairing_holds_that_one_alone_and_is_named_for_it(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    ann = make.person("Ann Abel")
    first, _ = pairs.whole(make, mira, joao), pairs.whole(make, mira, ann)
    one = ask(app, path_of(mira, first.id))
    assert "X-WR-CALNAME:Reverse mentoring with João “Jota”\\; Dr.\\, 🦩\r\n" in one.text
    assert {each[0].rpartition(" with ")[2] for each in python_reader(one.data)} == {joao.name}
    assert len(python_reader(ask(app, path_of(mira)).data)) == 18
    pairs.change(first, mira, joao, state="draft")
    assert python_reader(ask(app, path_of(mira, first.id)).data) == []


def test_the_feeds_of_an_ended_pairing_keep_their_addresses_and_the_past(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    ended_at = datetime(2026, 4, 14, 7, tzinfo=UTC)
    pairing = pairs.whole(make, mira, joao)
    paths = [path_of(mira), path_of(mira, pairing.id), path_of(joao, pairing.id)]
    before = [python_reader(ask(app, path).data) for path in paths]
    assert [len(each) for each in before] == [9, 9, 9]
    pairs.change(pairing, mira, joao, state="ended", ended_at=ended_at)
    for path, was in zip(paths, before, strict=True):
        response = ask(app, path)
        assert response.status_code == 200
        assert python_reader(response.data) == [each for each in was if each[1] < ended_at]
        assert len(python_reader(response.data)) == 2 + 1
    assert paths == [path_of(mira), path_of(mira, pairing.id), path_of(joao, pairing.id)]


def test_an_address_that_is_no_more_looks_like_one_that_never_was(
    app: Flask, make: Factories, mira: Person, joao: Person
) -> None:
    pairs.whole(make, mira, joao)
    unknown = ask(app, f"/feeds/{'A' * 43}.ics")
    replaced, disabled = path_of(mira), path_of(joao)
    with transaction():
        links.replace(links.link_for(mira.id, at=now()), at=now())
    revoked = path_of(mira)
    with transaction():
        links.revoke(links.link_for(mira.id, at=now()), at=now())
    pairs.change(joao, disabled_at=now())
    gone = [
        ask(app, path) for path in (replaced, revoked, disabled, "/feeds/x.ics", f"/feeds/{'ä' * 43}.ics")
    ]
    for each in gone:
        assert (each.status_code, each.data) == (404, unknown.data)
        assert {**each.headers, "X-Request-Id": ""} == {**unknown.headers, "X-Request-Id": ""}
        assert "ETag" not in each.headers


def test_an_address_holds_256_bits_that_the_database_does_not(app: Flask, mira: Person, joao: Person) -> None:
    link = link_of(mira)
    token = path_of(mira).removeprefix("/feeds/").removesuffix(".ics")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert link.token_digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in (link.seed, link.token_digest)
    assert path_of(mira) != path_of(joao)
    assert link_of(mira).id == link.id
    assert [each.action for each in audit.history("feed_link", link.id)] == ["feed.made"]


def test_with_another_key_an_address_works_on_but_is_not_shown(
    app_with: Callable[..., Flask], mira_and_joao: tuple[Factories, Person, Person]
) -> None:
    _, mira, _ = mira_and_joao
    path = path_of(mira)
    other = app_with(secret_key="another key that only tests use, 48 characters..")
    visitor = Visitor(other).sign_in(mira)
    assert ask(other, path).status_code == 200
    page = visitor.get(PAGE)
    assert "cannot be shown any more" in page.text
    assert "/feeds/" not in page.html
    visitor.post(f"{PAGE}/replace")
    assert ask(other, path).status_code == 404
    assert "http://localhost/feeds/" in visitor.follow().html


def test_a_reading_is_noted_at_most_once_a_minute(
    app: Flask, mira: Person, monkeypatch: pytest.MonkeyPatch, count_queries: Counting
) -> None:
    path, moment = path_of(mira), [now().replace(microsecond=0)]
    monkeypatch.setattr(feeds, "now", lambda: moment[0])
    assert note_of(mira) == (None, "")
    ask(app, path, method="HEAD")
    assert note_of(mira) == (None, "")
    etag = ask(app, path, headers={"User-Agent": "Google-Calendar-Importer"}).headers["ETag"]
    began = moment[0]
    assert note_of(mira) == (began, "Google-Calendar-Importer")
    moment[0] += timedelta(seconds=59)
    with count_queries() as counted:
        ask(app, path, headers={"User-Agent": "Thunderbird/128"})
    assert note_of(mira) == (began, "Google-Calendar-Importer")
    assert not [each for each in counted.statements if "UPDATE" in each]
    moment[0] += timedelta(seconds=1)
    odd = f"Thunderbird\t{'x' * 500}"
    assert ask(app, path, headers={"User-Agent": odd, "If-None-Match": etag}).status_code == 304
    assert note_of(mira) == (moment[0], ("Thunderbird" + "x" * 500)[:120])


def test_a_note_that_cannot_be_written_costs_nobody_their_calendar(
    app: Flask, mira: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = path_of(mira)
    token = path.removeprefix("/feeds/").removesuffix(".ics")
    broken = update(FeedLink).values(person_id=2**40)
    monkeypatch.setattr(links, "note_read", lambda *_, **__: db.session.execute(broken))
    with caplog.at_level(logging.DEBUG):
        assert ask(app, path).status_code == 200
    assert "could not note that feed" in caplog.text
    assert token not in caplog.text


def test_an_address_is_not_in_the_log_even_when_something_breaks(
    app: Flask, mira: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = path_of(mira)
    monkeypatch.setattr(feeds, "release", lambda: 1 / 0)
    with caplog.at_level(logging.DEBUG):
        assert ask(app, path).status_code == 500
    assert "GET /feeds/<token>.ics failed" in caplog.text
    assert path.removeprefix("/feeds/").removesuffix(".ics") not in caplog.text


def test_the_shelf_keeps_the_latest_bodies_and_no_giants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST_BODIES", 2)
    body_cache = feeds.BodyCache()
    for name in ("a", "b", "a", "c"):
        body_cache.get(name, lambda name=name: name.encode())
    assert list(body_cache.bodies) == ["a", "c"]
    assert body_cache.get("large", lambda: bytes(feeds.MOST_BYTES + 1)).plain == bytes(feeds.MOST_BYTES + 1)
    assert list(body_cache.bodies) == ["a", "c"]
    assert replace(body_cache.bodies["a"], packed=b"").plain == b"a"
