"""Answers to invitations: taken once, from whoever was invited, and nothing else is believed."""

from __future__ import annotations

import base64
import io
import re
import time
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from portal.audit import AuditEntry
from portal.calendars.by_mail import invitation_letters, invitations, messages, replies
from portal.clock import now
from portal.db import db
from portal.errors import Invalid
from portal.people.models import Person
from tests.calendars import answers, inviting, pairs
from tests.calendars.answers import Facts
from tests.calendars.inviting import check_ins, choose, posted, rows


def facts(person: Person, *, minutes: int = 1, **more) -> Facts:
    """What an answer to the first invitation says, written so many minutes after now."""
    row = rows(person)[0]
    stamp = f"{now() + timedelta(minutes=minutes):%Y%m%dT%H%M%SZ}"
    known = {"uid": row.uid, "organizer": invitation_letters.address_of(row), "attendee": person.email}
    return Facts(**{**known, "sequence": row.sequence, "stamp": stamp, **more})


def answered(person: Person) -> str:
    return rows(person)[0].answer


@pytest.mark.parametrize("program", answers.PROGRAMS)
def test_an_answer_from_each_mail_program_is_taken_and_written_down(pair, mira, sam, noise, program) -> None:
    outcome = replies.receive(answers.message(program, facts(mira)))
    assert (outcome.taken, outcome.says) == (True, f"Taken: invitation {rows(mira)[0].id} is accepted.")
    assert [each.answer for each in rows(mira)] == ["accepted", "", ""]
    [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "invitation.answered"))
    assert (entry.actor_id, entry.before, entry.after) == (mira.id, {"answer": ""}, {"answer": "accepted"})
    assert posted(sam) == [], "a yes needs no letter"


def test_who_declines_skips_nothing_and_the_partner_is_told_the_way_on(pair, mira, sam) -> None:
    replies.receive(answers.message("outlook", facts(mira), "DECLINED"))
    [letter] = posted(sam)
    assert (answered(mira), check_ins(pair)[0].state) == ("declined", "planned")
    assert letter.subject.startswith("Mira Mentor cannot come: check-in on ")
    assert "Nothing has been called off" in letter.text
    assert f"http://localhost/pairings/{pair.id}/times?check_in={check_ins(pair)[0].id}" in letter.text
    assert letter.calendar_method == ""


def test_the_way_on_in_the_letter_is_a_page_of_the_partners(new_visitor, pair, mira, sam) -> None:
    replies.receive(answers.message("gmail", facts(mira), "DECLINED"))
    [letter] = posted(sam)
    path = next(each for each in letter.text.split() if "/times?" in each).removeprefix("http://localhost")
    assert new_visitor(sam).get(path).status == 200


def test_the_partner_is_told_once_of_a_no_and_once_of_a_yes_after_it(pair, mira, sam) -> None:
    for minutes, partstat in enumerate(
        ("DECLINED", "DECLINED", "TENTATIVE", "DECLINED", "ACCEPTED", "ACCEPTED")
    ):
        assert replies.receive(answers.message("gmail", facts(mira, minutes=minutes), partstat)).taken
    assert [each.kind for each in posted(sam)] == [
        "calendars.declined",
        "calendars.declined",
        "calendars.comes_after_all",
    ]
    assert answered(mira) == "accepted"


def test_the_newest_answer_counts_in_whatever_order_they_come(pair, mira) -> None:
    late, early = facts(mira, minutes=9), facts(mira, minutes=3)
    assert replies.receive(answers.message("thunderbird", late, "DECLINED")).taken
    for again in (answers.message("thunderbird", early), answers.message("thunderbird", late, "DECLINED")):
        outcome = replies.receive(again)
        assert (outcome.taken, outcome.says) == (False, "Ignored: it is not newer than the answer we have.")
    assert answered(mira) == "declined"


def test_an_answer_to_the_time_before_a_move_is_passed_over(pair, mira, sam) -> None:
    before = facts(mira, minutes=60)
    pairs.change(check_ins(pair)[0], mira, sam, starts_at=check_ins(pair)[0].starts_at + timedelta(hours=1))
    invitations.invite(mira.id)
    assert "an earlier version" in replies.receive(answers.message("gmail", before)).says
    assert "never sent" in replies.receive(answers.message("gmail", facts(mira, sequence=7))).says
    assert answered(mira) == ""
    assert replies.receive(answers.message("gmail", facts(mira))).taken


@pytest.mark.parametrize(
    "forged", ["no token", "another's token", "a made-up token", "another host", "another uid"]
)
def test_a_forged_token_is_passed_over(make, pair, mira, sam, noise, forged: str) -> None:
    choose(sam)
    invitations.invite(sam.id)
    address = facts(mira).organizer
    uid, organizer = {
        "no token": (facts(mira).uid, "mentoring@localhost"),
        "another's token": (facts(mira).uid, facts(sam).organizer),
        "a made-up token": (facts(mira).uid, address.replace(address.split("-")[1][:20], "a" * 20)),
        "another host": (facts(mira).uid, address.replace("@localhost", "@elsewhere.example")),
        "another uid": (facts(sam).uid, address),
    }[forged]
    outcome = replies.receive(answers.message("outlook", facts(mira, uid=uid, organizer=organizer)))
    assert (outcome.taken, outcome.says) == (False, "Ignored: it answers no invitation of ours.")
    assert {each.answer for person in (mira, sam) for each in rows(person)} == {""}


def test_the_token_may_stand_in_the_calendar_alone_and_in_capitals(pair, mira) -> None:
    known = facts(mira)
    rewritten = answers.message("apple", known).replace(
        f"<{known.organizer}>".encode(), b"<mentoring@localhost>", 1
    )
    assert replies.receive(rewritten).taken
    shouted = facts(mira, minutes=5, organizer=known.organizer.upper())
    assert replies.receive(answers.message("gmail", shouted, "TENTATIVE")).taken
    assert answered(mira) == "tentative"


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Cc"])
def test_the_token_may_stand_in_any_header_that_says_to_whom_it_was_sent(pair, mira, header: str) -> None:
    known = facts(mira)
    elsewhere = answers.message("outlook", facts(mira, organizer="mentoring@localhost"))
    assert replies.receive(f"{header}: {known.organizer}\r\n".encode() + elsewhere).taken


def test_somebody_else_to_whom_it_was_passed_on_does_not_answer_for_the_person(pair, mira) -> None:
    outcome = replies.receive(answers.message("gmail", facts(mira, attendee="colleague@example.com")))
    assert outcome.says == "Ignored: somebody else answers than was invited."


def test_an_answer_from_the_far_future_or_to_what_was_taken_back_is_passed_over(pair, mira, sam) -> None:
    assert (
        "in the future" in replies.receive(answers.message("gmail", facts(mira, minutes=60 * 24 * 400))).says
    )
    known = facts(mira)
    choose(mira, invitations=False)
    invitations.invite(mira.id)
    assert "taken back" in replies.receive(answers.message("gmail", known)).says
    pairs.change(mira, disabled_at=now())
    assert not replies.receive(answers.message("gmail", known)).taken


def test_bounces_absence_notes_and_letters_of_people_are_passed_over(pair, mira) -> None:
    good = answers.message("gmail", facts(mira))
    bounce = EmailMessage()
    bounce["From"], bounce["To"], bounce["Subject"] = (
        "MAILER-DAEMON@mail.example",
        facts(mira).organizer,
        "Undelivered",
    )
    bounce.set_content("It could not be delivered.")
    bounce.add_attachment(inviting.composed(posted(mira)[0]))
    report = bytes(bounce).replace(b"multipart/mixed", b"multipart/report; report-type=delivery-status", 1)
    said = [
        replies.receive(each).says
        for each in (
            report,
            bytes(bounce),
            b"Auto-Submitted: auto-replied (vacation)\r\n"
            + good.replace(b"Auto-Submitted: auto-generated\r\n", b""),
            b"Return-Path: <>\r\n" + good.replace(b"Return-Path", b"X-Path"),
            b"From: a@example.com\r\nTo: b@example.com\r\n\r\nHello, is anybody there?\r\n",
        )
    ]
    machine, no_calendar = (
        "Ignored: it was sent by a machine, about a letter of ours.",
        "Ignored: there is no calendar in it.",
    )
    assert said == [machine, no_calendar, machine, machine, no_calendar]
    assert answered(mira) == ""


def wrapped(text: bytes, head: str = "text/calendar; method=REPLY", encoding: str = "base64") -> bytes:
    content = base64.encodebytes(text) if encoding == "base64" else text
    return (
        f"From: x@example.com\r\nContent-Type: {head}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        + content
    )


@pytest.mark.parametrize(
    ("head", "charset"),
    [
        ("text/calendar; charset=iso-8859-1", "latin-1"),
        ("text/calendar; charset=us-ascii", "utf-8"),
        ("text/calendar; charset=no-such-thing", "latin-1"),
        ("text/calendar; charset=utf-16", "utf-16"),
        ("text/calendar", "utf-8-sig"),
        ('application/octet-stream; name="answer.ICS"', "utf-8"),
        ('TEXT/CALENDAR; METHOD="reply"; CHARSET="utf-8"', "utf-8"),
    ],
)
def test_wrong_or_odd_charsets_spoil_no_answer(pair, mira, head: str, charset: str) -> None:
    text = answers.calendar("outlook", facts(mira)).encode(charset)
    assert replies.receive(wrapped(text, head)).taken


def test_an_answer_packed_deep_is_found_and_one_too_deep_harms_nobody(pair, mira) -> None:
    def packed(depth: int) -> bytes:
        inner = b"Content-Type: text/calendar\r\n\r\n" + answers.calendar("gmail", facts(mira)).encode()
        for each in range(depth):
            mark = f"level-{each}"
            head = f"Content-Type: multipart/mixed; boundary={mark}\r\n\r\n--{mark}\r\n".encode()
            inner = head + inner + f"\r\n--{mark}--\r\n".encode()
        return b"From: x@example.com\r\n" + inner

    assert replies.receive(packed(12)).taken
    with pytest.raises(Invalid, match="too many parts"):
        replies.receive(packed(2000))


def test_what_is_huge_or_no_message_is_refused_before_it_is_read() -> None:
    with pytest.raises(Invalid, match="larger than 1,000,000 bytes"):
        messages.read(b"From: x@example.com\r\n\r\n" + b"x" * messages.LARGEST)
    for nonsense in (b"", b"\0" * 1000, b"\xff\xfe" * 100):
        with pytest.raises(Invalid, match="no message"):
            messages.read(nonsense)


def test_a_large_message_made_to_be_slow_is_read_to_its_end_or_refused() -> None:
    texts = []
    for each in (
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\n" * 100_000,
        b"To: " + b"a@b.de, " * 100_000 + b"\r\n\r\nhello",
        b"To: " + b"a" * 900_000 + b"\r\n\r\nhello",
        wrapped(b"BEGIN:VCALENDAR\r\n" * 50_000, encoding="8bit"),
        wrapped(b"BEGIN:VCALENDAR\r\nX:" + b"a\r\n " * 200_000, encoding="8bit"),
    ):
        try:
            texts.append(messages.read(each).calendars)
        except Invalid:
            texts.append(())
    assert len(texts) == 5
    assert [replies._replies(each)[0] for each in texts] == [[]] * 5


@pytest.mark.parametrize(
    "field", ["Content-Type: text/calendar; x", "CONTENT-DISPOSITION: attachment; filename", "folded"]
)
def test_a_header_made_to_be_slow_is_refused_before_it_is_taken_apart(field: str) -> None:
    quoted = b'="' + b";" * 600_000 + b'"\r\n\r\nhello'
    if field == "folded":
        field, quoted = "Subject: x\rContent-Type: text/calendar; x", quoted.replace(b";;;", b";\r\n ")
    with pytest.raises(Invalid, match="header that is too long"):
        messages.read(f"From: x@example.com\r\n{field}".encode() + quoted)


@pytest.mark.parametrize("charset", ["punycode", "idna", "Punycode"])
def test_a_charset_that_is_slow_to_read_is_not_believed(pair, mira, charset: str) -> None:
    slow = wrapped(b"a" * 400_000 + b"\xff-" + b"a" * 400_000, f"text/calendar; charset={charset}", "8bit")
    began = time.monotonic()
    assert not replies.receive(slow).taken
    assert time.monotonic() - began < 5
    text = answers.calendar("outlook", facts(mira)).encode("latin-1")
    assert replies.receive(wrapped(text, f"text/calendar; charset={charset}")).taken


def test_who_sends_a_message_is_the_address_and_not_what_stands_in_the_name(pair, mira) -> None:
    sent = answers.message("ios-exchange", facts(mira))
    named = f'From: "colleague@example.com (by way of)" <{mira.email}>\r\n'.encode()
    rest = re.sub(rb"From: [^\r]*\r\n", b"", sent)
    assert replies.receive(named + rest).taken


def test_two_answers_at_the_same_time_end_as_the_newer_one(app, pair, mira) -> None:
    import threading

    raws = [
        answers.message("gmail", facts(mira, minutes=each), ("ACCEPTED", "DECLINED")[each % 2])
        for each in range(8)
    ]

    def work(raw: bytes) -> None:
        with app.app_context():
            replies.receive(raw)

    workers = [threading.Thread(target=work, args=(each,)) for each in raws]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert answered(mira) == "declined"


def test_the_pairs_page_shows_what_was_answered_in_the_readers_language(new_visitor, pair, mira, sam) -> None:
    page = f"/pairings/{pair.id}"
    assert "Mira Mentor is invited by e-mail." in new_visitor(sam).get(page).text
    replies.receive(answers.message("apple", facts(mira)))
    assert "Mira Mentor has accepted." in new_visitor(sam).get(page).text
    assert "You have accepted." in new_visitor(mira).get(page).text
    replies.receive(answers.message("apple", facts(mira, minutes=2), "DECLINED"))
    assert "Find another time together." in new_visitor(sam).get(page).text
    pairs.change(check_ins(pair)[0], mira, sam, starts_at=check_ins(pair)[0].starts_at + timedelta(hours=1))
    assert "has declined" not in new_visitor(sam).get(page).text, "that was about another time"


def test_the_command_takes_a_message_and_says_what_became_of_it(app, pair, mira, monkeypatch, capsys) -> None:
    from contextlib import contextmanager

    from click.testing import CliRunner

    from portal.cli import data as cli_data

    @contextmanager
    def opened():
        yield app

    monkeypatch.setattr(cli_data, "opened", opened)
    done = CliRunner().invoke(
        cli_data.letters, ["receive"], input=io.BytesIO(answers.message("gmail", facts(mira)))
    )
    assert (done.exit_code, done.output) == (0, f"Taken: invitation {rows(mira)[0].id} is accepted.\n")
    again = CliRunner().invoke(
        cli_data.letters, ["receive"], input=io.BytesIO(b"From: a@example.com\r\n\r\nHello")
    )
    assert (again.exit_code, again.output) == (0, "Ignored: there is no calendar in it.\n")
