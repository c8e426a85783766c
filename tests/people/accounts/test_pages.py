"""Signing up, confirming, signing in and out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.clock import now
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.letters.outbox import private_link
from portal.people import sessions
from portal.people.models import AccountLink, Person, UserSession
from tests.conftest import Noise
from tests.personas import PASSWORD, Factories
from tests.visitor import Page, Visitor

NEW = {"name": "Ada King", "email": "Ada.King@Example.com", "password": PASSWORD}
WRONG = "This address and password do not belong together."


def letters() -> list[OutboxLetter]:
    """All letters, the oldest first."""
    return list(db.session.scalars(select(OutboxLetter).order_by(OutboxLetter.id)))


def link_in(letter: OutboxLetter) -> str:
    """The path of a letter's private link."""
    parts = urlsplit(private_link(letter) or "")
    assert f"{parts.scheme}://{parts.netloc}" == "http://localhost"
    return parts.path + (f"?{parts.query}" if parts.query else "")


def signing_up(visitor: Visitor, **changes: str) -> Page:
    """Fill in the sign-up form."""
    visitor.get("/sign-up")
    return visitor.post("/sign-up", **{**NEW, **changes})


def signing_in(visitor: Visitor, person: Person, password: str = PASSWORD, *, status: int = 303) -> Page:
    """Fill in the sign-in form."""
    visitor.get("/sign-in")
    return visitor.post("/sign-in", email=person.email, password=password, status=status)


def test_who_signs_up_confirms_with_one_press_and_goes_on_to_join(visitor: Visitor, noise: Noise) -> None:
    signing_up(visitor)
    page = visitor.follow()
    assert "A letter is on its way to ada.king@example.com." in page.text
    assert "Staff can read your letter under Letters." in page.text
    [letter] = letters()
    page = visitor.get(link_in(letter))
    assert page.heading == "Confirm your address"
    assert [each["type"] for each in page.form().all("input")] == ["hidden"]
    assert visitor.post().location == "/join"
    person = db.session.scalars(select(Person).where(Person.email == "ada.king@example.com")).one()
    assert (person.name, person.is_active, person.time_zone) == ("Ada King", True, "Europe/Berlin")
    assert visitor.get("/me").status == 200


def test_looking_at_a_confirmation_link_does_not_use_it_up(visitor: Visitor) -> None:
    signing_up(visitor)
    link = link_in(letters()[0])
    for _ in range(3):
        visitor.get(link)
    visitor.post()
    page = visitor.get(link, status=410)
    assert page.heading == "This link is over"
    assert "/sign-up" in page.links


def test_in_another_browser_the_confirmation_asks_for_the_password(
    visitor: Visitor, new_visitor: Callable[..., Visitor]
) -> None:
    signing_up(visitor)
    other = new_visitor()
    other.get(link_in(letters()[0]))
    page = other.post(password="not what was chosen", status=422)
    assert page.errors == ["This is not the password chosen at sign-up. Try again, or sign up anew."]
    assert other.post(password=PASSWORD).location == "/join"


def test_the_confirmation_leads_back_to_where_the_sign_up_began(visitor: Visitor) -> None:
    visitor.get("/sign-up?next=/join/3")
    visitor.post("/sign-up", **NEW)
    visitor.get(link_in(letters()[0]))
    assert visitor.post().location == "/join/3"


def test_a_link_is_over_after_an_hour_asvs_6_5_5(visitor: Visitor) -> None:
    signing_up(visitor)
    link = link_in(letters()[0])
    ends = db.session.scalars(select(AccountLink.expires_at)).one()
    assert ends - now() <= timedelta(hours=1)
    with transaction():
        db.session.execute(update(AccountLink).values(expires_at=now()))
    visitor.get(link, status=410)


def test_known_and_unknown_addresses_get_the_same_answer_at_sign_up_asvs_6_3_8(
    new_visitor: Callable[..., Visitor], member: Person
) -> None:
    answers = []
    for email in ("nobody.yet@example.com", member.email):
        visitor = new_visitor()
        page = signing_up(visitor, email=email)
        answers.append((page.status, page.location, visitor.follow().text.replace(email, "…")))
    assert answers[0] == answers[1]
    assert [each.kind for each in letters()] == ["people.confirm", "people.already_known"]
    assert letters()[1].to_address == member.email
    db.session.refresh(db.session.merge(member))
    assert db.session.get_one(Person, member.id).name == member.name


def test_a_doubled_sign_up_makes_one_person_and_only_the_latest_link_counts(visitor: Visitor) -> None:
    signing_up(visitor)
    signing_up(visitor, password="another walnut, another harbour")
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1
    first, second = letters()
    visitor.get(link_in(first), status=410)
    visitor.get(link_in(second))
    visitor.post()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "Type your name, as colleagues know it."),
        ({"email": "ada"}, "This is no e-mail address. It looks like name@example.com."),
        ({"email": "ada@elsewhere.org"}, "Use your work address; it ends in @example.com."),
        ({"password": "short"}, "Use at least 12 characters; three or four words do well."),
        ({"password": "x" * 201}, "Use at most 200 characters."),
        ({"password": "Password2026!!"}, "This is one of the first that others would try."),
        (
            {"password": "AdaKing-example"},
            "Leave your name and address out of your password; others know them.",
        ),
        ({"password": ""}, "Choose a password."),
    ],
)
def test_a_bad_sign_up_says_how_to_mend_it_and_keeps_what_was_typed(
    visitor: Visitor, changes: dict[str, str], message: str
) -> None:
    visitor.get("/sign-up")
    page = visitor.post("/sign-up", **{**NEW, **changes}, status=422)
    assert [each[: len(message)] for each in page.errors] == [message]
    typed = {**NEW, **changes}
    kept = page.values("/sign-up")
    assert kept["password"] == [""]
    assert (kept["name"], kept["email"][0].lower()) == ([typed["name"]], typed["email"].lower())
    assert letters() == []


def test_signing_in_leads_to_a_local_page_only_asvs_1_2_2(
    new_visitor: Callable[..., Visitor], member: Person
) -> None:
    for target, leads_to in [
        ("/me/sessions?a=b", "/me/sessions?a=b"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ]:
        visitor = new_visitor()
        visitor.get("/sign-in", query_string={"next": target})
        page = visitor.post("/sign-in", email=member.email, password=PASSWORD)
        assert page.headers["Location"] == leads_to


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer_asvs_6_3_8(
    visitor: Visitor, member: Person, make: Factories
) -> None:
    unconfirmed = make.person("Una Unconfirmed", confirmed_at=None)
    nobody = Person(email="nobody@example.com")
    said = [
        signing_in(visitor, nobody, status=422).errors,
        signing_in(visitor, member, "wrong but long enough", status=422).errors,
        signing_in(visitor, unconfirmed, status=422).errors,
    ]
    assert said[0] == said[1] == said[2]
    assert said[0][0].startswith(WRONG)


def test_the_sign_in_cookie_is_hidden_from_scripts_and_other_sites_asvs_3_3_4(
    visitor: Visitor, member: Person
) -> None:
    page = signing_in(visitor, member)
    [cookie] = [each for each in page.headers.getlist("Set-Cookie") if each.startswith("sign-in=")]
    assert re.sub("sign-in=[^;]+", "sign-in=…", cookie.partition("Expires")[0]) == "sign-in=…; "
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"} <= set(cookie.split("; "))


def test_over_https_the_cookie_is_secure_and_bound_to_the_host_asvs_3_3_1(
    app_with: Callable[..., Flask], make: Factories
) -> None:
    person = make.person("Hetty Https")
    app = app_with(public_url="https://localhost")
    visitor = Visitor(app)
    secure = {"base_url": "https://localhost"}
    token = visitor.get("/sign-in", **secure).values("/sign-in")["csrf_token"][0]
    data = {"email": person.email, "password": PASSWORD, "csrf_token": token}
    headers = {"Referer": "https://localhost/sign-in"}
    page = visitor.open("/sign-in", method="POST", data=data, headers=headers, **secure)
    [cookie] = [each for each in page.headers.getlist("Set-Cookie") if each.startswith("__Host-sign-in=")]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_a_cookie_copied_before_the_sign_out_is_refused_afterwards_asvs_7_4_1(
    visitor: Visitor, member: Person
) -> None:
    signing_in(visitor, member)
    copied = visitor.client.get_cookie("sign-in")
    assert copied is not None
    visitor.get("/me")
    visitor.post("/sign-out")
    assert visitor.client.get_cookie("sign-in") is None
    visitor.client.set_cookie("sign-in", copied.value)
    assert visitor.get("/me", status=303).location == "/sign-in?next=/me"


def test_each_sign_in_gets_a_new_token_and_a_new_csrf_secret_asvs_7_2_4(
    visitor: Visitor, member: Person
) -> None:
    visitor.get("/sign-in")
    before = visitor.page.values("/sign-in")["csrf_token"] if visitor.page else []
    signing_in(visitor, member)
    first = visitor.client.get_cookie("sign-in")
    page = visitor.open("/sign-out", method="POST", data={"csrf_token": before})
    assert page.status == 400
    visitor.get("/me")
    visitor.post("/sign-out")
    signing_in(visitor, member)
    second = visitor.client.get_cookie("sign-in")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    rows = db.session.scalars(select(UserSession.token_digest)).all()
    assert rows == [sessions.digest_of(second.value)]


@pytest.mark.parametrize("column", ["seen_at", "expires_at"])
def test_a_session_ends_when_idle_for_a_week_or_a_month_old_asvs_7_3_1(
    visitor: Visitor, member: Person, column: str
) -> None:
    signing_in(visitor, member)
    past = now() - (sessions.IDLE if column == "seen_at" else timedelta(seconds=1))
    with transaction():
        db.session.execute(update(UserSession).values({column: past}))
    visitor.get("/me", status=303)


def test_disabling_a_person_ends_their_access_at_once_asvs_7_4_2(visitor: Visitor, member: Person) -> None:
    signing_in(visitor, member)
    with transaction():
        db.session.execute(update(Person).where(Person.id == member.id).values(disabled_at=now()))
    visitor.get("/me", status=303)
    signing_in(visitor, member, status=422)


def test_last_seen_is_noted_every_five_minutes_at_most(visitor: Visitor, member: Person) -> None:
    signing_in(visitor, member)

    def seen_after(ago: timedelta) -> timedelta:
        with transaction():
            db.session.execute(update(UserSession).values(seen_at=now() - ago))
        visitor.get("/me")
        return now() - db.session.scalars(select(UserSession.seen_at)).one()

    assert seen_after(timedelta(minutes=4)) > timedelta(minutes=3)
    assert seen_after(timedelta(minutes=6)) < timedelta(minutes=1)


def test_who_is_signed_in_is_found_with_one_query(
    visitor: Visitor, admin: Person, count_queries: Callable[..., Any]
) -> None:
    visitor.sign_in(admin)
    cookie = visitor.client.get_cookie("sign-in")
    assert cookie is not None
    with count_queries() as counted:
        found = sessions.find(cookie.value, at=now())
        assert found is not None
        assert found.person.roles == {"member", "admin"}
    assert len(counted) == 1


def test_a_form_without_its_token_is_refused_asvs_3_5_1(visitor: Visitor, member: Person) -> None:
    page = visitor.open("/sign-in", method="POST", data={"email": member.email, "password": PASSWORD})
    assert page.status == 400
    assert db.session.scalar(select(func.count()).select_from(UserSession)) == 0


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_form_sent_from_another_site_is_refused_asvs_3_5_3(
    visitor: Visitor, member: Person, headers: dict[str, str]
) -> None:
    page = visitor.send("/sign-in", {"email": member.email, "password": PASSWORD}, headers=headers)
    assert page.status == 403


def test_a_foreign_host_is_refused(visitor: Visitor) -> None:
    page = visitor.open("/sign-in", headers={"Host": "evil.example"}, inspect=False)
    assert page.status == 400


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/reset", "/sign-out", "/me", "/me/sessions"])
def test_options_is_answered_with_405(visitor: Visitor, path: str) -> None:
    assert visitor.open(path, method="OPTIONS").status == 405


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/reset"])
def test_a_nul_byte_is_refused(visitor: Visitor, path: str) -> None:
    assert (
        visitor.send(path, {"email": "a\x00@example.com", "name": "Ada\x00", "password": PASSWORD}).status
        == 400
    )
