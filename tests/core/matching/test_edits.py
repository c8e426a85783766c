"""What a change by hand costs is what solving all over again finds; and so is what one more seat is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from portal.core.matching.plans.assignment import Instance, objective, solve
from portal.core.matching.plans.one_way import People
from portal.core.matching.prices import edits
from portal.core.matching.prices.edits import Chain, Change
from portal.core.matching.prices.present_board import board_of
from portal.core.matching.prices.price_board import Pair, PriceBoard
from tests.core.matching.instances import instance


def random_drafts(given: Instance, chance: Random) -> list[Pair]:
    """Pairs that keep to the rules and seats, for no reason at all."""
    left, found = [given.mentor_seats.copy(), given.mentee_seats.copy()], []
    possible = [(int(row), int(column)) for row, column in np.argwhere(given.allowed)]
    for pair in chance.sample(possible, len(possible)):
        ways = given.people.ways(pair)
        free = all(side[place] > 0 for side, place in zip(left, pair, strict=True))
        if free and chance.random() < 0.7 and not (ways and set(ways) & set(found)):
            found.append(pair)
            left[0][pair[0]] -= 1
            left[1][pair[1]] -= 1
    return found


def boards(
    seed: object, many: int, *, best: bool, **how: object
) -> Iterator[tuple[Instance, PriceBoard, Random]]:
    """Random boards: as a run left them (`best`), or as staff did; some of the drafts locked."""
    chance = Random(f"{seed} {best} {sorted(how)}")
    for _ in range(many):
        given = instance(chance, **how)  # type: ignore[arg-type]  # of any kind
        if not given.allowed.any():
            continue
        pairs = solve(given) if best else random_drafts(given, chance)
        locked = [pair for pair in pairs if chance.random() < 0.25]
        drafts = [pair for pair in pairs if pair not in locked]
        yield given, board_of(given, drafts, locked), chance


def solved_again(
    given: Instance, board: PriceBoard, pins: set[Pair], without: Pair | None = None
) -> set[Pair]:
    """The best plan with these pins and without one pair, by solving it from nothing."""
    allowed, seats = board.allowed.copy(), (given.mentor_seats.copy(), given.mentee_seats.copy())
    met = given.met_mentors.copy(), given.met_mentees.copy()
    for pair in pins:
        for way in given.people.ways(pair) or (pair,):
            allowed[way] = False
        for side in (0, 1):
            seats[side][pair[side]] -= 1
            met[side][pair[side]] = True
    if without is not None:
        allowed[without] = False
    left = replace(
        given,
        allowed=allowed,
        mentor_seats=seats[0],
        mentee_seats=seats[1],
        met_mentors=met[0],
        met_mentees=met[1],
    )
    return {*solve(left), *pins}


def differs(given: Instance, before: set[Pair], after: set[Pair]) -> Change:
    """By how much the four goals differ."""
    one, other = (objective(given, sorted(pairs)) for pairs in (before, after))
    return Change(*(there - here for here, there in zip(one, other, strict=True)))


def check_mentors(given: Instance, board: PriceBoard, column: int, instead_of: int | None) -> int:
    """Compare each price of a mentee's mentors with solving again; how many there were."""
    old = None if instead_of is None else (instead_of, column)
    prices = edits.price_mentors(board, column, instead_of)
    pins = board.pinned - {old}
    for row in np.flatnonzero(prices.priced).tolist():
        again = solved_again(given, board, {*pins, (row, column)}, old)
        after = (board.planned - set(prices.chain(row).parted)) | set(prices.chain(row).made)
        assert (row, column) in after
        assert old not in after
        assert pins <= after
        assert objective(given, sorted(after)) == objective(given, sorted(again)), (row, column, instead_of)
        if board.there.all():
            assert prices.change(row) == differs(given, set(board.planned), again)
        assert prices.change(row) == edits.difference(board, prices.chain(row))
        assert prices.change(row) == differs(
            given, set(board.present), set(edits.after(board, prices.chain(row)))
        )
        seats_kept(given, after)
    possible = board.allowed[:, column] & has_a_seat(given, pins, 0) & has_a_seat(given, pins, 1)[column]
    possible[[row for row, at in board.planned if at == column]] = False
    assert (possible == (prices.priced | prices.both_ways)).all()
    return int(prices.priced.sum())


def has_a_seat(given: Instance, pins: set[Pair] | frozenset[Pair], side: int) -> np.ndarray:
    seats = (given.mentor_seats, given.mentee_seats)[side]
    return seats > np.bincount([pair[side] for pair in pins], minlength=len(seats))


def seats_kept(given: Instance, pairs: set[Pair] | frozenset[Pair]) -> None:
    for side, seats in enumerate((given.mentor_seats, given.mentee_seats)):
        assert (np.bincount([pair[side] for pair in pairs], minlength=len(seats)) <= seats).all()


@pytest.mark.parametrize("best", [True, False])
@pytest.mark.parametrize(
    "how", [{}, {"alike": True}, {"most": 7}, {"both_roles": True}, {"most": 7, "both_roles": True}]
)
def test_a_price_is_what_solving_again_finds(how: dict[str, object], best: bool) -> None:
    looked_at = 0
    for given, board, chance in boards("price", 100, best=best, **how):
        for row, column in sorted(board.present):
            looked_at += check_mentors(given, board, column, row)
        looked_at += check_mentors(given, board, chance.randrange(len(given.mentee_seats)), None)
    assert looked_at > 20


def test_the_cheapest_come_first_and_the_chain_is_what_moves() -> None:
    for given, board, _chance in boards("order", 40, best=True, most=6):
        for row, column in sorted(board.present):
            prices = edits.price_mentors(board, column, row)
            costs = [prices.change(each).cost for each in prices.order()]
            assert costs == sorted(costs)
            assert set(prices.order()) == set(np.flatnonzero(prices.priced).tolist())
            for each in prices.order():
                chain = prices.chain(each)
                assert set(chain.parted) <= board.planned
                assert not set(chain.made) & board.planned
                seats_kept(given, (board.planned - set(chain.parted)) | set(chain.made))


def test_prices_of_mentees_are_those_of_mentors_the_other_way_round() -> None:
    for given, board, _chance in boards("mentees", 40, best=True, most=6):
        for row, column in sorted(board.present):
            prices = edits.price_mentees(board, row, column)
            pins = board.pinned - {(row, column)}
            for each in np.flatnonzero(prices.priced).tolist():
                again = solved_again(given, board, {*pins, (row, each)}, (row, column))
                assert prices.change(each) == differs(given, set(board.planned), again)
                after = (board.planned - set(prices.chain(each).parted)) | set(prices.chain(each).made)
                assert prices.change(each) == differs(given, set(board.planned), set(after))


@pytest.mark.parametrize("best", [True, False])
@pytest.mark.parametrize("how", [{}, {"alike": True}, {"most": 7}])
def test_what_a_seat_is_worth_is_what_solving_with_one_more_finds(how: dict[str, object], best: bool) -> None:
    for given, board, _chance in boards("seats", 60, best=best, **how):
        pins, before = set(board.pinned), set(board.planned)
        for side, values in enumerate(edits.seat_values(board)):
            for each in range(len(values.changes)):
                seats = [given.mentor_seats.copy(), given.mentee_seats.copy()]
                seats[side][each] += 1
                more = replace(given, mentor_seats=seats[0], mentee_seats=seats[1])
                again = solved_again(more, board, pins)
                assert values.change(each) == differs(given, before, again), (side, each)
                if values.worth_it[each]:
                    chain = values.chain(each)
                    after = (board.planned - set(chain.parted)) | set(chain.made)
                    assert differs(given, before, set(after)) == values.change(each)
                    seats_kept(more, after)


def large(chance: Random, side: int, *, seats: int = 1, allowed: float = 0.9) -> Instance:
    """Many people, a few of whom are met already."""
    rng = np.random.default_rng(chance.randrange(2**32))
    return Instance(
        scores=rng.integers(0, 10_001, (side, side - 7)),
        allowed=rng.random((side, side - 7)) < allowed,
        mentor_seats=rng.integers(1, seats + 1, side),
        mentee_seats=rng.integers(1, seats + 1, side - 7),
        met_mentors=rng.random(side) < 0.1,
        met_mentees=rng.random(side - 7) < 0.1,
        line=6000,
        mentor_turns=rng.integers(1, 3, side),
        mentee_turns=rng.integers(1, 3, side - 7),
    )


@pytest.mark.parametrize(("seats", "allowed"), [(1, 0.9), (1, 0.03), (2, 0.1), (3, 0.02)])
def test_prices_hold_among_many(seats: int, allowed: float) -> None:
    chance = Random(f"{seats} {allowed}")
    given = large(chance, 150, seats=seats, allowed=allowed)
    pairs = solve(given)
    locked = chance.sample(pairs, 10)
    board = board_of(given, [pair for pair in pairs if pair not in locked], locked)
    assert board.there.all()
    assert board.present == set(pairs)
    for row, column in [*chance.sample(pairs, 3), *locked[:2]]:
        prices = edits.price_mentors(board, column, row)
        pins = board.pinned - {(row, column)}
        for each in chance.sample(prices.order(), min(5, len(prices.order()))):
            again = solved_again(given, board, {*pins, (each, column)}, (row, column))
            assert prices.change(each) == differs(given, set(pairs), again)
            assert differs(given, set(pairs), set(edits.after(board, prices.chain(each)))) == prices.change(
                each
            )
    for side, values in enumerate(edits.seat_values(board)):
        for each in [*values.order()[:3], *chance.sample(range(len(values.changes)), 3)]:
            more = [given.mentor_seats.copy(), given.mentee_seats.copy()]
            more[side][each] += 1
            again = solved_again(
                replace(given, mentor_seats=more[0], mentee_seats=more[1]), board, set(board.pinned)
            )
            assert values.change(each) == differs(given, set(pairs), again)


def test_a_board_is_the_same_after_it_was_written_and_read() -> None:
    for _given, board, _chance in boards("bytes", 20, best=False, both_roles=True):
        again = PriceBoard.from_bytes(board.to_bytes())
        assert (again.present, again.pinned, again.planned) == (board.present, board.pinned, board.planned)
        for row, column in sorted(board.present):
            one, other = (edits.price_mentors(each, column, row) for each in (board, again))
            assert one.order() == other.order()
            assert (one.changes == other.changes).all()


def test_what_is_no_board_is_refused() -> None:
    for data in (b"", b"PK", b"nothing of the kind"):
        with pytest.raises(ValueError):  # noqa: PT011  # numpy's words are its own
            PriceBoard.from_bytes(data)


def test_drafts_that_no_best_plan_has_are_held_and_only_those() -> None:
    given = Instance(
        scores=np.array([[9000, 8000, 0], [8000, 3000, 0], [0, 0, 5000]]),
        allowed=np.ones((3, 3), bool),
        mentor_seats=np.ones(3, np.int64),
        mentee_seats=np.ones(3, np.int64),
        met_mentors=np.zeros(3, bool),
        met_mentees=np.zeros(3, bool),
        line=0,
    )
    board = board_of(given, [(0, 0), (1, 1), (2, 2)], [])
    assert board.pinned in ({(0, 0)}, {(1, 1)})
    assert board.present == {(0, 0), (1, 1), (2, 2)}
    prices = edits.price_mentors(board, 0, 0)
    assert prices.change(1) == Change(points=13_000 + 13_000 - 14_000 - 6000)
    assert prices.chain(1) == Chain(made=((0, 1), (1, 0)), parted=((0, 0), (1, 1)))


def test_pairs_that_could_be_added_count_for_nothing_until_they_are() -> None:
    given = Instance(
        scores=np.full((2, 2), 6000),
        allowed=np.ones((2, 2), bool),
        mentor_seats=np.ones(2, np.int64),
        mentee_seats=np.ones(2, np.int64),
        met_mentors=np.zeros(2, bool),
        met_mentees=np.zeros(2, bool),
        line=4000,
    )
    board = board_of(given, [(0, 0)], [])
    assert (board.present, board.planned) == ({(0, 0)}, {(0, 0), (1, 1)})
    prices = edits.price_mentors(board, 0, 0)
    assert prices.chain(1) == Chain(made=((0, 1), (1, 0)), parted=((0, 0), (1, 1)))
    assert prices.change(1) == Change(-1, -1, 0, 11_000)


def test_people_are_never_priced_into_meeting_both_ways_round() -> None:
    own = {0: 0, 1: 1}
    given = Instance(
        scores=np.full((3, 2), 6000),
        allowed=np.array([[0, 1], [1, 0], [1, 1]], bool),
        mentor_seats=np.ones(3, np.int64),
        mentee_seats=np.ones(2, np.int64),
        met_mentors=np.zeros(3, bool),
        met_mentees=np.zeros(2, bool),
        line=0,
        people=People(own, own),
    )
    board = board_of(given, [(0, 1), (2, 0)], [])
    prices = edits.price_mentors(board, 0, 2)
    assert not prices.priced[1]
    assert prices.both_ways[1]


def test_the_whole_list_of_one_person_among_a_thousand_is_there_after_the_way_through_a_table() -> None:
    given = large(Random(5), 1000, allowed=0.6)
    pairs = solve(given)
    data = board_of(given, pairs, []).to_bytes()
    assert len(data) < 2_500_000
    for row, column in pairs[:5]:
        there = edits.price_mentors(board_of(given, pairs, []), column, row)
        after = edits.price_mentors(PriceBoard.from_bytes(data), column, row)
        assert list(after.order()) == list(there.order())
        assert len(list(after.order())) > 500
