"""The benchmarks run; that of matching proves that a plan is the best, and tells a best plan from another."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import combinations, permutations
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.contest.certificate import bound, prove
from benchmarks.contest.entrants.stage import FORBIDDEN, Given, Pairs, read
from benchmarks.contest.referee import judge
from tests.source import HOUSE


def instance(chance: Random, folder: Path) -> Given:
    """Up to four a side with one or two seats for each mentor; a third of the pairs forbidden, many scores
    alike.
    """
    rows, columns = chance.randint(1, 4), chance.randint(1, 4)
    values = (FORBIDDEN, FORBIDDEN, 3000, 4000, 6000, 6001)
    scores = [[chance.choice(values) for _ in range(columns)] for _ in range(rows)]
    np.array(scores, np.int16).tofile(folder / "scores.i16")
    about = {
        "row_seats": [chance.randint(1, 2) for _ in range(rows)],
        "column_seats": [1] * columns,
        "line": 4000,
    }
    (folder / "instance.json").write_text(json.dumps(about), encoding="utf-8")
    return read(folder)


def every_plan(given: Given) -> list[Pairs]:
    """All plans that keep to the seats and to what is allowed, the empty one included."""
    seats = [row for row, many in enumerate(given.row_seats) for _ in range(many)]
    found = {
        tuple(sorted(zip(rows, columns, strict=True)))
        for many in range(min(len(seats), given.shape[1]) + 1)
        for columns in combinations(range(given.shape[1]), many)
        for rows in permutations(seats, many)
    }
    return [list(plan) for plan in sorted(found) if judge(given, list(plan)).forbidden == 0]


@pytest.mark.parametrize("seed", range(25))
def test_only_the_best_plans_are_proven(seed: int, tmp_path: Path) -> None:
    given = instance(Random(seed), tmp_path)
    plans = every_plan(given)
    best = max(judge(given, plan).value for plan in plans)
    for plan in plans:
        assert prove(given, plan).gap == (0 if judge(given, plan).value == best else None)


def test_no_prices_bound_a_plan_below_its_worth(tmp_path: Path) -> None:
    given, chance = instance(Random(3), tmp_path), np.random.default_rng(1)
    best = max(judge(given, plan).value for plan in every_plan(given))
    for _ in range(50):
        prices = (chance.integers(-(10**6), 10**6, many) for many in given.shape)
        assert bound(given, *prices) >= best


def test_a_plan_with_a_forbidden_pair_is_not_proven(tmp_path: Path) -> None:
    given = instance(Random(5), tmp_path)
    np.full(given.shape, FORBIDDEN, np.int16).tofile(tmp_path / "scores.i16")
    assert judge(given, [(0, 0)]).forbidden == 1
    assert prove(given, [(0, 0)]).gap is None


def test_the_benchmark_prints_its_tables_with_a_gap_of_nothing() -> None:
    command = [sys.executable, "benchmarks/matching.py", "--quick", "--sizes", "30", "--kinds", "tight"]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    [ours] = [row for row in rows if row[2:3] == ["ours"]]
    assert (ours[:2], ours[-1]) == (["tight", "30"], "0")
    assert "moved with bonus" in done.stdout


@pytest.mark.everything
@pytest.mark.slow
def test_the_benchmark_of_calendars_prints_its_tables() -> None:
    command = [sys.executable, "benchmarks/calendars.py", "--quick"]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [re.split(r"\s{2,}", line) for line in done.stdout.splitlines()]
    ways = ["bare PUTs", "the portal's push", "caldav, add_event", "caldav, looked for first"]
    for server in ("radicale", "xandikos"):
        assert [row[1] for row in rows if row[0] == server] == 2 * ways
    names = [row[0] for row in rows]
    assert [names.count(each) for each in ("/healthz", "feed, 304", "feed, never read before")] == [2, 2, 2]
    assert {
        "bare PROPFIND",
        "the worker's round",
        "the most it ever held",
        "ours",
        "icalendar, no time zone",
    } <= {*names}
