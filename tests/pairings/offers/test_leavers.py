"""Closing an account: what it ends, what is said before and after, and that no letter follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.clock import now
from portal.db import db, transaction
from portal.letters import outbox
from portal.letters.letter import Letter
from portal.letters.models import OutboxLetter
from portal.pairings.models import Pairing
from portal.people import actions as people
from portal.people.models import Person
from portal.programmes.models import Enrolment
from portal.schedule import queries as schedule
from tests.busy import meeting
from tests.pairings.company import Company
from tests.personas import Factories
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases


def close(person: Person, by: Person, *, disabled: bool = True) -> None:
    with transaction():
        row = db.session.get_one(Person, person.id)
        people.edit(row, seen=row.version, by=by.id, at=now(), disabled=disabled)


def states(company: Company) -> dict[int, tuple[str, str | None]]:
    db.session.rollback()
    rows = db.session.scalars(select(Pairing).where(Pairing.programme_id == company.programme.id))
    return {row.id: (row.state, row.end_reason) for row in rows}


def letters(to: Person) -> list[str]:
    query = select(OutboxLetter.kind).where(
        OutboxLetter.to_address == to.email, OutboxLetter.state != "failed"
    )
    return list(db.session.scalars(query.order_by(OutboxLetter.id)))


def test_a_closed_account_ends_its_pairs_withdraws_its_offers_and_frees_the_seats(
    company: Company, make: Factories, staff: Person
) -> None:
    leaver = company.mentor("Lena Leaver", mentor_capacity=3)
    met, asked, drafted = (company.mentee(name) for name in ("Max Met", "Ada Asked", "Dora Drafted"))
    pairing = meeting(make, leaver, met, company.programme)
    offered, draft = company.pairing(leaver, asked, "offered"), company.pairing(leaver, drafted)
    close(leaver, staff)
    assert states(company) == {
        pairing.id: ("ended", "withdrew"),
        offered.id: ("declined", "withdrew"),
        draft.id: ("ended", "withdrew"),
    }
    mine = select(Enrolment.state).where(Enrolment.person_id == leaver.id)
    assert db.session.scalars(mine).all() == ["withdrawn"]
    assert (letters(leaver), letters(met), letters(asked), letters(drafted)) == (
        [],
        ["pairings.ended"],
        ["pairings.taken_back"],
        [],
    )
    assert [entry for entry in schedule.coming(met, now()) if entry["starts_at"]] == []


def test_staff_read_beforehand_what_closing_ends(
    company: Company, make: Factories, staff: Person, new_visitor: Callable[..., Visitor]
) -> None:
    leaver = company.mentor("Lena Leaver")
    meeting(make, leaver, company.mentee("Max Met"), company.programme)
    visitor = new_visitor(staff)
    page = visitor.get(f"/people/{leaver.id}/edit")
    assert "The pairing with Max Met in “Spring season” ends" in page.text
    assert "They leave “Spring season”." in page.text
    assert "Closing the account" not in visitor.get(f"/people/{make.person('Ned New').id}/edit").text


def test_the_partner_is_told_and_sees_no_meeting_any_more(
    company: Company, make: Factories, staff: Person, new_visitor: Callable[..., Visitor]
) -> None:
    leaver, met = company.mentor("Lena Leaver"), company.mentee("Max Met")
    meeting(make, leaver, met, company.programme)
    close(leaver, staff)
    assert "You meet" not in new_visitor(met).get("/").text


def test_no_letter_goes_to_a_closed_account_be_it_posted_before_or_after(
    make: Factories, staff: Person, app: Any
) -> None:
    leaver, letter = make.person("Lena Leaver"), Letter("hello", "Hello", "Hello", "<p>Hello</p>")
    with transaction():
        before = outbox.post(letter, to=leaver.email, person_id=leaver.id)
        before.state = "queued"
    close(leaver, staff)
    with transaction():
        after = outbox.post(letter, to=leaver.email, person_id=leaver.id)
    db.session.rollback()
    rows = [db.session.get_one(OutboxLetter, row.id, populate_existing=True) for row in (before, after)]
    assert [(row.state, row.last_error) for row in rows] == [("failed", "closed: ")] * 2


def test_whoever_comes_back_can_join_again(
    company: Company, make: Factories, staff: Person, new_visitor: Callable[..., Visitor]
) -> None:
    leaver = company.mentor("Lena Leaver")
    close(leaver, staff)
    close(leaver, staff, disabled=False)
    db.session.rollback()
    assert db.session.get_one(Person, leaver.id, populate_existing=True).is_active
    assert company.programme.name in new_visitor(leaver).get("/join").text
