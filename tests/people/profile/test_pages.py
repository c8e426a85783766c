"""My page: the profile, two versions of it, and the browsers that are signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from portal import audit
from portal.clock import now
from portal.db import db, transaction
from portal.people.accounts import actions
from portal.people.addresses import clean_address
from portal.people.languages import format_languages, parse_languages
from portal.people.models import Person, UserSession
from portal.people.queries import line_above
from portal.web.template_globals import initials
from tests.conftest import Noise
from tests.personas import Factories
from tests.visitor import Visitor


def again(person: Person) -> Person:
    """The person as kept now."""
    return db.session.get_one(Person, person.id, populate_existing=True)


def test_a_profile_is_saved_and_the_change_is_in_the_audit(
    new_visitor: Callable[..., Visitor], member: Person, admin: Person, noise: Noise
) -> None:
    visitor = new_visitor(member)
    page = visitor.get("/me")
    assert not [word for word in noise.words if word in page.text]
    changes = {
        "name": "Mira M. Member",
        "department": "Law",
        "time_zone": "Asia/Kolkata",
        "hours": "Mon-Thu 10:00-16:00",
        "languages": "Deutsch, english; français",
        "grade": 4,
        "manager": admin.email,
        "style": "introvert",
        "locale": "",
    }
    visitor.post("/me", **changes)
    page = visitor.follow()
    assert page.toasts[0] == "Your profile is saved."
    person = again(member)
    assert (person.name, person.department, person.time_zone) == ("Mira M. Member", "Law", "Asia/Kolkata")
    assert (person.languages, person.grade, person.manager_id, person.style) == (
        ["de", "en", "fr"],
        4,
        admin.id,
        "introvert",
    )
    assert (person.locale, person.site, person.version) == (None, "Berlin", 2)
    entry = audit.history("person", member.id)[0]
    assert (entry.action, entry.actor_id) == ("person.edited", member.id)
    assert (entry.before or {})["department"] == "Design"
    assert page.values("/me")["languages"] == ["German, English, French"]


def test_htmx_gets_the_profile_alone(new_visitor: Callable[..., Visitor], member: Person) -> None:
    visitor = new_visitor(member)
    visitor.get("/me")
    page = visitor.post("/me", htmx=True, department="Law")
    assert page.root.one("section")["id"] == "profile"
    assert again(member).department == "Law"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Type your name, as colleagues know it."),
        ("time_zone", "Mars/Olympus", "Choose a time zone from the list."),
        ("hours", "whenever", None),
        ("hours", "9-5", "Did you mean Mon-Fri 09:00-17:00?"),
        ("hours", "Monday to Friday 9 to 5", "Did you mean Mon-Fri 09:00-17:00?"),
        ("languages", "English, Quenya", "“Quenya” is no language known here."),
        ("grade", "100", "Type a number from 0 to 99, or leave it empty."),
        ("grade", "high", "Type a number from 0 to 99, or leave it empty."),
        ("manager", "Nobody Known", "Nobody here has this name or address."),
        ("department", "x" * 121, "Use at most 120 characters."),
    ],
)
def test_a_bad_profile_says_how_to_mend_it_and_keeps_what_was_typed(
    new_visitor: Callable[..., Visitor], member: Person, field: str, value: str, message: str | None
) -> None:
    visitor = new_visitor(member)
    visitor.get("/me")
    page = visitor.post("/me", **{"site": "Graz", field: value}, status=422)
    assert len(page.errors) == 1
    assert page.errors[0].startswith(message or "")
    assert page.values("/me")["site"] == ["Graz"]
    if field != "time_zone":
        assert page.values("/me")[field] == [value]
    assert again(member).version == 1


def test_a_name_that_two_people_have_asks_for_the_address(
    new_visitor: Callable[..., Visitor], member: Person, make: Factories
) -> None:
    first, _ = make.person("Kim Twice"), make.person("Kim Twice")
    visitor = new_visitor(member)
    visitor.get("/me")
    page = visitor.post("/me", manager="kim twice", status=422)
    assert page.errors == ["Several people are called that. Type the e-mail address instead."]
    visitor.post("/me", manager=first.email)
    assert again(member).manager_id == first.id


def test_nobody_manages_themselves_nor_in_a_circle(
    new_visitor: Callable[..., Visitor], member: Person, make: Factories
) -> None:
    middle = make.person("Mia Middle", manager_id=member.id)
    low = make.person("Leo Low", manager_id=middle.id)
    assert line_above(low.id) == {low.id, middle.id, member.id}
    visitor = new_visitor(member)
    visitor.get("/me")
    assert (
        visitor.post("/me", manager=member.email, status=422)
        .errors[0]
        .startswith("Nobody reports to themselves.")
    )
    assert (
        visitor.post("/me", manager=low.email, status=422)
        .errors[0]
        .startswith("This person reports to you already")
    )
    assert again(member).manager_id is None


def test_the_manager_is_suggested_as_one_types_and_eight_at_most(
    new_visitor: Callable[..., Visitor], member: Person, make: Factories
) -> None:
    for number in range(9):
        make.person(f"Suki Suggested {number}")
    make.person("Suki Gone", disabled_at=now())
    visitor = new_visitor(member)
    found = visitor.get("/me/managers?manager=suk", htmx=True).root.all("li")
    assert [each.text.split(" Design")[0] for each in found] == [
        f"Suki Suggested {number}" for number in range(8)
    ]
    assert visitor.get("/me/managers?manager=s", htmx=True).root.all("li") == []
    assert visitor.get("/me/managers?manager=%25%25", htmx=True).root.all("li") == []


@pytest.mark.parametrize("htmx", [False, True])
def test_a_stale_profile_shows_both_values_and_loses_nothing(
    new_visitor: Callable[..., Visitor], member: Person, htmx: bool
) -> None:
    visitor = new_visitor(member)
    visitor.get("/me")
    with transaction():
        person = db.session.get_one(Person, member.id)
        actions.update_profile(person, seen=1, by=member.id, at=now(), department="Finance")
    page = visitor.post("/me", htmx=htmx, department="Law", site="Graz", status=409)
    assert "Finance" in page.text
    assert "Law" in page.text
    assert again(member).department == "Finance"
    visitor.post("/me", htmx=htmx)
    assert (again(member).department, again(member).site) == ("Law", "Graz")


def test_one_sees_and_ends_ones_own_sessions_only_asvs_7_5_2(
    new_visitor: Callable[..., Visitor], member: Person, noise: Noise
) -> None:
    here, phone, laptop, stranger = (new_visitor(each) for each in (member, member, member, noise.person))
    rows = db.session.scalars(select(UserSession).order_by(UserSession.id)).unique().all()
    page = here.get("/me/sessions")
    ends = [each["action"] for each in page.root.all("form") if each["action"].endswith("/end")]
    assert {int(each.split("/")[3]) for each in ends} == {each.id for each in rows[:3]}
    here.post(f"/me/sessions/{rows[1].id}/end")
    phone.get("/me", status=303)
    assert here.send(f"/me/sessions/{rows[3].id}/end").status == 404
    stranger.get("/me")
    here.get("/me/sessions")
    here.post("/me/sessions/end-others")
    laptop.get("/me", status=303)
    assert here.get("/me/sessions").status == 200
    here.post(f"/me/sessions/{rows[0].id}/end")
    here.get("/me", status=303)
    stranger.get("/me")
    assert db.session.scalar(select(func.count()).select_from(UserSession)) == 1


def test_ids_beyond_64_bits_are_no_address(new_visitor: Callable[..., Visitor], member: Person) -> None:
    assert new_visitor(member).send(f"/me/sessions/{2**63}/end").status == 404


@pytest.mark.parametrize("path", ["/me", "/me/managers", "/me/sessions", "/me/password"])
def test_my_pages_are_for_who_is_signed_in(visitor: Visitor, path: str) -> None:
    assert visitor.get(path, status=303).location == f"/sign-in?next={path}"


def test_languages_are_known_by_code_and_by_name_in_english_german_and_their_own() -> None:
    assert parse_languages("English, Deutsch; fr, Türkisch, 日本語, french") == ["en", "de", "fr", "tr", "ja"]
    assert format_languages(["en", "de"], "de") == "Englisch, Deutsch"
    with pytest.raises(ValueError, match="Quenya"):
        parse_languages("English, Quenya")


def test_what_cannot_be_seen_is_not_kept_in_a_name_and_a_line_is_one_line(
    new_visitor: Callable[..., Visitor], member: Person
) -> None:
    visitor = new_visitor(member)
    visitor.get("/me")
    visitor.post("/me", name="\u202eMira\u202c \r\n Mem\u200bber ", department="Law\u2028 and\tOrder")
    assert (again(member).name, again(member).department) == ("Mira Member", "Law and Order")


def test_a_person_added_by_whatever_way_has_a_clean_name_and_the_domain_that_was_meant(
    make: Factories,
) -> None:
    assert make.person("\u2066Ada\u2069  King\n").name == "Ada King"
    assert clean_address("Ada@Straße.example") == "ada@xn--strae-oqa.example"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada King", "AK"),
        ("(Bob) O'Neil", "BO"),
        ("“Ada” king", "AK"),
        ("Jean-Luc Picard", "JP"),
        ("007 Bond", "B"),
        ("1234", "?"),
        ("محمد علي", "مع"),
        ("Ada", "A"),
    ],
)
def test_initials_are_letters(name: str, letters: str) -> None:
    assert initials(name) == letters
