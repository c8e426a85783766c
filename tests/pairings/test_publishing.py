"""Publishing drafts: what is shown beforehand is what is sent, or nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid, Stale
from portal.letters.models import OutboxLetter
from portal.pairings import actions, publishing
from portal.pairings.models import Pairing
from portal.programmes.models import Avoided, Enrolment, Programme
from tests.pairings.company import Company
from tests.pairings.posted import held, letters, now_is
from tests.personas import Factories


def edit(pairing: Pairing, company: Company, *, seen: int | None = None, **values: Any) -> int | None:
    """Edit a row as it is now, or as it was in version `seen`; the position of the audit's entry."""
    with transaction():
        row = held(pairing)
        version = row.version if seen is None else seen
        entry = actions.edit(row, seen=version, by=company.staff, at=now(), reason="They asked for it", **values)
        return entry.position if entry else None


def test_publishing_sends_exactly_the_letters_of_the_preview(company: Company) -> None:
    company.pairing("Ada King", "Grace Hopper")
    company.pairing("Bea Long", "Carl Cole")
    kept = company.pairing("Dora Day", "Emil Ende")
    programme, at = db.session.get_one(Programme, company.programme.id), now()
    only = [each.id for each in db.session.scalars(db.select(Pairing)) if each.id != kept.id]
    preview = publishing.preview(programme, only=only, at=at)
    foreseen = [(each.to.email, each.letter.subject, each.letter.text) for each in preview.sendings]
    assert [to for to, _, _ in foreseen] == [company.people[name].email for name in ("Grace Hopper", "Carl Cole")]
    with transaction():
        programme = db.session.get_one(Programme, company.programme.id)
        assert publishing.publish(programme, digest=preview.digest, by=company.staff, at=at, only=only) == 2
    posted = db.select(OutboxLetter.to_address, OutboxLetter.subject, OutboxLetter.text).order_by(OutboxLetter.id)
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
        publishing.publish(db.session.get_one(Programme, company.programme.id), digest=digest, by=company.staff, at=now())
    assert letters() == []
    edit(pairing, company, state="ended")
    empty = publishing.preview(db.session.get_one(Programme, company.programme.id), at=now())
    assert list(empty.sendings) == []
    with pytest.raises(Invalid, match="no draft"), transaction():
        publishing.publish(
            db.session.get_one(Programme, company.programme.id), digest=empty.digest, by=company.staff, at=now()
        )


def test_drafts_of_people_who_are_paused_or_asked_to_be_kept_apart_are_kept_back(company: Company, make: Factories) -> None:
    paused = company.pairing("Ada King", "Grace Hopper")
    apart, good = company.pairing("Bea Long", "Carl Cole"), company.pairing("Dora Day", "Emil Ende")
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Ada King"].id).state = "paused"
    make.add(Avoided(enrolment_id=company.enrolments["Carl Cole"].id, person_id=company.people["Bea Long"].id))
    preview = publishing.preview(db.session.get_one(Programme, company.programme.id), at=now())
    assert [each.pairing.id for each in preview.sendings] == [good.id]
    assert [each.id for each in preview.kept_back] == [paused.id, apart.id]
    for pairing in (paused, apart):
        with pytest.raises(Invalid, match="cannot be asked at present"):
            edit(pairing, company, state="offered")
    assert letters() == []
