"""Text that icalendar is to write in calendars."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Event, vText

from portal.core.calendar.text_values import Text, on_one_line, text_of, without_controls

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


@given(st.one_of(ANY_TEXT, st.text("a\\;,^Nn\n\r é長🦩", max_size=200)))
def test_text_is_escaped_as_icalendar_escapes_it_but_for_a_backslash_before_a_capital_n(text: str) -> None:
    without = text.replace("\\N", "\\n")
    assert Text(without).to_ical() == vText(without).to_ical()
    assert Text(text).to_ical().replace(rb"\\N", rb"\\n") == vText(without).to_ical()


def test_a_backslash_before_a_capital_n_is_no_line_break() -> None:
    assert Text(r"\\server\North, left").to_ical() == rb"\\\\server\\North\, left"
    event = Event()
    event.add("location", Text(r"\\server\North, left"))
    assert str(Event.from_ical(text_of(event))["location"]) == r"\\server\North, left"


@given(st.text(max_size=40))
def test_no_control_character_is_left(text: str) -> None:
    clean = without_controls(text)
    assert without_controls(clean) == clean
    assert not {char for char in clean if char < " " and char != "\n"}
    assert "\x7f" not in clean
    assert "\n" not in on_one_line(text)
