"""Staff edit people in the table: inline, undone, and two of them at once; in all ways and sizes."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from portal.db import db
from portal.people.models import Person
from tests.browser.accessibility import problems
from tests.browser.test_joining import IN_EVERY_WAY
from tests.live import LivePortal


class Clerk:
    """A member of staff at the table of people, with one row in view."""

    def __init__(
        self, window: Callable[..., Page], person: Person, row: Person, width: int, script: bool
    ) -> None:
        self.page = window(person, width=width, script=script)
        self.row_of, self.script, self.width = row, script, width
        self.page.goto(f"/people?q={row.email}")

    @property
    def row(self) -> Locator:
        """The person's row, read or edited."""
        return self.page.locator(f"#person-{self.row_of.id}")

    def field(self, label: str) -> Locator:
        """A field of the row being edited."""
        return self.row.get_by_label(label, exact=True)

    def edit(self) -> None:
        """Turn the row into a form."""
        self.row.get_by_role("link", name=re.compile("^Edit")).click()
        expect(self.field("Department")).to_be_visible()

    def save(self) -> None:
        """Send the row."""
        self.row.get_by_role("button", name="Save", exact=True).click()

    def look(self) -> list[str]:
        """What axe finds, once for all ways."""
        return problems(self.page) if self.script and self.width == 1280 else []


def now_of(portal: LivePortal, person: Person) -> tuple[str, str, int | None]:
    """What is stored of a person: department, site and grade."""
    with portal.app.app_context():
        found = db.session.get_one(Person, person.id)
        return found.department, found.site, found.grade


@IN_EVERY_WAY
def test_staff_edit_a_person_in_the_row_and_undo_it(
    portal: LivePortal, window: Callable[..., Page], width: int, script: bool
) -> None:
    staff = portal.make.person("Stefan Staff", roles=["staff"])
    person = portal.make.person("Ines Inline", department="Design", site="Berlin", grade=4)
    clerk = Clerk(window, staff, person, width, script)
    seen = clerk.look()
    clerk.edit()
    if script:
        expect(clerk.field("Name")).to_be_focused()
    seen += clerk.look()
    clerk.field("Department").fill("Research")
    clerk.field("Working hours").fill("sometimes")
    clerk.save()
    expect(clerk.row.locator(".error").first).to_be_visible()
    expect(clerk.field("Department")).to_have_value("Research")
    expect(clerk.field("Working hours")).to_have_value("sometimes")
    seen += clerk.look()
    clerk.field("Working hours").fill("Mon-Thu 09:00-15:00")
    clerk.save()
    expect(clerk.row).to_contain_text("Research")
    expect(clerk.page.locator("#toasts")).to_contain_text("Ines Inline is saved.")
    seen += clerk.look()
    assert now_of(portal, person) == ("Research", "Berlin", 4)
    clerk.page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(clerk.row).to_contain_text("Design")
    expect(clerk.page.locator("#toasts")).to_contain_text("Undone")
    expect(clerk.page.locator("#toasts").get_by_role("button", name="Undo")).to_have_count(0)
    if script:
        expect(clerk.row.get_by_role("link", name=re.compile("^Edit"))).to_be_focused()
    assert now_of(portal, person) == ("Design", "Berlin", 4)
    clerk.row.get_by_role("link", name=re.compile("^History")).click()
    expect(clerk.page.locator(".history li")).to_have_count(2)
    expect(clerk.page.locator(".history")).to_contain_text("Stefan Staff")
    seen += clerk.look()
    assert seen == []


def second_of_two(
    portal: LivePortal, window: Callable[..., Page], person: Person, width: int, script: bool
) -> Clerk:
    """Two clerks have the same row open; the first has saved another department; the second, who does not
    know.
    """
    first, second = (
        Clerk(window, portal.make.person(name, roles=["staff"]), person, width, script)
        for name in ("Fanny First", "Sam Second")
    )
    first.edit()
    second.edit()
    first.field("Department").fill("Research")
    first.save()
    expect(first.row).to_contain_text("Research")
    return second


@IN_EVERY_WAY
def test_the_second_of_two_at_one_row_sees_both_values_and_nothing_is_lost(
    portal: LivePortal, window: Callable[..., Page], width: int, script: bool
) -> None:
    person = portal.make.person("Rolf Row", department="Design", site="Berlin", grade=4)
    second = second_of_two(portal, window, person, width, script)
    second.field("Department").fill("Marketing")
    second.field("Grade").fill("5")
    second.save()
    expect(second.row).to_contain_text("Fanny First")
    expect(second.row).to_contain_text("Research")
    expect(second.row).to_contain_text("Marketing")
    seen = second.look()
    assert now_of(portal, person) == ("Research", "Berlin", 4)
    second.row.get_by_role("button", name="Save mine").click()
    expect(second.row.get_by_role("link", name=re.compile("^Edit"))).to_be_visible()
    expect(second.row).to_contain_text("Marketing")
    assert now_of(portal, person) == ("Marketing", "Berlin", 5)
    assert seen == []


@IN_EVERY_WAY
def test_the_second_of_two_can_keep_what_is_saved(
    portal: LivePortal, window: Callable[..., Page], width: int, script: bool
) -> None:
    person = portal.make.person("Karin Keep", department="Design", site="Berlin", grade=4)
    second = second_of_two(portal, window, person, width, script)
    second.field("Department").fill("Marketing")
    second.save()
    second.row.get_by_role("link", name="Keep what is saved").click()
    expect(second.row).to_contain_text("Research")
    assert now_of(portal, person) == ("Research", "Berlin", 4)


def test_the_row_is_edited_with_the_keyboard_alone(portal: LivePortal, window: Callable[..., Page]) -> None:
    staff = portal.make.person("Stefan Staff", roles=["staff"])
    person = portal.make.person("Kira Keyboard", department="Design", grade=4)
    clerk = Clerk(window, staff, person, 1280, script=True)
    edit = clerk.row.get_by_role("link", name=re.compile("^Edit"))
    edit.focus()
    clerk.page.keyboard.press("Enter")
    expect(clerk.field("Name")).to_be_focused()
    clerk.page.keyboard.press("Escape")
    expect(edit).to_be_focused()
    clerk.page.keyboard.press("Enter")
    expect(clerk.field("Name")).to_be_focused()
    clerk.page.keyboard.press("Tab")
    expect(clerk.field("Department")).to_be_focused()
    clerk.field("Department").fill("Research")
    clerk.page.keyboard.press("Enter")
    expect(clerk.row).to_contain_text("Research")
    expect(edit).to_be_focused()
    assert now_of(portal, person)[0] == "Research"


def test_a_click_on_a_cell_edits_that_field(portal: LivePortal, window: Callable[..., Page]) -> None:
    staff = portal.make.person("Stefan Staff", roles=["staff"])
    person = portal.make.person("Clara Click", grade=4)
    clerk = Clerk(window, staff, person, 1280, script=True)
    clerk.row.locator("td[data-field=grade]").click()
    expect(clerk.field("Grade")).to_be_focused()


def test_the_list_is_filtered_as_one_types(portal: LivePortal, window: Callable[..., Page]) -> None:
    staff = portal.make.person("Stefan Staff", roles=["staff"])
    for name in ("Filina Filter", "Otto Other"):
        portal.make.person(name, department="Filtering")
    page = window(staff)
    page.goto("/people?department=Filtering")
    table = page.locator("#people-table")
    expect(table.get_by_role("link", name=re.compile("^Edit"))).to_have_count(2)
    page.get_by_role("searchbox").press_sequentially("filina")
    expect(table.get_by_role("link", name=re.compile("^Edit"))).to_have_count(1)
    expect(page).to_have_url(re.compile("q=filina"))
    page.reload()
    expect(table.get_by_role("link", name=re.compile("^Edit"))).to_have_count(1)
