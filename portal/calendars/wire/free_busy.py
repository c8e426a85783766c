"""Ask a calendar server when somebody is busy, for nothing else, and drop whatever else it answers."""

import re
from datetime import UTC, datetime

from portal.calendars.wire.addresses import Trouble
from portal.calendars.wire.multistatus import SPACES, XML

TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP")
"""The properties of events that are asked for."""
ALSO_TIMES = ("BEGIN", "END", "VERSION", "FREEBUSY", "RDATE", "EXRULE")
"""What is kept beside them if it comes: without it somebody might seem free who is not."""
COMPONENTS, ZONE = {"VCALENDAR", "VEVENT", "VFREEBUSY"}, "VTIMEZONE"
DEEPEST = 8
FOLD = re.compile(rb"\r?\n[ \t]")


def query(start: datetime, end: datetime) -> str:
    """A free-busy-query (RFC 4791, 7.10)."""
    return f"{XML}<c:free-busy-query {SPACES}>{_span(start, end)}</c:free-busy-query>"


def events_query(start: datetime, end: datetime) -> str:
    """A calendar-query for only the times of the events that overlap a span (RFC 4791, 7.8 and 9.6)."""
    properties = "".join(f'<c:prop name="{name}"/>' for name in TIMES)
    return (
        f'{XML}<c:calendar-query {SPACES}><d:prop><c:calendar-data><c:comp name="VCALENDAR"><c:prop'
        f' name="VERSION"/><c:comp name="VEVENT">{properties}</c:comp><c:comp'
        ' name="VTIMEZONE"/></c:comp></c:calendar-data></d:prop><c:filter><c:comp-filter'
        ' name="VCALENDAR"><c:comp-filter'
        f' name="VEVENT">{_span(start, end)}</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>'
    )


def only_times(text: bytes) -> bytes:
    """A calendar text with nothing but its times: many servers send more than they were asked for. Raises
    Trouble.
    """
    lines: list[bytes] = []
    inside: list[str] = []
    for line in FOLD.sub(b"", text).splitlines():
        name = _word(re.split(rb"[:;]", line, maxsplit=1)[0])
        if name == "BEGIN":
            inside.append(_word(line.partition(b":")[2]))
            if len(inside) > DEEPEST:
                raise Trouble("bad-answer", "a calendar text nested without end")
        if ZONE in inside or (COMPONENTS.issuperset(inside) and name in (*TIMES, *ALSO_TIMES)):
            lines.append(line)
        if name == "END" and inside:
            inside.pop()
    return b"\r\n".join([*lines, b""])


def _word(text: bytes) -> str:
    return text.strip().decode("ascii", "replace").upper()


def _span(start: datetime, end: datetime) -> str:
    return f'<c:time-range start="{_stamp(start)}" end="{_stamp(end)}"/>'


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
