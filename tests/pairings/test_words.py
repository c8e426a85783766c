"""Sentences of the engine as people read them: in their language, spoken to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.core.matching.explanations import voices, why_not
from portal.pairings import words
from portal.pairings.models import Pairing
from portal.people.models import Person

FACTS = {
    "mentor": "João",
    "mentee": "Ada",
    "topic": "Reels",
    "second": "Stories",
    "wish": "Clips",
    "level": "at expert level",
    "rank": "first",
    "one": "Design",
    "other": "Legal",
    "site": "Oslo",
    "languages": ["de", "en"],
    "clock": "Oslo",
    "hours": {"template": voices.ABOUT_HOURS, "many": 5},
    "mentor_place": "Lisbon",
    "mentee_place": "Oslo",
    "mentor_when": {"template": "%(days)s mornings", "days": ["Tuesday", "Thursday"]},
    "mentee_when": {"template": "mostly %(when)s", "when": {"template": "weekday mornings"}},
    "when": {"template": "%(days)s afternoons", "days": ["Thursday"]},
    "mentors": 2,
    "mentees": 3,
    "many": 12,
    "opened": 5,
    "place": "Oslo",
}


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    """Somebody reads in English."""
    with app.test_request_context(), force_locale("en"):
        yield


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_sentence_is_said_whole_to_every_reader_in_every_language(app: Flask, language: str) -> None:
    hints = [*why_not.OPENS.values(), *why_not.OPENS_ONE.values(), *why_not.SEAT.values(), ""]
    with app.test_request_context(), force_locale(language):
        for template in (*voices.VOICES, *voices.FORMER, *why_not.FORMER):
            for number, reader in enumerate(("staff", "mentor", "mentee")):
                hint = hints[(len(template) + number) % len(hints)]
                said = words.sentence(template, {**FACTS, "hint": hint}, reader)
                assert said or not voices.VOICES[template][0]
                assert not any(each in said for each in ("%", "{", "[", "None"))


@pytest.mark.usefixtures("english")
def test_a_sentence_is_spoken_to_whoever_reads_it() -> None:
    assert [words.sentence(voices.RANKED, FACTS, reader) for reader in ("staff", "mentor", "mentee", "")] == [
        "João knows “Reels” at expert level, which Ada ranked first.",
        "You know “Reels” at expert level, which Ada ranked first.",
        "João can show you “Reels” at expert level, which you ranked first.",
        "João knows “Reels” at expert level, which Ada ranked first.",
    ]
    assert [words.sentence(voices.WHEN_FAR, FACTS, reader) for reader in ("staff", "mentor", "mentee")] == [
        (
            "They share mostly weekday mornings, about 5 hours a week, although one is in Lisbon and one in"
            " Oslo."
        ),
        "You share Tuesday and Thursday mornings, about 5 hours a week, although Ada is in Oslo.",
        "You share mostly weekday mornings, about 5 hours a week, although João is in Lisbon.",
    ]
    assert words.sentence(voices.SPEAK, FACTS, "mentor") == "You both speak German and English."
    assert words.sentence("", {}) == ""


@pytest.mark.usefixtures("english")
def test_a_reason_and_what_would_change_it_are_two_sentences() -> None:
    args = {"hint": why_not.OPENS["when"], "opened": 5, "when": FACTS["when"]}
    assert [words.sentence(why_not.TEACHERS["time"], args, reader) for reader in ("staff", "mentee")] == [
        (
            "Nobody who teaches what they asked for shares a working hour with them. "
            "Adding Thursday afternoons to their hours could make 5 more people possible."
        ),
        (
            "Nobody who teaches what you asked for shares a working hour with you. "
            "Adding Thursday afternoons to your hours could make 5 more people possible."
        ),
    ]


@pytest.mark.usefixtures("english")
def test_what_each_reason_is_about_is_named() -> None:
    parts = [
        {"name": "time", "points": 300, "template": voices.MOST_HOURS, "args": FACTS},
        {"name": "interests", "points": 4000, "template": voices.RANKED, "args": FACTS},
        {"name": "place", "points": 200, "template": "", "args": {}},
        {"name": "style", "points": 0, "template": voices.CALM, "args": FACTS},
    ]
    two = {"mentor": Person(name="João"), "mentee": Person(name="Ada")}
    pairing = Pairing(parts=parts, **two)
    assert words.explained(pairing, "mentor") == [
        ("Interests", "You know “Reels” at expert level, which Ada ranked first."),
        ("Common time", "You share most of your working hours, about 5 hours a week."),
    ]
    assert words.reasons(pairing, "mentor") == [said for _, said in words.explained(pairing, "mentor")]


def test_points_are_never_said_to_be_more_than_they_are() -> None:
    shown = {score: words.points(score) for score in (0, 99, 100, 3960, 3999, 4000, 4550, 9999, 10_000)}
    said = {
        0: "0",
        99: "0",
        100: "1",
        3960: "39",
        3999: "39",
        4000: "40",
        4550: "45",
        9999: "99",
        10_000: "100",
    }
    assert shown == said, "a pair below the line of 40 must not look as if it were on it"
