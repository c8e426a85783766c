"""Words of programmes: what a stored value is called in pages and letters, in the reader's language."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.programmes.models import Programme

LABELS = {
    "reverse": _l("Reverse mentoring"),
    "upward": _l("Upward mentoring"),
    "two-way": _l("Two-way mentoring"),
    "reciprocal": _l("Reciprocal mentoring"),
}
LEADS = {
    "mentor": _l("The mentor leads the meetings"),
    "mentee": _l("The mentee leads the meetings"),
    "both": _l("Both take turns to lead the meetings"),
}
UNITS = {"week": _l("weeks"), "month": _l("months")}
PLACES = {"either": _l("Either is fine"), "in person": _l("In person"), "remote": _l("By video or phone")}
STYLES = {
    "introvert": _l("I think first, then speak"),
    "balanced": _l("A bit of both"),
    "extrovert": _l("I think while I speak"),
}
ROLES = {"mentor": _l("Mentor"), "mentee": _l("Mentee"), "both": _l("Both")}
LEVELS: dict[str, dict[int, Any]] = {
    "teaches": {1: _l("some"), 2: _l("good"), 3: _l("expert")},
    "learns": {1: _l("curious"), 2: _l("keen"), 3: _l("first wish")},
}
PROGRAMME_STATES = {
    "draft": _l("In preparation"),
    "open": _l("Open for sign-up"),
    "running": _l("Running"),
    "finished": _l("Finished"),
}
ENROLMENT_STATES = {
    "begun": _l("Signing up"),
    "waiting": _l("Taking part"),
    "paused": _l("Paused"),
    "withdrawn": _l("Withdrawn"),
}
WEIGHTS = {
    "interests": _l("Interests"),
    "style": _l("Working style"),
    "time": _l("Common time"),
    "department": _l("Other department"),
    "giveback": _l("Gives something back"),
    "language": _l("Language"),
    "place": _l("Place"),
}
MUSTS = {
    "department": _l("come from different departments"),
    "site": _l("be at the same site"),
    "topic": _l("have a subject that the one teaches and the other wishes for"),
}
RULES = {
    "line": _l("The line"),
    "min_grade_gap": _l("Grades between the two"),
    "stay_bonus": _l("Points for staying together"),
    "musts": _l("Every pair must"),
}
STEPS = {
    "role": _l("Your part"),
    "teach": _l("What you can teach"),
    "learn": _l("What you want to learn"),
    "working": _l("How you like to work"),
    "boundaries": _l("Boundaries"),
}
CALENDAR_MOVES: dict[str, Any] = {
    "apply": _l("It moves at once if the partner works then and is free, else the partner is asked"),
    "ask": _l("The partner is always asked first"),
}
NUMBERS = (
    _l("no"),
    _l("one"),
    _l("two"),
    _l("three"),
    _l("four"),
    _l("five"),
    _l("six"),
    _l("seven"),
    _l("eight"),
    _l("nine"),
    _l("ten"),
    _l("eleven"),
    _l("twelve"),
)


def number(count: int) -> str:
    """A count as running text has it: words up to twelve, digits above."""
    return str(NUMBERS[count]) if count < len(NUMBERS) else str(count)


def cadence(programme: Programme) -> str:
    """Like "six one-hour meetings, one a month"."""
    return _("%(meetings)s, %(rhythm)s", meetings=_meetings(programme), rhythm=_rhythm(programme))


def _meetings(programme: Programme) -> str:
    count, minutes = programme.meetings, programme.meeting_minutes
    said = number(count)
    if minutes == 60:
        return ngettext("%(said)s one-hour meeting", "%(said)s one-hour meetings", count, said=said)
    if minutes % 60 == 0:
        hours = number(minutes // 60)
        return ngettext(
            "%(said)s meeting of %(hours)s hours",
            "%(said)s meetings of %(hours)s hours",
            count,
            said=said,
            hours=hours,
        )
    return ngettext(
        "%(said)s meeting of %(minutes)s minutes",
        "%(said)s meetings of %(minutes)s minutes",
        count,
        said=said,
        minutes=minutes,
    )


def _rhythm(programme: Programme) -> str:
    every = programme.cadence_every
    if programme.cadence_unit == "week":
        return _("one a week") if every == 1 else _("one every %(count)s weeks", count=number(every))
    return _("one a month") if every == 1 else _("one every %(count)s months", count=number(every))


def rule(name: str, value: Any) -> str:
    """The value of a programme's rule, as people read it."""
    if name == "musts":
        return ", ".join(str(MUSTS[each]) for each in value) or "–"
    return _("auto") if value == "auto" else str(value)


def role_of(as_mentor: bool, as_mentee: bool) -> str:
    """The key of ROLES for the two flags; "" before a part was chosen."""
    if as_mentor and as_mentee:
        return "both"
    return "mentor" if as_mentor else "mentee" if as_mentee else ""


def vocabulary() -> dict[str, Any]:
    """All of it, for templates."""
    return {
        "LABELS": LABELS,
        "LEADS": LEADS,
        "PLACES": PLACES,
        "STYLES": STYLES,
        "ROLES": ROLES,
        "LEVELS": LEVELS,
        "PROGRAMME_STATES": PROGRAMME_STATES,
        "ENROLMENT_STATES": ENROLMENT_STATES,
        "STEPS": STEPS,
        "WEIGHTS": WEIGHTS,
        "cadence": cadence,
        "number": number,
        "role_of": role_of,
    }
