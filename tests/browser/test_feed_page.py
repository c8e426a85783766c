"""The page with the address of one's live feed, in a browser: made, copied, replaced, and nothing for axe to
find.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.browser.accessibility import problems
from tests.live import LivePortal


def test_an_address_is_made_copied_and_replaced_in_place(
    portal: LivePortal, window: Callable[..., Page]
) -> None:
    page = window(portal.make.person("Mira Feed"))
    page.goto("/calendars/feed")
    assert problems(page) == []
    page.get_by_role("button", name="Make my address").click()
    field = page.get_by_label("Address", exact=True)
    expect(field).to_be_visible()
    expect(page.get_by_role("heading", name="The address of your calendar")).to_be_focused()
    expect(page.get_by_text("Here is the address of your calendar.")).to_be_visible()
    expect(page.get_by_role("img", name="QR code of the address")).to_be_visible()
    first = field.input_value()
    answer = httpx.get(first)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    for summary in page.locator("main summary").all():
        summary.click()
    assert problems(page) == []
    page.get_by_role("button", name="Replace the address").click()
    expect(field).not_to_have_value(first)
    assert (httpx.get(first).status_code, httpx.get(field.input_value()).status_code) == (404, 200)
    assert page.url.endswith("/calendars/feed")


def test_it_works_without_javascript_on_a_phone(portal: LivePortal, window: Callable[..., Page]) -> None:
    page = window(portal.make.person("Mira Phone"), width=390, script=False)
    page.goto("/calendars/feed")
    page.get_by_role("button", name="Make my address").click()
    address = page.get_by_label("Address", exact=True).input_value()
    assert httpx.get(address).status_code == 200
    page.get_by_text("Replace or switch off").click()
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_text("There is none yet.")).to_be_visible()
    assert httpx.get(address).status_code == 404
