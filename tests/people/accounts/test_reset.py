"""Choosing a new password, by a link and while signed in."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from portal.clock import now
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.people.accounts import actions, passwords
from portal.people.accounts.links import LinkKind
from portal.people.models import Person, UserSession
from tests.conftest import Noise
from tests.people.accounts.test_pages import letters, link_in, signing_in
from tests.personas import PASSWORD, Factories
from tests.visitor import Visitor

NEXT_PASSWORD = "otter lamp seventeen violins"


def asking(visitor: Visitor, email: str) -> tuple[int, str | None, str]:
    """Ask for a link; the answer without the address."""
    visitor.get("/reset")
    page = visitor.post("/reset", email=email)
    return page.status, page.location, visitor.follow().text.replace(email, "…")


def test_a_reset_link_sets_a_new_password_once_and_ends_every_session_asvs_6_4_3(
    visitor: Visitor, new_visitor: Callable[..., Visitor], member: Person, noise: Noise
) -> None:
    thief, bystander = new_visitor(member), new_visitor(noise.person)
    asking(visitor, member.email)
    link = link_in(letters()[0])
    visitor.get(link)
    assert visitor.post(password=NEXT_PASSWORD).location == "/"
    thief.get("/me", status=303)
    bystander.get("/me")
    visitor.get("/me")
    visitor.get(link, status=410)
    assert [each.kind for each in letters()] == ["people.reset", "people.password_changed"]
    signing_in(new_visitor(), member, status=422)
    signing_in(new_visitor(), member, NEXT_PASSWORD)


def test_known_and_unknown_addresses_get_the_same_answer_at_reset_asvs_6_3_8(
    new_visitor: Callable[..., Visitor], member: Person
) -> None:
    assert asking(new_visitor(), "nobody@example.com") == asking(new_visitor(), member.email)
    assert [each.to_address for each in letters()] == [member.email]


def test_a_link_dies_with_the_password_it_was_made_for(visitor: Visitor, member: Person) -> None:
    asking(visitor, member.email)
    link = link_in(letters()[0])
    with transaction():
        person = db.session.get_one(Person, member.id)
        actions.change_password(person, password_hash="another", by=person.id, at=now())
    visitor.get(link, status=410)


def test_a_link_for_one_purpose_does_not_serve_another(visitor: Visitor, member: Person) -> None:
    with transaction():
        link = actions.make_link(db.session.get_one(Person, member.id), LinkKind.RESET, at=now())
    visitor.get(link.replace("http://localhost/reset/", "/confirm/"), status=410)


def test_a_weak_new_password_is_refused_and_the_link_stays_good(visitor: Visitor, member: Person) -> None:
    asking(visitor, member.email)
    visitor.get(link_in(letters()[0]))
    page = visitor.post(password="aaaaaaaaaaaaaaaa", status=422)
    assert page.errors == ["This repeats itself. Use three or four words that do not belong together."]
    visitor.post(password=NEXT_PASSWORD)


def test_a_disabled_person_gets_no_link(visitor: Visitor, make: Factories) -> None:
    person = make.person("Dora Disabled", disabled_at=now())
    asking(visitor, person.email)
    assert letters() == []


def test_who_was_added_by_staff_chooses_a_password_by_the_welcome_link(visitor: Visitor, app: object) -> None:
    with transaction():
        person = actions.add_person(email="grace@example.com", name="Grace", role="admin", by=None, at=now())
        link = actions.invite(person, at=now())
    page = visitor.get(link.removeprefix("http://localhost"))
    assert page.heading == "Choose your password"
    visitor.post(password=NEXT_PASSWORD)
    found = db.session.scalars(select(Person).where(Person.email == "grace@example.com")).one()
    assert found.roles == {"member", "admin"}
    assert [each.kind for each in letters()] == ["people.welcome", "people.password_changed"]


def test_changing_the_password_needs_the_present_one_and_signs_out_all_others_asvs_7_4_3(
    visitor: Visitor, new_visitor: Callable[..., Visitor], member: Person
) -> None:
    other = new_visitor(member)
    signing_in(visitor, member)
    visitor.get("/me/password")
    page = visitor.post("/me/password", present="not the present one", password=NEXT_PASSWORD, status=422)
    assert page.errors == ["This is not your present password. Type it again."]
    visitor.post("/me/password", present=PASSWORD, password=NEXT_PASSWORD)
    assert visitor.follow().toasts[0] == "Your password is changed. All other browsers are signed out."
    other.get("/me", status=303)
    assert db.session.scalar(select(func.count()).select_from(UserSession)) == 1


def test_a_letter_kept_for_staff_holds_no_link_in_its_text(visitor: Visitor, member: Person) -> None:
    asking(visitor, member.email)
    [letter] = db.session.scalars(select(OutboxLetter)).all()
    assert "/reset/" not in letter.text + letter.html + (letter.sealed_link or "")


def test_a_password_kept_at_former_costs_is_kept_anew_at_the_next_sign_in(
    visitor: Visitor, member: Person
) -> None:
    assert passwords.needs_rehash(member.password_hash or "")
    signing_in(visitor, member)
    kept = db.session.scalars(select(Person.password_hash).where(Person.id == member.id)).one()
    assert kept is not None
    assert not passwords.needs_rehash(kept)
    assert kept.startswith("$argon2id$v=19$m=47104,")
