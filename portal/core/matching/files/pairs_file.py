"""What a run on a file writes: pairs with the reason, the report, and the scores of all pairs that the rules
allow.

Sentences are in English and call people by their names. Ids stand as they were given: scripts compare them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any

import numpy as np

from portal.core.matching.candidates import Problem
from portal.core.matching.criteria import Part
from portal.core.matching.explanations.left_over import LeftOver
from portal.core.matching.explanations.voices import PLAIN, said
from portal.core.matching.results import Pair, Progress, Result
from portal.core.matching.scale.streaming import FORBIDDEN, ROWS, Scorer

PAIRS_HEADER = ("mentor_id", "mentee_id", "score", "reason")
SCORES_HEADER = ("mentor_id", "mentee_id", "score")
MOST_SENTENCES = 3
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a cell for a formula (OWASP, "CSV Injection")."""


def pair_rows(
    result: Result, problem: Problem, ids: Mapping[int, str]
) -> Iterator[tuple[str, str, int, str]]:
    """The pairs, by mentor and mentee, each with what counts most in their score."""
    sentences = Sentences(problem)
    for pair in _ordered(result):
        yield ids[pair.mentor_id], ids[pair.mentee_id], pair.total, _harmless(sentences.reason(pair))


def _ordered(result: Result) -> list[Pair]:
    return sorted(result.pairs, key=lambda pair: (pair.mentor_id, pair.mentee_id))


class Sentences:
    """Says in English what the parts of a score say, with the names that stand in the file."""

    def __init__(self, problem: Problem) -> None:
        self.names = {candidate.id: candidate.name for candidate in problem.candidates}
        self.english = replace(PLAIN, topic=lambda topic: problem.topics[topic][0])

    def reason(self, pair: Pair) -> str:
        """The sentences of the parts that bring most points."""
        parts = sorted(pair.parts, key=lambda part: -part.points)
        sentences = [self.sentence(pair, part) for part in parts if part.points > 0 and part.template]
        return " ".join(sentences[:MOST_SENTENCES])

    def sentence(self, pair: Pair, part: Part) -> str:
        """What one part says, "" for nothing."""
        if not part.template:
            return ""
        names = {"mentor": self.names[pair.mentor_id], "mentee": self.names[pair.mentee_id]}
        return said(part.template, part.args, tongue=self.english, names=names)

    def why_not(self, person: LeftOver) -> str:
        """Why somebody has no partner, and what would change it."""
        return said(person.template, person.args, tongue=self.english)


def _harmless(text: str) -> str:
    """Prose that no spreadsheet takes for a formula, whatever somebody's name begins with."""
    return f"'{text}" if text.startswith(FORMULA) else text


def report(
    result: Result, problem: Problem, ids: Mapping[int, str], *, seconds: float, peak_mb: float
) -> dict[str, Any]:
    """The report. `seconds` is the time from start to end, `peak_mb` the most memory the process had."""
    sentences = Sentences(problem)
    return {
        "objective": dict(result.objective),
        "certificate": {"optimal": result.gap == 0, "gap": result.gap},
        "pairs": [
            {
                "mentor_id": ids[pair.mentor_id],
                "mentee_id": ids[pair.mentee_id],
                "score": pair.total,
                "parts": [
                    {"name": part.name, "score": part.points, "sentence": sentences.sentence(pair, part)}
                    for part in pair.parts
                ],
            }
            for pair in _ordered(result)
        ],
        "unmatched": [
            {"id": ids[person.id], "role": person.role, "reason": sentences.why_not(person)}
            for person in result.left_over
        ],
        "seconds": round(seconds, 3),
        "peak_mb": round(peak_mb, 1),
    }


def score_rows(
    problem: Problem, ids: Mapping[int, str], progress: Progress
) -> Iterator[tuple[str, str, int]]:
    """Every pair that the rules allow, with its score; some mentors at a time, so that any number of people
    will do.
    """
    mentors = [ids[each.id] for each in problem.mentors]
    mentees = np.array([ids[each.id] for each in problem.mentees], object)
    scorer = Scorer(problem)
    for start in range(0, len(mentors), ROWS):
        progress("writing", start, len(mentors))
        end = min(start + ROWS, len(mentors))
        for mentor, scores in zip(mentors[start:end], scorer.block(start, end), strict=True):
            allowed = np.flatnonzero(scores != FORBIDDEN)
            yield from zip(repeat(mentor), mentees[allowed].tolist(), scores[allowed].tolist(), strict=False)
    progress("writing", len(mentors), len(mentors))
