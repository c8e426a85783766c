"""Hours that cannot be read, and what is asked back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.hours.hours_meant import hours_meant
from portal.core.hours.weekly_hours import HoursError, format_hours, parse_hours

NINE_TO_FIVE = "Mon-Fri 09:00-17:00"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("9-5", NINE_TO_FIVE),
        ("9 to 5", NINE_TO_FIVE),
        ("9-17", NINE_TO_FIVE),
        ("Monday to Friday 9 to 5", NINE_TO_FIVE),
        ("Mon-Fri (9-5)", NINE_TO_FIVE),
        ("Mon-Fri 9:00–17:00 CET", NINE_TO_FIVE),
        ("Mo-Fr 9-5 Uhr", NINE_TO_FIVE),
        ("office hours 9 to 5", NINE_TO_FIVE),
        ("Monday to Friday", NINE_TO_FIVE),
        ("weekdays", NINE_TO_FIVE),
        ("8.30-4.30", "Mon-Fri 08:30-16:30"),
        ("Mo bis Do 8-4, Fr 8-1", "Mon-Thu 08:00-16:00; Fri 08:00-13:00"),
    ],
)
def test_hours_that_cannot_be_read_are_asked_back(written: str, meant: str) -> None:
    with pytest.raises(HoursError):
        parse_hours(written)
    assert hours_meant(written) == meant


@pytest.mark.parametrize(
    "written", ["", "whenever", "Mon-Fri 9-17 except Wed", "Tue 17:00-09:00", "8pm-6am", "9-9", "25-17"]
)
def test_nothing_is_guessed_where_nothing_can_be_known(written: str) -> None:
    assert hours_meant(written) == ""


def test_hours_in_german_are_read_as_they_stand() -> None:
    assert format_hours(parse_hours("Mo-Fr 9-17")) == NINE_TO_FIVE


@given(st.text(max_size=80) | st.text(alphabet="MonTueFri 0123456789:-–,;apm\n.", max_size=40))
def test_what_is_asked_back_can_be_read(text: str) -> None:
    meant = hours_meant(text)
    assert meant == "" or format_hours(parse_hours(meant)) == meant
