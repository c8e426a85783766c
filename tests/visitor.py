"""Somebody in front of a browser without JavaScript, or with htmx, who looks closely at every page."""

from __future__ import annotations

import contextvars
import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from portal.clock import now
from portal.db import db, transaction
from portal.people.models import Person, UserSession
from tests.inspection import problems_of_fragment, problems_of_page
from tests.markup import Element, parse

FRAGMENTS_ONLY = ("/join/topics", "/join/people", "/pairings/board/people")
"""Suggestions while typing: nobody needs them as a page."""
Value = str | int | bool | None | Iterable[str]


class Page:
    """One answer."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.html = response.get_data(as_text=True) if response.mimetype.startswith("text/") else ""
        self.url = response.request.path

    @cached_property
    def root(self) -> Element:
        """The tree of the page."""
        return parse(self.html)[0]

    @property
    def location(self) -> str | None:
        """Where the answer leads: the path and query of a redirect, of htmx's as well."""
        target = self.headers.get("Location") or self.headers.get("HX-Redirect")
        if target is None:
            return None
        parts = urlsplit(urljoin(f"http://localhost{self.url}", target))
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def heading(self) -> str:
        """The text of the h1."""
        return self.root.one("h1").text

    @property
    def text(self) -> str:
        """What is to be read in <main> (or in the fragment)."""
        mains = self.root.all("main")
        return mains[0].text if mains else self.root.text

    @property
    def toasts(self) -> list[str]:
        """The short messages on the page."""
        return [
            each.all("p")[0].text
            for each in self.root.walk()
            if each.has_class("toast") and not each.above("template")
        ]

    @property
    def errors(self) -> list[str]:
        """What the error summary lists."""
        return [
            line.text for box in self.root.walk() if box.has_class("error-summary") for line in box.all("li")
        ]

    @property
    def links(self) -> list[str]:
        """Where the links lead."""
        return [each["href"] for each in self.root.all("a")]

    def form(self, action: str | None = None) -> Element:
        """The form that is sent to `action` (a path; the page's own when empty), or the
        only one in <main>.
        """
        forms = self.root.all("form")
        if action is None:
            found = [each for each in forms if each.above("main") and each["method"].lower() == "post"]
        else:
            found = [
                each for each in forms if (urlsplit(each["action"] or self.url).path) == urlsplit(action).path
            ]
        assert found, (
            f"no form to {action or 'anywhere'} among {[each['action'] for each in forms]} on {self.url}"
        )
        assert action is not None or len(found) == 1, f"which of {[each['action'] for each in found]}?"
        return found[0]

    def values(self, action: str | None = None) -> dict[str, list[str]]:
        """What the form would send as it stands, without a button's own value."""
        return filled(self.form(action))

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.url}: {self.text[:300]}>"


class Visitor:
    """Fetches pages of `app` and inspects each. `page` is the last one."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.page: Page | None = None
        self._token: tuple[tuple[str, ...], str] = ((), "")

    def open(
        self, url: str, *, method: str = "GET", htmx: bool = False, inspect: bool = True, **more: Any
    ) -> Page:
        """Send a request as it is, and inspect the answer."""
        headers = {**({"HX-Request": "true"} if htmx else {}), **more.pop("headers", {})}
        response = contextvars.Context().run(
            lambda: self.client.open(url, method=method, headers=headers, **more)
        )
        refresh()
        page = Page(response)
        if inspect:
            self.look_at(page, htmx)
        self.page = page
        return page

    def look_at(self, page: Page, htmx: bool) -> None:
        """Fail when the page is not as every page must be."""
        if not page.headers.get("Content-Type", "").startswith("text/html") or not page.html or page.location:
            return
        fragment = htmx or (page.status == 200 and page.url in FRAGMENTS_ONLY)
        problems = problems_of_fragment(page.html) if fragment else problems_of_page(page.html)
        assert problems == [], f"{page.url} ({page.status}): " + "; ".join(problems)

    def get(self, url: str, *, status: int = 200, htmx: bool = False, **more: Any) -> Page:
        """Fetch a page or, with htmx, a fragment."""
        page = self.open(url, htmx=htmx, **more)
        assert page.status == status, f"wanted {status}, got {page}"
        return page

    def post(
        self, action: str | None = None, *, status: int | None = None, htmx: bool = False, **changes: Value
    ) -> Page:
        """Fill in and send the form of the last page that goes to `action`, with `changes` (None leaves a
        field out).

        A change names a field of the form or a button with a value. Without `status`: 303 plainly, 200 for
        htmx.
        """
        assert self.page is not None, "fetch a page first"
        form = self.page.form(action)
        url = form["action"] or self.page.url
        page = self.open(url, method="POST", htmx=htmx, data=filled(form, changes))
        wanted = status if status is not None else 200 if htmx else 303
        assert page.status == wanted, f"wanted {wanted}, got {page}"
        return page

    def send(self, url: str, data: dict[str, Any] | None = None, *, htmx: bool = False, **more: Any) -> Page:
        """POST anything to anywhere, with a good token but no form."""
        token = {"X-CSRFToken": self.token()}
        return self.open(
            url, method="POST", data=data, htmx=htmx, headers={**token, **more.pop("headers", {})}, **more
        )

    def token(self) -> str:
        """A token that is good for this visitor; asked for once in a session."""
        if self._session() != self._token[0]:
            token = self._new_token()
            self._token = (self._session(), token)
        return self._token[1]

    def _session(self) -> tuple[str, ...]:
        names = (self.app.config["SIGN_IN_COOKIE"], self.app.config["SESSION_COOKIE_NAME"])
        return tuple(str(self.client.get_cookie(name)) for name in names)

    def _new_token(self) -> str:
        page = Page(contextvars.Context().run(lambda: self.client.get("/sign-in")))
        if page.location:
            page = Page(contextvars.Context().run(lambda: self.client.get("/me")))
        return next(each["value"] for each in page.root.all("input") if each["name"] == "csrf_token")

    def follow(self, **more: Any) -> Page:
        """Go where the last answer leads."""
        assert self.page is not None, "there is nothing to follow"
        assert self.page.location is not None, f"{self.page} leads nowhere"
        return self.get(self.page.location, **more)

    def sign_in(self, person: Person) -> Visitor:
        """Be `person` from now on, by a session of their own."""
        token = secrets.token_urlsafe(32)
        with self.app.app_context(), transaction():
            db.session.add(session_of(person.id, token))
        self.client.set_cookie(self.app.config["SIGN_IN_COOKIE"], token, domain="localhost")
        refresh()
        return self


def session_of(person_id: int, token: str) -> UserSession:
    """The row behind a sign-in by `token`."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return UserSession(
        person_id=person_id,
        token_digest=digest,
        created_at=now(),
        seen_at=now(),
        expires_at=now() + timedelta(hours=12),
        address="127.0.0.1",
        agent="a test",
    )


def filled(form: Element, changes: dict[str, Value] | None = None) -> dict[str, list[str]]:
    """The fields of a form as a browser would send them, with `changes`. A name the form does not have is an
    error.
    """
    sent: dict[str, list[str]] = {}
    names = {each["name"] for each in form.all("input", "select", "textarea", "button") if each["name"]}
    for each in form.all("input", "select", "textarea"):
        if each["name"] and "disabled" not in each:
            sent.setdefault(each["name"], []).extend(_value(each))
    for name, value in (changes or {}).items():
        assert name in names, f"the form has no field {name!r}, only {sorted(names)}"
        sent[name] = _texts(value)
    return {name: values for name, values in sent.items() if values}


def _value(field: Element) -> list[str]:
    if field.tag == "textarea":
        return [
            "".join(each for each in field.children if isinstance(each, str))
            .removeprefix("\n")
            .removeprefix("\r\n")
        ]
    if field.tag == "select":
        options = field.all("option")
        chosen = [each for each in options if "selected" in each]
        if not chosen and "multiple" not in field:
            chosen = options[:1]
        return [each.attributes.get("value", each.text) for each in chosen]
    if field["type"] in ("submit", "button", "reset", "image", "file"):
        return []
    if field["type"] in ("checkbox", "radio"):
        return [field["value"] or "on"] if "checked" in field else []
    return [field["value"]]


def _texts(value: Value) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return ["y"]
    return [str(value)] if isinstance(value, str | int) else [str(each) for each in value]


def refresh() -> None:
    """Have the test's own session, if it has one, read afresh what was changed meanwhile."""
    try:
        db.session.rollback()
    except RuntimeError:
        return
