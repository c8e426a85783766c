"""Invitations by e-mail: each check-in once, changes as changes, and nothing to those who
did not choose it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal import worker
from portal.calendars.by_mail import invitations
from portal.calendars.syncing import sync
from portal.clock import now
from portal.db import db, transaction
from portal.letters import delivery
from portal.people import versions
from portal.people.models import Person
from portal.schedule.models import Series
from portal.settings import Mail, new_keys
from tests.calendars import inviting, pairs
from tests.calendars.inviting import check_ins, choose, event_of, parts, posted, rows, told, weekly
from tests.personas import Factories
from tests.postbox import Postbox
from tests.sampling import sample


def starts(pairing) -> list:
    return [each.starts_at for each in check_ins(pairing)]


def test_whoever_chose_it_is_invited_to_each_check_in_once_and_nobody_else(make, mira, sam, noise) -> None:
    pairing = weekly(make, mira, sam)
    choose(mira)
    assert [invitations.invite(each.id) for each in (mira, mira, sam, noise.person)] == [3, 0, 0, 0]
    letters = posted(mira)
    assert [told(each) for each in letters] == [("REQUEST", 0, start) for start in starts(pairing)]
    assert (len({str(event_of(each.calendar_text)["UID"]) for each in letters}), posted(sam)) == (3, [])
    assert [(each.state, each.sequence, each.answer) for each in rows(mira)] == [("invited", 0, "")] * 3


def test_an_invitation_arrives_as_mail_programs_expect_it(
    app_with, make, mira, sam, smtp_server: Postbox
) -> None:
    # long because its steps read best in one order
    weekly(make, mira, sam, count=1)
    choose(mira)
    app = app_with(
        mail=Mail("127.0.0.1", smtp_server.port, "", ""),
        mail_from="portal@example.com",
        reply_address="answers@example.com",
    )
    with app.app_context():
        invitations.invite(mira.id)
        [letter] = posted(mira, "calendars.invited")
        text, first = letter.calendar_text, bytes(inviting.composed(letter))
        assert bytes(inviting.composed(letter)) == first, "the same letter, the same bytes"
        delivery.deliver(letter.id)
    [arrived] = smtp_server.letters
    assert parts(arrived) == [
        *(
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/calendar",
            "application/ics",
        )
    ]
    [calendar] = [each for each in arrived.walk() if each.get_content_type() == "text/calendar"]
    file = next(arrived.iter_attachments())
    assert (calendar["Content-Type"].params["method"], calendar["Content-Type"].params["charset"]) == (
        "REQUEST",
        "utf-8",
    )
    assert (file.get_filename(), file.get_content().decode()) == ("invite.ics", text)
    assert calendar.get_content().replace("\r\n", "\n") == text.replace("\r\n", "\n")
    event = event_of(file.get_content())
    assert str(event["ORGANIZER"]) == f"mailto:{arrived['Reply-To'].addresses[0].addr_spec}"
    assert arrived["Reply-To"].addresses[0].addr_spec.startswith(f"answers+{rows(mira)[0].id}-")
    assert (str(event["ATTENDEE"]), event["ATTENDEE"].params["RSVP"]) == (f"mailto:{mira.email}", "TRUE")
    assert (arrived["Auto-Submitted"], str(arrived["To"])) == (None, mira.email)
    assert str(arrived["From"]) == "Vice Versa <portal@example.com>"


def test_other_letters_are_as_they_were(make, mira, sam) -> None:
    letter = make.add(make.letter(mira))
    message = inviting.composed(letter)
    assert (parts(message), message["Auto-Submitted"], message["Reply-To"]) == (
        ["multipart/alternative", "text/plain", "text/html"],
        "auto-generated",
        None,
    )


def test_where_nobody_reads_answers_none_is_asked_for_and_the_letter_says_so(make, mira, sam) -> None:
    weekly(make, mira, sam, count=1)
    choose(mira)
    invitations.invite(mira.id)
    [letter] = posted(mira)
    assert event_of(letter.calendar_text)["ATTENDEE"].params["RSVP"] == "FALSE"
    assert "does not reach us" in letter.text
    assert "Accept or decline" not in letter.text


def test_a_moved_check_in_is_told_once_as_a_change_and_what_was_answered_is_void(make, mira, sam) -> None:
    pairing = weekly(make, mira, sam)
    choose(mira)
    invitations.invite(mira.id)
    first = rows(mira)[0]
    pairs.change(first, answer="accepted", answered_at=now(), answer_sequence=0)
    later = check_ins(pairing)[0].starts_at + timedelta(hours=3)
    pairs.change(check_ins(pairing)[0], mira, sam, starts_at=later)
    assert [invitations.invite(mira.id), invitations.invite(mira.id)] == [1, 0]
    [letter] = posted(mira)[3:]
    assert told(letter) == ("REQUEST", 1, later)
    assert letter.subject.startswith("Changed: Check-in with Sam Senior")
    assert str(event_of(letter.calendar_text)["UID"]) == first.uid
    assert event_of(letter.calendar_text)["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert [(each.sequence, each.answer, each.answered_at) for each in rows(mira)] == [
        (1, "", None),
        (0, "", None),
        (0, "", None),
    ]


def test_another_place_is_told_and_leaves_the_answer_as_it_is(make, mira, sam) -> None:
    pairing = weekly(make, mira, sam, count=1)
    choose(mira)
    invitations.invite(mira.id)
    pairs.change(rows(mira)[0], answer="accepted", answered_at=now(), answer_sequence=0)
    pairs.change(series_of(pairing), mira, sam, place="Room 5.01", revised_at=now(), revision=1)
    assert invitations.sweep() == 1
    letter = posted(mira)[-1]
    event = event_of(letter.calendar_text)
    assert (told(letter)[:2], str(event["LOCATION"])) == (("REQUEST", 1), "Room 5.01")
    assert (event["ATTENDEE"].params["PARTSTAT"], rows(mira)[0].answer) == ("ACCEPTED", "accepted")


def series_of(pairing) -> Series:
    return db.session.get_one(Series, check_ins(pairing)[0].series_id)


def test_another_language_or_name_alone_sends_nothing(make, mira, sam) -> None:
    weekly(make, mira, sam)
    choose(mira)
    invitations.invite(mira.id)
    pairs.change(mira, mira, locale="de")
    pairs.change(sam, mira, name="Samuel Senior")
    assert invitations.invite(mira.id) == 0


def test_what_is_skipped_is_taken_back_and_what_takes_place_after_all_is_a_new_invitation(
    make, mira, sam
) -> None:
    pairing = weekly(make, mira, sam)
    choose(mira)
    invitations.invite(mira.id)
    second, uid = check_ins(pairing)[1], rows(mira)[1].uid
    pairs.change(second, mira, sam, state="skipped")
    assert [invitations.invite(mira.id), invitations.invite(mira.id)] == [1, 0]
    letter = posted(mira)[-1]
    event = event_of(letter.calendar_text)
    assert (told(letter)[:2], str(event["UID"]), str(event["STATUS"])) == (("CANCEL", 1), uid, "CANCELLED")
    assert letter.subject.startswith("Called off: Check-in with Sam Senior")
    pairs.change(second, mira, sam, state="planned")
    assert invitations.invite(mira.id) == 1
    assert told(posted(mira)[-1])[:2] == ("REQUEST", 0)
    assert str(event_of(posted(mira)[-1].calendar_text)["UID"]) != uid


def test_when_a_pair_parts_or_plans_anew_or_the_choice_is_switched_off_what_lies_ahead_is_taken_back(
    make, mira, sam
) -> None:
    for end in ("parted", "planned anew", "switched off"):
        mentor = make.person(f"Mentor {end}")
        pairing = weekly(make, mentor, sam)
        choose(mentor)
        invitations.invite(mentor.id)
        if end == "parted":
            pairs.change(pairing, mentor, state="ended", ended_at=now())
        elif end == "planned anew":
            with transaction():
                for each in check_ins(pairing):
                    db.session.delete(each)
        else:
            choose(mentor, invitations=False)
        assert (end, invitations.sweep(), invitations.sweep()) == (end, 3, 0)
        assert [(each.calendar_method, told(each)[1]) for each in posted(mentor)[3:]] == [("CANCEL", 1)] * 3
        words = "The check-in itself stays" if end == "switched off" else "does not take place then"
        assert all(words in each.text for each in posted(mentor)[3:])


def test_what_is_over_stays_in_the_calendar(make, mira, sam) -> None:
    pairing = weekly(make, mira, sam, count=1)
    choose(mira)
    invitations.invite(mira.id)
    pairs.change(rows(mira)[0], starts_at=now() - timedelta(hours=2), ends_at=now() - timedelta(hours=1))
    pairs.change(check_ins(pairing)[0], starts_at=now() - timedelta(hours=2))
    choose(mira, invitations=False)
    assert (invitations.invite(mira.id), rows(mira)[0].state) == (0, "invited")


def test_what_is_far_ahead_is_sent_as_it_comes_near(make, mira, sam, monkeypatch: pytest.MonkeyPatch) -> None:
    weekly(make, mira, sam, count=12)
    choose(mira)
    assert invitations.invite(mira.id) == 8
    with transaction():
        assert invitations.bring_in_step(mira.id, at=now() + timedelta(days=8)) == 1
    assert len({each.check_in_id for each in rows(mira)}) == 9


def test_a_lost_ring_is_found_by_the_round_and_a_person_who_left_gets_nothing(make, mira, sam) -> None:
    pairing = weekly(make, mira, sam)
    choose(mira)
    choose(sam)
    pairs.change(sam, disabled_at=now())
    assert [invitations.sweep(), invitations.sweep(), posted(sam)] == [3, 0, []]
    pairs.change(check_ins(pairing)[0], starts_at=check_ins(pairing)[0].starts_at + timedelta(days=1))
    assert [invitations.sweep(), invitations.sweep()] == [1, 0]


def test_one_persons_trouble_keeps_nobody_from_being_invited(
    make, mira, sam, monkeypatch: pytest.MonkeyPatch
) -> None:
    weekly(make, mira, sam)
    for each in (mira, sam):
        choose(each)
    real = invitations.bring_in_step

    def fails_for_mira(person_id: int, **more) -> int:
        if person_id == mira.id:
            raise RuntimeError("a defect")
        return real(person_id, **more)

    monkeypatch.setattr(invitations, "bring_in_step", fails_for_mira)
    assert (invitations.sweep(), len(posted(sam)), posted(mira)) == (3, 3, [])


def test_workers_at_the_same_time_invite_once(app: Flask, make, mira, sam) -> None:
    weekly(make, mira, sam)
    choose(mira)
    ready = threading.Barrier(6)

    def work() -> None:
        with app.app_context():
            ready.wait()
            invitations.invite(mira.id)

    workers = [threading.Thread(target=work) for _ in range(6)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert (len(posted(mira)), len(rows(mira))) == (3, 3)


DIES = """
import os, signal, sys
from sqlalchemy import event
from portal.app import create_app
from portal import worker
from portal.calendars.by_mail import invitations
from portal.calendars.syncing import sync
from portal.letters import outbox
import portal.calendars.by_mail.invitations as room

at, person_id = int(sys.argv[1]), int(sys.argv[2])
steps = 0
def step(*_):
    global steps
    steps += 1
    if steps == at:
        os.kill(os.getpid(), signal.SIGKILL)
app = create_app()
with app.app_context():
    from portal.db import db
    event.listen(db.engine, "before_cursor_execute", step)
    event.listen(db.engine, "commit", step)
    invitations.invite(person_id)
print(steps)
"""


@pytest.mark.slow
def test_killed_at_any_statement_each_check_in_is_sent_exactly_once(
    app: Flask, database_url: str, make: Factories, mira: Person, sam: Person, tmp_path: Path
) -> None:
    weekly(make, mira, sam, count=2)
    choose(mira)
    environ = {
        **os.environ,
        **new_keys(),
        "DATABASE_URL": database_url,
        "PORTAL_INSTANCE": str(tmp_path),
        "PUBLIC_URL": "http://localhost",
    }
    killed = 0
    for at in sample((2, 9, 11, 12, 13, 14, 15, 17, 19, 21, 22, 23, 24, 25), 6):
        done = subprocess.run(
            [sys.executable, "-c", DIES, str(at), str(mira.id)], env=environ, capture_output=True, text=True
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed += 1
        assert (posted(mira), rows(mira)) == ([], []), f"killed at step {at}, before its commit"
    assert killed >= 4
    invitations.sweep()
    assert [told(each)[:2] for each in posted(mira)] == [("REQUEST", 0)] * 2


def test_a_changed_calendar_rings_for_invitations_and_their_trouble_does_not_keep_the_account_waiting(
    make: Factories, mira: Person, sam: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    weekly(make, mira, sam)
    choose(mira)
    answer = worker.TASKS[versions.CALENDAR_CHANGED]
    answer(mira.id)
    assert len(posted(mira)) == 3
    reached: list[int] = []
    monkeypatch.setattr(sync, "sync_person", reached.append)
    monkeypatch.setattr(invitations, "invite", lambda _: 1 / 0)
    answer(mira.id)
    assert reached == [mira.id]
