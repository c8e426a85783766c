"""Labels of states, and the sentences that say why two people were matched, in the reader's language."""

import json
from collections.abc import Mapping
from typing import Any

from babel.lists import format_list
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from portal.core.lifecycle import PairingEnd, PairingState, RunState
from portal.core.matching.explanations.voices import Tongue, said
from portal.pairings.models import Pairing, Proposal
from portal.people.listing import names_of
from portal.programmes.models import Enrolment
from portal.programmes.topics.labels import topic_labels

STATES: dict[str, Any] = {
    PairingState.DRAFT: _l("Draft"),
    PairingState.OFFERED: _l("Waiting for an answer"),
    PairingState.ACTIVE: _l("Active"),
    PairingState.PAUSED: _l("Paused"),
    PairingState.ENDED: _l("Ended"),
    PairingState.DECLINED: _l("Declined"),
}
TONES: dict[str, str] = {
    PairingState.OFFERED: "warn",
    PairingState.ACTIVE: "good",
    PairingState.DECLINED: "bad",
}
ENDS: dict[str, Any] = {
    PairingEnd.DISCARDED: _l("Discarded as a draft"),
    PairingEnd.MENTEE_DECLINED: _l("The one who learns said no"),
    PairingEnd.MENTOR_DECLINED: _l("The one who mentors said no"),
    PairingEnd.EXPIRED: _l("No answer in time"),
    PairingEnd.BY_STAFF: _l("Ended by staff"),
    PairingEnd.BY_MENTOR: _l("Ended by the one who mentors"),
    PairingEnd.BY_MENTEE: _l("Ended by the one who learns"),
    PairingEnd.WITHDREW: _l("One of them left the programme"),
    PairingEnd.COMPLETE: _l("Came all the way"),
}
RUN_STATES: dict[str, Any] = {
    RunState.QUEUED: _l("Waiting to begin"),
    RunState.RUNNING: _l("Running"),
    RunState.DONE: _l("Done"),
    RunState.ENDED: _l("Ended by staff"),
    RunState.FAILED: _l("Failed"),
}
PHASES: dict[str, Any] = {
    "": _l("Beginning"),
    "scoring": _l("Comparing everybody with everybody"),
    "solving": _l("Finding the best pairs"),
    "explaining": _l("Writing down the reasons"),
}
PARTS: dict[str, Any] = {
    "interests": _l("Interests"),
    "style": _l("Ways of working"),
    "time": _l("Common time"),
    "department": _l("Another department"),
    "giveback": _l("Something in return"),
    "language": _l("Language"),
    "place": _l("Place"),
}
"""In the order in which reasons with the same points are read."""
PEOPLE = ("mentor", "mentee", "name")
"""The facts of a failure that are people's ids."""


def sentence(
    template: str, args: Mapping[str, Any], reader: str = "staff", names: Mapping[str, str] | None = None
) -> str:
    """A sentence of the engine as `reader` ("staff", "mentor" or "mentee") reads it."""
    locale = get_locale()
    tongue = Tongue(
        gettext,
        lambda some: format_list(some, locale=locale),
        lambda code: locale.languages.get(code, code),
        lambda topic: topic_labels().get(topic, topic),
    )
    return said(template, args, reader, tongue, names or {})


def failure(template: str, facts: Mapping[str, Any]) -> str:
    """Why something could not be solved: a Refusal's template, and its facts with people by their ids."""
    ids = {key: person_id for key in PEOPLE if isinstance(person_id := facts.get(key), int)}
    names = names_of(set(ids.values()))
    people = {key: names.get(person_id) or gettext("somebody who has left") for key, person_id in ids.items()}
    return gettext(template, **{**facts, **people})


def stored_failure(text: str) -> str:
    """The same of what `failure_as_json` has made."""
    stored = json.loads(text)
    return failure(stored["template"], stored["facts"])


def failure_as_json(template: str, facts: Mapping[str, Any]) -> str:
    """A failure as it is stored, without anybody's name."""
    return json.dumps({"template": template, "facts": dict(facts)})


def part_sentence(pair: Pairing | Proposal, part: Mapping[str, Any], reader: str = "staff") -> str:
    """What a stored part of a pair's score says, "" for nothing."""
    return sentence(part["template"], part["args"], reader, _names(pair))


def _names(pair: Pairing | Proposal) -> dict[str, str]:
    mentor, mentee = pair.mentor, pair.mentee
    if isinstance(mentor, Enrolment):
        mentor = mentor.person
    if isinstance(mentee, Enrolment):
        mentee = mentee.person
    return {"mentor": mentor.name, "mentee": mentee.name}


def reasons(pair: Pairing | Proposal, reader: str = "staff") -> list[str]:
    """The sentences of a pair's score, the weightiest first; parts without one are left out."""
    return [text for _, text in explained(pair, reader)]


def explained(pair: Pairing | Proposal, reader: str = "staff") -> list[tuple[str, str]]:
    """The same, each with the name of its part."""
    labelled = (
        (PARTS.get(part["name"], part["name"]), part_sentence(pair, part, reader))
        for part in sorted(pair.parts, key=lambda part: -int(part["points"]))
        if part["points"] > 0
    )
    return [(str(label), text) for label, text in labelled if text]


def points(score: float) -> str:
    """A score of 0..10000 as people see it: 0 to 100, rounded down, so
    that a score below a line also looks so.
    """
    return str(int(score // 100))
