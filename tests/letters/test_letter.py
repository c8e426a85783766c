"""One text makes a letter's plain text and its HTML; what people typed stays text in both."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask

from portal.letters.letter import LINK
from portal.people.accounts.letters import confirm
from portal.programmes.enrolment.letters import paused
from tests.personas import Factories

HREF = re.compile(r'href="([^"]*)"')
BAD_NAMES = (
    "<b>Bob</b> & <script>alert(1)</script>",
    '" onmouseover="x',
    "{{ link('http://elsewhere.example', 'Press') }}",
    "http://elsewhere.example",
    "- a list",
    "Eve\n\n- Press here\n\nhttp://elsewhere.example",
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_is_text_whatever_is_in_it(app: Flask, make: Factories, name: str) -> None:
    person = make.person(name)
    with app.test_request_context():
        letter = confirm(person, "http://localhost/confirm/secret")
    assert "<b>" not in letter.html
    assert "<script>" not in letter.html
    assert set(HREF.findall(letter.html)) == {LINK, "http://localhost"}
    assert letter.text.count(LINK) == 1


def test_a_label_stands_above_its_address_and_inside_its_link(app: Flask, make: Factories) -> None:
    person, programme = make.person("Ada"), make.programme("Spring")
    with app.test_request_context():
        letter = paused(person, programme, datetime(2026, 12, 7, tzinfo=UTC).date())
    page = f"http://localhost/join/{programme.id}/standing"
    assert f"\n\nCome back sooner, or stay away longer:\n\n{page}\n\n" in letter.text
    assert f'<p><a href="{page}">Come back sooner, or stay away longer</a></p>' in letter.html
    assert not {"\x02", "\x03"} & {*letter.text, *letter.html}
