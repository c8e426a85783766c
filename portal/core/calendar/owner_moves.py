"""What the owner of a calendar did to the times of our entry: from two views of it to plain statements.

The views are those of `expansion`, as last written and as now read. An occurrence is named by its key: when
the rule has it begin. Dragging a whole series changes every key; then occurrences are matched by their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from portal.core.calendar.expansion import View
from portal.core.calendar.vtimezones import zone

ENOUGH = 2
"""From this many occurrences on, the same shift of all that lie ahead is a shift of the series."""


@dataclass(frozen=True)
class Moved:
    """The occurrence `key` now begins at another time or on another day; its length may differ too."""

    key: str
    start: datetime | date
    end: datetime | date


@dataclass(frozen=True)
class Cancelled:
    """The occurrence `key` was cancelled, declined or deleted."""

    key: str


@dataclass(frozen=True)
class Shifted:
    """All occurrences ahead were moved alike: the first of them, `key`, now begins at `start`."""

    key: str
    start: datetime


@dataclass(frozen=True)
class Deleted:
    """The entry is gone: its owner no longer wants it there."""


@dataclass(frozen=True)
class Unclear:
    """A change that none of the above describes with certainty."""


OwnerMove = Moved | Cancelled | Shifted | Deleted | Unclear


def owner_moves(change: Mapping[str, Any], *, zone_name: str, at: datetime) -> tuple[OwnerMove, ...]:
    """What a recorded change means: it holds the views "before" and "after", and "deleted" when the entry is
    gone.

    Only what lies ahead of `at` counts. Shifts are measured by the clocks of `zone_name`, the zone of the
    series: one that is moved across a clock change is still moved by a single span.
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
    occurrences = after["occurrences"]
    if not ahead.keys() & occurrences.keys() and occurrences:
        return _shift(ahead, _alive(after) if len(occurrences) == 1 else _ahead(after, at), zone_name)
    single = _one_by_one(ahead, occurrences)
    all_moved = len(single) == len(ahead) and all(isinstance(change, Moved) for change in single)
    if all_moved and len(ahead) >= ENOUGH:
        together = _shift(ahead, {key: occurrences[key] for key in ahead}, zone_name)
        if isinstance(together[0], Shifted):
            return together
    if set(occurrences) - set(before["occurrences"]):
        return (Unclear(),)
    return _unless_cut_short(single, list(ahead))


def _ahead(view: View, at: datetime) -> dict[str, dict[str, Any]]:
    """The occurrences that have not begun, in their order."""
    return {key: span for key, span in _alive(view).items() if _is_ahead(span["start"], at)}


def _alive(view: View) -> dict[str, dict[str, Any]]:
    """The occurrences that take place, in their order."""
    alive = {key: span for key, span in view["occurrences"].items() if not span["cancelled"]}
    return dict(sorted(alive.items(), key=lambda pair: (pair[1]["start"], pair[0])))


def _is_ahead(text: str, at: datetime) -> bool:
    when = moment(text)
    return when > at if isinstance(when, datetime) else when >= at.date()


def _one_by_one(
    ahead: Mapping[str, dict[str, Any]], occurrences: Mapping[str, dict[str, Any]]
) -> list[OwnerMove]:
    moves: list[OwnerMove] = []
    for key, before in ahead.items():
        after = occurrences.get(key)
        if after is None or after["cancelled"]:
            moves.append(Cancelled(key))
        elif after["start"] != before["start"]:
            moves.append(Moved(key, moment(after["start"]), moment(after["end"])))
    return moves


def _unless_cut_short(moves: list[OwnerMove], ahead: list[str]) -> tuple[OwnerMove, ...]:
    """The moves; but Unclear if the series now ends earlier, which may be meant or a slip."""
    cancelled = [move.key for move in moves if isinstance(move, Cancelled)]
    if len(cancelled) >= ENOUGH and cancelled == ahead[-len(cancelled) :]:
        return (Unclear(),)
    return tuple(moves)


def _shift(before: Mapping[str, Any], after: Mapping[str, Any], zone_name: str) -> tuple[OwnerMove, ...]:
    """Shifted if all occurrences moved by one span; Moved if there is only one."""
    if len(before) != len(after):
        return (Unclear(),)
    old = [moment(span["start"]) for span in before.values()]
    new = [moment(span["start"]) for span in after.values()]
    spans = {_local(to, zone_name) - _local(start, zone_name) for start, to in zip(old, new, strict=True)}
    if len(spans) != 1 or spans == {timedelta(0)}:
        return (Unclear(),)
    key, first = next(iter(before)), new[0]
    if isinstance(first, datetime) and len(before) >= ENOUGH:
        return (Shifted(key, first),)
    end = next(iter(after.values()))["end"]
    return (Moved(key, first, moment(end)),) if len(before) == 1 else (Unclear(),)


def _local(when: datetime | date, zone_name: str) -> datetime:
    """The wall-clock time in a zone."""
    local = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=UTC)
    return local.astimezone(zone(zone_name)).replace(tzinfo=None)


def moment(text: str) -> datetime | date:
    """The moment in UTC, or the day, that a view has as text."""
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
