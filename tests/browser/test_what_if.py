"""Staff try a change before they make it, and people read why they were matched, or why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from portal.db import db
from portal.pairings.models import Pairing
from portal.people.models import Person
from tests.browser.accessibility import problems
from tests.browser.test_main_job import IN_BOTH_WAYS
from tests.live import LivePortal
from tests.pairings.company import Company, company_of
from tests.personas import Factories

PATIENCE = 30_000
STYLE = {"Interests": "10", "Working style": "62"}


@dataclass
class Season:
    """Two mentors and three who want to learn. Interests pair Ana with Gil and Ben with Hana, ways of working
    the others.
    """

    company: Company
    names: dict[str, str]
    subject: str

    def pairs(self, portal: LivePortal) -> set[tuple[str, str, bool]]:
        """The drafts and offers there are, by first names, and whether they are locked."""
        with portal.app.app_context():
            rows = db.session.scalars(
                select(Pairing).where(Pairing.programme_id == self.company.programme.id)
            ).all()
            people = {each.id: each.name.split()[0] for each in self.company.people.values()}
            open_ones = [each for each in rows if each.state in ("draft", "offered")]
            return {(people[each.mentor_id], people[each.mentee_id], each.locked) for each in open_ones}


def season_of(make: Factories, clerk: Person, tag: str) -> Season:
    company = company_of(make, clerk, f"Trying season {tag}")
    other, nobodys = (
        make.topic(f"kayaks-{tag}", label=f"Kayaks {tag}"),
        make.topic(f"looms-{tag}", label=f"Looms {tag}"),
    )
    names = {first: f"{first} {tag}" for first in ("Ana", "Ben", "Gil", "Hana", "Ivo")}
    company.mentor(names["Ana"], style="introvert")
    company.mentee(names["Gil"], style="introvert")
    subject, company.topic = company.topic.label, other
    company.mentor(names["Ben"], style="extrovert")
    company.mentee(names["Hana"], style="extrovert")
    company.topic = nobodys
    company.mentee(names["Ivo"], style="extrovert")
    return Season(company, names, subject)


class Desk:
    """Somebody's window."""

    def __init__(self, page: Page, script: bool) -> None:
        self.page, self.script = page, script
        self.seen: list[str] = []

    @property
    def main(self) -> Locator:
        """The page without its frame."""
        return self.page.locator("main")

    def is_at(self, heading: str) -> None:
        """Wait for a page; axe looks at it too, where there is a script."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(re.compile(heading), timeout=PATIENCE)
        if self.script:
            self.seen += problems(self.page)

    def go(self, path: str, heading: str) -> None:
        """Open a page."""
        self.page.goto(path)
        self.is_at(heading)

    def press(self, name: str) -> None:
        """Press a button."""
        self.main.get_by_role("button", name=re.compile(name)).first.click()

    def wait_for(self, heading: str) -> None:
        """Wait for a run to be over; without a script, by looking again."""
        for _ in range(60):
            if re.search(heading, self.page.get_by_role("heading", level=1).inner_text()):
                break
            self.page.wait_for_timeout(500)
            again = self.main.get_by_role("link", name="Look again")
            if not self.script and again.count():
                again.click()
        self.is_at(heading)


class Story:
    """A member of staff at a window, and a season."""

    def __init__(self, portal: LivePortal, window: Callable[..., Page], width: int, script: bool) -> None:
        self.portal, self.open = (
            portal,
            lambda person: Desk(window(person, width=width, script=script), script),
        )
        clerk = portal.make.person("Clara Clerk", roles=["staff"])
        self.season, self.desk = season_of(portal.make, clerk, "wide" if script else "slim"), self.open(clerk)
        self.programme, self.names = self.season.company.programme, self.season.names

    def match(self) -> None:
        """Run the matching and keep what it found."""
        desk = self.desk
        desk.go(f"/pairings/board?programme={self.programme.id}", "No pairs yet")
        desk.press("Run the matching")
        desk.wait_for("2 pairs found")
        desk.press("Keep as drafts")
        desk.is_at("2 pairs")

    def try_a_weight(self) -> None:
        """See who would move if ways of working counted most."""
        desk = self.desk
        desk.go(f"/pairings/bench?programme={self.programme.id}", "Try changes")
        for label, value in STYLE.items():
            desk.main.get_by_label(label, exact=True).fill(value)
        desk.press("Try it")
        desk.wait_for("Side by side")
        moves = re.compile(f"{self.names['Gil']}.*→.*{self.names['Hana']}", re.DOTALL)
        expect(desk.main.get_by_role("row").filter(has_text=moves)).to_have_count(1)

    def lock_and_keep(self) -> None:
        """Try it once more with Ana and Gil locked, and keep that."""
        desk = self.desk
        desk.main.get_by_role("link", name="Change something").click()
        desk.is_at("Try changes")
        expect(desk.main.get_by_label("Working style", exact=True)).to_have_value("62")
        desk.press("Add a pair")
        for label, first in (("Mentor", "Ana"), ("Learns from them", "Gil")):
            person = self.season.company.people[self.names[first]]
            field = desk.main.get_by_role("combobox", name=label, exact=True).last
            field.fill(f"{person.name} <{person.email}>")
            field.press("Tab")
        desk.press("Try it")
        desk.wait_for("Side by side")
        expect(desk.main).to_contain_text("Nobody moves")
        desk.press("Keep as drafts")
        desk.is_at("2 pairs")

    def publish(self) -> None:
        """Send the letters."""
        self.desk.main.get_by_role("link", name=re.compile("Publish 2 drafts")).click()
        self.desk.press("Send 2 letters")
        self.desk.is_at("2 pairs")

    def read_why(self) -> list[str]:
        """What axe found where the matched one reads why, and the one left over why not."""
        people = self.season.company.people
        matched, left = self.open(people[self.names["Gil"]]), self.open(people[self.names["Ivo"]])
        matched.page.goto("/")
        matched.main.get_by_role("link", name=re.compile("Have a look|Read|See|Answer")).first.click()
        matched.is_at("Would you like to meet")
        expect(matched.main).to_contain_text(self.season.subject)
        left.go("/", "Nobody yet, and why")
        expect(left.main).to_contain_text("meets somebody else")
        return matched.seen + left.seen


@IN_BOTH_WAYS
def test_staff_try_a_weight_and_a_lock_keep_the_plan_and_people_read_why(
    portal: LivePortal, window: Callable[..., Page], width: int, script: bool
) -> None:
    story = Story(portal, window, width, script)
    by_interests = {("Ana", "Gil", False), ("Ben", "Hana", False)}
    story.match()
    assert story.season.pairs(portal) == by_interests
    story.try_a_weight()
    assert story.season.pairs(portal) == by_interests
    story.lock_and_keep()
    assert story.season.pairs(portal) == {("Ana", "Gil", True), ("Ben", "Hana", False)}
    story.publish()
    assert story.read_why() + story.desk.seen == []
