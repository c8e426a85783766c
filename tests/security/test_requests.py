"""Hosts, broken servers, cookies and doubled submits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from portal.db import db
from portal.people.models import Person
from tests.personas import PASSWORD
from tests.security.test_every_route import check_headers
from tests.visitor import Visitor

FOREIGN_HOSTS = (
    "elsewhere.example",
    "localhost.elsewhere.example",
    "127.0.0.2",
    "localhost@elsewhere.example",
    "[::1]",
    "",
    "a b",
)


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/people", "/healthz", "/static/built/portal.css", "/nothing"]
)
def test_a_foreign_host_is_refused_with_a_page(app: Flask, visitor: Visitor, host: str, path: str) -> None:
    page = visitor.open(path, headers={"Host": host})
    assert page.status == 400, page
    assert host not in page.html or not host
    check_headers(page, path)


def test_a_forwarded_host_is_not_believed(app: Flask, visitor: Visitor) -> None:
    headers = {
        "X-Forwarded-Host": "elsewhere.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=elsewhere.example",
    }
    page = visitor.get("/sign-in", headers=headers)
    assert "elsewhere.example" not in page.html


def test_a_broken_database_is_a_page_that_says_so(app: Flask, member: Person, visitor: Visitor) -> None:
    visitor.sign_in(member)
    db.session.rollback()
    with db.engine.begin() as connection:
        cascade = " CASCADE" if db.engine.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TABLE user_session{cascade}"))
    # A table that is missing is what SQLite calls trouble of its own, and PostgreSQL a defect of ours.
    status, words = (503, "nothing was saved") if not cascade else (500, "Something broke on our side")
    page = visitor.get("/", status=status)
    assert words in page.text
    assert "user_session" not in page.html
    check_headers(page, "/")
    fragment = visitor.get("/people", htmx=True, status=status)
    assert words in fragment.text


def test_a_cookie_replayed_after_sign_out_signs_nobody_in_v7_4_1(
    app: Flask, member: Person, visitor: Visitor
) -> None:
    name = app.config["SIGN_IN_COOKIE"]
    visitor.get("/sign-in")
    visitor.post("/sign-in", email=member.email, password=PASSWORD)
    visitor.get("/me")
    cookies = {each: visitor.client.get_cookie(each) for each in (name, "portal")}
    visitor.post("/sign-out")
    visitor.get("/me", status=303)
    for each, cookie in cookies.items():
        assert cookie is not None, each
        visitor.client.set_cookie(each, cookie.value, domain="localhost")
    assert (visitor.get("/me", status=303).location or "").startswith("/sign-in")


def test_a_token_of_somebody_else_is_not_taken(
    app: Flask, member: Person, staff: Person, new_visitor: Callable[..., Visitor]
) -> None:
    theirs = new_visitor(staff).token()
    visitor = new_visitor(member)
    visitor.get("/me")
    assert visitor.open("/sign-out", method="POST", headers={"X-CSRFToken": theirs}).status == 400


def test_signing_in_changes_the_session_and_the_token_v7_2_4(
    app: Flask, member: Person, visitor: Visitor
) -> None:
    visitor.client.set_cookie(app.config["SIGN_IN_COOKIE"], "planted-by-somebody-else", domain="localhost")
    visitor.get("/sign-in")
    before = visitor.page.values("/sign-in")["csrf_token"] if visitor.page else []
    visitor.post("/sign-in", email=member.email, password=PASSWORD)
    cookie = visitor.client.get_cookie(app.config["SIGN_IN_COOKIE"])
    assert cookie is not None
    assert cookie.value != "planted-by-somebody-else"
    assert visitor.open("/sign-out", method="POST", data={"csrf_token": before[0]}).status == 400


def test_cookies_are_kept_from_scripts_and_other_sites_v3_3(
    app_with: Callable[..., Flask], member: Person
) -> None:
    for public_url, secure in (("http://localhost", False), ("https://localhost", True)):
        visitor = Visitor(app_with(public_url=public_url))
        visitor.client.environ_base["wsgi.url_scheme"] = "https" if secure else "http"
        name = visitor.app.config["SIGN_IN_COOKIE"]
        base = {"base_url": public_url}
        page = visitor.open("/sign-in", **base)
        form = page.values("/sign-in") | {"email": [member.email], "password": [PASSWORD]}
        answer = visitor.open(
            "/sign-in", method="POST", data=form, headers={"Referer": f"{public_url}/sign-in"}, **base
        )
        said = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{name}=")]
        assert len(said) == 1, answer.headers.getlist("Set-Cookie")
        assert ("__Host-" in name) is secure
        assert ("Secure" in said[0]) is secure
        for wanted in ("HttpOnly", "SameSite=Lax", "Path=/"):
            assert wanted in said[0]
        assert "Domain" not in said[0]


@pytest.mark.parametrize(
    "target",
    [
        "//elsewhere.example",
        "https://elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere",
        "javascript:alert(1)",
        "/%09/x",
        " //e",
    ],
)
def test_signing_in_leads_only_to_pages_of_ours_v3_7_2(
    app: Flask, member: Person, visitor: Visitor, target: str
) -> None:
    visitor.open("/sign-in", query_string={"next": target})
    visitor.post("/sign-in", email=member.email, password=PASSWORD)
    assert "elsewhere" not in (visitor.page.headers["Location"] if visitor.page else "elsewhere")
    assert (visitor.page.headers["Location"] if visitor.page else "").startswith("/")


def test_odd_origins_and_addresses_in_headers_are_refused_and_break_nothing(visitor: Visitor) -> None:
    assert visitor.open("/sign-in", method="POST", headers={"Origin": "http://["}).status == 403
    assert visitor.open("/me", htmx=True, headers={"HX-Current-URL": "http://["}).status == 401
