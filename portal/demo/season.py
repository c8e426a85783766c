"""Who of the demo company signed up for the season, as what, and with which wishes. The same chance, the same
season.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from portal.core.lifecycle import EnrolmentState
from portal.demo.company import COMPANY, JOAO, MIRA, Employee, address
from portal.programmes.queries import STEPS

JUNIOR, SENIOR = 3, 6
"""Up to which grade somebody is a junior, and from which a senior."""

PARTS = ("mentor", "mentee", "both")
PARTS_OF_JUNIORS, PARTS_OF_THE_MIDDLE, PARTS_OF_SENIORS = (88, 0, 12), (34, 36, 30), (0, 90, 10)
PAUSED, WITHDRAWN, BEGUN_PERCENT, JOINED_PERCENT, AVOIDING = 3, 2, 8, 75, 4
OFF_THE_TABLE = (
    "My health and my family.",
    "Salaries, mine and other people's.",
    "The reorganisation of last spring.",
    "Party politics.",
    "Faith, please. I keep that for home.",
)
FIRST_WISHES: dict[str, dict[str, tuple[tuple[str, int], ...]]] = {
    MIRA.name: {
        "teaches": (("short-video", 3), ("ai-at-work", 2), ("gen-z", 2)),
        "learns": (("presenting", 3), ("career-planning", 2)),
    },
    JOAO.name: {
        "teaches": (("finance", 3), ("decisions", 2), ("presenting", 2)),
        "learns": (("ai-at-work", 3), ("short-video", 2), ("across-generations", 1)),
    },
}
"""What the two whom one signs in as asked for: side -> topics and levels, in their order."""


@dataclass(frozen=True)
class Wanted:
    """A topic on one side: `teaches` or `learns`, at a level of 1 to 3, at a place in their order from 1."""

    side: str
    topic: str
    level: int
    rank: int


@dataclass
class SignUp:
    """One person's enrolment as it will be written."""

    who: Employee
    part: str
    state: EnrolmentState
    begun_at: datetime
    joined_at: datetime | None = None
    steps_done: int = len(STEPS)
    mentor_capacity: int = 1
    mentee_capacity: int = 1
    place: str = "either"
    off_the_table: str = ""
    paused_until: date | None = None
    wishes: list[Wanted] = field(default_factory=list)
    avoided: list[Employee] = field(default_factory=list)


def first_monday(day: date, months: int) -> date:
    """The first Monday of the month that is `months` after (or before) that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    return first + timedelta(days=-first.weekday() % 7)


def next_start(today: date) -> date:
    """When the season begins: on a month's first Monday, two weeks ahead or more."""
    starts = first_monday(today, 1)
    return starts if starts - today >= timedelta(days=14) else first_monday(today, 2)


def sign_ups(people: Iterable[Employee], count: int, today: date, chance: Random) -> list[SignUp]:
    """`count` sign-ups of `people` up to `today`: the two with a part first, then the others in the order
    they came.
    """
    parts = {address(part.name): part for part in (MIRA, JOAO)}
    known = [each for each in people if each.email in parts]
    others = [each for each in people if each.email not in parts]
    came = chance.sample(others, min(count - len(known), len(others)))
    waiting = [EnrolmentState.WAITING] * len(known)
    made = [
        _sign_up(who, state, today, chance)
        for who, state in zip([*known, *came], [*waiting, *_states(len(came))], strict=True)
    ]
    made.sort(key=lambda each: (each.who not in known, each.begun_at, each.who.email))
    for each in chance.sample([one for one in made if one.state == EnrolmentState.WAITING], AVOIDING):
        each.avoided = [chance.choice([one.who for one in made if one is not each])]
    return made


def _states(count: int) -> list[EnrolmentState]:
    """The state of each of `count` sign-ups: a few in every other one, most waiting."""
    begun = max(1, count * BEGUN_PERCENT // 100)
    few = (
        [EnrolmentState.PAUSED] * PAUSED
        + [EnrolmentState.WITHDRAWN] * WITHDRAWN
        + [EnrolmentState.BEGUN] * begun
    )
    return few + [EnrolmentState.WAITING] * (count - len(few))


def _sign_up(who: Employee, state: EnrolmentState, today: date, chance: Random) -> SignUp:
    part = _part(who, chance)
    minutes = chance.randrange(7 * 60, 17 * 60)
    begun_at = datetime.combine(today - timedelta(days=chance.randint(1, 21)), time(), UTC) + timedelta(
        minutes=minutes
    )
    two = chance.random()
    made = SignUp(
        who,
        part,
        state,
        begun_at,
        mentor_capacity=2 if two < 0.18 and part != "mentee" else 1,
        mentee_capacity=2 if two > 0.94 and part != "mentor" else 1,
        place=chance.choices(("either", "remote", "in person"), (70, 20, 10))[0],
        off_the_table=chance.choice(OFF_THE_TABLE) if chance.random() < 0.08 else "",
        wishes=_wishes(who, part, chance),
    )
    _settle(made, today, chance)
    return made


def _settle(made: SignUp, today: date, chance: Random) -> None:
    """What follows from the state: when they joined, until when they pause, how far they came."""
    joined_at = made.begun_at + timedelta(minutes=chance.randint(3, 14))
    if made.state == EnrolmentState.PAUSED:
        made.paused_until = today + timedelta(days=chance.choice((10, 24, 45)))
    if made.state in (EnrolmentState.WAITING, EnrolmentState.PAUSED):
        made.joined_at = joined_at
    if made.state == EnrolmentState.BEGUN:
        made.steps_done, made.off_the_table, made.place = chance.randint(1, len(STEPS) - 1), "", "either"
        reached = {"teaches": STEPS.index("teach"), "learns": STEPS.index("learn")}
        made.wishes = [each for each in made.wishes if made.steps_done > reached[each.side]]


def _part(who: Employee, chance: Random) -> str:
    """Mentor, mentee or both: by grade, with the middle grades on either side."""
    if who.email in {address(MIRA.name), address(JOAO.name)}:
        return "mentor" if who.grade <= JUNIOR else "mentee"
    shares = PARTS_OF_JUNIORS if who.grade <= JUNIOR else PARTS_OF_SENIORS
    return chance.choices(PARTS, PARTS_OF_THE_MIDDLE if JUNIOR < who.grade < SENIOR else shares)[0]


def _wishes(who: Employee, part: str, chance: Random) -> list[Wanted]:
    """Two to four topics a side. Mentors teach what is fresh and learn what is seasoned; mentees the other
    way round.
    """
    if who.name in FIRST_WISHES and who.email == address(who.name):
        return _in_order(FIRST_WISHES[who.name])
    fresh = {"mentor": "teaches", "mentee": "learns"}.get(part) or chance.choice(("teaches", "learns"))
    seasoned = "learns" if fresh == "teaches" else "teaches"
    chosen: dict[str, tuple[tuple[str, int], ...]] = {}
    for side, kind in ((fresh, "fresh"), (seasoned, "seasoned")):
        taken = {topic for topics in chosen.values() for topic, _ in topics}
        topics = _topics(kind, who.department, taken, chance)
        levels = sorted(chance.choices((1, 2, 3), (25, 45, 30), k=len(topics)), reverse=True)
        chosen[side] = tuple(zip(topics, levels, strict=True))
    return _in_order(chosen)


def _in_order(chosen: dict[str, tuple[tuple[str, int], ...]]) -> list[Wanted]:
    return [
        Wanted(side, topic, level, rank)
        for side, topics in chosen.items()
        for rank, (topic, level) in enumerate(topics, 1)
    ]


def _topics(kind: str, department: str, taken: set[str], chance: Random) -> list[str]:
    """Two to four different topics, the popular ones often, and four times as often what the department leans
    to.
    """
    leaning: list[str] = COMPANY["leaning"][department]
    favour = {
        topic: weight * (4 if topic in leaning else 1)
        for topic, weight in COMPANY[kind].items()
        if topic not in taken
    }
    chosen: list[str] = []
    for _ in range(chance.choices((2, 3, 4), (35, 45, 20))[0]):
        topic = chance.choices(list(favour), list(favour.values()))[0]
        chosen.append(topic)
        del favour[topic]
    return chosen
