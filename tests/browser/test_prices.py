"""Staff compare all mentors for a draft below its row, choose one, and take it back; in all
ways and sizes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from portal.clock import now
from portal.db import db, transaction
from portal.pairings.models import Pairing
from portal.pairings.prices import tables
from portal.programmes.models import Programme
from tests.browser.accessibility import problems
from tests.browser.test_joining import IN_EVERY_WAY
from tests.live import LivePortal
from tests.pairings.company import Company, company_of
from tests.pairings.crowd import wait_for


def work_out(portal: LivePortal, company: Company) -> None:
    """Wait until the worker has prices of now."""

    def there() -> bool:
        db.session.remove()
        return tables.board_now(db.session.get_one(Programme, company.programme.id)) is not None

    with portal.app.app_context():
        with transaction():
            tables.request_table(company.programme.id, at=now())
        wait_for(there, seconds=60)
        db.session.remove()


def mentors(portal: LivePortal, company: Company) -> dict[int, int]:
    """Who mentors whom in the drafts there are, by the mentee."""
    with portal.app.app_context():
        drafts = db.session.query(Pairing).where(
            Pairing.programme_id == company.programme.id, Pairing.state == "draft"
        )
        found = {each.mentee_id: each.mentor_id for each in drafts}
        db.session.remove()
    return found


@IN_EVERY_WAY
def test_staff_compare_all_mentors_choose_one_and_take_it_back(
    portal: LivePortal, window: Callable[..., Page], width: int, script: bool
) -> None:
    staff = portal.make.person("Stefan Staff", roles=["staff"])
    company = company_of(portal.make, staff, "A season of prices")
    people = [company.mentor(name) for name in ("Ada King", "Bea Long", "Carl Cole")]
    one = company.pairing(people[0], company.mentee("Grace Hopper"))
    company.pairing(people[1], company.mentee("Dora Day"))
    before = mentors(portal, company)
    page = window(staff, width=width, script=script)
    page.goto(f"/pairings/board?programme={company.programme.id}&show=draft")
    page.locator(f"#pairing-{one.id}").get_by_role("link", name=re.compile("^Edit")).click()
    page.get_by_role("link", name="Compare all mentors").click()
    expect(page.get_by_text("Working out what each change would cost")).to_be_visible()
    found = problems(page) if script and width == 1280 else []
    work_out(portal, company)
    if not script:
        page.get_by_role("link", name="Look again").click()
    offer = page.locator(".offers li", has_text="Bea Long").first
    expect(offer).to_be_visible()
    offer.get_by_text("Dora Day would move").click()
    expect(offer.get_by_text("Dora Day gets Ada King instead of Bea Long")).to_be_visible()
    found += problems(page) if script and width == 1280 else []
    offer.get_by_role("button", name=re.compile("^Choose")).click()
    expect(page.get_by_text("Bea Long mentors Grace Hopper now. 1 other draft moved along.")).to_be_visible()
    assert mentors(portal, company)[one.mentee_id] == people[1].id
    if script:
        expect(page).to_have_url(re.compile("show=draft"))
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: all of them are as before.")).to_be_visible()
    assert mentors(portal, company) == before
    work_out(portal, company)
    for address in (f"/pairings/prices/{one.id}", f"/pairings/prices/{one.id}/with/{people[1].id}"):
        page.goto(address)
        found += problems(page) if script and width == 1280 else []
    page.goto(f"/pairings/prices/seats?programme={company.programme.id}")
    found += problems(page) if script and width == 1280 else []
    assert found == []
