"""Staff's table of topics: seeing, editing in the row, adding, retiring, merging, and what a new release
leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import audit
from portal.clock import now
from portal.core.matching.topics.index import CATALOGUE
from portal.db import db, transaction
from portal.people.models import Person
from portal.programmes.actions import load_catalogue
from portal.programmes.models import Topic, Wish
from portal.programmes.topics import actions as topics
from portal.programmes.topics import index as topic_index
from tests.conftest import Counted, Noise
from tests.personas import Factories
from tests.visitor import Page, Visitor

pytestmark = pytest.mark.both_databases

LIST = "/programmes/topics"


@pytest.fixture(autouse=True)
def catalogue(app: Flask) -> None:
    """The topics that ship."""
    with transaction():
        load_catalogue()


@pytest.fixture
def stefan(new_visitor: Callable[..., Visitor], staff: Person, noise: Noise) -> Visitor:
    return new_visitor(staff)


def kept(topic_id: str) -> Topic:
    """The topic as the database has it now."""
    db.session.rollback()
    return db.session.get_one(Topic, topic_id, populate_existing=True)


def edit(
    visitor: Visitor, topic_id: str, *, htmx: bool = False, status: int | None = None, **values: Any
) -> Page:
    """Open the row's form and send it with these changes."""
    visitor.get(f"{LIST}/{topic_id}/edit", htmx=htmx)
    changes = {f"topic-{topic_id}-{name}": value for name, value in values.items()}
    return visitor.post(f"{LIST}/{topic_id}", htmx=htmx, status=status or (200 if htmx else 303), **changes)


def undo_of(page: Page) -> str:
    """Where the toast's undo is sent."""
    return next(each["action"] for each in page.root.all("form") if "/undo/" in each["action"])


def test_only_staff_know_that_the_table_is_there(new_visitor: Callable[..., Visitor], member: Person) -> None:
    visitor = new_visitor(member)
    for path in (LIST, f"{LIST}/new", f"{LIST}/coding/edit", f"{LIST}/coding/row", f"{LIST}/coding/merge"):
        assert visitor.get(path, status=404).status == 404
    assert visitor.send(f"{LIST}/coding/retire").status == 404


def test_the_list_is_reached_from_the_programmes_and_searched_by_any_name(stefan: Visitor) -> None:
    assert LIST in stefan.get("/programmes/").links
    assert stefan.get(LIST).heading == f"{len(CATALOGUE)} topics"
    page = stefan.get(f"{LIST}?q=chatgpt")
    assert page.heading == "1 topic"
    assert "AI at work" in page.text
    assert stefan.get(f"{LIST}?area=inclusion").heading == "31 topics"
    assert "No topic fits" in stefan.get(f"{LIST}?q=%25").text
    assert stefan.get(f"{LIST}?area=nonsense&state=odd&page=x").heading == f"{len(CATALOGUE)} topics"


def test_a_german_reader_searches_by_german_labels(stefan: Visitor) -> None:
    stefan.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    page = stefan.get(f"{LIST}?q=ki bei der arbeit")
    assert ("KI bei der Arbeit" in page.text, page.root.one("tr", id="topic-ai-at-work") is not None) == (
        True,
        True,
    )
    assert "KI bei der Arbeit" in stefan.get("/join/topics?text=KI bei der", htmx=True).text


def test_the_list_asks_the_same_number_of_questions_however_many_are_found(
    stefan: Visitor, make: Factories, count_queries: Callable[[], AbstractContextManager[Counted]]
) -> None:
    counts = []
    for number in (1, 3):
        for each in range(number):
            topic = make.topic(f"zinc-{number}-{each}", area="digital")
            make.wish(make.enrolment(make.person(), make.programme()), topic)
        with count_queries() as counted:
            stefan.get(f"{LIST}?q=zinc")
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_an_edit_in_the_row_is_found_at_once_and_undone_from_the_toast(
    stefan: Visitor, staff: Person
) -> None:
    assert "First steps in coding" not in stefan.get("/join/topics?text=brainf", htmx=True).text
    answer = edit(stefan, "coding", htmx=True, aliases="coding; Brainfuck; coding")
    assert answer.root.one("tr", id="topic-coding")
    assert "Changed" in answer.text
    topic = kept("coding")
    assert (topic.aliases, topic.shipped, topic.edited_at is None) == (["coding", "Brainfuck"], True, False)
    assert "First steps in coding" in stefan.get("/join/topics?text=brainf", htmx=True).text
    entry = audit.history("topic", "coding")[0]
    assert (entry.actor_id, entry.action, entry.after) == (
        staff.id,
        "topic.edited",
        {"aliases": ["coding", "Brainfuck"]},
    )
    stefan.send(undo_of(answer), htmx=True)
    assert "Python" in kept("coding").aliases
    assert kept("coding").edited_at is None, "as it ships again"
    stefan.send(undo_of(answer))
    assert stefan.follow().toasts == ["This is undone already."]


def test_the_same_edit_works_without_javascript_and_a_doubled_one_is_no_conflict(stefan: Visitor) -> None:
    stefan.get(f"{LIST}/coding/edit?area=digital")
    form = stefan.page.values(f"{LIST}/coding") | {"topic-coding-label": ["Coding, gently"]}
    for _again in range(2):
        page = stefan.send(f"{LIST}/coding?area=digital", form)
        assert page.location == f"{LIST}?area=digital"
    assert kept("coding").label == "Coding, gently"
    assert len(audit.history("topic", "coding")) == 1


def test_a_label_that_was_read_in_german_and_not_changed_stays_translatable(stefan: Visitor) -> None:
    stefan.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    edit(stefan, "climate", area="digital")
    assert (kept("climate").label, kept("climate").area) == ("Climate change", "digital")


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "plain"])
def test_the_second_of_two_sees_both_values_and_nothing_is_lost(
    new_visitor: Callable[..., Visitor], staff: Person, admin: Person, htmx: bool
) -> None:
    first, second = new_visitor(staff), new_visitor(admin)
    for each in (first, second):
        each.get(f"{LIST}/coding/edit", htmx=htmx)
    status = 200 if htmx else 303
    first.post(
        f"{LIST}/coding",
        htmx=htmx,
        status=status,
        **{"topic-coding-label": "Theirs", "topic-coding-area": "leadership"},
    )
    page = second.post(f"{LIST}/coding", htmx=htmx, status=409, **{"topic-coding-label": "Mine"})
    assert all(word in page.html for word in ("Theirs", "Mine", staff.name))
    assert kept("coding").label == "Theirs"
    second.post(f"{LIST}/coding", htmx=htmx, status=status)
    assert (kept("coding").label, kept("coding").area) == ("Mine", "leadership"), "the other's area stays"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"label": ""}, "Give it a name"),
        ({"label": "?!"}, "Use letters or digits"),
        ({"label": "x" * 81}, "at most 80"),
        ({"label": "Reels"}, "“Reels” is a name of “Short-form video” already"),
        ({"aliases": "coding; tikTOK"}, "“tikTOK” is a name of “Short-form video” already"),
        ({"aliases": "coding; !!!"}, "cannot be a name"),
        ({"aliases": "; ".join(f"name {number}" for number in range(41))}, "Forty names"),
        ({"area": "pottery"}, "Not a valid choice"),
    ],
)
def test_bad_input_says_how_to_mend_it_and_keeps_what_was_typed(
    stefan: Visitor, bad: dict[str, str], says: str
) -> None:
    before = kept("coding").version
    stefan.get(f"{LIST}/coding/edit")
    sent = stefan.page.values(f"{LIST}/coding") | {
        f"topic-coding-{name}": [value] for name, value in bad.items()
    }
    page = stefan.send(f"{LIST}/coding", sent)
    assert page.status == 422
    assert says in page.text
    assert kept("coding").version == before


def test_staff_add_a_topic_that_is_offered_at_once_and_can_be_taken_away_until_somebody_chose_it(
    stefan: Visitor, make: Factories
) -> None:
    stefan.get(f"{LIST}/new")
    stefan.post(f"{LIST}/new", label="Our Kiln & Ofen", area="digital", aliases="KilnOS, Brennofen")
    page = stefan.follow()
    assert page.toasts == ["“Our Kiln & Ofen” is added."]
    topic = kept("our-kiln-and-ofen")
    assert (topic.shipped, topic.aliases) == (False, ["KilnOS", "Brennofen"])
    assert "Our Kiln & Ofen" in stefan.get("/join/topics?text=brennof", htmx=True).text
    wish = make.wish(make.enrolment(make.person(), make.programme()), topic)
    undo = undo_of(page)
    stefan.send(undo)
    assert "Somebody has chosen" in stefan.follow().toasts[0]
    with transaction():
        db.session.execute(db.delete(Wish).where(Wish.id == wish.id))
    stefan.send(undo)
    assert stefan.page.location == LIST
    assert db.session.get(Topic, "our-kiln-and-ofen") is None
    assert "Our Kiln" not in stefan.get("/join/topics?text=brennof", htmx=True).text


def test_a_label_with_signs_of_html_or_of_formats_is_shown_as_text_wherever_it_stands(
    stefan: Visitor, member: Person, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    odd = "100% <b>green</b> %(x)s & co"
    edit(stefan, "climate", label=odd)
    programme = make.programme()
    make.wish(make.enrolment(member, programme), kept("climate"))
    mine = new_visitor(member)
    pages = [
        *(stefan.get(f"{LIST}{path}") for path in ("?q=green", "/climate/edit", "/climate/merge?into=water")),
        *(mine.get(f"/join/{programme.id}/{step}") for step in ("teach", "boundaries", "standing")),
    ]
    assert [
        odd in page.text or odd in page.html.replace("&lt;", "<").replace("&gt;", ">") for page in pages[:4]
    ] == [True] * 4
    assert [each for page in pages for each in page.root.all("b") if "green" in each.text] == []
    assert stefan.get("/join/topics?text=100% <b>", htmx=True).root.all("b") == []


def test_ids_are_slugs_of_their_own_whatever_the_label(app: Flask, staff: Person) -> None:
    ids = []
    for label in ("New", "ملعب", "New!", "Coding -", "x" * 80):
        with transaction():
            try:
                ids.append(topics.add(label=label, area="digital", aliases=[], by=staff.id, at=now())[0].id)
            except topics.Invalid:
                ids.append("refused")
    assert ids == ["new-2", "topic", "refused", "refused", "x" * 56]


def test_a_retired_topic_is_offered_no_more_kept_by_those_who_chose_it_and_brought_back(
    stefan: Visitor, make: Factories
) -> None:
    wish = make.wish(make.enrolment(make.person(), make.programme()), kept("coding"))
    stefan.get(f"{LIST}/coding/edit", htmx=True)
    page = stefan.post(f"{LIST}/coding/retire", htmx=True)
    assert "Retired" in page.text
    assert "coding" not in stefan.get("/join/topics?text=coding", htmx=True).text.lower()
    assert db.session.get_one(Wish, wish.id).topic_id == "coding"
    assert stefan.get(f"{LIST}?state=retired").heading == "1 topic"
    stefan.send(f"{LIST}/coding/retire")
    assert stefan.follow().toasts == ["Nothing was changed."]
    stefan.send(f"{LIST}/coding/back")
    assert kept("coding").retired_at is None
    assert kept("coding").edited_at is None


def test_a_retired_topic_stays_away_while_another_has_one_of_its_names(stefan: Visitor) -> None:
    stefan.send(f"{LIST}/coding/retire")
    edit(stefan, "websites", aliases="Python")
    stefan.send(f"{LIST}/coding/back")
    assert "“Python” is a name of “Building a website” already" in stefan.follow().toasts[0]
    assert kept("coding").retired_at is not None


def merge(visitor: Visitor, old: str, new: str) -> Page:
    """Merge as staff do it, over the page that says whom it touches."""
    visitor.get(f"{LIST}/{old}/merge?into={new}")
    visitor.post(f"{LIST}/{old}/merger")
    return visitor.follow()


def test_merging_moves_everybody_and_every_name_and_says_beforehand_whom_it_touches(
    stefan: Visitor, make: Factories
) -> None:
    programme = make.programme()
    only, both = (make.enrolment(make.person(), programme) for _each in range(2))
    old, new = kept("photography"), kept("instagram")
    make.wish(only, old, level=1, rank=3)
    make.wish(both, old, level=3, rank=1)
    make.wish(both, new, level=2, rank=2)
    make.wish(both, old, "learns", level=2, rank=4)
    page = stefan.get(f"{LIST}/photography/merge?text=insta")
    assert "2 people chose “Better photos with a phone”" in page.text
    assert "1 of them chose both" in page.text
    assert merge(stefan, "photography", "instagram").toasts == [
        "Merged: “Instagram and pictures that travel” has its names and everybody who chose it."
    ]
    rows = select(Wish.enrolment_id, Wish.side, Wish.topic_id, Wish.level, Wish.rank).order_by(
        Wish.enrolment_id, Wish.side
    )
    assert [tuple(each) for each in db.session.execute(rows)] == [
        (only.id, "teaches", "instagram", 1, 3),
        (both.id, "learns", "instagram", 2, 4),
        (both.id, "teaches", "instagram", 3, 1),
    ]
    assert {"Better photos with a phone", "selfies", "insta"} <= set(kept("instagram").aliases)
    assert kept("photography").retired_at is not None
    with stefan.app.test_request_context():
        assert topic_index.recognised("Selfies") == topic_index.recognised("photos") == "instagram"


def test_a_merger_is_asked_about_never_guessed_and_refused_when_one_was_changed_meanwhile(
    stefan: Visitor,
) -> None:
    page = stefan.get(f"{LIST}/photography/merge?text=instagramm videos")
    assert page.errors == ["We do not know that one yet. Is it one of these?"]
    assert f"{LIST}/photography/merge?into=instagram" in page.links
    assert not page.root.all("section", id="merger")
    assert stefan.get(f"{LIST}/photography/merge?into=photography").errors
    stefan.get(f"{LIST}/photography/merge?into=instagram")
    form = stefan.page.values(f"{LIST}/photography/merger")
    edit(stefan, "instagram", label="Insta")
    assert stefan.send(f"{LIST}/photography/merger", form).status == 409
    assert kept("photography").retired_at is None
    assert stefan.send(f"{LIST}/photography/merger", {"into": "no-such-topic"}).status == 404


def test_a_new_release_leaves_alone_what_staff_edited_retired_merged_or_added(stefan: Visitor) -> None:
    edit(stefan, "coding", label="Code", aliases="Python")
    stefan.send(f"{LIST}/cloud/retire")
    merge(stefan, "photography", "instagram")
    edit(stefan, "gaming", aliases="VR; Blender", label="Games")
    with transaction():
        db.session.execute(db.delete(Topic).where(Topic.id == "climate"))
        db.session.get_one(Topic, "water").label = "An older label"
    with transaction():
        topics.add(label="Climate", area="leadership", aliases=["Klimawandel"], by=None, at=now())  # type: ignore[arg-type]  # nobody
        changed = load_catalogue()
    assert (kept("coding").label, kept("coding").aliases, kept("gaming").label) == (
        "Code",
        ["Python"],
        "Games",
    )
    assert None not in (kept("cloud").retired_at, kept("photography").retired_at)
    assert "Better photos with a phone" in kept("instagram").aliases
    assert kept("water").label == "Water and oceans"
    assert "climate" not in kept("climate").aliases
    assert "Klimawandel" not in kept("climate").aliases, "the name that staff gave to theirs stays theirs"
    assert changed == 2
    with transaction():
        assert load_catalogue() == 0


def test_the_index_of_what_is_offered_is_kept_until_the_table_changes(
    app: Flask, staff: Person, count_queries: Callable[[], AbstractContextManager[Counted]]
) -> None:
    with app.test_request_context():
        one = topic_index.index()
        with count_queries() as counted:
            assert topic_index.index() is one
        assert len(counted) == 1
        with transaction():
            topics.add(label="Zymurgy", area="digital", aliases=[], by=staff.id, at=now())
        assert topic_index.recognised("zymurgy") == "zymurgy"
        assert db.session.scalar(select(func.count()).select_from(Topic)) == len(CATALOGUE) + 1
