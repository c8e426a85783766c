"""The demo company is believable, always the same, and leaves a portal that is in use alone."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal import audit
from portal.app import create_app
from portal.clock import now, today
from portal.core.hours.weekly_hours import format_hours, parse_hours
from portal.core.matching.topics.index import CATALOGUE
from portal.db import Model, db
from portal.demo import load as demo
from portal.demo.company import SITES
from portal.errors import Invalid
from portal.people.accounts.passwords import check_strength, verify
from portal.people.addresses import clean_address
from portal.people.languages import parse_languages
from portal.people.models import STYLES, Person, RoleGrant
from portal.programmes.models import PLACES, Avoided, Enrolment, Programme, ProgrammeStaff, Wish
from portal.programmes.queries import STEPS, next_step, takes_sign_ups
from tests.databases import SqliteFiles
from tests.demo.conftest import Load
from tests.personas import Factories, settings_for_tests
from tests.sampling import sample

APART = {"password_hash", "at", "salt", "digest", "link"}
"""What differs from one portal to the next by its nature: salts, and when the loading itself was."""


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for what is apart."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for table in Model.metadata.sorted_tables:
        columns = [column for column in table.columns if column.name not in APART]
        rows = db.session.execute(select(*columns).order_by(*table.primary_key.columns)).mappings()
        tables[table.name] = [dict(row) for row in rows]
    return tables


def people() -> list[Person]:
    return list(db.session.scalars(select(Person).order_by(Person.id)))


def counted(model: type[Model]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def named(name: str) -> Person:
    return db.session.scalars(select(Person).where(Person.name == name)).one()


def season() -> Programme:
    return db.session.scalars(select(Programme).where(Programme.state == "open")).one()


@pytest.mark.parametrize("size", sample([30, 500, 120], 2))
def test_the_same_number_gives_the_same_company_in_every_fresh_database(size: int, tmp_path: Path) -> None:
    files, dumps = SqliteFiles(tmp_path, "files"), []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        with files.fresh() as url, create_app(settings_for_tests(folder, url)).app_context():
            demo.load(people=size)
            dumps.append(dump())
            db.session.remove()
            db.engine.dispose()
    assert dumps[0] == dumps[1]
    assert len(dumps[0]["person"]) == size


def test_the_tree_in_the_database_is_the_one_that_was_laid_out(load: Load) -> None:
    load()
    by_id = {each.id: each for each in people()}
    for each in by_id.values():
        seen, above = {each.id}, each.manager_id
        while above is not None:
            assert above not in seen
            seen.add(above)
            above = by_id[above].manager_id
    managed = [
        (each.grade or 0, by_id[each.manager_id].grade or 0) for each in by_id.values() if each.manager_id
    ]
    assert len(managed) == 119
    assert all(grade < manager for grade, manager in managed)


def test_nobody_can_be_reached_and_every_profile_holds(load: Load) -> None:
    load(people=500)
    for each in people():
        assert each.email.endswith(".invalid")
        assert clean_address(each.email) == each.email
        assert ZoneInfo(each.time_zone).key == SITES[each.site]["zone"]
        assert each.country == SITES[each.site]["country"]
        assert each.style in STYLES
        assert each.languages == parse_languages(",".join(each.languages))
        assert each.hours == format_hours(parse_hours(each.hours))
        assert each.grade in range(1, 10)
    assert {each.site for each in people()} == set(SITES)
    assert {each.style for each in people()} == set(STYLES)


def test_the_states_of_accounts_show(load: Load) -> None:
    load()
    unconfirmed = [each for each in people() if each.confirmed_at is None]
    disabled = [each for each in people() if each.disabled_at is not None]
    assert (len(unconfirmed), len(disabled)) == (3, 1)
    assert all(each.created_at > now() - timedelta(days=14) for each in unconfirmed)
    joined = set(db.session.scalars(select(Enrolment.person_id)))
    assert joined.isdisjoint(each.id for each in (*unconfirmed, *disabled))


def test_one_can_sign_in_as_staff_a_junior_a_senior_and_an_administrator(load: Load) -> None:
    load()
    found = {
        each.role: db.session.scalars(select(Person).where(Person.email == each.email)).one()
        for each in demo.SIGN_INS
    }
    assert {
        role: (person.name, person.department, person.site, person.roles) for role, person in found.items()
    } == {
        "staff": ("Petra Okonkwo", "People and Culture", "Vienna", {"member", "staff"}),
        "junior": ("Mira Kaya", "Marketing", "Berlin", {"member"}),
        "senior": ("João Duarte", "Finance", "Lisbon", {"member"}),
        "administrator": ("Ada Lindqvist", "Engineering", "Berlin", {"member", "admin"}),
    }
    assert all(person.is_active for person in found.values())
    for each in demo.SIGN_INS:
        assert verify(found[each.role].password_hash, each.password)
        check_strength(each.password, personal=(each.name, each.email))


def test_petra_runs_both_programmes_and_there_are_a_sponsor_and_a_concern_contact(
    load: Load,
) -> None:
    load()
    runs = db.session.execute(select(ProgrammeStaff.programme_id, ProgrammeStaff.person_id)).all()
    petra = named("Petra Okonkwo").id
    assert sorted(runs) == sorted((each, petra) for each in db.session.scalars(select(Programme.id)))
    roles = Counter(db.session.scalars(select(RoleGrant.role)))
    assert roles == {"staff": 1, "admin": 1, "sponsor": 1, "concern contact": 1}


def test_one_programme_is_open_and_one_of_last_year_is_over(load: Load) -> None:
    load()
    digital = season()
    over = db.session.scalars(select(Programme).where(Programme.state == "finished")).one()
    assert (digital.label, digital.leads, digital.meetings, digital.meeting_minutes) == (
        "reverse",
        "mentor",
        6,
        60,
    )
    assert (digital.cadence_every, digital.cadence_unit, sum(digital.weights.values())) == (1, "month", 100)
    assert digital.name.startswith("Digital fluency, ")
    assert digital.sign_up_until is not None
    assert today() < digital.sign_up_until < digital.starts_on < digital.ends_on
    assert over.name.startswith("Inclusion dialogue")
    assert over.ends_on < today()
    assert [takes_sign_ups(each, today()) for each in (digital, over)] == [True, False]


@pytest.mark.parametrize("size", [120, 500])
def test_three_of_four_have_joined_and_most_wait(load: Load, size: int) -> None:
    load(people=size)
    joined = list(db.session.scalars(select(Enrolment).options(selectinload(Enrolment.wishes))))
    states = Counter(each.state for each in joined)
    assert len(joined) == size * 75 // 100
    assert (states["paused"], states["withdrawn"]) == (3, 2)
    assert states["begun"] >= 5
    assert states["waiting"] >= len(joined) * 0.8
    for each in joined:
        assert each.as_mentor or each.as_mentee
        assert each.place in PLACES
        assert now() - timedelta(days=22) < each.begun_at < now()
        assert (each.joined_at is None) == (each.state in ("begun", "withdrawn"))
        assert (each.steps_done < len(STEPS)) == (each.state == "begun")
        assert next_step(each) is None or each.state == "begun"
        assert (each.paused_until is not None) == (each.state == "paused")
        assert each.paused_until is None or each.paused_until > today()
    assert 0 < sum(2 in (each.mentor_capacity, each.mentee_capacity) for each in joined) < len(joined) / 4


def test_juniors_come_as_mentors_seniors_as_mentees_and_there_are_enough_of_both(
    load: Load,
) -> None:
    load()
    rows = db.session.execute(
        select(Person.grade, Enrolment.as_mentor, Enrolment.as_mentee).join(
            Enrolment, Enrolment.person_id == Person.id
        )
    ).all()
    assert all(mentor for grade, mentor, _ in rows if grade and grade <= 3)
    assert all(mentee for grade, _, mentee in rows if grade and grade >= 6)
    mentors, mentees = sum(mentor for _, mentor, _ in rows), sum(mentee for _, _, mentee in rows)
    assert 0.6 < mentors / mentees < 1.7


def test_whoever_joined_has_two_to_four_wishes_a_side_in_order(load: Load) -> None:
    load(people=500)
    known = {each.id for each in CATALOGUE}
    sides: dict[tuple[int, str], list[Wish]] = {}
    for wish in db.session.scalars(select(Wish).order_by(Wish.rank)):
        sides.setdefault((wish.enrolment_id, wish.side), []).append(wish)
    complete = set(db.session.scalars(select(Enrolment.id).where(Enrolment.state != "begun")))
    assert {(one, side) for one in complete for side in ("teaches", "learns")} <= set(sides)
    for wishes in sides.values():
        assert 2 <= len(wishes) <= 4
        assert [each.rank for each in wishes] == list(range(1, len(wishes) + 1))
        assert {each.topic_id for each in wishes} <= known
    for one in complete:
        assert not {each.topic_id for each in sides[one, "teaches"]} & {
            each.topic_id for each in sides[one, "learns"]
        }


def test_popular_topics_are_popular(load: Load) -> None:
    load()
    mentees = select(Enrolment.id).where(Enrolment.as_mentee, ~Enrolment.as_mentor)
    learns = select(Wish.topic_id).where(Wish.side == "learns")
    asked = Counter(db.session.scalars(learns.where(Wish.enrolment_id.in_(mentees))))
    assert {"ai-at-work", "short-video"} <= {topic for topic, _ in asked.most_common(4)}
    assert len(set(db.session.scalars(learns))) > 30


def test_mira_waits_as_a_mentor_and_joao_as_a_mentee(load: Load) -> None:
    load()
    for name, mentor in (("Mira Kaya", True), ("João Duarte", False)):
        mine = db.session.scalars(select(Enrolment).where(Enrolment.person_id == named(name).id)).one()
        assert (mine.as_mentor, mine.as_mentee, mine.state) == (mentor, not mentor, "waiting")


def test_a_few_would_rather_not_meet_somebody_and_nobody_avoids_themselves(load: Load) -> None:
    load()
    pairs = db.session.execute(
        select(Enrolment.person_id, Avoided.person_id).join_from(Avoided, Enrolment)
    ).all()
    assert len(pairs) == 4
    assert all(mine != theirs for mine, theirs in pairs)


def test_loading_again_changes_nothing_even_when_somebody_else_has_registered_since(
    load: Load, make: Factories
) -> None:
    load()
    make.person("Somebody New")
    before = dump()
    demo.load()
    demo.load(people=500)
    assert dump() == before


def test_a_portal_with_other_people_is_left_alone(app: Flask, make: Factories) -> None:
    make.person("Already Here")
    before = dump()
    with pytest.raises(Invalid, match="People use this portal already"):
        demo.load()
    assert dump() == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"stage": "married"}, "signed-up"),
        ({"stage": "running", "people": 4_001}, "More than 4000"),
        ({"people": 29}, "from 30 to 20000"),
        ({"people": 20_001}, "from 30 to 20000"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    app: Flask, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        demo.load(**wrong)
    assert counted(Person) == 0


def test_loading_is_audited_once_and_the_chain_holds(load: Load) -> None:
    load()
    assert [each.action for each in audit.history("programme", season().id)] == ["demo.loaded"]
    assert audit.verify() == (1, None)


def test_people_can_still_be_added_afterwards(load: Load, make: Factories) -> None:
    load()
    late = make.person("Late Comer")
    make.enrolment(late, season())
    assert counted(Person) == 121


@pytest.mark.everything
@pytest.mark.slow
def test_a_company_may_have_five_thousand_people(app: Flask) -> None:
    demo.load(people=5_000)
    assert counted(Person) == 5_000
