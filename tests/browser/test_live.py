"""The portal that the browser tests stand on is up, and says so."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.live import LivePortal


def test_the_sign_in_page_is_there_for_a_stranger(portal: LivePortal, window: Callable[..., Page]) -> None:
    page = window()
    page.goto("/sign-in")
    expect(page.locator("h1")).to_be_visible()
