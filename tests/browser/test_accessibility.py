"""axe-core finds nothing on any page, for anybody, in any look; no page is wider than a phone; and the
console is empty.

The pages are found by following links. The states that a link does not lead to (errors, open menus and
dialogs, rows being edited, conflicts) are reached here and in the journeys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from playwright.sync_api import Page

from portal.people.models import Person
from tests.browser.accessibility import problems
from tests.busy import busy
from tests.crawl import crawl
from tests.live import LivePortal

ROLES = ("stranger", "member", "staff", "admin", "paired")
LINKS = "() => [...document.querySelectorAll('a[href]')].map(each => each.getAttribute('href'))"
OPENERS = "summary, [data-dialog], [data-edit]"
KINDS = f"""() => [...document.querySelectorAll({OPENERS!r})].map(each =>
    each.dataset.dialog ?? ("edit" in each.dataset ? "edit" : "menu"))"""
"""What each of them opens: a dialog by its id, a menu, or a row to edit."""
STARTS = {
    "stranger": [
        "/join",
        "/sign-in",
        "/sign-up",
        "/reset",
        "/reset/sent",
        "/sign-up/sent",
        "/confirm/x",
        "/nothing-here",
    ],
    "member": ["/", "/join", "/me"],
    "staff": ["/", "/people", "/programmes/", "/letters/", "/pairings/board"],
    "paired": ["/", "/calendars"],
    "admin": ["/", "/people", "/programmes/", "/programmes/new"],
}
EXPECTED_HERE = ("status of 404", "status of 410")


@pytest.fixture(scope="module")
def people(portal: LivePortal) -> dict[str, Person | None]:
    """One person of each role, in a portal where there is something to see."""
    make = portal.make
    programme = make.programme("Spring season")
    draft = make.programme("Draft season", state="draft")
    topic = make.topic("pottery")
    found: dict[str, Person | None] = {"stranger": None}
    for role in ROLES[1:-1]:
        person = make.person(f"Wanda Walker {role}", roles=[] if role == "member" else [role])
        enrolment = make.enrolment(person, programme)
        make.wish(enrolment, topic)
        make.add(portal.staff_of(programme, person), portal.staff_of(draft, person))
        found[role] = person
    found["paired"] = make.person("Paul Paired")
    staff = found["staff"]
    assert staff is not None
    busy(make, staff, found["paired"])
    begun = make.person("Bela Begun")
    make.enrolment(begun, programme, state="begun", steps_done=2, joined_at=None)
    for number in range(30):
        make.person(f"Colleague {number:02}")
    portal.command("person", "add", "welcomed@example.com", "--name", "Wela Welcomed")
    return found


@pytest.mark.parametrize("role", ROLES)
def test_axe_finds_nothing_on_any_page(
    role: str, portal: LivePortal, people: dict[str, Person | None], window: Callable[..., Page]
) -> None:
    page = window(people[role], expected=EXPECTED_HERE)
    found: list[str] = []

    def fetch(url: str) -> Iterable[str]:
        page.goto(url)
        found.extend(problems(page))
        links: list[str] = page.evaluate(LINKS)
        return links

    fetched = crawl(portal.app, fetch, STARTS[role], each=1)
    assert len(fetched) >= 6, fetched
    assert found == []


@pytest.mark.parametrize("role", ROLES)
def test_axe_finds_nothing_on_forms_sent_empty(
    role: str, portal: LivePortal, people: dict[str, Person | None], window: Callable[..., Page]
) -> None:
    page = window(people[role])
    found: list[str] = []
    sent = 0

    def fetch(url: str) -> Iterable[str]:
        nonlocal sent
        page.goto(url)
        links: list[str] = page.evaluate(LINKS)
        for number in range(page.locator("main form[method=post]:not(.inline)").count()):
            page.goto(url)
            form = page.locator("main form[method=post]:not(.inline)").nth(number)
            if form.locator("button[type=submit]").count() != 1 or not form.is_visible():
                continue
            for box in form.locator("input[type=text], input[type=email], input[type=date], textarea").all():
                if box.is_visible() and box.is_editable():
                    box.fill("")
            form.locator("button[type=submit]").click()
            page.wait_for_load_state()
            sent += 1
            found.extend(problems(page))
        return links

    fetched = crawl(
        portal.app,
        fetch,
        [each for each in STARTS[role] if "nothing" not in each and "confirm" not in each],
        each=1,
    )
    assert sent >= 3, fetched
    assert found == []


@pytest.mark.parametrize("role", ["member", "staff", "paired"])
def test_axe_finds_nothing_in_menus_dialogs_and_rows_being_edited(
    role: str, portal: LivePortal, people: dict[str, Person | None], window: Callable[..., Page]
) -> None:
    page = window(people[role])
    found: list[str] = []
    opened: set[str] = set()

    def fetch(url: str) -> Iterable[str]:
        page.goto(url)
        links: list[str] = page.evaluate(LINKS)
        kinds: list[str] = page.evaluate(KINDS)
        for number, kind in enumerate(kinds):
            if kind in opened:
                continue
            opened.add(kind)
            page.goto(url)
            opener = page.locator(OPENERS).nth(number)
            if opener.is_visible():
                opener.click()
                page.wait_for_load_state()
                found.extend(problems(page))
        return links

    crawl(portal.app, fetch, STARTS[role], each=1)
    assert opened >= ({"menu"} if role == "member" else {"menu", "edit"})
    assert found == []
