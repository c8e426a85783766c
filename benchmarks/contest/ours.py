"""What of the contest stands on the portal, run as a program of its own so that its memory and time can be
told apart.

python -m contest.ours instance KIND SIZE FOLDER    writes the instance for all entrants, times a pass of all
scores python -m contest.ours match KIND SIZE              the engine, from people to pairs with their reasons
python -m contest.ours prices KIND SIZE             all mentors priced for one mentee, and runs with one pair
pinned instead python -m contest.ours stay KIND SIZE               how many pairs move when people join and
leave
"""

import json
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching import criteria, rules
from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.dense import any_of, instance_of, scored
from portal.core.matching.engine import match
from portal.core.matching.locks import check_locks
from portal.core.matching.plans.assignment import Instance, objective, solve
from portal.core.matching.prices.edits import Prices, after, price_mentors
from portal.core.matching.prices.present_board import STAYING, present_board
from portal.core.matching.prices.price_board import Pair, PriceBoard
from portal.core.matching.results import Result, silent
from portal.core.matching.scale.streaming import Scorer

from .entrants.stage import FORBIDDEN, peak
from .instances import later, problem

ROWS, AT_ONCE = 250, 64
"""Rows scored at once by the plain definition and by the quick pass."""
JOIN_AND_LEAVE = 0.05
BONUS = 5
LISTS, EDITS = 30, 100
"""Mentees for whom all mentors are priced, and changes by hand of which the price is compared with a run."""


def instance(kind: str, size: str, folder: str) -> dict[str, Any]:
    """Write the instance; `pass`: seconds of processor time of one quick pass that scores all pairs and
    applies all rules.

    What is written comes from the plain definition of scores and rules; raises AssertionError if the quick
    pass differs.
    """
    given, path = problem(kind, int(size)), Path(folder)
    with (path / "scores.i16").open("wb") as file:
        for start in range(0, len(given.mentors), ROWS):
            _plain(given, slice(start, start + ROWS)).tofile(file)
    quick, scorer = _timed(lambda: Scorer(given))
    table = np.memmap(path / "scores.i16", np.int16, "r", shape=(len(given.mentors), len(given.mentees)))
    for start in range(0, len(table), AT_ONCE):
        end = min(start + AT_ONCE, len(table))
        seconds, block = _timed(lambda: scorer.block(start, end))  # noqa: B023  # called at once
        assert (block == table[start:end]).all(), f"scores differ from row {start} on"
        quick += seconds
    about = {
        "row_seats": [each.mentor_capacity for each in given.mentors],
        "column_seats": [each.mentee_capacity for each in given.mentees],
        "line": int(given.rules.line) * 100,
        "row_facts": [_facts(each, [wish.topic for wish in each.teaches]) for each in given.mentors],
        "column_facts": [_facts(each, [wish.topic for wish in each.learns]) for each in given.mentees],
    }
    (path / "instance.json").write_text(json.dumps(about), encoding="utf-8")
    return {"pass": quick}


def _plain(given: Problem, rows: slice) -> NDArray[np.int16]:
    """The scores of some mentors with all mentees."""
    mentors = given.mentors[rows]
    broken = rules.broken_rules(mentors, given.mentees, given)
    scores = criteria.totals(mentors, given.mentees, given)
    return np.where(np.logical_or.reduce(list(broken.values())), FORBIDDEN, scores).astype(np.int16)


def _facts(each: Candidate, topics: Sequence[str]) -> dict[str, Any]:
    """What a package with scores of its own may go by."""
    return {
        "grade": each.grade or 0,
        "department": each.department,
        "site": each.site,
        "topics": list(topics),
    }


def pair(kind: str, size: str) -> dict[str, Any]:
    """The pairs by row and column, with what the engine says of them itself."""
    given = problem(kind, int(size))
    wall, busy = time.perf_counter(), time.process_time()
    result = match(given)
    figures = {"wall": time.perf_counter() - wall, "busy": time.process_time() - busy, "peak": peak()}
    rows = {each.id: number for number, each in enumerate(given.mentors)}
    columns = {each.id: number for number, each in enumerate(given.mentees)}
    pairs = [[rows[each.mentor_id], columns[each.mentee_id]] for each in result.pairs]
    return {"pairs": pairs, **figures, "gap": result.gap, "objective": dict(result.objective)}


def prices(kind: str, size: str) -> dict[str, Any]:
    """Medians of processor time, in seconds; how many mentors are priced; and whether the prices are right.

    `read`: a board as it is kept; `list`: all mentors priced for one mentee, instead of the one they have;
    `run`: solving again with one pair pinned, by scores that are there; `equal`: of `edits` changes by hand,
    drawn by chance, those after which the chain that is priced is worth what the run finds, in all four
    goals.
    """
    given = problem(kind, int(size))
    result = match(given)
    kept = present_board(
        given, [(each.mentor_id, each.mentee_id) for each in result.pairs], line=result.line
    ).to_bytes()
    reading, board = _timed(lambda: PriceBoard.from_bytes(kept))
    partner = {column: row for row, column in board.present}
    some = sorted(partner)[:: max(len(partner) // LISTS, 1)]
    lists = {column: _timed(lambda: _priced(board, column, partner[column])) for column in some}  # noqa: B023  # called at once
    chance, again = Random(f"{kind} {size}"), Again(given, board)  # noqa: S311  # a draw, no secret
    runs, with_choice = [], [column for column in some if lists[column][1].order()]
    for _ in range(EDITS):
        column = chance.choice(with_choice)
        found = lists[column][1]
        row, old = chance.choice(found.order()), (partner[column], column)
        seconds, best = _timed(lambda: again.best((row, column), without=old))  # noqa: B023  # called at once
        runs.append((seconds, again.worth(after(board, found.chain(row))) == again.worth(best)))
    times = {
        "list": median(seconds for seconds, _ in lists.values()),
        "run": median(each for each, _ in runs),
        "read": reading,
    }
    priced = mean(len(found.order()) for _, found in lists.values())
    return {**times, "priced": priced, "edits": EDITS, "equal": sum(equal for _, equal in runs)}


def _priced(board: PriceBoard, column: int, instead_of: int) -> Prices:
    """The list, put in order as it is shown."""
    found = price_mentors(board, column, instead_of)
    found.order()
    return found


class Again:
    """Solves a company all over again with one pair pinned and another apart, by the goals
    that prices go by.
    """

    def __init__(self, given: Problem, board: PriceBoard) -> None:
        self.given = given
        self.scores, broken = scored(given, silent)
        self.allowed = ~any_of(broken.values(), self.scores.shape)
        self.bonus = np.zeros_like(self.scores)
        for pair in board.planned:
            self.bonus[pair] = min(STAYING, 10_000 - int(self.scores[pair]))

    def best(self, pinned: Pair, *, without: Pair) -> set[Pair]:
        """The best plan of that kind."""
        row, column = pinned
        allowed = self.allowed.copy()
        allowed[without] = False
        return {
            *solve(self._instance(allowed, (self.given.mentors[row].id, self.given.mentees[column].id))),
            pinned,
        }

    def worth(self, pairs: Collection[Pair]) -> tuple[int, int, int, int]:
        """What a plan comes to in the four goals."""
        return objective(self._instance(self.allowed), sorted(pairs))

    def _instance(self, allowed: NDArray[np.bool_], *locked: Pair) -> Instance:
        given = replace(self.given, locked=locked)
        return replace(instance_of(given, self.scores, allowed, check_locks(given)), bonus=self.bonus)


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = action()
    return time.process_time() - start, found


def stay(kind: str, size: str) -> dict[str, Any]:
    """Share of the pairs that could have stayed and moved, and the share of the total that staying costs."""
    before = problem(kind, int(size))
    together = frozenset((each.mentor_id, each.mentee_id) for each in match(before).pairs)
    after = later(before, kind, JOIN_AND_LEAVE)
    there = {each.id for each in after.candidates}
    could = {each for each in together if there >= set(each)}
    free = match(after)
    held = match(replace(after, stay=frozenset(could), rules=replace(after.rules, stay_bonus=BONUS)))
    moved = [
        len(could - {(each.mentor_id, each.mentee_id) for each in found.pairs}) / len(could)
        for found in (free, held)
    ]
    return {"moved": moved, "cost": 1 - _total(held, after) / _total(free, after), "pairs": len(could)}


def _total(found: Result, given: Problem) -> int:
    """The fourth goal of some pairs, without any bonus."""
    totals = [each.total for each in found.pairs]
    return sum(total + min(total, 5000) for total in totals)


PROGRAMS: dict[str, Callable[..., dict[str, Any]]] = {
    "instance": instance,
    "match": pair,
    "prices": prices,
    "stay": stay,
}

if __name__ == "__main__":
    json.dump(PROGRAMS[sys.argv[1]](*sys.argv[2:]), sys.stdout)
