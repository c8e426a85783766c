"""Asking a calendar server when somebody is busy, with the least that answers it, and taking no more from
what it says.
"""

import re
from datetime import UTC, datetime

from portal.calendars.wire.addresses import Trouble
from portal.calendars.wire.multistatus import SPACES, XML

TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP")
"""All that is asked of events."""
ALSO_TIMES = ("BEGIN", "END", "VERSION", "FREEBUSY", "RDATE", "EXRULE")
"""What is kept beside them when it comes: without it somebody would pass for free."""
ABOUT_TIMES, ABOUT_ZONES = {"VCALENDAR", "VEVENT", "VFREEBUSY"}, "VTIMEZONE"
DEEPEST = 8
FOLD = re.compile(rb"\r?\n[ \t]")


def query(start: datetime, end: datetime) -> str:
    """A free-busy-query (RFC 4791, 7.10)."""
    return f"{XML}<c:free-busy-query {SPACES}>{_span(start, end)}</c:free-busy-query>"


def events_query(start: datetime, end: datetime) -> str:
    """A calendar-query for the times of the events that touch a span, and nothing else of them (RFC 4791, 7.8
    and 9.6).
    """
    wanted = "".join(f'<c:prop name="{name}"/>' for name in TIMES)
    return (
        f'{XML}<c:calendar-query {SPACES}><d:prop><c:calendar-data><c:comp name="VCALENDAR"><c:prop'
        f' name="VERSION"/><c:comp name="VEVENT">{wanted}</c:comp><c:comp'
        ' name="VTIMEZONE"/></c:comp></c:calendar-data></d:prop><c:filter><c:comp-filter'
        ' name="VCALENDAR"><c:comp-filter'
        f' name="VEVENT">{_span(start, end)}</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>'
    )


def only_times(text: bytes) -> bytes:
    """A calendar text without all that is not about times: many servers send more than they were asked for.

    Raises Trouble.
    """
    kept: list[bytes] = []
    inside: list[str] = []
    for line in FOLD.sub(b"", text).splitlines():
        name = _word(re.split(rb"[:;]", line, maxsplit=1)[0])
        if name == "BEGIN":
            inside.append(_word(line.partition(b":")[2]))
            if len(inside) > DEEPEST:
                raise Trouble("bad-answer", "a calendar text nested without end")
        if ABOUT_ZONES in inside or (ABOUT_TIMES.issuperset(inside) and name in (*TIMES, *ALSO_TIMES)):
            kept.append(line)
        if name == "END" and inside:
            inside.pop()
    return b"\r\n".join([*kept, b""])


def _word(text: bytes) -> str:
    return text.strip().decode("ascii", "replace").upper()


def _span(start: datetime, end: datetime) -> str:
    return f'<c:time-range start="{_stamp(start)}" end="{_stamp(end)}"/>'


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
