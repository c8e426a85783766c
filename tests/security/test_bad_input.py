"""Bad input anywhere: a message that says what to mend, what was typed is kept, and nothing breaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.core.text import one_line
from tests.busy import busy
from tests.conftest import Noise
from tests.crawl import rule_of, walk
from tests.markup import Element
from tests.personas import Factories
from tests.sampling import sample
from tests.visitor import Page, Visitor, filled

TYPED = {"text", "email", "search", "url", "tel", "", "number", "date"}
WORDS = {
    "nothing": "",
    "long": "x" * 5_000,
    "markup": "<script>alert(1)</script><b>&amp;",
    "other scripts": "‮‏אדם 🦩 ẞ ﷺ\u0301",
    "a formula": "=HYPERLINK(1)",
    "below nothing": "-1",
    "beyond numbers": "9" * 40,
    "not a number": "NaN",
    "lines": "a\r\nBcc: everybody@example.com",
    "a template": "{{ 7 * 7 }}{% raw %}",
    "a date that is none": "2026-02-31",
}


def text_fields(form: Element) -> list[Element]:
    """The fields of a form that one types into."""
    inputs = [each for each in form.all("input") if each["type"] in TYPED and "readonly" not in each]
    return [each for each in (*inputs, *form.all("textarea")) if each["name"]]


@pytest.fixture
def forms(
    make: Factories, noise: Noise, new_visitor: Callable[..., Visitor]
) -> list[tuple[Visitor, str, str]]:
    """Every form with a field to type into that somebody meets, one of each kind: visitor,
    page and action.
    """
    admin = make.person("Ada Admin", roles=["admin"])
    enrolment = make.enrolment(admin, make.programme())
    make.wish(enrolment, make.topic())
    make.programme("The next season", state="draft")
    begun = make.person("Nora New")
    make.enrolment(begun, make.programme(), state="begun", steps_done=0, joined_at=None)
    paired = make.person("Paul Paired")
    busy(make, admin, paired)
    found: dict[tuple[str | None, tuple[str, ...]], tuple[Visitor, str, str]] = {}
    for visitor in (new_visitor(), new_visitor(begun), new_visitor(paired), new_visitor(admin)):

        def look(url: str, page: Page, visitor: Visitor = visitor) -> None:
            for form in page.root.all("form"):
                names = tuple(each["name"] for each in text_fields(form))
                kind = (rule_of(visitor.app, url), names)
                if form["method"].lower() == "post" and names and kind not in found:
                    found[kind] = (visitor, url, form["action"] or url)

        walk(visitor, look)
    assert len(found) >= 5, found
    return list(found.values())


def test_odd_words_in_any_form_are_taken_or_refused_with_a_reason(
    forms: list[tuple[Visitor, str, str]],
) -> None:
    for about, words in sample(list(WORDS.items()), 4):
        for visitor, url, action in forms:
            send_words(visitor, url, action, words, f"{about} in {url}")


def send_words(visitor: Visitor, url: str, action: str, words: str, about: str) -> None:
    """Fill all text fields of one form with `words`, send it and judge the answer."""
    page = visitor.open(url)
    if page.status != 200 or action not in [form["action"] or url for form in page.root.all("form")]:
        return
    form = page.form(action)
    typed = {each["name"]: words for each in text_fields(form)}
    answer = visitor.open(action, method="POST", data=filled(form, dict(typed)))
    assert answer.status in (200, 303, 400, 404, 409, 422, 429), (about, answer)
    assert "<script>alert" not in answer.html, about
    assert "49" not in " ".join(answer.errors), about
    if answer.status == 422:
        check_refusal(answer, typed, about)


def check_refusal(answer: Page, typed: dict[str, str], about: str) -> None:
    """There is a summary whose links lead to fields (a row says it beside the fields), and what was typed is
    still there.
    """
    beside = [
        each
        for row in answer.root.walk()
        if row.has_class("editing")
        for each in row.walk()
        if each.has_class("error")
    ]
    assert answer.errors or beside, (about, answer)
    ids = {each["id"] for each in answer.root.walk() if each["id"]}
    summaries = [each for each in answer.root.walk() if each.has_class("error-summary")]
    assert {link["href"].removeprefix("#") for each in summaries for link in each.all("a")} <= ids, about
    kept = {each["name"]: filled(form) for form in answer.root.all("form") for each in text_fields(form)}
    for name, words in typed.items():
        values = kept.get(name, {}).get(name, [])
        assert any(same(words, each) for each in values) or not words, (about, name, values)


def same(typed: str, shown: str) -> bool:
    """Whether what is shown is what was typed, apart from white space and characters that cannot be seen."""
    return one_line(typed) == one_line(shown)
