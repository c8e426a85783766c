"""From a board as it is to one that can be priced: its drafts are the plan, and the prices that prove them
are found.

A board that staff have worked on need not be the best there is. Drafts that no best plan has are then held as
pins, one after the other, until the best plan has all the others: so a price tells what the change itself
moves, and not what could be mended anyway. The plan may have more pairs than the board: those that could be
added to it without moving anybody.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portal.core.matching import criteria, rules
from portal.core.matching.candidates import Candidate, Problem, Refusal
from portal.core.matching.plans.assignment import Instance, Weights, goals, solve
from portal.core.matching.plans.certificate import bound
from portal.core.matching.plans.network import NEVER, Network
from portal.core.matching.plans.one_way import People
from portal.core.matching.plans.points import phi
from portal.core.matching.prices.price_board import Pair, PriceBoard
from portal.core.matching.prices.residual_network import Residual
from portal.core.matching.results import Progress, silent
from portal.core.translatable import N_

Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]
MOST = 2500
"""So many on a side are priced; beyond it, a table would be too large to be read at once."""
ROWS = 250
STAYING = 1
"""What it counts for at least that a draft stays, in hundredths of a point: so that nobody moves for nothing.
"""


def present_board(
    problem: Problem, drafts: Sequence[Pair], *, line: int, progress: Progress = silent
) -> PriceBoard:
    """The board of a problem. Its locks are pins; `drafts` are the other drafts, as ids, those made by hand
    first.

    `line` is in hundredths of a point. Raises Refusal for more people than can be priced.
    """
    # long because its steps read best in one order
    mentors, mentees = problem.mentors, problem.mentees
    if max(len(mentors), len(mentees)) > MOST:
        raise Refusal(TOO_MANY, most=MOST)
    scores, allowed = _scored(problem, progress)
    rows, columns = _places(mentors), _places(mentees)
    seats = _whole(each.mentor_capacity for each in mentors), _whole(each.mentee_capacity for each in mentees)
    met = (
        np.array([each.met_as_mentor for each in mentors], bool),
        np.array([each.met_as_mentee for each in mentees], bool),
    )
    known: tuple[list[Pair], list[Pair]] = ([], [])
    for pairs, into in zip((drafts, problem.locked), known, strict=True):
        for mentor, mentee in pairs:
            if mentor in rows and mentee in columns:
                into.append((rows[mentor], columns[mentee]))
            else:  # whoever is free at present keeps the seat for the other
                _hold(seats, met, rows.get(mentor), columns.get(mentee))
    both = rows.keys() & columns.keys()
    instance = Instance(
        scores=scores,
        allowed=allowed,
        mentor_seats=seats[0],
        mentee_seats=seats[1],
        met_mentors=met[0],
        met_mentees=met[1],
        line=line,
        bonus=_bonus(problem, scores, known[0]),
        people=People(
            {columns[each]: rows[each] for each in both}, {rows[each]: columns[each] for each in both}
        ),
        mentor_turns=_whole(2 if each.waited_as_mentor else 1 for each in mentors),
        mentee_turns=_whole(2 if each.waited_as_mentee else 1 for each in mentees),
    )
    progress("solving", 0, 1)
    made = board_of(instance, *known, (_whole(rows), _whole(columns)))
    progress("solving", 1, 1)
    return made


def _scored(problem: Problem, progress: Progress) -> tuple[NDArray[np.int16], Mask]:
    """All scores, and which pairs the rules allow; some rows at a time."""
    mentors, mentees = problem.mentors, problem.mentees
    scores, allowed = (
        np.zeros((len(mentors), len(mentees)), np.int16),
        np.zeros((len(mentors), len(mentees)), bool),
    )
    for start in range(0, len(mentors), ROWS):
        progress("scoring", start, len(mentors))
        some = slice(start, start + ROWS)
        scores[some] = criteria.totals(mentors[some], mentees, problem)
        allowed[some] = ~np.logical_or.reduce(
            list(rules.broken_rules(mentors[some], mentees, problem).values())
        )
    return scores, allowed


def _places(people: Sequence[Candidate]) -> dict[int, int]:
    return {each.id: number for number, each in enumerate(people)}


def _whole(numbers: Iterable[int]) -> Whole:
    return np.array(list(numbers), np.int64)


def _hold(seats: Sequence[Whole], met: Sequence[Mask], *places: int | None) -> None:
    for side, place in enumerate(places):
        if place is not None:
            seats[side][place] -= 1
            met[side][place] = True


def _bonus(problem: Problem, scores: NDArray[np.int16], drafts: Sequence[Pair]) -> NDArray[np.int16]:
    """What it counts for that a draft stays: the programme's bonus; no score passes the highest there is."""
    bonus = np.zeros_like(scores)
    for pair in drafts:
        bonus[pair] = min(max(problem.rules.stay_bonus * 100, STAYING), 10_000 - int(scores[pair]))
    return bonus


def board_of(
    instance: Instance, drafts: Sequence[Pair], locked: Sequence[Pair], ids: tuple[Whole, Whole] | None = None
) -> PriceBoard:
    """The board of an instance in which no pair has its seats yet: `drafts` may move unless they must be
    held.

    All pairs are (row, column); `locked` stay. A draft that the rules forbid by now is held too. `ids` are
    the people's; without them rows and columns are all different people but for those that the instance says
    are one.
    """
    making = _Making(instance, [*locked, *(pair for pair in drafts if not instance.allowed[pair])])
    rest = [pair for pair in drafts if instance.allowed[pair]]
    making.plan_with(rest)
    making.hold_all(rest)
    board = making.board(ids or _ids(instance))
    return replace(board, there=np.array([tuple(pair) in set(drafts) for pair in board.plan.tolist()], bool))


def _ids(instance: Instance) -> tuple[Whole, Whole]:
    mentors = np.arange(len(instance.mentor_seats), dtype=np.int64)
    mentees = np.arange(len(instance.mentee_seats), dtype=np.int64) + len(mentors)
    for column, row in instance.people.row_of.items():
        mentees[column] = row
    return mentors, mentees


@dataclass(frozen=True)
class _Prices:
    """The plan so far, and the prices that prove it."""

    plan: tuple[Pair, ...]
    mentor: Whole
    mentee: Whole


class _Making:
    """A board being made: the instance without the pairs that are held, and its best plan with prices."""

    def __init__(self, instance: Instance, pins: Sequence[Pair]) -> None:
        self.whole, self.pins = instance, list(dict.fromkeys(pins))
        free = instance.allowed.copy()
        for pair in self.pins:
            for way in instance.people.ways(pair) or (pair,):
                free[way] = False
        self.whole = replace(instance, allowed=free)
        more = [np.maximum(each, 1) for each in (instance.mentor_seats, instance.mentee_seats)]
        for each in more:
            each[:1] += (
                2  # so that the four goals stay apart with one more seat, and with one more pin in the plan
            )
        self.weights = Weights(replace(self.whole, mentor_seats=more[0], mentee_seats=more[1]))
        self.prices = _Prices((), np.zeros(0, np.int64), np.zeros(0, np.int64))

    def reduced(self) -> Instance:
        """What is left to decide."""
        seats = self.whole.mentor_seats.copy(), self.whole.mentee_seats.copy()
        met = self.whole.met_mentors.copy(), self.whole.met_mentees.copy()
        for pair in self.pins:
            _hold(seats, met, *pair)
        mentors, mentees = (np.maximum(each, 0) for each in seats)
        return replace(
            self.whole, mentor_seats=mentors, mentee_seats=mentees, met_mentors=met[0], met_mentees=met[1]
        )

    def plan_with(self, drafts: Sequence[Pair]) -> None:
        """Find the best plan: the drafts as they are, if none is better."""
        given = self.reduced()
        plan = solve(given)
        there = _one_of_each(drafts, given)
        if there is not None and goals(given, there) == goals(given, plan):
            plan = there
        if not self._prove(given, plan):  # it is the best only since two people may not meet both ways round
            self._without_both_ways(given, set(drafts))

    def _prove(self, given: Instance, plan: Sequence[Pair]) -> bool:
        """Find the prices of a plan; whether they prove it."""
        seats = (given.mentor_seats, given.mentee_seats)
        worth = np.where(given.allowed, self.weights.pair, NEVER)
        try:
            network = Network.priced(worth, seats, self.weights.first(given), Counter(plan), once=True)
        except RuntimeError:  # there is something better within the plan's own pairs
            return False
        self.prices = _Prices(tuple(plan), network.mentor_price, network.mentee_price)
        return bound(network) == network.value()

    def _without_both_ways(self, given: Instance, drafts: set[Pair]) -> None:
        """Take one way of two people away, wherever a plan has both, until none does."""
        while True:
            given = replace(given, people=People())
            plan = solve(given)
            both = [
                ways for pair in plan if (ways := self.whole.people.ways(pair)) and set(ways) <= set(plan)
            ]
            if not both:
                break
            allowed = given.allowed.copy()
            for ways in both:
                allowed[min(ways, key=lambda way: (way in drafts, self.whole.scores[way]))] = False
            given = replace(given, allowed=allowed)
        self.whole = replace(self.whole, allowed=given.allowed)
        self._prove(given, plan)

    def hold_all(self, drafts: Sequence[Pair]) -> None:
        """Hold drafts that are not in the plan as pins, one by one, until it has all the others."""
        board = self.board(_ids(self.whole))
        residual = board.residual(counting=False)
        while missing := [pair for pair in drafts if pair not in residual.pairs and pair not in self.pins]:
            self._hold_one(residual, missing[0])
        self.prices = _Prices(tuple(sorted(residual.pairs)), residual.mentors.price, residual.mentees.price)

    def _hold_one(self, residual: Residual, pair: Pair) -> None:
        """Pin a pair that may be in no plan: it takes its seats, and all others come out best again."""
        self.pins.append(pair)
        for way in self.whole.people.ways(pair) or (pair,):
            is_there = way in residual.pairs
            residual.part(*way)
            self.whole.allowed[way] = False
            if is_there:
                residual.reroute(way[0], residual.mentee(way[1]))
        ends = ((residual.mentors, pair[0]), (residual.mentees, pair[1]))
        if all(side.seats[place] > 0 for side, place in ends):
            residual.reroute(residual.mentee(pair[1]), pair[0])
            for side, place in ends:
                side.seats[place] -= 1
                side.used[place] -= 1
                side.first[place] = 0

    def board(self, ids: tuple[Whole, Whole]) -> PriceBoard:
        """What there is by now."""
        whole, bonus = self.whole, np.broadcast_to(self.whole.bonus, self.whole.scores.shape)
        rows, columns = np.nonzero(bonus)
        scores = whole.scores[rows, columns].astype(np.int64)
        more = phi(scores + bonus[rows, columns]) - phi(scores)
        mentor_first, mentee_first = self.weights.first(whole)
        return PriceBoard(
            mentor_ids=ids[0],
            mentee_ids=ids[1],
            scores=whole.scores.astype(np.int16),
            allowed=whole.allowed,
            mentor_seats=whole.mentor_seats,
            mentee_seats=whole.mentee_seats,
            mentor_first=mentor_first,
            mentee_first=mentee_first,
            mentor_price=self.prices.mentor,
            mentee_price=self.prices.mentee,
            plan=np.array(self.prices.plan, np.int64).reshape(-1, 2),
            there=np.ones(len(self.prices.plan), bool),
            pins=np.array(self.pins, np.int64).reshape(-1, 2),
            added=np.stack([rows, columns, more], axis=1),
            line=whole.line,
            below=self.weights.below,
        )


def _one_of_each(drafts: Sequence[Pair], given: Instance) -> list[Pair] | None:
    """The drafts in order, if they keep to the seats."""
    for side, seats in enumerate((given.mentor_seats, given.mentee_seats)):
        if (np.bincount([pair[side] for pair in drafts], minlength=len(seats)) > seats).any():
            return None
    return sorted(set(drafts))


TOO_MANY = N_("There are more than %(most)s people on a side, so prices of changes are not worked out.")
