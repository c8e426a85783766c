"""What is kept, handed over, forgotten and cleared."""

from datetime import timedelta

import pytest

from portal import audit
from portal.calendars.models import Invitation, TimeSearch
from portal.clock import now
from portal.core.permissions import Role
from portal.db import Model, db, transaction
from portal.errors import Invalid
from portal.pairings import words
from portal.pairings.matching import runs
from portal.pairings.models import Pairing, Proposal
from portal.pairings.prices import tables
from portal.people.accounts.actions import give_role
from portal.people.models import AccountLink, Person, RoleGrant
from portal.privacy import retention
from portal.programmes.models import Avoided, Enrolment, Programme, ProgrammeStaff
from portal.schedule.models import CheckIn, MoveRequest
from tests.busy import meeting
from tests.pairings.company import company_of
from tests.pairings.crowd import ask, keep, row

pytestmark = pytest.mark.both_databases


def test_an_export_holds_what_is_the_persons_own_and_nobody_elses(make, staff, noise):
    ada = make.person("Ada King", grade=3)
    make.enrolment(ada, make.programme(), off_the_table="my divorce")
    with transaction():
        audit.write(
            action="person.edited", on="person", id=ada.id, by=staff.id, after={"grade": 4}, reason="promoted"
        )
    own, by_staff = retention.export(ada), retention.export(staff)
    assert own["person"][0]["name"] == "Ada King"
    assert own["enrolment"][0]["off_the_table"] == "my divorce"
    assert own["audit_entry"][0]["after"] == {"grade": 4}
    assert "password_hash" not in own["person"][0]
    assert "promoted" not in str(by_staff)
    assert all(word not in str(own) for word in noise.words)


def test_an_erased_person_leaves_a_row_without_a_face_and_the_chain_stays_whole(make, admin):
    boss, ada = make.person("Grace Hopper", roles=["staff"]), make.person("Ada King")
    report = make.person("Rita Report", manager_id=boss.id)
    programme = make.programme()
    make.add(ProgrammeStaff(programme_id=programme.id, person_id=boss.id))
    make.enrolment(boss, programme)
    theirs = make.enrolment(ada, programme)
    make.add(Avoided(enrolment_id=theirs.id, person_id=boss.id))
    with transaction():
        audit.write(
            action="person.edited",
            on="person",
            id=boss.id,
            by=admin.id,
            before={"name": "G"},
            after={"name": "Grace"},
        )
    with transaction():
        retention.erase(boss.id, by=admin.id, at=now())
    gone = db.session.get(Person, boss.id)
    assert (gone.name, gone.email, gone.is_active) == (
        "Former colleague",
        f"erased-{boss.id}@erased.invalid",
        False,
    )
    assert db.session.get(Person, report.id).manager_id is None
    left = [
        db.session.query(each).filter_by(person_id=boss.id).count()
        for each in (Enrolment, Avoided, ProgrammeStaff, RoleGrant)
    ]
    assert left == [0, 0, 0, 0]
    assert "Grace" not in str([each.after for each in audit.history("person", boss.id)])
    assert audit.verify()[1] is None


def test_the_last_administrator_is_not_erased(admin):
    with pytest.raises(Invalid, match="last administrator"), transaction():
        retention.erase(admin.id, by=None, at=now())
    assert db.session.get(Person, admin.id).is_active


def test_only_accounts_that_nobody_waits_for_are_cleared(make):
    old = now() - timedelta(days=20)
    stranger = make.person("Never Confirmed", confirmed_at=None, created_at=old)
    trusted = make.person("Trusted Early", confirmed_at=None, created_at=old)
    again = make.person("Asked Again", confirmed_at=None, created_at=old)
    link = {
        "kind": "confirm",
        "token_digest": "d",
        "password_digest": "p",
        "expires_at": now() + timedelta(hours=1),
    }
    make.add(AccountLink(person_id=again.id, **link))
    with transaction():
        give_role(db.session.get(Person, trusted.id), role=Role.STAFF, by=None, at=now())
    assert "accounts never confirmed: 1" in retention.run(dry_run=True)
    retention.run()
    assert [db.session.get(Person, each.id) is None for each in (stranger, trusted, again)] == [
        True,
        False,
        False,
    ]


def test_a_changed_or_missing_entry_breaks_the_chain(make, admin):
    make.person("Ada King")
    with transaction():
        for number in range(3):
            audit.write(action="test", on="person", id=number, by=admin.id, after={"number": number})
    assert audit.verify() == (audit.count(), None)
    with transaction():
        db.session.get(audit.AuditEntry, audit.count() - 1).after = {"number": 7}
    assert "were changed" in str(audit.verify()[1])


def test_an_export_has_each_table_that_says_it_is_about_people_and_only_the_persons_own_rows(make, noise):
    ada = make.person("Ada King")
    assert set(retention.export(ada)) == {
        *(
            "audit_entry",
            "avoided",
            "calendar_account",
            "calendar_change",
            "calendar_choice",
            "calendar_item",
        ),
        *("check_in", "enrolment", "feed_link", "invitation", "left_over", "letter", "milestone"),
        *("move_request", "pairing", "person", "programme_staff", "proposal", "role_grant", "series"),
        *("time_search", "user_session", "wish"),
    }


def test_nobody_learns_from_an_export_who_would_rather_not_meet_them(make):
    ada, ben = make.person("Ada King"), make.person("Ben Ito")
    theirs = make.enrolment(ada, make.programme())
    make.add(Avoided(enrolment_id=theirs.id, person_id=ben.id))
    assert [len(retention.export(person)["avoided"]) for person in (ada, ben)] == [1, 0]


def test_an_erased_persons_links_and_letters_go_and_their_pairing_stays(make, admin):
    mentor, mentee = make.person("Ada King").id, make.person("Ben Ito").id
    pairing = make.add(
        Pairing(
            programme_id=make.programme().id,
            mentor_id=mentor,
            mentee_id=mentee,
            state="active",
            score=1,
            parts=[],
            created_at=now(),
        )
    )
    make.add(
        AccountLink(person_id=mentor, kind="reset", token_digest="d", password_digest="p", expires_at=now())
    )
    with transaction():
        retention.erase(mentor, by=admin.id, at=now())
    assert db.session.query(AccountLink).count() == 0
    assert db.session.get(Pairing, pairing.id).mentor_id == mentor


def everything_stored() -> dict[str, str]:
    """What stands in each table, as text."""
    db.session.rollback()
    return {
        name: str(db.session.execute(db.select(table)).all()) for name, table in Model.metadata.tables.items()
    }


def test_no_score_request_invitation_or_search_names_whoever_is_erased(make, staff, admin):
    name = "Zebediah Quickthorn"
    company = company_of(make, staff)
    mentor, mentee = company.mentor(name, site="Berlin"), company.mentee("Selma Senior", site="Berlin")
    run_id = ask(company)
    runs.run(run_id)
    keep(run_id, company)
    assert db.session.query(Proposal).count() == db.session.query(Pairing).count() == 1
    meeting(make, mentor, mentee, company.programme)
    check_in = db.session.scalars(db.select(CheckIn)).first().id
    make.add(MoveRequest(check_in_id=check_in, by_id=mentor.id, created_at=now()))
    moments = dict.fromkeys(("starts_at", "ends_at", "sent_at"), now())
    facts = {"person_id": mentor.id, "uid": "u", "said": "s", "summary": "Check-in with Selma Senior"}
    make.add(Invitation(**facts, **moments))
    theirs = {**facts, "person_id": mentee.id, "uid": "u2", "summary": f"Check-in with {name}"}
    invited = make.add(Invitation(**theirs, **moments))
    pairing_id = db.session.scalars(db.select(Pairing.id)).first()
    make.add(TimeSearch(pairing_id=pairing_id, by_id=mentor.id, minutes=60, created_at=now()))
    with transaction():
        retention.erase(mentor.id, by=admin.id, at=now())
    naming = {table for table, rows in everything_stored().items() if "Quickthorn" in rows}
    assert naming <= {"letter"}  # the partner's own, which say that the pairing is over
    left = (db.session.query(model).count() for model in (MoveRequest, Invitation, TimeSearch))
    assert [*left] == [0, 1, 0]
    assert db.session.get_one(Invitation, invited.id).summary == "Check-in with Former colleague"


def test_no_failure_of_a_run_or_of_prices_names_whoever_is_erased(make, staff, admin):
    company = company_of(make, staff)
    mentor = company.mentor("Zebediah Quickthorn", site="Berlin")
    company.pairing(mentor, company.mentee("Selma Senior", site="Berlin"), "active")
    company.pairing(mentor, company.mentee("Sabine Second", site="Berlin"), locked=True)
    run_id = ask(company)
    runs.run(run_id)
    with transaction():
        tables.request_table(company.programme.id, at=now())
    tables.price(company.programme.id)
    programme = db.session.get_one(Programme, company.programme.id)
    stored = row(run_id).error
    assert "Zebediah Quickthorn and Sabine Second are locked together" in words.stored_failure(stored)
    assert "Zebediah Quickthorn and Sabine Second are locked together" in tables.problem_now(programme)
    with transaction():
        retention.erase(mentor.id, by=admin.id, at=now())
    naming = {table for table, rows in everything_stored().items() if "Quickthorn" in rows}
    assert naming <= {"letter"}
    assert "Former colleague and Sabine Second are locked together" in words.stored_failure(row(run_id).error)
