"""What is said of each part of a score: a sentence for staff (a template, to be translated) and what goes
into it.

Parts are stored, so topics go in by their ids and the two people not at all: who reads a sentence has their
names from the pair itself, and nothing stored names somebody who is gone. The sentences are in voices.py,
with how each of the two reads them.
"""

from dataclasses import dataclass
from typing import Any

from portal.core.matching.candidates import Candidate, Problem, Wish
from portal.core.matching.explanations import voices
from portal.core.matching.explanations.shared_times import WEEKDAYS, When, in_common
from portal.core.matching.explanations.voices import LANGUAGES, LEVELS, PHRASE, RANKS, Said
from portal.core.matching.topics import relatedness

FIRST_RANK = 10
"""A wish weighs its level times ten less its place in the person's order, from ten down to three."""


def weight(wish: Wish, rank: int) -> int:
    """How much a wish counts that stands at `rank`, from 0, in its person's order."""
    return wish.level * max(FIRST_RANK - rank, 3)


def _says_interest(mentor: Candidate, mentee: Candidate, problem: Problem) -> Said:
    found = _answers(mentor, mentee, problem)
    if not found:
        return "", {}
    best = found[0]
    said = {"topic": best.topic, "level": LEVELS[best.level]}
    if best.wish != best.topic:
        return voices.NEAR, {**said, "wish": best.wish}
    ranked = best.rank < len(RANKS)
    if ranked:
        said["rank"] = RANKS[best.rank]
    second = next((each for each in found[1:] if each.wish == each.topic), None)
    if second is None:
        return (voices.RANKED if ranked else voices.ALSO), said
    return (voices.RANKED_AND if ranked else voices.ALSO_AND), {**said, "second": second.topic}


def _says_giveback(mentor: Candidate, mentee: Candidate, problem: Problem) -> Said:
    best = next((each for each in _answers(mentee, mentor, problem) if each.wish == each.topic), None)
    if best is None:
        return "", {}
    return voices.IN_RETURN, {"topic": best.topic}


@dataclass(frozen=True, slots=True)
class _Answer:
    """A learner's wish, its place in their order, the topic of the teacher that answers it best, with its
    level, and what that brings."""

    rank: int
    wish: str
    topic: str
    level: int
    brings: int


def _answers(teacher: Candidate, learner: Candidate, problem: Problem) -> list[_Answer]:
    """The wishes that a teacher answers, what brings most points first; of equals the one named first."""
    found = []
    for rank, wish in enumerate(learner.learns):
        best = None
        for offer in teacher.teaches:
            near = relatedness.relatedness(offer.topic, wish.topic, problem.topics)
            brings = weight(wish, rank) * offer.level * near
            if brings > (best.brings if best else 0):
                best = _Answer(rank, wish.topic, offer.topic, offer.level, brings)
        if best is not None:
            found.append(best)
    return sorted(found, key=lambda each: -each.brings)


def _says_time(mentor: Candidate, mentee: Candidate, problem: Problem) -> Said:
    shared = in_common(mentor, mentee, problem.on)
    if not shared.hours:
        return "", {}
    said: dict[str, Any] = {"hours": _hours(shared.hours)}
    places = {"mentor_place": _place_of(mentor), "mentee_place": _place_of(mentee)}
    far = shared.scarce and shared.differ and len({*places.values()}) > 1
    if far:
        said |= places
    if shared.one is None or shared.other is None:
        return (
            voices.MOST_HOURS if shared.most else voices.SOME_HOURS_FAR if far else voices.SOME_HOURS
        ), said
    said |= {"mentor_when": _when(shared.one), "mentee_when": _when(shared.other)}
    if shared.abroad:
        return (voices.WHEN_ABROAD_FAR if far else voices.WHEN_ABROAD), {**said, "clock": _city(mentee.zone)}
    return (voices.WHEN_FAR if far else voices.WHEN), said


def _hours(many: int) -> dict[str, Any]:
    return {PHRASE: voices.ABOUT_AN_HOUR} if many == 1 else {PHRASE: voices.ABOUT_HOURS, "many": many}


def _when(when: When) -> dict[str, Any]:
    """Parts of a week as a phrase: "mostly Tuesday and Thursday mornings"."""
    phrase: dict[str, Any] = {PHRASE: voices.WHEN_IN_A_WEEK[when.kind, when.part]}
    if when.kind == "days":
        phrase["days"] = [WEEKDAYS[day] for day in when.days]
    return {PHRASE: voices.MOSTLY, "when": phrase} if when.mostly else phrase


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


def _place_of(person: Candidate) -> str:
    return person.site or _city(person.zone)


def _says_style(mentor: Candidate, mentee: Candidate, problem: Problem) -> Said:
    styles = {mentor.style, mentee.style}
    if styles == {"introvert", "extrovert"}:
        return voices.COMPLEMENT, {}
    return (voices.CALM if styles in ({"introvert", "balanced"}, {"balanced"}) else ""), {}


def _says_department(mentor: Candidate, mentee: Candidate, problem: Problem) -> Said:
    one, other = mentor.department, mentee.department
    if one == other or not (one and other):
        return "", {}
    return voices.DEPARTMENTS, {"one": one, "other": other}


def _says_language(mentor: Candidate, mentee: Candidate, problem: Problem) -> Said:
    shared = [each for each in mentor.languages if each in mentee.languages]
    return (voices.SPEAK, {LANGUAGES: shared}) if len(shared) > 1 else ("", {})


def _says_place(mentor: Candidate, mentee: Candidate, problem: Problem) -> Said:
    if mentor.site and mentor.site == mentee.site and "remote" not in (mentor.place, mentee.place):
        return voices.SAME_SITE, {"site": mentor.site}
    return "", {}


SENTENCES = {
    "interests": _says_interest,
    "style": _says_style,
    "time": _says_time,
    "department": _says_department,
    "giveback": _says_giveback,
    "language": _says_language,
    "place": _says_place,
}
