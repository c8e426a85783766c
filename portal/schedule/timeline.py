"""The lines of a pairing's timeline: each check-in and milestone as it is, as a form in its place, and every
change to one.

The pair's own page, which shows the timeline, is the front's. A change made there by htmx is answered with
all of the timeline, since the order, the numbers and the milestones follow; elsewhere with the one line;
without JavaScript it leads to the page.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.db import transaction
from portal.errors import Invalid, Stale
from portal.pairings.models import Pairing
from portal.schedule import milestones, planning, queries, words
from portal.schedule.forms import DayForm, MoveForm, day_form, move_form
from portal.schedule.models import CheckIn, Milestone
from portal.web.access import signed_in
from portal.web.conflicts import Conflict, ConflictPage, Difference, conflict_answer
from portal.web.htmx import answer
from portal.web.numbers import version_in
from portal.web.template_globals import day, moment
from portal.web.toasts import toast

blueprint = Blueprint("timeline", __name__, url_prefix="/schedule")
WHEN = "EEEE, d MMMM, HH:mm"
CHANGED = "timeline-changed"
"""The event in the browser after a change, for what else on the page shows it."""


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return words.vocabulary()


@blueprint.get("/check-ins/<id:check_in_id>")
@signed_in
def check_in(check_in_id: int) -> Response:
    """One check-in as it is; where moving it is left."""
    found, pairing = queries.check_in_for(check_in_id, current_user)
    return _line(pairing, check_in=found)


@blueprint.get("/check-ins/<id:check_in_id>/move")
@signed_in
def move(check_in_id: int) -> Response:
    """One check-in as a form."""
    found, pairing = queries.check_in_for(check_in_id, current_user)
    return _move_answer(found, pairing, move_form(found, current_user.time_zone))


@blueprint.post("/check-ins/<id:check_in_id>/move")
@signed_in
def save(check_in_id: int) -> Response:
    """Move one check-in."""
    found, pairing = queries.check_in_for(check_in_id, current_user)
    form, zone = move_form(found, current_user.time_zone), current_user.time_zone
    if not form.sent():
        return _move_answer(found, pairing, form, 422)
    try:
        starts_at = form.starts_at(zone)
        with transaction():
            found, pairing = queries.check_in_for(check_in_id, current_user)
            about = {"starts_at": starts_at, "by": current_user, "at": now(), "seen": form.version()}
            position = planning.reschedule(found, pairing, **about)
    except Invalid as error:
        form.take(error)
        return _move_answer(*queries.check_in_for(check_in_id, current_user), form, 422)
    except Stale as error:
        return _move_conflict(*queries.check_in_for(check_in_id, current_user), form, error)
    found, pairing = queries.check_in_for(check_in_id, current_user)
    if position is not None:
        _say_moved(found, pairing, position)
    return _changed(pairing, check_in=found)


@blueprint.post("/check-ins/<id:check_in_id>/move/undo/<id:position>")
@signed_in
def put_back(check_in_id: int, position: int) -> Response:
    """Take a move back."""
    about = {"position": position, "by": current_user, "at": now()}
    change = lambda found, pairing: planning.put_back(found, pairing, **about)  # noqa: E731  # it needs no name elsewhere
    return _do(check_in_id, change, _("The check-in is back where it was."))


@blueprint.post("/check-ins/<id:check_in_id>/skip")
@signed_in
def skip(check_in_id: int) -> Response:
    """Leave one out."""
    return _do(
        check_in_id, _step(planning.skip), _("Skipped. Both calendars follow."), undo="timeline.restore"
    )


@blueprint.post("/check-ins/<id:check_in_id>/restore")
@signed_in
def restore(check_in_id: int) -> Response:
    """Have one take place after all, or take “we met” back."""
    return _do(check_in_id, _step(planning.restore), _("The check-in is planned again."))


@blueprint.post("/check-ins/<id:check_in_id>/met")
@signed_in
def met(check_in_id: int) -> Response:
    """Say that the two met."""
    return _do(check_in_id, _step(planning.met), _("Good that you met."), undo="timeline.restore")


@blueprint.get("/milestones/<id:milestone_id>")
@signed_in
def milestone(milestone_id: int) -> Response:
    """One milestone as it is; where moving it is left."""
    found, pairing = queries.milestone_for(milestone_id, current_user)
    return _line(pairing, milestone=found)


@blueprint.get("/milestones/<id:milestone_id>/move")
@signed_in
def move_day(milestone_id: int) -> Response:
    """One milestone as a form."""
    found, pairing = queries.milestone_for(milestone_id, current_user)
    return _day_answer(found, pairing, day_form(found))


@blueprint.post("/milestones/<id:milestone_id>/move")
@signed_in
def save_day(milestone_id: int) -> Response:
    """Put a milestone on another day."""
    found, pairing = queries.milestone_for(milestone_id, current_user)
    form = day_form(found)
    if not form.sent():
        return _day_answer(found, pairing, form, 422)
    try:
        with transaction():
            found, pairing = queries.milestone_for(milestone_id, current_user)
            about = {"due_on": form.due_on.data, "by": current_user, "at": now(), "seen": form.version()}
            position = milestones.move(found, pairing, **about)
    except Invalid as error:
        form.take(error)
        return _day_answer(*queries.milestone_for(milestone_id, current_user), form, 422)
    except Stale as error:
        return _day_conflict(*queries.milestone_for(milestone_id, current_user), form, error)
    if position is not None:
        back = url_for("timeline.put_day_back", milestone_id=found.id, position=position)
        toast(
            _("The day is moved. Both calendars follow."), undo_url=back, undo_target=f"#milestone-{found.id}"
        )
    found, pairing = queries.milestone_for(milestone_id, current_user)
    return _changed(pairing, milestone=found)


@blueprint.post("/milestones/<id:milestone_id>/move/undo/<id:position>")
@signed_in
def put_day_back(milestone_id: int, position: int) -> Response:
    """Take the move of a day back."""
    try:
        with transaction():
            found, pairing = queries.milestone_for(milestone_id, current_user)
            milestones.put_back(found, pairing, position=position, by=current_user, at=now())
        toast(_("The day is back where it was."))
    except Invalid as error:
        toast(error.message, tone="warn")
    found, pairing = queries.milestone_for(milestone_id, current_user)
    return _changed(pairing, milestone=found)


def _say_moved(found: CheckIn, pairing: Pairing, position: int) -> None:
    """Say when it is now, and that somebody has a holiday then."""
    said = _("The check-in is moved to %(when)s.", when=moment(found.starts_at, WHEN))
    holiday = planning.holiday_at(pairing, found.starts_at)
    if holiday:
        said = f"{said} {_('That day is a holiday: %(name)s.', name=holiday)}"
    back = url_for("timeline.put_back", check_in_id=found.id, position=position)
    toast(said, undo_url=back, undo_target=f"#check-in-{found.id}", tone="warn" if holiday else "good")


def _step(verb: Callable[..., bool]) -> Callable[[CheckIn, Pairing], bool]:
    """A change that carries the version its reader saw: in the button's form, or in the address of a toast's
    undo.
    """
    seen = version_in(request.form.get("seen", request.args.get("seen", "")))
    return lambda found, pairing: verb(found, pairing, by=current_user, at=now(), seen=seen)


def _do(
    check_in_id: int, change: Callable[[CheckIn, Pairing], Any], said: str, *, undo: str = ""
) -> Response:
    """Make one change to a check-in, say so, and answer its line; a refusal is said as well."""
    try:
        with transaction():
            changed = change(*queries.check_in_for(check_in_id, current_user))
    except Invalid as error:
        toast(error.message, tone="warn")
        changed = False
    except Stale as error:
        return _step_conflict(*queries.check_in_for(check_in_id, current_user), error)
    found, pairing = queries.check_in_for(check_in_id, current_user)
    if changed is not False:
        url = url_for(undo, check_in_id=found.id, seen=found.version) if undo else None
        toast(said, undo_url=url, undo_target=f"#check-in-{found.id}" if undo else None)
    return _changed(pairing, check_in=found)


def _about(
    pairing: Pairing, *, check_in: CheckIn | None = None, milestone: Milestone | None = None
) -> dict[str, Any]:
    """What the template of one line takes."""
    if check_in is None:
        return {"milestone": milestone, "pairing": pairing}
    return {
        "check_in": check_in,
        "number": queries.number_of(check_in),
        "pairing": pairing,
        "moment_now": now(),
    }


def _line(pairing: Pairing, **one: Any) -> Response:
    """One line as it is: alone for htmx, otherwise on the pair's page."""
    (name,) = one
    back = url_for("pair.show", pairing_id=pairing.id, _anchor=_id_of(**one))
    return answer(f"schedule/_{name}.html", back_to=back, **_about(pairing, **one))


def _id_of(*, check_in: CheckIn | None = None, milestone: Milestone | None = None) -> str:
    """The id that a line has on the page."""
    return f"check-in-{check_in.id}" if check_in else f"milestone-{milestone.id}" if milestone else ""


def _changed(pairing: Pairing, **one: Any) -> Response:
    """The line after a change; with it all others, when htmx asks from the page that shows them."""
    if urlsplit(request.headers.get("HX-Current-URL", "")).path != url_for(
        "pair.show", pairing_id=pairing.id
    ):
        return _line(pairing, **one)
    lines = queries.timeline(pairing)
    about: dict[str, Any] = {
        "timeline": lines,
        "pairing": pairing,
        "moment_now": now(),
        "focus_on": _id_of(**one),
    }
    response = answer("schedule/_timeline.html", back_to="", **about)
    response.headers["HX-Retarget"] = "#timeline"
    response.headers["HX-Trigger"] = CHANGED
    return response


def _move_answer(found: CheckIn, pairing: Pairing, form: MoveForm, status: int = 200) -> Response:
    about: dict[str, Any] = {**_about(pairing, check_in=found), "form": form}
    page = lambda: render_template("schedule/move.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("schedule/_check_in_edit.html", page=page, status=status, **about)


def _day_answer(found: Milestone, pairing: Pairing, form: DayForm, status: int = 200) -> Response:
    about: dict[str, Any] = {"milestone": found, "pairing": pairing, "form": form}
    page = lambda: render_template("schedule/move_day.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("schedule/_milestone_edit.html", page=page, status=status, **about)


def _step_conflict(found: CheckIn, pairing: Pairing, error: Stale) -> Response:
    """What the check-in is by now, and what the reader wanted it to be."""
    conflict = Conflict(
        id=f"check-in-{found.id}",
        message=error.message,
        differences=[
            Difference(
                _("Check-in %(number)s", number=queries.number_of(found)),
                theirs=f"{words.STATES[found.state]}, {moment(found.starts_at, WHEN)}",
                yours=words.STATES[str(error.yours["state"])],
            )
        ],
        values={"seen": found.version},
        keep_url=request.path,
        leave_url=url_for("timeline.check_in", check_in_id=found.id),
    )
    return conflict_answer(conflict, _around(pairing))


def _move_conflict(found: CheckIn, pairing: Pairing, form: MoveForm, error: Stale) -> Response:
    yours: Any = error.yours["starts_at"]
    sent = {name: request.form.get(name, "") for name in (form.day.name, form.at.name)}
    conflict = Conflict(
        id=f"check-in-{found.id}",
        message=error.message,
        differences=[Difference(_("When"), theirs=moment(found.starts_at, WHEN), yours=moment(yours, WHEN))],
        values={**sent, form.seen.name: found.version},
        keep_url=url_for("timeline.save", check_in_id=found.id),
        leave_url=url_for("timeline.check_in", check_in_id=found.id),
    )
    return conflict_answer(conflict, _around(pairing))


def _day_conflict(found: Milestone, pairing: Pairing, form: DayForm, error: Stale) -> Response:
    conflict = Conflict(
        id=f"milestone-{found.id}",
        message=error.message,
        differences=[Difference(_("Day"), theirs=day(found.due_on), yours=day(form.due_on.data))],
        values={form.due_on.name: request.form.get(form.due_on.name, ""), form.seen.name: found.version},
        keep_url=url_for("timeline.save_day", milestone_id=found.id),
        leave_url=url_for("timeline.milestone", milestone_id=found.id),
    )
    return conflict_answer(conflict, _around(pairing))


def _around(pairing: Pairing) -> ConflictPage:
    return ConflictPage(
        _("Two of you changed the same"), url_for("pair.show", pairing_id=pairing.id), _("Your page")
    )
