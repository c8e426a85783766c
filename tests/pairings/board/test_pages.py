"""Staff's board: who sees which pairings, filters, reasons and the size of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.people.models import Person
from portal.programmes.models import Programme
from tests.conftest import Noise
from tests.pairings.board_rows import company_beside, field, reread
from tests.pairings.company import Company, company_of
from tests.personas import Factories
from tests.visitor import Visitor


@pytest.fixture
def company(make: Factories, staff: Person, noise: Noise) -> Company:
    return company_beside(make, staff, noise)


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
