"""Letters are posted with their reason, leave once, and are not lost when servers or workers fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.clock import now
from portal.db import db, transaction
from portal.letters import delivery, outbox
from portal.letters.letter import LINK, Letter
from portal.letters.models import OutboxLetter
from portal.operating import upkeep
from portal.settings import Mail
from tests.postbox import Postbox, link_in, text_of

pytestmark = pytest.mark.both_databases

PRIVATE = "http://localhost/reset/abc?next=/me&x=1"
HELLO = Letter(
    kind="hello",
    subject="Hello\n Ada",
    text=f"Dear Ada,\n{LINK}\n",
    html=f'<p><a href="{LINK}">Go</a></p>',
    link=PRIVATE,
)


@pytest.fixture
def mailing(app_with: Callable[..., Flask], smtp_server: Postbox) -> Iterator[Flask]:
    """The application with a real mail server."""
    app = app_with(mail=Mail("127.0.0.1", smtp_server.port, "", ""), mail_from="portal@example.com")
    with app.app_context():
        yield app


def post(letter: Letter = HELLO, to: str = "ada@example.com") -> int:
    with transaction():
        return outbox.post(letter, to=to).id


def row(letter_id: int) -> OutboxLetter:
    db.session.rollback()
    return db.session.get_one(OutboxLetter, letter_id)


def change(letter_id: int, **values: Any) -> None:
    with transaction():
        db.session.execute(update(OutboxLetter).where(OutboxLetter.id == letter_id).values(**values))


def test_a_posted_letter_arrives_whole_and_its_private_link_is_wiped(
    mailing: Flask, smtp_server: Postbox
) -> None:
    letter_id = post()
    delivery.deliver(letter_id)
    [arrived], kept = smtp_server.letters, row(letter_id)
    assert {
        name: str(arrived[name]) for name in ("From", "To", "Subject", "Auto-Submitted", "Message-ID")
    } == {
        "From": "Vice Versa <portal@example.com>",
        "To": "ada@example.com",
        "Subject": "Hello Ada",
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<{kept.uid}@example.com>",
    }
    assert text_of(arrived).splitlines() == ["Dear Ada,", PRIVATE]
    assert link_in(arrived) == "/reset/abc?next=/me&x=1"
    assert html_of(arrived).strip() == '<p><a href="http://localhost/reset/abc?next=/me&amp;x=1">Go</a></p>'
    assert (kept.state, kept.attempts, kept.last_error, kept.sealed_link) == ("sent", 1, None, None)
    assert kept.sent_at is not None


def html_of(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_letter_whose_reason_is_rolled_back_was_never_posted(mailing: Flask) -> None:
    rung: list[Any] = []
    mailing.extensions["task_queue"] = lambda *what: rung.append(what)
    with suppress(ZeroDivisionError), transaction():
        outbox.post(HELLO, to="ada@example.com")
        1 / 0  # noqa: B018  # what fails after the posting
    assert (list(db.session.scalars(select(OutboxLetter))), rung) == ([], [])


def test_posting_rings_once_the_letter_is_committed(mailing: Flask) -> None:
    rung: list[Any] = []
    mailing.extensions["task_queue"] = lambda *what: rung.append((*what, row(what[1]).state))
    letter_id = post()
    assert rung == [("letters.deliver", letter_id, "queued")]


def test_the_private_link_is_sealed_for_its_own_row_only(mailing: Flask) -> None:
    one, two = post(), post()
    assert PRIVATE not in (row(one).sealed_link or "")
    change(two, sealed_link=row(one).sealed_link)
    delivery.deliver(two)
    assert (row(two).state, (row(two).last_error or "").split(":")[0]) == ("failed", "link")


def test_without_a_mail_server_letters_are_kept(app: Flask) -> None:
    letter_id = post()
    assert (row(letter_id).state, delivery.sweep()) == ("kept", 0)


def test_a_mail_server_that_is_down_costs_no_attempt_and_the_letter_leaves_later(
    mailing: Flask, smtp_server: Postbox
) -> None:
    smtp_server.stop()
    letter_id, other = post(), post(to="bo@example.com")
    assert delivery.sweep() == 1, "the round ends at the first sign that the whole server is away"
    waiting = row(letter_id)
    assert (waiting.state, waiting.attempts, waiting.lease_until) == ("queued", 0, None)
    assert (waiting.last_error or "").startswith("unreachable: ")
    assert timedelta(seconds=50) < waiting.next_try_at - now() < timedelta(seconds=121)
    smtp_server.start()
    change(letter_id, next_try_at=now())
    assert delivery.sweep() == 2
    assert [str(each["To"]) for each in smtp_server.letters] == ["bo@example.com", "ada@example.com"]
    assert (row(letter_id).state, row(other).state) == ("sent", "sent")


def test_a_letter_that_is_refused_for_good_fails_at_once_with_the_servers_words(
    mailing: Flask, smtp_server: Postbox
) -> None:
    smtp_server.answer = "550 5.1.1 no such box"
    letter_id = post()
    delivery.deliver(letter_id)
    assert (row(letter_id).state, row(letter_id).last_error) == ("failed", "refused: 550 5.1.1 no such box")


def test_a_server_that_is_busy_is_asked_again_and_waits_grow(mailing: Flask, smtp_server: Postbox) -> None:
    smtp_server.answer = "451 later"
    letter_id = post()
    delivery.deliver(letter_id)
    first = row(letter_id)
    assert (first.state, first.attempts, first.last_error) == ("queued", 1, "busy: 451 later")
    assert timedelta(seconds=25) < first.next_try_at - now() < timedelta(seconds=39)
    assert delivery.sweep() == 0, "it is not due yet"
    change(letter_id, attempts=20, next_try_at=now())
    delivery.deliver(letter_id)
    assert (row(letter_id).state, row(letter_id).attempts) == ("failed", 21)


def test_waits_double_from_half_a_minute_to_six_hours_and_last_about_three_days() -> None:
    waits = [delivery.wait_after(attempts).total_seconds() for attempts in range(1, delivery.MOST_ATTEMPTS)]
    assert all(30 * 2**n <= wait <= 30 * 2**n * 1.25 for n, wait in enumerate(waits[:9]))
    assert all(6 * 3600 <= wait <= 6 * 3600 * 1.25 for wait in waits[10:])
    assert 60 < sum(waits) / 3600 < 90


def test_an_address_that_cannot_be_written_to_fails_with_words(mailing: Flask, smtp_server: Postbox) -> None:
    letter_id = post(to="a@b, evil@example.com")
    delivery.deliver(letter_id)
    assert ((row(letter_id).last_error or "").split(":")[0], smtp_server.letters) == ("address", [])


def test_workers_that_reach_for_one_letter_at_the_same_time_send_it_once(
    mailing: Flask, smtp_server: Postbox
) -> None:
    smtp_server.seconds_before_answer = 0.3
    letter_id = post()

    def work(_: int) -> None:
        with mailing.app_context():
            delivery.deliver(letter_id)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    assert (len(smtp_server.letters), row(letter_id).state, row(letter_id).attempts) == (1, "sent", 1)


def test_a_lease_holds_others_off_until_it_runs_out(mailing: Flask, smtp_server: Postbox) -> None:
    letter_id = post()
    change(letter_id, lease_holder="gone", lease_until=now() + timedelta(minutes=2))
    delivery.deliver(letter_id)
    assert (delivery.sweep(), smtp_server.letters) == (0, [])
    change(letter_id, lease_until=now() - timedelta(seconds=1))
    assert (delivery.sweep(), len(smtp_server.letters)) == (1, 1)


def test_a_worker_that_lost_its_lease_does_not_overwrite_the_next_ones_word(
    mailing: Flask, smtp_server: Postbox
) -> None:
    letter_id = post()
    parcel = delivery._claim(letter_id)
    assert parcel is not None
    change(letter_id, lease_holder="next")
    delivery._settle(parcel, state="failed")
    assert (row(letter_id).state, row(letter_id).lease_holder) == ("queued", "next")


def test_a_sender_the_server_does_not_take_is_the_whole_servers_trouble(
    mailing: Flask, smtp_server: Postbox
) -> None:
    letter_id = post()
    mail = replace(mailing.extensions["settings"].mail, username="ada", password="wrong")
    mailing.extensions["settings"] = replace(mailing.extensions["settings"], mail=mail)
    assert delivery.deliver(letter_id) is False
    assert (row(letter_id).state, row(letter_id).attempts) == ("queued", 0)


def test_keys_are_rotated_and_rotating_again_does_nothing(app_with: Callable[..., Flask]) -> None:
    old = app_with()
    with old.app_context():
        letter_id = post()
        sealed = row(letter_id).sealed_link
    ring = old.extensions["settings"].credential_keys
    new = app_with(credential_keys=(("fresh", b"f" * 32), *ring))
    with new.app_context():
        assert (upkeep.rotate_keys(), upkeep.rotate_keys()) == (1, 0)
        assert row(letter_id).sealed_link != sealed
    alone = app_with(credential_keys=(("fresh", b"f" * 32),))
    with alone.app_context():
        assert outbox.private_link(row(letter_id)) == PRIVATE


def test_links_of_old_letters_that_never_left_are_wiped(app: Flask) -> None:
    old, young = post(), post()
    change(old, created_at=now() - timedelta(days=8))
    with transaction():
        assert outbox.forget_links(at=now()) == 1
    assert (row(old).sealed_link is None, row(young).sealed_link is None) == (True, False)
