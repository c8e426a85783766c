"""Words of the pairings room: labels of states, and the sentences that say why two people were matched."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.core.lifecycle import PairingEnd, PairingState, RunState
from portal.core.matching.criteria import TRANSLATED

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
"""The same order in which reasons are read when they count alike."""


def sentence(template: str, args: Mapping[str, Any]) -> str:
    """A sentence of the engine in the reader's language; labels of topics and days in it are translated too."""
    given = {name: _(value) if name in TRANSLATED else value for name, value in args.items()}
    return _(template, **given) if template else ""


def reasons(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the stored parts of a score say, the weightiest first; parts without a sentence are left out."""
    told = sorted(parts, key=lambda part: -int(part["points"]))
    return [said for part in told if part["points"] > 0 and (said := sentence(part["template"], part["args"]))]


def points(score: int) -> str:
    """A score of 0..10000 as people see it: 0 to 100, whole."""
    return str(round(score / 100))
