"""Weekly working hours as people write them.

`parse_hours` accepts many forms: "Mon-Fri 09:00-17:00", "Mo–Fr 9 bis 17 Uhr", "Tue 10am-noon". `format_hours`
writes a single one, which is stored and shown. Hours are local times without a zone.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.core.translatable import N_

DAY_MINUTES = 24 * 60
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

DAY_NAMES: tuple[str, ...] = (
    "mon monday mo montag",
    "tue tues tuesday tu di dienstag",
    "wed weds wednesday we mi mittwoch",
    "thu thur thurs thursday th do donnerstag",
    "fri friday fr freitag",
    "sat saturday sa samstag sonnabend",
    "sun sunday su so sonntag",
)
DAY_OF: dict[str, tuple[int, ...]] = {
    **{name: (day,) for day, names in enumerate(DAY_NAMES) for name in names.split()},
    **dict.fromkeys(("weekday", "wochentag"), (0, 1, 2, 3, 4)),
    **dict.fromkeys(("weekend", "wochenende"), (5, 6)),
    **dict.fromkeys(("daily", "täglich"), tuple(range(7))),
}
DASHES = frozenset({"to", "until", "till", "through", "thru", "bis"})
FILLERS = frozenset({"and", "at", "from", "on", "um", "und", "uhr", "von", "am", "h"})

EMPTY = N_("Write a day and two times, like Mon-Fri 09:00-17:00.")
UNREADABLE = N_("Write a day and two times, like Mon-Fri 09:00-17:00. I could not read “%(part)s”.")
NO_SUCH_TIME = N_("Write times from 00:00 to 24:00. There is no “%(part)s”.")
BACKWARDS = N_(
    "Write the earlier time first: “%(part)s” does not end later than it starts. "
    "A night is two parts, like Mon 22:00-24:00; Tue 00:00-06:00."
)

TOKEN = re.compile(
    r"""
      (?P<time> (?P<hour>\d{1,2}) (?: [:.h] (?P<minute>\d{2}) (?: :00)? | (?<=\d\d) (?P<military>\d{2}) )?
                \s* (?P<half> [ap]\.?m\b\.? )? (?: uhr | h )? (?![^\W_]) )
    | (?P<dash> [-\u2010-\u2015\u2212~] )
    | (?P<stop> [;\n] )
    | (?P<soft> [,&:] | \s+ )
    | (?P<word> [^\W\d_]+ \.? )
    | (?P<junk> [^\s;,]+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)


class HoursError(ValueError):
    """Hours that cannot be read. The message says what to write; pages translate `template` with `part`."""

    def __init__(self, template: str, part: str = "") -> None:
        part = "".join(letter if letter.isprintable() else "\ufffd" for letter in part)
        self.template = template
        self.part = part if len(part) <= 40 else part[:39] + "…"
        super().__init__(template % {"part": self.part})


class Interval(NamedTuple):
    """Local minutes since midnight, from `start` up to but not including `end`; 24:00 is 1440."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """For each weekday from Monday: intervals in order that neither overlap nor touch."""

    days: tuple[tuple[Interval, ...], ...] = ((),) * 7

    def __post_init__(self) -> None:
        if len(self.days) != 7 or any(list(day) != _merged(day) for day in self.days):
            raise ValueError("A week has seven days, each with intervals in order that do not overlap.")

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int, int]]) -> "WeeklyHours":
        """From (weekday 0..6, start, end) in minutes, in any order; what overlaps or touches is joined."""
        days: tuple[list[Interval], ...] = tuple([] for _ in DAYS)
        for weekday, start, end in spans:
            if not 0 <= weekday < 7:
                raise ValueError("A weekday is a number from 0, Monday, to 6.")
            days[weekday].append(Interval(start, end))
        return cls(tuple(tuple(_merged(day)) for day in days))

    @property
    def minutes(self) -> int:
        """The minutes of the whole week."""
        return sum(end - start for day in self.days for start, end in day)


def _merged(intervals: Iterable[tuple[int, int]]) -> list[Interval]:
    """The intervals in order, those that overlap or touch joined; raises ValueError for one that is empty or
    outside the day.
    """
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if not 0 <= start < end <= DAY_MINUTES:
            raise ValueError("An interval starts before it ends and stays within one day.")
        if merged and start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(end, merged[-1].end))
        else:
            merged.append(Interval(start, end))
    return merged


class _Time(NamedTuple):
    """A time as it was written: minutes, and "a" for am, "p" for pm, or ""."""

    minutes: int
    half: str


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the text: days, a time, a dash, or the end of a part (none of the three)."""

    written: str
    days: tuple[int, ...] = ()
    time: _Time | None = None
    dash: bool = False


def parse_hours(text: str) -> WeeklyHours:
    """Read hours like "Mon-Fri 09:00-17:00; Sat 10:00-12:00"; raises HoursError, a ValueError.

    Commas separate several days or times; days may run over the weekend ("Sun-Thu"); English and German
    names, 9-17, 9am-5pm, 0900-1700 and dashes of all kinds are understood. An end of 00:00 means 24:00.
    """
    parts = list(_parts(_tokens(unicodedata.normalize("NFKC", text))))
    if not parts:
        raise HoursError(EMPTY)
    return WeeklyHours.of(span for part in parts for span in _spans(part))


def _tokens(text: str) -> Iterator[_Token]:
    for match in TOKEN.finditer(text):
        kind, written = match.lastgroup, match.group()
        if match["time"]:
            yield _Token(written, time=_time(match))
        elif match["word"]:
            yield from _word(written)
        elif match["junk"]:
            raise HoursError(UNREADABLE, written)
        elif kind in ("dash", "stop"):
            yield _Token(written, dash=kind == "dash")
        elif "\n" in written:
            yield _Token(";")


def _word(written: str) -> Iterator[_Token]:
    """The token of a word: days, a time like noon, a dash in words, or nothing for a filler word."""
    word = unicodedata.normalize("NFC", written.casefold().rstrip("."))
    days = DAY_OF.get(word) or DAY_OF.get(word.removesuffix("s"))
    if days:
        yield _Token(written, days=days)
    elif word in ("noon", "midday", "mittag"):
        yield _Token(written, time=_Time(12 * 60, "p"))
    elif word in ("midnight", "mitternacht"):
        yield _Token(written, time=_Time(0, "a"))
    elif word in DASHES:
        yield _Token(written, dash=True)
    elif word not in FILLERS:
        raise HoursError(UNREADABLE, written)


def _time(match: re.Match[str]) -> _Time:
    hour, minute = int(match["hour"]), int(match["minute"] or match["military"] or 0)
    half = (match["half"] or "")[:1].casefold()
    if minute > 59 or hour * 60 + minute > DAY_MINUTES or (half and not 1 <= hour <= 12):
        raise HoursError(NO_SUCH_TIME, match.group().strip())
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return _Time(hour * 60 + minute, half)


def _parts(tokens: Iterable[_Token]) -> Iterator[list[_Token]]:
    """Tokens between the semicolons, and again before each day that follows a time."""
    part: list[_Token] = []
    for token in tokens:
        stop = not (token.days or token.time or token.dash)
        if part and (stop or (token.days and part[-1].time)):
            yield part
            part = []
        if not stop:
            part.append(token)
    if part:
        yield part


def _spans(part: Sequence[_Token]) -> Iterator[tuple[int, int, int]]:
    """The (weekday, start, end) of one part: days, then times, either one by one or from one to another."""
    first = next((at for at, token in enumerate(part) if token.time), len(part))
    days = [day for start, end in _ranges(part[:first], part, alone=True) for day in _run(start, end)]
    intervals = [_interval(start, end, part) for start, end in _ranges(part[first:], part, alone=False)]
    if not days or not intervals:
        raise HoursError(UNREADABLE, _written(part))
    for day in days:
        for interval in intervals:
            yield day, *interval


def _ranges(
    tokens: Sequence[_Token], part: Sequence[_Token], *, alone: bool
) -> Iterator[tuple[_Token, _Token]]:
    """Pairs of the tokens that a dash joins; one `alone` pairs with itself, where that is allowed."""
    at = 0
    while at < len(tokens):
        dashed = at + 2 < len(tokens) and tokens[at + 1].dash
        last = at + 2 if dashed else at
        if tokens[at].dash or tokens[last].dash or not (dashed or alone):
            raise HoursError(UNREADABLE, _written(part))
        yield tokens[at], tokens[last]
        at = last + 1


def _run(start: _Token, end: _Token) -> tuple[int, ...]:
    """The weekdays from one to another, over the weekend if need be."""
    if start is end:
        return start.days
    return tuple((start.days[0] + step) % 7 for step in range((end.days[-1] - start.days[0]) % 7 + 1))


def _interval(start: _Token, end: _Token, part: Sequence[_Token]) -> Interval:
    """The interval of two times. Where only one of them has am or pm, the other follows: 1-5pm, 9am-5."""
    if start.time is None or end.time is None:
        raise HoursError(UNREADABLE, _written(part))
    (begins, first), (ends, second) = start.time, end.time
    half_day = DAY_MINUTES // 2
    if second == "p" and not first and begins < half_day and begins + half_day < ends:
        begins += half_day
    if first and not second and ends <= begins and ends + half_day <= DAY_MINUTES:
        ends += half_day
    if ends == 0 and begins > 0:
        ends = DAY_MINUTES
    if begins >= ends:
        raise HoursError(BACKWARDS, _written((start, end), "-"))
    return Interval(begins, ends)


def _written(tokens: Iterable[_Token], between: str = " ") -> str:
    return between.join(token.written.strip() for token in tokens).replace(" - ", "-")


def format_hours(hours: WeeklyHours) -> str:
    """The canonical text of hours, which `parse_hours` reads back; "" for no hours.

    Days with the same times are grouped, in the order of the week; neighbours become a range, also over the
    weekend.
    """
    groups: dict[tuple[Interval, ...], list[int]] = {}
    for day, intervals in enumerate(hours.days):
        if intervals:
            groups.setdefault(intervals, []).append(day)
    return "; ".join(f"{_days_text(days)} {_times_text(intervals)}" for intervals, days in groups.items())


def _days_text(days: Sequence[int]) -> str:
    """Weekdays in order as names and ranges: "Mon-Wed, Fri", "Sun-Thu"."""
    if len(days) == 7:
        return "Mon-Sun"
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    if len(runs) > 1 and runs[0][0] == 0 and runs[-1][-1] == 6:
        runs = [runs[-1] + runs[0], *runs[1:-1]]
    return ", ".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def _times_text(intervals: Iterable[Interval]) -> str:
    return ", ".join(
        f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in intervals
    )
