"""Find a time: for the two of a pairing, the five best times for all their check-ins or for one that is to
move.

The search is begun here and made by the worker; the page asks now and then how far it is. Times are the
reader's own, with the partner's beside them where they differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from portal.calendars.accounts.actions import account_of
from portal.calendars.choices import choice_of
from portal.calendars.free_time import outcomes
from portal.calendars.free_time import searches as searching
from portal.calendars.models import TimeSearch
from portal.clock import now
from portal.core.hours import best_slots
from portal.core.hours.cadence import FEWEST_MINUTES, MOST_MINUTES
from portal.core.lifecycle import PairingState
from portal.db import transaction
from portal.errors import Invalid, NotFound, Stale
from portal.pairings.models import Pairing
from portal.pairings.queries import pairing_for, partner, side_of
from portal.schedule import planning, queries
from portal.schedule.models import CheckIn
from portal.web.access import signed_in
from portal.web.conflicts import Conflict, ConflictPage, Difference, conflict_page
from portal.web.forms import PortalForm
from portal.web.htmx import answer, redirect_to
from portal.web.numbers import id_in, version_in
from portal.web.template_globals import day, moment
from portal.web.toasts import toast

blueprint = Blueprint("times", __name__, url_prefix="/pairings")
WHEN = "EEEE, d MMMM, HH:mm"
AGAINST = (best_slots.BUSY, best_slots.HOLIDAY, best_slots.OUTSIDE)
"""Reasons that name days on which a time does not suit."""


class SearchForm(PortalForm):
    """How long the meetings are for which a time is looked for."""

    minutes = IntegerField(
        _l("Minutes each"),
        [
            InputRequired(_l("Type a number.")),
            NumberRange(
                FEWEST_MINUTES,
                MOST_MINUTES,
                _l("Choose from %(min)s to %(max)s.", min=FEWEST_MINUTES, max=MOST_MINUTES),
            ),
        ],
    )


@dataclass(frozen=True)
class Proposal:
    """One time that was found: its place in the list, when it is, the reasons (and whether each speaks for
    it), its plan.
    """

    number: int
    starts_at: datetime
    ends_at: datetime
    reasons: tuple[tuple[str, bool], ...]
    plan_url: str
    plan: Mapping[str, Any]


@dataclass(frozen=True)
class Note:
    """A word on what was looked at; with a link where the reader can do something about it."""

    says: str
    tone: str = ""
    action: str = ""
    url: str = ""


@blueprint.get("/<id:pairing_id>/times")
@signed_in
def show(pairing_id: int) -> Response:
    """The times that were found, how far the search is, or the form that begins one."""
    pairing, check_in = _found(pairing_id, request.args.get("check_in"))
    if pairing.state != PairingState.ACTIVE or (check_in is not None and check_in.state != "planned"):
        return redirect_to(url_for("pair.show", pairing_id=pairing.id))
    return _drawn(pairing, check_in, _form(pairing, check_in))


@blueprint.post("/<id:pairing_id>/times")
@signed_in
def begin(pairing_id: int) -> Response:
    """Have times looked for."""
    pairing, check_in = _found(pairing_id, request.form.get("check_in"))
    form = _form(pairing, check_in)
    if not form.sent():
        return _drawn(pairing, check_in, form, 422)
    try:
        with transaction():
            pairing, check_in = _found(pairing_id, request.form.get("check_in"))
            minutes = check_in.minutes if check_in else form.minutes.data or 0
            searching.begin(pairing, by=current_user, check_in=check_in, minutes=minutes, at=now())
    except Invalid as error:
        form.take(error)
        return _drawn(*_found(pairing_id, request.form.get("check_in")), form, 422)
    pairing, check_in = _found(pairing_id, request.form.get("check_in"))
    return _drawn(pairing, check_in, form, back_to=_here(pairing, check_in))


@blueprint.post("/<id:pairing_id>/times/choose")
@signed_in
def choose(pairing_id: int) -> Response:
    """Move one check-in to a time that was found."""
    pairing, check_in = _found(pairing_id, request.form.get("check_in"))
    if check_in is None:
        raise NotFound
    starts_at = _chosen(pairing, check_in)
    if starts_at is None:
        toast(_("These times are forgotten by now. Look for new ones."), tone="warn")
        return redirect_to(_here(pairing, check_in))
    try:
        with transaction():
            pairing, check_in = _planned(pairing_id, check_in.id)
            seen = version_in(request.form.get("seen", ""))
            about = {"starts_at": starts_at, "by": current_user, "at": now(), "seen": seen}
            position = planning.reschedule(check_in, pairing, **about)
    except Invalid as error:
        toast(error.message, tone="warn")
        return redirect_to(_here(*_planned(pairing_id, check_in.id)))
    except Stale as error:
        return _conflict(*_planned(pairing_id, check_in.id), error)
    pairing, check_in = _planned(pairing_id, check_in.id)
    back = (
        url_for("timeline.put_back", check_in_id=check_in.id, position=position)
        if position is not None
        else None
    )
    said = _("The check-in is moved to %(when)s.", when=moment(check_in.starts_at, WHEN))
    toast(said, undo_url=back, undo_target=f"#check-in-{check_in.id}")
    return redirect_to(url_for("pair.show", pairing_id=pairing.id, _anchor=f"check-in-{check_in.id}"))


def _found(pairing_id: int, check_in: str | None) -> tuple[Pairing, CheckIn | None]:
    """The pairing, for its two alone, and the check-in of it that is to move, if one is; raises NotFound."""
    if check_in:
        return _planned(pairing_id, id_in(check_in))
    pairing = pairing_for(pairing_id, current_user)
    if side_of(pairing, current_user.id) is None:
        raise NotFound
    return pairing, None


def _planned(pairing_id: int, check_in_id: int) -> tuple[Pairing, CheckIn]:
    check_in, pairing = queries.check_in_for(check_in_id, current_user)
    if pairing.id != pairing_id or side_of(pairing, current_user.id) is None:
        raise NotFound
    return pairing, check_in


def _here(pairing: Pairing, check_in: CheckIn | None) -> str:
    return url_for("times.show", pairing_id=pairing.id, check_in=check_in.id if check_in else None)


def _form(pairing: Pairing, check_in: CheckIn | None) -> SearchForm:
    """The form: what was sent, else as long as the present plan or the programme says."""
    if check_in is not None:
        form = SearchForm(data={"minutes": check_in.minutes})
        del form.minutes
        return form
    search, series = _latest(pairing, None), queries.current_series(pairing.id)
    usual = series.minutes if series else pairing.programme.meeting_minutes
    return SearchForm(data={"minutes": search.minutes if search else usual})


def _latest(pairing: Pairing, check_in: CheckIn | None) -> TimeSearch | None:
    return searching.latest(pairing.id, current_user.id, check_in.id if check_in else None, at=now())


def _chosen(pairing: Pairing, check_in: CheckIn) -> datetime | None:
    """When the time begins whose number was sent; None when it is not remembered any more."""
    search, number = _latest(pairing, check_in), version_in(request.form.get("number", ""))
    slots = (search.slots or []) if search and str(search.id) == request.form.get("search") else []
    return datetime.fromisoformat(slots[number - 1]["starts_at"]) if 1 <= number <= len(slots) else None


def _drawn(
    pairing: Pairing,
    check_in: CheckIn | None,
    form: SearchForm,
    status: int = 200,
    *,
    back_to: str | None = None,
) -> Response:
    search = _latest(pairing, check_in)
    about: dict[str, Any] = {
        "pairing": pairing,
        "check_in": check_in,
        "number": queries.number_of(check_in) if check_in else 0,
        "form": form,
        "search": search,
        "other": partner(pairing, current_user.id),
        "here": _here(pairing, check_in),
        "ready": _ready(),
        "proposals": _proposals(search, pairing) if search else (),
        "notes": _notes(search, pairing) if search else (),
        "none_because": _none_because(search, pairing) if search else "",
    }
    if back_to is not None:
        return answer("front/_times.html", back_to=back_to, **about)
    page = lambda: render_template("front/times.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("front/_times.html", page=page, status=status, **about)


def _proposals(search: TimeSearch, pairing: Pairing) -> tuple[Proposal, ...]:
    """The times, in the order they are recommended."""
    found = []
    for number, each in enumerate(search.slots or (), start=1):
        starts_at = datetime.fromisoformat(each["starts_at"])
        plan = {**each["plan"], "minutes": search.minutes} if each["plan"] else {}
        url = url_for("schedule.plan", pairing_id=pairing.id, **plan) if plan else ""
        reasons = tuple(
            (_said(template, args, pairing), template not in AGAINST) for template, args in each["reasons"]
        )
        found.append(
            Proposal(number, starts_at, starts_at + timedelta(minutes=search.minutes), reasons, url, plan)
        )
    return tuple(found)


def _said(template: str, args: Mapping[str, Any], pairing: Pairing) -> str:
    """One sentence of the core in the reader's language."""
    given = {**args, "partner": partner(pairing, current_user.id).name}
    if "days" in args:
        days = ", ".join(day(date.fromisoformat(each), "d MMMM") for each in args["days"])
        given["days"] = (
            _("%(days)s and %(more)s more", days=days, more=args["more"]) if args.get("more") else days
        )
    return _(template, **given)


def _none_because(search: TimeSearch, pairing: Pairing) -> str:
    told = [each for each in search.notes or () if each["about"] == searching.NONE]
    return _said(told[0]["template"], told[0]["args"], pairing) if told else ""


def _ready() -> Note | None:
    """What the reader could do beforehand so that their calendar is asked; None when it will be."""
    account = account_of(current_user.id)
    if account is None or account.state != "connected":
        return _calendar(outcomes.NOT_CONNECTED, "")
    return None if choice_of(current_user.id).busy else _calendar(outcomes.NOT_ALLOWED, "")


def _notes(search: TimeSearch, pairing: Pairing) -> tuple[Note, ...]:
    """Whose calendar was asked and how that went, the reader's first; and who has named no hours."""
    other = partner(pairing, current_user.id)
    known = {current_user.id: "", other.id: other.name}
    told = [each for each in search.notes or () if each.get("person") in known]
    calendars = [
        _calendar(each["outcome"], known[each["person"]])
        for each in told
        if each["about"] == searching.CALENDAR
    ]
    hours = [_hours(known[each["person"]]) for each in told if each["about"] == searching.HOURS]
    until = [
        _until(date.fromisoformat(each["day"]))
        for each in search.notes or ()
        if each["about"] == searching.UNTIL
    ]
    return (*calendars, *until, *hours)


def _calendar(outcome: str, name: str) -> Note:
    """How asking the calendar went: of the partner with their name (and no word of their choices), of the
    reader without.
    """
    if outcome == outcomes.ASKED:
        return Note(
            _("%(name)s’s calendar was asked.", name=name) if name else _("Your calendar was asked."), "good"
        )
    if outcome == outcomes.PARTLY:
        said = _("%(name)s’s calendar was asked, but not all of it could be read.", name=name)
        return Note(said if name else _("Your calendar was asked, but not all of it could be read."), "warn")
    if outcome == outcomes.FAILED:
        said = _("We could not ask %(name)s’s calendar: they may be busy at these times.", name=name)
        return Note(
            said if name else _("We could not ask your calendar: look whether you are busy at these times."),
            "warn",
        )
    if name:
        return Note(
            _(
                "%(name)s’s calendar was not asked: only their working hours, holidays and check-ins count.",
                name=name,
            )
        )
    if outcome == outcomes.NOT_ALLOWED:
        url, action = url_for("calendar_choices.index"), _("Allow busy times")
        return Note(_("Your calendar is connected, but may not be asked when you are busy."), "", action, url)
    return Note(
        _("Your calendar is not connected, so it is not asked."),
        "",
        _("Connect it"),
        url_for("calendars.index"),
    )


def _until(last: date) -> Note:
    said = _(
        "Calendars are asked up to %(day)s only; whether somebody is busy after that, we do not know.",
        day=day(last),
    )
    return Note(said, "warn")


def _hours(name: str) -> Note:
    if name:
        return Note(_("%(name)s has named no working hours; we took Monday to Friday, 9 to 17.", name=name))
    said = _("You have named no working hours; we took Monday to Friday, 9 to 17.")
    return Note(said, "", _("Name yours"), url_for("me.index"))


def _conflict(pairing: Pairing, check_in: CheckIn, error: Stale) -> Response:
    """Both times, and the reader's choice."""
    yours: Any = error.yours["starts_at"]
    sent = {name: request.form.get(name, "") for name in ("check_in", "search", "number")}
    conflict = Conflict(
        id=f"check-in-{check_in.id}",
        message=error.message,
        differences=[
            Difference(_("When"), theirs=moment(check_in.starts_at, WHEN), yours=moment(yours, WHEN))
        ],
        values={**sent, "seen": check_in.version},
        keep_url=request.path,
        leave_url=url_for("timeline.show_check_in", check_in_id=check_in.id),
    )
    pair_url = url_for("pair.show", pairing_id=pairing.id)
    return conflict_page(conflict, ConflictPage(_("Two of you changed the same"), pair_url, _("Your page")))
