"""What a person's calendar shows: the one function behind feeds, CalDAV accounts and invitations."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from urllib.parse import urlsplit

from flask_babel import force_locale

from portal.calendars import queries, words
from portal.calendars.choices import Choice, choice_of
from portal.core.calendar.documents import Day, Entry, MeetingSeries, Occurrence
from portal.core.lifecycle import CheckInState
from portal.db import db
from portal.pairings.models import Pairing
from portal.pairings.queries import partner
from portal.people.models import Person
from portal.schedule import queries as schedule
from portal.schedule.models import CheckIn, Milestone
from portal.settings import current


def entries_of(person_id: int, *, pairing_id: int | None = None) -> list[Entry]:
    """All entries of a person, or those of one pairing of theirs, in their language; six queries whatever
    their number.

    A pairing that has ended keeps what began before its end; a series without a meeting left is omitted.
    """
    person = db.session.get(Person, person_id)
    if person is None:
        return []
    pairings = {pairing.id: pairing for pairing in queries.shown_pairings(person_id, pairing_id)}
    check_ins = schedule.check_ins_of_many(list(pairings))
    milestones = schedule.milestones_of_many(list(pairings))
    cuts, choice = schedule.cuts_of_many(list(pairings)), choice_of(person_id)
    entries: list[Entry] = []
    with in_language_of(person):
        for pairing in pairings.values():
            rows = check_ins.get(pairing.id, [])
            entries += _all_series(rows, cuts.get(pairing.id, []), pairing, person, choice)
            entries += (_day(row, pairing, person, choice) for row in milestones.get(pairing.id, []))
    return entries


def stamp_of(person_id: int) -> int:
    """The version of everything that `entries_of` returns for a person. One query."""
    return queries.stamps_of([person_id]).get(person_id, 0)


def in_language_of(person: Person) -> AbstractContextManager[None]:
    """The person's language, or English if they never chose one, since no browser asks for a calendar."""
    return force_locale(person.locale or "en")


def page_of(pairing: Pairing) -> str:
    """The address of a pairing's page."""
    return f"{current().public_url}/pairings/{pairing.id}"


def uid_of(kind: str, uid: str, generation: int = 1) -> str:
    """The UID of an entry, the same in every calendar: `<kind>-<uuid>-g<generation>@<host>`."""
    return f"{kind}-{uid}-g{generation}@{urlsplit(current().public_url).hostname}"


def _all_series(
    check_ins: Sequence[CheckIn], cuts: Sequence[datetime], pairing: Pairing, person: Person, choice: Choice
) -> Iterator[MeetingSeries]:
    by_series: dict[int, list[CheckIn]] = defaultdict(list)
    for check_in in check_ins:
        by_series[check_in.series_id].append(check_in)
    for _, rows in sorted(by_series.items()):
        entry = _series(sorted(rows, key=lambda row: row.number), cuts, pairing, person, choice)
        if entry.held:
            yield entry


def _series(
    rows: Sequence[CheckIn], cuts: Sequence[datetime], pairing: Pairing, person: Person, choice: Choice
) -> MeetingSeries:
    series, other = rows[0].series, partner(pairing, person.id)
    revision, revised_at = schedule.revision_of(series, cuts)
    return MeetingSeries(
        uid=uid_of("check-ins", series.uid),
        revision=revision,
        revised_at=revised_at,
        zone=series.zone,
        first_on=series.first_on,
        at=series.local_time,
        minutes=series.minutes,
        every=series.every,
        unit=series.unit,
        count=series.count,
        summary=words.check_in(other),
        description=words.about_check_in(series, pairing, page_of(pairing)),
        location=series.place or series.link,
        url=page_of(pairing),
        alarms=choice.alarms,
        occurrences=tuple(
            Occurrence(row.number, row.rule_on, row.starts_at, row.minutes, row.state == CheckInState.SKIPPED)
            for row in rows
        ),
    )


def _day(row: Milestone, pairing: Pairing, person: Person, choice: Choice) -> Day:
    return Day(
        uid=uid_of("milestone", row.uid),
        revision=row.revision,
        revised_at=row.revised_at,
        on=row.due_on,
        summary=words.milestone(row.kind, partner(pairing, person.id)),
        description=words.about_milestone(row, pairing, page_of(pairing)),
        url=page_of(pairing),
        alarms=choice.alarms_of_days,
    )
