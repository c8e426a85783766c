"""A small company in one programme: who mentors, who learns, and pairings of them in any state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from portal.clock import now
from portal.pairings.models import LeftOver, MatchRun, Pairing, RunPair
from portal.people.models import Person
from portal.programmes.models import Enrolment, Programme, ProgrammeStaff, Topic
from tests.personas import Factories

PART = {
    "name": "interests",
    "points": 5200,
    "template": "%(mentor)s knows about “%(topic)s”, which is what %(mentee)s wants to learn first.",
}


@dataclass
class Company:
    """Makes people who have joined one programme, and pairings of them."""

    make: Factories
    staff: Person
    programme: Programme
    topic: Topic
    people: dict[str, Person] = field(default_factory=dict)
    enrolments: dict[str, Enrolment] = field(default_factory=dict)

    def mentor(self, name: str, **more: Any) -> Person:
        """A junior person who can teach the topic."""
        return self._join(name, "mentor", {"grade": 2, "department": "Design", **more})

    def mentee(self, name: str, **more: Any) -> Person:
        """A senior person who wants to learn the topic."""
        return self._join(name, "mentee", {"grade": 8, "department": "Finance", **more})

    def _join(self, name: str, role: str, facts: dict[str, Any]) -> Person:
        seats = {each: facts.pop(each) for each in ("mentor_capacity", "mentee_capacity") if each in facts}
        person = self.make.person(name, **facts)
        joins = {"as_mentor": role == "mentor", "as_mentee": role == "mentee", **seats}
        enrolment = self.make.enrolment(person, self.programme, **joins)
        self.make.wish(enrolment, self.topic, "teaches" if role == "mentor" else "learns", level=3)
        self.people[name], self.enrolments[name] = person, enrolment
        return person

    def pairing(
        self, mentor: Person | str, mentee: Person | str, state: str = "draft", **more: Any
    ) -> Pairing:
        """A pairing of two people; names make new ones."""
        one = self.mentor(mentor) if isinstance(mentor, str) else mentor
        other = self.mentee(mentee) if isinstance(mentee, str) else mentee
        args = {"topic": self.topic.id}
        facts: dict[str, Any] = {
            "programme_id": self.programme.id,
            "mentor_id": one.id,
            "mentee_id": other.id,
            "state": state,
            "score": 8700,
            "parts": [
                {**PART, "args": args},
                {
                    "name": "time",
                    "points": 3500,
                    "template": "You share about %(hours)s working hours a week.",
                    "args": {"hours": 30},
                },
                {"name": "language", "points": 0, "template": "", "args": {}},
            ],
            "created_at": now(),
            **STAGES.get(state, dict)(),
        }
        return self.make.add(Pairing(**{**facts, **more}))

    def run(self, state: str = "done", **more: Any) -> MatchRun:
        """A run of the matching that has found nothing, unless more is added to it."""
        facts: dict[str, Any] = {
            "programme_id": self.programme.id,
            "by_id": self.staff.id,
            "state": state,
            "weights": dict(self.programme.weights),
            "rules": dict(self.programme.rules),
            "created_at": now(),
            "objective": {"mentees_unmatched": 0, "mentors_unmatched": 0, "below_line": 0, "total_phi": 0},
        }
        return self.make.add(MatchRun(**{**facts, **more}))


STAGES: dict[str, Any] = {
    "offered": lambda: {"offered_at": now(), "answer_by": now() + timedelta(days=5)},
    "active": lambda: {
        "offered_at": now(),
        "mentee_accepted_at": now(),
        "mentor_accepted_at": now(),
        "active_at": now(),
    },
    "paused": lambda: {
        "offered_at": now(),
        "mentee_accepted_at": now(),
        "mentor_accepted_at": now(),
        "active_at": now(),
    },
}


def company_of(make: Factories, staff: Person, name: str = "Spring season") -> Company:
    """A programme that `staff` runs, with nobody in it yet."""
    programme = make.programme(name)
    make.add(ProgrammeStaff(programme_id=programme.id, person_id=staff.id))
    return Company(make, staff, programme, make.topic())


def season_of(make: Factories, staff: Person) -> Company:
    """A programme that `staff` runs with a pairing in each state, runs and a trial, and enough people left
    over.
    """
    made = company_of(make, staff, "The season that is on")
    run = made.run(kept_at=now())
    trial = made.run(trial=True, title="Calmer", line=4000, gap=0, rules={**made.programme.rules, "line": 30})
    for number, state in enumerate(("draft", "offered", "active", "paused")):
        made.pairing(f"Mentor {number}", f"Mentee {number}", state, run_id=run.id)
    for number in range(4, 11):
        made.mentee(f"Mentee {number}")
        enrolment = made.enrolments[f"Mentee {number}"]
        said = {
            "template": "Everybody who could mentor %(name)s suits others better.",
            "args": {"name": f"Mentee {number}"},
        }
        for each in (run, trial):
            make.add(LeftOver(run_id=each.id, enrolment_id=enrolment.id, role="mentee", **said))
    apart = {
        "mentor_id": made.people["Mentor 0"].id,
        "mentee_id": made.people["Mentee 4"].id,
        "how": "forbid",
    }
    make.add(RunPair(run_id=trial.id, **apart))
    made.run("running", objective=None, lease_holder="a worker", lease_until=now() + timedelta(hours=1))
    return made
