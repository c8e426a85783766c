"""Signing up in five steps, as a visitor without JavaScript does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit import AuditEntry
from portal.clock import today
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.people.models import Person
from portal.programmes import queries
from portal.programmes.actions import load_catalogue
from portal.programmes.models import Enrolment, Programme, Topic, Wish
from tests.conftest import Noise
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture(autouse=True)
def catalogue(app: Flask) -> None:
    """The topics that ship."""
    with transaction():
        load_catalogue()


@pytest.fixture
def programme(make: Factories) -> Programme:
    return make.programme("Spring season")


@pytest.fixture
def mira(new_visitor: Callable[..., Visitor], member: Person, noise: Noise) -> Visitor:
    return new_visitor(member)


def base(programme: Programme) -> str:
    return f"/join/{programme.id}"


def start(visitor: Visitor, programme: Programme, role: str = "mentor") -> None:
    visitor.get("/join")
    visitor.post(f"{base(programme)}/start")
    visitor.get(visitor.follow(status=303).location or "")
    visitor.post(f"{base(programme)}/role", role=role, mentor_capacity="2")
    visitor.follow()


def wishes_of(member: Person, side: str = "teaches") -> list[tuple[str, int]]:
    rows = db.session.execute(
        select(Wish.topic_id, Wish.level)
        .join(Enrolment, Enrolment.id == Wish.enrolment_id)
        .where(Enrolment.person_id == member.id, Wish.side == side)
        .order_by(Wish.rank)
    )
    return [(topic, level) for topic, level in rows]


def enrolment_of(member: Person) -> Enrolment:
    db.session.rollback()
    return db.session.scalars(select(Enrolment).where(Enrolment.person_id == member.id)).one()


def walk(visitor: Visitor, programme: Programme) -> None:
    start(visitor, programme)
    visitor.post(f"{base(programme)}/teach/topics", text="TikTok")
    visitor.follow()
    visitor.post(f"{base(programme)}/teach")
    visitor.follow()
    visitor.post(f"{base(programme)}/learn")
    visitor.follow()
    visitor.post(
        f"{base(programme)}/working", hours="Mon-Thu 9-16", languages="English, Deutsch", place="remote"
    )
    visitor.follow()


def test_strangers_read_what_it_is_and_are_led_to_sign_up(visitor: Visitor, programme: Programme) -> None:
    page = visitor.get("/join")
    assert "Spring season" in page.text
    assert "Six one-hour meetings, one a month" in page.text
    assert "/sign-up?next=/join" in page.links


def test_without_an_open_programme_the_page_says_so(visitor: Visitor, noise: Noise) -> None:
    page = visitor.get("/join")
    assert "No programme is open" in page.text
    assert noise.programme.name not in page.text


def test_the_walk_of_five_steps_ends_in_waiting_for_a_match(
    mira: Visitor, member: Person, programme: Programme
) -> None:
    walk(mira, programme)
    mira.post(f"{base(programme)}/boundaries", off_the_table="my salary")
    page = mira.follow()
    assert page.heading == "You are waiting for a match"
    mine = enrolment_of(member)
    facts = (mine.state, mine.as_mentor, mine.as_mentee, mine.mentor_capacity, mine.place, mine.off_the_table)
    assert facts == ("waiting", True, False, 2, "remote", "my salary")
    person = db.session.get(Person, member.id)
    assert person is not None
    assert (person.hours, person.languages) == ("Mon-Thu 09:00-16:00", ["en", "de"])
    letter = db.session.scalars(select(OutboxLetter)).one()
    assert (letter.kind, letter.to_address) == ("programmes.joined", member.email)
    assert "six one-hour meetings, one a month" in letter.text


def test_whoever_comes_back_goes_on_where_they_stopped(mira: Visitor, programme: Programme) -> None:
    start(mira, programme)
    page = mira.get("/join")
    assert f"{base(programme)}" in page.links
    assert mira.get(base(programme), status=303).location == f"{base(programme)}/teach"
    page = mira.get(f"{base(programme)}/role")
    assert page.values(f"{base(programme)}/role")["role"] == ["mentor"]


def test_a_step_whose_turn_has_not_come_leads_to_the_one_that_has(
    mira: Visitor, programme: Programme
) -> None:
    start(mira, programme)
    assert mira.get(f"{base(programme)}/boundaries", status=303).location == f"{base(programme)}/teach"
    assert mira.send(f"{base(programme)}/working", {"place": "remote"}).status == 422


def test_a_topic_is_added_by_the_name_people_type_and_twice_is_once(
    mira: Visitor, member: Person, programme: Programme
) -> None:
    start(mira, programme)
    for _again in range(2):
        mira.post(f"{base(programme)}/teach/topics", text="chatgpt")
        mira.follow()
    assert wishes_of(member) == [("ai-at-work", 2)]


def test_an_unknown_topic_is_never_guessed_but_near_ones_are_offered(
    mira: Visitor, member: Person, programme: Programme
) -> None:
    start(mira, programme)
    page = mira.post(f"{base(programme)}/teach/topics", text="tik tok videeos", status=422)
    assert page.errors == ["We do not know that one yet. Is it one of these?"]
    assert "Short-form video" in page.text
    assert 'value="tik tok videeos"' in page.html
    assert wishes_of(member) == []
    assert mira.send(f"{base(programme)}/teach/topics", {"topic_id": "short-video"}).status == 303
    assert wishes_of(member) == [("short-video", 2)]


def test_suggestions_come_while_typing(mira: Visitor, programme: Programme) -> None:
    page = mira.get("/join/topics?text=promp", htmx=True)
    assert "Asking AI well" in page.text
    assert mira.get("/join/topics?text=", htmx=True).text == ""


def test_topics_are_ordered_levelled_and_removed(mira: Visitor, member: Person, programme: Programme) -> None:
    start(mira, programme)
    at = f"{base(programme)}/teach/topics"
    for topic in ("coding", "privacy"):
        mira.send(at, {"topic_id": topic})
    page = mira.send(f"{at}/privacy/move", {"to": "up"}, htmx=True)
    assert page.root.elements[0]["id"] == "wishes-teach"
    mira.send(f"{at}/privacy/move", {"to": "up"})
    mira.send(f"{at}/coding/level", {"level": "3"})
    assert wishes_of(member) == [("privacy", 2), ("coding", 3)]
    assert mira.send(f"{at}/coding/level", {"level": "9"}).status == 422
    page = mira.send(f"{at}/coding/remove", htmx=True)
    assert page.toasts == ["First steps in coding is removed."]
    mira.send(f"{at}?topic_id=coding&level=3")
    assert wishes_of(member) == [("privacy", 2), ("coding", 3)]


def test_nine_topics_are_too_many(mira: Visitor, member: Person, programme: Programme) -> None:
    start(mira, programme)
    topics = db.session.scalars(select(Topic.id).order_by(Topic.id).limit(9)).all()
    statuses = [mira.send(f"{base(programme)}/teach/topics", {"topic_id": each}).status for each in topics]
    assert statuses == [303] * 8 + [422]
    assert mira.send(f"{base(programme)}/teach/topics", {"topic_id": "no-such-topic"}).status == 422


def test_a_mentor_names_something_to_teach_before_going_on(mira: Visitor, programme: Programme) -> None:
    start(mira, programme)
    page = mira.post(f"{base(programme)}/teach", status=422)
    assert "Add at least one subject you can teach" in page.text


def test_hours_and_languages_that_cannot_be_read_are_kept_and_explained(
    mira: Visitor, programme: Programme
) -> None:
    start(mira, programme)
    mira.send(f"{base(programme)}/teach/topics", {"topic_id": "coding"})
    mira.send(f"{base(programme)}/teach")
    mira.send(f"{base(programme)}/learn")
    mira.get(f"{base(programme)}/working")
    page = mira.post(f"{base(programme)}/working", hours="whenever", languages="Klingonish", status=422)
    assert len(page.errors) == 2
    assert page.values(f"{base(programme)}/working")["hours"] == ["whenever"]
    page = mira.post(f"{base(programme)}/working", hours="9 to 5", status=422)
    assert "Did you mean Mon-Fri 09:00-17:00?" in page.text


def test_whoever_is_avoided_is_chosen_by_name_and_asked_about_when_several_have_it(
    mira: Visitor, member: Person, programme: Programme, make: Factories
) -> None:
    first = make.person("Robin Same", department="Sales")
    make.person("Robin Same", department="Legal")
    single = make.person("Solo Name")
    walk(mira, programme)
    mira.get(f"{base(programme)}/boundaries")
    mira.post(f"{base(programme)}/avoided", name="solo name")
    mira.follow()
    page = mira.post(f"{base(programme)}/avoided", name="Robin Same", status=422)
    assert "Robin Same (Sales)" in page.text
    assert mira.send(f"{base(programme)}/avoided", {"person_id": str(first.id)}).status == 303
    assert mira.send(f"{base(programme)}/avoided", {"name": "Nobody Atall"}).status == 422
    assert mira.send(f"{base(programme)}/avoided", {"person_id": str(member.id)}).status == 422
    avoided = queries.own_enrolment(programme.id, member.id)
    assert avoided is not None
    assert {each.person_id for each in avoided.avoided} == {single.id, first.id}
    mira.send(f"{base(programme)}/avoided/{single.id}/remove")
    db.session.rollback()
    avoided = queries.own_enrolment(programme.id, member.id)
    assert avoided is not None
    assert {each.person_id for each in avoided.avoided} == {first.id}


def test_two_windows_that_say_different_things_are_shown_side_by_side(
    mira: Visitor, member: Person, programme: Programme
) -> None:
    start(mira, programme)
    old = mira.get(f"{base(programme)}/role").values(f"{base(programme)}/role")
    assert mira.send(f"{base(programme)}/role", {**old, "role": ["both"]}).status == 303
    assert mira.send(f"{base(programme)}/role", {**old, "role": ["both"]}).status == 303
    page = mira.send(f"{base(programme)}/role", {**old, "mentor_capacity": ["4"]})
    assert page.status == 409
    mira.post(f"{base(programme)}/role")
    assert enrolment_of(member).mentor_capacity == 4


def test_joining_twice_is_joining_once(mira: Visitor, member: Person, programme: Programme) -> None:
    walk(mira, programme)
    form = mira.get(f"{base(programme)}/boundaries").values(f"{base(programme)}/boundaries")
    assert [mira.send(f"{base(programme)}/boundaries", form).status for _ in range(2)] == [303, 303]
    assert db.session.scalar(select(func.count()).select_from(OutboxLetter)) == 1
    joined = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "enrolment.joined")
    assert db.session.scalar(joined) == 1


def test_nobody_joins_after_the_last_day_or_what_is_not_open(
    mira: Visitor, make: Factories, member: Person
) -> None:
    closed = make.programme("Closed", sign_up_until=today() - timedelta(days=1))
    draft = make.programme("Draft", state="draft")
    assert mira.send(f"{base(closed)}/start").status == 422
    assert mira.send(f"{base(draft)}/start").status == 404
    assert mira.get("/join/999999/role", status=404).status == 404
    assert db.session.scalar(select(Enrolment).where(Enrolment.person_id == member.id)) is None


def test_nobody_sees_the_steps_of_another_person(mira: Visitor, noise: Noise) -> None:
    assert mira.get(f"/join/{noise.programme.id}/boundaries", status=404).status == 404
    assert mira.get(f"/join/{noise.programme.id}/standing", status=404).status == 404
