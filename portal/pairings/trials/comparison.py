"""Two plans side by side: the board as it is, a run, a trial. What each comes to, who moves, who gains, and
who loses.

Scores of runs with different weights cannot be compared, so both plans are reckoned by one yardstick: the
weights and the line of the programme, or of one of the two.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from portal.core.lifecycle import OPEN_PAIRINGS
from portal.core.matching import criteria
from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.plans.points import phi
from portal.db import db
from portal.pairings.matching import problem as candidates
from portal.pairings.matching import runs as matchmaking
from portal.pairings.matching.problem import ByHand, Pair
from portal.pairings.models import LeftOver, MatchRun, Pairing, Proposal
from portal.pairings.queries import LIVE
from portal.programmes.models import Enrolment, Programme

ROLES = ("mentee", "mentor")
SIDE = {"mentor": 0, "mentee": 1}
BOARD = "board"
ABREAST = 64
"""Pairs whose points are reckoned together."""
Person = tuple[int, str]
"""Somebody in one role: the person's id, and "mentor" or "mentee"."""


@dataclass(frozen=True)
class Plan:
    """A plan for a programme. `run` is None for the board; `scores` are those its pairs have by `weights`.

    `pairs` are all that take seats in it, with those that were live when it was made; `unmet` are those who
    wait in vain. `line` is 0..10000, or None where it is not known ("auto", before anything was reckoned).
    """

    run: MatchRun | None
    pairs: frozenset[Pair]
    unmet: frozenset[Person]
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
    """What differs for one person in one role: partners (ids) that they have in one plan only, and their
    points in each.

    `kind` is "moved" for those who have somebody in both plans; "matched" for those who wait in vain in the
    one, "joined" for those whom it did not know; "unmatched" for those who wait in vain in the other, "gone"
    for those who wait no more.
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
        """The points gained, or, below nought, lost."""
        return self.has - self.had


@dataclass(frozen=True)
class Comparison:
    """Two plans by one yardstick. `moves` are by the size of the change."""

    one: Plan
    other: Plan
    sums: tuple[Sums, Sums]
    moves: Sequence[Move]
    newcomers: int
    line: int | None
    scores: Mapping[Pair, int]


@dataclass(frozen=True)
class Yardstick:
    """By which weights and line plans are reckoned; no line where an "auto" one was never found."""

    weights: Mapping[str, int]
    line: int | None


def of_programme(programme: Programme) -> Yardstick:
    """The programme's own yardstick."""
    line = programme.rules.get("line", 40)
    return Yardstick(programme.weights, line * 100 if line != "auto" else None)


def board(programme: Programme) -> Plan:
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
    waiting = {
        (row.person_id, role)
        for row in candidates.waiting(programme.id)
        for role, does in (("mentor", row.as_mentor), ("mentee", row.as_mentee))
        if does
    }
    return Plan(
        run=None,
        pairs=frozenset(pairs),
        unmet=frozenset(waiting - met),
        weights=programme.weights,
        rules=programme.rules,
        line=of_programme(programme).line,
        locked=frozenset(pair for pair, row in pairs.items() if row.locked),
        scores={
            pair: row.score
            for pair, row in pairs.items()
            if row.weights and dict(row.weights) == programme.weights
        },
        others={pair: row.score for pair, row in pairs.items()},
    )


def found(run: MatchRun) -> Plan:
    """What a run or a trial found, with the pairs that were live then."""
    one, other = aliased(Enrolment), aliased(Enrolment)
    query = (
        select(one.person_id.label("mentor_id"), other.person_id.label("mentee_id"), Proposal.score)
        .join(one, one.id == Proposal.mentor_enrolment_id)
        .join(other, other.id == Proposal.mentee_enrolment_id)
        .where(Proposal.run_id == run.id)
    )
    proposed = {(row.mentor_id, row.mentee_id): row.score for row in db.session.execute(query)}
    lived = {(row.mentor_id, row.mentee_id): row.score for row in db.session.execute(_live_then(run))}
    left = select(Enrolment.person_id, LeftOver.role).join(Enrolment, Enrolment.id == LeftOver.enrolment_id)
    by_hand = matchmaking.by_hand(run.id)
    return Plan(
        run=run,
        pairs=frozenset({*proposed, *lived}),
        unmet=frozenset(
            (row.person_id, row.role) for row in db.session.execute(left.where(LeftOver.run_id == run.id))
        ),
        weights=run.weights,
        rules=run.rules,
        line=_line(run),
        by_hand=by_hand,
        locked=by_hand.locks,
        scores=proposed,
        others={**lived, **proposed},
    )


def _live_then(run: MatchRun) -> Any:
    """The pairings that took seats before the run was asked for, and still did then."""
    over = or_(Pairing.ended_at.is_(None), Pairing.ended_at > run.created_at)
    return select(Pairing.mentor_id, Pairing.mentee_id, Pairing.score).where(
        Pairing.programme_id == run.programme_id,
        Pairing.offered_at < run.created_at,
        over,
        or_(Pairing.state.in_(LIVE), Pairing.active_at.is_not(None)),
    )


def _line(run: MatchRun) -> int | None:
    line = run.rules.get("line", 40)
    return run.line if line == "auto" else int(line) * 100


def compare(programme: Programme, one: Plan, other: Plan, *, by: Yardstick, on: date) -> Comparison:
    """Both plans, reckoned by one yardstick."""
    line = next((each.line for each in (by, other, one) if each.line is not None), None)
    scores, locked = _reckoned(programme, (one, other), by.weights, on=on), one.locked | other.locked
    return Comparison(
        one=one,
        other=other,
        sums=(_sums(one, locked, scores, line), _sums(other, locked, scores, line)),
        moves=sorted(_moves(one, other, scores), key=lambda each: (-abs(each.gain), each.person, each.role)),
        newcomers=len(_strangers(one, other) | _strangers(other, one)),
        line=line,
        scores=scores,
    )


def _strangers(one: Plan, other: Plan) -> set[int]:
    """Who waits in vain in one plan since the other did not know them."""
    known = {person for pair in other.pairs for person in pair} | {person for person, _ in other.unmet}
    return {person for person, _ in one.unmet if person not in known}


def _sums(plan: Plan, locked: Collection[Pair], scores: Mapping[Pair, int], line: int | None) -> Sums:
    values = np.array([scores[pair] for pair in plan.pairs], np.int64)
    loose = [scores[pair] for pair in plan.pairs if pair not in locked]
    unmet = [role for _, role in plan.unmet]
    return Sums(
        mentees=unmet.count("mentee"),
        mentors=unmet.count("mentor"),
        below=None if line is None else sum(each < line for each in loose),
        mean=float(values.mean()) if len(values) else 0.0,
        total=int(phi(values).sum()) if len(values) else 0,
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
    found: dict[int, list[Pair]] = defaultdict(list)
    for pair in sorted(pairs):
        found[pair[SIDE[role]]].append(pair)
    return found


def _reckoned(
    programme: Programme, plans: Sequence[Plan], weights: Mapping[str, int], *, on: date
) -> dict[Pair, int]:
    """The scores of all pairs by these weights. Kept ones serve where they are by the same; nobody is asked
    for twice.

    Of two who wait no more it is not known what they would have now, so they keep the score that was written
    down.
    """
    kept: dict[Pair, int] = {}
    for plan in plans:
        if dict(plan.weights) == dict(weights):
            kept |= plan.scores
    wanted = sorted(frozenset().union(*(plan.pairs for plan in plans)) - kept.keys())
    if not wanted:
        return kept
    people = sorted({person for pair in wanted for person in pair})
    problem = candidates.problem_of_some(programme, people, on=on, weights=weights)
    known = {each.id: each for each in problem.candidates}
    both = [pair for pair in wanted if set(pair) <= known.keys()]
    fallback = {pair: score for plan in plans for pair, score in plan.others.items()}
    anew = dict(
        zip(both, _totals([(known[mentor], known[mentee]) for mentor, mentee in both], problem), strict=True)
    )
    return {**{pair: fallback[pair] for pair in wanted}, **anew, **kept}


def _totals(pairs: Sequence[tuple[Candidate, Candidate]], problem: Problem) -> Iterator[int]:
    """The scores of these pairs, without the sentences."""
    for start in range(0, len(pairs), ABREAST):
        some = pairs[start : start + ABREAST]
        table = criteria.totals([mentor for mentor, _ in some], [mentee for _, mentee in some], problem)
        yield from (int(each) for each in table.diagonal())
