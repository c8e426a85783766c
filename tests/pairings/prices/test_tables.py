"""Prices of a board, worked out by a worker that may be killed; a choice carried out with all that follows,
and undone.
"""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import audit
from portal.clock import now
from portal.core.matching.candidates import Problem, Refusal
from portal.core.matching.engine import match
from portal.core.matching.prices import present_board
from portal.core.matching.prices.price_board import PriceBoard
from portal.db import db, transaction
from portal.errors import Invalid, NotFound, Stale
from portal.pairings.matching import problem as candidates
from portal.pairings.matching import runs
from portal.pairings.models import Pairing, PriceTable
from portal.pairings.prices import actions as chains
from portal.pairings.prices import tables
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme, Topic
from portal.programmes.topics import actions as topics
from tests.pairings.company import Company
from tests.pairings.crowd import ask, fill, keep, pairs, solvers, wait_for
from tests.pairings.posted import held
from tests.personas import Factories


def programme_of(company: Company) -> Programme:
    db.session.rollback()
    return db.session.get_one(Programme, company.programme.id)


def want(company: Company) -> None:
    """Ask for prices."""
    with transaction():
        tables.request_table(company.programme.id, at=now())


def priced(company: Company) -> PriceBoard:
    """The board with prices of now, worked out here."""
    want(company)
    tables.price(company.programme.id)
    board = tables.board_now(programme_of(company))
    assert board is not None, table(company).problem
    return board


def table(company: Company) -> PriceTable:
    db.session.rollback()
    return db.session.get_one(PriceTable, company.programme.id, populate_existing=True)


def matched(make: Factories, company: Company, mentors: int, mentees: int) -> None:
    """Many people whom a run has paired, as drafts."""
    fill(make, company.programme, mentors, mentees)
    run_id = ask(company)
    runs.run(run_id)
    keep(run_id, company)


def draft(company: Company, number: int = 0) -> Pairing:
    """One of the drafts."""
    db.session.rollback()
    mine = select(Pairing).where(Pairing.programme_id == company.programme.id, Pairing.state == "draft")
    return db.session.scalars(mine.order_by(Pairing.id)).all()[number]


def choose(pairing: Pairing, mentor_id: int, company: Company, *, stamp: str = "", seen: int = 0) -> int:
    """Choose another mentor; the position of the audit's entry."""
    stamp = stamp or tables.stamp(programme_of(company))
    with transaction():
        row = held(pairing)
        more = {"seen": seen or row.version, "stamp": stamp, "by": company.staff, "at": now()}
        return chains.choose(row, mentor_id=mentor_id, **more).position


def undo(position: int, company: Company) -> None:
    with transaction():
        chains.undo(position, by=company.staff, at=now())


def best_with(company: Company, before: Problem, pin: tuple[int, int]) -> dict[str, int]:
    """The four goals of the best plan in which two are locked together, solved from nothing."""
    given = {**before.as_json(), "locked": [list(pin)]}
    return dict(match(Problem.from_json(given)).objective)


def test_a_board_that_a_run_left_is_its_own_best_plan(
    make: Factories, company: Company, rung: list[tuple[str, int]]
) -> None:
    matched(make, company, 12, 10)
    rung.clear()
    board = priced(company)
    assert rung == [("pairings.price", company.programme.id)]
    drafts = {(int(board.mentor_ids[row]), int(board.mentee_ids[column])) for row, column in board.present}
    assert drafts == pairs(company)
    assert not board.pinned
    assert board.planned == board.present
    assert (table(company).problem, table(company).lease_holder) == (None, None)
    tables.price(company.programme.id)
    rung.clear()
    tables.sweep()
    assert rung == [], "nothing is left to do"


def test_any_change_that_prices_depend_on_makes_them_out_of_date(make: Factories, company: Company) -> None:
    matched(make, company, 4, 4)
    priced(company)
    mine = select(Enrolment.id).where(Enrolment.programme_id == company.programme.id).limit(1)
    for model, key, name, value in (
        (Pairing, draft(company).id, "locked", True),
        (Programme, company.programme.id, "rules", {"line": 60, "min_grade_gap": 1}),
        (Enrolment, db.session.scalar(mine), "mentor_capacity", 2),
        (Person, company.staff.id, "department", "Elsewhere"),
    ):
        with transaction():
            setattr(db.session.get_one(model, key), name, value)
        assert tables.board_now(programme_of(company)) is None
        priced(company)


def test_accepting_makes_the_board_the_best_there_is_with_the_two_together(
    make: Factories, company: Company
) -> None:
    matched(make, company, 24, 22)
    board, chance = priced(company), Random(3)
    problem = candidates.problem_of(programme_of(company), on=now().date())
    for number in (0, 7, 15):
        pairing = draft(company, number)
        prices = chains.prices_of(pairing, board)
        assert prices is not None
        row = chance.choice(prices.order()[1:])
        mentor_id, change = int(board.mentor_ids[row]), prices.change(row)
        before = pairs(company)
        position = choose(pairing, mentor_id, company)
        assert (mentor_id, pairing.mentee_id) in pairs(company)
        found = best_with(company, problem, (mentor_id, pairing.mentee_id))
        drafts = list(db.session.scalars(select(Pairing).where(Pairing.state == "draft")))
        assert found["mentees_unmatched"] == 22 - len({each.mentee_id for each in drafts})
        assert found["mentors_unmatched"] == 24 - len({each.mentor_id for each in drafts})
        assert found["total_phi"] == sum(each.score + min(each.score, 5000) for each in drafts)
        assert abs(found["total_phi"] - change.points - total(board)) <= 2 * len(drafts), (
            "staying counts for a hundredth each"
        )
        assert all(each.score == sum(part["points"] for part in each.parts) for each in drafts)
        chosen = held(pairing)
        assert (chosen.locked, chosen.run_id) == (True, None)
        assert audit.at(position).action == "pairing.chain"
        undo(position, company)
        assert pairs(company) == before
        assert not held(pairing).locked
        board = priced(company)


def total(board: PriceBoard) -> int:
    scores = [int(board.scores[pair]) for pair in board.present]
    return sum(each + min(each, 5000) for each in scores)


def test_undoing_gives_back_each_row_as_it_was_and_only_once(company: Company) -> None:
    ada, bea, carl = (company.mentor(name) for name in ("Ada King", "Bea Long", "Carl Cole"))
    grace, dora = company.mentee("Grace Hopper"), company.mentee("Dora Day")
    one, other = (
        company.pairing(ada, grace, remark="Keep an eye on it"),
        company.pairing(bea, dora, locked=True),
    )
    priced(company)
    position = choose(one, carl.id, company)
    assert pairs(company) == {(carl.id, grace.id), (bea.id, dora.id)}
    assert (held(one).remark, held(one).locked) == ("Keep an eye on it", True)
    assert held(other).version == 1
    undo(position, company)
    assert pairs(company) == {(ada.id, grace.id), (bea.id, dora.id)}
    assert not held(one).locked
    with pytest.raises(Invalid, match="undone already"):
        undo(position, company)
    with pytest.raises(NotFound):
        undo(10**6, company)


def test_what_was_changed_again_is_not_undone(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    one = company.pairing(ada, company.mentee("Grace Hopper"))
    priced(company)
    position = choose(one, bea.id, company)
    with transaction():
        held(one).locked = False
    with pytest.raises(Invalid, match="changed again"):
        undo(position, company)


def test_two_drafts_that_trade_places_are_edited_and_none_is_lost(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    grace, dora = company.mentee("Grace Hopper"), company.mentee("Dora Day")
    one, other = company.pairing(ada, grace), company.pairing(bea, dora)
    priced(company)
    position = choose(one, bea.id, company)
    assert pairs(company) == {(bea.id, grace.id), (ada.id, dora.id)}
    assert (held(one).mentor_id, held(other).mentor_id) == (bea.id, ada.id)
    assert (
        db.session.scalar(
            select(func.count()).select_from(Pairing).where(Pairing.programme_id == company.programme.id)
        )
        == 2
    )
    said = audit.history("pairing", other.id)[0]
    assert (said.action, said.before["mentor_id"], said.after["mentor_id"]) == (
        "pairing.moved_along",
        bea.id,
        ada.id,
    )
    undo(position, company)
    assert pairs(company) == {(ada.id, grace.id), (bea.id, dora.id)}


def test_a_draft_that_nobody_is_left_for_goes_and_comes_back_with_the_undo(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long", manager_id=None)
    grace, dora = company.mentee("Grace Hopper"), company.mentee("Dora Day", languages=["fr"])
    with transaction():
        db.session.merge(bea).languages = ["en", "fr"]
    one, other = company.pairing(ada, grace), company.pairing(bea, dora)
    priced(company)
    position = choose(one, bea.id, company)
    assert pairs(company) == {(bea.id, grace.id)}
    assert held(other).state == "ended"
    undo(position, company)
    assert pairs(company) == {(ada.id, grace.id), (bea.id, dora.id)}
    assert held(other).state == "draft"


def test_old_prices_and_old_rows_are_stale_and_nothing_changes(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    one = company.pairing(ada, company.mentee("Grace Hopper"))
    priced(company)
    stamp = tables.stamp(programme_of(company))
    with pytest.raises(Stale):
        choose(one, bea.id, company, seen=7)
    with pytest.raises(Stale):
        choose(one, bea.id, company, stamp="x" * 64)
    with pytest.raises(Invalid, match="cannot be chosen"):
        choose(one, ada.id, company)
    company.mentee("Dora Day")
    with pytest.raises(Stale):
        choose(one, bea.id, company, stamp=stamp)
    assert pairs(company) == {(ada.id, one.mentee_id)}


def test_a_draft_of_somebody_who_pauses_keeps_its_seat(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    away, here = (
        company.pairing(ada, company.mentee("Grace Hopper")),
        company.pairing(bea, company.mentee("Dora Day")),
    )
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Grace Hopper"].id).state = "paused"
    board = priced(company)
    assert chains.prices_of(held(away), board) is None
    prices = chains.prices_of(held(here), board)
    assert prices is not None
    assert prices.order() == [], "the only other mentor is kept for the one who is away"


def test_prices_are_not_worked_out_for_thousands(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.pairing("Ada King", "Grace Hopper")
    company.mentee("Dora Day")
    problem = candidates.problem_of(programme_of(company), on=now().date())
    monkeypatch.setattr(present_board, "MOST", 1)
    with pytest.raises(Refusal, match="more than 1 people on a side"):
        present_board.present_board(problem, [], line=4000)


def test_a_refused_problem_is_told_in_words(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentee("Grace Hopper")
    company.pairing(ada, bea, "active")
    company.pairing(ada, company.mentee("Dora Day"), locked=True)
    want(company)
    tables.price(company.programme.id)
    said = tables.problem_now(programme_of(company))
    assert said is not None
    assert "Ada King" in said
    assert tables.board_now(programme_of(company)) is None


def test_a_worker_that_is_gone_has_its_work_taken_over(
    app: Flask, make: Factories, company: Company, rung: list[tuple[str, int]]
) -> None:
    matched(make, company, 40, 40)
    want(company)

    def work_on_it() -> None:
        with app.app_context():
            tables.price(company.programme.id)
            db.session.remove()

    thread = Thread(target=work_on_it)
    thread.start()
    wait_for(lambda: solvers(os.getpid()))
    rung.clear()
    tables.sweep()
    assert rung == [], "its lease still holds"
    tables.price(company.programme.id)
    assert table(company).data is None
    with transaction():
        values = {"lease_until": now() - timedelta(seconds=1), "lease_holder": "gone"}
        db.session.execute(update(PriceTable).values(**values))
    tables.sweep()
    assert rung == [("pairings.price", company.programme.id)]
    thread.join(30)
    assert table(company).data is None, "whoever has lost the lease writes nothing"
    tables.price(company.programme.id)
    assert tables.board_now(programme_of(company)) is not None


def test_asked_for_again_while_it_is_made_it_is_made_again(
    company: Company, rung: list[tuple[str, int]]
) -> None:
    company.pairing("Ada King", "Grace Hopper")
    want(company)
    with transaction():
        db.session.execute(update(PriceTable).values(wanted_at=now() + timedelta(seconds=30)))
    rung.clear()
    tables.price(company.programme.id)
    assert rung == [("pairings.price", company.programme.id)]


def test_prices_of_before_two_topics_became_one_are_stale(company: Company, make: Factories) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    one = company.pairing(ada, company.mentee("Grace Hopper"))
    other = make.topic("reverse-engineering", label="Reverse engineering", area=company.topic.area)
    priced(company)
    stamp = tables.stamp_made(company.programme.id)
    with transaction():
        old, new = (db.session.get_one(Topic, each.id) for each in (company.topic, other))
        topics.merge(old, into=new, seen=old.version, seen_into=new.version, by=company.staff.id, at=now())
    assert tables.board_now(programme_of(company)) is None
    with pytest.raises(Stale):
        choose(one, bea.id, company, stamp=stamp)
    assert priced(company) is not None
    with transaction():
        new = db.session.get_one(Topic, other.id)
        topics.edit(new, seen=new.version, by=company.staff.id, at=now(), area="leadership")
    assert tables.board_now(programme_of(company)) is None
