"""A pair plans and changes its check-ins in a real browser: dates while one types, lines that change in their
place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from playwright.sync_api import Page, expect

from portal.core.hours.cadence import Rule
from portal.db import db
from portal.people.models import Person
from portal.schedule.queries import check_ins_of
from tests.browser.accessibility import problems
from tests.browser.test_joining import IN_EVERY_WAY
from tests.live import LivePortal
from tests.schedule.pairs import make_pairing, plan

START = (datetime.now(UTC) + timedelta(days=30)).date()
START += timedelta(days=(1 - START.weekday()) % 7)


def two(portal: LivePortal) -> tuple[Any, Person]:
    """A pairing whose countries have no holidays, and its senior."""
    jona = portal.make.person("Jona Junior", time_zone="Etc/GMT-5", country=None)
    sigrid = portal.make.person("Sigrid Senior", time_zone="UTC", country=None)
    return make_pairing(portal.make, mentor=jona, mentee=sigrid), sigrid


def planned(portal: LivePortal) -> tuple[Any, Person, list[int]]:
    """Three weekly check-ins."""
    pairing, sigrid = two(portal)
    with portal.app.app_context():
        plan(pairing, Rule(1, "week", START, time(10), "UTC", 3), at=datetime.now(UTC))
        return pairing, sigrid, [each.id for each in check_ins_of(pairing.id)]


def times(portal: LivePortal, pairing: Any) -> list[tuple[str, str]]:
    """State and moment of the check-ins, in time order."""
    with portal.app.app_context():
        db.session.rollback()
        return [(each.state, f"{each.starts_at:%m-%d %H}") for each in check_ins_of(pairing.id)]


@IN_EVERY_WAY
def test_the_senior_plans_with_the_dates_in_sight(
    portal: LivePortal, window: Callable[..., Page], width: int, script: bool
) -> None:
    pairing, sigrid = two(portal)
    page = window(sigrid, width=width, script=script)
    page.goto(f"/schedule/{pairing.id}/plan")
    page.get_by_label("First check-in").fill(START.isoformat())
    page.get_by_label("How many check-ins?").fill("4")
    page.get_by_label("At", exact=True).fill("10:00")
    page.get_by_label("Weeks or months").select_option("week")
    if not script:
        page.get_by_role("button", name="Show the dates").click()
    expect(page.locator("#preview li")).to_have_count(4)
    expect(page.locator("#preview")).to_contain_text("(15:00 for Jona Junior)")
    assert problems(page) == [] if script else True
    page.get_by_role("button", name="Book them").click()
    expect(page.locator("#timeline")).to_contain_text("Check-in 4")
    expect(page.locator(".toast")).to_contain_text("Your check-ins are planned")
    assert len(times(portal, pairing)) == 4


def test_dates_that_cannot_be_are_said_while_one_types(
    portal: LivePortal, window: Callable[..., Page]
) -> None:
    pairing, sigrid = two(portal)
    page = window(sigrid)
    page.goto(f"/schedule/{pairing.id}/plan")
    expect(page.locator("#preview li")).not_to_have_count(0)
    page.get_by_label("How many check-ins?").fill("61")
    page.get_by_label("How many check-ins?").press("Tab")
    expect(page.locator("#preview")).to_contain_text("Choose from 1 to 60.")


def test_a_move_by_keyboard_changes_the_order_in_place_and_is_undone(
    portal: LivePortal, window: Callable[..., Page]
) -> None:
    pairing, sigrid, (first, _second, _third) = planned(portal)
    page = window(sigrid)
    page.goto(f"/pairings/{pairing.id}")
    line = page.locator(f"#check-in-{first}")
    line.get_by_role("link", name="Move").press("Enter")
    expect(line.get_by_label("Day")).to_be_focused()
    assert problems(page) == []
    line.get_by_label("Day").press("Escape")
    expect(line.get_by_role("link", name="Move")).to_be_focused()
    line.get_by_role("link", name="Move").press("Enter")
    line.get_by_label("Day").fill((START + timedelta(days=8)).isoformat())
    line.get_by_label("Time").fill("14:00")
    line.get_by_label("Time").press("Enter")
    expect(line.get_by_role("heading")).to_have_text(re.compile("Check-in 2"))
    expect(line.get_by_role("heading")).to_be_focused()
    expect(page.locator("#timeline section.card").nth(1)).to_have_id(f"check-in-{first}")
    expect(page.locator("#next")).to_contain_text(f"{START + timedelta(days=7):%-d %B}")
    assert problems(page) == []
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(line.get_by_role("heading")).to_have_text(re.compile("Check-in 1"))
    expect(page.locator("#next")).to_contain_text(f"{START:%-d %B}")
    assert times(portal, pairing)[0] == ("planned", f"{START:%m-%d} 10")


def test_a_skip_in_place_moves_the_next_one_up_and_is_undone(
    portal: LivePortal, window: Callable[..., Page]
) -> None:
    pairing, sigrid, (first, _second, _third) = planned(portal)
    page = window(sigrid, width=390)
    page.goto(f"/pairings/{pairing.id}")
    line = page.locator(f"#check-in-{first}")
    line.get_by_role("button", name="Skip").click()
    expect(line).to_contain_text("Skipped")
    expect(page.locator("#next")).to_contain_text(f"{START + timedelta(days=7):%-d %B}")
    expect(page.locator(".milestone").first).to_contain_text(f"{START + timedelta(days=7):%-d %B}")
    assert problems(page) == []
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(line.get_by_role("button", name="Skip")).to_be_visible()
    expect(page.locator(".toast").get_by_role("button", name="Undo")).to_have_count(0)
    expect(line.get_by_role("heading")).to_be_focused()
    assert [state for state, _ in times(portal, pairing)] == ["planned"] * 3


def test_two_who_change_the_same_see_both_in_its_place(
    portal: LivePortal, window: Callable[..., Page]
) -> None:
    pairing, sigrid, (first, _second, _third) = planned(portal)
    mine, other = window(sigrid), window(sigrid)
    for page in (mine, other):
        page.goto(f"/pairings/{pairing.id}")
    line = other.locator(f"#check-in-{first}")
    line.get_by_role("link", name="Move").click()
    line.get_by_label("Time").fill("14:00")
    line.get_by_role("button", name="Move it").click()
    expect(line).to_contain_text("14:00–15:00")
    mine.locator(f"#check-in-{first}").get_by_role("button", name="Skip").click()
    expect(mine.locator(f"#check-in-{first}")).to_contain_text("Somebody was faster")
    assert problems(mine) == []
    mine.locator(f"#check-in-{first}").get_by_role("button", name="Save mine").click()
    expect(mine.locator(f"#check-in-{first}").get_by_role("button", name="Have it after all")).to_be_visible()
    assert times(portal, pairing)[0][0] == "skipped"
