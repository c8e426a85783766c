"""What one change would help somebody most whom nobody could meet: by facts that anybody could know, as a
hint.

What the person can change comes first: their hours, their languages, their subjects; a rule of the programme
comes last, and is told to staff alone. A day and a subject are named, so that the hint can be followed.
Subjects are named only where a few people share them, so that nobody's wishes can be told from it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.core.matching.candidates import Candidate, Problem
from portal.core.matching.explanations.shared_times import PARTS, WEEKDAYS, reach
from portal.core.matching.explanations.voices import PHRASE, WHEN_IN_A_WEEK
from portal.core.matching.explanations.why_not import OPENS, OPENS_ONE

Mask = NDArray[np.bool_]
SOME = 3
"""From so many people on, a subject that they share is named."""
MOST_LOOKED_AT = 500
"""Of more people than these no part of the week is sought in which most of them could meet."""


@dataclass(frozen=True)
class Others:
    """Somebody in a role, all the people of the other role, and which of them share a subject with them."""

    role: str
    person: Candidate
    people: Sequence[Candidate]
    subject: Mask

    def some(self, mask: Mask) -> list[Candidate]:
        """Those of the others whom a mask names."""
        return [self.people[number] for number in np.flatnonzero(mask).tolist()]


def hint(others: Others, only: Mapping[str, Mask], problem: Problem) -> dict[str, Any]:
    """The args of the hint, none where nothing alone would help. `only`: the people whom no open rule but one
    keeps away.
    """
    opened = {name: int(only[name].sum()) for name in HINTS}
    for name in sorted(HINTS, key=lambda name: -opened[name]):
        if opened[name] and (found := HINTS[name](others, others.some(only[name]), problem)):
            return found
    many = int(only["grade"].sum())
    return _opens("grade", many) if many else {}


def _opens(name: str, many: int, **facts: Any) -> dict[str, Any]:
    return {"hint": OPENS_ONE[name], **facts} if many == 1 else {"hint": OPENS[name], "opened": many, **facts}


def _more_hours(others: Others, people: Sequence[Candidate], problem: Problem) -> dict[str, Any]:
    """The part of the week, by the person's clock, in which most of some people could meet."""
    if len(people) > MOST_LOOKED_AT:
        return _opens("time", len(people))
    parts = Counter(
        part for each in people for part in reach((each.zone, each.hours), others.person.zone, problem.on)
    )
    if not parts:
        return {}
    order = tuple(PARTS)
    day, part = min(parts, key=lambda each: (-parts[each], each[0], order.index(each[1])))
    when = {PHRASE: WHEN_IN_A_WEEK["days", part], "days": [WEEKDAYS[day]]}
    return _opens("when", parts[day, part], when=when)


def _more_languages(others: Others, people: Sequence[Candidate], problem: Problem) -> dict[str, Any]:
    """The language that most of some people speak."""
    spoken = Counter(language for each in people for language in each.languages)
    language = _most(spoken)
    return _opens("language", spoken[language], languages=[language]) if language else {}


def _more_subjects(others: Others, people: Sequence[Candidate], problem: Problem) -> dict[str, Any]:
    """The subject that most of some people teach, or wish for."""
    learns = others.role == "mentee"
    wishes = Counter(wish.topic for each in people for wish in (each.teaches if learns else each.learns))
    topic = _most(wishes)
    if wishes[topic] < SOME:
        return _opens("learn" if learns else "teach", len(people))
    return _opens("asked" if learns else "offered", wishes[topic], topic=topic)


def _most(counted: Mapping[str, int]) -> str:
    """What was counted most often, of equals the first; "" of nothing."""
    return min(counted, key=lambda each: (-counted[each], each), default="")


HINTS = {"time": _more_hours, "language": _more_languages, "topic": _more_subjects}
