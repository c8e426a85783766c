"""The matching engine beside other ways to pair people, on the same made-up companies, in one run.

`make bench` runs it at 100 to 5,000 people a side in some ten minutes; `.venv/bin/python
benchmarks/matching.py --full` also at 20,000. The companies are described in
`benchmarks/contest/instances.py`: "easy" (diverse interests, one to three seats for each who teaches) and
"tight" (one seat each, interests on a few topics, so that everybody's best collide).

Each entrant runs in a process of its own with one thread for matrix products: wall time, processor time and
the most memory of that process. Ours goes from people to pairs with their reasons, scoring included; all
others are given the table of scores and are timed without reading it (mentor-match with rules of its own
scores by itself). What they return is judged by our goals: who is left without a partner, pairs below the
line (40 points), the total (the sum of s + min(s, 50) in points), the worst score, and pairs that a rule
forbids. Published packages get environments of their own under `build/`, from wherever pip looks; where that
fails, the table says so. They are not tried above the size that they bear.

x pass   processor time over that of one pass that scores every pair once, which no exact engine can do
         without.
gap      how far from the best the plan could be at most, as one number of the four goals: proven here, from
         the plan and the scores, by code that shares nothing with the solver
         (`benchmarks/contest/certificate.py`).
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contest import running
from contest.certificate import prove
from contest.entrants.stage import Given, read
from contest.instances import KINDS
from contest.referee import judge
from contest.tables import Column, Table

ENTRANTS = Path(__file__).resolve().parent / "contest" / "entrants"
SIZES, FULL, QUICK = (100, 200, 1_000, 5_000), 20_000, 100
PRICED = 1_000
"""People a side where edits are priced and people join and leave."""


@dataclass(frozen=True)
class Entrant:
    """A program of `contest/entrants`, with the package it needs, if that is none of the portal's, and the
    most people a side that it bears in a few minutes."""

    name: str
    program: str
    most: int
    package: str = ""
    arguments: tuple[str, ...] = ()


OTHERS = (
    Entrant("scipy, dense", "dense", 5_000),
    Entrant("best pair first", "greedy", 20_000),
)
PEERS = (
    Entrant("mentor-match, its way", "mentor_match", 1_000, "mentor-match==7.0.1"),
    Entrant("mentor-match, our scores", "mentor_match", 1_000, "mentor-match==7.0.1", ("ours",)),
    Entrant("matching, hospitals", "hospital_resident", 1_000, "matching==1.4.3"),
    Entrant("networkx", "heaviest", 200, "networkx==3.6.1"),
)
CONTEST = (
    Column("", 6, "<"),
    Column("a side", 7),
    Column("who", 25, "<"),
    Column("wall s", 8),
    Column("CPU s", 8),
    Column("x pass", 7),
    Column("MB", 6),
    Column("mentees unmatched", 9),
    Column("mentors unmatched", 9),
    Column("below line", 6),
    Column("total", 11),
    Column("worst", 6),
    Column("forbidden", 9),
    Column("gap", 4),
)
PRICES = (
    Column("", 6, "<"),
    Column("a side", 7),
    Column("mentors priced", 8),
    Column("list ms", 8),
    Column("reading the board ms", 10),
    Column("one run ms", 8),
    Column("a run for each takes", 14),
    Column("same change", 10),
)
STAY = (
    Column("", 6, "<"),
    Column("a side", 7),
    Column("could stay", 10),
    Column("moved", 8),
    Column("moved with bonus", 16),
    Column("cost of the total", 17),
)


def contest(asked: argparse.Namespace) -> None:
    """Print a row for each kind, size and entrant, as each is done."""
    table = Table(CONTEST, markdown=asked.markdown)
    for kind in asked.kinds:
        for size in asked.sizes:
            with tempfile.TemporaryDirectory() as folder:
                scored = running.ours("instance", kind, size, folder)
                for row in _rows(asked, read(Path(folder)), kind, size, scored["pass"]):
                    table.row(kind, f"{size:,}", *row)


def _rows(
    asked: argparse.Namespace, given: Given, kind: str, size: int, floor: float
) -> Iterator[tuple[str, ...]]:
    yield "one pass of all scores", "", _seconds(floor), "1.0"
    found = running.ours("match", kind, size)
    gap = _gap(given, found) if asked.certify else "not sought"
    yield "ours", *_figures(given, found, floor), gap
    for each in (*OTHERS, *(PEERS if asked.peers else ())):
        if size <= each.most:
            answer = _entered(each, given.folder, asked.patience)
            failed = isinstance(answer, running.Failed)
            yield (each.name, answer.why) if failed else (each.name, *_figures(given, answer, floor))


def _entered(each: Entrant, folder: Path, seconds: float) -> dict[str, Any] | running.Failed:
    python = running.interpreter(each.package) if each.package else Path(sys.executable)
    if isinstance(python, running.Failed):
        return python
    return running.run([python, ENTRANTS / f"{each.program}.py", folder, *each.arguments], seconds)


def _figures(given: Given, answer: dict[str, Any], floor: float) -> tuple[str, ...]:
    verdict = judge(given, [(row, column) for row, column in answer["pairs"]])
    return (
        _seconds(answer["wall"]),
        _seconds(answer["busy"]),
        f"{answer['busy'] / floor:.1f}",
        f"{answer['peak'] / 1e6:.0f}",
        f"{verdict.mentees_unmatched:,}",
        f"{verdict.mentors_unmatched:,}",
        f"{verdict.below:,}",
        f"{verdict.total / 100:,.2f}",
        f"{verdict.worst / 100:.2f}",
        f"{verdict.forbidden:,}",
    )


def _seconds(taken: float) -> str:
    return f"{taken:.3f}" if taken < 1 else f"{taken:.1f}"


def _gap(given: Given, found: dict[str, Any]) -> str:
    """The gap as proven here; if the engine says another, both."""
    pairs = [(row, column) for row, column in found["pairs"]]
    proof = prove(given, pairs)
    proven = "not best" if proof.gap is None else f"{proof.gap:,}"
    return proven if proof.gap == found["gap"] else f"{proven} (says {found['gap']:,})"


def prices(asked: argparse.Namespace, size: int) -> None:
    """What it takes to price every mentor for one mentee, beside solving again for each."""
    table = Table(
        PRICES, "All mentors priced for one mentee, and a run for each instead", markdown=asked.markdown
    )
    for kind in asked.kinds:
        found = running.ours("prices", kind, size)
        times = [f"{found[each] * 1000:.1f}" for each in ("list", "read", "run")]
        ratio = f"{found['run'] * found['priced'] / found['list']:,.0f} times"
        table.row(
            kind,
            f"{size:,}",
            f"{found['priced']:.0f}",
            *times,
            ratio,
            f"{found['equal']} of {found['edits']}",
        )


def stay(asked: argparse.Namespace, size: int) -> None:
    """How many pairs move when people join and leave, with the bonus for staying and without."""
    table = Table(
        STAY,
        "One in twenty leaves on either side and as many join; bonus of 5 points",
        markdown=asked.markdown,
    )
    for kind in asked.kinds:
        found = running.ours("stay", kind, size)
        moved = [f"{each:.1%}" for each in found["moved"]]
        table.row(kind, f"{size:,}", f"{found['pairs']:,}", *moved, f"{found['cost']:.2%}")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=_numbers, help="people a side, with commas")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=list(KINDS), help="easy,tight")
    parser.add_argument(
        "--peers", action=argparse.BooleanOptionalAction, help="run the published packages too"
    )
    parser.add_argument(
        "--certify", action=argparse.BooleanOptionalAction, default=True, help="prove that ours is best"
    )
    parser.add_argument("--patience", type=float, default=180, help="seconds for each of the others")
    parser.add_argument("--markdown", action="store_true", help="tables for a README")
    parser.add_argument(
        "--quick", action="store_true", help="a hundred a side, without the published packages"
    )
    parser.add_argument("--full", action="store_true", help="20,000 a side too")
    asked = parser.parse_args()
    asked.sizes = asked.sizes or ([QUICK] if asked.quick else [*SIZES, *([FULL] if asked.full else [])])
    asked.peers = not asked.quick if asked.peers is None else asked.peers
    if unknown := set(asked.kinds) - set(KINDS):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    return asked


def _numbers(text: str) -> list[int]:
    return [int(each.replace("_", "")) for each in text.split(",")]


if __name__ == "__main__":
    given_arguments = arguments()
    contest(given_arguments)
    smaller = min(PRICED, max(given_arguments.sizes))
    prices(given_arguments, smaller)
    stay(given_arguments, smaller)
