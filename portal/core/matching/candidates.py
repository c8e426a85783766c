"""What the engine knows: people with what they can teach and want to learn, and the rules and weights of a
programme.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from portal.core.hours.weekly_hours import WeeklyHours, format_hours, parse_hours
from portal.core.matching.lines import lines
from portal.core.translatable import N_
from portal.errors import Invalid

MOST_SEATS = 5
WEIGHTS = ("interests", "style", "time", "department", "giveback", "language", "place")
STYLES = ("introvert", "balanced", "extrovert")
PLACES = ("either", "in person", "remote")
MUSTS = ("department", "site", "topic")
"""What a programme may demand of every pair: different departments, the same site, a topic that is wished for
and taught.
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A topic that somebody can teach (how well) or wants to learn (how much): level 1 to 3."""

    topic: str
    level: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person who may be paired. Lists are in the person's own order; capacities are the seats still free;
    `met_as_…` tells that they meet somebody in that role already, whom this problem does not know;
    `waited_as_…` that they were left over in that role the last time, so that they count double among those
    who may be left over now."""

    id: int
    name: str
    grade: int | None
    manager_id: int | None
    department: str
    site: str
    zone: str
    hours: WeeklyHours
    languages: tuple[str, ...]
    style: str
    as_mentor: bool
    as_mentee: bool
    mentor_capacity: int = 1
    mentee_capacity: int = 1
    place: str = "either"
    teaches: tuple[Wish, ...] = ()
    learns: tuple[Wish, ...] = ()
    avoids: frozenset[int] = frozenset()
    past_partners: frozenset[int] = frozenset()
    met_as_mentor: bool = False
    met_as_mentee: bool = False
    waited_as_mentor: bool = False
    waited_as_mentee: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a programme. `line` (or "auto") and `stay_bonus` are in shown points, 0..100; `musts` of
    MUSTS.
    """

    line: int | str = 40
    min_grade_gap: int = 1
    stay_bonus: int = 0
    musts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Everything a run is given. `managers` is the whole company's person -> manager; `on` is the first day
    that counts.

    `locked`, `forbidden` and `stay` are pairs of ids, mentor first: to be kept, not to be made, to be
    favoured. Those of `forbidden` and `stay` may name people who are not among the candidates, who then
    change nothing.

    Candidates are in the order of their ids, whatever order they came in: so the same people give the same
    pairs.
    """

    candidates: tuple[Candidate, ...]
    managers: Mapping[int, int | None]
    topics: Mapping[str, tuple[str, str]]
    weights: Mapping[str, int]
    on: date
    rules: Rules = field(default_factory=Rules)
    locked: tuple[tuple[int, int], ...] = ()
    forbidden: frozenset[tuple[int, int]] = frozenset()
    stay: frozenset[tuple[int, int]] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", tuple(sorted(self.candidates, key=lambda each: each.id)))
        object.__setattr__(self, "locked", tuple(sorted(set(self.locked))))
        _check(self)

    @cached_property
    def mentors(self) -> tuple[Candidate, ...]:
        """Those who may mentor, by id."""
        return tuple(each for each in self.candidates if each.as_mentor)

    @cached_property
    def mentees(self) -> tuple[Candidate, ...]:
        """Those who want to learn, by id."""
        return tuple(each for each in self.candidates if each.as_mentee)

    @cached_property
    def lines(self) -> Mapping[int, tuple[int, ...]]:
        """For each candidate, which other candidates stand above them in the company, at any height."""
        return lines({each.id: self._manager(each) for each in self.candidates}, self.managers)

    def _manager(self, candidate: Candidate) -> int | None:
        return self.managers.get(candidate.id) if candidate.manager_id is None else candidate.manager_id

    def as_json(self) -> dict[str, Any]:
        """The problem in plain values, for another process."""
        return {
            "candidates": [_plain(each) for each in self.candidates],
            "managers": [[person, manager] for person, manager in self.managers.items()],
            "topics": {topic: list(about) for topic, about in self.topics.items()},
            "weights": dict(self.weights),
            "on": self.on.isoformat(),
            "rules": asdict(self.rules),
            "locked": [list(each) for each in self.locked],
            "forbidden": sorted(list(each) for each in self.forbidden),
            "stay": sorted(list(each) for each in self.stay),
        }

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> "Problem":
        """The same problem again; raises Invalid for one that cannot be."""
        return Problem(
            candidates=tuple(_candidate(each) for each in given["candidates"]),
            managers=dict(given["managers"]),
            topics={topic: (label, area) for topic, (label, area) in given["topics"].items()},
            weights=dict(given["weights"]),
            on=date.fromisoformat(given["on"]),
            rules=Rules(**{**given["rules"], "musts": tuple(given["rules"].get("musts", ()))}),
            locked=tuple((mentor, mentee) for mentor, mentee in given["locked"]),
            forbidden=frozenset((mentor, mentee) for mentor, mentee in given["forbidden"]),
            stay=frozenset((mentor, mentee) for mentor, mentee in given["stay"]),
        )


def _plain(candidate: Candidate) -> dict[str, Any]:
    same = {name: getattr(candidate, name) for name in Candidate.__slots__}
    return {
        **same,
        "hours": format_hours(candidate.hours),
        "languages": list(candidate.languages),
        "teaches": [[each.topic, each.level] for each in candidate.teaches],
        "learns": [[each.topic, each.level] for each in candidate.learns],
        "avoids": sorted(candidate.avoids),
        "past_partners": sorted(candidate.past_partners),
    }


def _candidate(given: Mapping[str, Any]) -> Candidate:
    return Candidate(
        **{
            **given,
            "hours": parse_hours(given["hours"]) if given["hours"] else WeeklyHours(),
            "languages": tuple(given["languages"]),
            "teaches": tuple(Wish(topic, level) for topic, level in given["teaches"]),
            "learns": tuple(Wish(topic, level) for topic, level in given["learns"]),
            "avoids": frozenset(given["avoids"]),
            "past_partners": frozenset(given["past_partners"]),
        }
    )


@dataclass(frozen=True)
class Absent:
    """Somebody who is not among the candidates."""

    id: int
    name: str


def person_of(problem: Problem, person_id: int) -> Candidate | Absent:
    """A person by their id; one who is not among the candidates is called by their number."""
    candidates = (candidate for candidate in problem.candidates if candidate.id == person_id)
    return next(candidates, None) or Absent(person_id, str(person_id))


def without(problem: Problem, pair: tuple[int, int]) -> Problem:
    """The same problem in which these two may not be paired."""
    mentor, mentee = pair
    changed = tuple(
        replace(each, avoids=each.avoids | {mentee}) if each.id == mentor else each
        for each in problem.candidates
    )
    return replace(problem, candidates=changed)


class Refusal(Invalid):
    """A problem that cannot be solved as it stands. The message names people; `template` and `facts`, for a
    page that translates and for storing, hold their ids instead.
    """

    def __init__(
        self, template: str, people: Mapping[str, Candidate | Absent] | None = None, **facts: object
    ) -> None:
        people = people or {}
        self.template, self.facts = template, facts | {key: person.id for key, person in people.items()}
        values = facts | {key: person.name for key, person in people.items()}
        super().__init__(template % values if values else template)


def _check(problem: Problem) -> None:
    """Raise Invalid for what cannot be reckoned with, naming the person and the reason."""
    _check_weights(problem.weights)
    _check_rules(problem.rules)
    _check_pairs(problem)
    seen: set[int] = set()
    for each in problem.candidates:
        if each.id in seen:
            raise Refusal(N_("%(name)s is there twice."), {"name": each})
        seen.add(each.id)
        _check_candidate(each, problem)


def _check_weights(weights: Mapping[str, int]) -> None:
    if set(weights) != set(WEIGHTS):
        raise Refusal(N_("The weights are: %(names)s."), names=", ".join(WEIGHTS))
    if any(not _is_whole(each) or each < 0 for each in weights.values()) or sum(weights.values()) != 100:
        raise Refusal(N_("Weights are whole numbers from 0 that sum to 100."))


def _check_rules(rules: Rules) -> None:
    if rules.line != "auto" and not (_is_whole(rules.line) and 0 <= int(rules.line) <= 100):
        raise Refusal(N_("The line is a whole number from 0 to 100, or “auto”."))
    if not _is_whole(rules.min_grade_gap) or not -99 <= rules.min_grade_gap <= 99:
        raise Refusal(N_("The grades between mentor and mentee are a whole number."))
    if not _is_whole(rules.stay_bonus) or not 0 <= rules.stay_bonus <= 100:
        raise Refusal(N_("The bonus for staying is a whole number from 0 to 100."))
    for must in rules.musts:
        if must not in MUSTS:
            raise Refusal(
                N_("There is no demand on pairs called “%(must)s”. There are: %(names)s."),
                must=must,
                names=", ".join(MUSTS),
            )


def _check_pairs(problem: Problem) -> None:
    for pair in (*problem.locked, *problem.forbidden, *problem.stay):
        if len(pair) != 2 or not all(_is_whole(each) for each in pair):
            raise Refusal(
                N_("A pair is the numbers of two people, the mentor first; this is none: %(pair)s."),
                pair=pair,
            )
    for mentor, mentee in problem.locked:
        if (mentor, mentee) in problem.forbidden:
            people = {"mentor": person_of(problem, mentor), "mentee": person_of(problem, mentee)}
            raise Refusal(LOCKED_APART, people)


def _check_candidate(each: Candidate, problem: Problem) -> None:
    if each.grade is not None and (not _is_whole(each.grade) or not -1000 <= each.grade <= 1000):
        raise Refusal(N_("The grade of %(name)s is not a whole number."), {"name": each})
    if each.style not in STYLES or each.place not in PLACES:
        raise Refusal(N_("The style or place of %(name)s is none that there is."), {"name": each})
    for seats in (each.mentor_capacity, each.mentee_capacity):
        if not _is_whole(seats) or not 1 <= seats <= MOST_SEATS:
            raise Refusal(N_("%(name)s wants from 1 to %(most)s partners."), {"name": each}, most=MOST_SEATS)
    if not _is_zone(each.zone):
        raise Refusal(N_("The time zone of %(name)s is not known: %(zone)s."), {"name": each}, zone=each.zone)
    for manager in (each.manager_id, problem.managers.get(each.id)):
        if manager == each.id:
            raise Refusal(N_("%(name)s is given as their own manager."), {"name": each})
        if manager is not None and manager not in problem.managers:
            raise Refusal(N_("The manager of %(name)s is not known."), {"name": each})
    _check_wishes(each, problem.topics)


def _check_wishes(each: Candidate, topics: Mapping[str, object]) -> None:
    for wishes in (each.teaches, each.learns):
        for wish in wishes:
            if wish.topic not in topics:
                raise Refusal(
                    N_("%(name)s names a topic that there is not: %(topic)s."),
                    {"name": each},
                    topic=wish.topic,
                )
            if not _is_whole(wish.level) or not 1 <= wish.level <= 3:
                raise Refusal(N_("The levels of %(name)s are whole numbers from 1 to 3."), {"name": each})
        if len({wish.topic for wish in wishes}) < len(wishes):
            raise Refusal(N_("%(name)s names a topic twice."), {"name": each})


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfo raises each of these, by what is wrong with the name
        return False
    return True


def _is_whole(value: object) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return isinstance(value, int) and not isinstance(value, bool)


LOCKED_APART = N_(
    "%(mentor)s and %(mentee)s are locked together, but are to be kept apart too. "
    "Unlock that pair, or no longer keep it apart."
)
