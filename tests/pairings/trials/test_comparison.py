"""Two plans side by side: what each comes to by one yardstick, who moves, who gains and who loses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from portal.clock import now, today
from portal.core.matching.plans.assignment import phi
from portal.db import db, transaction
from portal.pairings.matching import runs
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.pairings.trials import comparison as comparing
from portal.pairings.trials.comparison import Comparison, Move, Plan
from portal.programmes.models import DEFAULT_WEIGHTS, Enrolment, Programme
from tests.pairings.company import PART, Company

OTHER = {**DEFAULT_WEIGHTS, "interests": 40, "department": 26}


def proposes(company: Company, run: MatchRun, *proposed: tuple[str, str, int]) -> MatchRun:
    """Have a run propose pairs, by their names, with scores; everybody in the company else is left over."""
    for mentor, mentee, score in proposed:
        ids = [company.enrolments[name].id for name in (mentor, mentee)]
        facts = {
            "run_id": run.id,
            "mentor_enrolment_id": ids[0],
            "mentee_enrolment_id": ids[1],
            "score": score,
        }
        company.make.add(Proposal(**facts, parts=[{**PART, "points": score, "args": {}}]))
    named = {name for each in proposed for name in each[:2]}
    for name, enrolment in company.enrolments.items():
        if name not in named:
            role = "mentor" if enrolment.as_mentor else "mentee"
            company.make.add(
                LeftOver(run_id=run.id, enrolment_id=enrolment.id, role=role, template="", args={})
            )
    return run


def compared(
    company: Company, one: MatchRun | None, other: MatchRun | None, by: str = "programme"
) -> Comparison:
    """The comparison; None is the board."""
    db.session.rollback()
    programme = db.session.get_one(Programme, company.programme.id)
    plans = [
        comparing.plan_of(db.session.get_one(MatchRun, run.id)) if run else comparing.plan_of_board(programme)
        for run in (one, other)
    ]
    yardsticks = {
        "programme": comparing.yardstick_of(programme),
        "one": plans[0].yardstick,
        "other": plans[1].yardstick,
    }
    return comparing.compare(programme, *plans, by=yardsticks[by], on=today())


def crew(company: Company) -> None:
    for name in ("Ada King", "Bea Long"):
        company.mentor(name)
    for name in ("Grace Hopper", "Dora Day"):
        company.mentee(name)


def told(company: Company, moves: Any) -> list[tuple[Any, ...]]:
    names = {person.id: name for name, person in company.people.items()}
    named = lambda ids: tuple(names[each] for each in ids)  # noqa: E731  # it is used here only
    return [(names[m.person], m.role, named(m.before), named(m.after), m.had, m.has, m.kind) for m in moves]


def test_who_moves_is_told_by_the_size_of_the_change(company: Company) -> None:
    crew(company)
    one = proposes(company, company.run(), ("Ada King", "Grace Hopper", 7100), ("Bea Long", "Dora Day", 6000))
    other = proposes(company, company.run(), ("Ada King", "Dora Day", 6400))
    found = compared(company, one, other)
    assert told(company, found.moves) == [
        ("Grace Hopper", "mentee", ("Ada King",), (), 7100, 0, "unmatched"),
        ("Bea Long", "mentor", ("Dora Day",), (), 6000, 0, "unmatched"),
        ("Ada King", "mentor", ("Grace Hopper",), ("Dora Day",), 7100, 6400, "moved"),
        ("Dora Day", "mentee", ("Bea Long",), ("Ada King",), 6000, 6400, "moved"),
    ]
    assert [move.gain for move in found.moves] == [-7100, -6000, -700, 400]
    back = compared(company, other, one)
    assert [(move.kind, move.gain) for move in back.moves] == [
        ("matched", 7100),
        ("matched", 6000),
        ("moved", 700),
        ("moved", -400),
    ]


def test_the_four_goals_of_both_are_reckoned(company: Company) -> None:
    crew(company)
    one = proposes(company, company.run(), ("Ada King", "Grace Hopper", 7100), ("Bea Long", "Dora Day", 3900))
    other = proposes(company, company.run(), ("Ada King", "Dora Day", 6400))
    found = compared(company, one, other)
    first, second = found.sums
    assert (first.mentees, first.mentors, first.below, first.mean, first.pairs) == (0, 0, 1, 5500.0, 2)
    assert first.total == sum(int(phi(each)) for each in (7100, 3900))
    assert (second.mentees, second.mentors, second.below, second.mean, second.total) == (
        1,
        1,
        0,
        6400.0,
        11400,
    )


def test_plans_of_different_weights_are_measured_by_one_yardstick(company: Company) -> None:
    crew(company)
    usual = proposes(company, company.run(), ("Ada King", "Grace Hopper", 7100))
    trial = proposes(company, company.run(weights=OTHER, trial=True), ("Ada King", "Grace Hopper", 100))
    found = compared(company, usual, trial)
    assert found.moves == []
    assert found.sums[0].mean == found.sums[1].mean == 7100, (
        "the score that was written down by the programme's weights"
    )
    programme = db.session.get_one(Programme, company.programme.id)
    ids = {"mentor_id": company.people["Bea Long"].id, "mentee_id": company.people["Dora Day"].id}
    new = proposes(company, company.run(weights=OTHER, trial=True), ("Bea Long", "Dora Day", 100))
    score, _ = runs.assess(programme, on=today(), **ids)
    assert compared(company, usual, new).sums[1].mean == score
    assert compared(company, usual, new, by="other").sums[1].mean == 100


def test_the_board_is_a_plan_of_drafts_and_what_is_live(company: Company) -> None:
    crew(company)
    live = company.pairing("Luis Live", "Lena Live", "active", offered_at=now() - timedelta(days=9))
    company.pairing(company.people["Ada King"], company.people["Grace Hopper"])
    run = proposes(company, company.run(), ("Ada King", "Dora Day", 6400), ("Luis Live", "Lena Live", 5000))
    db.session.rollback()
    board = comparing.plan_of_board(db.session.get_one(Programme, company.programme.id))
    assert (live.mentor_id, live.mentee_id) in board.pairs
    assert board.unmet == {
        (company.people["Bea Long"].id, "mentor"),
        (company.people["Dora Day"].id, "mentee"),
    }
    found = compared(company, None, run)
    names = {name: person.id for name, person in company.people.items()}
    assert {move.person for move in found.moves} == {
        names[name] for name in ("Ada King", "Grace Hopper", "Dora Day")
    }


def test_what_was_live_when_a_run_was_made_is_no_difference(company: Company) -> None:
    crew(company)
    company.pairing("Luis Live", "Lena Live", "active", offered_at=now() - timedelta(days=9))
    run = company.run()
    for name, mentee in (("Ada King", "Grace Hopper"), ("Bea Long", "Dora Day")):
        ids = [company.enrolments[each].id for each in (name, mentee)]
        facts = {
            "run_id": run.id,
            "mentor_enrolment_id": ids[0],
            "mentee_enrolment_id": ids[1],
            "score": 7000,
            "parts": [],
        }
        company.make.add(Proposal(**facts))
        company.pairing(company.people[name], company.people[mentee], run_id=run.id, score=7000)
    found = compared(company, None, run)
    assert (found.moves, found.sums[0]) == ([], found.sums[1])


def test_who_joined_or_left_since_is_told_apart(company: Company) -> None:
    crew(company)
    run = proposes(company, company.run(), ("Ada King", "Grace Hopper", 7100), ("Bea Long", "Dora Day", 6000))
    company.mentee("Nina New")
    company.pairing(company.people["Ada King"], company.mentee("Nora New"))
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Dora Day"].id).state = "withdrawn"
    found = compared(company, run, None)
    kinds = {(company_name(company, move), move.kind) for move in found.moves}
    assert kinds == {
        ("Nora New", "joined"),
        ("Dora Day", "gone"),
        ("Grace Hopper", "unmatched"),
        ("Bea Long", "unmatched"),
        ("Ada King", "moved"),
    }
    assert found.newcomers == 1


def company_name(company: Company, move: Move) -> str:
    return next(name for name, person in company.people.items() if person.id == move.person)


def test_locked_pairs_do_not_count_below_the_line(company: Company) -> None:
    crew(company)
    company.pairing(company.people["Ada King"], company.people["Grace Hopper"], locked=True, score=1000)
    run = proposes(company, company.run(), ("Ada King", "Grace Hopper", 1000), ("Bea Long", "Dora Day", 900))
    found = compared(company, None, run)
    assert (found.sums[0].below, found.sums[1].below) == (0, 1)


def test_a_line_that_finds_itself_is_the_one_that_was_found(company: Company) -> None:
    crew(company)
    auto = {"line": "auto", "min_grade_gap": 1, "stay_bonus": 0}
    with transaction():
        db.session.get_one(Programme, company.programme.id).rules = auto
    run = proposes(company, company.run(rules=auto, line=6300), ("Ada King", "Grace Hopper", 6200))
    assert (compared(company, None, run).line, compared(company, None, run).sums[1].below) == (6300, 1)
    older = proposes(company, company.run(rules=auto), ("Ada King", "Grace Hopper", 6200))
    assert (compared(company, None, older).line, compared(company, None, older).sums[1].below) == (None, None)


def test_comparing_takes_as_many_questions_for_many_pairs_as_for_few(
    company: Company, count_queries: Callable[..., Any]
) -> None:
    counts = []
    for size in (1, 5):
        trial = company.run(weights=OTHER, trial=True)
        rows = []
        for number in range(size):
            names = f"M {size} {number}", f"N {size} {number}"
            company.mentor(names[0])
            company.mentee(names[1])
            rows.append((*names, 5000))
        proposes(company, trial, *rows)
        with count_queries() as counted:
            compared(company, None, trial)
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 16


def test_pairs_of_both_are_scored_once_and_those_who_left_keep_what_was_written(company: Company) -> None:
    crew(company)
    trial = proposes(company, company.run(weights=OTHER, trial=True), ("Ada King", "Grace Hopper", 4321))
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Grace Hopper"].id).state = "withdrawn"
    found = compared(company, None, trial)
    assert set(found.scores.values()) == {4321}
    assert isinstance(found.one, Plan)
    assert db.session.scalars(db.select(Pairing)).all() == []
