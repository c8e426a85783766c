"""What the front shows: the reader's pairings and what is next in each, their programmes, and the staff's
numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from portal.clock import now, today
from portal.core.lifecycle import (
    OPEN_PAIRINGS,
    CheckInState,
    EnrolmentState,
    PairingEnd,
    PairingState,
    ProgrammeState,
)
from portal.db import db
from portal.letters.models import OutboxLetter
from portal.pairings import queries as pairings
from portal.pairings import words
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme, Wish
from portal.programmes.queries import may_join, visible_to
from portal.schedule import queries as schedule
from portal.schedule.models import CheckIn, Milestone
from portal.settings import current
from portal.web.template_globals import day, readers_zone

CURRENT = (ProgrammeState.OPEN.value, ProgrammeState.RUNNING.value)


@dataclass(frozen=True)
class WhyNot:
    """Why nobody was found for the reader in one role, and what would change it, in words."""

    role: str
    said: str


@dataclass(frozen=True)
class Place:
    """A programme of now and the reader's enrolment in it, if any; `why` nobody was found for them when pairs
    were made, and the `last` pairing of theirs that came to nothing or is over.
    """

    programme: Programme
    enrolment: Enrolment | None
    why: tuple[WhyNot, ...] = ()
    last: Pairing | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the programme is under way, so that pairs are made while it runs."""
        return self.programme.state == ProgrammeState.RUNNING or self.programme.starts_on <= _today()

    @property
    def may_join(self) -> bool:
        """Whether the reader can complete their sign-up now."""
        return self.enrolment is not None and may_join(self.enrolment, _today())

    def lost(self, person_id: int) -> str:
        """How the last one was lost, from a person's side: "no" (they said no), "silence" (they let the time
        pass), "over" (it had begun and has ended), "nothing" (it did not come about); "" for none.
        """
        last = self.last
        if last is None or last.end_reason == PairingEnd.COMPLETE:
            return ""
        if last.active_at is not None:
            return "over"
        side = pairings.side_of(last, person_id)
        said_no = {"mentee": PairingEnd.MENTEE_DECLINED, "mentor": PairingEnd.MENTOR_DECLINED}
        if last.end_reason == said_no.get(side or ""):
            return "no"
        silent = "mentor" if last.mentee_accepted_at else "mentee"
        return "silence" if last.end_reason == PairingEnd.EXPIRED and side == silent else "nothing"


@dataclass(frozen=True)
class Numbers:
    """What staff look at first. `new` people came within seven days."""

    people: int
    new: int
    mentors: int
    mentees: int
    failed_letters: int
    pairings: Mapping[str, int]

    @property
    def left(self) -> int:
        """How many wishes for a match nobody meets yet."""
        return self.mentors + self.mentees


@dataclass(frozen=True)
class Pair:
    """One of the reader's pairings with its check-ins and milestones, both in time order, as they stand `at`
    a moment.
    """

    pairing: Pairing
    side: str
    check_ins: Sequence[CheckIn]
    milestones: Sequence[Milestone]
    at: datetime

    @property
    def partner(self) -> Person:
        """The other one of the two."""
        return self.pairing.mentee if self.side == "mentor" else self.pairing.mentor

    @property
    def asked(self) -> bool:
        """Whether the pairing is offered and it is the reader's turn to answer: the senior's first, then the
        junior's.
        """
        turn = "mentor" if self.pairing.mentee_accepted_at else "mentee"
        return self.pairing.state == PairingState.OFFERED and self.side == turn

    @property
    def following(self) -> CheckIn | None:
        """The check-in that is now or comes next."""
        planned = (each for each in self.check_ins if each.state == CheckInState.PLANNED)
        return next((each for each in planned if each.ends_at > self.at), None)

    @property
    def unmarked(self) -> CheckIn | None:
        """The latest check-in that is over and of which nobody has said whether it took place."""
        over = [each for each in self.check_ins if each.ends_at <= self.at]
        return over[-1] if over and over[-1].state == CheckInState.PLANNED else None

    @property
    def what_next(self) -> str:
        """The one next thing to do here, as a word; what wants the reader's answer comes first."""
        state = self.pairing.state
        if state == PairingState.OFFERED:
            return "answer" if self.asked else "wait"
        if state != PairingState.ACTIVE:
            return str(state)
        if self.unmarked:
            return "tell"
        if self.following:
            return "meet"
        return "close" if self.check_ins else "plan"

    @property
    def points(self) -> list[tuple[str, str]]:
        """The line of check-ins: the month of each, and whether it is done or now; skipped
        ones stay empty.
        """
        now = self.following
        return [(day(each.starts_at, "MMM"), _mark_of(each, now)) for each in self.check_ins]

    @property
    def coming_milestone(self) -> Milestone | None:
        """The next day to keep in mind."""
        today = self.at.date()
        return next((each for each in self.milestones if each.due_on >= today and each.done_at is None), None)

    @property
    def leads(self) -> str:
        """Who leads the conversation: mentor, mentee or both."""
        return self.pairing.programme.leads

    def number_of(self, check_in: CheckIn) -> int:
        """The place of a check-in among all of the pairing, from 1."""
        return 1 + [each.id for each in self.check_ins].index(check_in.id)

    @property
    def when_in_words(self) -> str:
        """A heading for the check-in that comes next: the weekday within a week, else the day."""
        following = self.following
        if following is None:
            return ""
        days = (
            following.starts_at.astimezone(readers_zone()).date() - self.at.astimezone(readers_zone()).date()
        ).days
        if days == 0:
            return _("You meet %(name)s today", name=self.partner.name)
        when = day(following.starts_at, "EEEE" if days < 7 else "d MMMM")
        return _("You meet %(name)s on %(day)s", name=self.partner.name, day=when)


def _mark_of(check_in: CheckIn, now: CheckIn | None) -> str:
    if check_in.state == CheckInState.MET:
        return "done"
    return "now" if now is not None and check_in.id == now.id else ""


URGENT = ("answer", "tell", "plan", "meet", "wait", "close", "paused", "ended")
"""What comes first on the page when somebody has several pairings."""


def pairs_of(person: Person, at: datetime) -> list[Pair]:
    """The reader's pairings, the most urgent first; those that ended more than a month ago are left out."""
    mine = [each for each in pairings.pairings_of(person.id) if not _long_over(each, at)]
    ids = [each.id for each in mine]
    check_ins, milestones = schedule.check_ins_of_many(ids), schedule.milestones_of_many(ids)
    pairs = [
        Pair(
            each,
            pairings.side_of(each, person.id) or "",
            check_ins.get(each.id, []),
            milestones.get(each.id, []),
            at,
        )
        for each in mine
    ]
    return sorted(pairs, key=lambda pair: URGENT.index(pair.what_next))


def pair_of(pairing: Pairing, person: Person, at: datetime) -> Pair:
    """One pairing as the reader stands to it; for staff the side is empty."""
    check_ins = schedule.check_ins_of_many([pairing.id]).get(pairing.id, [])
    milestones = schedule.milestones_of_many([pairing.id]).get(pairing.id, [])
    return Pair(pairing, pairings.side_of(pairing, person.id) or "", check_ins, milestones, at)


def _long_over(pairing: Pairing, at: datetime) -> bool:
    return pairing.ended_at is not None and pairing.ended_at < at - timedelta(days=30)


def places_of(person: Person) -> list[Place]:
    """The programmes of now, those the reader is in first, then the soonest."""
    programmes = db.session.scalars(
        select(Programme).where(Programme.state.in_(CURRENT)).order_by(Programme.starts_on, Programme.id)
    ).all()
    mine = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.person_id == person.id, Enrolment.programme_id.in_([each.id for each in programmes]))
        .options(selectinload(Enrolment.wishes).joinedload(Wish.topic))
    )
    by_programme = {each.programme_id: each for each in mine}
    why = why_not(person, list(by_programme.values()))
    last = _last_lost(person, list(by_programme))
    places = [
        Place(each, by_programme.get(each.id), why.get(each.id, ()), last.get(each.id)) for each in programmes
    ]
    return sorted(
        (each for each in places if each.enrolment or each.programme.state == ProgrammeState.OPEN),
        key=lambda each: each.enrolment is None,
    )


def _today() -> date:
    return today(ZoneInfo(current().default_time_zone))


def _last_lost(person: Person, programme_ids: Sequence[int]) -> dict[int, Pairing]:
    """By programme, the latest pairing that the person was asked about and that is over."""
    over = (PairingState.DECLINED, PairingState.ENDED)
    theirs = or_(Pairing.mentor_id == person.id, Pairing.mentee_id == person.id)
    rows = db.session.scalars(
        select(Pairing)
        .where(theirs, Pairing.programme_id.in_(programme_ids), Pairing.state.in_(over))
        .order_by(Pairing.ended_at, Pairing.id)
    )
    return {each.programme_id: each for each in rows if pairings.was_asked(each, person.id)}


def why_not(person: Person, enrolments: Sequence[Enrolment]) -> dict[int, tuple[WhyNot, ...]]:
    """By programme, why nobody was found for somebody who waits: what the plan that was published says of
    them.
    """
    waiting = {each.id: each for each in enrolments if each.state == EnrolmentState.WAITING}
    if not waiting:
        return {}
    met = _met(person)
    found = {}
    for number, rows in pairings.why_left_over(list(waiting)).items():
        enrolment = waiting[number]
        found[enrolment.programme_id] = tuple(
            WhyNot(each.role, words.sentence(each.template, each.args, each.role))
            for each in rows
            if each.role in _roles(enrolment) and (enrolment.programme_id, each.role) not in met
        )
    return found


def has_match(person: Person, enrolment: Enrolment) -> bool:
    """Whether there is somebody for a person in every role they joined a programme in, as far as they were
    told.
    """
    mine = {(enrolment.programme_id, role) for role in _roles(enrolment)}
    return enrolment.state == EnrolmentState.WAITING and bool(mine) and mine <= _met(person)


def _met(person: Person) -> set[tuple[int, str | None]]:
    """The programmes, and the roles in them, in which the person has an open pairing that they know of."""
    found = pairings.pairings_of(person.id)
    return {
        (each.programme_id, pairings.side_of(each, person.id))
        for each in found
        if each.state in OPEN_PAIRINGS
    }


def _roles(enrolment: Enrolment) -> set[str]:
    return {
        role for role, joined in (("mentor", enrolment.as_mentor), ("mentee", enrolment.as_mentee)) if joined
    }


def numbers(person: Person) -> Numbers:
    """The numbers of a member of staff, in four queries; of matching only what their own programmes have."""
    theirs = visible_to(person).with_only_columns(Programme.id).where(Programme.state.in_(CURRENT))
    people, new = db.session.execute(
        select(func.count(), func.count().filter(Person.created_at > now() - timedelta(days=7))).select_from(
            Person
        )
    ).one()
    mentors, mentees = db.session.execute(
        select(
            func.count().filter(Enrolment.as_mentor, ~_has_partner(Pairing.mentor_id)),
            func.count().filter(Enrolment.as_mentee, ~_has_partner(Pairing.mentee_id)),
        ).where(Enrolment.state == EnrolmentState.WAITING, Enrolment.programme_id.in_(theirs))
    ).one()
    by_state = select(Pairing.state, func.count()).where(Pairing.programme_id.in_(theirs))
    pairings = {row[0]: int(row[1]) for row in db.session.execute(by_state.group_by(Pairing.state))}
    failed = db.session.scalar(select(func.count()).where(OutboxLetter.state == "failed")) or 0
    return Numbers(people, new, mentors, mentees, failed, pairings)


def _has_partner(side: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether somebody enrolled has an open pairing on that side."""
    return exists().where(
        side == Enrolment.person_id,
        Pairing.programme_id == Enrolment.programme_id,
        Pairing.state.in_(OPEN_PAIRINGS),
    )
