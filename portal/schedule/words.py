"""Words of the schedule room."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.lifecycle import CheckInState

MILESTONES: dict[str, Any] = {
    "kick-off": _l("Kick-off"),
    "midpoint": _l("Midpoint review"),
    "closing": _l("Closing"),
}
MILESTONE_HINTS: dict[str, Any] = {
    "kick-off": _l("Agree on what you both want, how you talk, and what stays between you."),
    "midpoint": _l("Look back together: what helps, what should change?"),
    "closing": _l("Say what each of you takes along, and whether you go on."),
}
STATES: dict[str, Any] = {
    CheckInState.PLANNED: _l("Planned"),
    CheckInState.SKIPPED: _l("Skipped"),
    CheckInState.MET: _l("You met"),
}
UNITS: dict[str, Any] = {"week": _l("weeks"), "month": _l("months")}


def vocabulary() -> dict[str, Any]:
    """What templates that show check-ins and milestones call these."""
    return {"milestone_words": MILESTONES, "milestone_hints": MILESTONE_HINTS, "check_in_words": STATES}
