"""Walks the portal as somebody would who follows every link, visiting each address of the table a few times
at most.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from urllib.parse import urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.visitor import Page, Visitor


def rule_of(app: Flask, url: str) -> str | None:
    """The rule of the address table that a path of ours belongs to."""
    try:
        rule, _ = app.url_map.bind("localhost").match(urlsplit(url).path, "GET", return_rule=True)
    except HTTPException:
        return None
    return str(rule.rule)


def crawl(
    app: Flask, fetch: Callable[[str], Iterable[str]], start: Iterable[str], *, each: int = 2
) -> list[str]:
    """Fetch `start` and what it leads to; `fetch` answers the links of an address. The addresses fetched, in
    order.
    """
    waiting, seen, visits = deque(start), set(start), Counter[str]()
    fetched: list[str] = []
    while waiting:
        url = waiting.popleft()
        rule = rule_of(app, url) or url
        if visits[rule] >= each or rule.startswith("/static/"):
            continue
        visits[rule] += 1
        fetched.append(url)
        for link in fetch(url):
            target = urlsplit(urljoin(f"http://localhost{url}", link))
            address = target.path + (f"?{target.query}" if target.query else "")
            if target.hostname == "localhost" and address not in seen:
                seen.add(address)
                waiting.append(address)
    return fetched


def walk(
    visitor: Visitor, look: Callable[[str, Page], None], start: Iterable[str] = ("/", "/join", "/me")
) -> list[str]:
    """Crawl as `visitor`, showing each page to `look`."""

    def fetch(url: str) -> Iterable[str]:
        page = visitor.open(url)
        look(url, page)
        if page.location:
            return [page.location]
        return page.links

    return crawl(visitor.app, fetch, start)
