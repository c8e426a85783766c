"""Each kind of edit taken back by itself: the row is as it was, and whoever had a letter gets one that says
so.
"""

from __future__ import annotations

from typing import Any

import pytest

from portal import audit
from portal.clock import now
from portal.core.lifecycle import PairingEnd
from portal.db import transaction
from portal.errors import Invalid
from portal.pairings.board import actions
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from tests.pairings.company import Company
from tests.pairings.posted import held, letters, now_is


def edit(pairing: Pairing, company: Company, **values: Any) -> int:
    """Edit a row as it is now; the position of the audit's entry."""
    with transaction():
        row = held(pairing)
        entry = actions.edit(row, seen=row.version, by=company.staff, at=now(), **values)
        assert entry is not None
        return entry.position


def undo(position: int, company: Company) -> None:
    """Take an edit back."""
    with transaction():
        actions.undo(position, by=company.staff, at=now())


def test_a_lock_and_a_remark_are_undone_and_the_undoing_is_written_down(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", remark="As before")
    position = edit(pairing, company, locked=True, remark="Changed")
    undo(position, company)
    row = held(pairing)
    assert (row.locked, row.remark, row.state) == (False, "As before", "draft")
    entry = audit.history("pairing", pairing.id)[0]
    assert (entry.action, entry.reason, entry.actor_id) == ("pairing.edited", "Undone", company.staff.id)
    assert entry.before == {"locked": True, "remark": "Changed"}
    assert entry.after == {"locked": False, "remark": "As before"}
    undo(entry.position, company)
    assert (held(pairing).locked, held(pairing).remark) == (True, "Changed")
    assert letters() == []


def test_other_people_who_were_asked_in_the_same_edit_are_undone_together(company: Company) -> None:
    pairing, dora = company.pairing("Ada King", "Grace Hopper", locked=True), company.mentee("Dora Day")
    grace = company.people["Grace Hopper"]
    position = edit(pairing, company, mentee_id=dora.id, state="offered")
    undo(position, company)
    row = held(pairing)
    assert (row.state, row.mentee_id, row.mentee.name, row.locked) == (
        "draft",
        grace.id,
        "Grace Hopper",
        True,
    )
    assert letters() == [("offered", dora.email), ("taken_back", dora.email)]


def test_an_offer_taken_back_by_mistake_is_made_again(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    edit(pairing, company, state="offered")
    with transaction():
        offers.accept(held(pairing), by=grace, at=now())
    undo(edit(pairing, company, state="draft"), company)
    row = held(pairing)
    assert (row.state, row.mentee_accepted_at) == ("offered", None)
    turn = offers.turn_of(row)
    assert turn is not None
    assert turn.id == grace.id, "the senior is asked anew"
    assert letters() == [
        ("offered", grace.email),
        ("offered", ada.email),
        ("taken_back", grace.email),
        ("taken_back", ada.email),
        ("offered", grace.email),
    ]


def test_a_declined_pairing_drafted_anew_is_asked_from_the_beginning(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "offered", mentee_accepted_at=now())
    ada = company.people["Ada King"]
    with transaction():
        offers.decline(held(pairing), by=ada, at=now())
    edit(pairing, company, state="draft")
    row = held(pairing)
    assert (row.state, row.end_reason, row.offered_at, row.mentee_accepted_at) == ("draft", None, None, None)
    assert [kind for kind, _ in letters()] == ["not_this_time"]


def test_an_end_is_not_undone_when_the_seat_is_given_away_meanwhile(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    position = edit(pairing, company, state="ended")
    other = company.pairing(company.people["Ada King"], "Dora Day")
    before = letters()
    with pytest.raises(Invalid, match="Ada King has no seat left"):
        undo(position, company)
    assert now_is(pairing) == ("ended", "by staff")
    assert letters() == before
    with transaction():
        offers.cancel(held(other), PairingEnd.DISCARDED, by=company.staff.id, at=now())
    undo(position, company)
    assert now_is(pairing) == ("active", None)
