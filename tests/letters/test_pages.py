"""Staff read letters; private links stay hidden; a failed letter can be tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from portal.clock import now
from portal.db import db, transaction
from portal.letters import outbox
from portal.letters.letter import LINK, Letter
from portal.letters.models import OutboxLetter
from portal.pairings import letters
from portal.pairings.queries import staffs_pairing
from portal.people.models import Person
from portal.programmes.models import ProgrammeStaff
from portal.settings import Mail
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Visitor

LETTER = Letter(
    "hello", "Welcome aboard", f"Dear Ada,\n{LINK}", f"<p>{LINK}</p>", "http://localhost/reset/secret-token"
)


@pytest.fixture
def company(make: Factories, staff: Person) -> Company:
    return company_of(make, staff)


def posted(letter: Letter = LETTER, to: str = "ada@example.com", **values: Any) -> int:
    with transaction():
        row = outbox.post(letter, to=to)
        for name, value in values.items():
            setattr(row, name, value)
        return row.id


def test_letters_are_hidden_from_members_and_lead_visitors_to_sign_in(
    new_visitor: Callable[..., Visitor], member: Person, staff: Person
) -> None:
    letter_id = posted()
    for url in ("/letters/", f"/letters/{letter_id}"):
        new_visitor(staff).get(url)
        new_visitor(member).get(url, status=404)
        new_visitor().get(url, status=303)
    new_visitor(staff).get("/letters/999", status=404)


def test_a_letter_shows_its_text_and_hides_its_private_link(
    new_visitor: Callable[..., Visitor], staff: Person
) -> None:
    page = new_visitor(staff).get(f"/letters/{posted()}")
    assert page.heading == "Welcome aboard"
    assert "Dear Ada, [private link, hidden]" in " ".join(page.text.split())
    assert "secret-token" not in page.html


def test_in_demo_mode_the_private_link_can_be_followed(app_with: Callable[..., Flask]) -> None:
    app = app_with(demo=True)
    with app.app_context():
        staff = Factories(app).person("Stefan Staff", roles=["staff"])
        page = Visitor(app).sign_in(staff).get(f"/letters/{posted()}")
    assert "http://localhost/reset/secret-token" in page.links


def test_letters_are_found_by_words_and_state_and_percent_signs_mean_themselves(
    new_visitor: Callable[..., Visitor], staff: Person
) -> None:
    posted(), posted(to="bo_100%@example.com", state="failed", last_error="refused: 550 no such box")
    reader = new_visitor(staff)
    assert listed(reader.get("/letters/")) == ["bo_100%@example.com", "ada@example.com"]
    assert listed(reader.get("/letters/?q=100%25")) == ["bo_100%@example.com"]
    assert listed(reader.get("/letters/?q=ADA@")) == ["ada@example.com"]
    assert listed(reader.get("/letters/?state=failed")) == ["bo_100%@example.com"]
    assert "refused this letter for good" in reader.get("/letters/?state=failed").text
    assert listed(reader.get("/letters/?q=WELCOME&state=kept", htmx=True)) == ["ada@example.com"]
    assert "No letter fits" in reader.get("/letters/?q=nobody").text
    reader.get("/letters/?page=-5&state=nonsense"), reader.get("/letters/?page=999999999999")


def listed(page: Any) -> list[str]:
    return [cell.text for cell in page.root.all("td") if cell["data-label"] == "To"]


def test_the_list_asks_the_same_number_of_questions_for_one_letter_and_for_many(
    new_visitor: Callable[..., Visitor], staff: Person, count_queries: Any
) -> None:
    reader, counts = new_visitor(staff), []
    for more in (1, 2, 60):
        for _ in range(more):
            posted()
        with count_queries() as counted:
            reader.get("/letters/")
        counts.append(len(counted))
    assert len(set(counts)) == 1
    assert "Page 1 of 2" in reader.get("/letters/").text
    assert len(listed(reader.get("/letters/?page=2"))) == 13


@pytest.mark.parametrize("state", ["failed", "kept"])
def test_staff_send_a_letter_that_did_not_leave_again(app_with: Callable[..., Flask], state: str) -> None:
    app = app_with(mail=Mail("127.0.0.1", 9, "", ""))
    app.extensions["task_queue"] = lambda *_: None
    with app.app_context():
        staff = Factories(app).person("Stefan Staff", roles=["staff"])
        letter_id = posted(state=state, attempts=21, last_error="busy: 451 later")
        reader = Visitor(app).sign_in(staff)
        reader.get(f"/letters/{letter_id}")
        reader.post(f"/letters/{letter_id}/again")
        assert reader.follow().toasts[0:1] == ["The letter is on its way again."]
        row = db.session.get_one(OutboxLetter, letter_id)
        assert (row.state, row.attempts, row.last_error, row.next_try_at <= now()) == (
            "queued",
            0,
            None,
            True,
        )
        reader.send(f"/letters/{letter_id}/again")
        assert reader.follow().toasts[0:1] == [
            "This letter cannot be sent again. Ask the person to request a new one."
        ]


def test_staff_are_not_told_who_joined_or_left_a_programme_and_administrators_are(
    new_visitor, staff, admin, make
):
    row = make.add(make.letter(make.person("Ada King"), kind="programmes.withdrawn", subject="You have left"))
    by_staff, by_admin = new_visitor(staff), new_visitor(admin)
    assert "You have left" not in by_staff.get("/letters/").text
    assert by_staff.get(f"/letters/{row.id}", status=404).status == 404
    assert "You have left" in by_admin.get("/letters/").text
    assert by_admin.get(f"/letters/{row.id}").status == 200


def test_staff_read_the_letters_of_the_programmes_they_run_and_of_no_others(
    new_visitor: Callable[..., Visitor], make: Factories, staff: Person, admin: Person
) -> None:
    mine, other = make.programme("Mine"), make.programme("Another")
    make.add(ProgrammeStaff(programme_id=mine.id, person_id=staff.id))
    told, hidden = (
        posted(replace(LETTER, kind="pairings.offered", subject=subject, programme_id=programme.id))
        for subject, programme in (("Of mine", mine), ("Of another", other))
    )
    page = new_visitor(staff).get("/letters/")
    assert ("Of mine" in page.text, "Of another" in page.text) == (True, False)
    assert new_visitor(staff).get(f"/letters/{told}").heading == "Of mine"
    new_visitor(staff).get(f"/letters/{hidden}", status=404)
    assert "Of another" in new_visitor(admin).get("/letters/").text


def test_letters_of_pairs_and_of_joining_know_their_programme(company: Company) -> None:
    pairing = company.pairing("Ada King", "Grace Hopper", "offered")
    row = staffs_pairing(pairing.id, company.staff)
    assert letters.offered(row, row.mentee, until=now()).programme_id == company.programme.id
