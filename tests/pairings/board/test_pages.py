"""Staff's board: seeing pairings, editing in the row, conflicts, undo, pairing by hand, publishing."""

# long because its cases belong together
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import audit
from portal.db import db
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.programmes.models import Programme
from tests.conftest import Noise
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Page, Visitor


@pytest.fixture
def company(make: Factories, staff: Person, noise: Noise) -> Company:
    made = company_of(make, staff)
    made.make.add(
        Pairing(
            programme_id=noise.programme.id,
            mentor_id=noise.person.id,
            mentee_id=staff.id,
            score=1,
            parts=[],
            created_at=noise.person.created_at,
            remark="zq-secret",
        )
    )
    return made


@pytest.fixture
def stefan(company: Company, new_visitor: Callable[..., Visitor], staff: Person) -> Visitor:
    """Somebody who runs the company's programme."""
    return new_visitor(staff)


def field(pairing: Pairing, name: str) -> str:
    """A field's name in the row's form."""
    return f"pairing-{pairing.id}-{name}"


def changes(pairing: Pairing, **values: Any) -> dict[str, Any]:
    """Changes under the names of the row's form."""
    return {field(pairing, name): value for name, value in values.items()}


def edit(
    visitor: Visitor, pairing: Pairing, *, htmx: bool = False, status: int | None = None, **values: Any
) -> Page:
    """Open the row's form and send it with these changes."""
    visitor.get(f"/pairings/board/{pairing.id}/edit", htmx=htmx)
    expected = status or (200 if htmx else 303)
    return visitor.post(
        f"/pairings/board/{pairing.id}", htmx=htmx, status=expected, **changes(pairing, **values)
    )


def reread(pairing: Pairing) -> Pairing:
    """The pairing as the database has it now."""
    db.session.rollback()
    return db.session.get_one(Pairing, pairing.id)


def test_members_and_staff_of_other_programmes_find_nothing(
    company: Company, new_visitor: Callable[..., Visitor], make: Factories, member: Person
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    other = make.person("Otto Other", roles=["staff"])
    company_of(make, other, "Another season")
    paths = [f"/pairings/board/{pairing.id}/{each}" for each in ("row", "edit", "reasons", "history")]
    programme = f"programme={company.programme.id}"
    paths += [
        f"/pairings/board{each}?{programme}" for each in ("", "/new", "/people", "/publish", "/waiting")
    ]
    for person in (member, other):
        visitor = new_visitor(person)
        for path in paths:
            assert visitor.get(path, status=404).status == 404
        for path in (f"/pairings/board/{pairing.id}", f"/pairings/board/{pairing.id}/discard"):
            assert visitor.send(path, {}).status == 404
        assert visitor.send(f"/pairings/board/publish?{programme}", {}).status == 404
    assert reread(pairing).version == 1


def test_the_board_shows_the_pairings_of_the_programme_that_is_on(stefan: Visitor, company: Company) -> None:
    company.pairing("Ada King", "Grace Hopper", remark="Asked for by both", locked=True)
    page = stefan.get("/pairings/board")
    assert page.heading == "1 pair"
    wanted = (
        "Ada King",
        "Grace Hopper",
        "Design, Berlin",
        "87",
        "knows about",
        "Draft",
        "Locked",
        "Asked for by both",
    )
    assert [word for word in wanted if word not in page.text] == []
    assert "Zebulon" not in page.text
    assert page.root.one("meter")["value"] == "87"


def test_an_empty_board_leads_to_running_the_matching(stefan: Visitor, company: Company) -> None:
    page = stefan.get("/pairings/board")
    assert page.heading == "No pairs yet"
    assert page.values("/pairings/runs")["programme"] == [str(company.programme.id)]


def test_one_who_runs_no_programme_is_told_so(visitor: Visitor, make: Factories) -> None:
    visitor.sign_in(make.person("Nils None", roles=["staff"]))
    assert "you run none yet" in visitor.get("/pairings/board").text


def test_presets_search_and_sorting_narrow_the_board_and_unknown_ones_count_for_nothing(
    stefan: Visitor, company: Company
) -> None:
    company.pairing("Ada King", "Grace Hopper", score=3000)
    company.pairing("Bea Long", "Carl Cole", "active", score=9000)
    company.pairing("Dora Day", "Emil Ende", "declined", end_reason="expired")

    def rows(query: str) -> list[str]:
        found = stefan.get(f"/pairings/board?{query}").root.all("tr")
        return [each.all("span")[1].text for each in found if each["id"].startswith("pairing-")]

    assert rows("") == ["Ada King", "Bea Long"]
    assert rows("show=below") == ["Ada King"]
    assert rows("show=active") == ["Bea Long"]
    assert rows("show=over") == ["Dora Day"]
    assert rows("q=carl") == ["Bea Long"]
    assert rows("sort=-score") == ["Bea Long", "Ada King"]
    assert rows("sort=password&show=everything&page=none&programme=") == ["Ada King", "Bea Long"]
    assert "No pairing fits" in stefan.get("/pairings/board?q=%25").text
    presets = [each.text for each in stefan.get("/pairings/board").root.all("a") if each.has_class("tag")]
    assert presets == ["Open 2", "Drafts 1", "Active 1", "Below the line 1", "Over 1"]


def test_the_list_comes_alone_for_htmx_with_its_presets(stefan: Visitor, company: Company) -> None:
    company.pairing("Ada King", "Grace Hopper")
    page = stefan.get("/pairings/board?show=draft&sort=-mentee", htmx=True)
    assert page.root.one("div", id="board")
    assert 'name="sort" value="-mentee"' in page.html
    assert "Drafts 1" in page.text


def test_reasons_open_below_the_row_and_are_a_page_without_javascript(
    stefan: Visitor, company: Company
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    address = f"/pairings/board/{pairing.id}/reasons"
    for page in (stefan.get(address, htmx=True), stefan.get(address)):
        assert all(
            word in page.text
            for word in ("Interests", "52", "Common time", "35", "Together", "87", "30 working hours")
        )
    closed = stefan.get(f"/pairings/board/{pairing.id}/row?drawer=closed", htmx=True)
    assert "hidden" in closed.root.one("tr", id=f"reasons-{pairing.id}")


def test_an_edit_in_the_row_answers_the_row_with_an_undo(
    stefan: Visitor, company: Company, staff: Person
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    page = edit(
        stefan, pairing, htmx=True, locked=True, remark="Asked for by both", reason="They met at lunch"
    )
    assert page.root.one("tr", id=f"pairing-{pairing.id}")
    assert all(word in page.text for word in ("Locked", "Asked for by both"))
    saved = reread(pairing)
    assert (saved.locked, saved.remark, saved.version) == (True, "Asked for by both", 2)
    entry = audit.history("pairing", pairing.id)[0]
    assert (entry.actor_id, entry.after, entry.reason) == (
        staff.id,
        {"locked": True, "remark": "Asked for by both"},
        "They met at lunch",
    )
    undone = stefan.post(f"/pairings/board/undo/{entry.position}", htmx=True)
    assert "Undone" in undone.toasts[0]
    assert (reread(pairing).locked, reread(pairing).remark) == (False, "")


def test_the_same_edit_works_without_javascript_and_comes_back_to_the_list(
    stefan: Visitor, company: Company
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    stefan.get(f"/pairings/board/{pairing.id}/edit?q=ada")
    page = stefan.post(f"/pairings/board/{pairing.id}", **changes(pairing, remark="Both like cycling"))
    assert page.location == f"/pairings/board?q=ada&programme={company.programme.id}"
    assert "Both like cycling" in stefan.follow().text


def test_another_mentor_changes_the_score_and_the_reasons(stefan: Visitor, company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    bea = company.mentor("Bea Long", site="Oslo")
    page = edit(stefan, pairing, htmx=True, mentor=f"Bea Long <{bea.email}>")
    assert "Bea Long" in page.text
    saved = reread(pairing)
    assert saved.mentor_id == bea.id
    assert saved.score == sum(part["points"] for part in saved.parts) != 8700
    undo = stefan.post(f"/pairings/board/undo/{audit.history('pairing', pairing.id)[0].position}", htmx=True)
    assert "Ada King" in undo.text


def test_a_person_may_be_named_by_their_name_alone(stefan: Visitor, company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    bea = company.mentor("Bea Long")
    edit(stefan, pairing, mentor="bea long")
    assert reread(pairing).mentor_id == bea.id


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"mentor": ""}, "Type a name or an address"),
        ({"mentor": "Nobody Atall"}, "Nobody here"),
        ({"mentor": "Two Alike"}, "Type the address"),
        ({"mentor": "Bea Long"}, "not junior enough"),
        ({"mentor": "Cleo Full"}, "no seat left"),
        ({"mentor": "Grace Hopper"}, "Nobody mentors themselves"),
        ({"mentor": "Mira Member"}, "takes part in this programme"),
        ({"remark": "x" * 501}, "at most 500"),
        ({"state": "paused"}, "cannot do that"),
    ],
)
def test_bad_input_says_why_beside_the_field_and_keeps_what_was_typed(
    stefan: Visitor, company: Company, member: Person, make: Factories, bad: dict[str, str], says: str
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    company.mentor("Bea Long", grade=9)
    company.pairing("Cleo Full", "Dan Drew")
    for _ in range(2):
        make.person("Two Alike")
    stefan.get(f"/pairings/board/{pairing.id}/edit")
    form = stefan.page.values(f"/pairings/board/{pairing.id}")
    for htmx in (True, False):
        sent = {**form, **changes(pairing, **{"reason": "Because", **bad})}
        page = stefan.send(f"/pairings/board/{pairing.id}", sent, htmx=htmx)
        assert page.status == 422
        said = [each.text for each in page.root.walk() if each.has_class("error")]
        assert any(says in each for each in said), said
        kept = page.values(f"/pairings/board/{pairing.id}")
        assert kept[field(pairing, "reason")] == ["Because"]
        if "mentor" in bad:
            assert kept[field(pairing, "mentor")] == [bad["mentor"]]
    saved = reread(pairing)
    assert (saved.mentor_id, saved.remark, saved.version) == (pairing.mentor_id, "", 1)


def two_of_them(
    new_visitor: Callable[..., Visitor], staff: Person, admin: Person, pairing: Pairing, htmx: bool
) -> list[Visitor]:
    """Two people who have the same row open."""
    both = [new_visitor(staff), new_visitor(admin)]
    for each in both:
        each.get(f"/pairings/board/{pairing.id}/edit", htmx=htmx)
    return both


@pytest.mark.parametrize("htmx", [False, True])
def test_two_who_edit_one_row_are_shown_both_values_and_nothing_is_lost(
    company: Company, new_visitor: Callable[..., Visitor], staff: Person, admin: Person, htmx: bool
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    first, second = two_of_them(new_visitor, staff, admin, pairing, htmx)
    address = f"/pairings/board/{pairing.id}"
    first.post(address, htmx=htmx, **changes(pairing, remark="Theirs", locked=True))
    page = second.post(address, htmx=htmx, status=409, **changes(pairing, remark="Mine"))
    assert all(word in page.text for word in ("Stefan Staff changed", "Theirs", "Mine", "stays: Locked"))
    assert [each.text for each in page.root.all("th", scope="row")] == ["Remark"]
    assert reread(pairing).remark == "Theirs"
    second.post(address, htmx=htmx)
    assert (reread(pairing).remark, reread(pairing).locked) == ("Mine", True)


def test_another_mentor_for_what_was_offered_meanwhile_is_a_conflict_and_then_refused(
    company: Company, new_visitor: Callable[..., Visitor], staff: Person, admin: Person
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    company.mentor("Bea Long")
    first, second = two_of_them(new_visitor, staff, admin, pairing, True)
    address = f"/pairings/board/{pairing.id}"
    first.post(address, htmx=True, **changes(pairing, state="offered"))
    page = second.post(address, htmx=True, status=409, **changes(pairing, mentor="Bea Long"))
    assert "Bea Long" in page.text
    refused = second.post(address, htmx=True, status=422)
    assert "in a draft only" in refused.text
    assert reread(pairing).state == "offered"


def test_a_doubled_save_is_no_conflict(stefan: Visitor, company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    address = f"/pairings/board/{pairing.id}"
    form = {**stefan.get(f"{address}/edit").values(address), **changes(pairing, remark="Once")}
    assert [stefan.send(address, form).status for _ in range(2)] == [303, 303]
    assert (
        len([each for each in audit.history("pairing", pairing.id) if each.action == "pairing.edited"]) == 1
    )


def test_a_draft_is_discarded_and_taken_back(stefan: Visitor, company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    stefan.get(f"/pairings/board/{pairing.id}/reasons", htmx=True)
    page = stefan.post(f"/pairings/board/{pairing.id}/discard", htmx=True)
    assert page.root.one("tr", id=f"pairing-{pairing.id}")
    assert "discarded" in page.toasts[0]
    assert (reread(pairing).state, reread(pairing).end_reason) == ("ended", "discarded")
    position = audit.history("pairing", pairing.id)[0].position
    stefan.post(f"/pairings/board/undo/{position}", htmx=True)
    assert reread(pairing).state == "draft"
    stefan.get(f"/pairings/board/{pairing.id}/reasons")
    assert stefan.post(f"/pairings/board/{pairing.id}/discard").status == 303
    assert reread(pairing).state == "ended"


def test_a_draft_that_somebody_changed_is_not_discarded_unseen(stefan: Visitor, company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    stefan.get(f"/pairings/board/{pairing.id}/reasons")
    form = stefan.page.values(f"/pairings/board/{pairing.id}/discard")
    edit(stefan, pairing, remark="Wait")
    assert stefan.send(f"/pairings/board/{pairing.id}/discard", form).status == 409
    assert reread(pairing).state == "draft"


def test_the_history_says_who_did_what_and_undoes_it(
    stefan: Visitor, company: Company, staff: Person
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    company.mentor("Bea Long")
    edit(stefan, pairing, mentor="Bea Long", reason="Ada is away")
    edit(stefan, pairing, state="offered")
    stefan.follow()
    page = stefan.get(f"/pairings/board/{pairing.id}/history")
    assert all(
        word in page.text
        for word in (staff.name, "Ada King", "Bea Long", "Ada is away", "Waiting for an answer")
    )
    assert page.text.count("Waiting for an answer") == 1
    undo = next(each["action"] for each in page.root.all("form") if "/undo/" in each["action"])
    assert stefan.post(undo).location == f"/pairings/board/{pairing.id}/history"
    assert reread(pairing).state == "draft"


def test_an_undo_that_is_no_longer_possible_says_so(stefan: Visitor, company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    edit(stefan, pairing, remark="One")
    position = audit.history("pairing", pairing.id)[0].position
    edit(stefan, pairing, remark="Two")
    page = stefan.send(f"/pairings/board/undo/{position}", {}, htmx=True)
    assert "changed again since" in page.toasts[0]
    assert reread(pairing).remark == "Two"


def test_an_undo_of_another_programme_is_not_there(
    stefan: Visitor, company: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper")
    edit(stefan, pairing, remark="One")
    position = audit.history("pairing", pairing.id)[0].position
    other = new_visitor(make.person("Otto Other", roles=["staff"]))
    assert other.send(f"/pairings/board/undo/{position}", {}).status == 404
    assert reread(pairing).remark == "One"


def test_the_board_asks_the_same_number_of_questions_for_one_row_and_for_three(
    stefan: Visitor, company: Company, count_queries: Any
) -> None:
    counts = []
    for number in (1, 2):
        for each in range(number):
            company.pairing(f"Mentor {number} {each}", f"Mentee {number} {each}", remark="Counted")
            company.mentee(f"Waiting {number} {each}")
        with count_queries() as queries:
            stefan.get("/pairings/board?q=Counted")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_a_board_of_twenty_rows_is_small(stefan: Visitor, company: Company) -> None:
    for number in range(21):
        company.pairing(
            f"Margarete Mustermann {number}", f"Bartholomew Longname {number}", locked=number % 5 == 0
        )
    for number in range(6):
        company.mentee(f"Waiting {number}")
    page = stefan.get("/pairings/board")
    assert len([each for each in page.root.all("tr") if each["id"].startswith("pairing-")]) == 20
    assert len(page.html.encode()) < 30_000


def test_odd_text_is_shown_as_text(stefan: Visitor, company: Company) -> None:
    pairing = company.pairing("<b>Ada</b>", "Grace & 'Hopper'", remark="<script>alert(1)</script>")
    for path in ("", f"/{pairing.id}/reasons", f"/{pairing.id}/history"):
        assert "<b>Ada</b>" in stefan.get(f"/pairings/board{path}").text
    form = stefan.get(f"/pairings/board/{pairing.id}/edit").values(f"/pairings/board/{pairing.id}")
    assert form[field(pairing, "remark")] == ["<script>alert(1)</script>"]


def test_another_programme_is_chosen_by_a_select(
    stefan: Visitor, company: Company, make: Factories, staff: Person
) -> None:
    assert all(each["name"] != "programme" for each in stefan.get("/pairings/board").root.all("select"))
    other: Programme = company_of(make, staff, "Autumn season").programme
    page = stefan.get(f"/pairings/board?programme={other.id}")
    [select] = [each for each in page.root.all("select") if each["name"] == "programme"]
    assert [each["value"] for each in select.all("option") if "selected" in each] == [str(other.id)]
