"""Every page that a link leads to, as everybody sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.busy import busy, connected
from tests.conftest import Noise
from tests.crawl import rule_of, walk
from tests.personas import Factories
from tests.sampling import everything
from tests.visitor import Page, Visitor

LARGEST_PAGE = 30_000
NOT_LINKED_TO = (
    "<token>",
    "/sent",
    "/healthz",
    "/readyz",
    "/metrics",
    "/with/",
    "/people/invite",
    "/check-ins/<id:check_in_id>/back",
    "<id:account_id>/test",
)
"""Led to by letters, by sending a form, by a filter, by what a worker has found, or by those who run it."""


@pytest.fixture
def walker(
    request: pytest.FixtureRequest, make: Factories, noise: Noise, new_visitor: Callable[..., Visitor]
) -> Visitor:
    """A visitor with the role that the test asks for, in a portal with a few of everything."""
    role: str = request.param
    if role == "stranger":
        make.programme()
        return new_visitor()
    person = make.person("Wanda Walker", roles=[] if role == "member" else [role])
    topic = make.topic()
    enrolment = make.enrolment(person, make.programme())
    make.wish(enrolment, topic)
    make.programme("The next season", state="draft")
    staff = person if role in ("staff", "admin") else make.person("Stefan Staff", roles=["staff"])
    busy(make, staff, person if role == "member" else make.person("Mara Member"))
    return new_visitor(person)


ROLES = ("stranger", "member", "staff", *(["admin"] if everything() else []))
"""An administrator sees what staff see and little more."""
EVERYBODY = pytest.mark.parametrize("walker", ROLES, indirect=True)


@EVERYBODY
def test_every_link_leads_to_a_page(walker: Visitor) -> None:
    broken: list[tuple[str, int]] = []
    walk(walker, lambda url, page: broken.append((url, page.status)) if page.status >= 400 else None)
    assert broken == []


@EVERYBODY
def test_every_page_is_small(walker: Visitor) -> None:
    large: list[tuple[str, int]] = []

    def look(url: str, page: Page) -> None:
        if len(page.html.encode()) > LARGEST_PAGE:
            large.append((url, len(page.html.encode())))

    walk(walker, look)
    assert large == []


@EVERYBODY
def test_what_htmx_fetches_is_a_page_without_it(walker: Visitor) -> None:
    seen: set[str] = set()

    def look(url: str, page: Page) -> None:
        for each in page.root.walk():
            address = each["hx-get"]
            if (
                not address
                or each["hx-select"]
                or address in seen
                or (rule_of(walker.app, address) or "") in seen
            ):
                continue
            seen.update((address, rule_of(walker.app, address) or address))
            assert walker.open(address, htmx=True).status in (200, 204), address
            if each.tag in ("a", "form"):
                assert (each["href"] or each["action"]).partition("?")[0] == address.partition("?")[0], each
                assert walker.open(address).status in (200, 303), address
            else:
                assert each["role"] == "combobox" or each["data-extra"], each

    walk(walker, look)


@pytest.mark.parametrize("walker", ["member"], indirect=True)
def test_a_member_sees_nothing_of_people_they_do_not_know(walker: Visitor, noise: Noise) -> None:
    told: list[tuple[str, str]] = []

    def look(url: str, page: Page) -> None:
        told.extend((url, word) for word in noise.words if word.lower() in page.html.lower())

    walk(walker, look)
    assert told == []


@pytest.mark.parametrize("walker", ["admin"], indirect=True)
def test_every_page_is_reached_by_some_link(
    walker: Visitor, app: Flask, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    begun = make.person("Nora New")
    enrolment = make.enrolment(begun, make.programme(), state="begun", steps_done=4, joined_at=None)
    make.wish(enrolment, make.topic())
    make.add(make.letter(begun))
    connected(make, begun, state="connecting", pushed_at=None)
    paired = make.person("Paul Paired")
    season = busy(make, make.person("Stefan Staff", roles=["staff"]), paired)
    others = [
        new_visitor(each) for each in (begun, paired, season.people["Mentee 1"], season.people["Mentor 2"])
    ]
    reached: set[str | None] = set()

    def look(url: str, page: Page) -> None:
        asked = [each["hx-get"] for each in page.root.walk() if each["hx-get"]]
        reached.update(rule_of(app, each) for each in (url, *asked))

    for each in (walker, new_visitor(), *others):
        walk(each, look)
    unreached = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.rule not in reached and rule.endpoint != "static"
    }
    assert {each for each in unreached if not any(name in each for name in NOT_LINKED_TO)} == set()
