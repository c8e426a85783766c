"""The partner is asked about another time, and answers on home or on the page of the two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.pairings.queries import whole
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.models import CheckIn, MoveRequest
from portal.schedule.move_requests import requests
from tests.busy import meeting
from tests.conftest import Noise
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def sam(make: Factories) -> Person:
    return make.person("Sam Senior")


@pytest.fixture
def pairing(make: Factories, member: Person, sam: Person, noise: Noise) -> Pairing:
    return meeting(make, member, sam, make.programme("Winter season"))


def last() -> CheckIn:
    db.session.rollback()
    return db.session.scalars(select(CheckIn).order_by(CheckIn.starts_at.desc())).first() or CheckIn()


def ask(pairing: Pairing, by: Person, starts_at: datetime | None) -> int | None:
    with transaction():
        check_in, theirs = db.session.get_one(CheckIn, last().id), fresh(pairing)
        db.session.refresh(check_in, ["series"])
        made = requests.ask(
            check_in, theirs, starts_at=starts_at, by=db.session.get_one(Person, by.id), at=now()
        )
        return made.id if made else None


def fresh(pairing: Pairing) -> Pairing:
    return db.session.get_one(Pairing, pairing.id, options=whole(), populate_existing=True)


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(MoveRequest.state).order_by(MoveRequest.id)))


def kinds(person: Person) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxLetter.kind).where(OutboxLetter.person_id == person.id)))


@pytest.mark.parametrize("where", ["/", "pair"])
def test_the_partner_reads_what_is_asked_and_agrees(
    new_visitor: Callable[..., Visitor], pairing: Pairing, member: Person, sam: Person, where: str
) -> None:
    then = last().starts_at + timedelta(hours=2)
    number = ask(pairing, sam, then)
    mine = new_visitor(member)
    page = mine.get("/" if where == "/" else f"/pairings/{pairing.id}")
    assert "Sam Senior asks for another time" in page.text
    mine.post(f"/schedule/requests/{number}/agree")
    assert (last().starts_at, states()) == (then, ["agreed"])
    assert (kinds(member), kinds(sam)) == (["schedule.asked"], ["schedule.moved"])
    assert "asks for another time" not in mine.get("/").text


def test_a_partner_may_keep_it_as_it_is(
    new_visitor: Callable[..., Visitor], pairing: Pairing, member: Person, sam: Person
) -> None:
    before, revision = last().starts_at, series_revision()
    number = ask(pairing, member, before + timedelta(hours=3))
    theirs = new_visitor(sam)
    theirs.get(f"/pairings/{pairing.id}")
    theirs.post(f"/schedule/requests/{number}/decline")
    assert (last().starts_at, states(), kinds(member)) == (before, ["declined"], ["schedule.declined"])
    assert series_revision() == revision + 1


def series_revision() -> int:
    check_in = last()
    db.session.refresh(check_in, ["series"])
    return check_in.series.revision


def test_leaving_one_out_is_asked_about_too(
    new_visitor: Callable[..., Visitor], pairing: Pairing, member: Person, sam: Person
) -> None:
    number = ask(pairing, sam, None)
    mine = new_visitor(member)
    assert "Sam Senior asks to leave one out" in mine.get("/").text
    mine.post(f"/schedule/requests/{number}/agree")
    assert last().state == "skipped"


def test_whoever_asked_and_staff_cannot_answer_and_strangers_see_nothing(
    new_visitor: Callable[..., Visitor], pairing: Pairing, sam: Person, admin: Person, noise: Noise
) -> None:
    number = ask(pairing, sam, last().starts_at + timedelta(hours=2))
    asker = new_visitor(sam)
    assert "You have asked for another time" in asker.get(f"/pairings/{pairing.id}").text
    assert asker.page is not None
    assert f"/schedule/requests/{number}/agree" not in asker.page.html
    for person in (sam, admin):
        visitor = new_visitor(person)
        visitor.get(f"/pairings/{pairing.id}")
        assert visitor.send(f"/schedule/requests/{number}/agree").status == 303
    stranger = new_visitor(noise.person)
    assert stranger.send(f"/schedule/requests/{number}/agree").status == 404
    assert states() == ["open"]


def test_a_new_request_takes_the_place_of_the_old_and_the_same_is_asked_once(
    pairing: Pairing, sam: Person
) -> None:
    then = last().starts_at + timedelta(hours=2)
    assert ask(pairing, sam, then) is not None
    assert ask(pairing, sam, then) is None
    assert ask(pairing, sam, last().starts_at) is None
    assert ask(pairing, sam, then + timedelta(hours=1)) is not None
    assert states() == ["over", "open"]


def test_a_request_is_over_when_the_check_in_is_changed_otherwise(
    pairing: Pairing, member: Person, sam: Person
) -> None:
    ask(pairing, sam, last().starts_at + timedelta(hours=2))
    with transaction():
        check_in = last()
        db.session.refresh(check_in, ["series"])
        person = db.session.get_one(Person, member.id)
        planning.skip(check_in, fresh(pairing), by=person, at=now(), seen=check_in.version)
    assert states() == ["over"]


def test_what_cannot_be_is_not_asked_and_what_cannot_be_any_more_is_said(
    new_visitor: Callable[..., Visitor], pairing: Pairing, member: Person, sam: Person
) -> None:
    with pytest.raises(Invalid):
        ask(pairing, sam, now() - timedelta(days=1))
    number = ask(pairing, sam, last().starts_at + timedelta(hours=2))
    with transaction():
        db.session.execute(update(MoveRequest).values(starts_at=now() - timedelta(hours=1)))
    mine = new_visitor(member)
    mine.get(f"/pairings/{pairing.id}")
    mine.post(f"/schedule/requests/{number}/agree")
    assert "This time has passed" in " ".join(mine.follow().toasts)
    assert states() == ["open"]
