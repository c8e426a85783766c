"""What people type and no topic answers to: offered to the programme team, and what the team does with it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from portal import audit
from portal.db import db, transaction
from portal.people.models import Person
from portal.programmes.actions import load_catalogue
from portal.programmes.models import Programme, Topic, TopicSuggestion, Wish
from tests.conftest import Noise
from tests.personas import Factories
from tests.visitor import Page, Visitor

LIST = "/programmes/topics/suggestions"
TYPED = "Beekeeping drones"


@pytest.fixture(autouse=True)
def catalogue(app: Flask) -> None:
    """The topics that ship."""
    with transaction():
        load_catalogue()


@pytest.fixture
def programme(make: Factories) -> Programme:
    return make.programme("Spring season")


@pytest.fixture
def signing_up(
    make: Factories, new_visitor: Callable[..., Visitor], programme: Programme
) -> Callable[..., Visitor]:
    """Somebody at the step of what they can teach."""

    def new(person: Person | None = None) -> Visitor:
        person = person or make.person()
        make.enrolment(person, programme, state="begun", steps_done=1, joined_at=None)
        visitor = new_visitor(person)
        visitor.get(f"/join/{programme.id}/teach")
        return visitor

    return new


@pytest.fixture
def stefan(new_visitor: Callable[..., Visitor], staff: Person, noise: Noise) -> Visitor:
    return new_visitor(staff)


def look_for(visitor: Visitor, programme: Programme, text: str = TYPED) -> Page:
    """Type what no topic is called."""
    visitor.get(f"/join/{programme.id}/teach")
    return visitor.post(f"/join/{programme.id}/teach/topics", text=text, status=422)


def suggest(visitor: Visitor, programme: Programme, text: str = TYPED) -> None:
    """Type it, and press the button that hands it to the team."""
    look_for(visitor, programme, text)
    visitor.post(f"/join/{programme.id}/teach/topics/suggest")


def waiting() -> list[tuple[str, int]]:
    """What waits: the text and how many typed it."""
    db.session.rollback()
    rows = select(TopicSuggestion).where(TopicSuggestion.settled_at.is_(None)).order_by(TopicSuggestion.id)
    return [(each.typed, each.times) for each in db.session.scalars(rows)]


def only() -> TopicSuggestion:
    """The one suggestion there is."""
    db.session.rollback()
    return db.session.scalars(select(TopicSuggestion).execution_options(populate_existing=True)).one()


def undo_of(page: Page) -> str:
    """Where the toast's undo is sent."""
    return next(each["action"] for each in page.root.all("form") if "/undo/" in each["action"])


def test_what_nobody_knows_is_offered_to_the_team_and_nothing_is_guessed(
    signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    visitor = signing_up()
    page = look_for(visitor, programme)
    assert f"Suggest “{TYPED}” to the programme team" in page.text
    assert "Robotics and smart factories" in page.text, "the nearest stand beside it"
    assert waiting() == []
    visitor.post(f"/join/{programme.id}/teach/topics/suggest")
    page = visitor.follow()
    assert page.toasts == [
        f"Thank you: “{TYPED}” is with the programme team. Choose what comes nearest for now."
    ]
    assert waiting() == [(TYPED, 1)]
    assert db.session.scalar(select(Wish)) is None


def test_with_htmx_the_list_is_answered_and_the_offer_stands_in_it(
    signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    visitor = signing_up()
    page = visitor.post(f"/join/{programme.id}/teach/topics", htmx=True, text="zzyzx", status=422)
    assert "The list is not complete." in page.text
    page = visitor.post(f"/join/{programme.id}/teach/topics/suggest", htmx=True)
    assert page.root.elements[0]["id"] == "wishes-teach"
    assert "with the programme team" in page.toasts[0]


def test_a_person_counts_once_for_a_text_and_others_each_once(
    signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    first, second = signing_up(), signing_up()
    for visitor, text in ((first, TYPED), (first, TYPED), (second, "beekeeping  DRONES!"), (second, TYPED)):
        suggest(visitor, programme, text)
    assert waiting() == [(TYPED, 2)]


def test_what_became_a_topic_meanwhile_is_added_and_long_odd_or_endless_text_is_held_back(
    signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    visitor = signing_up()
    url = f"/join/{programme.id}/teach/topics/suggest"
    assert visitor.send(url, {"text": "reels"}).status == 303
    assert db.session.scalars(select(Wish.topic_id)).all() == ["short-video"]
    assert [visitor.send(url, {"text": text}).status for text in ("", "?!", "x" * 121)] == [422] * 3
    assert visitor.send(url, {"text": "q" * 120}).status == 303
    assert waiting() == [("q" * 80, 1)]
    statuses = [visitor.send(url, {"text": f"zork {number}"}).status for number in range(20)]
    assert statuses == [303] * 19 + [422]


def test_nobody_suggests_where_they_have_not_signed_up(
    new_visitor: Callable[..., Visitor], member: Person, programme: Programme
) -> None:
    assert (
        new_visitor(member).send(f"/join/{programme.id}/teach/topics/suggest", {"text": TYPED}).status == 404
    )


def test_members_do_not_know_the_teams_list_and_the_team_does_not_see_who_typed(
    new_visitor: Callable[..., Visitor],
    make: Factories,
    stefan: Visitor,
    signing_up: Callable[..., Visitor],
    programme: Programme,
) -> None:
    nora = make.person("Nora Nosy")
    visitor = signing_up(nora)
    suggest(visitor, programme)
    for path in (LIST, f"{LIST}/{only().id}/edit", f"{LIST}/{only().id}/row"):
        assert visitor.get(path, status=404).status == 404
    assert "1 suggestion" in stefan.get("/programmes/topics").text
    page = stefan.get(LIST)
    assert TYPED in page.text
    assert "Nora" not in page.html
    assert "Nora" not in stefan.get(f"{LIST}/{only().id}/edit").html


def test_the_team_says_in_the_row_what_it_means_and_takes_that_back(
    stefan: Visitor, signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    visitor = signing_up()
    suggest(visitor, programme)
    stefan.get(LIST)
    page = stefan.post(f"{LIST}/{only().id}/means", htmx=True, topic_id="smart-factory")
    assert "Robotics and smart factories" in page.text
    assert f"“{TYPED}” now means “Robotics and smart factories”." in page.toasts
    assert (only().topic_id, only().by_id) == ("smart-factory", None)
    visitor.get(f"/join/{programme.id}/teach")
    visitor.post(f"/join/{programme.id}/teach/topics", text=TYPED.lower())
    assert db.session.scalars(select(Wish.topic_id)).all() == ["smart-factory"]
    undo = undo_of(page)
    assert "Pass over" in stefan.send(undo, htmx=True).text
    assert (waiting(), TYPED in db.session.get_one(Topic, "smart-factory").aliases) == ([(TYPED, 1)], False)
    assert stefan.send(undo, htmx=True).toasts == ["This is undone already."]


def test_what_it_means_can_be_typed_and_is_never_guessed(
    stefan: Visitor, signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    suggest(signing_up(), programme)
    row = f"{LIST}/{only().id}"
    page = stefan.get(f"{row}/edit")
    page = stefan.post(f"{row}/means", status=422, **{f"suggestion-{only().id}-text": "robotic thing"})
    assert "Choose the topic it means, or type its name." in page.text
    assert "robotic thing" in page.html
    hint = stefan.get(f"/join/topics?suggestion-{only().id}-text=roboti", htmx=True)
    assert f'id="suggestion-{only().id}-text-list"' in hint.html
    stefan.get(f"{row}/edit")
    stefan.post(f"{row}/means", **{f"suggestion-{only().id}-text": "drones"})
    assert stefan.follow().toasts == [f"“{TYPED}” now means “Robotics and smart factories”."]


def test_the_team_makes_a_topic_of_it_in_the_row_and_takes_that_back(
    stefan: Visitor, signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    visitor = signing_up()
    suggest(visitor, programme)
    row = f"{LIST}/{only().id}"
    new = f"suggestion-{only().id}-new-"
    stefan.get(f"{row}/edit", htmx=True)
    page = stefan.post(f"{row}/add", htmx=True, status=422, **{f"{new}label": "Coding"})
    assert "is a name of “First steps in coding” already" in page.text
    assert 'value="Coding"' in page.html
    page = stefan.post(
        f"{row}/add", htmx=True, **{f"{new}label": "Bees by air", f"{new}area": "sustainability"}
    )
    topic = db.session.get_one(Topic, "bees-by-air")
    assert (topic.aliases, topic.area, topic.shipped) == ([TYPED], "sustainability", False)
    assert "Bees by air" in visitor.get(f"/join/topics?text={TYPED[:6]}", htmx=True).text
    stefan.send(undo_of(page))
    assert waiting() == [(TYPED, 1)]
    assert db.session.get(Topic, "bees-by-air") is None


def test_what_is_passed_over_waits_no_more_until_the_team_looks_again(
    stefan: Visitor, signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    suggest(signing_up(), programme)
    stefan.get(LIST)
    stefan.post(f"{LIST}/{only().id}/pass")
    page = stefan.follow()
    assert "Nothing here" in page.text
    suggest(signing_up(), programme)
    assert (waiting(), only().times) == ([], 2)
    assert "Passed over" in stefan.get(f"{LIST}?show=settled").text
    stefan.post(f"{LIST}/{only().id}/again")
    assert waiting() == [(TYPED, 2)]
    stefan.send(undo_of(page))
    assert waiting() == [(TYPED, 2)]


def test_a_decision_that_somebody_made_meanwhile_is_not_made_twice(
    stefan: Visitor, signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    suggest(signing_up(), programme)
    for _again in range(2):
        page = stefan.send(f"{LIST}/{only().id}/pass", htmx=True)
    assert page.toasts == ["Somebody has decided about this already."]
    assert [each.action for each in audit.history("topic suggestion", only().id)].count(
        "topic suggestion.passed over"
    ) == 1
    assert stefan.send(f"{LIST}/{only().id}/means", {"topic_id": "coding"}).status == 422
    assert stefan.send(f"{LIST}/{2**40}/pass").status == 404


def test_what_meant_a_topic_waits_again_when_its_name_was_taken_away_and_somebody_types_it(
    stefan: Visitor, signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    suggest(signing_up(), programme)
    stefan.send(f"{LIST}/{only().id}/means", {"topic_id": "smart-factory"})
    stefan.get("/programmes/topics/smart-factory/edit")
    stefan.post("/programmes/topics/smart-factory", **{"topic-smart-factory-aliases": "robotics"})
    suggest(signing_up(), programme)
    assert waiting() == [(TYPED, 2)]


def test_two_people_who_press_at_the_same_moment_are_counted_both(
    signing_up: Callable[..., Visitor], programme: Programme
) -> None:
    visitors = [signing_up() for _each in range(3)]
    for each in visitors:
        each.token()
    db.session.rollback()
    url = f"/join/{programme.id}/teach/topics/suggest"
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda each: each.send(url, {"text": TYPED}).status, visitors)) == [303] * 3
    assert waiting() == [(TYPED, 3)]
