"""How far a demo season has come: matched, running, finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from portal.app import create_app
from portal.clock import now
from portal.db import db
from portal.demo import load as demo
from portal.letters.models import OutboxLetter
from portal.pairings.models import MatchRun, Pairing
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.schedule import queries as schedule
from portal.schedule.models import CheckIn
from tests.databases import SqliteFiles
from tests.demo.conftest import Load
from tests.demo.test_load import counted, named
from tests.personas import settings_for_tests
from tests.visitor import Visitor


def states() -> Counter[str]:
    return Counter(db.session.scalars(select(Pairing.state)))


def test_matched_stops_at_drafts_and_nobody_has_a_letter_yet(load: Load) -> None:
    load(stage="matched")
    assert set(states()) == {"draft"}
    assert states()["draft"] > 30
    run = db.session.scalars(select(MatchRun)).one()
    assert (run.state, run.kept_at is not None) == ("done", True)
    assert counted(OutboxLetter) == 0
    known = db.session.scalars(select(Pairing).where(Pairing.locked)).one()
    assert (known.mentor_id, known.mentee_id) == (named("Mira Kaya").id, named("João Duarte").id)


def test_in_a_running_season_most_meet_and_the_two_one_signs_in_as_meet_within_days(
    load: Load,
) -> None:
    load(stage="running")
    assert states()["active"] > 25
    assert all(states()[state] for state in ("offered", "declined", "draft"))
    joao = named("João Duarte")
    coming = [each for each in schedule.coming(joao, now()) if each["starts_at"]]
    assert coming[0]["partner"] == "Mira Kaya"
    assert now() < coming[0]["starts_at"] < now() + timedelta(days=12)
    met = Counter(db.session.scalars(select(CheckIn.state)))
    assert met["met"] > 30
    for each in db.session.scalars(select(CheckIn).where(CheckIn.state == "met")):
        assert each.starts_at < now()
    assert db.session.scalars(select(Programme.state).order_by(Programme.id)).all() == [
        "running",
        "finished",
        "open",
    ]


def test_a_finished_season_has_met_and_ended(load: Load) -> None:
    load(stage="finished")
    assert set(states()) == {"ended"}
    assert set(db.session.scalars(select(CheckIn.state))) == {"met"}
    assert set(db.session.scalars(select(Pairing.end_reason))) == {"complete"}


def test_the_same_number_and_stage_give_the_same_pairs(tmp_path: Path) -> None:
    files, found = SqliteFiles(tmp_path, "files"), []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        with files.fresh() as url, create_app(settings_for_tests(folder, url)).test_request_context():
            demo.load(people=60, stage="running")
            pairs = select(Pairing.mentor_id, Pairing.mentee_id, Pairing.state, Pairing.score).order_by(
                Pairing.id
            )
            times = select(CheckIn.series_id, CheckIn.starts_at, CheckIn.state).order_by(CheckIn.id)
            found.append((db.session.execute(pairs).all(), db.session.execute(times).all()))
            db.session.remove()
            db.engine.dispose()
    assert found[0] == found[1]


def test_every_sign_in_of_the_demo_has_something_to_do(
    load: Load, new_visitor: Callable[..., Visitor]
) -> None:
    load(stage="running")
    heads = {each.role: new_visitor(by_email(each.email)).get("/").heading for each in demo.SIGN_INS}
    assert heads["senior"].startswith("You meet Mira Kaya")
    assert heads["junior"].startswith("You meet João Duarte")


def by_email(email: str) -> Person:
    return db.session.scalars(select(Person).where(Person.email == email)).one()
