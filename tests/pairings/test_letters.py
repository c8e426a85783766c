"""The room's letters, whole: who gets which words, one thing to do, why it was sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.letters.letter import Letter
from portal.pairings import letters
from portal.pairings.models import Pairing
from portal.pairings.queries import staffs_pairing
from portal.people.models import Person
from portal.programmes.topics.labels import topic_labels
from tests.conftest import Noise
from tests.pairings.company import company_of
from tests.personas import Factories

UNTIL = datetime(2026, 12, 4, 23, 30, tzinfo=UTC)
WHY = (
    "\n\nVice Versa\nhttp://localhost\n\n--\nYou get this because you take part in Spring season. "
    "A letter like this comes with every step of your pairing.\n"
)


@pytest.fixture
def pairing(make: Factories, staff: Person, noise: Noise) -> Pairing:
    company = company_of(make, staff)
    grace = company.mentee("Grace Hopper", time_zone="Asia/Tokyo")
    made = company.pairing(company.mentor("Ada King"), grace)
    return staffs_pairing(made.id, staff)


def all_letters(pairing: Pairing) -> list[Letter]:
    """Each letter of the room to each of the two."""
    two = (pairing.mentor, pairing.mentee)
    others = (letters.active, letters.not_this_time, letters.taken_back, letters.ended, letters.goes_on)
    return [
        *(letters.offered(pairing, to, until=UNTIL) for to in two),
        *(letter(pairing, to) for letter in others for to in two),
    ]


def test_the_senior_is_asked_with_the_reasons_and_until_when_in_their_own_zone(pairing: Pairing) -> None:
    letter = letters.offered(pairing, pairing.mentee, until=UNTIL)
    assert letter.kind == "pairings.offered"
    assert letter.subject == "Would you like to meet Ada King?"
    topic = topic_labels()[pairing.parts[0]["args"]["topic"]]
    assert letter.text == (
        "Hello Grace Hopper,\n\n"
        "Thank you: we know that you want to learn. We think that Ada King and you would suit each other, "
        "with Ada King as your mentor.\n\n"
        f"- Ada King knows about “{topic}”, which is what Grace Hopper wants to learn first.\n"
        "- You share about 30 working hours a week.\n\n"
        "Please say yes or no by Saturday, 5 December. Nothing begins before both have said yes, "
        "and you need no reason for a no.\n\n"
        f"Read more and answer:\n\nhttp://localhost/pairings/{pairing.id}/offer" + WHY
    )


def test_the_junior_is_asked_once_the_senior_has_said_yes(pairing: Pairing) -> None:
    letter = letters.offered(pairing, pairing.mentor, until=UNTIL)
    assert letter.subject == "Would you like to meet Grace Hopper?"
    assert (
        "Grace Hopper would like to learn from you, with you as the mentor, and has said yes already."
        in letter.text
    )
    assert "by Saturday, 5 December" in letter.text


def test_an_end_is_told_to_both_alike_and_without_blame(pairing: Pairing) -> None:
    one, other = (letters.ended(pairing, each) for each in (pairing.mentor, pairing.mentee))
    names = (("Ada King", "A"), ("Grace Hopper", "B")), (("Ada King", "B"), ("Grace Hopper", "A"))
    texts = [
        letter.text.replace(*these[0]).replace(*these[1])
        for letter, these in zip((one, other), names, strict=True)
    ]
    assert texts[0] == texts[1]
    assert "ended by" not in one.text


def test_every_letter_has_one_thing_to_do_says_why_it_was_sent_and_names_nobody_else(
    pairing: Pairing, noise: Noise
) -> None:
    for letter in all_letters(pairing):
        links = [line for line in letter.text.splitlines() if line.startswith("http://localhost/")]
        assert len(links) == 1, letter.kind
        assert letter.html.count("<a href=") == 2, "the deed, and the portal's address"
        assert links[0] in letter.html
        assert "because you take part in Spring season" in letter.text
        assert "because you take part in Spring season" in letter.html
        assert letter.kind.startswith("pairings.")
        assert [word for word in noise.words if word in letter.text + letter.html] == []


def test_a_name_is_no_markup_in_a_letter(make: Factories, staff: Person) -> None:
    company = company_of(make, staff)
    made = company.pairing(company.mentor("<b>Ada</b>"), company.mentee("Grace & Co"))
    for letter in all_letters(staffs_pairing(made.id, staff)):
        assert "<b>" not in letter.html
        assert "&lt;b&gt;Ada" in letter.html or "Ada" not in letter.html
        assert "&lt;" not in letter.text
        assert "&amp;" not in letter.text


def test_every_letter_has_a_subject_of_its_own_that_names_the_partner_where_there_is_one(
    pairing: Pairing,
) -> None:
    assert [(each.kind, each.subject) for each in all_letters(pairing)] == [
        ("pairings.offered", "Would you like to meet Grace Hopper?"),
        ("pairings.offered", "Would you like to meet Ada King?"),
        ("pairings.active", "You and Grace Hopper are a pair"),
        ("pairings.active", "You and Ada King are a pair"),
        ("pairings.not_this_time", "Your match does not come about"),
        ("pairings.not_this_time", "Your match does not come about"),
        ("pairings.taken_back", "We have taken our question back"),
        ("pairings.taken_back", "We have taken our question back"),
        ("pairings.ended", "You and Grace Hopper have finished"),
        ("pairings.ended", "You and Ada King have finished"),
        ("pairings.goes_on", "You and Grace Hopper go on"),
        ("pairings.goes_on", "You and Ada King go on"),
    ]


def test_every_letter_but_the_one_after_a_no_names_the_partner_and_links_to_what_can_be_seen(
    pairing: Pairing,
) -> None:
    pages = {"offered": f"/pairings/{pairing.id}/offer", "not_this_time": "/", "taken_back": "/"}
    for letter in all_letters(pairing):
        name = letter.kind.removeprefix("pairings.")
        page = "http://localhost" + pages.get(name, f"/pairings/{pairing.id}")
        assert page in letter.text.splitlines(), letter.kind
        both = "Ada King" in letter.text and "Grace Hopper" in letter.text
        assert both is (name != "not_this_time"), letter.kind
