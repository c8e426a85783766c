"""Requests that nobody makes by accident, put to every route of the address table, on both databases.

What is found by walking the table holds for pages that are yet to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal import audit
from portal.people.models import Person
from portal.web.access import mark_of
from portal.web.headers import ALWAYS
from tests.busy import busy
from tests.conftest import Noise
from tests.personas import Factories
from tests.sampling import sample
from tests.visitor import Page, Visitor

ODD_IDS = (
    "0",
    "-1",
    "00",
    "01",
    "1.0",
    "1e3",
    "x",
    "%201",
    "١",
    str(2**31),
    str(2**63 - 1),
    str(2**63),
    "9" * 30,
    "9" * 5000,
)
ODD_VALUES = (
    "\x00",
    "a\x00b",
    "",
    " ",
    "x" * 20_000,
    "-1",
    str(2**63),
    "1e400",
    "NaN",
    "[]",
    "{}",
    "'\"<>",
    "\u202e",
    "🦩",
)
ABSENT = str(2**63 - 1)
SIGN_IN = "/sign-in"
SENT = (
    "version",
    "seen",
    "person_seen",
    "person_id",
    "topic_id",
    "to",
    "level",
    "state",
    "until",
    "from",
    "roles",
    "step",
)
UNLIKE_PAGES = ("static", "health.readyz")


@dataclass(frozen=True)
class Route:
    """One rule with one of its methods, and how to make its address."""

    rule: Rule
    method: str
    mark: str

    @property
    def ids(self) -> list[str]:
        """Names of the arguments that are ids."""
        return [name for name, kind in self.rule._converters.items() if type(kind).__name__ == "IdConverter"]

    def url(self, value: str = "1") -> str:
        """The address with `value` for every id, a word that fits for a choice, and `1` for every text."""
        address = self.rule.rule
        for piece in address.split("<")[1:]:
            whole = piece.partition(">")[0]
            name = whole.rpartition(":")[2]
            choices = sorted(getattr(self.rule._converters[name], "items", ["1"]))
            address = address.replace(f"<{whole}>", value if name in self.ids else choices[0])
        return address

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


def routes(app: Flask, *methods: str) -> Iterator[Route]:
    """Every route but files, with each of `methods` that it takes."""
    for rule in app.url_map.iter_rules():
        for method in methods:
            if rule.endpoint not in UNLIKE_PAGES and method in (rule.methods or ()):
                yield Route(rule, method, mark_of(app.view_functions[rule.endpoint]) or "")


def ask(visitor: Visitor, route: Route, url: str, **more: object) -> Page:
    """Put a request, with a good token when it changes something."""
    if route.method == "POST":
        return visitor.send(url, **more)  # type: ignore[arg-type]  # passed on as it is
    return visitor.open(url, method=route.method, **more)  # type: ignore[arg-type]  # passed on as it is


@pytest.fixture
def furnished(make: Factories, noise: Noise, member: Person, admin: Person) -> Person:
    """An administrator in a portal in which everything has happened to a member."""
    make.enrolment(member, make.programme())
    busy(make, admin, member)
    return admin


def test_no_route_answers_options_v4_1_4(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    stranger, admin = new_visitor(), new_visitor(furnished)
    answered = [
        (str(route), page.status)
        for route in routes(app, "GET", "POST")
        for visitor in (stranger, admin)
        if (page := visitor.open(route.url(), method="OPTIONS", inspect=False)).status not in (404, 405)
    ]
    assert answered == []
    assert stranger.open("/static/built/portal.css", method="OPTIONS").status == 405


def test_strangers_are_led_to_sign_in_and_back(app: Flask, furnished: Person, visitor: Visitor) -> None:
    for route in routes(app, "GET", "POST"):
        if route.mark == "public":
            continue
        page = ask(visitor, route, route.url())
        assert page.status == 303, (str(route), page)
        assert page.location is not None
        wanted = f"{SIGN_IN}?next={quote(route.url(), safe='/')}" if route.method == "GET" else SIGN_IN
        assert page.location == wanted, str(route)


def test_htmx_without_a_session_moves_the_whole_page_to_sign_in(
    app: Flask, furnished: Person, visitor: Visitor
) -> None:
    for route in routes(app, "GET", "POST"):
        if route.mark == "public":
            continue
        page = ask(
            visitor,
            route,
            route.url(),
            htmx=True,
            headers={"HX-Current-URL": "http://localhost/people?page=2"},
        )
        assert (page.status, page.headers.get("HX-Redirect")) == (401, f"{SIGN_IN}?next=/people?page%3D2"), (
            str(route)
        )
        assert page.html == "", str(route)


def test_what_one_may_not_see_is_not_there(
    app: Flask, furnished: Person, member: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(member)
    for route in routes(app, "GET", "POST"):
        if route.mark not in ("public", "signed in"):
            assert ask(visitor, route, route.url()).status == 404, str(route)


def test_ids_that_no_row_has_are_not_found(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(furnished)
    wrong = []
    for route in routes(app, "GET", "POST"):
        for value in (*sample(ODD_IDS, 5), ABSENT) if route.ids else ():
            page = ask(visitor, route, route.url(value))
            if page.status != 404 and (value == ABSENT or page.status != 405):
                wrong.append((str(route), value[:30], page.status))
    assert wrong == []


def test_every_id_is_held_to_what_a_key_can_be(app: Flask) -> None:
    loose = [
        rule.rule
        for rule in app.url_map.iter_rules()
        for name, kind in rule._converters.items()
        if type(kind).__name__ in ("IntegerConverter", "FloatConverter")
    ]
    assert loose == []


def test_nul_and_broken_text_in_an_address_get_a_clear_answer(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(furnished)
    for route in routes(app, "GET"):
        for query in sample(("q=%00", "%00=1", "page=%00", "next=/%00", "q=%ED%A0%80", "q=%FF"), 3):
            page = visitor.open(f"{route.url()}?{query}", inspect=True)
            assert page.status < 500, (str(route), query, page)
            if "%00" in query:
                assert page.status in (400, 404), (str(route), query, page)
    for path in (
        "/%00",
        "/people/%00",
        "/people/1%00",
        "/%ED%A0%80",
        "/%FF%FE",
        "/static/%00",
        "/static/..%2f..%2fwsgi.py",
    ):
        assert visitor.open(path).status in (400, 404), path


def test_nul_in_a_form_is_refused_everywhere(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(furnished)
    before = audit.count()
    for route in routes(app, "POST"):
        for data in ({"name": "a\x00b"}, {"a\x00b": "1"}):
            page = ask(visitor, route, route.url(), data=data)
            assert page.status in (400, 404), (str(route), page)
    assert audit.count() == before


@pytest.mark.everything
def test_odd_values_in_an_address_never_break_a_page(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(furnished)
    names = (
        "q",
        "page",
        "sort",
        "state",
        "site",
        "department",
        "role",
        "kind",
        "next",
        "step",
        "side",
        "token",
    )
    for route in routes(app, "GET"):
        for value in ODD_VALUES:
            query = "&".join(f"{name}={quote(value)}" for name in names)
            page = visitor.open(f"{route.url()}?{query}")
            assert page.status < 500, (str(route), query[:80], page)
        assert visitor.open(f"{route.url()}?page={10**30}").status < 500, str(route)


def test_a_request_without_a_token_changes_nothing(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(furnished)
    before = audit.count()
    for route in routes(app, "POST"):
        for headers in ({}, {"X-CSRFToken": "made-up"}):
            page = visitor.open(route.url(), method="POST", data={"name": "x"}, headers=headers)
            assert page.status == 400, (str(route), page)
            assert "open for too long" in page.text, str(route)
    assert audit.count() == before


def test_a_request_from_another_site_changes_nothing_v3_5_1(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(furnished)
    before = audit.count()
    foreign = (
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    )
    for route in routes(app, "POST"):
        for headers in sample(foreign, 3):
            page = ask(visitor, route, route.url(), headers=headers)
            assert page.status == 403, (str(route), headers, page)
    assert audit.count() == before


def test_a_body_too_large_is_refused_before_it_is_read(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    visitor = new_visitor(furnished)
    large = {"name": "x" * (2 * 1_048_576)}
    many = {f"field{number}": "x" for number in range(3_000)}
    for route in routes(app, "POST"):
        for data in (large, many):
            page = ask(visitor, route, route.url(), data=data)
            assert page.status in (404, 413) or (data is many and page.status < 500), (str(route), page)


def test_an_empty_form_never_breaks_a_page(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    for route in routes(app, "POST"):
        visitor = new_visitor(furnished)
        for value in sample((None, "", "-1", str(2**63), "x"), 3):
            data = {} if value is None else dict.fromkeys(SENT, value)
            for htmx in (False, True):
                page = ask(visitor, route, route.url(), data=data, htmx=htmx, inspect=not htmx)
                assert page.status < 500, (str(route), data, page)


def test_every_answer_carries_the_headers_v3_4(
    app: Flask, furnished: Person, new_visitor: Callable[..., Visitor]
) -> None:
    for visitor in (new_visitor(), new_visitor(furnished)):
        for route in routes(app, "GET"):
            for method in ("GET", "HEAD", "PUT", "TRACE"):
                check_headers(visitor.open(route.url(), method=method, inspect=False), str(route))
        for address in (
            "/static/built/portal.css",
            "/static/nothing.css",
            "/nothing",
            "/people/%00",
            "//localhost",
        ):
            check_headers(visitor.open(address, inspect=False), address)


def check_headers(page: Page, about: str) -> None:
    """The security headers are there, and nothing private may be kept by others."""
    for name, value in ALWAYS.items():
        assert page.headers.get(name) == value, (about, name, page)
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    kept = page.headers.get("Cache-Control", "")
    assert kept == "no-store" or "/static/" in about or "Set-Cookie" not in page.headers, (about, kept)
    if not about.startswith("/static/"):
        assert "HX-Request" in page.headers.get("Vary", ""), about
        assert "no-store" in kept, (about, kept)
    assert "Server" not in page.headers
    assert "X-Powered-By" not in page.headers
