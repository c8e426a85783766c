"""What somebody did to an entry in their own calendar: from two views of it to plain statements.

The views are those of core.views, as last written and as found. An occurrence is named by its key: when the
rule has it begin. Whoever drags a whole series leaves no key as it was; then the occurrences are told apart
by their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from portal.core.calendar.expansion import View
from portal.core.calendar.vtimezones import zone

ENOUGH = 2
"""From so many occurrences on, the same shift of all that lie ahead is a shift of the series."""


@dataclass(frozen=True)
class Moved:
    """One occurrence now begins at another moment, or on another day; `key` names it. It may be as long as
    before or not.
    """

    key: str
    start: datetime | date
    end: datetime | date


@dataclass(frozen=True)
class Left:
    """One occurrence was cancelled, declined or deleted."""

    key: str


@dataclass(frozen=True)
class Shifted:
    """All that lie ahead were moved alike: the first of them now begins at `start`, the others as far from it
    as before.
    """

    key: str
    start: datetime


@dataclass(frozen=True)
class Deleted:
    """The entry is gone: its owner no longer wants it there."""


@dataclass(frozen=True)
class Unclear:
    """Something was changed that cannot be told with certainty, or not by one of the above."""


Observed = Moved | Left | Shifted | Deleted | Unclear


def observed(change: Mapping[str, Any], *, zone_name: str, at: datetime) -> tuple[Observed, ...]:
    """What a noted change says: `change` holds the views "before" and "after", and "deleted" when the entry
    is gone.

    Only what lies ahead of `at` counts. `zone_name` is that of the series: shifts are measured by its clocks,
    so that a series moved over a clock change is still moved by one and the same span.
    """
    if change.get("deleted"):
        return (Deleted(),)
    before, after = change.get("before"), change.get("after")
    if not before or "occurrences" not in before:
        return (Unclear(),)
    ahead = _ahead(before, at)
    if not ahead:
        return ()
    if not after or "occurrences" not in after:
        return (Unclear(),)
    found = after["occurrences"]
    shared = ahead.keys() & found.keys()
    if ahead and not shared and found:
        return _shift(ahead, _alive(after) if len(found) == 1 else _ahead(after, at), zone_name)
    one_by_one = _one_by_one(ahead, found)
    moves = [each for each in one_by_one if isinstance(each, Moved)]
    if len(one_by_one) == len(ahead) >= ENOUGH and len(moves) == len(ahead):
        together = _shift(ahead, {key: found[key] for key in ahead}, zone_name)
        if isinstance(together[0], Shifted):
            return together
    if set(found) - set(before["occurrences"]):
        return (Unclear(),)
    return _told(one_by_one, list(ahead))


def _ahead(view: View, at: datetime) -> dict[str, dict[str, Any]]:
    """The occurrences that have not begun, in their order."""
    return {key: span for key, span in _alive(view).items() if _has_time(span["start"], at)}


def _alive(view: View) -> dict[str, dict[str, Any]]:
    """The occurrences in their order; cancelled ones are no meetings."""
    alive = {key: span for key, span in view["occurrences"].items() if not span["cancelled"]}
    return dict(sorted(alive.items(), key=lambda pair: (pair[1]["start"], pair[0])))


def _has_time(text: str, at: datetime) -> bool:
    when = moment(text)
    return when > at if isinstance(when, datetime) else when >= at.date()


def _one_by_one(ahead: Mapping[str, dict[str, Any]], found: Mapping[str, dict[str, Any]]) -> list[Observed]:
    changes: list[Observed] = []
    for key, was in ahead.items():
        now = found.get(key)
        if now is None or now["cancelled"]:
            changes.append(Left(key))
        elif now["start"] != was["start"]:
            changes.append(Moved(key, moment(now["start"]), moment(now["end"])))
    return changes


def _told(changes: list[Observed], ahead: list[str]) -> tuple[Observed, ...]:
    """Changes of single occurrences; the end of a series is not for us to guess at, it may be the whole of it
    or a slip.
    """
    gone = [each.key for each in changes if isinstance(each, Left)]
    if len(gone) >= ENOUGH and gone == ahead[-len(gone) :]:
        return (Unclear(),)
    return tuple(changes)


def _shift(before: Mapping[str, Any], after: Mapping[str, Any], zone_name: str) -> tuple[Observed, ...]:
    """One span for all, or something that cannot be told."""
    ones, others = list(before.items()), list(after.values())
    starts = [moment(span["start"]) for _, span in ones], [moment(span["start"]) for span in others]
    if len(ones) != len(others):
        return (Unclear(),)
    spans = {_local(new, zone_name) - _local(old, zone_name) for old, new in zip(*starts, strict=True)}
    if len(spans) != 1 or spans == {timedelta(0)}:
        return (Unclear(),)
    (key, _), first = ones[0], starts[1][0]
    if isinstance(first, datetime) and len(ones) >= ENOUGH:
        return (Shifted(key, first),)
    return (Moved(key, first, moment(others[0]["end"])),) if len(ones) == 1 else (Unclear(),)


def _local(when: datetime | date, zone_name: str) -> datetime:
    """The time on the wall in the zone of the series."""
    local = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=UTC)
    return local.astimezone(zone(zone_name)).replace(tzinfo=None)


def moment(text: str) -> datetime | date:
    """A moment in UTC, or a day, as a view writes it."""
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
