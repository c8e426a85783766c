"""What an entry says apart from times: what the portal put there, what its owner did, and
how old a copy is.
"""

from __future__ import annotations

import pytest

from portal.core.calendar.owner_edits import (
    edited,
    edited_in,
    put_there,
    read_back,
    revision_of,
    uid_of,
    with_edits,
)

TEXT = (
    "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n{events}END:VCALENDAR\r\n"
)
EVENT = "BEGIN:VEVENT\r\nUID:check-ins-1-g1@localhost\r\n{more}SUMMARY:{title}\r\nEND:VEVENT\r\n"


def text(title: str = "Check-in", *more: str) -> bytes:
    return TEXT.format(
        events="".join(EVENT.format(title=title, more=each) for each in more or ("",))
    ).encode()


MASTER = "DTSTAMP:20260201T000000Z\r\nSEQUENCE:3\r\n"
OVERRIDE = "RECURRENCE-ID:20260301T090000Z\r\nDTSTAMP:20260701T000000Z\r\nSEQUENCE:9\r\n"


@pytest.mark.parametrize(
    ("found", "revision"),
    [
        (text("x", MASTER), (3, "20260201T000000Z")),
        (text("x", OVERRIDE, MASTER), (3, "20260201T000000Z")),
        (text("x", OVERRIDE), (9, "20260701T000000Z")),
        (text("x", "DTSTAMP:20260201T000000\r\n"), (0, "")),
        (text("x", "SEQUENCE:99999999999999\r\n"), (0, "")),
        (b"nonsense \xff", (0, "")),
    ],
    ids=["a series", "with an override", "an override alone", "no moment in UTC", "no number", "nonsense"],
)
def test_how_old_a_copy_is_the_series_says(found: bytes, revision: tuple[int, str]) -> None:
    assert revision_of(found) == revision


def test_a_folded_uid_is_read_whole() -> None:
    folded = text().replace(b"check-ins-1-g1@", b"check-ins-\r\n 1-g1@")
    assert (uid_of(folded), uid_of(b"nonsense")) == ("check-ins-1-g1@localhost", "")


def test_a_title_of_ours_that_arrived_without_an_answer_is_no_touch_and_the_owners_stays_one() -> None:
    before = read_back(text("Sam"), text("Sam"), frozenset())
    arrived = put_there(text("Samira"), text("Samira"), before)
    assert edited(put_there(text("Samira"), text("Coffee"), before), before) == frozenset()
    assert (arrived["SUMMARY"], edited({"SUMMARY": "Coffee"}, arrived)) == ("Samira", {"SUMMARY"})
    assert put_there(text("Samira"), text("Coffee"), before)["SUMMARY"] == "Sam"
    assert put_there(text("Samira"), None, {})["SUMMARY"] == "Samira"


def test_what_is_as_it_was_put_is_seen_by_its_lines_and_a_touch_is_seen_whatever_else_is_there() -> None:
    put = read_back(text("Sam"), text("Sam"), frozenset())
    other_lines = text("Sam").replace(b"UID:", b"X-THEIRS:1\r\nUID:")
    assert [edited_in(each, put) for each in (text("Sam"), other_lines, b"nonsense \xff")] == [
        frozenset()
    ] * 3
    assert edited_in(text("Coffee", OVERRIDE, MASTER), put) == {"SUMMARY"}
    assert edited_in(
        text("Sam", "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"), put
    ) == {"VALARM"}


def test_a_path_with_backslashes_stays_whole_beside_the_owners_title() -> None:
    place = "LOCATION;LANGUAGE=en:" + r"\\\\server\\North\\new\; left"
    ours = text("Sam", f"{place}\r\n")
    assert place.encode() in ours
    both = with_edits(ours, text("Coffee"), frozenset({"SUMMARY"}))
    assert (place.encode() in both, b"SUMMARY:Coffee" in both, b"Sam" in both) == (True, True, False)
