"""Compares two plans (the board as it is, a run, or a trial): what each comes
to, who moves, who gains and who loses.

Scores of runs with different weights cannot be compared, so both plans are scored by one yardstick: the
weights and the line of the programme, or of one of the two.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from portal.core.lifecycle import OPEN_PAIRINGS
from portal.core.matching.candidates import Candidate, Problem
from portal.db import db
from portal.pairings.matching import engine, runs
from portal.pairings.matching.problem import ByHand, Pair, problem_of_some, waiting
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.pairings.queries import LIVE
from portal.programmes.models import Enrolment, Programme

ROLES = ("mentee", "mentor")
SIDE = {"mentor": 0, "mentee": 1}
BOARD = "board"
HALF = 5000
"""Points up to here count twice in the goal: `phi` of core/matching/plans/points.py, written without numpy.
"""
BATCH = 64
"""Pairs that are scored together."""
PersonInRole = tuple[int, str]
"""A person's id, and "mentor" or "mentee"."""


@dataclass(frozen=True)
class Plan:
    """A plan for a programme. `run` is None for the board; `scores` are those its pairs have by `weights`.

    `pairs` are all that take seats in it, with those that were live when it was made; `unmet` are those who
    are left over. `line` is 0..10000, or None where it is not known ("auto", before any run). `others` are
    scores by whatever weights, for people who cannot be scored any more.
    """

    run: MatchRun | None
    pairs: frozenset[Pair]
    unmet: frozenset[PersonInRole]
    weights: Mapping[str, int]
    rules: Mapping[str, Any]
    line: int | None
    by_hand: ByHand = field(default_factory=ByHand)
    locked: frozenset[Pair] = frozenset()
    scores: Mapping[Pair, int] = field(default_factory=dict)
    others: Mapping[Pair, int] = field(default_factory=dict)

    @property
    def yardstick(self) -> "Yardstick":
        """The plan's own yardstick."""
        return Yardstick(self.weights, self.line)

    @property
    def key(self) -> str:
        """How an address names it."""
        return str(self.run.id) if self.run else BOARD


@dataclass(frozen=True)
class Sums:
    """What a plan comes to in the four goals. `mean` and `total` are in the unit of scores; points below 50
    are twice in `total`, as the engine's goal has it."""

    mentees: int
    mentors: int
    below: int | None
    mean: float
    total: int
    pairs: int


@dataclass(frozen=True)
class Move:
    """What differs for one person in one role: partners (ids) that they have in
    one plan only, and their points in each.

    `kind` is "moved" for those who have somebody in both plans. Of those with nobody in the first
    plan, it is "matched" if they were left over in it and "joined" if it did not know them; of those
    with nobody in the second, "unmatched" or "gone".
    """

    person: int
    role: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    had: int
    has: int
    kind: str

    @property
    def gain(self) -> int:
        """The points gained; below 0, lost."""
        return self.has - self.had


@dataclass(frozen=True)
class Comparison:
    """Two plans by one yardstick. `moves` are sorted by the size of the change, the largest first.
    `newcomers` is how many people only one of the plans knows, who are left over in it.
    """

    one: Plan
    other: Plan
    sums: tuple[Sums, Sums]
    moves: Sequence[Move]
    newcomers: int
    line: int | None
    scores: Mapping[Pair, int]


@dataclass(frozen=True)
class Yardstick:
    """The weights and the line by which plans are scored; no line where an "auto" one was never found."""

    weights: Mapping[str, int]
    line: int | None


def yardstick_of(programme: Programme) -> Yardstick:
    """The yardstick of a programme."""
    line = programme.rules.get("line", 40)
    return Yardstick(programme.weights, line * 100 if line != "auto" else None)


def plan_of_board(programme: Programme) -> Plan:
    """The board as it is: drafts and all that is live."""
    rows = db.session.execute(
        select(
            Pairing.mentor_id,
            Pairing.mentee_id,
            Pairing.score,
            Pairing.state,
            Pairing.locked,
            MatchRun.weights,
        )
        .outerjoin(MatchRun, MatchRun.id == Pairing.run_id)
        .where(Pairing.programme_id == programme.id, Pairing.state.in_(OPEN_PAIRINGS))
    ).all()
    pairs = {(row.mentor_id, row.mentee_id): row for row in rows}
    met = {(pair[SIDE[role]], role) for pair in pairs for role in ROLES}
    wait = {
        (row.person_id, role)
        for row in waiting(programme.id)
        for role, joined in (("mentor", row.as_mentor), ("mentee", row.as_mentee))
        if joined
    }
    return Plan(
        run=None,
        pairs=frozenset(pairs),
        unmet=frozenset(wait - met),
        weights=programme.weights,
        rules=programme.rules,
        line=yardstick_of(programme).line,
        locked=frozenset(pair for pair, row in pairs.items() if row.locked),
        scores={
            pair: row.score
            for pair, row in pairs.items()
            if row.weights and dict(row.weights) == programme.weights
        },
        others={pair: row.score for pair, row in pairs.items()},
    )


def plan_of(run: MatchRun) -> Plan:
    """The plan of a run or a trial, with the pairs that were live then."""
    mentor, mentee = aliased(Enrolment), aliased(Enrolment)
    query = (
        select(mentor.person_id.label("mentor_id"), mentee.person_id.label("mentee_id"), Proposal.score)
        .join(mentor, mentor.id == Proposal.mentor_enrolment_id)
        .join(mentee, mentee.id == Proposal.mentee_enrolment_id)
        .where(Proposal.run_id == run.id)
    )
    proposed = {(row.mentor_id, row.mentee_id): row.score for row in db.session.execute(query)}
    live = {(row.mentor_id, row.mentee_id): row.score for row in db.session.execute(_live_then(run))}
    left_over = (
        select(Enrolment.person_id, LeftOver.role)
        .join(Enrolment, Enrolment.id == LeftOver.enrolment_id)
        .where(LeftOver.run_id == run.id)
    )
    by_hand = runs.by_hand(run.id)
    return Plan(
        run=run,
        pairs=frozenset({*proposed, *live}),
        unmet=frozenset((row.person_id, row.role) for row in db.session.execute(left_over)),
        weights=run.weights,
        rules=run.rules,
        line=_line(run),
        by_hand=by_hand,
        locked=by_hand.locks,
        scores=proposed,
        others={**live, **proposed},
    )


def _live_then(run: MatchRun) -> Select[int, int, int]:
    """The pairings that were live when the run was asked for."""
    not_over = or_(Pairing.ended_at.is_(None), Pairing.ended_at > run.created_at)
    return select(Pairing.mentor_id, Pairing.mentee_id, Pairing.score).where(
        Pairing.programme_id == run.programme_id,
        Pairing.offered_at < run.created_at,
        not_over,
        or_(Pairing.state.in_(LIVE), Pairing.active_at.is_not(None)),
    )


def _line(run: MatchRun) -> int | None:
    line = run.rules.get("line", 40)
    return run.line if line == "auto" else int(line) * 100


def compare(programme: Programme, one: Plan, other: Plan, *, by: Yardstick, on: date) -> Comparison:
    """Both plans, scored by one yardstick as of that day. Where that has no line,
    they share the line of a plan that has one.
    """
    line = next((basis.line for basis in (by, other, one) if basis.line is not None), None)
    scores, locked = _scores(programme, (one, other), by.weights, on=on), one.locked | other.locked
    return Comparison(
        one=one,
        other=other,
        sums=(_sums(one, locked, scores, line), _sums(other, locked, scores, line)),
        moves=sorted(_moves(one, other, scores), key=lambda move: (-abs(move.gain), move.person, move.role)),
        newcomers=len(_newcomers(one, other) | _newcomers(other, one)),
        line=line,
        scores=scores,
    )


def _newcomers(one: Plan, other: Plan) -> set[int]:
    """Who is left over in one plan and unknown to the other."""
    known = {person for pair in other.pairs for person in pair} | {person for person, _ in other.unmet}
    return {person for person, _ in one.unmet if person not in known}


def _sums(plan: Plan, locked: Collection[Pair], scores: Mapping[Pair, int], line: int | None) -> Sums:
    values = [scores[pair] for pair in plan.pairs]
    unlocked = [scores[pair] for pair in plan.pairs if pair not in locked]
    unmet = [role for _, role in plan.unmet]
    return Sums(
        mentees=unmet.count("mentee"),
        mentors=unmet.count("mentor"),
        below=None if line is None else sum(score < line for score in unlocked),
        mean=sum(values) / len(values) if values else 0.0,
        total=sum(score + min(score, HALF) for score in values),
        pairs=len(values),
    )


def _moves(one: Plan, other: Plan, scores: Mapping[Pair, int]) -> Iterator[Move]:
    """Everybody whose partners differ."""
    gone, new = one.pairs - other.pairs, other.pairs - one.pairs
    for role in ROLES:
        had, has = _by_person(gone, role), _by_person(new, role)
        in_one, in_other = ({pair[SIDE[role]] for pair in plan.pairs} for plan in (one, other))
        for person in sorted(had.keys() | has.keys()):
            before, after = had.get(person, []), has.get(person, [])
            kind = "moved"
            if person not in in_one:
                kind = "matched" if (person, role) in one.unmet else "joined"
            elif person not in in_other:
                kind = "unmatched" if (person, role) in other.unmet else "gone"
            yield Move(
                person,
                role,
                before=tuple(pair[1 - SIDE[role]] for pair in before),
                after=tuple(pair[1 - SIDE[role]] for pair in after),
                had=sum(scores[pair] for pair in before),
                has=sum(scores[pair] for pair in after),
                kind=kind,
            )


def _by_person(pairs: Collection[Pair], role: str) -> dict[int, list[Pair]]:
    by_person: dict[int, list[Pair]] = defaultdict(list)
    for pair in sorted(pairs):
        by_person[pair[SIDE[role]]].append(pair)
    return by_person


def _scores(
    programme: Programme, plans: Sequence[Plan], weights: Mapping[str, int], *, on: date
) -> dict[Pair, int]:
    """The scores of all pairs by these weights. Stored scores are used where they are by the same weights,
    and for two who wait no more, whom nothing could score as of now.
    """
    stored: dict[Pair, int] = {}
    for plan in plans:
        if dict(plan.weights) == dict(weights):
            stored |= plan.scores
    missing = sorted(frozenset().union(*(plan.pairs for plan in plans)) - stored.keys())
    if not missing:
        return stored
    people = sorted({person for pair in missing for person in pair})
    problem = problem_of_some(programme, people, on=on, weights=weights)
    by_id = {candidate.id: candidate for candidate in problem.candidates}
    pairs = [pair for pair in missing if set(pair) <= by_id.keys()]
    totals = _totals([(by_id[mentor], by_id[mentee]) for mentor, mentee in pairs], problem)
    fallback = {pair: score for plan in plans for pair, score in plan.others.items()}
    return {
        **{pair: fallback[pair] for pair in missing},
        **dict(zip(pairs, totals, strict=True)),
        **stored,
    }


def _totals(pairs: Sequence[tuple[Candidate, Candidate]], problem: Problem) -> Iterator[int]:
    """The scores of these pairs, without the sentences."""
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        mentors, mentees = [mentor for mentor, _ in batch], [mentee for _, mentee in batch]
        # every mentor with every mentee of the batch; the diagonal has the pairs
        yield from (int(total) for total in engine.criteria.totals(mentors, mentees, problem).diagonal())
