"""A portal with made-up people and schedules for the benchmark of calendars: the same seed, the same
calendars.
"""

import base64
import os
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import insert, select, update

from portal.app import create_app
from portal.calendars import entries
from portal.core.calendar.documents import Entry
from portal.core.hours.cadence import Rule, occurrences
from portal.db import Model, db, transaction
from portal.pairings.models import Pairing
from portal.people import versions
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.schedule.models import CheckIn, Milestone, Series
from portal.settings import Settings

CHECK_INS = 24
ENTRIES = 4
"""Entries of one pairing in a calendar: a series of `CHECK_INS` meetings, and three days."""
BEGUN = datetime(2026, 1, 5, 9, tzinfo=UTC)
FIRST_ON = date(2026, 2, 3)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
MOVED, SKIPPED = (5, 11, 17), (8, 20)
"""Check-ins, by number, that were moved and that are left out."""
FIRST = ("Ada", "Björn", "Chloé", "Deniz", "Eszter", "Farah", "Gürkan", "Hanae", "Ines", "João")
LAST = ("Abel", "Brandão", "Çelik", "Dupont", "Ehlers", "Fjord", "García", "Hölzl", "Ito", "Kovács")
KEYS = {
    "SECRET_KEY": "a key that only benchmarks use, of fifty characters",
    "CREDENTIAL_KEYS": "k1:" + base64.b64encode(b"only benchmarks seal with this..").decode(),
}


def environment(folder: Path) -> dict[str, str]:
    """What a process of this portal finds in its environment."""
    own = {
        "PORTAL_INSTANCE": str(folder),
        "PUBLIC_URL": "http://localhost",
        "CALDAV_ALLOWED_HOSTS": "localhost",
        **KEYS,
    }
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")
        if name in os.environ
    }
    return kept | own


def application(folder: Path) -> Flask:
    """The portal on a fresh SQLite database, with one programme."""
    app = create_app(Settings.from_environment(environment(folder)))
    with app.app_context():
        db.create_all()
        about = {
            "name": "Reverse mentoring",
            "promise": "An hour every two weeks.",
            "state": "running",
            "leads": "mentor",
        }
        days = {"starts_on": FIRST_ON, "ends_on": FIRST_ON + timedelta(days=365), "created_at": BEGUN}
        _add(Programme, [{**about, **days}])
    return app


def people(many: int, seed: int) -> list[int]:
    """The ids of so many new people."""
    chance = Random(f"people {many} {seed}")  # noqa: S311 - a play, not a secret
    rows = [
        {
            "email": f"person{number}.{seed}@nordlicht.invalid",
            "name": f"{chance.choice(FIRST)} {chance.choice(LAST)}",
            "confirmed_at": BEGUN,
            "created_at": BEGUN,
            "time_zone": chance.choice(ZONES),
        }
        for number in range(many)
    ]
    _add(Person, rows)
    found = list(db.session.scalars(select(Person.id).order_by(Person.id.desc()).limit(many)))
    db.session.rollback()
    return found[::-1]


def ring_of(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs in which each of an even number of people comes three times."""
    many = len(ids)
    return [(ids[each], ids[(each + 1) % many]) for each in range(many)] + [
        (ids[each], ids[each + many // 2]) for each in range(many // 2)
    ]


def pair_up(pairs: Sequence[tuple[int, int]], seed: int) -> None:
    """Running pairings (mentor, mentee), each with 24 check-ins, some of them moved or left out, and three
    milestones.
    """
    chance = Random(f"pairs {len(pairs)} {seed}")  # noqa: S311 - a play, not a secret
    programme_id = db.session.scalars(select(Programme.id)).first()
    pairings: list[dict[str, Any]] = []
    for mentor, mentee in pairs:
        facts = {"programme_id": programme_id, "mentor_id": mentor, "mentee_id": mentee, "state": "active"}
        pairings.append({**facts, "score": 7000, "parts": [], "created_at": BEGUN, "active_at": BEGUN})
    many = len(pairs)
    _add(Pairing, pairings)
    ids = list(db.session.scalars(select(Pairing.id).order_by(Pairing.id.desc()).limit(many)))[::-1]
    _add(Series, [_series(each, chance) for each in ids])
    series = list(db.session.scalars(select(Series).where(Series.pairing_id.in_(ids))))
    check_ins = [row for each in series for row in _check_ins(each)]
    days = {
        "kick-off": FIRST_ON,
        "midpoint": FIRST_ON + timedelta(days=168),
        "closing": FIRST_ON + timedelta(days=330),
    }
    _add(CheckIn, check_ins)
    _add(
        Milestone,
        [
            {"uid": _uid(chance), "pairing_id": each, "kind": kind, "due_on": day, "revised_at": BEGUN}
            for each in ids
            for kind, day in days.items()
        ],
    )
    with transaction():
        versions.raise_calendar(each for pair in pairs for each in pair)


def entries_of(person_id: int) -> list[Entry]:
    """What a person's calendar shows."""
    found = entries.entries_of(person_id)
    db.session.rollback()
    return found


def change(person_id: int, share: float) -> list[str]:
    """Move something in every so many entries of a person; the UIDs of those changed."""
    changed = entries_of(person_id)[:: max(1, round(1 / share))]
    uids = [each.uid.partition("-")[2].rpartition("-g")[0].removeprefix("ins-") for each in changed]
    with transaction():
        for model in (Series, Milestone):
            revised = {"revision": model.revision + 1, "revised_at": BEGUN + timedelta(days=30)}
            _quietly(update(model).where(model.uid.in_(uids)).values(revised))
        _quietly(
            update(Milestone).where(Milestone.uid.in_(uids)).values(due_on=FIRST_ON + timedelta(days=40))
        )
        chosen = select(Series.id).where(Series.uid.in_(uids))
        query = select(CheckIn).where(CheckIn.number == 2, CheckIn.series_id.in_(chosen))
        for check_in in db.session.scalars(query):
            check_in.starts_at += timedelta(hours=2)
        versions.raise_calendar([person_id])
    return [each.uid for each in changed]


def _quietly(query: Any) -> None:
    db.session.execute(query.execution_options(synchronize_session=False))


def _add(model: type[Model], rows: Sequence[dict[str, Any]]) -> None:
    with transaction():
        db.session.execute(insert(model), rows)


def _series(pairing_id: int, chance: Random) -> dict[str, Any]:
    rule = {
        "every": 2,
        "unit": "week",
        "first_on": FIRST_ON + timedelta(days=chance.randrange(5)),
        "count": CHECK_INS,
    }
    when = {"local_time": time(chance.randrange(9, 17)), "zone": chance.choice(ZONES), "minutes": 60}
    place = {
        "place": f"Room {chance.randrange(1, 6)}.{chance.randrange(10, 40)}",
        "created_at": BEGUN,
        "revised_at": BEGUN,
    }
    return {"uid": _uid(chance), "pairing_id": pairing_id, **rule, **when, **place}


def _check_ins(series: Series) -> list[dict[str, Any]]:
    rule = Rule(series.every, series.unit, series.first_on, series.local_time, series.zone, series.count)
    rows = []
    for number, day in enumerate(occurrences(rule), 1):
        starts_at = datetime.combine(day, series.local_time, ZoneInfo(series.zone)).astimezone(UTC)
        starts_at += timedelta(days=1, hours=1) if number in MOVED else timedelta()
        state = "skipped" if number in SKIPPED else "planned"
        facts = {"series_id": series.id, "number": number, "rule_on": day, "starts_at": starts_at}
        rows.append({**facts, "minutes": series.minutes, "state": state})
    return rows


def _uid(chance: Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
