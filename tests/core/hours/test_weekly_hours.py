"""Weekly hours: from what people write to minutes, and back to one canonical text."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.core.hours.weekly_hours import (
    BACKWARDS,
    DAYS,
    HoursError,
    Interval,
    WeeklyHours,
    format_hours,
    parse_hours,
)

NINE_TO_FIVE = "Mon-Fri 09:00-17:00"

spans = st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440)).filter(
    lambda span: span[1] < span[2]
)
weeks = st.lists(spans, min_size=1, max_size=12).map(WeeklyHours.of)


@pytest.mark.parametrize(
    "text",
    [
        "Mon-Fri 09:00-17:00",
        "mon-fri 9-17",
        "MON – FRI  09:00 — 17:00",
        "Mo-Fr 9-17",
        "Mo.–Fr. 9.00–17.00 Uhr",
        "Montag bis Freitag von 9 bis 17 Uhr",
        "montags - freitags 9h-17h",
        "Monday to Friday, 9am to 5pm",
        "Mondays through Fridays: from 9 a.m. until 5 p.m.",
        "weekdays 9-5pm",
        "Mon-Fri 9am-5",
        "Mon-Fri 0900-1700",
        "Mon-Fri 09:00:00-17:00:00",
        "Mon, Tue, Wed, Thu & Fri 9-17",
        "Mon-Wed 9-17; Thu-Fri 9-17",
        "Mon-Wed 9-17\r\nThu and Fri 9-17\n",
        "Mon-Wed 9-17, Thu 9-17, Fri 9-17",
        "Mon-Fri 9-12, 12-17",
        "Mon-Fri 9-13, 11-17;",
        "Tue-Fri 9-17; Mon 9-17",
        "Ｍｏｎ－Ｆｒｉ ９：００－１７：００",
        "Mon9-17;Tue-Fri9-17",
        "Mon-Fri 9-noon, noon-5pm",
    ],
)
def test_nine_to_five_may_be_written_in_many_ways(text):
    assert format_hours(parse_hours(text)) == NINE_TO_FIVE


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Tue 10:00-12:00; Thu 14:00-16:00", "Tue 10:00-12:00; Thu 14:00-16:00"),
        ("Mon-Fri 09:00-17:00; Tue 10:00-12:00", "Mon-Fri 09:00-17:00"),
        ("Thu 14-16; Tue 10-12", "Tue 10:00-12:00; Thu 14:00-16:00"),
        ("Mon, Wed 9-12, 13-17", "Mon, Wed 09:00-12:00, 13:00-17:00"),
        ("Sun-Thu 8-16", "Sun-Thu 08:00-16:00"),
        ("Fri-Mon 8-16", "Fri-Mon 08:00-16:00"),
        ("daily 00:00-24:00", "Mon-Sun 00:00-24:00"),
        ("täglich 6-7", "Mon-Sun 06:00-07:00"),
        ("weekend 10-12", "Sat-Sun 10:00-12:00"),
        ("Mon 22:00-00:00", "Mon 22:00-24:00"),
        ("Mon 10pm-12am", "Mon 22:00-24:00"),
        ("Mon 6pm-midnight", "Mon 18:00-24:00"),
        ("Mon 12am-1am", "Mon 00:00-01:00"),
        ("Mon 1-5pm", "Mon 13:00-17:00"),
        ("Mon 11am-1", "Mon 11:00-13:00"),
        ("Mon 11-1pm", "Mon 11:00-13:00"),
        ("Mi 12-12:30", "Wed 12:00-12:30"),
        ("So 9:05-9:06", "Sun 09:05-09:06"),
        ("Mon-Mon 9-10", "Mon 09:00-10:00"),
        ("Mon 9-10, Mon 11-12", "Mon 09:00-10:00, 11:00-12:00"),
        ("Mon, Wed, Fri-Sun 9-10", "Fri-Mon, Wed 09:00-10:00"),
    ],
)
def test_hours_have_one_canonical_text(text, canonical):
    assert format_hours(parse_hours(text)) == canonical
    assert format_hours(parse_hours(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("Foo", "Foo"),
        ("Mon-Fri 9-17; Foo 9-17", "Foo"),
        ("Mon", "Mon"),
        ("Mon-Fri", "Mon-Fri"),
        ("Mon; Tue 9-17", "Mon"),
        ("9-17", "9-17"),
        ("Mon 9", "Mon 9"),
        ("Mon 9, 17", "Mon 9 17"),
        ("Mon 9-", "Mon 9 -"),
        ("Mon - 9-17", "Mon-9-17"),
        ("Mon 9- Tue", "Mon 9-Tue"),
        ("-", "-"),
        ("Mon 9-17 by appointment", "by"),
        ("Mon 9-17 (home)", "(home)"),
        ("Mon 900-1700", "900-1700"),
        ("x" * 10_000, "x" * 39 + "…"),
        ("\x00", "\ufffd"),
        ("🕘", "🕘"),
    ],
)
def test_what_cannot_be_read_is_named_with_an_example_to_follow(text, unread):
    with pytest.raises(ValueError, match="Write a day and two times") as caught:
        parse_hours(text)
    assert (
        str(caught.value)
        == f"Write a day and two times, like Mon-Fri 09:00-17:00. I could not read “{unread}”."
    )


@pytest.mark.parametrize("text", ["", "  ", ";", " ,;\n"])
def test_empty_text_is_answered_with_an_example(text):
    with pytest.raises(HoursError) as caught:
        parse_hours(text)
    assert str(caught.value) == "Write a day and two times, like Mon-Fri 09:00-17:00."


@pytest.mark.parametrize("time", ["25:00", "24:01", "9:60", "13pm", "0am", "99"])
def test_a_time_that_no_clock_shows_is_refused(time):
    with pytest.raises(HoursError) as caught:
        parse_hours(f"Mon 8-{time}")
    assert str(caught.value) == f"Write times from 00:00 to 24:00. There is no “{time}”."


@pytest.mark.parametrize("times", ["17:00-09:00", "9-5", "9-9", "24:00-24:00", "00:00-00:00", "8pm-6am"])
def test_an_end_that_is_not_later_than_its_start_is_refused(times):
    with pytest.raises(HoursError) as caught:
        parse_hours(f"Tue {times}")
    assert (caught.value.template, caught.value.part) == (BACKWARDS, times)
    assert f"“{times}” does not end later than it starts" in str(caught.value)


def test_hours_are_minutes_of_each_weekday():
    hours = parse_hours("Mon 9-12, 13-17:30; Sun 22-24")
    assert hours.days[0] == (Interval(540, 720), Interval(780, 1050))
    assert hours.days[6] == (Interval(1320, 1440),)
    assert hours.days[1:6] == ((),) * 5
    assert hours.minutes == 180 + 270 + 120


def test_no_hours_are_an_empty_text():
    assert format_hours(WeeklyHours()) == ""


@pytest.mark.parametrize("span", [(7, 0, 1), (-1, 0, 1), (0, 5, 5), (0, 6, 5), (0, -1, 5), (0, 5, 1441)])
def test_impossible_hours_cannot_be_made(span):
    with pytest.raises(ValueError, match=r"weekday|interval"):
        WeeklyHours.of([span])


@pytest.mark.parametrize("days", [((),) * 6, (((0, 5), (5, 6)), *((),) * 6), (((7, 8), (1, 2)), *((),) * 6)])
def test_hours_out_of_order_cannot_be_made(days):
    with pytest.raises(ValueError, match="seven days"):
        WeeklyHours(days)


@given(weeks)
@example(WeeklyHours.of((day, 0, 1440) for day in range(7)))
@example(WeeklyHours.of((day, 60, 120) for day in (0, 2, 4, 6)))
def test_formatted_hours_read_back_as_the_same(hours):
    text = format_hours(hours)
    assert parse_hours(text) == hours
    assert format_hours(parse_hours(text)) == text
    assert parse_hours(text.lower().replace("-", " – ").replace(", ", " and ")) == hours


@given(st.lists(spans, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_and_overlap_of_what_is_written_change_nothing(written, chance):
    shuffled = [*written, chance.choice(written)]
    chance.shuffle(shuffled)
    text = "; ".join(
        f"{DAYS[day]} {a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for day, a, b in shuffled
    )
    hours = parse_hours(text)
    assert hours == WeeklyHours.of(written)
    covered = {(day, minute) for day, start, end in written for minute in range(start, end)}
    assert hours.minutes == len(covered)
    assert all(earlier.end < later.start for day in hours.days for earlier, later in pairwise(day))


@given(st.text(max_size=80) | st.text(alphabet="MonTueFri 0123456789:-–,;apm\n.", max_size=40))
def test_any_text_is_either_hours_or_refused_with_a_way_to_mend_it(text):
    try:
        hours = parse_hours(text)
    except HoursError as error:
        refusal = str(error)
        hours = None
    assert hours or refusal.startswith("Write ")
    assert not hours or parse_hours(format_hours(hours)) == hours
