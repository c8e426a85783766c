"""The page on which one finds the address of one's own live feed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import segno
from flask import Flask

from portal import audit
from portal.calendars.feeds import links
from portal.calendars.feeds import pages as feeds
from portal.clock import now
from portal.db import db
from portal.people.models import Person
from tests.calendars import pairs
from tests.calendars.feeds.test_feeds import PAGE, ask, path_of
from tests.conftest import Noise
from tests.personas import Factories
from tests.visitor import Visitor

NewVisitor = Callable[..., Visitor]


@pytest.fixture
def mira(make: Factories) -> Person:
    """The junior who mentors."""
    return make.person("Mira Jansen")


@pytest.fixture
def joao(make: Factories) -> Person:
    """The senior who learns."""
    return make.person("João “Jota”; Dr., 🦩")


def test_the_page_makes_an_address_when_asked_and_shows_how_to_use_it(
    app: Flask, make: Factories, mira: Person, joao: Person, new_visitor: NewVisitor, noise: Noise
) -> None:
    pairs.whole(make, mira, joao)
    visitor = new_visitor(mira)
    page = visitor.get(PAGE)
    assert "There is none yet" in page.text
    visitor.post(f"{PAGE}/make")
    page = visitor.follow()
    assert page.toasts == ["Here is the address of your calendar."]
    address = page.root.one("input", id="feed-address")["value"]
    assert address == f"http://localhost{path_of(mira)}"
    assert f"webcal://localhost{path_of(mira)}" in page.links
    assert page.root.one("svg")["role"] == "img"
    assert page.root.one("title", id="feed-picture").text == "QR code of the address"
    assert page.root.one("input", id="feed-flat")["value"] == f"{address}?flat=1"
    assert [each.text for each in page.root.all("summary")][-6:] == [
        "Are times wrong in your calendar?",
        "Replace or switch off",
        "Google Calendar",
        "Outlook",
        "Apple: iPhone, iPad, Mac",
        "Thunderbird",
    ]
    assert "No calendar has read it yet." in page.text
    ask(app, path_of(mira), headers={"User-Agent": "Google-Calendar-Importer"})
    assert re.search(r"Last read .* by Google Calendar\.", visitor.get(PAGE).text)
    assert not [word for word in noise.words if word in page.text]
    assert len(page.html) < 30_000


def test_replacing_and_revoking_is_asked_on_the_page_and_the_old_address_is_dead(
    app: Flask, mira: Person, new_visitor: NewVisitor
) -> None:
    visitor, first = new_visitor(mira), path_of(mira)
    old_page = visitor.get(PAGE)
    visitor.post(f"{PAGE}/replace")
    assert "has a new address" in visitor.follow().toasts[0]
    second = path_of(mira)
    assert (ask(app, first).status_code, ask(app, second).status_code) == (404, 200)
    visitor.page = old_page
    visitor.post(f"{PAGE}/replace")
    assert "changed already" in visitor.follow().toasts[0]
    assert path_of(mira) == second
    fragment = visitor.post(f"{PAGE}/revoke", htmx=True)
    assert fragment.root.one("section")["id"] == "feed"
    assert "There is none yet" in fragment.text
    assert ask(app, second).status_code == 404
    assert [
        each.action for each in db.session.query(audit.AuditEntry).order_by(audit.AuditEntry.position)
    ] == [
        "feed.made",
        "feed.made",
        "feed.replaced",
        "feed.revoked",
    ]


def test_one_pairing_alone_can_be_subscribed_to_by_its_two_only(
    app: Flask, make: Factories, mira: Person, joao: Person, new_visitor: NewVisitor
) -> None:
    ann = make.person("Ann Abel")
    first, _ = pairs.whole(make, mira, joao), pairs.whole(make, mira, ann)
    visitor = new_visitor(mira)
    assert f"{PAGE}?pairing={first.id}" in visitor.get(PAGE).links
    visitor.get(f"{PAGE}?pairing={first.id}")
    visitor.post(f"{PAGE}/make", htmx=True)
    assert (
        visitor.get(f"{PAGE}?pairing={first.id}")
        .root.one("input", id="feed-address")["value"]
        .endswith(path_of(mira, first.id))
    )
    assert links.open_link(mira.id) is None
    for wrong in (first.id + 7, 2**63 - 1, "9" * 30, "x", "-1"):
        new_visitor(mira).get(f"{PAGE}?pairing={wrong}", status=404)
        assert new_visitor(mira).send(f"{PAGE}/make", {"pairing": wrong}).status == 404
    new_visitor(ann).get(f"{PAGE}?pairing={first.id}", status=404)
    assert new_visitor().get(PAGE, status=303).location.startswith("/sign-in")


def test_the_page_of_a_pair_leads_its_two_to_the_feed_of_that_pair(
    app: Flask, make: Factories, mira: Person, joao: Person, new_visitor: NewVisitor
) -> None:
    pairing = pairs.whole(make, mira, joao)
    feed = f"{PAGE}?pairing={pairing.id}"
    for person in (mira, joao):
        assert feed in new_visitor(person).get(f"/pairings/{pairing.id}").links
        assert "This one holds only what you do with" in new_visitor(person).get(feed).text
    admin = make.person("Ada Admin", roles=["admin"])
    assert feed not in new_visitor(admin).get(f"/pairings/{pairing.id}").links
    new_visitor(admin).get(feed, status=404)
    pairs.change(pairing, mira, joao, state="ended", ended_at=now())
    page = new_visitor(mira).get(feed)
    assert f"This one holds only what you did with {joao.name}; your pairing is over" in page.text
    assert f"Only what I did with {joao.name}" in page.root.one("section", id="feeds").text


def test_the_picture_is_the_code_and_nothing_else() -> None:
    text = f"webcal://portal.example/feeds/{'Aa-_0123456789' * 3}x.ics"
    drawn = feeds.picture(text)
    dark = {
        (int(row), int(column) + step)
        for column, row, many in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", drawn["path"])
        for step in range(int(many))
    }
    wanted = [list(line) for line in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    assert drawn["side"] == len(wanted)
    assert dark == {
        (row, column) for row, line in enumerate(wanted) for column, each in enumerate(line) if each
    }
