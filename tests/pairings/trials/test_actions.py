"""Trials: runs with weights, rules and pairs of their own, which change nothing until one is kept."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from portal import audit
from portal.clock import now, today
from portal.core.matching.candidates import Rules
from portal.db import db, transaction
from portal.errors import Invalid, Stale
from portal.pairings.matching import problem as candidates
from portal.pairings.matching import runs
from portal.pairings.matching.problem import problem_of
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal, RunPair
from portal.pairings.offers import actions as offers
from portal.pairings.offers import publishing
from portal.pairings.queries import left_before
from portal.pairings.trials import actions as trials
from portal.programmes.models import DEFAULT_WEIGHTS, Enrolment, Programme, Wish
from tests.pairings.company import Company
from tests.pairings.crowd import ask, keep, pairs, proposed, row
from tests.pairings.posted import held
from tests.personas import Factories

RULES = {"line": 40, "min_grade_gap": 1, "stay_bonus": 0}
OTHER = {**DEFAULT_WEIGHTS, "interests": 40, "department": 26}


def try_it(company: Company, **more: Any) -> int:
    """Ask for a trial."""
    about: dict[str, Any] = {
        "title": "Once",
        "weights": DEFAULT_WEIGHTS,
        "rules": RULES,
        "by": company.staff,
        "at": now(),
    }
    with transaction():
        programme = db.session.get_one(Programme, company.programme.id)
        return trials.ask_trial(programme, **{**about, **more}).id


def keep_trial(run_id: int, company: Company, **more: Any) -> tuple[int, int]:
    with transaction():
        return trials.keep(db.session.get_one(MatchRun, run_id), by=company.staff, at=now(), **more)


def offer_all(company: Company) -> None:
    """Publish the drafts."""
    programme = db.session.get_one(Programme, company.programme.id)
    digest = publishing.preview(programme).digest
    with transaction():
        programme = db.session.get_one(Programme, company.programme.id)
        publishing.publish(programme, digest=digest, by=company.staff, at=now())


def programme_of(company: Company) -> Programme:
    db.session.rollback()
    return db.session.get_one(Programme, company.programme.id, populate_existing=True)


def test_a_trial_runs_with_its_own_weights_and_rules_and_changes_nothing(company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    draft = company.pairing(ada, grace)
    run_id = try_it(company, weights=OTHER, rules={**RULES, "line": "auto"}, title="More of departments")
    runs.run(run_id)
    run = row(run_id)
    assert (run.state, run.trial, run.title, run.weights) == ("done", True, "More of departments", OTHER)
    proposal = db.session.scalars(select(Proposal)).one()
    points = {part["name"]: part["points"] for part in proposal.parts}
    assert points["department"] == 2600
    assert (run.line, run.gap, run.held_by_id) == (proposal.score, 0, min(ada.id, grace.id))
    assert pairs(company) == {(ada.id, grace.id)}
    assert db.session.get_one(Pairing, draft.id).score == 8700
    assert programme_of(company).weights == DEFAULT_WEIGHTS
    assert run.kept_at is None


def test_pairs_are_kept_together_and_apart_in_a_trial_only(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    grace, dora = company.mentee("Grace Hopper"), company.mentee("Dora Day")
    locked = try_it(company, locks={(ada.id, dora.id)})
    problem_pairs = runs.by_hand(locked)
    assert (problem_pairs.locks, problem_pairs.forbids) == ({(ada.id, dora.id)}, frozenset())
    runs.run(locked)
    assert proposed(locked) == {(ada.id, dora.id), (bea.id, grace.id)}
    apart = try_it(company, forbids={(ada.id, dora.id)})
    runs.run(apart)
    assert proposed(apart) == {(ada.id, grace.id), (bea.id, dora.id)}
    usual = ask(company)
    assert runs.by_hand(usual) == candidates.NOTHING


def test_a_pair_kept_apart_is_told_of_neutrally(company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    run_id = try_it(company, forbids={(ada.id, grace.id)})
    runs.run(run_id)
    assert proposed(run_id) == set()
    left = db.session.scalars(select(LeftOver).where(LeftOver.run_id == run_id)).all()
    assert len(left) == 2
    assert [each for each in left if "Ada King" in str(each.args) and "Grace Hopper" in str(each.args)] == []


def test_a_rule_that_every_pair_must_keep_is_heeded(company: Company) -> None:
    company.mentor("Ada King", site="Berlin")
    near, _far = company.mentee("Nina Near", site="Berlin"), company.mentee("Fritz Far", site="Lisbon")
    run_id = try_it(company, rules={**RULES, "musts": ["site"]})
    runs.run(run_id)
    assert {mentee for _, mentee in proposed(run_id)} == {near.id}


def test_rules_of_a_programme_reach_the_engine(company: Company) -> None:
    with transaction():
        db.session.get_one(Programme, company.programme.id).rules = {
            **RULES,
            "musts": ["department", "topic"],
        }
    problem = problem_of(db.session.get_one(Programme, company.programme.id), on=today())
    assert problem.rules == Rules(musts=("department", "topic"))


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"weights": {**DEFAULT_WEIGHTS, "style": 13}}, "The weights must sum to 100; these sum to 101."),
        (
            {"weights": {**DEFAULT_WEIGHTS, "style": -1, "time": 23}},
            "Weights are whole numbers from 0 that sum to 100.",
        ),
        ({"rules": {**RULES, "line": 101}}, "The line is a whole number from 0 to 100"),
        ({"rules": {**RULES, "stay_bonus": -1}}, "The bonus for staying is a whole number from 0 to 100."),
        ({"rules": {**RULES, "musts": ["height"]}}, "There is no demand on pairs called “height”."),
    ],
)
def test_weights_and_rules_that_are_none_are_refused(
    company: Company, about: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        try_it(company, **about)
    assert said in refused.value.message
    assert db.session.scalar(select(func.count()).select_from(MatchRun)) == 0


def test_pairs_that_cannot_be_are_refused_with_a_sentence(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long", manager_id=None)
    grace, dora = company.mentee("Grace Hopper"), company.mentee("Dora Day")
    paused = company.mentee("Paul Pause")
    with transaction():
        db.session.get_one(Enrolment, company.enrolments["Paul Pause"].id).state = "paused"
    company.pairing(bea, dora, locked=True)
    for about, said in (
        (
            {"locks": {(ada.id, grace.id)}, "forbids": {(ada.id, grace.id)}},
            "are locked together, but are to be kept apart too",
        ),
        ({"forbids": {(bea.id, dora.id)}}, "are locked together, but are to be kept apart too"),
        ({"locks": {(ada.id, paused.id)}}, "Paul Pause does not wait for a match in that role"),
        ({"locks": {(grace.id, ada.id)}}, "Grace Hopper does not wait for a match in that role"),
        ({"forbids": {(ada.id, paused.id)}}, "Paul Pause does not wait for a match in that role"),
        ({"locks": {(bea.id, grace.id)}}, "Bea Long is locked into more pairs than they have seats"),
        ({"locks": {(ada.id, grace.id)}, "rules": {**RULES, "min_grade_gap": 9}}, "is not junior enough"),
    ):
        with pytest.raises(Invalid) as refused:
            try_it(company, **about)
        assert said in refused.value.message, about
    assert db.session.scalar(select(func.count()).select_from(MatchRun)) == 0


def test_one_trial_is_under_way_at_a_time_and_stands_in_no_runs_way(
    company: Company, rung: list[tuple[str, int]]
) -> None:
    company.pairing("Ada King", "Grace Hopper")
    first = try_it(company, weights=OTHER)
    assert try_it(company, weights=OTHER) == first, "the same one asked for twice is one"
    with pytest.raises(Invalid, match="A trial of this programme is under way"):
        try_it(company)
    usual = ask(company)
    assert usual != first
    assert not row(usual).trial
    assert rung == [("pairings.match", first), ("pairings.match", usual)]
    runs.run(first)
    assert try_it(company) not in (first, usual)


def test_a_programme_that_is_over_is_not_tried(company: Company) -> None:
    with transaction():
        db.session.get_one(Programme, company.programme.id).state = "finished"
    with pytest.raises(Invalid, match="This programme is over"):
        try_it(company)


def test_keeping_a_trial_locks_its_locks_and_scores_by_the_programmes_weights(company: Company) -> None:
    ada, bea = company.mentor("Ada King"), company.mentor("Bea Long")
    grace, dora = company.mentee("Grace Hopper"), company.mentee("Dora Day")
    run_id = try_it(company, weights=OTHER, locks={(ada.id, dora.id)})
    runs.run(run_id)
    assert keep_trial(run_id, company) == (2, 0)
    drafts = {(each.mentor_id, each.mentee_id): each for each in db.session.scalars(select(Pairing))}
    assert {pair: each.locked for pair, each in drafts.items()} == {
        (ada.id, dora.id): True,
        (bea.id, grace.id): False,
    }
    programme = programme_of(company)
    for (mentor, mentee), each in drafts.items():
        assert (each.score, each.parts) == runs.assess(
            programme, mentor_id=mentor, mentee_id=mentee, on=today()
        )
    assert programme.weights == DEFAULT_WEIGHTS


def test_a_trials_rules_become_the_programmes_when_they_are_wanted(company: Company) -> None:
    company.mentor("Ada King")
    company.mentee("Grace Hopper")
    rules = {**RULES, "line": 10, "musts": ["department"]}
    run_id = try_it(company, weights=OTHER, rules=rules)
    runs.run(run_id)
    seen = programme_of(company).version
    with pytest.raises(Stale):
        keep_trial(run_id, company, rules_too=True, seen=seen + 1)
    assert pairs(company) == set()
    assert keep_trial(run_id, company, rules_too=True, seen=seen) == (1, 0)
    programme = programme_of(company)
    assert (programme.weights, programme.rules, programme.version) == (OTHER, rules, seen + 1)
    assert db.session.scalars(select(Pairing.score)).one() == db.session.scalars(select(Proposal.score)).one()
    assert audit.history("programme", programme.id)[0].action == "programme.edited"


def test_the_next_best_for_either_side_is_written_down(company: Company) -> None:
    company.mentor("Ada King")
    company.mentor("Bea Long", style="introvert")
    company.mentee("Grace Hopper")
    run_id = ask(company)
    runs.run(run_id)
    found = db.session.scalars(select(Proposal).where(Proposal.run_id == run_id)).one()
    other = {company.enrolments[name].id for name in ("Ada King", "Bea Long")} - {found.mentor_enrolment_id}
    assert {found.next_mentor_id} == other
    assert found.next_mentor_score is not None
    assert (found.next_mentee_id, found.next_mentee_score) == (None, None)


def test_who_was_left_over_in_a_published_run_is_first_the_next_time(
    company: Company, make: Factories
) -> None:
    company.mentor("Ada King")
    grace, wanda = company.mentee("Grace Hopper"), company.mentee("Wanda Waits")
    less = Wish(
        enrolment_id=company.enrolments["Wanda Waits"].id,
        topic_id=make.topic().id,
        side="learns",
        level=3,
        rank=1,
    )
    make.add(less)
    first = ask(company)
    runs.run(first)
    assert {mentee for _, mentee in proposed(first)} == {grace.id}
    keep(first, company)
    assert left_before(company.programme.id) == set(), "nothing was published"
    offer_all(company)
    assert left_before(company.programme.id) == {(wanda.id, "mentee")}
    bea, clara = company.mentor("Bea Long"), company.mentee("Clara Comes")
    problem = problem_of(db.session.get_one(Programme, company.programme.id), on=today())
    waited = {each.id for each in problem.candidates if each.waited_as_mentee}
    assert waited == {wanda.id}
    assert [each for each in problem.candidates if each.waited_as_mentor] == []
    programme = programme_of(company)
    scores = [
        runs.assess(programme, mentor_id=bea.id, mentee_id=each.id, on=today())[0] for each in (clara, wanda)
    ]
    assert scores[0] > scores[1]
    second = ask(company)
    runs.run(second)
    assert proposed(second) == {(bea.id, wanda.id)}, "the other would suit better, but comes after"


def test_a_turn_is_had_when_an_offer_came_to_something_or_was_declined_by_oneself(company: Company) -> None:
    ada, wanda, grace = (
        company.mentor("Ada King"),
        company.mentee("Wanda Waits"),
        company.mentee("Grace Hopper"),
    )
    run = company.run(kept_at=now())
    company.pairing(ada, grace, "offered", run_id=run.id)
    said = {"template": "Every other mentor suits somebody better.", "args": {}}
    company.make.add(
        LeftOver(run_id=run.id, enrolment_id=company.enrolments["Wanda Waits"].id, role="mentee", **said)
    )
    first = {(wanda.id, "mentee")}
    assert left_before(company.programme.id) == first
    bea = company.mentor("Bea Long")
    pairing = company.pairing(bea, wanda)
    assert left_before(company.programme.id) == first, "a draft is no offer yet"
    with transaction():
        offers.offer(held(pairing), by=company.staff.id, at=now())
    assert left_before(company.programme.id) == set()
    with transaction():
        offers.accept(held(pairing), by=wanda, at=now())
    with transaction():
        offers.decline(held(pairing), by=bea, at=now())
    assert left_before(company.programme.id) == first, "the other one said no"
    again = company.pairing("Cleo Calls", wanda, "offered")
    with transaction():
        offers.decline(held(again), by=wanda, at=now())
    assert left_before(company.programme.id) == set(), "they said no themselves"
    assert db.session.scalar(select(func.count()).select_from(RunPair)) == 0


def test_who_was_left_over_in_another_season_is_first_too(company: Company, make: Factories) -> None:
    grace = company.mentee("Grace Hopper")
    before = Company(make, company.staff, make.programme("Last season"), company.topic)
    run = before.run(kept_at=now())
    before.pairing("Ada Then", "Dora Then", "active", run_id=run.id)
    then = make.enrolment(grace, before.programme, as_mentee=True)
    make.add(LeftOver(run_id=run.id, enrolment_id=then.id, role="mentee", template="", args={}))
    assert left_before(company.programme.id) == {(grace.id, "mentee")}
