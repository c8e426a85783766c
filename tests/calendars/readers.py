"""Four independent readers of calendar text, which share neither parser nor reckoning.

recurring-ical-events reads by icalendar and zoneinfo, vobject by its own parser and dateutil's rules out of
the VTIMEZONEs; ical.js reads by its own rules and the VTIMEZONEs, node-ical by its own parser, Temporal and
the zones that Node knows.

Each answers every occurrence with its times in UTC (a day as its midnights) and all its texts, sorted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import recurring_ical_events
import vobject
from icalendar import Calendar

HOUSE = Path(__file__).resolve().parents[2]
FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
Seen = tuple[str, datetime, datetime, bool]


class Reading(NamedTuple):
    """One occurrence as a reader gives it; `reminders` are seconds from its start."""

    summary: str
    start: datetime
    end: datetime
    cancelled: bool
    description: str
    location: str
    url: str
    reminders: tuple[int, ...]

    @property
    def seen(self) -> Seen:
        """What of it counts for most tests: summary, start in UTC, end in UTC, whether it is cancelled."""
        return self[:4]


def recurring_ical_events_reader(texts: Sequence[bytes]) -> list[list[Reading]]:
    """By recurring-ical-events."""
    return [sorted(_by_icalendar(text)) for text in texts]


def vobject_reader(texts: Sequence[bytes]) -> list[list[Reading]]:
    """By vobject; what stands in place of an occurrence is put there as Radicale does it, by its
    RECURRENCE-ID.
    """
    return [sorted(_by_vobject(text)) for text in texts]


def ical_js_reader(texts: Sequence[bytes]) -> list[list[Reading]]:
    """By ical.js, all in one process."""
    return _in_node(ICAL_JS, texts)


def node_ical_reader(texts: Sequence[bytes]) -> list[list[Reading]]:
    """By node-ical, all in one process."""
    return _in_node(NODE_ICAL, texts)


READERS: dict[str, Callable[[Sequence[bytes]], list[list[Reading]]]] = {
    "recurring-ical-events": recurring_ical_events_reader,
    "vobject": vobject_reader,
    "ical.js": ical_js_reader,
    "node-ical": node_ical_reader,
}


def python_reader(text: bytes) -> list[Seen]:
    """One text by recurring-ical-events."""
    return [each.seen for each in recurring_ical_events_reader([text])[0]]


def ical_js(text: bytes) -> list[Seen]:
    """One text by ical.js."""
    return ical_js_each([text])[0]


def ical_js_each(texts: Sequence[bytes]) -> list[list[Seen]]:
    """Many texts by ical.js, in one process."""
    return [[each.seen for each in found] for found in ical_js_reader(texts)]


def _by_icalendar(text: bytes) -> Iterator[Reading]:
    for each in recurring_ical_events.of(Calendar.from_ical(text)).between(FROM, UNTIL):
        triggers = (alarm["TRIGGER"].dt for alarm in each.walk("VALARM"))
        begins, ends, cancelled = each["DTSTART"].dt, each["DTEND"].dt, each.get("STATUS") == "CANCELLED"
        said = (str(each.get(name, "")) for name in ("DESCRIPTION", "LOCATION", "URL"))
        reminders = tuple(sorted(int(trigger.total_seconds()) for trigger in triggers))
        yield Reading(str(each["SUMMARY"]), _moment(begins), _moment(ends), cancelled, *said, reminders)


def _by_vobject(text: bytes) -> Iterator[Reading]:
    zones = vars(vobject.icalendar)["__tzidMap"]
    for name in set(zones) - {"UTC"}:
        del zones[name]  # else it takes the VTIMEZONE of the text before for the one in this
    events = getattr(vobject.readOne(text.decode()), "vevent_list", [])
    instead = {
        (each.uid.value, each.recurrence_id.value): each for each in events if hasattr(each, "recurrence_id")
    }
    for each in (each for each in events if not hasattr(each, "recurrence_id")):
        rules = each.getrruleset(addRDate=True)
        for start in [each.dtstart.value] if rules is None else rules:
            other = instead.pop((each.uid.value, start), None)
            yield _of_vevent(other or each, other.dtstart.value if other else start)
    assert not instead, "each replaces an occurrence that there is"


def _of_vevent(event: Any, start: date) -> Reading:
    length = event.dtend.value - event.dtstart.value
    said = (
        str(getattr(event, name).value) if hasattr(event, name) else ""
        for name in ("description", "location", "url")
    )
    triggers = (each.trigger.value for each in getattr(event, "valarm_list", []))
    cancelled = hasattr(event, "status") and event.status.value == "CANCELLED"
    begins, reminders = _moment(start), tuple(sorted(int(each.total_seconds()) for each in triggers))
    return Reading(event.summary.value, begins, _moment(start + length), cancelled, *said, reminders)


WITH_NODE = """
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const calendars = JSON.parse(Buffer.concat(chunks).toString("utf8"));
process.stdout.write(JSON.stringify(calendars.map(read)));
"""

ICAL_JS = """
import ICAL from "./node_modules/ical.js/dist/ical.js";
const utc = (when) => (when.isDate ? Date.UTC(when.year, when.month - 1, when.day) : when.toUnixTime() * 1000) / 1000;
const reading = (event, start, end) => {
  const said = (name) => event.component.getFirstPropertyValue(name) || "";
  const alarms = event.component.getAllSubcomponents("valarm");
  const reminders = alarms.map((each) => each.getFirstPropertyValue("trigger").toSeconds());
  const cancelled = said("status").toUpperCase() === "CANCELLED";
  return [event.summary, utc(start), utc(end), cancelled, said("description"), said("location"), said("url"), reminders];
};
const read = (text) => {
  ICAL.TimezoneService.reset();
  const root = new ICAL.Component(ICAL.parse(text));
  for (const zone of root.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = root.getAllSubcomponents("vevent");
  const [instead, masters] = [true, false].map((is) => events.filter((each) => each.hasProperty("recurrence-id") === is));
  const uid = (component) => component.getFirstPropertyValue("uid");
  const found = [];
  for (const master of masters) {
    const exceptions = instead.filter((each) => uid(each) === uid(master));
    const each = new ICAL.Event(master, {strictExceptions: true, exceptions});
    if (!each.isRecurring()) {
      found.push(reading(each, each.startDate, each.endDate));
      continue;
    }
    const starts = each.iterator();
    for (let start = starts.next(), many = 0; start && many < 2000; start = starts.next(), many += 1) {
      const seen = each.getOccurrenceDetails(start);
      found.push(reading(seen.item, seen.startDate, seen.endDate));
    }
  }
  return found;
};
"""

NODE_ICAL = """
import ical from "./node_modules/node-ical/node-ical.js";
const from = new Date(Date.UTC(2020, 0, 1)), to = new Date(Date.UTC(2038, 0, 1));
const said = (value) => (value && typeof value === "object" && "val" in value ? value.val : value) || "";
const seconds = (text) => {
  const [, sign, weeks, days, hours, minutes, rest] =
    /^([+-]?)P(?:(\\d+)W)?(?:(\\d+)D)?(?:T(?:(\\d+)H)?(?:(\\d+)M)?(?:(\\d+)S)?)?$/.exec(text).map((each) => each || 0);
  return (sign === "-" ? -1 : 1) * (((weeks * 7 + +days) * 24 + +hours) * 3600 + minutes * 60 + +rest);
};
const reading = ({start, end, event}) => [
  said(event.summary), start / 1000, end / 1000, event.status === "CANCELLED", said(event.description),
  said(event.location), said(event.url), (event.alarms || []).map((each) => seconds(said(each.trigger))),
];
const read = (text) =>
  Object.values(ical.sync.parseICS(text))
    .filter((each) => each.type === "VEVENT")
    .flatMap((each) => ical.expandRecurringEvent(each, {from, to}).map(reading));
"""


def _in_node(script: str, texts: Sequence[bytes]) -> list[list[Reading]]:
    given = json.dumps([each.decode() for each in texts])
    command = [node(), "--input-type=module", "--eval", script + WITH_NODE]
    done = subprocess.run(
        command,
        cwd=HOUSE,
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        env={**os.environ, "TZ": "UTC"},
    )
    assert done.returncode == 0, done.stderr
    return [sorted(map(_of_node, found)) for found in json.loads(done.stdout)]


def _of_node(each: list[Any]) -> Reading:
    summary, start, end, cancelled, *said, reminders = each
    moments = (datetime.fromtimestamp(seconds, UTC) for seconds in (start, end))
    return Reading(summary, *moments, cancelled, *said, tuple(sorted(reminders)))


@lru_cache(maxsize=1)
def node() -> str:
    """Node as set-up found it: the system's, or the one it brought into the virtual environment."""
    beside = Path(sys.executable).parent
    found = shutil.which("node", path=os.pathsep.join([os.environ.get("PATH", ""), str(beside)]))
    assert found, "no Node: run `make setup`"
    return found


def _moment(when: date) -> datetime:
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    return datetime.combine(when, time(), tzinfo=UTC)
