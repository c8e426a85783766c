"""Guessing is slowed for guessers, not for offices nor for an account's owner: days simulated on a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from portal.db import transaction
from portal.errors import TooMany
from portal.people.accounts import throttling
from portal.people.models import Person
from tests.personas import PASSWORD
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
OFFICE, OUTSIDE = "192.0.2.7", "203.0.113.9"
OWNER = "ada@example.com"


class Clock:
    """Tries on a clock of their own."""

    def __init__(self) -> None:
        self.at = START

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def tries(
        self,
        account: str = OWNER,
        network: str = OFFICE,
        *,
        what: str = "sign-in",
        right: bool = False,
        known: bool = False,
    ) -> bool:
        """One try; whether it was let through to be judged."""
        try:
            with transaction():
                throttling.take(what, account=account, network=network, at=self.at, known=known)
        except TooMany:
            return False
        if right:
            with transaction():
                throttling.forgive(what, account=account, network=network, at=self.at)
        return True


def test_an_office_whose_people_mistype_signs_in(app: Flask) -> None:
    clock = Clock()
    for number in range(60):
        assert clock.tries(f"{number}@example.com")
        assert clock.tries(f"{number}@example.com", right=True)
        clock.passes(10)


def test_five_hundred_sign_up_on_a_launch_day_from_one_address(app: Flask) -> None:
    clock = Clock()
    refused = 0
    for number in range(500):
        refused += not clock.tries(f"{number}@example.com", what="sign-up")
        clock.passes(1)
    assert refused == 0


def test_a_right_password_blocks_nobody(app: Flask) -> None:
    clock = Clock()
    assert all(clock.tries(f"{number % 50}@example.com", right=True) for number in range(1_000))


def test_an_account_is_not_kept_shut_from_outside(app: Flask) -> None:
    clock = Clock()
    judged = 0
    for _ in range(600):
        judged += clock.tries(network=OUTSIDE)
        clock.passes(6)
    assert judged <= 20, "in an hour, from one address"
    assert clock.tries(right=True), "the owner, in the office"


def test_many_addresses_at_one_account_guess_a_hundred_and_one_a_minute_and_the_owner_gets_in(
    app: Flask,
) -> None:
    clock = Clock()
    judged = 0
    for number in range(600):
        judged += clock.tries(network=f"198.51.{number // 250}.{number % 250}")
        clock.passes(6)
    assert judged <= 160
    assert clock.tries(known=True, right=True), "in a browser where they were signed in before"


def test_one_address_at_many_accounts_is_slowed_down_and_recovers(app: Flask) -> None:
    clock = Clock()
    judged = 0
    for number in range(1_200):
        judged += clock.tries(f"{number}@example.com", network=OUTSIDE)
        clock.passes(1)
    assert judged <= throttling.NETWORK.holds + 1_200 // 6 + 1
    clock.passes(throttling.NETWORK.holds * 6)
    assert all(clock.tries(f"later{number}@example.com", network=OUTSIDE) for number in range(250))


def test_letters_to_one_address_are_counted_from_everywhere(app: Flask) -> None:
    clock = Clock()
    sent = sum(clock.tries(network=f"198.51.100.{number}", what="reset") for number in range(200))
    assert sent <= throttling.ACCOUNT_ALLOWANCE + 1


def test_a_browser_in_which_one_was_signed_in_is_known_and_another_is_not(
    new_visitor: Callable[..., Visitor], member: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "ACCOUNT_FROM_ANYWHERE", throttling.Bucket(2, timedelta(days=1)))
    visitor, other = new_visitor(), new_visitor()
    visitor.get("/sign-in")
    visitor.post("/sign-in", email=member.email, password=PASSWORD)
    visitor.get("/")
    visitor.post("/sign-out")
    other.get("/sign-in")
    for _ in range(2):
        other.post("/sign-in", email=member.email, password="a wrong password", status=422)
    other.post("/sign-in", email=member.email, password=PASSWORD, status=429)
    visitor.get("/sign-in")
    visitor.post("/sign-in", email=member.email, password=PASSWORD)
    assert visitor.page is not None
    assert visitor.page.location == "/"


def test_a_cookie_made_up_makes_no_browser_known(new_visitor: Callable[..., Visitor], member: Person) -> None:
    visitor = new_visitor()
    visitor.client.set_cookie("known", "WyJ4Il0.made-up", domain="localhost")
    visitor.get("/sign-in")
    visitor.post("/sign-in", email=member.email, password="a wrong password", status=422)
