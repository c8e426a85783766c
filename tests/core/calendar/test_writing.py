"""Lines of calendar text are written byte for byte as the icalendar package writes them, but for what it gets
wrong.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from icalendar import vText
from icalendar.parser import Contentline

from portal.core.calendar import writing as contentlines

PLAIN = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
TRICKY = st.text("a\\;,^ Né長🦩", max_size=200)


@given(st.one_of(PLAIN, TRICKY, st.text("a\n\r", max_size=20)))
def test_text_is_escaped_alike(said: str) -> None:
    told = said.replace("\\N", "\\n")
    assert contentlines.text(told) == ":" + vText(told).to_ical().decode()


def test_a_backslash_before_a_capital_n_is_no_end_of_a_line() -> None:
    assert contentlines.text("\\\\server\\North, left") == ":\\\\\\\\server\\\\North\\, left"


@given(st.one_of(PLAIN, TRICKY))
def test_lines_are_folded_alike_and_in_octets(said: str) -> None:
    line = "SUMMARY:" + said.replace("\n", " ").replace("\r", " ")
    folded = contentlines.folded(line)
    assert folded == Contentline(line).to_ical().decode() + "\r\n"
    assert all(len(each) <= 75 for each in folded.encode().split(b"\r\n"))


@given(st.text(max_size=40))
def test_no_control_character_is_left(said: str) -> None:
    left = contentlines.without_controls(said)
    assert contentlines.without_controls(left) == left
    assert not {each for each in left if each < " " and each != "\n"}
    assert "\x7f" not in left
