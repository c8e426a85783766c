"""What staff do with pairings by hand: adding, editing in the row, discarding, publishing; and each of it
taken back.
"""

from __future__ import annotations

from typing import Any

import pytest

from portal import audit
from portal.clock import now, today
from portal.db import db, transaction
from portal.errors import Invalid, NotFound, Stale
from portal.pairings.board import actions
from portal.pairings.matching import runs
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.people import versions
from portal.people.models import Person
from portal.programmes.models import Programme
from tests.conftest import Noise
from tests.pairings.company import Company
from tests.pairings.posted import held, letters, now_is


def add(company: Company, mentor: Person, mentee: Person, **more: Any) -> int:
    """Pair two by hand; the pairing's id."""
    with transaction():
        programme = db.session.get_one(Programme, company.programme.id)
        by = company.staff.id
        return actions.add(programme, mentor_id=mentor.id, mentee_id=mentee.id, by=by, at=now(), **more).id


def edit(pairing: Pairing, company: Company, *, seen: int | None = None, **values: Any) -> int | None:
    """Edit a row as it is now, or as it was in version `seen`; the position of the audit's entry."""
    with transaction():
        row = held(pairing)
        version = row.version if seen is None else seen
        entry = actions.edit(
            row, seen=version, by=company.staff, at=now(), reason="They asked for it", **values
        )
        return entry.position if entry else None


def undo(position: int | None, company: Company) -> None:
    """Take an edit back."""
    assert position is not None
    with transaction():
        actions.undo(position, by=company.staff, at=now())


def facts(pairing: Pairing) -> dict[str, Any]:
    """What may be edited in a row, and its score."""
    db.session.rollback()
    row = held(pairing)
    return {name: getattr(row, name) for name in (*actions.FIELDS, "score", "parts")}


def count() -> int:
    """How many entries the audit has."""
    db.session.rollback()
    return audit.count()


def test_two_paired_by_hand_are_a_draft_with_score_and_reasons(company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    position = add(company, ada, grace, locked=True, remark="Asked for by both")
    row = db.session.get_one(Pairing, position)
    programme = db.session.get_one(Programme, company.programme.id)
    score, parts = runs.assess(programme, mentor_id=ada.id, mentee_id=grace.id, on=today())
    assert (row.state, row.locked, row.remark, row.score, row.parts) == (
        "draft",
        True,
        "Asked for by both",
        score,
        parts,
    )
    assert score == sum(part["points"] for part in parts)
    entry = audit.history("pairing", row.id)[0]
    said = {"mentor_id": ada.id, "mentee_id": grace.id, "locked": True, "remark": "Asked for by both"}
    assert (entry.action, entry.actor_id, entry.after) == ("pairing.added", company.staff.id, said)
    assert letters() == []


def test_two_who_may_not_meet_or_have_no_seat_are_not_paired_by_hand(company: Company, noise: Noise) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    high, twice = company.mentor("Hedda High", grade=9), company.mentor("Theo Twice", mentor_capacity=2)
    add(company, ada, grace)
    add(company, twice, company.mentee("Emil Ende", mentee_capacity=2))
    before = count()
    for mentor, mentee, why in (
        (ada, company.mentee("Dora Day"), "Ada King has no seat left"),
        (company.mentor("Bea Long"), grace, "Grace Hopper has no seat left"),
        (high, company.people["Dora Day"], "not junior enough"),
        (twice, company.people["Emil Ende"], "on the board already"),
        (twice, twice, "Nobody mentors themselves"),
        (noise.person, company.people["Dora Day"], "takes part in this programme"),
        (company.people["Dora Day"], company.people["Emil Ende"], "joined as a mentor"),
    ):
        with pytest.raises(Invalid, match=why):
            add(company, mentor, mentee)
    assert count() == before
    assert len(db.session.scalars(db.select(Pairing)).all()) == 2


def test_changing_the_mentor_of_a_draft_reckons_the_score_anew_and_undo_brings_both_back(
    company: Company,
) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    bea = company.mentor("Bea Long", style="extrovert")
    pairing = db.session.get_one(Pairing, add(company, ada, grace))
    before = facts(pairing)
    position = edit(pairing, company, mentor_id=bea.id, remark="Bea asked")
    after = facts(pairing)
    assert (after["mentor_id"], after["remark"]) == (bea.id, "Bea asked")
    programme = db.session.get_one(Programme, company.programme.id)
    assert after["score"], after["parts"] == runs.assess(
        programme, mentor_id=bea.id, mentee_id=grace.id, on=today()
    )
    assert after["parts"] != before["parts"]
    entry = audit.at(position or 0)
    assert entry is not None
    assert (entry.before, entry.after) == (
        {"mentor_id": ada.id, "remark": ""},
        {"mentor_id": bea.id, "remark": "Bea asked"},
    )
    assert (entry.actor_id, entry.reason) == (company.staff.id, "They asked for it")
    undo(position, company)
    assert facts(pairing) == before
    with pytest.raises(Invalid, match="undone already"):
        undo(position, company)


def test_the_two_can_be_changed_in_drafts_only_and_by_the_rules(company: Company) -> None:
    bea = company.mentor("Bea Long")
    for state in ("offered", "active", "paused", "ended", "declined"):
        pairing = company.pairing(f"A {state}", f"B {state}", state)
        before = facts(pairing)
        with pytest.raises(Invalid, match="Take the offer back first"):
            edit(pairing, company, mentor_id=bea.id)
        assert facts(pairing) == before
    draft = company.pairing("Ada King", "Grace Hopper")
    for values, why in (
        ({"mentor_id": company.mentor("Hedda High", grade=9).id}, "not junior enough"),
        ({"mentor_id": company.people["A active"].id}, "A active has no seat left"),
        ({"mentor_id": company.staff.id}, "takes part"),
        ({"mentee_id": company.people["Ada King"].id}, "Nobody mentors themselves"),
    ):
        with pytest.raises(Invalid, match=why):
            edit(draft, company, **values)
    assert facts(draft)["mentor_id"] == company.people["Ada King"].id


def test_what_does_not_differ_is_no_edit_and_a_doubled_edit_is_one(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    assert edit(pairing, company, remark="Seen", locked=True)
    before = count()
    assert edit(pairing, company, seen=1, remark="Seen", locked=True) is None
    assert count() == before
    with pytest.raises(TypeError):
        edit(pairing, company, score=10000)


def test_a_stale_edit_shows_both_values_and_changes_nothing(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    edit(pairing, company, seen=1, remark="The first")
    with pytest.raises(Stale) as refused:
        edit(pairing, company, seen=1, remark="The second", locked=True)
    assert refused.value.theirs == {"remark": "The first", "locked": False}
    assert refused.value.yours == {"remark": "The second", "locked": True}
    assert facts(pairing)["remark"] == "The first"
    assert facts(pairing)["locked"] is False


def test_only_drafts_are_locked(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    with pytest.raises(Invalid, match="Only a draft"):
        edit(pairing, company, locked=True)


def test_an_offer_made_in_the_row_is_taken_back_by_undo_with_a_letter(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    position = edit(pairing, company, state="offered")
    assert now_is(pairing) == ("offered", None)
    undo(position, company)
    assert now_is(pairing) == ("draft", None)
    assert letters() == [("offered", grace.email), ("taken_back", grace.email)]
    again = edit(pairing, company, state="offered")
    with transaction():
        offers.accept(held(pairing), by=grace, at=now())
    undo(again, company)
    assert letters()[2:] == [
        ("offered", grace.email),
        ("offered", ada.email),
        ("taken_back", grace.email),
        ("taken_back", ada.email),
    ]
    row = held(pairing)
    assert (row.offered_at, row.answer_by, row.mentee_accepted_at) == (None, None, None)


def test_people_and_state_changed_at_once_asks_the_new_ones(company: Company) -> None:
    pairing, dora = company.pairing("Ada King", "Grace Hopper"), company.mentee("Dora Day")
    edit(pairing, company, mentee_id=dora.id, state="offered")
    assert letters() == [("offered", dora.email)]


def test_a_discarded_draft_comes_back_locked_as_it_was(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", locked=True)
    with transaction():
        entry = actions.discard(held(pairing), seen=1, by=company.staff, at=now())
        assert entry is not None
        position = entry.position
    assert now_is(pairing) == ("ended", "discarded")
    with transaction():
        assert actions.discard(held(pairing), seen=1, by=company.staff, at=now()) is None
    undo(position, company)
    assert now_is(pairing) == ("draft", None)
    assert facts(pairing)["locked"] is True
    assert held(pairing).ended_at is None
    assert letters() == []


def test_only_a_draft_is_discarded(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    with pytest.raises(Invalid), transaction():
        actions.discard(held(pairing), seen=1, by=company.staff, at=now())
    assert now_is(pairing) == ("active", None)


def test_a_discarded_draft_does_not_come_back_when_its_seat_is_given_away(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    position = edit(pairing, company, state="ended")
    add(company, company.people["Ada King"], company.mentee("Dora Day"))
    with pytest.raises(Invalid, match="Ada King has no seat left"):
        undo(position, company)
    assert now_is(pairing) == ("ended", "discarded")


def test_an_end_by_staff_is_undone_to_what_it_was_and_both_are_told(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "paused")
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    position = edit(pairing, company, state="ended")
    assert now_is(pairing) == ("ended", "by staff")
    undo(position, company)
    assert now_is(pairing) == ("paused", None)
    assert letters() == [
        ("ended", grace.email),
        ("ended", ada.email),
        ("goes_on", grace.email),
        ("goes_on", ada.email),
    ]
    assert (versions.of(ada.id)[0], versions.of(grace.id)[0]) == (2, 2)


def test_a_pairing_is_paused_and_goes_on_without_a_letter(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "active")
    edit(pairing, company, state="paused")
    position = edit(pairing, company, state="active")
    undo(position, company)
    assert now_is(pairing) == ("paused", None)
    assert letters() == []
    assert versions.of(company.people["Ada King"].id)[0] == 3


def test_steps_that_there_are_not_are_refused_by_name_of_the_field(company: Company) -> None:
    no_steps = {
        "draft": ("active", "paused", "declined"),
        "offered": ("active", "paused", "ended", "declined"),
        "active": ("draft", "offered", "declined"),
        "paused": ("draft", "offered", "declined"),
        "ended": ("offered", "declined", "active", "paused"),
        "declined": ("offered", "active", "paused", "ended"),
    }
    for state, refused in no_steps.items():
        pairing = company.pairing(f"A {state}", f"B {state}", state)
        assert not {str(each) for each in actions.next_states(held(pairing))} & set(refused) - {"active"}
        for to in refused:
            with pytest.raises(Invalid) as error:
                edit(pairing, company, state=to)
            assert error.value.field in ("state", None)
        assert now_is(pairing)[0] == state


def test_an_edit_that_was_edited_again_is_not_undone_by_itself(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    first = edit(pairing, company, remark="One")
    edit(pairing, company, remark="Two")
    with pytest.raises(Invalid, match="changed again"):
        undo(first, company)
    entry = audit.at(first or 0)
    assert entry is not None
    assert not actions.can_be_undone(entry, held(pairing))


def test_only_edits_of_pairings_are_undone(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    with transaction():
        other = audit.write(
            action="person.edited", on="person", id=1, by=None, before={"name": "A"}, after={"name": "B"}
        )
        position = other.position
    for each in (position, 999):
        with pytest.raises(NotFound):
            undo(each, company)
    assert now_is(pairing) == ("draft", None)
