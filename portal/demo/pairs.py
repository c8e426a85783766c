"""What became of the demo's sign-ups: matched, met for two months, or through to the end. Told with the
portal's own verbs.

Each verb is given the moment at which it would have happened, so that the past looks like one.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from portal.core.hours import cadence
from portal.core.lifecycle import CheckInState, PairingEnd, PairingState, ProgrammeState
from portal.core.matching.engine import match
from portal.db import db
from portal.demo.company import JOAO, MIRA, PETRA, address
from portal.errors import Invalid
from portal.pairings import queries
from portal.pairings.board import actions
from portal.pairings.matching import runs
from portal.pairings.matching.drafts import keep_run
from portal.pairings.matching.problem import problem_of
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.offers import publishing
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.schedule import planning
from portal.schedule.queries import check_ins_of

DECLINED, UNANSWERED, UNPLANNED, STILL_DRAFT = 2, 2, 2, 2
"""How many pairings, in a season that runs, were declined, wait for an answer, have no times yet, are not
published yet.
"""
MET_PERCENT = 88
HOURS = (time(10), time(11), time(14), time(15))
WEEKDAYS = (1, 2, 3)
PLACES = ("", "Room 4.12", "The canteen, upstairs", "")
LINK = "https://video.nordlicht.invalid/"


def tell(stage: str, programme: Programme, ids: Mapping[str, int], *, at: datetime, now: datetime) -> None:
    """Go on from sign-up to `stage`, inside the open transaction; `at` is when sign-up stood as it does."""
    petra = db.session.get_one(Person, ids[address(PETRA.name)])
    first = (ids[address(MIRA.name)], ids[address(JOAO.name)])
    drafts = _match(programme, petra, first, at)
    if stage == "matched":
        return
    chance = Random(f"{programme.name} {len(ids)}")  # noqa: S311 - a play, not a secret
    known = [each for each in drafts if (each.mentor_id, each.mentee_id) == first]
    others = [each for each in drafts if each not in known]
    _answer([*known, *others], petra, at, now, chance, finished=stage == "finished")
    active = [each for each in [*known, *others] if each.state == PairingState.ACTIVE]
    for pairing in active[: len(active) - (UNPLANNED if stage == "running" else 0)]:
        _plan(
            pairing,
            programme,
            at + timedelta(days=9),
            now,
            chance,
            soon=pairing in known and stage == "running",
        )
        _meet(pairing, now, chance, all_of_them=stage == "finished" or pairing in known)
    programme.state = ProgrammeState.RUNNING if stage == "running" else ProgrammeState.FINISHED
    if stage == "finished":
        for pairing in active:
            offers.end(pairing, by=petra, at=now - timedelta(days=3), reason=PairingEnd.COMPLETE)


def _match(programme: Programme, by: Person, first: tuple[int, int], at: datetime) -> Sequence[Pairing]:
    """Run the engine once with the two whom one signs in as together, and keep what it found."""
    actions.add(programme, mentor_id=first[0], mentee_id=first[1], locked=True, by=by.id, at=at)
    run = runs.ask_run(programme, by=by, at=at)
    db.session.flush()
    result = match(problem_of(programme, on=at.date()))
    runs.store(run, result, at=at, seconds=0.0)
    keep_run(run, by=by, at=at)
    db.session.flush()
    return queries.open_pairings(programme.id)


def _answer(
    drafts: Sequence[Pairing], by: Person, at: datetime, now: datetime, chance: Random, *, finished: bool
) -> None:
    """Publish, and have nearly all say yes within the week. In a season that runs, a few
    are asked only now.
    """
    apart = 0 if finished else UNANSWERED + STILL_DRAFT
    offered = list(drafts)[: len(drafts) - apart]
    _publish(offered, by, at)
    declining = [] if finished else offered[-DECLINED:]
    for pairing in offered:
        day = at + timedelta(days=chance.randint(1, 3), minutes=chance.randrange(0, 300))
        if pairing in declining:
            offers.decline(pairing, by=pairing.mentee, at=day)
            continue
        offers.accept(pairing, by=pairing.mentee, at=day)
        offers.accept(pairing, by=pairing.mentor, at=day + timedelta(days=chance.randint(1, 3)))
    if not finished:
        late = list(drafts)[len(offered) : len(offered) + UNANSWERED]
        _publish(late, by, now - timedelta(days=1))
        offers.accept(late[0], by=late[0].mentee, at=now - timedelta(hours=5))


def _publish(pairings: Sequence[Pairing], by: Person, at: datetime) -> None:
    programme, only = pairings[0].programme, [each.id for each in pairings]
    preview = publishing.preview(programme, only=only)
    publishing.publish(programme, digest=preview.digest, only=only, by=by, at=at)


def _plan(
    pairing: Pairing, programme: Programme, at: datetime, now: datetime, chance: Random, *, soon: bool
) -> None:
    """Six check-ins, one a month. `soon` has the next one within the week, for whoever looks at the demo
    today.
    """
    zone = pairing.mentee.time_zone
    for _ in range(12):
        first_on = (
            _some_day(programme.starts_on, chance)
            if not soon
            else _so_that_the_next_is_near(now.date(), chance)
        )
        rule = cadence.Rule(1, "month", first_on, chance.choice(HOURS), zone, programme.meetings)
        try:
            planning.plan(
                pairing,
                rule=rule,
                minutes=programme.meeting_minutes,
                place=chance.choice(PLACES),
                link=LINK,
                by=pairing.mentee,
                at=at,
                seen=None,
            )
        except Invalid:
            continue
        return


def _some_day(start: date, chance: Random) -> date:
    """A Tuesday to Thursday in the first three weeks."""
    return start + timedelta(days=7 * chance.randint(0, 2) + chance.choice(WEEKDAYS))


def _so_that_the_next_is_near(today: date, chance: Random) -> date:
    """The day two months ago whose like in this month comes two to six days from now, whatever today is."""
    for days in range(2, 9):
        coming = today + timedelta(days=days)
        if coming.weekday() in WEEKDAYS and coming.day <= 28:
            break
    nth = (coming.day - 1) // 7
    year, month = divmod(coming.year * 12 + coming.month - 1 - 2, 12)
    first = date(year, month + 1, 1)
    return first + timedelta(days=(coming.weekday() - first.weekday()) % 7 + 7 * nth)


def _meet(pairing: Pairing, now: datetime, chance: Random, *, all_of_them: bool) -> None:
    """Say of each check-in that is over whether they met; of the latest, some have not said yet."""
    for check_in in check_ins_of(pairing.id):
        over = check_in.ends_at < now and check_in.state == CheckInState.PLANNED
        if not over:
            continue
        if all_of_them or chance.randrange(100) < MET_PERCENT:
            later = check_in.ends_at + timedelta(hours=2)
            planning.met(check_in, pairing, by=pairing.mentor, at=later, seen=check_in.version)
