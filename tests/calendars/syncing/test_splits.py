"""A change "from here on" is a split: one series ends, another begins under a UID of its own, and every
reader sees that.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask

from portal.calendars.entries import entries_of
from portal.core.calendar.documents import MeetingSeries, document_of, view_of, view_of_text
from portal.core.hours.cadence import Rule
from portal.db import db
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.schedule import planning
from portal.schedule.models import Series
from tests.calendars.feeds.test_feeds import ask, path_of
from tests.calendars.readers import READERS
from tests.conftest import Noise
from tests.personas import Factories
from tests.schedule.pairs import DAY, IN_NOVEMBER, act, fresh, make_pairing, plan, rows_of

LATER = Rule(2, "week", date(2026, 11, 19), time(16, 30), "America/New_York", 4)


@pytest.fixture
def pairing(make: Factories, noise: Noise) -> Pairing:
    """Jona and Sigrid, with another pairing beside them that has a plan of its own."""
    plan(make_pairing(make, mentor=noise.person, mentee=make.person("Quentin Quagmire")))
    return make_pairing(make)


def series_of(person: Person) -> list[MeetingSeries]:
    """The series in a person's calendar."""
    return [each for each in entries_of(person.id) if isinstance(each, MeetingSeries)]


def read_by_all(app: Flask, person: Person, query: str = "") -> list[datetime]:
    """When check-ins begin, as all readers of the person's feed agree."""
    text = ask(app, f"{path_of(person)}{query}").data
    found = {
        name: [(each.start, each.end) for each in reader([text])[0] if each.summary.startswith("Check-in")]
        for name, reader in READERS.items()
    }
    first = found.pop("ical.js")
    assert found == dict.fromkeys(found, first)
    return sorted(start for start, _ in first)


def test_planning_anew_ends_one_series_and_begins_another(app: Flask, pairing: Pairing) -> None:
    jona, first = fresh(pairing).mentor, plan(pairing)
    _october, november, december, *_ = rows_of(pairing)
    sigrid = fresh(pairing).mentee
    act(november.id, sigrid, planning.reschedule, starts_at=november.starts_at + 3 * timedelta(hours=1))
    act(december.id, sigrid, planning.reschedule, starts_at=december.starts_at + DAY)
    [before] = series_of(jona)
    second = plan(pairing, LATER, at=IN_NOVEMBER, seen=first.version, by="mentor")
    old, new = series_of(fresh(pairing).mentor)
    assert (old.uid, new.uid) == (before.uid, f"check-ins-{second.uid}-g1@localhost")
    assert old.uid != new.uid
    assert (old.revision, old.revised_at) == (before.revision + 1, IN_NOVEMBER)
    assert [each.starts_at for each in old.held] == [each.starts_at for each in before.held[:2]]
    assert new.revision == 0
    text = document_of(old).decode().replace("\r\n ", "")
    assert "RRULE:FREQ=MONTHLY;COUNT=2;BYDAY=2TU\r\n" in text
    assert not re.search("RANGE|THISANDFUTURE|RDATE", text + document_of(new).decode())
    for each in (old, new):
        assert view_of_text(document_of(each)) == view_of(each)
    wanted = sorted(each.starts_at for each in rows_of(pairing))
    assert len(wanted) == 2 + 4
    for person in (jona, sigrid):
        assert read_by_all(app, person) == read_by_all(app, person, "?flat=1") == wanted


def test_a_series_of_which_nothing_has_begun_leaves_nothing_behind(app: Flask, pairing: Pairing) -> None:
    first = plan(pairing)
    second = plan(pairing, LATER, seen=first.version)
    [only] = series_of(fresh(pairing).mentor)
    assert only.uid == f"check-ins-{second.uid}-g1@localhost"
    assert read_by_all(app, fresh(pairing).mentor) == [each.starts_at for each in rows_of(pairing)]


def test_what_was_brought_forward_and_held_stays_where_it_was(app: Flask, pairing: Pairing) -> None:
    first = plan(pairing)
    october, november, december, *_ = rows_of(pairing)
    sigrid = fresh(pairing).mentee
    early = datetime(2026, 11, 3, 9, tzinfo=UTC)
    act(november.id, sigrid, planning.skip)
    act(december.id, sigrid, planning.reschedule, starts_at=early)
    plan(
        pairing,
        LATER,
        at=IN_NOVEMBER,
        seen=db.session.get_one(Series, first.id, populate_existing=True).version,
    )
    old, _ = series_of(sigrid)
    assert [each.starts_at for each in old.held] == [october.starts_at, early]
    assert "RRULE:FREQ=MONTHLY;COUNT=3;BYDAY=2TU" in document_of(old).decode()
    assert read_by_all(app, sigrid)[:2] == [october.starts_at, early]
    assert len(read_by_all(app, sigrid)) == 2 + 4


def test_each_split_has_a_uid_that_was_never_used(app: Flask, pairing: Pairing) -> None:
    jona, seen, uids = fresh(pairing).mentor, None, set()
    for step in range(4):
        seen = plan(
            pairing, replace(LATER, at=time(10 + step)), at=IN_NOVEMBER + step * DAY, seen=seen
        ).version
        uids.add(series_of(jona)[-1].uid)
    assert len(uids) == 4
