"""Time zones of the pinned `tzdata` package as VTIMEZONEs (RFC 5545, 3.6.5) that every client reads right.

A zone's file (TZif, RFC 8536) ends with a rule for the future, in POSIX's TZ format. Where the rule holds for
all of our years it becomes two recurring blocks; where it began later, each change before it gets a block of
its own; where RFC 5545 cannot express the future as a rule, each change until LAST_YEAR does. RDATE is never
used, since some clients ignore it; so icalendar's own `add_missing_timezones`, which writes RDATEs, is not
used either.
"""

import re
import struct
from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard
from icalendar.prop import vInline

from portal.core.calendar.text_values import text_of
from portal.core.translatable import N_
from portal.errors import Invalid

FIRST_YEAR, LAST_YEAR = 2020, 2037
"""The years in which a VTIMEZONE of ours is right; LAST_YEAR only limits zones whose future is no rule."""
UNKNOWN = N_("This time zone is not known. Choose a city near you, like Europe/Berlin.")

UTC_WORDS = ("GMT", "GMT+0", "GMT-0", "GMT0", "Greenwich", "UCT", "UTC", "Universal", "Zulu")
UTC_NAMES = frozenset(UTC_WORDS + tuple(f"Etc/{word}" for word in UTC_WORDS))
"""Names of UTC itself: their times are written with a Z and need no VTIMEZONE."""

DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
DAY = 86_400
LAST_WEEK = 5
NAME = r"(?:<[^>]+>|[A-Za-z]+)"
OFFSET = r"[+-]?\d+(?::\d+){0,2}"
POSIX = re.compile(rf"({NAME})({OFFSET})(?:({NAME})({OFFSET})?,([^,]+),([^,]+))?")
HEADER = struct.Struct(">20x6l")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
TWO_YEARS = 4
ON = re.compile(rf"M(\d+)\.(\d+)\.(\d+)(?:/({OFFSET}))?")


@dataclass(frozen=True)
class Clock:
    """A local time type of a zone's file: its abbreviation, offset from UTC, and if it is summer time."""

    name: str
    offset: timedelta
    dst: bool


@dataclass(frozen=True)
class Onset:
    """A clock change: when, and the offset from UTC before and after. `summer`: summer time begins."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str
    summer: bool

    @property
    def change(self) -> tuple[datetime, timedelta, timedelta]:
        """The change without its name."""
        return self.at, self.before, self.after

    @property
    def wall(self) -> datetime:
        """The local time at which it happens, naive."""
        return (self.at + self.before).replace(tzinfo=None)


@dataclass(frozen=True)
class Yearly:
    """POSIX's Mm.w.d/time: the w-th (5: last) weekday d (0: Sunday) of month m, seconds after midnight."""

    month: int
    week: int
    weekday: int
    seconds: int

    def on(self, year: int) -> datetime:
        """The local time at which it happens in `year`, naive."""
        days = monthrange(year, self.month)[1]
        first = 1 + (self.weekday - datetime(year, self.month, 1).isoweekday()) % 7  # noqa: DTZ001 - a day, not a moment
        day = first + 7 * (self.week - 1)
        if day > days:
            day -= 7
        return datetime(year, self.month, day) + timedelta(seconds=self.seconds)  # noqa: DTZ001 - local by its nature

    def rrule(self) -> str | None:
        """The rule as an RRULE; None where it may leave its month, which no RRULE can express."""
        shift = self.seconds // DAY
        day = DAYS[(self.weekday + shift) % 7]
        if shift == 0:
            return f"FREQ=YEARLY;BYMONTH={self.month};BYDAY={self.week if self.week < LAST_WEEK else -1}{day}"
        days = monthrange(2001, self.month)[1]
        low = (1 + 7 * (self.week - 1) if self.week < LAST_WEEK else days - 6) + shift
        if low < 1 or low + 6 > days or self.month == 2:
            return None
        within = ",".join(map(str, range(low, low + 7)))
        return f"FREQ=YEARLY;BYMONTH={self.month};BYMONTHDAY={within};BYDAY={day}"


@dataclass(frozen=True)
class Future:
    """The rule at the end of a zone's file. Without `summer_name` clocks do not change any more."""

    name: str
    offset: timedelta
    summer_name: str = ""
    summer_offset: timedelta = timedelta()
    begins: Yearly | None = None
    ends: Yearly | None = None

    def onsets(self, year: int) -> list[Onset]:
        """The changes of one year, in order."""
        if self.begins is None or self.ends is None:
            return []
        low, high = self.offset, self.summer_offset
        begin = (self.begins.on(year) - low).replace(tzinfo=UTC)
        end = (self.ends.on(year) - high).replace(tzinfo=UTC)
        to_summer = Onset(begin, low, high, self.summer_name, summer=high > low)
        to_standard = Onset(end, high, low, self.name, summer=low > high)
        return sorted((to_summer, to_standard), key=lambda onset: onset.at)

    def rrule_of(self, onset: Onset) -> str | None:
        """The RRULE by which `onset` comes back each year."""
        yearly = self.begins if onset.after == self.summer_offset else self.ends
        return yearly.rrule() if yearly else None


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """The names of all zones."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def name_in(tzid: str) -> str | None:
    """The name of the zone that a TZID means; some programs write a path before it, as in
    /freeassociation.sourceforge.net/Europe/Berlin.
    """
    parts = tzid.strip('"').split("/")
    candidates = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((name for name in candidates if name in names()), None)


@lru_cache(maxsize=700)
def zone(name: str) -> ZoneInfo:
    """The zone from the pinned package, whatever the machine has; raises Invalid for an unknown name."""
    return ZoneInfo.from_file(BytesIO(_file(name)), key=name)


@lru_cache(maxsize=700)
def vtimezone(name: str) -> str:
    """The VTIMEZONE of a zone, its lines ending in CRLF; raises Invalid for an unknown name."""
    first, onsets, future = _read(_file(name))
    regular = _by_rule(onsets, future)
    single = onsets[: len(onsets) - regular]
    timezone = Timezone()
    timezone.add("tzid", name)
    if single or not regular:
        began = Onset(LONG_AGO - first.offset, first.offset, first.offset, first.name, summer=False)
        timezone.add_component(_block(began))
    for onset in single:
        timezone.add_component(_block(onset))
    if regular:
        recurring = onsets[len(single) :][:2] if single else future.onsets(LONG_AGO.year)
        for onset in recurring:
            timezone.add_component(_block(onset, future.rrule_of(onset)))
    return text_of(timezone, in_order=False)


def _by_rule(onsets: list[Onset], future: Future) -> int:
    """How many of the onsets, from the last one back, follow the rule; 0 for less than two years."""
    rule = [onset for year in range(FIRST_YEAR, LAST_YEAR + 1) for onset in future.onsets(year)]
    if any(future.rrule_of(onset) is None for onset in rule[:2]):
        return 0
    pairs = zip(reversed(rule), reversed(onsets), strict=False)
    same = len(list(takewhile(lambda pair: pair[0].change == pair[1].change, pairs)))
    return same if same >= TWO_YEARS else 0


def _block(onset: Onset, rule: str | None = None) -> TimezoneStandard | TimezoneDaylight:
    block = TimezoneDaylight() if onset.summer else TimezoneStandard()
    block.add("dtstart", onset.wall)
    block.add("tzoffsetfrom", onset.before)
    block.add("tzoffsetto", onset.after)
    if rule:
        # As vRecur the parts of the rule would come in another order than in texts that servers have already.
        block.add("rrule", vInline(rule))
    block.add("tzname", onset.name)
    return block


def _file(name: str) -> bytes:
    if name not in names():
        raise Invalid(UNKNOWN, field="zone")
    return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def _read(data: bytes) -> tuple[Clock, list[Onset], Future]:
    """The local time type as FIRST_YEAR begins, the changes from then to LAST_YEAR, and the rule for the
    future (RFC 8536, 3).
    """
    times, clocks, footer = _tables(data)
    future = _future(footer)
    onsets = [_onset(at, *pair) for at, pair in zip(times, pairwise(clocks), strict=True)]
    last = onsets[-1].at if onsets else LONG_AGO
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    onsets += [onset for year in years for onset in future.onsets(year) if onset.at > last]
    begin = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    past = bisect_left(times, begin)
    shown = [onset for onset in onsets if begin <= onset.at < end and onset.before != onset.after]
    return clocks[past], shown, future


def _onset(at: datetime, before: Clock, after: Clock) -> Onset:
    summer = after.offset > before.offset and (before.dst or after.dst)
    return Onset(at, before.offset, after.offset, after.name, summer)


def _tables(data: bytes) -> tuple[list[datetime], list[Clock], str]:
    """The file's second part: the changes, the clocks before the first and after each, and the footer."""
    start = HEADER.size + _length(HEADER.unpack_from(data), 4)
    counts = HEADER.unpack_from(data, start)
    start += HEADER.size
    transitions, types, letters = counts[3:6]
    times = struct.unpack_from(f">{transitions}q", data, start)
    type_numbers = data[start + 8 * transitions : start + 9 * transitions]
    types_start = start + 9 * transitions
    abbreviations = data[types_start + 6 * types : types_start + 6 * types + letters]
    clocks = []
    for offset, dst, index in struct.iter_unpack(">lBB", data[types_start : types_start + 6 * types]):
        name = abbreviations[index : abbreviations.index(b"\0", index)].decode("ascii")
        clocks.append(Clock(name, timedelta(seconds=offset), bool(dst)))
    footer = data[start + _length(counts, 8) :].decode("ascii").strip("\n")
    moments = [LONG_AGO + timedelta(seconds=seconds) for seconds in times]
    return moments, [clocks[0], *(clocks[number] for number in type_numbers)], footer


def _length(counts: tuple[int, ...], size: int) -> int:
    """The length in bytes of a part whose moments take `size` bytes each."""
    in_utc, in_standard, leaps, transitions, types, letters = counts
    return transitions * (size + 1) + types * 6 + letters + leaps * (size + 4) + in_standard + in_utc


def _future(footer: str) -> Future:
    match = POSIX.fullmatch(footer)
    if match is None:
        raise ValueError(f"a zone file ends in {footer!r}, which is no POSIX TZ rule")
    name, offset, summer_name, summer_offset, begins, ends = match.groups()
    standard = -_time(offset)
    if summer_name is None:
        return Future(name.strip("<>"), standard)
    summer = -_time(summer_offset) if summer_offset else standard + timedelta(hours=1)
    return Future(name.strip("<>"), standard, summer_name.strip("<>"), summer, _yearly(begins), _yearly(ends))


def _yearly(text: str) -> Yearly:
    match = ON.fullmatch(text)
    if match is None:
        raise ValueError(f"a zone file says {text!r}, which is no day of the form Mm.w.d")
    month, week, weekday, time = match.groups()
    return Yearly(int(month), int(week), int(weekday), round(_time(time or "2").total_seconds()))


def _time(text: str) -> timedelta:
    """POSIX's [+-]hh[:mm[:ss]]."""
    hours, minutes, seconds = [*text.lstrip("+-").split(":"), "0", "0"][:3]
    length = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -length if text.startswith("-") else length
