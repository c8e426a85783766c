"""Edits in a row of staff's board: saving, bad input, conflicts, discarding, history and undo."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal import audit
from portal.pairings.models import Pairing
from portal.people.models import Person
from tests.conftest import Noise
from tests.pairings.board_rows import changes, company_beside, edit, field, reread
from tests.pairings.company import Company
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def company(make: Factories, staff: Person, noise: Noise) -> Company:
    return company_beside(make, staff, noise)


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
