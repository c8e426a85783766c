"""The bench in a real browser: weights that sum while they are typed, pairs chosen from a list, and axe on
every page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from portal.clock import now
from portal.pairings.models import LeftOver
from portal.people.models import Person
from tests.browser.accessibility import problems
from tests.live import LivePortal
from tests.pairings.company import Company, company_of

PATIENCE = 30_000


def look(page: Page, name: str) -> list[str]:
    """What axe finds here; with PICTURES in the environment a picture is kept there, too."""
    if folder := os.environ.get("PICTURES"):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
    return problems(page)


def crew(portal: LivePortal, clerk: Person) -> Company:
    """A season with drafts, one of them locked, people left over now, and two who were before."""
    company = company_of(portal.make, clerk, "The bench's season")
    for number in range(5):
        company.mentor(
            f"Bench Mentor {number}", site="Berlin", style="introvert" if number % 2 else "extrovert"
        )
    for number in range(7):
        company.mentee(f"Bench Mentee {number}", site="Lisbon" if number > 3 else "Berlin", style="balanced")
    run = company.run(kept_at=now())
    company.pairing("Bench Before", "Bench Then", "active", run_id=run.id)
    for number in range(2):
        enrolment = company.enrolments[f"Bench Mentee {number}"]
        portal.make.add(
            LeftOver(run_id=run.id, enrolment_id=enrolment.id, role="mentee", template="", args={})
        )
    for number in range(4):
        names = f"Bench Mentor {number}", f"Bench Mentee {number}"
        company.pairing(*(company.people[name] for name in names), locked=number == 3, score=6400 + number)
    return company


def fill_in(page: Page) -> list[str]:
    """Give other weights and lock a pair; what axe finds while its name is typed."""
    page.get_by_label("Interests", exact=True).fill("50")
    expect(page.locator("#sum")).to_have_text("Together: 90. 10 are missing to 100.")
    page.get_by_label("Working style", exact=True).fill("22")
    expect(page.locator("#sum")).to_have_text("Together: 100. That is right.")
    page.get_by_role("button", name="Add a pair").click()
    mentor = page.get_by_role("combobox", name="Mentor", exact=True)
    expect(mentor).to_be_focused()
    mentor.press_sequentially("bench mentor 4")
    page.get_by_role("option", name=re.compile("Bench Mentor 4")).click()
    page.get_by_role("combobox", name="Learns from them", exact=True).press_sequentially("bench mentee 6")
    expect(page.get_by_role("option", name=re.compile("Bench Mentee 6"))).to_be_visible()
    seen = look(page, "bench-pair")
    page.get_by_role("option", name=re.compile("Bench Mentee 6")).click()
    expect(page.locator("#pairs-0-mentee")).to_have_value(re.compile("Bench Mentee 6 <.*>"))
    return seen


def test_a_trial_is_made_at_the_desk_and_read_in_every_look(
    portal: LivePortal, window: Callable[..., Page]
) -> None:
    clerk = portal.make.person("Benno Bench", roles=["staff"])
    company = crew(portal, clerk)
    page = window(clerk)
    page.goto(f"/pairings/bench?programme={company.programme.id}")
    seen = [*look(page, "bench"), *fill_in(page)]
    page.get_by_label("Name of this trial").fill("More of styles")
    page.get_by_label("Name of this trial").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Side by side", timeout=PATIENCE)
    seen += look(page, "compare")
    page.get_by_role("link", name=re.compile("^Now matched")).click()
    expect(page.locator("#moves tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Change something").click()
    expect(page.locator("#pairs-0-mentor")).to_have_value(re.compile("Bench Mentor 4 <.*>"))
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#pairs-0-mentor")).to_have_count(0)
    page.get_by_label("Interests", exact=True).fill("70")
    page.get_by_role("button", name="Try it").last.click()
    expect(page.locator(".error-summary")).to_contain_text("The weights must sum to 100; these sum to 120.")
    seen += look(page, "bench-wrong")
    page.goto(f"/pairings/runs?programme={company.programme.id}")
    page.get_by_role("link", name="More of styles").click()
    expect(page.get_by_text("Proven: no better plan exists.")).to_be_visible()
    seen += look(page, "run")
    assert seen == []


def test_fairness_is_read_in_every_look(portal: LivePortal, window: Callable[..., Page]) -> None:
    clerk = portal.make.person("Fanny Fair", roles=["staff"])
    page = window(clerk)
    page.goto(f"/pairings/fairness?programme={crew(portal, clerk).programme.id}")
    seen = look(page, "fairness")
    page.get_by_role("link", name="Grade", exact=True).click()
    expect(page.locator("#groups")).to_contain_text("Grade 2")
    page.get_by_role("link", name="Mentor", exact=True).click()
    expect(page.locator("#groups")).not_to_contain_text("Grade 8")
    seen += look(page, "fairness-grade")
    assert seen == []
