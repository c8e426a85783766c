"""Made-up companies of any size, the same for the same kind, size and seed.

`size` juniors who teach and `size` seniors who learn. Grades overlap (1 to 5 and 3 to 8), so that some pairs
are not allowed; managers form one tree; nine in ten speak English and everybody one or two languages beside;
four zones from New York to India with five kinds of working week; one in fifty would rather not meet
somebody.

easy   diverse interests: three to five of 144 topics each, and one to three seats for each who teaches.
tight  one seat each, and nine wishes in ten are for eight of the topics, which few teach well: everybody's
       best collide.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from portal.core.hours.weekly_hours import parse_hours
from portal.core.matching.candidates import PLACES, STYLES, WEIGHTS, Candidate, Problem, Rules, Wish

KINDS = ("easy", "tight")
DAY = date(2026, 11, 2)
AREAS = 6
TOPICS = {f"topic-{number}": (f"Topic {number}", f"area-{number % AREAS}") for number in range(144)}
HOT = 8
DEPARTMENTS = ("Design", "Finance", "Legal", "Marketing", "Operations", "People", "Sales", "Technology")
SITES = ("Berlin", "Lisbon", "New York", "Pune", "Vienna")
ZONES = ("Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Kolkata")
WEEKS = tuple(
    parse_hours(each)
    for each in (
        "Mon-Fri 09:00-17:00",
        "Mon-Fri 07:00-15:00",
        "Mon-Fri 12:00-20:00",
        "Mon-Thu 08:00-13:00",
        "Tue 10:00-12:00; Thu 14:00-16:00",
    )
)
SPAN = 8
"""How many report to one manager."""
HEAD = 0
"""The id of the head of the company, who takes no part."""


def problem(kind: str, size: int, seed: int = 1) -> Problem:
    """`size` mentors and as many mentees; ids of mentors come first."""
    chance = np.random.default_rng([KINDS.index(kind), size, seed])
    candidates = tuple(
        _person(number, kind, chance, junior=number <= size) for number in range(1, 2 * size + 1)
    )
    return Problem(
        candidates=candidates,
        managers=_managers(candidates),
        topics=TOPICS,
        weights=dict(zip(WEIGHTS, (60, 12, 10, 6, 6, 3, 3), strict=True)),
        on=DAY,
        rules=Rules(),
    )


def later(before: Problem, kind: str, share: float, seed: int = 2) -> Problem:
    """The same company when that share of people has left on either side and as many have joined."""
    chance = np.random.default_rng([KINDS.index(kind), len(before.candidates), seed])
    kept: list[Candidate] = []
    joined: list[Candidate] = []
    first = max(each.id for each in before.candidates) + 1
    for junior, people in ((True, before.mentors), (False, before.mentees)):
        gone = set(chance.permutation(len(people))[: round(len(people) * share)].tolist())
        kept += [each for number, each in enumerate(people) if number not in gone]
        joined += [
            _person(first + len(joined) + number, kind, chance, junior=junior) for number in range(len(gone))
        ]
    managers = {**before.managers, **{each.id: None for each in joined}}
    return replace(before, candidates=(*kept, *joined), managers=managers)


def _person(number: int, kind: str, chance: np.random.Generator, *, junior: bool) -> Candidate:
    return Candidate(
        id=number,
        name=f"Person {number}",
        grade=int(chance.integers(1, 6) if junior else chance.integers(3, 9)),
        manager_id=None,
        department=_one(DEPARTMENTS, chance),
        site=_one(SITES, chance),
        zone=ZONES[chance.choice(len(ZONES), p=(0.5, 0.25, 0.15, 0.1))],
        hours=WEEKS[chance.integers(len(WEEKS))],
        languages=_languages(chance),
        style=_one(STYLES, chance),
        as_mentor=junior,
        as_mentee=not junior,
        mentor_capacity=int(chance.integers(1, 4)) if kind == "easy" else 1,
        place=_one(PLACES, chance),
        teaches=_wishes(kind, chance, most=5 if junior else 2),
        learns=_wishes(kind, chance, most=2 if junior else 5),
        avoids=frozenset({int(chance.integers(1, number + 1))} - {number})
        if chance.random() < 0.02
        else frozenset(),
    )


def _one(names: Sequence[str], chance: np.random.Generator) -> str:
    return names[int(chance.integers(len(names)))]


def _languages(chance: np.random.Generator) -> tuple[str, ...]:
    others = ("de", "pt", "fr", "hi")
    chosen = chance.choice(len(others), size=chance.integers(1, 3), replace=False, p=(0.5, 0.2, 0.2, 0.1))
    return tuple(sorted({others[each] for each in chosen} | ({"en"} if chance.random() < 0.9 else set())))


def _wishes(kind: str, chance: np.random.Generator, most: int) -> tuple[Wish, ...]:
    """Up to `most` topics with levels; where it is tight, nearly all from the few that everybody names."""
    found: dict[int, int] = {}
    for _ in range(int(chance.integers(max(most - 2, 1), most + 1))):
        hot = kind == "tight" and chance.random() < 0.9
        topic = int(chance.geometric(0.35) - 1) % HOT if hot else int(chance.integers(len(TOPICS)))
        found.setdefault(topic, int(chance.integers(1, 4)))
    return tuple(Wish(f"topic-{topic}", level) for topic, level in found.items())


def _managers(candidates: Sequence[Candidate]) -> dict[int, int | None]:
    """One tree by grade: the most senior under somebody who takes no part, and the rest under those before
    them.
    """
    ranked = sorted(candidates, key=lambda each: (-(each.grade or 0), each.id))
    above = {
        each.id: ranked[place // SPAN - 1].id if place >= SPAN else HEAD for place, each in enumerate(ranked)
    }
    return {HEAD: None, **above}
