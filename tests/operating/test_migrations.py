"""Migrations that change what is stored, forth and back."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from portal.clock import now
from portal.db import db, transaction
from portal.operating import migrations
from portal.pairings.models import LeftOver, MatchRun, Pairing, PriceTable, Proposal
from portal.people.models import Person
from portal.programmes.models import Topic
from tests.busy import busy
from tests.pairings.company import Company, company_of
from tests.pairings.crowd import ask
from tests.personas import Factories
from tests.source import HOUSE

pytestmark = pytest.mark.both_databases
MIGRATIONS = sorted((HOUSE / "migrations" / "versions").glob("*.py"))


@pytest.fixture
def company(make: Factories, staff: Person) -> Company:
    return company_of(make, staff)


def stored(model: type[Pairing | Proposal]) -> list[dict[str, Any]]:
    """The args of the sentences in a table's first row."""
    db.session.rollback()
    db.session.expire_all()
    [row] = db.session.scalars(db.select(model)).all()
    return [part["args"] for part in row.parts]


def test_names_leave_stored_scores_and_come_back(app: Flask, company: Company, make: Factories) -> None:
    mentor, mentee = company.mentor("Jonas Junior"), company.mentee("Selma Senior")
    company.pairing(mentor, mentee)
    run_id, topic = ask(company), company.topic
    ids = {"mentor_enrolment_id": company.enrolments["Jonas Junior"].id}
    ids |= {"mentee_enrolment_id": company.enrolments["Selma Senior"].id, "run_id": run_id}
    parts = [{"name": "interests", "points": 1, "template": "%(mentor)s", "args": {"topic": topic.id}}]
    make.add(Proposal(score=1, parts=parts, **ids))
    left = {"run_id": run_id, "enrolment_id": ids["mentor_enrolment_id"], "role": "mentor", "template": "-"}
    make.add(LeftOver(args={"topic": topic.id, "opened": 2}, **left))
    before = stored(Pairing), stored(Proposal)

    migrations.downgrade(app, revision="0005")
    names = {"mentor": "Jonas Junior", "mentee": "Selma Senior"}
    assert stored(Proposal) == [{**names, "topic": topic.label}]
    assert stored(Pairing)[:2] == [{**names, "topic": topic.label}, {**names, "hours": 30}]
    assert db.session.scalars(db.select(LeftOver)).one().args == {"topic": topic.label, "opened": 2}

    migrations.upgrade(app)
    assert (stored(Pairing), stored(Proposal)) == before
    assert db.session.scalars(db.select(LeftOver)).one().args == {"topic": topic.id, "opened": 2}


def test_what_a_topic_was_called_that_is_called_otherwise_now_stays(app: Flask, company: Company) -> None:
    company.pairing("Jonas Junior", "Selma Senior")
    migrations.downgrade(app, revision="0005")
    former = company.topic.label
    with transaction():
        db.session.get_one(Topic, company.topic.id).label = "Called otherwise"
    migrations.upgrade(app)
    assert stored(Pairing)[0] == {"topic": former}


def test_old_sentences_of_failures_go_since_they_may_name_anybody(app: Flask, company: Company) -> None:
    run_id = company.run("failed", error="Jonas Junior and Selma Senior share no language.").id
    with transaction():
        db.session.add(PriceTable(programme_id=company.programme.id, wanted_at=now(), problem="Jonas"))
    migrations.downgrade(app, revision="0009")
    with transaction():
        db.session.get_one(MatchRun, run_id).error = "Jonas Junior and Selma Senior share no language."
        db.session.add(PriceTable(programme_id=company.programme.id, wanted_at=now(), problem="Jonas"))
    migrations.upgrade(app)
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(MatchRun, run_id).error is None
    assert db.session.scalars(db.select(PriceTable)).all() == []


def rows() -> dict[str, int]:
    """How many rows each table has."""
    names = [name for name in inspect(db.engine).get_table_names() if name != "alembic_version"]
    with db.engine.connect() as connection:
        counts = {name: f'SELECT count(*) FROM "{name}"' for name in names}  # noqa: S608  # our own names
        return {name: connection.execute(text(count)).scalar_one() for name, count in counts.items()}


@pytest.mark.parametrize("revision", [path.name[:4] for path in MIGRATIONS[:-1]])
def test_no_row_is_lost_on_the_way_from_an_earlier_release(
    app: Flask, make: Factories, staff: Person, revision: str
) -> None:
    busy(make, staff, make.person("Mara Member"))
    db.session.rollback()  # nothing of ours may hold a table while it is changed
    everything = rows()
    migrations.downgrade(app, revision=revision)
    earlier = rows()
    assert {name: everything[name] for name in earlier} == earlier
    migrations.upgrade(app)
    assert {name: many for name, many in rows().items() if name in earlier} == earlier
