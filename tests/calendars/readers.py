"""Two independent readers of calendar text: recurring-ical-events in Python, and ical.js in Node. They share no code.

Each answers every occurrence as (summary, start in UTC, end in UTC, whether it is cancelled), sorted. A day is read as its
midnights in UTC.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path

import recurring_ical_events
from icalendar import Calendar

HOUSE = Path(__file__).resolve().parents[2]
FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
Seen = tuple[str, datetime, datetime, bool]

SCRIPT = """
import ICAL from "./node_modules/ical.js/dist/ical.js";
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const calendars = JSON.parse(Buffer.concat(chunks).toString("utf8"));
const utc = (when) => (when.isDate ? Date.UTC(when.year, when.month - 1, when.day) : when.toUnixTime() * 1000) / 1000;
const cancelled = (event) => (event.component.getFirstPropertyValue("status") || "").toUpperCase() === "CANCELLED";
const read = (text) => {
  ICAL.TimezoneService.reset();
  const root = new ICAL.Component(ICAL.parse(text));
  for (const zone of root.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = root.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each));
  const masters = events.filter((each) => !each.isRecurrenceException());
  for (const each of events.filter((each) => each.isRecurrenceException())) {
    masters.find((master) => master.uid === each.uid).relateException(each);
  }
  const found = [];
  for (const each of masters) {
    if (!each.isRecurring()) {
      found.push([each.summary, utc(each.startDate), utc(each.endDate), cancelled(each)]);
      continue;
    }
    const starts = each.iterator();
    for (let start = starts.next(), many = 0; start && many < 2000; start = starts.next(), many += 1) {
      const seen = each.getOccurrenceDetails(start);
      found.push([seen.item.summary, utc(seen.startDate), utc(seen.endDate), cancelled(seen.item)]);
    }
  }
  return found;
};
process.stdout.write(JSON.stringify(calendars.map(read)));
"""


def python_reader(text: bytes) -> list[Seen]:
    """By recurring-ical-events."""
    found = recurring_ical_events.of(Calendar.from_ical(text)).between(FROM, UNTIL)
    return sorted(
        (str(each["SUMMARY"]), _moment(each["DTSTART"].dt), _moment(each["DTEND"].dt), each.get("STATUS") == "CANCELLED")
        for each in found
    )


def ical_js(text: bytes) -> list[Seen]:
    """By ical.js."""
    return ical_js_each([text])[0]


def ical_js_each(texts: list[bytes]) -> list[list[Seen]]:
    """Many texts by ical.js, in one process."""
    given = json.dumps([each.decode() for each in texts])
    command = [node(), "--input-type=module", "--eval", SCRIPT]
    done = subprocess.run(command, cwd=HOUSE, input=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return [
        sorted((summary, _of_seconds(start), _of_seconds(end), cancelled) for summary, start, end, cancelled in each)
        for each in json.loads(done.stdout)
    ]


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


def _of_seconds(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
