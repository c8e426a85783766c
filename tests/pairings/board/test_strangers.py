"""Every address of the room, for those whose programme it is not: nothing is there, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal import audit
from portal.clock import now
from portal.db import db, transaction
from portal.letters.models import OutboxLetter
from portal.pairings.board import actions
from portal.pairings.models import MatchRun, Pairing
from portal.people.models import Person
from tests.pairings.company import Company, company_of, season_of
from tests.pairings.posted import held
from tests.personas import Factories
from tests.visitor import Visitor

ROOM = {"board", "runs", "bench", "prices", "fairness"}
HARMLESS = {"/pairings/bench/sum": 303, "/pairings/bench/compare": 303}
"""What tells nothing of any programme."""


@pytest.fixture
def season(make: Factories, staff: Person) -> Company:
    """A programme with pairings in every state and runs, of which one row was edited."""
    made = season_of(make, staff)
    draft = db.session.scalars(db.select(Pairing).where(Pairing.state == "draft")).first()
    assert draft is not None
    with transaction():
        row = held(draft)
        actions.edit(row, seen=row.version, by=staff, at=now(), remark="They know each other", reason="Asked")
    return made


def addresses(app: Flask, season: Company) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each address with each thing of the season that it can name: the method, the address, what a form would
    hold.
    """
    pairings = [each.id for each in db.session.scalars(db.select(Pairing))]
    runs = [each.id for each in db.session.scalars(db.select(MatchRun))]
    named = {
        "pairing_id": pairings,
        "run_id": runs,
        "mentor_id": [season.people["Mentor 1"].id],
        "position": [
            audit.history("pairing", each)[0].position for each in pairings if audit.history("pairing", each)
        ],
    }
    asked = {"programme": str(season.programme.id), "digest": "", "version": "1"}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in ROOM:
            continue
        for path in _filled(rule, named):
            for method in sorted({"GET", "POST"} & (rule.methods or set())):
                yield method, f"{path}?programme={season.programme.id}&side=mentor&mentor=mentor", asked
    yield (
        "GET",
        f"/pairings/board/people?pairing={pairings[0]}&side=mentor&pairing-{pairings[0]}-mentor=mentor",
        {},
    )
    for run in runs:
        yield "GET", f"/pairings/bench?run={run}", {}
        yield "GET", f"/pairings/bench/compare?one=board&other={run}", {}


def _filled(rule: Rule, named: dict[str, list[int]]) -> list[str]:
    paths = [rule.rule]
    for name in rule.arguments:
        paths = [each.replace(f"<id:{name}>", str(value)) for each in paths for value in named[name]]
    return paths


@pytest.mark.parametrize("who", ["staff of another programme", "a member", "one of the pair"])
def test_nothing_of_a_programme_is_there_for_those_who_do_not_run_it(
    app: Flask, season: Company, make: Factories, new_visitor: Callable[..., Visitor], who: str
) -> None:
    person = season.people["Mentee 2"] if who == "one of the pair" else make.person("Otto Other")
    if who == "staff of another programme":
        person = make.person("Otto Staff", roles=["staff"])
        company_of(make, person, "Another season")
    visitor, before = new_visitor(person), (audit.count(), db.session.query(OutboxLetter).count())
    every = list(addresses(app, season))
    assert len(every) > 40
    seen = []
    for method, url, data in every:
        page = visitor.send(url, data) if method == "POST" else visitor.open(url)
        names = [name for name in season.people if name in page.text] if page.status == 200 else []
        told = HARMLESS.get(url.partition("?")[0]) if "other=" not in url else None
        if names or page.status not in (404, told):
            seen.append((method, url, page.status, names))
    assert seen == []
    db.session.rollback()
    assert (audit.count(), db.session.query(OutboxLetter).count()) == before


def test_the_two_alone_answer_and_end_and_guess_nothing_of_others(
    season: Company, make: Factories, new_visitor: Callable[..., Visitor]
) -> None:
    others = new_visitor(season.people["Mentee 0"]), new_visitor(make.person("Otto Other"))
    pairings = [each.id for each in db.session.scalars(db.select(Pairing))]
    for visitor in others:
        for pairing in pairings:
            for path in ("offer", "offer/decline", "end"):
                assert visitor.get(f"/pairings/{pairing}/{path}", status=404)
            for path in ("offer/accept", "offer/decline", "end"):
                assert visitor.send(f"/pairings/{pairing}/{path}").status == 404, path
    db.session.rollback()
    states = db.session.scalars(db.select(Pairing.state).order_by(Pairing.id)).all()
    assert states == ["draft", "offered", "active", "paused"]
