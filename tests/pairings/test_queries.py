"""Who may see which pairing, and what is counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask_babel import force_locale

from portal.clock import now
from portal.db import db
from portal.errors import NotFound
from portal.pairings import queries, words
from portal.pairings.models import Pairing
from portal.people.models import Person
from tests.conftest import Noise
from tests.pairings.company import Company
from tests.personas import Factories

pytestmark = pytest.mark.both_databases

SEEN = {
    "draft": (False, False),
    "offered": (False, True),
    "agreed": (True, True),
    "active": (True, True),
    "paused": (True, True),
    "ended": (True, True),
    "discarded": (False, False),
    "declined": (False, False),
}
"""In each stage: whether the junior sees it, whether the senior does."""


def staged(company: Company, stage: str) -> Pairing:
    """A pairing that has come so far."""
    state, more = {
        "agreed": ("offered", {"mentee_accepted_at": now()}),
        "ended": ("ended", {"active_at": now(), "ended_at": now(), "end_reason": "by staff"}),
        "discarded": ("ended", {"ended_at": now(), "end_reason": "discarded"}),
    }.get(stage, (stage, {}))
    return company.pairing(f"Junior {stage}", f"Senior {stage}", state, **more)


def sees(pairing: Pairing, person: Person) -> bool:
    """Whether somebody may see it."""
    try:
        found = queries.pairing_for(pairing.id, person)
    except NotFound:
        return False
    return (found.mentor.name, found.mentee.name, found.programme.name) != ("", "", "")


@pytest.mark.parametrize("stage", SEEN)
def test_each_of_the_two_sees_a_pairing_once_they_were_asked(
    company: Company, stage: str, staff: Person, admin: Person, member: Person, noise: Noise, make: Factories
) -> None:
    pairing = staged(company, stage)
    junior, senior = company.people[f"Junior {stage}"], company.people[f"Senior {stage}"]
    other = make.person("Otto Other", roles=["staff"])
    assert (sees(pairing, junior), sees(pairing, senior)) == SEEN[stage]
    assert ([each.id for each in queries.pairings_of(junior.id)] == [pairing.id]) == SEEN[stage][0]
    assert ([each.id for each in queries.pairings_of(senior.id)] == [pairing.id]) == SEEN[stage][1]
    assert [sees(pairing, each) for each in (staff, admin, member, other, noise.person)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert queries.pairings_of(staff.id) == []
    for person in (junior, senior, member, other):
        with pytest.raises(NotFound):
            queries.staffs_pairing(pairing.id, person)
    assert queries.staffs_pairing(pairing.id, staff).id == pairing.id


def test_a_pairing_that_there_is_not_is_not_found(admin: Person) -> None:
    with pytest.raises(NotFound):
        queries.pairing_for(2**62, admin)


def test_ones_pairings_come_newest_first_in_as_many_queries_for_many_as_for_one(
    company: Company, count_queries: Callable[..., object]
) -> None:
    ada = company.mentor("Ada King", mentor_capacity=5)
    first = company.pairing(ada, "Grace Hopper", "active")
    counts = []
    for number in range(2):
        with count_queries() as counted:
            found = queries.pairings_of(ada.id)
            names = [(each.mentee.name, each.programme.name) for each in found]
        counts.append(len(counted))
        if not number:
            more = [company.pairing(ada, f"Senior {each}", "paused") for each in range(3)]
            db.session.rollback()
    assert [each.id for each in found] == [*(each.id for each in reversed(more)), first.id]
    assert len(names) == 4
    assert counts[0] == counts[1] <= 3


def test_sides_partners_and_counts(company: Company, staff: Person) -> None:
    pairing = queries.staffs_pairing(company.pairing("Ada King", "Grace Hopper").id, staff)
    ada, grace = company.people["Ada King"], company.people["Grace Hopper"]
    assert [queries.side_of(pairing, each.id) for each in (ada, grace, staff)] == ["mentor", "mentee", None]
    assert (queries.partner(pairing, ada.id).name, queries.partner(pairing, grace.id).name) == (
        grace.name,
        ada.name,
    )
    company.pairing("Bea Long", "Carl Cole", "active")
    company.pairing("Dora Day", "Emil Ende", "declined")
    assert queries.counts(company.programme.id) == {"draft": 1, "active": 1, "declined": 1}
    assert [each.state for each in queries.open_pairings(company.programme.id)] == ["draft", "active"]
    assert [each.id for each in queries.drafts(company.programme.id)] == [pairing.id]


def test_runs_are_found_by_those_who_run_the_programme(
    company: Company, staff: Person, make: Factories, member: Person
) -> None:
    run = company.run()
    assert queries.run_for(run.id, staff).programme.name == company.programme.name
    assert [each.id for each in queries.runs_of(company.programme.id)] == [run.id]
    for person in (member, make.person("Otto Other", roles=["staff"])):
        with pytest.raises(NotFound):
            queries.run_for(run.id, person)


def test_reasons_are_read_best_first_without_those_that_say_nothing(company: Company) -> None:
    pairing = queries.staffs_pairing(company.pairing("Ada King", "Grace Hopper").id, company.staff)
    topic = company.topic.label
    with force_locale("en"):
        reasons = words.reasons(pairing)
        assert reasons == [
            f"Ada King knows about “{topic}”, which is what Grace Hopper wants to learn first.",
            "You share about 30 working hours a week.",
        ]
        db.session.expunge_all()
        pairing.parts = list(reversed(pairing.parts))
        assert words.reasons(pairing) == reasons
        assert words.points(8749) == "87"
