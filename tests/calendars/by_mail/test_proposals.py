"""Another time that somebody proposes in their mail program (METHOD:COUNTER): the partner is asked, and
nothing else.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest

from portal.calendars.by_mail import invitations, replies
from portal.clock import now
from portal.people.models import Person
from portal.schedule.move_requests import requests
from portal.web.template_globals import in_zone
from tests.calendars import answers, inviting, pairs
from tests.calendars.by_mail.test_replies import answered, facts, wrapped
from tests.calendars.inviting import check_ins, posted, rows


def countered(person: Person, proposes: datetime, partstat: str = "TENTATIVE", **more) -> bytes:
    """Outlook's “Propose New Time” for the first invitation."""
    start = f"{proposes.astimezone(inviting.BERLIN):%Y%m%dT%H%M%S}"
    text = answers.calendar("outlook", facts(person, **more), partstat).replace(
        "METHOD:REPLY", "METHOD:COUNTER"
    )
    return wrapped(
        text.replace("20260310T100000", start).encode(), head="text/calendar; charset=utf-8; method=COUNTER"
    )


def test_another_time_that_is_proposed_is_asked_of_the_partner_and_moves_nothing_by_itself(
    new_visitor, pair, mira, sam
) -> None:
    was = check_ins(pair)[0].starts_at
    then = was + timedelta(days=1, hours=2)
    outcome = replies.receive(countered(mira, then))
    said = f"Taken: invitation {rows(mira)[0].id}, and the partner is asked about another time."
    assert (outcome.taken, outcome.says) == (True, said)
    assert (check_ins(pair)[0].starts_at, answered(mira)) == (was, "tentative")
    [letter] = posted(sam, "schedule.")
    assert (letter.kind, letter.subject) == ("schedule.asked", "Mira Mentor asks about your next check-in")
    when, there = (in_zone(each, sam.time_zone, "EEEE, d MMMM y, HH:mm") for each in (was, then))
    assert f"Mira Mentor would like to move your check-in of {when} to {there}, your time." in letter.text
    page = new_visitor(sam)
    shown = in_zone(then, sam.time_zone, "EEEE, d MMMM, HH:mm")
    assert "Mira Mentor asks for another time" in page.get(f"/pairings/{pair.id}").text
    assert shown in page.get(f"/pairings/{pair.id}").text
    [action] = {each["action"] for each in page.page.root.all("form") if each["action"].endswith("/agree")}
    page.post(action)
    assert check_ins(pair)[0].starts_at == then
    invitations.invite(mira.id)
    assert (rows(mira)[0].sequence, rows(mira)[0].starts_at) == (1, then)


def test_a_proposal_that_comes_twice_asks_once_and_a_newer_one_takes_its_place(pair, mira, sam) -> None:
    then = check_ins(pair)[0].starts_at + timedelta(hours=3)
    first = countered(mira, then)
    assert [replies.receive(each).taken for each in (first, first, countered(mira, then, minutes=4))] == [
        True,
        False,
        True,
    ]
    assert [each.kind for each in posted(sam, "schedule.")] == ["schedule.asked"]
    assert replies.receive(countered(mira, then + timedelta(hours=1), minutes=5)).taken
    assert [each.starts_at for each in requests.open_requests(pair.id)] == [then + timedelta(hours=1)]


def test_a_proposal_leaves_an_answer_alone_unless_it_gives_one(pair, mira, sam) -> None:
    assert replies.receive(answers.message("gmail", facts(mira), "ACCEPTED")).taken
    then = check_ins(pair)[0].starts_at + timedelta(hours=3)
    assert replies.receive(countered(mira, then, "NEEDS-ACTION", minutes=2)).taken
    assert answered(mira) == "accepted"
    assert replies.receive(countered(mira, then + timedelta(hours=1), "DECLINED", minutes=3)).taken
    assert answered(mira) == "declined"
    assert [each.kind for each in posted(sam, "")] == ["schedule.asked"] * 2, "one letter says both"


def test_a_proposal_of_the_time_it_has_is_an_answer_and_no_more(pair, mira, sam) -> None:
    outcome = replies.receive(countered(mira, check_ins(pair)[0].starts_at, "DECLINED"))
    assert (outcome.taken, outcome.says) == (True, f"Taken: invitation {rows(mira)[0].id} is declined.")
    assert [each.kind for each in posted(sam, "")] == ["calendars.declined"]


@pytest.mark.parametrize(
    "wrong", ["past", "own", "moved", "older", "unsent", "off", "paused", "colleague", "no moment", "token"]
)
def test_a_proposal_that_cannot_be_does_nothing(pair, mira, sam, wrong: str) -> None:
    first = check_ins(pair)[0]
    then = first.starts_at + timedelta(hours=3)
    message = {
        "own": lambda: countered(mira, check_ins(pair)[1].starts_at),
        "past": lambda: countered(mira, now() - timedelta(hours=1)),
        "older": lambda: countered(mira, then, sequence=rows(mira)[0].sequence - 1),
        "unsent": lambda: countered(mira, then, sequence=9),
        "colleague": lambda: countered(mira, then, attendee="colleague@example.com"),
        "token": lambda: countered(mira, then, organizer="mentoring@localhost"),
    }.get(wrong, lambda: countered(mira, then))
    if wrong == "moved":
        pairs.change(first, mira, sam, starts_at=first.starts_at + timedelta(hours=1))
    elif wrong == "older":
        pairs.change(first, mira, sam, starts_at=first.starts_at + timedelta(hours=1))
        invitations.invite(mira.id)
    elif wrong == "off":
        pairs.change(first, mira, sam, state="skipped")
    elif wrong == "paused":
        pairs.change(pair, mira, sam, state="paused")
    raw = message()
    if wrong == "no moment":
        raw = wrapped(
            base64.decodebytes(raw.partition(b"\r\n\r\n")[2]).replace(b"W. Europe Standard Time", b"My Own")
        )
    was = [(each.starts_at, each.version) for each in check_ins(pair)]
    outcome = replies.receive(raw)
    assert not outcome.taken
    assert outcome.says.startswith("Ignored: ")
    assert [(each.starts_at, each.version) for each in check_ins(pair)] == was
    assert (posted(sam, ""), answered(mira), requests.open_requests(pair.id)) == ([], "", [])


def test_a_proposal_for_a_check_in_that_has_begun_does_nothing(pair, mira, sam) -> None:
    first, began = check_ins(pair)[0], now() - timedelta(minutes=5)
    raw = countered(mira, first.starts_at + timedelta(hours=3))
    pairs.change(first, starts_at=began)
    pairs.change(rows(mira)[0], starts_at=began)
    assert (
        replies.receive(raw).says == "Ignored: another time is proposed for a check-in that is over, or off."
    )
    assert posted(sam, "") == []
