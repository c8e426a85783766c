"""The main job, once through on real parts: from joining to the phone's calendar, and to a good end.

A real Chromium before a portal with its worker, a real mail server, and a real Radicale for each of the two.
What is in the calendars is read with the caldav library and, from the feed, with two readers that share no
code.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import caldav
import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from portal.clock import now, today
from portal.core.hours import cadence
from portal.core.hours.cadence import Rule
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.people import versions
from portal.people.models import Person
from portal.schedule.models import CheckIn, Milestone, Series
from tests.browser.accessibility import problems
from tests.calendars.readers import Seen, ical_js, python_reader
from tests.calendars.servers import CalendarServer, running_server
from tests.live import LivePortal
from tests.postbox import link_in

BERLIN = ZoneInfo("Europe/Berlin")
AT = clock_time(10)
WEEKS, TIMES = 4, 6
PATIENCE = 30_000
IN_BOTH_WAYS = pytest.mark.parametrize(
    ("width", "script"),
    [
        pytest.param(1280, True, id="wide"),
        pytest.param(390, False, id="phone, no script", marks=pytest.mark.everything),
    ],
)


def first_day() -> date:
    """A day from which six check-ins, four weeks apart, cross a clock change and meet a public holiday."""
    for days in range(3, 360):
        day = today(BERLIN) + timedelta(days=days)
        if day.weekday() > 4:
            continue
        rule = Rule(WEEKS, "week", day, AT, "Europe/Berlin", TIMES)
        holidays = cadence.holidays_of(["DE"], [day.year, day.year + 1])
        offsets = {each.astimezone(BERLIN).utcoffset() for each in cadence.moments(rule)}
        moved = [each for each in cadence.occurrences(rule)[2:] if each in holidays]
        if len(offsets) > 1 and moved and cadence.occurrences(rule)[0] not in holidays:
            return day
    raise AssertionError("there is always such a day")


def as_german_calendars_have_it(first: date) -> list[datetime]:
    """When the six are, reckoned by hand: four weeks apart at ten in Berlin, a holiday's on the next working
    day.
    """
    holidays = cadence.holidays_of(["DE"], [first.year, first.year + 1])
    days = [first + timedelta(weeks=WEEKS * step) for step in range(TIMES)]
    for number, day in enumerate(days):
        while day in holidays or (day != first + timedelta(weeks=WEEKS * number) and day.weekday() > 4):
            day += timedelta(days=1)
        days[number] = day
    return [datetime.combine(day, AT, BERLIN).astimezone(UTC) for day in days]


class Somebody:
    """One person at their own window."""

    def __init__(self, person: Person, page: Page, script: bool) -> None:
        self.person, self.page, self.script = person, page, script
        self.seen: list[str] = []

    def go(self, path: str, heading: str) -> None:
        """Open a page and wait for its heading."""
        self.page.goto(path)
        self.is_at(heading)

    def is_at(self, heading: str) -> None:
        """Wait for a page with this heading; where there is a script, axe looks at it too."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(re.compile(heading), timeout=PATIENCE)
        if self.script:
            self.seen += problems(self.page)

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press a button."""
        (within or self.page).get_by_role("button", name=re.compile(name)).first.click()

    def follow(self, name: str, within: Locator | None = None) -> None:
        """Follow a link."""
        (within or self.page).get_by_role("link", name=re.compile(name)).first.click()

    def again_until(self, done: Callable[[], bool]) -> None:
        """Reload the page, as somebody does who waits, until it is so."""
        until = time.monotonic() + 40
        while not done():
            assert time.monotonic() < until, f"still not: {self.page.locator('main').inner_text()}"
            self.page.wait_for_timeout(500)
            self.page.reload()


class Story:
    """Two employees and a member of staff, and what each does."""

    def __init__(self, portal: LivePortal, window: Callable[..., Page], width: int, script: bool) -> None:
        make, tag = portal.make, f"{width} {script}"
        self.portal, self.script = portal, script
        self.programme = make.programme(f"Winter season {tag}", meetings=TIMES)
        boss = make.person(f"Bea Boss {tag}", grade=8, department="Board")
        here = {
            "time_zone": "Europe/Berlin",
            "country": "DE",
            "hours": "Mon-Fri 09:00-17:00",
            "manager_id": boss.id,
        }
        junior = make.person(f"Jonas Junior {tag}", grade=2, department="Marketing", **here)
        senior = make.person(f"Selma Senior {tag}", grade=6, department="Finance", **here)
        clerk = make.person(f"Clara Clerk {tag}", roles=["staff"])
        make.add(portal.staff_of(self.programme, clerk))
        self.junior, self.senior, self.clerk = (
            Somebody(each, window(each, width=width, script=script), script)
            for each in (junior, senior, clerk)
        )

    def join(self, who: Somebody, part: str, subject: str, steps: list[str]) -> None:
        """Join as mentor or to learn, with one subject."""
        who.go("/join", "Teach")
        who.page.locator(f"form[action^='/join/{self.programme.id}/'] button").first.click()
        who.is_at("Your part")
        who.page.get_by_text(part, exact=True).click()
        who.press("Save and go on")
        for heading, wanted in zip(
            ("What could you teach", "What would you like to learn"), steps, strict=True
        ):
            who.is_at(heading)
            if wanted:
                who.page.get_by_role("combobox", name="Add a subject").fill(subject)
                who.press("^Add$")
                chosen = who.page.get_by_role("list", name="Chosen, the most important first")
                expect(chosen).to_contain_text(subject)
            who.press("Save and go on")
        who.is_at("How you like to work")
        who.press("Save and go on")
        who.is_at("Boundaries")
        who.press("^Join$")
        who.is_at("You are waiting for a match")

    def match(self) -> None:
        """Run the matching, keep it, edit the draft in its row, look at the letters, and publish."""
        clerk = self.clerk
        clerk.go(f"/pairings/board?programme={self.programme.id}", "No pairs yet")
        clerk.press("Run the matching")
        clerk.again_until(lambda: clerk.page.get_by_role("button", name="Keep as drafts").count() > 0)
        clerk.is_at("1 pair found")
        expect(clerk.page.locator("main")).to_contain_text(self.junior.person.name)
        clerk.press("Keep as drafts")
        clerk.is_at("1 pair")
        row = clerk.page.locator(f"#pairing-{self.pairing.id}")
        clerk.follow("Edit", row)
        row.get_by_label("Remark").fill("Both asked for Tuesdays.")
        row.get_by_label(re.compile("Locked")).check()
        clerk.press("Save", row)
        expect(row).to_contain_text("Locked")
        clerk.follow("Publish 1 draft")
        clerk.is_at("1 letter")
        expect(clerk.page.locator("main")).to_contain_text(self.senior.person.email)
        clerk.press("Send 1 letter")
        clerk.is_at("1 pair")
        expect(clerk.page.locator("main")).to_contain_text("Waiting for an answer")

    def both_accept(self) -> None:
        """The senior is asked by letter, then the junior."""
        for who in (self.senior, self.junior):
            letter = self.portal.postbox.wait_for(who.person.email, subject="Would you like to meet")
            who.go(link_in(letter), "Would you like to meet")
            expect(who.page.locator("main")).to_contain_text("Short-form video")
            who.press("Yes, I would")
        self.portal.postbox.wait_for(self.senior.person.email, subject="are a pair")
        self.junior.go("/", "are a pair")

    def connect(self, who: Somebody, server: CalendarServer) -> None:
        """Connect a CalDAV account."""
        who.go("/calendars", "Your calendars")
        who.follow("Connect a calendar")
        who.is_at("Where is your calendar")
        who.follow("Radicale")
        who.is_at("Let us into your calendar")
        who.page.get_by_label("Address of the server").fill(server.url)
        who.page.get_by_label("User name there").fill(server.username)
        who.page.get_by_label("Password there").fill(server.password)
        who.press("Connect it")
        who.is_at("One moment|Connected")
        who.again_until(lambda: who.page.get_by_role("heading", level=1).inner_text() == "Connected")

    def feed_of(self, who: Somebody) -> str:
        """Ask for a live feed, and copy its address."""
        who.go("/calendars/feed", "In your own calendar")
        field = who.page.locator("input.code").first
        if field.count() == 0:
            who.press("feed|address|link")
        return field.input_value()

    def plan(self, first: date) -> None:
        """Book six check-ins, four weeks apart, looking at the dates first."""
        who = self.senior
        who.go(f"/schedule/{self.pairing.id}/plan", "Plan your check-ins")
        who.page.get_by_label("First check-in").fill(first.isoformat())
        who.page.get_by_label("At", exact=True).fill("10:00")
        who.page.get_by_label("How many check-ins?").fill(str(TIMES))
        who.page.get_by_label("Every", exact=True).fill(str(WEEKS))
        who.page.get_by_label("Weeks or months").select_option("week")
        who.page.get_by_label("Minutes each").fill("60")
        who.page.get_by_label("Where?").fill("Room 4.12; the quiet one, “Möwe”")
        who.press("Show the dates")
        expect(who.page.locator("#preview li")).to_have_count(TIMES)
        expect(who.page.locator("#preview")).to_contain_text("a holiday")
        who.press("Book them")
        who.is_at("You and Jonas Junior")

    def move_one_and_skip_one(self) -> datetime:
        """The senior moves the second check-in by a day, the junior skips the third; when
        the second is now.
        """
        second, third = self.check_ins()[1:3]
        moved = second.starts_at + timedelta(days=1, hours=3)
        self.senior.go(f"/pairings/{self.pairing.id}", "You and Jonas Junior")
        entry = self.senior.page.locator(f"#check-in-{second.id}")
        self.senior.follow("Move", entry)
        local = moved.astimezone(BERLIN)
        entry.get_by_label("Day").fill(local.date().isoformat())
        entry.get_by_label("Time").fill(local.strftime("%H:%M"))
        self.senior.press("Move it", entry)
        expect(entry).to_contain_text(local.strftime("%H:%M"))
        self.portal.postbox.wait_for(self.junior.person.email, subject="has moved")
        self.junior.go(f"/pairings/{self.pairing.id}", "You and Selma Senior")
        self.junior.press("Skip", self.junior.page.locator(f"#check-in-{third.id}"))
        expect(self.junior.page.locator(f"#check-in-{third.id}")).to_contain_text("Skipped")
        return moved

    def end(self) -> None:
        """Staff end the pairing; both get the same letter."""
        self.clerk.go(f"/pairings/{self.pairing.id}", "Jonas Junior")
        self.clerk.follow("End this pairing")
        self.clerk.is_at("End the pairing")
        self.clerk.press("End it")
        self.portal.postbox.wait_for(self.junior.person.email, subject="have finished")

    @property
    def pairing(self) -> Pairing:
        """The one pairing of the programme."""
        with self.portal.app.app_context():
            return db.session.scalars(select(Pairing).where(Pairing.programme_id == self.programme.id)).one()

    def check_ins(self) -> list[CheckIn]:
        """The check-ins as the portal has them, in time order."""
        with self.portal.app.app_context():
            mine = select(CheckIn).join(CheckIn.series).where(Series.pairing_id == self.pairing.id)
            return list(db.session.scalars(mine.order_by(CheckIn.starts_at)))

    def weeks_pass(self, weeks: int) -> None:
        """Move all that is planned so many weeks back, as if it had been planned so long ago."""
        back = timedelta(weeks=weeks)
        with self.portal.app.app_context(), transaction():
            pairing = db.session.get_one(Pairing, self.pairing.id)
            for series in db.session.scalars(select(Series).where(Series.pairing_id == pairing.id)):
                series.first_on -= back
                series.revision += 1
                series.revised_at = now()
                for each in db.session.scalars(select(CheckIn).where(CheckIn.series_id == series.id)):
                    local = each.starts_at.astimezone(BERLIN)
                    each.rule_on -= back
                    each.starts_at = datetime.combine(local.date() - back, local.time(), BERLIN).astimezone(
                        UTC
                    )
            for mark in db.session.scalars(select(Milestone).where(Milestone.pairing_id == pairing.id)):
                mark.due_on -= back
            versions.raise_calendar([pairing.mentor_id, pairing.mentee_id])


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[CalendarServer, CalendarServer]]:
    """A calendar server for each of the two."""
    with running_server("radicale", tmp_path) as one, running_server("radicale", tmp_path) as other:
        yield one, other


def in_radicale(server: CalendarServer) -> list[Seen]:
    """What the caldav library finds in the calendars of an account, each occurrence by itself, check-ins
    only.
    """
    client = caldav.DAVClient(
        f"http://127.0.0.1:{server.port}/", username=server.username, password=server.password
    )
    found: list[Seen] = []
    for calendar in client.principal().calendars():
        for event in calendar.events():
            found += python_reader(event.data.encode())
    return check_ins_in(found)


def in_feed(address: str) -> list[Seen]:
    """What two independent readers find in a feed; they must agree."""
    text = httpx.get(address, timeout=10).raise_for_status().content
    one, other = check_ins_in(python_reader(text)), check_ins_in(ical_js(text))
    assert one == other
    return one


def check_ins_in(found: list[Seen]) -> list[Seen]:
    """Those that are check-ins, in time order."""
    return sorted((each for each in found if each[0].startswith("Check-in")), key=lambda each: each[1])


def starts(found: list[Seen]) -> list[datetime]:
    """When they start, without those that are cancelled."""
    return [start for _, start, _, cancelled in found if not cancelled]


def becomes(read: Callable[[], list[datetime]], wanted: list[datetime]) -> None:
    """Wait until a calendar shows what is wanted: the worker writes within seconds."""
    until = time.monotonic() + 45
    while (seen := read()) != wanted:
        assert time.monotonic() < until, f"there is {seen}, not {wanted}"
        time.sleep(0.3)


@IN_BOTH_WAYS
def test_from_a_match_to_a_phones_calendar_and_to_a_good_end(
    portal: LivePortal,
    window: Callable[..., Page],
    servers: tuple[CalendarServer, CalendarServer],
    width: int,
    script: bool,
) -> None:
    story = Story(portal, window, width, script)
    story.join(story.junior, "I mentor", "Short-form video", ["yes", ""])
    story.join(story.senior, "I learn", "Short-form video", ["", "yes"])
    story.match()
    story.both_accept()
    first = first_day()
    story.plan(first)
    for who, server in zip((story.senior, story.junior), servers, strict=True):
        story.connect(who, server)
    address = story.feed_of(story.junior)

    def everywhere(wanted: list[datetime]) -> None:
        for server in servers:
            becomes(lambda server=server: starts(in_radicale(server)), wanted)  # type: ignore[misc]  # bound at once
        assert starts(in_feed(address)) == wanted

    planned = as_german_calendars_have_it(first)
    assert len({each.astimezone(BERLIN).utcoffset() for each in planned}) == 2, "the clocks change in between"
    assert [each.starts_at for each in story.check_ins()] == planned
    everywhere(planned)

    moved = story.move_one_and_skip_one()
    everywhere([planned[0], moved, *planned[3:]])

    weeks = (first - today(BERLIN)).days // 7 + WEEKS + 1
    story.weeks_pass(weeks)
    past = [
        each.starts_at for each in story.check_ins() if each.starts_at < now() and each.state != "skipped"
    ]
    assert 0 < len(past) < TIMES - 1
    story.end()
    everywhere(past)
    assert [*story.junior.seen, *story.senior.seen, *story.clerk.seen] == []
