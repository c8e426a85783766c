"""What a run of the engine finds, in plain values that another process and the tables can hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.core.matching.criteria import Part
from portal.core.matching.explanations.left_over import LeftOver

Progress = Callable[[str, int, int], None]
"""Told the phase ("scoring", "solving", "explaining"), how far it is, and of how much."""


def silent(phase: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Other:
    """The next best partner for one of a pair: who, and the score the two would have (0..10000)."""

    id: int
    total: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who are to meet. The points of the parts sum to `total`, 0..10000.

    `next_mentor` is the best other mentor that the rules allow for this mentee, whoever that mentor meets;
    `next_mentee` the best other mentee for this mentor. None where there is none.
    """

    mentor_id: int
    mentee_id: int
    total: int
    parts: tuple[Part, ...]
    next_mentor: Other | None = None
    next_mentee: Other | None = None

    def as_json(self) -> dict[str, Any]:
        """The pair in plain values."""
        others = (self.next_mentor, self.next_mentee)
        return {
            "mentor_id": self.mentor_id,
            "mentee_id": self.mentee_id,
            "total": self.total,
            "parts": [part.as_json() for part in self.parts],
            "next": [[each.id, each.total] if each else None for each in others],
        }

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> "Pair":
        """The same pair again."""
        others = [Other(*each) if each else None for each in given["next"]]
        parts = tuple(Part(**part) for part in given["parts"])
        return Pair(given["mentor_id"], given["mentee_id"], given["total"], parts, *others)


@dataclass(frozen=True)
class Result:
    """What a run found. `line` is the one it went by, in the unit of scores.

    `objective`: "mentees_unmatched", "mentors_unmatched", "below_line" (locked pairs apart), "total_phi" (of
    all). `gap` is by how much the four goals, as one number, could at most be better by the certificate (the
    dual bound): 0 when the plan is proven to be the best. `held_by`: with the line "auto", whoever's own best
    option keeps it from being higher, if one person alone does.
    """

    pairs: tuple[Pair, ...]
    left_over: tuple[LeftOver, ...]
    objective: Mapping[str, int]
    line: int
    gap: int = 0
    held_by: int | None = field(default=None)

    def as_json(self) -> dict[str, Any]:
        """The result in plain values, for another process."""
        return {
            "pairs": [each.as_json() for each in self.pairs],
            "left_over": [
                {"id": each.id, "role": each.role, "template": each.template, "args": dict(each.args)}
                for each in self.left_over
            ],
            "objective": dict(self.objective),
            "line": self.line,
            "gap": self.gap,
            "held_by": self.held_by,
        }

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> "Result":
        """The same result again."""
        pairs = tuple(Pair.from_json(each) for each in given["pairs"])
        left_over = tuple(LeftOver(**each) for each in given["left_over"])
        return Result(pairs, left_over, given["objective"], given["line"], given["gap"], given["held_by"])
