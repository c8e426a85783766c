"""A new employee, from the first look to a pause, in a real browser with real letters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from portal.clock import today
from portal.db import db
from portal.people.models import Person
from portal.programmes.models import Avoided, Enrolment, Programme, Topic, Wish
from tests.browser.accessibility import problems
from tests.live import LivePortal
from tests.personas import PASSWORD
from tests.postbox import link_in

WAYS = {
    "wide": (1280, True),
    "phone": (390, True),
    "wide, no script": (1280, False),
    "phone, no script": (390, False),
}
IN_EVERY_WAY = pytest.mark.parametrize(("width", "script"), WAYS.values(), ids=WAYS.keys())


@pytest.fixture(scope="module")
def season(portal: LivePortal) -> Programme:
    """A programme to join, beside another one."""
    portal.make.programme("Another season")
    return portal.make.programme("Autumn season")


class Newcomer:
    """Somebody who has never been here. `seen` is what axe finds on the way, for the window with everything
    on.
    """

    def __init__(self, window: Callable[..., Page], season: Programme, width: int, script: bool) -> None:
        self.window, self.season, self.width, self.script = window, season, width, script
        self.seen: list[str] = []
        self.email = f"nora.{width}.{'with' if script else 'without'}@example.com"
        self.page = self.window(width=width, script=script)

    @property
    def card(self) -> Locator:
        """The programme's card on the page to join."""
        return self.page.locator(f"#programme-{self.season.id}")

    @property
    def summary(self) -> Locator:
        """What is to be mended."""
        return self.page.locator(".error-summary")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def is_at(self, heading: str) -> None:
        """Wait for a page with this heading, and look at it closely."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(re.compile(heading))
        self.look()

    def look(self) -> None:
        """Have axe look, once for all ways: a page is the same in each."""
        if self.script and self.width == 1280:
            self.seen += problems(self.page)

    def sign_up(self, portal: LivePortal) -> None:
        """Sign up, first wrongly, and confirm by the letter's link."""
        self.page.goto("/join")
        self.is_at("Teach")
        self.card.get_by_role("link", name="Join in five minutes").click()
        self.is_at("Sign up")
        self.page.get_by_label("Your name").fill("Nora Newcomer")
        self.page.get_by_label("Work e-mail address").fill("nora@elsewhere.example")
        self.page.get_by_label("Choose a password").fill("short")
        self.press("Sign up")
        expect(self.summary).to_contain_text("it ends in @example.com")
        expect(self.page.get_by_label("Your name")).to_have_value("Nora Newcomer")
        expect(self.page.get_by_label("Work e-mail address")).to_have_value("nora@elsewhere.example")
        self.look()
        self.page.get_by_label("Work e-mail address").fill(self.email)
        self.page.get_by_label("Choose a password").fill(PASSWORD)
        self.press("Sign up")
        self.is_at("Look into your mail")
        self.page.goto(link_in(portal.postbox.wait_for(self.email)))
        self.is_at("Confirm your address")
        self.press("Confirm my address")

    def add(self, typed: str, label: str) -> None:
        """Add a subject: by typing a part and choosing, or by typing its name where there is no script."""
        field = self.page.get_by_role("combobox", name="Add a subject")
        if self.script:
            field.press_sequentially(typed)
            expect(self.page.get_by_role("option", name=label)).to_be_visible()
            self.look()
            field.press("ArrowDown")
            field.press("Enter")
        else:
            field.fill(label)
            self.press("Add")
        expect(self.page.get_by_role("list", name="Chosen, the most important first")).to_contain_text(label)

    def first_two_steps(self) -> None:
        """Both parts, and two subjects to teach."""
        self.card.get_by_role("button", name="Join in five minutes").click()
        self.is_at("Your part")
        self.press("Save and go on")
        expect(self.summary).to_contain_text("Choose how you would like to take part.")
        self.look()
        self.page.get_by_text("Both", exact=True).click()
        self.press("Save and go on")
        self.is_at("What could you teach")
        self.add("reel", "Short-form video")
        self.add("ai at", "AI at work")
        self.press("Save and go on")

    def come_back(self) -> None:
        """Leave in the middle, and sign in again days later on another machine."""
        self.is_at("What would you like to learn")
        self.page.context.close()
        self.page = self.window(width=self.width, script=self.script)
        self.page.goto("/sign-in")
        self.is_at("Sign in")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Sign in")
        self.is_at("You are nearly in")
        self.card.get_by_role("link", name="Go on").click()
        self.is_at("What would you like to learn")

    def last_three_steps(self, colleague: Person) -> None:
        """A subject to learn, how to work, and boundaries."""
        self.add("strat", "Thinking strategically")
        self.press("Save and go on")
        self.is_at("How you like to work")
        self.page.get_by_label("When can you meet?").fill("whenever")
        self.press("Save and go on")
        expect(self.page.get_by_label("When can you meet?")).to_have_value("whenever")
        self.page.get_by_label("When can you meet?").fill("Tue 10:00-12:00; Thu 14:00-16:00")
        self.page.get_by_label("Languages you would talk in").fill("English, Deutsch")
        self.press("Save and go on")
        self.is_at("Boundaries")
        self.page.get_by_role("combobox", name="Name").fill(colleague.name)
        self.press("Add")
        expect(self.page.get_by_role("button", name=f"Remove {colleague.name}")).to_be_visible()
        self.page.get_by_label("Subjects off the table").fill("My last manager")
        self.look()
        self.press("Join")
        self.is_at("You are waiting for a match")

    def pause(self) -> None:
        """Pause for two months."""
        back = today() + timedelta(days=60)
        self.page.get_by_label("I am back on").fill(back.isoformat())
        self.press("Pause")
        self.is_at("You are paused until")
        self.page.goto("/")
        self.is_at("You are taking a pause")


@IN_EVERY_WAY
def test_somebody_new_registers_confirms_enrols_comes_back_and_pauses(
    portal: LivePortal, window: Callable[..., Page], season: Programme, width: int, script: bool
) -> None:
    colleague = portal.make.person(f"Quentin Quiet {width} {script}")
    newcomer = Newcomer(window, season, width, script)
    newcomer.sign_up(portal)
    newcomer.is_at("Teach")
    newcomer.first_two_steps()
    newcomer.come_back()
    newcomer.last_three_steps(colleague)
    newcomer.pause()
    assert said_by(portal, newcomer.email) == {
        "state": "paused",
        "paused_until": today() + timedelta(days=60),
        "parts": (True, True),
        "wishes": [
            ("learns", "Thinking strategically"),
            ("teaches", "Short-form video"),
            ("teaches", "AI at work"),
        ],
        "avoided": [colleague.id],
        "off_the_table": "My last manager",
        "hours": "Tue 10:00-12:00; Thu 14:00-16:00",
        "languages": ["en", "de"],
        "time_zone": "Europe/Berlin",
    }
    assert newcomer.seen == []


def said_by(portal: LivePortal, email: str) -> dict[str, object]:
    """What is stored of the enrolment of the person with this address."""
    with portal.app.app_context():
        enrolment = db.session.scalars(
            select(Enrolment).join(Enrolment.person).where(Person.email == email)
        ).one()
        person = db.session.get_one(Person, enrolment.person_id)
        return {
            "state": enrolment.state,
            "paused_until": enrolment.paused_until,
            "parts": (enrolment.as_mentor, enrolment.as_mentee),
            "wishes": wishes_of(enrolment.id),
            "avoided": list(
                db.session.scalars(select(Avoided.person_id).where(Avoided.enrolment_id == enrolment.id))
            ),
            "off_the_table": enrolment.off_the_table,
            "hours": person.hours,
            "languages": person.languages,
            "time_zone": person.time_zone,
        }


def wishes_of(enrolment_id: int) -> list[tuple[str, str]]:
    """Subjects of an enrolment in their order: side and label."""
    rows = db.session.execute(
        select(Wish.side, Topic.label)
        .join(Topic, Topic.id == Wish.topic_id)
        .where(Wish.enrolment_id == enrolment_id)
        .order_by(Wish.side, Wish.rank)
    )
    return [(side, label) for side, label in rows]
