"""The what-if bench as staff use it: a trial tried, compared with the board, and kept or left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.clock import now
from portal.db import db, transaction
from portal.pairings.matching import runs
from portal.pairings.models import MatchRun, Pairing, RunPair
from portal.people.models import Person
from portal.programmes.models import DEFAULT_WEIGHTS, Programme
from tests.pairings.company import Company
from tests.pairings.trials.test_comparison import OTHER, crew, proposes
from tests.personas import Factories
from tests.visitor import Page, Visitor


@pytest.fixture
def stefan(company: Company, new_visitor: Callable[..., Visitor], staff: Person) -> Visitor:
    return new_visitor(staff)


def trials() -> list[MatchRun]:
    db.session.rollback()
    return list(db.session.scalars(db.select(MatchRun).where(MatchRun.trial)))


def bench(stefan: Visitor, company: Company) -> Page:
    return stefan.get(f"/pairings/bench?programme={company.programme.id}")


def test_members_and_staff_of_other_programmes_find_nothing(
    company: Company, new_visitor: Callable[..., Visitor], make: Factories, member: Person
) -> None:
    run, other, here = company.run(), company.run(trial=True), company.programme.id
    for person in (member, make.person("Otto Other", roles=["staff"])):
        visitor = new_visitor(person)
        for path in (
            f"?programme={here}",
            f"?run={run.id}",
            f"/people?programme={here}",
            f"/compare?one={run.id}&other={other.id}",
        ):
            assert visitor.get(f"/pairings/bench{path}", status=404).status == 404
        for path in ("", "/pairs"):
            assert visitor.send(f"/pairings/bench{path}", {"programme": str(here)}).status == 404
    assert len(trials()) == 1


def test_the_form_is_filled_in_with_what_the_programme_goes_by(stefan: Visitor, company: Company) -> None:
    with transaction():
        programme = db.session.get_one(Programme, company.programme.id)
        programme.weights, programme.rules = (
            OTHER,
            {"line": "auto", "min_grade_gap": 2, "stay_bonus": 5, "musts": ["site"]},
        )
    company.pairing("Lena Locked", "Luis Locked", locked=True)
    page = bench(stefan, company)
    assert page.heading == "Try changes"
    values = page.values("/pairings/bench")
    assert {name: values[f"weight_{name}"] for name in OTHER} == {
        name: [str(each)] for name, each in OTHER.items()
    }
    assert (values["line"], values["min_grade_gap"], values["stay_bonus"], values["musts"]) == (
        ["auto"],
        ["2"],
        ["5"],
        ["site"],
    )
    assert "Lena Locked – Luis Locked" in page.text
    assert "Together: 100. That is right." in page.text
    assert "No run or trial is done yet." in page.text
    assert len(page.html.encode()) < 30_000


def test_without_a_programme_the_one_that_is_on_is_taken(
    stefan: Visitor, company: Company, new_visitor: Callable[..., Visitor], make: Factories
) -> None:
    assert company.programme.name in stefan.get("/pairings/bench").text
    nobody = new_visitor(make.person("Nele New", roles=["staff"]))
    assert nobody.get("/pairings/bench", status=303).location == "/pairings/board"


def test_a_trial_is_tried_watched_and_lands_beside_the_board(stefan: Visitor, company: Company) -> None:
    crew(company)
    draft = company.pairing(company.people["Ada King"], company.people["Grace Hopper"])
    bench(stefan, company)
    stefan.post("/pairings/bench", weight_interests="40", weight_department="26", title="More of departments")
    run = trials()[0]
    assert (run.title, run.weights) == ("More of departments", OTHER)
    assert stefan.page.location == f"/pairings/bench/compare?one=board&other={run.id}"
    assert stefan.follow(status=303).location == f"/pairings/runs/{run.id}?then=compare"
    assert stefan.follow().heading == "The matching is under way"
    assert "“More of departments” is being tried right now" in bench(stefan, company).text
    runs.run(run.id)
    page = stefan.get(f"/pairings/runs/{run.id}/progress", status=204, htmx=True)
    assert page.location == f"/pairings/bench/compare?one=board&other={run.id}"
    page = stefan.get(page.location)
    assert page.heading == "Side by side"
    wanted = (
        "The board, and More of departments",
        "People who want to learn, left over",
        "better by 1",
        "Mean match",
        "“More of departments” leaves fewer people over who want to learn",
        "Bea Long",
        "Now matched",
        "Interests",
        "They replace the one draft there is.",
        "by the weights and the line of the programme",
    )
    assert [word for word in wanted if word not in page.text] == []
    assert len(page.html.encode()) < 30_000
    db.session.rollback()
    assert [each.id for each in db.session.scalars(db.select(Pairing))] == [draft.id]


def test_a_trial_that_is_over_while_one_is_led_to_it_still_lands_beside_the_board(
    stefan: Visitor, company: Company
) -> None:
    stefan.send("/pairings/bench", bench(stefan, company).values("/pairings/bench"))
    run = trials()[0]
    beside = f"/pairings/bench/compare?one=board&other={run.id}"
    led = [
        stefan.get(address, status=303).location for address in (beside, f"/pairings/runs/{run.id}/progress")
    ]
    runs.run(run.id)
    assert [stefan.get(address or "", status=303).location for address in led] == [beside, beside]
    assert stefan.get(f"/pairings/runs/{run.id}").heading != "Side by side"


def test_pairs_are_added_and_taken_away_with_and_without_javascript(
    stefan: Visitor, company: Company
) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    form = {**bench(stefan, company).values("/pairings/bench"), "weight_interests": ["55"]}
    page = stefan.send("/pairings/bench/pairs", {**form, "add": ["1"]})
    assert page.heading == "Try changes"
    values = page.values("/pairings/bench")
    assert (values["weight_interests"], values["pairs-0-mentor"], values["pairs-0-how"]) == (
        ["55"],
        [""],
        ["lock"],
    )
    assert trials() == []
    sent = {**values, "pairs-0-mentor": [ada.email], "pairs-0-mentee": [grace.email], "add": ["1"]}
    fragment = stefan.send("/pairings/bench/pairs", sent, htmx=True)
    rows = fragment.root.one("div", id="pairs")
    assert [each["value"] for each in rows.all("input")] == [ada.email, grace.email, "", ""]
    assert "autofocus" in rows.one("input", id="pairs-1-mentor")
    gone = {
        **sent,
        "pairs-1-mentor": ["Second"],
        "pairs-1-mentee": [""],
        "pairs-1-how": ["lock"],
        "remove": ["0"],
    }
    del gone["add"]
    fragment = stefan.send("/pairings/bench/pairs", gone, htmx=True)
    assert [each["value"] for each in fragment.root.all("input")] == ["Second", ""]


def test_pairs_reach_the_trial_and_are_told_in_the_comparison(stefan: Visitor, company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    bea, dora = company.mentor("Bea Long"), company.mentee("Dora Day")
    values = bench(stefan, company).values("/pairings/bench")
    rows = {
        "pairs-0-mentor": [f"Ada King <{ada.email}>"],
        "pairs-0-mentee": ["Grace Hopper"],
        "pairs-0-how": ["forbid"],
        "pairs-1-mentor": [bea.email],
        "pairs-1-mentee": [grace.email],
        "pairs-1-how": ["lock"],
        "pairs-2-mentor": [""],
        "pairs-2-mentee": [""],
        "pairs-2-how": ["lock"],
    }
    assert stefan.send("/pairings/bench", {**values, **rows}).status == 303
    run = trials()[0]
    kept = {(each.mentor_id, each.mentee_id, each.how) for each in db.session.scalars(db.select(RunPair))}
    assert kept == {(ada.id, grace.id, "forbid"), (bea.id, grace.id, "lock")}
    runs.run(run.id)
    page = stefan.get(f"/pairings/bench/compare?one=board&other={run.id}")
    assert all(
        word in page.text
        for word in ("Kept together", "Bea Long – Grace Hopper", "Kept apart", "Ada King – Grace Hopper")
    )
    again = stefan.get(f"/pairings/bench?run={run.id}").values("/pairings/bench")
    assert {again[f"pairs-{row}-mentor"][0] for row in (0, 1)} == {
        f"{each.name} <{each.email}>" for each in (ada, bea)
    }
    assert dora.id not in {each.mentee_id for each in db.session.scalars(db.select(RunPair))}


def test_what_is_wrong_is_said_and_what_was_typed_stays(stefan: Visitor, company: Company) -> None:
    ada, grace = company.mentor("Ada King"), company.mentee("Grace Hopper")
    bench(stefan, company)
    page = stefan.post("/pairings/bench", status=422, weight_interests="61", title="Too much")
    assert "The weights must sum to 100; these sum to 101." in page.text
    assert "Together: 101. That is 1 too many." in page.text
    assert (page.values("/pairings/bench")["title"], page.values("/pairings/bench")["weight_interests"]) == (
        ["Too much"],
        ["61"],
    )
    stefan.post("/pairings/bench", status=422, weight_interests="60", weight_style="x", line="200")
    assert len(stefan.page.errors) >= 2
    both = {"pairs-0-mentor": [ada.email], "pairs-0-mentee": [grace.email], "pairs-0-how": ["lock"]}
    values = {**bench(stefan, company).values("/pairings/bench"), **both}
    apart = {name.replace("0", "1"): value for name, value in both.items()} | {"pairs-1-how": ["forbid"]}
    page = stefan.send("/pairings/bench", {**values, **apart})
    assert page.status == 422
    assert "Ada King and Grace Hopper are locked together, but are to be kept apart too." in page.text
    assert page.values("/pairings/bench")["pairs-1-mentor"] == [ada.email]
    for row, said in (
        ({"pairs-0-mentor": [ada.email]}, "Type a name or an address"),
        ({"pairs-0-mentor": [ada.email], "pairs-0-mentee": ["Nobody Known"]}, "Nobody here has that name"),
        ({"pairs-0-mentor": [ada.email], "pairs-0-mentee": [ada.email]}, "Choose two different people."),
    ):
        page = stefan.send("/pairings/bench", {**values, "pairs-0-mentee": [""], **row})
        assert (page.status, said in page.text) == (422, True), said
    assert trials() == []


def test_the_same_trial_sent_twice_is_one_and_another_must_wait(stefan: Visitor, company: Company) -> None:
    values = bench(stefan, company).values("/pairings/bench")
    for _ in range(2):
        assert stefan.send("/pairings/bench", values).status == 303
    page = stefan.send("/pairings/bench", {**values, "title": ["Another"]})
    assert (page.status, "A trial of this programme is under way." in page.text) == (422, True)
    assert page.values("/pairings/bench")["title"] == ["Another"]
    assert len(trials()) == 1


def test_odd_rows_break_nothing(stefan: Visitor, company: Company) -> None:
    values = bench(stefan, company).values("/pairings/bench")
    odd = {f"pairs-{number}-mentor": ["x"] for number in ("²", "9" * 5000, "-1", "a", "")}
    many = {f"pairs-{number}-mentor": ["x"] for number in range(40)}
    for data in (odd, many, {"pairs": ["x"]}):
        assert stefan.send("/pairings/bench/pairs", {**values, **data, "add": ["1"]}).status == 200
    assert stefan.send("/pairings/bench/pairs", {**values, "remove": ["99"]}).status == 200


def test_the_sum_is_told_while_weights_are_typed(stefan: Visitor, company: Company) -> None:
    query = "&".join(f"weight_{name}={each}" for name, each in {**DEFAULT_WEIGHTS, "style": 10}.items())
    page = stefan.get(f"/pairings/bench/sum?{query}", htmx=True)
    assert page.text.strip() == "Together: 98. 2 are missing to 100."


def test_people_are_found_while_a_name_is_typed_even_when_a_draft_takes_their_seat(
    stefan: Visitor, company: Company
) -> None:
    company.pairing("Ada King", "Grace Hopper")
    company.pairing("Adam Live", "Gina Live", "active")
    here = f"/pairings/bench/people?programme={company.programme.id}"
    page = stefan.get(f"{here}&side=mentor&row=3&pairs-3-mentor=ada", htmx=True)
    assert page.root.one("ul")["id"] == "pairs-3-mentor-list"
    assert ("Ada King" in page.text, "Adam Live" in page.text) == (True, False)


def test_any_two_are_ticked_and_compared(stefan: Visitor, company: Company) -> None:
    crew(company)
    one = proposes(company, company.run(), ("Ada King", "Grace Hopper", 7100), ("Bea Long", "Dora Day", 6000))
    other = proposes(company, company.run(trial=True, title="Calmer"), ("Ada King", "Dora Day", 6400))
    page = bench(stefan, company)
    assert page.text.count("left over") >= 2
    here = f"&programme={company.programme.id}"
    compare = "/pairings/bench/compare"
    ticked = stefan.get(f"{compare}?of={one.id}&of={other.id}{here}", status=303).location
    assert ticked == f"{compare}?one={one.id}&other={other.id}{here}"
    assert (
        stefan.get(f"{compare}?of={other.id}", status=303).location == f"{compare}?one=board&other={other.id}"
    )
    assert stefan.get(f"{compare}?programme={company.programme.id}", status=303).location is not None
    page = stefan.get(ticked)
    wanted = (
        "Calmer",
        "loses 7",
        "gains 4",
        "Now without a pair",
        "worse by 1",
        "Both went by the same weights",
    )
    assert [word for word in wanted if word not in page.text] == []
    only = stefan.get(f"{compare}?one={one.id}&other={other.id}&show=gains", htmx=True)
    assert (
        "Dora Day" in only.text,
        "Bea Long" in only.text,
        only.root.one("div", id="moves") is not None,
    ) == (
        True,
        True,
        True,
    )
    assert len(only.root.one("tbody").all("tr")) == 1
    assert (
        stefan.get(f"{compare}?one=board&other=board{here}", status=303).location
        == f"/pairings/bench?programme={company.programme.id}"
    )


def test_runs_of_two_programmes_are_not_compared(
    stefan: Visitor, company: Company, make: Factories, staff: Person
) -> None:
    from tests.pairings.company import company_of

    one, other = company.run(), company_of(make, staff, "Another season").run()
    page = stefan.get(f"/pairings/bench/compare?one={one.id}&other={other.id}", status=303)
    assert page.location is not None
    assert page.location.startswith("/pairings/bench?programme=")


def test_another_yardstick_is_chosen_where_weights_differ(stefan: Visitor, company: Company) -> None:
    crew(company)
    trial = proposes(
        company, company.run(weights=OTHER, trial=True, title="Calmer"), ("Ada King", "Grace Hopper", 1234)
    )
    here = f"/pairings/bench/compare?one=board&other={trial.id}"
    assert f"{here}&by=other" in stefan.get(here).links
    page = stefan.get(f"{here}&by=other")
    assert "by the weights and the line of “Calmer”" in page.text
    assert "12.3" in page.text


def test_a_trial_is_kept_with_its_rules_or_refused_when_the_programme_changed(
    stefan: Visitor, company: Company
) -> None:
    crew(company)
    trial = proposes(
        company, company.run(weights=OTHER, trial=True, title="Calmer"), ("Ada King", "Grace Hopper", 7000)
    )
    here = f"/pairings/bench/compare?one=board&other={trial.id}"
    assert "Make its weights and rules the programme's, too" in stefan.get(here).text
    with transaction():
        db.session.get_one(Programme, company.programme.id).promise = "Another one"
    stefan.post(f"/pairings/runs/{trial.id}/keep", status=409, rules_too="1")
    assert "nothing was kept" in stefan.page.text
    stefan.get(here)
    stefan.post(f"/pairings/runs/{trial.id}/keep", rules_too="1")
    assert stefan.page.location == f"/pairings/board?programme={company.programme.id}"
    db.session.rollback()
    assert db.session.get_one(Programme, company.programme.id, populate_existing=True).weights == OTHER
    assert [each.score for each in db.session.scalars(db.select(Pairing))] == [7000]
    assert "They replace the one draft there is." in stefan.get(here).text


def test_pairs_that_can_be_kept_no_more_are_counted_before(stefan: Visitor, company: Company) -> None:
    crew(company)
    run = proposes(company, company.run(), ("Ada King", "Grace Hopper", 7100), ("Bea Long", "Dora Day", 6000))
    company.pairing(company.people["Ada King"], company.mentee("Nina New"), "offered")
    page = stefan.get(f"/pairings/bench/compare?one=board&other={run.id}")
    assert "1 of its pairs will be left out" in page.text


def test_moves_come_by_the_page_under_one_number_of_questions(
    stefan: Visitor, company: Company, count_queries: Any
) -> None:
    counts = []
    for size in (1, 14):
        rows = []
        for number in range(size):
            names = f"Margarete Mustermann {size} {number}", f"Bartholomew Longname {size} {number}"
            company.mentor(names[0])
            company.mentee(names[1])
            rows.append((*names, 9000 - number))
        run = proposes(company, company.run(), *rows)
        with count_queries() as queries:
            page = stefan.get(f"/pairings/bench/compare?one=board&other={run.id}")
        counts.append(len(queries))
        assert len(page.html.encode()) < 30_000
    assert counts[0] == counts[1]
    assert (
        len(
            stefan.get(f"/pairings/bench/compare?one=board&other={run.id}&page=2", htmx=True)
            .root.one("tbody")
            .all("tr")
        )
        == 8
    )


def test_trials_are_listed_with_their_names_among_the_runs(stefan: Visitor, company: Company) -> None:
    company.run(trial=True, title="Calmer", kept_at=now())
    page = stefan.get(f"/pairings/runs?programme={company.programme.id}")
    assert all(word in page.text for word in ("Calmer", "Trial", "Kept"))
