"""What every entrant shares: it reads an instance, plays, and writes what it found and what it took. Standard
library only, since some entrants live in environments that hold nothing else.

An instance is a folder with `instance.json` (rows are mentors, columns mentees; seats of each; the line; a
few facts about the people) and `scores.i16`, row by row: 0 to 10000, or -1 where the two may not be paired.
"""

import json
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORBIDDEN = -1
BEND = 5000
MOST = 10_000 + BEND
Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Given:
    """An instance as its folder holds it. `line` is in the unit of scores; `folder` holds the scores."""

    folder: Path
    row_seats: list[int]
    column_seats: list[int]
    line: int
    row_facts: list[dict[str, Any]] = field(default_factory=list)
    column_facts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns."""
        return len(self.row_seats), len(self.column_seats)

    def scores(self) -> list["array[int]"]:
        """The scores, row by row, for programs without numpy."""
        rows, columns = self.shape
        found = []
        with (self.folder / "scores.i16").open("rb") as file:
            for _ in range(rows):
                row = array("h")
                row.fromfile(file, columns)
                found.append(row)
        return found


@dataclass(frozen=True)
class Goals:
    """The four goals as whole numbers, each larger than all that the goals after it can sum to: what the
    first seat of a mentee and of a mentor brings, and what a pair below the line costs."""

    mentee: int
    mentor: int
    below: int

    @staticmethod
    def of(given: Given) -> "Goals":
        """The weights for an instance of that size."""
        pairs = min(sum(given.row_seats), sum(given.column_seats))
        below = MOST * pairs + 1
        mentor = (below + MOST) * pairs + 1
        return Goals(mentor * len(given.row_seats) + (below + MOST) * pairs + 1, mentor, below)

    def pair(self, score: int, line: int) -> int:
        """What a pair brings beside the first seats."""
        return score + min(score, BEND) - (self.below if score < line else 0)


def read(folder: Path) -> Given:
    """The instance of a folder."""
    return Given(folder, **json.loads((folder / "instance.json").read_text(encoding="utf-8")))


def peak() -> int:
    """The most memory this process has had, in bytes; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def play(entrant: Callable[[Given], Pairs]) -> None:
    """Run an entrant on the instance whose folder is the first argument, and write its pairs and figures as
    JSON.
    """
    given = read(Path(sys.argv[1]))
    wall, busy = time.perf_counter(), time.process_time()
    pairs = entrant(given)
    figures = {"wall": time.perf_counter() - wall, "busy": time.process_time() - busy, "peak": peak()}
    json.dump({"pairs": [[int(row), int(column)] for row, column in pairs], **figures}, sys.stdout)
