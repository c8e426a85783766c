"""From two views of an entry to what somebody did to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.core.calendar.owner_moves import Cancelled, Deleted, Moved, Shifted, Unclear, owner_moves

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAYS = [date(2026, 3, 3) + timedelta(weeks=2 * step) for step in range(6)]
"""Two weeks apart; the first is over, and the clocks change between the second and the third."""


def at(day: date, hour: int = 10) -> str:
    return datetime.combine(day, time(hour), BERLIN).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(day: date, hour: int = 10, *, hours: int = 1, cancelled: bool = False) -> dict[str, Any]:
    return {"start": at(day, hour), "end": at(day, hour + hours), "cancelled": cancelled}


BEFORE = {"occurrences": {at(day): span(day) for day in DAYS}}


def after(changes: dict[date, dict[str, Any] | None]) -> dict[str, Any]:
    spans = {**BEFORE["occurrences"], **{at(day): made for day, made in changes.items()}}
    return {"occurrences": {key: made for key, made in spans.items() if made is not None}}


def says(found: dict[str, Any] | None, **more: Any) -> tuple[Any, ...]:
    return owner_moves({"before": BEFORE, "after": found, **more}, zone_name="Europe/Berlin", at=NOW)


def test_one_that_was_dragged_has_moved() -> None:
    day = DAYS[2] + timedelta(days=1)
    moved = Moved(at(DAYS[2]), *(datetime.fromisoformat(at(day, hour)) for hour in (15, 16)))
    assert says(after({DAYS[2]: span(day, 15)})) == (moved,)


@pytest.mark.parametrize("now", [None, span(DAYS[2], cancelled=True)])
def test_one_that_was_deleted_or_cancelled_is_left_out(now: dict[str, Any] | None) -> None:
    assert says(after({DAYS[2]: now})) == (Cancelled(at(DAYS[2])),)


def test_several_things_at_once_are_told_one_by_one() -> None:
    found = says(after({DAYS[1]: None, DAYS[3]: span(DAYS[3], 14)}))
    assert [type(each) for each in found] == [Cancelled, Moved]


def test_what_is_over_is_nobodys_business() -> None:
    assert says(after({DAYS[0]: None})) == ()
    assert says(after({DAYS[0]: span(DAYS[0], 15)})) == ()


def test_a_longer_meeting_is_cosmetic() -> None:
    assert says(after({DAYS[2]: span(DAYS[2], hours=2)})) == ()


@pytest.mark.parametrize("keys_follow", [True, False])
def test_a_series_dragged_as_a_whole_is_shifted_by_the_clock_on_the_wall(keys_follow: bool) -> None:
    later = {day: span(day + timedelta(days=1), 16) for day in DAYS}
    whole = {
        "occurrences": {
            at(day + timedelta(days=1), 16) if keys_follow else at(day): later[day] for day in DAYS
        }
    }
    first = datetime.fromisoformat(at(DAYS[1] + timedelta(days=1), 16))
    assert says(whole) == (Shifted(at(DAYS[1]), first),)


def test_all_moved_but_each_elsewhere_are_so_many_moves() -> None:
    found = says(after({day: span(day, 11 + number) for number, day in enumerate(DAYS[1:])}))
    assert [type(each) for each in found] == [Moved] * 5


def test_what_cannot_be_told_is_not_guessed_at() -> None:
    assert says(None) == says({"unreadable": {}}) == (Unclear(),)
    assert says(after(dict.fromkeys(DAYS[3:]))) == (Unclear(),)
    made_anew = {
        "occurrences": {
            at(day + timedelta(days=step)): span(day + timedelta(days=step)) for step, day in enumerate(DAYS)
        }
    }
    assert says(made_anew) == (Unclear(),)
    assert says(after({DAYS[5] + timedelta(weeks=2): span(DAYS[5] + timedelta(weeks=2))})) == (Unclear(),)


def test_what_becomes_of_a_series_that_is_over_is_nobodys_business() -> None:
    over = datetime(2027, 1, 1, tzinfo=UTC)
    assert owner_moves({"before": BEFORE, "after": None}, zone_name="Europe/Berlin", at=over) == ()


def test_an_entry_that_is_gone_is_deleted() -> None:
    assert says(None, deleted=True) == (Deleted(),)


def test_the_day_of_a_milestone_moves() -> None:
    old, new = date(2026, 4, 1), date(2026, 4, 8)
    view = lambda on: {"start": str(on), "end": str(on + timedelta(days=1)), "cancelled": False}  # noqa: E731  # used twice
    for key in (old, new):
        change = {
            "before": {"occurrences": {str(old): view(old)}},
            "after": {"occurrences": {str(key): view(new)}},
        }
        assert owner_moves(change, zone_name="UTC", at=NOW) == (
            Moved(str(old), new, new + timedelta(days=1)),
        )
