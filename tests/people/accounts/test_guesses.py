"""Guessing passwords: how they are kept, which are refused, and how guesses are slowed down."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid, TooMany
from portal.people.accounts import passwords, throttling
from portal.people.models import Person, Throttle
from tests.personas import PASSWORD
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases

START = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
HERE = "192.0.2.7"


def waits(count: int, *, account: str = "ada@example.com", network: str = HERE) -> list[int]:
    """Fail `count` times, each as soon as it is allowed; the seconds waited before each."""
    at, waited = START, []
    for _ in range(count):
        seconds = 0
        try:
            with transaction():
                throttling.take("sign-in", account=account, network=network, at=at)
        except TooMany as wait:
            seconds = wait.seconds
            at += timedelta(seconds=seconds)
            with transaction():
                throttling.take("sign-in", account=account, network=network, at=at)
        waited.append(seconds)
    return waited


def test_after_five_failures_each_wait_is_twice_the_last_up_to_a_quarter_of_an_hour_asvs_6_3_1(
    app: Flask,
) -> None:
    assert waits(18) == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_one_subscriber_of_ipv6_counts_as_one() -> None:
    assert (
        throttling.network_of("2001:db8::1") == throttling.network_of("2001:db8::ffff:2") == "2001:db8::/64"
    )
    assert throttling.network_of("::ffff:192.0.2.7") == throttling.network_of("192.0.2.7") == "192.0.2.7"


def test_the_right_password_starts_the_account_afresh(app: Flask) -> None:
    waits(5)
    with transaction():
        throttling.forgive("sign-in", account="ada@example.com", network=HERE, at=START)
    assert waits(5) == [0, 0, 0, 0, 0]


def test_rows_older_than_a_day_are_dropped(app: Flask) -> None:
    waits(3)
    with transaction():
        throttling.drop_old(START + timedelta(hours=23))
    assert db.session.scalar(select(func.count()).select_from(Throttle)) == 3
    with transaction():
        throttling.drop_old(START + timedelta(hours=25))
    assert db.session.scalar(select(func.count()).select_from(Throttle)) == 0


def test_no_row_says_who_was_tried(app: Flask) -> None:
    waits(1)
    assert {len(key) for key in db.session.scalars(select(Throttle.key))} == {64}


def test_tries_at_once_do_not_slip_through_the_count(app: Flask) -> None:
    barrier, let_through = Barrier(8), []

    def one_try() -> None:
        with app.app_context():
            barrier.wait()
            try:
                with transaction():
                    throttling.take("sign-in", account="ada@example.com", network=HERE, at=START)
                let_through.append(1)
            except TooMany:
                pass
            finally:
                db.session.remove()

    threads = [Thread(target=one_try) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(let_through) == throttling.ACCOUNT_ALLOWANCE
    db.session.rollback()
    assert set(db.session.scalars(select(Throttle.failures))) == {throttling.ACCOUNT_ALLOWANCE}


def test_the_page_names_the_wait_and_a_restart_does_not_forget_it(
    visitor: Visitor, member: Person, app_with: Callable[..., Flask]
) -> None:
    visitor.get("/sign-in")
    for _ in range(5):
        visitor.post("/sign-in", email=member.email, password="a wrong password", status=422)
    with transaction():
        db.session.execute(update(Throttle).values(blocked_until=now() + timedelta(seconds=300)))
    restarted = Visitor(app_with())
    restarted.get("/sign-in")
    page = restarted.post("/sign-in", email=member.email, password=PASSWORD, status=429)
    assert page.errors == ["Too many tries. Wait 5 minutes, then try again."]
    assert 295 <= int(page.headers["Retry-After"]) <= 300
    assert page.values("/sign-in")["email"] == [member.email]
    with transaction():
        db.session.execute(update(Throttle).values(blocked_until=now()))
    restarted.post("/sign-in", email=member.email, password=PASSWORD)


def test_letters_cannot_be_poured_over_one_address(visitor: Visitor, member: Person) -> None:
    visitor.get("/reset")
    for _ in range(throttling.ACCOUNT_ALLOWANCE):
        visitor.post("/reset", email=member.email)
        visitor.get("/reset")
    with transaction():  # the first wait is a second, which a busy machine may take for a page
        wait = now() + timedelta(seconds=60)
        db.session.execute(
            update(Throttle).where(Throttle.blocked_until.is_not(None)).values(blocked_until=wait)
        )
    assert visitor.post("/reset", email=member.email, status=429).errors[0].startswith("Too many tries.")


def test_a_password_is_kept_as_argon2id_with_46_mib_asvs_11_4_2() -> None:
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert passwords.verify(kept, PASSWORD)
    assert not passwords.verify(kept, PASSWORD + " ")
    assert not passwords.verify(kept, "x" * 100_000)
    assert kept != passwords.hashed(PASSWORD)


@pytest.mark.parametrize("password_hash", [None, "", "not a hash at all"])
def test_without_a_usable_hash_every_password_is_wrong(password_hash: str | None) -> None:
    assert not passwords.verify(password_hash, PASSWORD)


def test_nobodys_password_takes_as_long_as_somebodys_asvs_6_3_8() -> None:
    kept = passwords.hashed(PASSWORD)

    def fastest(password_hash: str | None) -> float:
        passwords.verify(password_hash, "wrong")
        took = []
        for _ in range(7):
            begun = time.perf_counter()
            passwords.verify(password_hash, "wrong password")
            took.append(time.perf_counter() - begun)
        return min(took)

    assert 0.6 < fastest(None) / fastest(kept) < 1.7


EASY = [
    *(
        "password1234",
        "Passw0rd!2026",
        "P4$$w0rd-1999",
        "welcome-welcome",
        "qwertyuiop12",
        "Qwertz123456!",
        "123456789012",
    ),
    *(
        "abcdefghijklmn",
        "aaaaaaaaaaaa",
        "abababababab",
        "Summer2026!!!",
        "iloveyou1234",
        "letmein12345",
        "1q2w3e4r5t6y",
    ),
    *(
        "changeme2026",
        "ReverseMentoring1",
        "zyxwvutsrqpo",
        "abc123abc123abc",
        "Sommer-Winter-2026",
        "trustno1trustno1",
    ),
]


@pytest.mark.parametrize("password", EASY)
def test_easy_passwords_are_refused_asvs_6_2_4(app: Flask, password: str) -> None:
    with pytest.raises(Invalid):
        passwords.check_strength(password)


@pytest.mark.parametrize(
    "password", ["ada.king.2026", "KingAda-123456", "example-ada-king", "Vice-Versa-2026"]
)
def test_passwords_made_of_ones_own_name_are_refused_asvs_6_2_11(app: Flask, password: str) -> None:
    with pytest.raises(Invalid):
        passwords.check_strength(password, personal=["Ada King", "ada.king@example.com", "Vice Versa"])


GOOD = [
    "walnut-harbour-48-lantern",
    "correct horse battery",
    "Grün ist die Heide",
    "x7Kq!pR2vT9m",
    "password violin otter",
    "8302 719455 66",
]


@pytest.mark.parametrize("password", GOOD)
def test_long_and_odd_passwords_of_any_make_are_taken_asvs_6_2_5(app: Flask, password: str) -> None:
    passwords.check_strength(password, personal=["Ada King", "ada.king@example.com", "Vice Versa"])
