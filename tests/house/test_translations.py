"""Everything the portal says, it says in German too."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from flask import Flask

from portal.programmes.enrolment.letters import paused
from tests.personas import Factories
from tests.source import HOUSE
from tests.visitor import Visitor

CATALOGUE = HOUSE / "portal" / "translations" / "de" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]")
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def forms(message: Message, side: str) -> tuple[str, ...]:
    """The `id` or the `string` of `message`, one or more of them."""
    said = getattr(message, side)
    return said if isinstance(said, tuple) else (said,)


def with_text(catalogue: Catalog) -> Iterator[Message]:
    """All messages but the header."""
    return (message for message in catalogue if message.id)


@pytest.fixture(scope="module")
def german() -> Catalog:
    """The catalogue as it is kept."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="de")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every message found by looking again."""
    template: Path = tmp_path_factory.mktemp("messages") / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        "portal/translations/babel.cfg",
    ]
    command += ["-k", "_l", "-k", "N_", "--ignore-dirs=.* node_modules", "-o", str(template), "."]
    made = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    with template.open("rb") as file:
        return read_po(file)


def test_looking_again_finds_no_message_that_the_german_catalogue_lacks(
    said: Catalog, german: Catalog
) -> None:
    messages = list(with_text(said))
    assert len(messages) > 300
    lacking = [each.id for each in messages if (kept := german.get(each.id)) is None or kept.id != each.id]
    assert lacking == [], "run `make translations` and translate what is new"


def test_the_german_catalogue_keeps_nothing_that_is_said_no_more(said: Catalog, german: Catalog) -> None:
    assert [each.id for each in with_text(german) if said.get(each.id) is None] == []
    assert not german.obsolete


def test_no_german_message_is_fuzzy_or_empty(german: Catalog) -> None:
    assert [each.id for each in with_text(german) if each.fuzzy or not all(forms(each, "string"))] == []


def test_every_german_message_has_the_placeholders_of_the_english_one(german: Catalog) -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(found[0] for found in PLACEHOLDER.finditer(text))

    wrong = [
        each.id
        for each in with_text(german)
        for theirs, ours in zip(forms(each, "id"), forms(each, "string"), strict=True)
        if placeholders(ours) != placeholders(theirs)
    ]
    assert wrong == []


def test_a_count_has_both_forms_in_german(german: Catalog) -> None:
    assert german.num_plurals == 2
    assert [
        each.id for each in with_text(german) if len(forms(each, "id")) != len(forms(each, "string"))
    ] == []


def test_the_catalogue_names_no_date_place_or_person() -> None:
    text = CATALOGUE.read_text(encoding="utf-8")
    assert re.search(r"^#(?!, )|POT-Creation|Revision-Date|Translator", text, re.MULTILINE) is None


def test_a_german_visitor_reads_the_page_to_join_in_german(visitor: Visitor, make: Factories) -> None:
    make.programme()
    page = visitor.get("/join", headers=GERMAN)
    assert '<html lang="de"' in page.html
    assert "So funktioniert es" in page.text
    assert "How it works" not in page.text


def test_what_is_wrong_in_a_form_is_said_in_german(visitor: Visitor) -> None:
    visitor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = GERMAN["Accept-Language"]
    visitor.get("/sign-up")
    page = visitor.post("/sign-up", name="", email="ada@", password="apple tree river stone", status=422)
    assert "Gib deinen Namen ein, wie man ihn bei euch kennt." in page.errors
    assert "Das ist keine E-Mail-Adresse. Sie sieht aus wie name@example.com." in page.errors


def test_letters_and_their_dates_are_german_for_somebody_who_reads_german(
    app: Flask, make: Factories
) -> None:
    ada, programme = make.person("Ada", locale="de"), make.programme()
    with app.test_request_context():
        letter = paused(ada, programme, date(2026, 12, 7))
    assert letter.subject == f"Deine Pause bei {programme.name}"
    assert "bis zum 7. Dezember 2026." in letter.text
    assert "bis zum 7. Dezember 2026." in letter.html
