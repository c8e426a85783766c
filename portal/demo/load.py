"""A small believable company to try the portal with: the same people and wishes for the same number and
stage, every time.

Only what must be believable now follows the calendar: when the season starts, and when people joined. Nobody
in it exists; every address ends in `.invalid`, so no letter can reach anybody. All of them share one
published password.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy import exists, insert, select

from portal import audit
from portal.clock import now, today
from portal.core.lifecycle import ProgrammeState
from portal.core.permissions import Role
from portal.db import Model, db, transaction
from portal.demo.company import ADA, CAST, DOMAIN, HEAD, JOAO, MIRA, PETRA, RUTH, Employee, address, employees
from portal.demo.pairs import tell
from portal.demo.season import JOINED_PERCENT, SignUp, first_monday, next_start, sign_ups
from portal.errors import Invalid
from portal.people.accounts.passwords import hashed
from portal.people.models import Person, RoleGrant
from portal.programmes.actions import load_catalogue
from portal.programmes.models import (
    DEFAULT_RULES,
    DEFAULT_WEIGHTS,
    Avoided,
    Enrolment,
    Programme,
    ProgrammeStaff,
    Wish,
)

STAGES = ("signed-up", "matched", "running", "finished")
MONTHS_SINCE_START = {"running": 2, "finished": 7}
"""How long ago the season began, for the stages in which it has."""
SIGN_UP_BEFORE = timedelta(days=16)
"""How long before its start the story of a season is told, where it has begun: people have signed up by then.
"""
FEWEST, MOST, MOST_MATCHED = 30, 20_000, 4_000
"""How many people there may be; so many where they are matched too, which is about what one exact run takes.
"""
PASSWORD = "a-bridge-between-us"  # noqa: S105 - published on purpose, for invented people
UNCONFIRMED, DISABLED = 3, 1
SEASONS = ("winter", "spring", "summer", "autumn")
DIGITAL_PROMISE = (
    "People who grew up with these tools show leaders how they use them; leaders open doors and share what"
    " they know. Six hours in half a year, booked ahead, with somebody from outside your reporting line."
)
INCLUSION_PROMISE = (
    "Colleagues tell leaders what working here is like for them: race, gender, identity, generations. "
    "What is said stays between the two."
)
TWO_WAY_PROMISE = (
    "Across countries and generations, with learning in both directions: sustainability, digital brands, and"
    " how decisions are made. Roles may swap halfway."
)
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class SignIn:
    """Somebody one can sign in as to try the portal, and what they are there."""

    role: str
    name: str
    email: str
    password: str


SIGN_INS: tuple[SignIn, ...] = tuple(
    SignIn(role, part.name, address(part.name), PASSWORD)
    for role, part in (("staff", PETRA), ("junior", MIRA), ("senior", JOAO), ("administrator", ADA))
)


def load(*, people: int = 120, stage: str = "signed-up") -> None:
    """Fill an empty portal with the demo company; does nothing when it is there already.

    Raises Invalid for a stage or a number that there is not, and when other people use the portal.
    """
    if stage not in STAGES:
        raise Invalid(
            _("There is no stage “%(stage)s”. There is: %(stages)s.", stage=stage, stages=", ".join(STAGES))
        )
    if not FEWEST <= people <= MOST:
        raise Invalid(_("The demo company has from %(fewest)s to %(most)s people.", fewest=FEWEST, most=MOST))
    if stage != "signed-up" and people > MOST_MATCHED:
        raise Invalid(_("More than %(most)s people can only be loaded as signed-up.", most=MOST_MATCHED))
    if _loaded():
        return
    password_hash, day = hashed(PASSWORD), _day_of_the_story(stage, today())
    chance = Random(f"{DOMAIN} {people}")  # noqa: S311 - a play, not a secret
    company = employees(people, chance)
    states = _States(company, chance)
    joining = sign_ups(states.joining, people * JOINED_PERCENT // 100, day, chance)
    with transaction():
        if _loaded():
            return
        ids = _write_people(company, states, password_hash, day, chance)
        season = _write_programmes(ids, day)
        load_catalogue()
        db.session.flush()
        _write_sign_ups(joining, season, ids)
        if stage != "signed-up":
            if stage in MONTHS_SINCE_START:
                _write_what_comes_next(ids, today())
            tell(stage, db.session.get_one(Programme, season), ids, at=_moment(day, 0, 600), now=now())
        audit.write(
            action="demo.loaded", on="programme", id=season, by=None, after={"people": people, "stage": stage}
        )


def _day_of_the_story(stage: str, day: date) -> date:
    """The day on which sign-up is as it is told: today, or shortly before a season that has begun since."""
    if stage not in MONTHS_SINCE_START:
        return day
    return first_monday(day, -MONTHS_SINCE_START[stage]) - SIGN_UP_BEFORE


def _loaded() -> bool:
    """Whether the demo company is there; raises Invalid when only others are."""
    ours = db.session.scalar(select(exists().where(Person.email.endswith(f"@{DOMAIN}"))))
    if not ours and db.session.scalar(select(exists().where(Person.id.is_not(None)))):
        raise Invalid(
            _(
                "People use this portal already, so the demo company stays out. Give it an empty database by"
                " DATABASE_URL."
            )
        )
    return bool(ours)


class _States:
    """Who has not confirmed their address, who is disabled, and who may join: everybody but those and who
    runs things.
    """

    def __init__(self, company: Sequence[Employee], chance: Random) -> None:
        known = {address(part.name) for part in CAST}
        leading = {each.manager.email for each in company if each.manager}
        plain = [each for each in company if each.email not in known | leading]
        apart = chance.sample(plain, UNCONFIRMED + DISABLED)
        self.unconfirmed = {each.email for each in apart[:UNCONFIRMED]}
        self.disabled = {each.email for each in apart[UNCONFIRMED:]}
        out = {address(part.name) for part in (PETRA, ADA, RUTH)} | {each.email for each in apart}
        self.joining = [each for each in company if each.email not in out]


def _write_people(
    company: Sequence[Employee], states: _States, password_hash: str, day: date, chance: Random
) -> dict[str, int]:
    """Write everybody, from the top of the tree down; answers address -> id."""
    ids: dict[str, int] = {}
    came = {each.email: _came(each, states, day, chance) for each in company}
    for grade in sorted({each.grade for each in company}, reverse=True):
        tier = [each for each in company if each.grade == grade]
        rows = [
            _person(each, came[each.email], states, ids) | {"password_hash": password_hash} for each in tier
        ]
        ids.update(zip((each.email for each in tier), _insert(Person, rows), strict=True))
    db.session.execute(
        insert(RoleGrant), [{"person_id": ids[email], "role": role} for email, role in _roles(company)]
    )
    return ids


def _came(who: Employee, states: _States, day: date, chance: Random) -> datetime:
    """When somebody made their account: long before the season, the unconfirmed in the last days."""
    days = chance.randint(1, 5) if who.email in states.unconfirmed else chance.randint(24, 300)
    return _moment(day, -days, chance.randrange(7 * 60, 17 * 60))


def _moment(day: date, days: int, minutes: int) -> datetime:
    return datetime.combine(day + timedelta(days=days), time(), UTC) + timedelta(minutes=minutes)


def _person(who: Employee, came: datetime, states: _States, ids: dict[str, int]) -> dict[str, Any]:
    """The row of one person whose manager has an id."""
    return {
        "email": who.email,
        "name": who.name,
        "created_at": came,
        "confirmed_at": None if who.email in states.unconfirmed else came + timedelta(minutes=9),
        "disabled_at": came + timedelta(days=20) if who.email in states.disabled else None,
        "department": who.department,
        "site": who.site,
        "time_zone": who.zone,
        "country": who.country,
        "hours": who.hours,
        "languages": who.languages,
        "grade": who.grade,
        "manager_id": ids[who.manager.email] if who.manager else None,
        "style": who.style,
    }


def _roles(company: Iterable[Employee]) -> list[tuple[str, Role]]:
    """Who is more than a member: addresses with roles."""
    lawyer = next(
        each for each in company if each.department == "Legal and Compliance" and each.grade == HEAD
    )
    return [
        (address(PETRA.name), Role.STAFF),
        (address(ADA.name), Role.ADMIN),
        (address(RUTH.name), Role.SPONSOR),
        (lawyer.email, Role.CONCERN_CONTACT),
    ]


def _write_programmes(ids: dict[str, int], day: date) -> int:
    """Write the season that is open and the one of last year; answers the id of the first."""
    starts = next_start(day)
    name = f"Digital fluency, {SEASONS[starts.month % 12 // 3]} {starts.year}"
    digital = _programme(name, DIGITAL_PROMISE, starts, _moment(day, -35, 540))
    before = first_monday(day, -14)
    inclusion = _programme(
        f"Inclusion dialogue, {before.year}", INCLUSION_PROMISE, before, _moment(before, -60, 540)
    )
    both = _insert(Programme, [digital, inclusion | {"label": "two-way", "state": ProgrammeState.FINISHED}])
    petra = ids[address(PETRA.name)]
    db.session.execute(insert(ProgrammeStaff), [{"programme_id": each, "person_id": petra} for each in both])
    return both[0]


def _write_what_comes_next(ids: dict[str, int], day: date) -> None:
    """A season that is open for sign-up beside the one that has begun."""
    starts = next_start(day)
    name = f"Two-way learning, {SEASONS[starts.month % 12 // 3]} {starts.year}"
    [made] = _insert(
        Programme, [_programme(name, TWO_WAY_PROMISE, starts, _moment(day, -9, 600)) | {"label": "two-way"}]
    )
    db.session.add(ProgrammeStaff(programme_id=made, person_id=ids[address(PETRA.name)]))


def _programme(name: str, promise: str, starts: date, made: datetime) -> dict[str, Any]:
    """Six hours, one a month, led by the mentor; open for sign-up."""
    return {
        "name": name,
        "promise": promise,
        "label": "reverse",
        "state": ProgrammeState.OPEN,
        "sign_up_until": starts - timedelta(days=7),
        "starts_on": starts,
        "ends_on": first_monday(starts, 6) - timedelta(days=3),
        "leads": "mentor",
        "rules": dict(DEFAULT_RULES),
        "weights": dict(DEFAULT_WEIGHTS),
        "created_at": made,
    }


def _write_sign_ups(joining: Sequence[SignUp], season: int, ids: dict[str, int]) -> None:
    """Write the enrolments with their wishes, and whom they would rather not meet."""
    enrolments = _insert(Enrolment, [_enrolment(each, season, ids[each.who.email]) for each in joining])
    together = list(zip(enrolments, joining, strict=True))
    wishes = [
        {
            "enrolment_id": one,
            "topic_id": wish.topic,
            "side": wish.side,
            "level": wish.level,
            "rank": wish.rank,
        }
        for one, each in together
        for wish in each.wishes
    ]
    avoided = [
        {"enrolment_id": one, "person_id": ids[other.email]}
        for one, each in together
        for other in each.avoided
    ]
    db.session.execute(insert(Wish), wishes)
    db.session.execute(insert(Avoided), avoided)


def _enrolment(made: SignUp, season: int, person: int) -> dict[str, Any]:
    """The row of one sign-up."""
    return {
        "programme_id": season,
        "person_id": person,
        "as_mentor": made.part != "mentee",
        "as_mentee": made.part != "mentor",
        "mentor_capacity": made.mentor_capacity,
        "mentee_capacity": made.mentee_capacity,
        "place": made.place,
        "off_the_table": made.off_the_table,
        "state": made.state,
        "steps_done": made.steps_done,
        "paused_until": made.paused_until,
        "begun_at": made.begun_at,
        "joined_at": made.joined_at,
    }


def _insert(model: type[Row], rows: list[dict[str, Any]]) -> list[int]:
    """Write rows of a table whose ids the database gives; answers the ids in the order of the rows."""
    made = insert(model).returning(model.id, sort_by_parameter_order=True)  # type: ignore[attr-defined]  # all of ours have one
    return list(db.session.scalars(made, rows))
