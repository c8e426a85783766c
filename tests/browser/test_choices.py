"""The page on which one says how one's calendar behaves, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.browser.accessibility import problems
from tests.calendars import pairs
from tests.live import LivePortal


def test_a_reminder_chosen_in_place_is_in_the_feed(portal: LivePortal, window: Callable[..., Page]) -> None:
    mira = portal.make.person("Mira Chooses")
    joao = portal.make.person("João Chosen")
    with portal.make.app.app_context():
        pairs.whole(portal.make, mira, joao)
    page = window(mira)
    page.goto("/calendars/feed")
    page.get_by_role("button", name="Make my address").click()
    address = page.get_by_label("Address", exact=True).input_value()
    assert "TRIGGER:-PT15M" in httpx.get(address).text
    page.goto("/calendars")
    page.get_by_role("link", name=re.compile("How your calendar behaves")).click()
    assert problems(page) == []
    page.get_by_label("Remind me of a check-in").select_option(label="1 hour before")
    page.get_by_label("Find a time").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Your calendar follows.")).to_be_visible()
    expect(page.get_by_label("Remind me of a check-in")).to_have_value("60")
    assert page.url.endswith("/calendars/choices")
    text = httpx.get(address).text
    assert "TRIGGER:-PT1H" in text
    assert "TRIGGER:-PT15M" not in text


def test_two_windows_are_asked_on_a_phone_without_javascript(
    portal: LivePortal, window: Callable[..., Page]
) -> None:
    page = window(portal.make.person("Mira Twice"), width=390, script=False)
    page.goto("/calendars/choices")
    other = page.context.new_page()
    other.goto("/calendars/choices")
    other.get_by_label("Send me each check-in").check()
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("Saved. Your calendar follows.")).to_be_visible()
    page.get_by_label("Remind me of a check-in").select_option(label="No reminder")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You changed this in another window meanwhile.")).to_be_visible()
    page.get_by_role("button", name="Save mine").click()
    expect(page.get_by_label("Remind me of a check-in")).to_have_value("")
    expect(page.get_by_label("Send me each check-in")).not_to_be_checked()
