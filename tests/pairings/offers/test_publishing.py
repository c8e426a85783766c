"""Publishing drafts: what is shown beforehand is what is sent, or nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid, Stale
from portal.letters.models import OutboxLetter
from portal.pairings import queries
from portal.pairings.board import actions
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.pairings.offers import publishing
from portal.pairings.trials import actions as trials
from portal.programmes.models import Avoided, Enrolment, Programme
from tests.pairings.company import Company
from tests.pairings.posted import held, letters, now_is
from tests.personas import Factories


def edit(pairing: Pairing, company: Company, *, seen: int | None = None, **values: Any) -> int | None:
    """Edit a row as it is now, or as it was in version `seen`; the position of the audit's entry."""
    with transaction():
        row = held(pairing)
        version = row.version if seen is None else seen
        entry = actions.edit(
            row, seen=version, by=company.staff, at=now(), reason="They asked for it", **values
        )
        return entry.position if entry else None


def test_publishing_sends_exactly_the_letters_of_the_preview(company: Company) -> None:
    company.pairing("Ada King", "Grace Hopper")
    company.pairing("Bea Long", "Carl Cole")
    kept = company.pairing("Dora Day", "Emil Ende")
    programme, at = db.session.get_one(Programme, company.programme.id), now()
    only = [each.id for each in db.session.scalars(db.select(Pairing)) if each.id != kept.id]
    preview = publishing.preview(programme, only=only, at=at)
    foreseen = [(each.to.email, each.letter.subject, each.letter.text) for each in preview.sendings]
    assert [to for to, _, _ in foreseen] == [
        company.people[name].email for name in ("Grace Hopper", "Carl Cole")
    ]
    with transaction():
        programme = db.session.get_one(Programme, company.programme.id)
        assert publishing.publish(programme, digest=preview.digest, by=company.staff, at=at, only=only) == 2
    posted = db.select(OutboxLetter.to_address, OutboxLetter.subject, OutboxLetter.text).order_by(
        OutboxLetter.id
    )
    rows = db.session.execute(posted).all()
    assert [tuple(each) for each in rows] == foreseen
    assert now_is(kept) == ("draft", None)
    with pytest.raises(Stale), transaction():
        publishing.publish(programme, digest=preview.digest, by=company.staff, at=at, only=only)
    assert len(letters()) == 2


def test_drafts_that_changed_since_the_preview_are_not_published(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    programme = db.session.get_one(Programme, company.programme.id)
    digest = publishing.preview(programme, at=now()).digest
    edit(pairing, company, remark="Wait")
    with pytest.raises(Stale, match="Nothing was sent"), transaction():
        publishing.publish(
            db.session.get_one(Programme, company.programme.id), digest=digest, by=company.staff, at=now()
        )
    assert letters() == []
    edit(pairing, company, state="ended")
    empty = publishing.preview(db.session.get_one(Programme, company.programme.id), at=now())
    assert list(empty.sendings) == []
    with pytest.raises(Invalid, match="no draft"), transaction():
        publishing.publish(
            db.session.get_one(Programme, company.programme.id),
            digest=empty.digest,
            by=company.staff,
            at=now(),
        )


def test_drafts_of_people_who_are_paused_or_asked_to_be_kept_apart_are_kept_back(
    company: Company, make: Factories
) -> None:
    paused = company.pairing("Ada King", "Grace Hopper")
    apart, good = company.pairing("Bea Long", "Carl Cole"), company.pairing("Dora Day", "Emil Ende")
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Ada King"].id).state = "paused"
    make.add(
        Avoided(enrolment_id=company.enrolments["Carl Cole"].id, person_id=company.people["Bea Long"].id)
    )
    preview = publishing.preview(db.session.get_one(Programme, company.programme.id), at=now())
    assert [each.pairing.id for each in preview.sendings] == [good.id]
    assert [each.id for each in preview.kept_back] == [paused.id, apart.id]
    for pairing in (paused, apart):
        with pytest.raises(Invalid, match="cannot be asked at present"):
            edit(pairing, company, state="offered")
    assert letters() == []


def test_nobody_is_asked_in_a_role_they_have_left_or_for_more_seats_than_they_have(company: Company) -> None:
    left, one = company.pairing("Ada King", "Grace Hopper"), company.mentor("Bea Long", mentor_capacity=2)
    first, second = company.pairing(one, "Carl Cole"), company.pairing(one, "Emil Ende")
    with transaction():
        learns_no_more = db.session.get_one(Enrolment, company.enrolments["Grace Hopper"].id)
        learns_no_more.as_mentee, learns_no_more.as_mentor = False, True
        db.session.get_one(Enrolment, company.enrolments["Bea Long"].id).mentor_capacity = 1
    preview = publishing.preview(db.session.get_one(Programme, company.programme.id), at=now())
    assert [each.pairing.id for each in preview.sendings] == [first.id]
    assert [each.id for each in preview.kept_back] == [left.id, second.id]
    with pytest.raises(Invalid, match="cannot be asked at present"):
        edit(left, company, state="offered")
    edit(second, company, state="offered")
    preview = publishing.preview(db.session.get_one(Programme, company.programme.id), at=now())
    assert [each.id for each in preview.kept_back] == [left.id, first.id], "her one seat is taken by now"
    with pytest.raises(Invalid, match="cannot be asked at present"):
        edit(first, company, state="offered")


@pytest.mark.parametrize("what", ["publish", "offer", "add", "keep"])
def test_nobody_is_asked_or_paired_in_a_programme_that_is_over(company: Company, what: str) -> None:
    pairing, run = company.pairing("Ada King", "Grace Hopper"), company.run()
    bea, carl = company.mentor("Bea Long"), company.mentee("Carl Cole")
    with transaction():
        db.session.get_one(Programme, company.programme.id).state = "finished"
    programme = db.session.get_one(Programme, company.programme.id)
    digest, by, at = publishing.preview(programme, at=now()).digest, company.staff, now()
    acts: dict[str, Any] = {
        "publish": lambda mine: publishing.publish(mine, digest=digest, by=by, at=at),
        "offer": lambda _: actions.edit(held(pairing), seen=1, by=by, at=at, state="offered"),
        "add": lambda mine: actions.add(mine, mentor_id=bea.id, mentee_id=carl.id, by=by.id, at=at),
        "keep": lambda _: trials.keep(db.session.get_one(MatchRun, run.id), by=by, at=at),
    }
    with pytest.raises(Invalid, match="is over"), transaction():
        acts[what](db.session.get_one(Programme, company.programme.id))
    assert (letters(), now_is(pairing)) == ([], ("draft", None))


def test_those_left_over_are_told_why_though_staff_changed_all_that_the_run_had_paired(
    company: Company,
) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    grace, wanda = company.mentee("Grace Hopper"), company.mentee("Wanda Waits")
    run = company.run()
    named = {each: company.enrolments[each].id for each in company.people}
    company.make.add(
        Proposal(
            run_id=run.id,
            mentor_enrolment_id=named["Ada King"],
            mentee_enrolment_id=named["Grace Hopper"],
            score=8000,
            parts=[],
        ),
        LeftOver(
            run_id=run.id,
            enrolment_id=named["Wanda Waits"],
            role="mentee",
            template="Nobody is free.",
            args={},
        ),
    )
    with transaction():
        trials.keep(db.session.get_one(MatchRun, run.id), by=company.staff, at=now())
    pairing = db.session.scalars(db.select(Pairing).where(Pairing.mentor_id == ada.id)).one()
    edit(pairing, company, mentor_id=bea.id)
    assert queries.why_left_over([named["Wanda Waits"]]) == {}
    edit(pairing, company, state="offered")
    db.session.rollback()
    assert [each.template for each in queries.why_left_over(named.values())[named["Wanda Waits"]]] == [
        "Nobody is free."
    ]
    assert queries.left_before(company.programme.id) == {(wanda.id, "mentee")}
    assert held(pairing).mentee_id == grace.id
