"""axe-core in the page, in each look it can take: light and dark, wide and 320 pixels, forced colours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from playwright.sync_api import Page

from tests.sampling import everything
from tests.source import HOUSE

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
Look = tuple[str, int, str]
EVERY_LOOK: tuple[Look, ...] = (
    ("light", 1280, "none"),
    ("dark", 1280, "none"),
    ("light", 320, "none"),
    ("dark", 320, "none"),
    ("light", 1280, "active"),
)
RUN = """async tags => {
    const found = await axe.run(document, {runOnly: tags, resultTypes: ["violations"]});
    const checks = node => [...node.any, ...node.all, ...node.none].map(check => check.message);
    const why = node => checks(node).join("; ").slice(0, 200);
    const where = node => node.html.slice(0, 160) + " — " + why(node);
    return found.violations.map(rule => `${rule.id} (${rule.impact}): ${rule.nodes.map(where).join(" | ")}`);
}"""


COMMON_LOOKS: tuple[Look, ...] = (("light", 1280, "none"), ("dark", 320, "none"))


def looks(url: str) -> tuple[Look, ...]:
    """Those in which this run takes a page: by default one of two, a light one at the desk or a dark one on a
    phone.
    """
    if everything():
        return EVERY_LOOK
    return (COMMON_LOOKS[crc32(urlsplit(url).path.encode()) % len(COMMON_LOOKS)],)


@lru_cache
def axe() -> str:
    """axe-core itself, as npm brought it."""
    return (HOUSE / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def problems(page: Page, chosen: tuple[Look, ...] = ()) -> list[str]:
    """What is wrong with what the window shows now, in each look. The window is left as it was."""
    page.wait_for_function("() => !document.querySelector('.htmx-request, [aria-busy=true]')")
    size = page.viewport_size
    found: list[str] = []
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(axe())
    for scheme, width, forced in chosen or looks(page.url):
        media: dict[str, Any] = {"color_scheme": scheme, "forced_colors": forced}
        page.emulate_media(**media)
        page.set_viewport_size({"width": width, "height": 900})
        about = f"{page.url} {scheme} {width}{' forced colours' if forced == 'active' else ''}"
        found += [f"{about}: {each}" for each in page.evaluate(RUN, TAGS)]
        over = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if over > 0:
            found.append(f"{about}: {over} px must be scrolled sideways")
    page.emulate_media(color_scheme="light", forced_colors="none")
    if size:
        page.set_viewport_size(size)
    return found
