"""Invitations as calendar text, and answers as mail programs really write them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from portal.core.calendar.itip import LARGEST, Invite, Party, Reply, cancel, method_of, reply_of, request
from portal.errors import Invalid
from tests.calendars import answers

INVITE = Invite(
    uid="invitation-6f1c@portal.example",
    sequence=2,
    revised_at=datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC),
    starts_at=datetime(2026, 3, 10, 9, tzinfo=UTC),
    ends_at=datetime(2026, 3, 10, 10, tzinfo=UTC),
    summary='Check-in with Jörg, "JJ"; Müller',
    organizer=Party("mentoring+7-abcdefghijklmnopqrst@portal.example", 'Vice "Versa"'),
    attendee=Party("Selma.Oez@nordlicht.example", "Selma Öz"),
    description="Agenda:\nhttps://portal.example/pairings/1",
    location="Room 4.12, Berlin",
    url="https://portal.example/pairings/1",
    alarms=(15,),
)
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=80)


def test_a_request_asks_one_person_to_one_plain_event_in_utc() -> None:
    [event] = Calendar.from_ical(request(INVITE)).walk("VEVENT")
    attendee, organizer = event["ATTENDEE"], event["ORGANIZER"]
    assert method_of(request(INVITE).encode()) == "REQUEST"
    assert {name: event.decoded(name) for name in ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND")} == {
        "UID": "invitation-6f1c@portal.example",
        "SEQUENCE": 2,
        "DTSTAMP": datetime(2026, 3, 1, 9, tzinfo=UTC),
        "DTSTART": INVITE.starts_at,
        "DTEND": INVITE.ends_at,
    }
    assert (str(event["SUMMARY"]), str(event["LOCATION"]), str(event["STATUS"])) == (
        'Check-in with Jörg, "JJ"; Müller',
        "Room 4.12, Berlin",
        "CONFIRMED",
    )
    assert str(attendee) == "mailto:Selma.Oez@nordlicht.example"
    assert dict(attendee.params) == {
        "CN": "Selma Öz",
        "CUTYPE": "INDIVIDUAL",
        "PARTSTAT": "NEEDS-ACTION",
        "ROLE": "REQ-PARTICIPANT",
        "RSVP": "TRUE",
    }
    assert (str(organizer), organizer.params["CN"]) == (
        "mailto:mentoring+7-abcdefghijklmnopqrst@portal.example",
        "Vice 'Versa'",
    )
    assert not {"RRULE", "EXDATE", "RECURRENCE-ID"} & set(event)


def test_a_cancellation_has_the_same_uid_and_no_alarm() -> None:
    [event] = Calendar.from_ical(cancel(INVITE)).walk("VEVENT")
    assert (method_of(cancel(INVITE).encode()), str(event["STATUS"])) == ("CANCEL", "CANCELLED")
    assert (str(event["UID"]), event.subcomponents) == (INVITE.uid, [])


def test_equal_invitations_are_equal_texts_in_lines_of_75_bytes() -> None:
    assert request(INVITE) == request(replace(INVITE))
    assert all(len(line.encode()) <= 75 for line in request(INVITE).split("\r\n"))


def test_an_answer_already_given_stays_and_none_is_asked_for_where_nobody_reads_it() -> None:
    [event] = Calendar.from_ical(request(replace(INVITE, answer="accepted", wants_answer=False))).walk(
        "VEVENT"
    )
    assert (event["ATTENDEE"].params["PARTSTAT"], event["ATTENDEE"].params["RSVP"]) == ("ACCEPTED", "FALSE")


@given(summary=PLAIN, description=PLAIN, location=PLAIN, name=PLAIN)
def test_whatever_texts_say_the_invitation_is_read_back_by_two_readers(
    summary: str, description: str, location: str, name: str
) -> None:
    invite = replace(
        INVITE,
        summary=summary,
        description=description,
        location=location,
        organizer=Party("m@portal.example", name),
    )
    text = request(invite)
    [event] = Calendar.from_ical(text).walk("VEVENT")
    other = vobject.readOne(text).vevent
    assert str(event["SUMMARY"]) == " ".join(summary.split()) == other.summary.value
    assert other.dtstart.value == event.decoded("DTSTART") == INVITE.starts_at
    assert str(event["UID"]) == other.uid.value == INVITE.uid


def test_a_room_on_a_path_with_backslashes_is_read_as_it_was_written() -> None:
    where = r"\\server\North\new; left, then right"
    for text in (request(replace(INVITE, location=where)), cancel(replace(INVITE, location=where))):
        event = vobject.readOne(text).vevent
        assert event.location.value == where


@pytest.mark.parametrize("name", answers.PROGRAMS)
def test_answers_are_understood_as_each_mail_program_writes_them(name: str) -> None:
    facts = answers.Facts(INVITE.uid, INVITE.organizer.address, INVITE.attendee.address, sequence=2)
    for partstat, answer in (("ACCEPTED", "accepted"), ("DECLINED", "declined"), ("TENTATIVE", "tentative")):
        assert reply_of(answers.calendar(name, facts, partstat).encode()) == Reply(
            uid=INVITE.uid,
            answer=answer,
            sequence=2,
            stamped_at=datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
            attendee="" if name == "ios-exchange" else "selma.oez@nordlicht.example",
            organizers=("mentoring+7-abcdefghijklmnopqrst@portal.example",),
        )


FACTS = answers.Facts(INVITE.uid, "m@portal.example", "a@portal.example")
GOOD = answers.calendar("thunderbird", FACTS, "ACCEPTED")


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("METHOD:REPLY", "METHOD:REQUEST", "no answer"),
        ("METHOD:REPLY\r\n", "", "no answer"),
        ("PARTSTAT=ACCEPTED", "PARTSTAT=DELEGATED", "neither yes nor no"),
        (
            "ATTENDEE",
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@portal.example\r\nATTENDEE",
            "one check-in and one person",
        ),
        ("BEGIN:VEVENT", "BEGIN:VEVENT\r\nRECURRENCE-ID:20260310T090000Z", "one check-in and one person"),
        ("BEGIN:VEVENT", "BEGIN:VEVENT\r\nUID:second@portal.example", "one check-in and one person"),
        ("BEGIN:VEVENT", "BEGIN:VEVENT\r\nEND:VEVENT\r\nBEGIN:VEVENT", "one check-in and one person"),
        ("BEGIN:VEVENT", "BEGIN:VTODO", "cannot be read"),
        ("SEQUENCE:0", "SEQUENCE:-1", "cannot be read"),
        ("SEQUENCE:0", "SEQUENCE:99999999999999999999", "cannot be read"),
        ("SEQUENCE:0", "SEQUENCE:٣", "cannot be read"),
        ("DTSTAMP:20260302T083000Z", "DTSTAMP:20261302T083000Z", "cannot be read"),
        ("DTSTAMP:20260302T083000Z", "DTSTAMP:yesterday", "cannot be read"),
        ("DTSTAMP:20260302T083000Z\r\n", "", "cannot be read"),
        ("BEGIN:VEVENT", "BEGIN:VEVENT\r\n" + "X-LONG:" + "x" * LARGEST, "too large"),
        ("BEGIN:VEVENT", "BEGIN:VEVENT\r\n" + "X-MANY:1\r\n" * 3000, "too large"),
    ],
)
def test_anything_but_one_answer_to_one_invitation_is_refused(was: str, becomes: str, says: str) -> None:
    assert reply_of(GOOD.encode()).answer == "accepted"
    assert was in GOOD
    with pytest.raises(Invalid, match=says):
        reply_of(GOOD.replace(was, becomes).encode())


def counter(start: str, partstat: str = "TENTATIVE") -> bytes:
    """The proposal of another time, whose DTSTART line goes on with `start`."""
    text = answers.calendar("outlook", FACTS, partstat)
    return re.sub(
        r"\nDTSTART[^\r]*(?=\r\nDTEND)", f"\nDTSTART{start}", text.replace("METHOD:REPLY", "METHOD:COUNTER")
    ).encode()


@pytest.mark.parametrize(
    ("start", "moment"),
    [
        (":20260311T090000Z", datetime(2026, 3, 11, 9, tzinfo=UTC)),
        (";TZID=W. Europe Standard Time:20260711T100000", datetime(2026, 7, 11, 8, tzinfo=UTC)),
        (";TZID=Europe/Berlin:20260311T100000", datetime(2026, 3, 11, 9, tzinfo=UTC)),
        (
            ";TZID=/mozilla.org/20050126_1/America/New_York:20260311T100000",
            datetime(2026, 3, 11, 14, tzinfo=UTC),
        ),
    ],
)
def test_another_time_that_is_proposed_is_read_in_whatever_zone_it_is_written(
    start: str, moment: datetime
) -> None:
    reply = reply_of(counter(start))
    assert (reply.proposes, reply.answer, reply.uid) == (moment, "tentative", INVITE.uid)
    assert reply_of(counter(start, "DELEGATED")).answer == ""


@pytest.mark.parametrize(
    "start",
    [
        ":20260311T100000",
        ";VALUE=DATE:20260311",
        ";TZID=Customized Time Zone:20260311T100000",
        ":soon",
        ":",
        "",
        ":20260231T100000Z",
        ";TZID=Asia/Tokyo:00010101T000000",
        ":20260311T090000Z\r\nDTSTART:20260312T090000Z",
        ";TZID=../../etc/passwd:20260311T100000",
    ],
)
def test_a_proposal_of_no_certain_moment_is_refused(start: str) -> None:
    with pytest.raises(Invalid):
        reply_of(counter(start))


@given(
    st.binary(max_size=400) | st.text(max_size=400).map(lambda text: GOOD.replace("PARTSTAT", text).encode())
)
def test_nonsense_is_refused_and_breaks_nothing(text: bytes) -> None:
    with suppress(Invalid):
        assert reply_of(text).answer in ("", "accepted", "declined", "tentative")
