"""Calendar texts compared line by line: the same lines in another order or folding, and nothing else, count
as the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.core.calendar import comparing_lines, documents, owner_edits
from portal.core.calendar.documents import MeetingSeries
from tests.core.calendar.test_documents import DAY, ODD, any_series, series

OURS = documents.document_of(
    series(moved={2: timedelta(hours=1)}, skipped=(4,), summary=ODD, description=ODD, alarms=(15, 90))
)


def reordered(text: bytes) -> bytes:
    """As servers give it back: the lines of the event turned round, plain line ends, folded elsewhere."""
    plain = text.decode().replace("\r\n ", "").replace("\r\n", "\n")
    head, begin, rest = plain.partition("BEGIN:VEVENT\n")
    event, end, tail = rest.partition("BEGIN:VALARM\n")
    turned = "".join(
        f"{each[:30]}\n {each[30:]}\n" if len(each) > 30 else f"{each}\n"
        for each in reversed(event.splitlines())
    )
    return (head + begin + turned + end + tail).encode()


def test_order_folding_and_line_ends_make_no_difference() -> None:
    assert reordered(OURS) != OURS
    assert comparing_lines.same(reordered(OURS), OURS)
    rule = b"RRULE:FREQ=MONTHLY;COUNT=6;BYDAY=2TU"
    assert rule in OURS
    assert comparing_lines.same(OURS.replace(rule, b"RRULE:BYDAY=2TU;COUNT=6;FREQ=MONTHLY"), OURS)


@given(st.integers(0, len(OURS) - 1), st.sampled_from(b"aZ0;:\\"))
def test_any_other_character_does(at: int, other: int) -> None:
    changed = OURS[:at] + bytes([other]) + OURS[at + 1 :]
    assert comparing_lines.same(changed, OURS) == (changed == OURS)


@pytest.mark.parametrize(
    "text",
    [b"", b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"BEGIN:A\nEND:B", b"x\nBEGIN:A\nEND:A", b"BEGIN:A\n" * 9],
)
def test_what_cannot_be_taken_apart_is_like_nothing(text: bytes) -> None:
    assert not comparing_lines.same(text, OURS)


def test_a_missing_line_or_one_in_another_component_makes_a_difference() -> None:
    assert not comparing_lines.same(OURS.replace(b"SEQUENCE:", b"X-SEQUENCE:", 1), OURS)
    alarm = OURS.index(b"BEGIN:VALARM")
    swapped = OURS[:alarm].replace(b"SUMMARY", b"ACTION", 1) + OURS[alarm:].replace(b"ACTION", b"SUMMARY", 1)
    assert not comparing_lines.same(swapped, OURS)


@given(any_series(), st.text(max_size=40), st.lists(st.integers(0, 10_000), max_size=3))
@example(series(), "\\\\server\\North\\new", [15])
def test_what_we_said_is_read_from_our_lines_as_from_the_whole_text(
    entry: MeetingSeries, said: str, alarms: list[int]
) -> None:
    odd = replace(entry, summary=said, description=f"{ODD}{said}", alarms=tuple(alarms))
    for each in (*([odd] if odd.held else []), replace(DAY, summary=said, description=said)):
        text = documents.document_of(each)
        assert owner_edits.texts_of_ours(text) == owner_edits.texts_of(text)
        assert documents.view_of(each) == documents.view_of_text(text)
