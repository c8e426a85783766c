"""The lines of a pairing's timeline: showing, editing and changing one check-in or milestone.

The pair's page, which shows the timeline, belongs to the blueprint `pair`. A change that htmx sends from
there is answered with the whole timeline, since order, numbers and milestones may change; from elsewhere with
the one line. Without JavaScript it redirects to the page.
"""

from collections.abc import Callable
from functools import partial
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
"""The browser event after a change, for other parts of the page that show check-ins."""


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return words.vocabulary()


@blueprint.get("/check-ins/<id:check_in_id>")
@signed_in
def show_check_in(check_in_id: int) -> Response:
    """The line of a check-in, also when its form is left."""
    check_in, pairing = queries.check_in_for(check_in_id, current_user)
    return _line(pairing, check_in=check_in)


@blueprint.get("/check-ins/<id:check_in_id>/move")
@signed_in
def move(check_in_id: int) -> Response:
    """The form that moves a check-in."""
    check_in, pairing = queries.check_in_for(check_in_id, current_user)
    return _move_answer(check_in, pairing, move_form(check_in, current_user.time_zone))


@blueprint.post("/check-ins/<id:check_in_id>/move")
@signed_in
def save(check_in_id: int) -> Response:
    """Move one check-in."""
    check_in, pairing = queries.check_in_for(check_in_id, current_user)
    form, zone = move_form(check_in, current_user.time_zone), current_user.time_zone
    if not form.sent():
        return _move_answer(check_in, pairing, form, 422)
    try:
        starts_at = form.starts_at(zone)
        with transaction():
            check_in, pairing = queries.check_in_for(check_in_id, current_user)
            position = planning.reschedule(
                check_in, pairing, starts_at=starts_at, by=current_user, at=now(), seen=form.version()
            )
    except Invalid as error:
        form.take(error)
        return _move_answer(*queries.check_in_for(check_in_id, current_user), form, 422)
    except Stale as error:
        return _move_conflict(*queries.check_in_for(check_in_id, current_user), form, error)
    check_in, pairing = queries.check_in_for(check_in_id, current_user)
    if position is not None:
        _say_moved(check_in, pairing, position)
    return _changed(pairing, check_in=check_in)


@blueprint.post("/check-ins/<id:check_in_id>/move/undo/<id:position>")
@signed_in
def put_back(check_in_id: int, position: int) -> Response:
    """Undo the move of a check-in."""
    change = partial(planning.put_back, position=position, by=current_user, at=now())
    return _do(check_in_id, change, _("The check-in is back where it was."))


@blueprint.post("/check-ins/<id:check_in_id>/skip")
@signed_in
def skip(check_in_id: int) -> Response:
    """Skip a check-in."""
    return _do(
        check_in_id, _step(planning.skip), _("Skipped. Both calendars follow."), undo="timeline.restore"
    )


@blueprint.post("/check-ins/<id:check_in_id>/restore")
@signed_in
def restore(check_in_id: int) -> Response:
    """Plan a skipped check-in again, or undo “we met”."""
    return _do(check_in_id, _step(planning.restore), _("The check-in is planned again."))


@blueprint.post("/check-ins/<id:check_in_id>/met")
@signed_in
def met(check_in_id: int) -> Response:
    """Note that the two met."""
    return _do(check_in_id, _step(planning.met), _("Good that you met."), undo="timeline.restore")


@blueprint.get("/milestones/<id:milestone_id>")
@signed_in
def show_milestone(milestone_id: int) -> Response:
    """The line of a milestone, also when its form is left."""
    milestone, pairing = queries.milestone_for(milestone_id, current_user)
    return _line(pairing, milestone=milestone)


@blueprint.get("/milestones/<id:milestone_id>/move")
@signed_in
def move_day(milestone_id: int) -> Response:
    """The form that moves a milestone."""
    milestone, pairing = queries.milestone_for(milestone_id, current_user)
    return _day_answer(milestone, pairing, day_form(milestone))


@blueprint.post("/milestones/<id:milestone_id>/move")
@signed_in
def save_day(milestone_id: int) -> Response:
    """Move a milestone to another day."""
    milestone, pairing = queries.milestone_for(milestone_id, current_user)
    form = day_form(milestone)
    if not form.sent():
        return _day_answer(milestone, pairing, form, 422)
    try:
        with transaction():
            milestone, pairing = queries.milestone_for(milestone_id, current_user)
            position = milestones.move(
                milestone,
                pairing,
                due_on=form.due_on.data,
                by=current_user,
                at=now(),
                seen=form.version(),
            )
    except Invalid as error:
        form.take(error)
        return _day_answer(*queries.milestone_for(milestone_id, current_user), form, 422)
    except Stale as error:
        return _day_conflict(*queries.milestone_for(milestone_id, current_user), form, error)
    if position is not None:
        back = url_for("timeline.put_day_back", milestone_id=milestone.id, position=position)
        toast(
            _("The day is moved. Both calendars follow."),
            undo_url=back,
            undo_target=f"#milestone-{milestone.id}",
        )
    milestone, pairing = queries.milestone_for(milestone_id, current_user)
    return _changed(pairing, milestone=milestone)


@blueprint.post("/milestones/<id:milestone_id>/move/undo/<id:position>")
@signed_in
def put_day_back(milestone_id: int, position: int) -> Response:
    """Undo the move of a milestone."""
    try:
        with transaction():
            milestone, pairing = queries.milestone_for(milestone_id, current_user)
            milestones.put_back(milestone, pairing, position=position, by=current_user, at=now())
        toast(_("The day is back where it was."))
    except Invalid as error:
        toast(error.message, tone="warn")
    milestone, pairing = queries.milestone_for(milestone_id, current_user)
    return _changed(pairing, milestone=milestone)


def _say_moved(check_in: CheckIn, pairing: Pairing, position: int) -> None:
    """Show a message with the new time, and with the holiday if it is on one."""
    message = _("The check-in is moved to %(when)s.", when=moment(check_in.starts_at, WHEN))
    holiday = planning.holiday_at(pairing, check_in.starts_at)
    if holiday:
        message = f"{message} {_('That day is a holiday: %(name)s.', name=holiday)}"
    back = url_for("timeline.put_back", check_in_id=check_in.id, position=position)
    toast(message, undo_url=back, undo_target=f"#check-in-{check_in.id}", tone="warn" if holiday else "good")


def _step(verb: Callable[..., bool]) -> Callable[[CheckIn, Pairing], bool]:
    """A change with the version that the reader saw, from the button's form or a toast's undo link."""
    seen = version_in(request.form.get("seen", request.args.get("seen", "")))
    return partial(verb, by=current_user, at=now(), seen=seen)


def _do(
    check_in_id: int, change: Callable[[CheckIn, Pairing], Any], message: str, *, undo: str = ""
) -> Response:
    """Change a check-in and answer with its line, and with a message of success or refusal."""
    try:
        with transaction():
            changed = change(*queries.check_in_for(check_in_id, current_user))
    except Invalid as error:
        toast(error.message, tone="warn")
        changed = False
    except Stale as error:
        return _step_conflict(*queries.check_in_for(check_in_id, current_user), error)
    check_in, pairing = queries.check_in_for(check_in_id, current_user)
    if changed is not False:
        url = url_for(undo, check_in_id=check_in.id, seen=check_in.version) if undo else None
        toast(message, undo_url=url, undo_target=f"#check-in-{check_in.id}" if undo else None)
    return _changed(pairing, check_in=check_in)


def _context(
    pairing: Pairing, *, check_in: CheckIn | None = None, milestone: Milestone | None = None
) -> dict[str, Any]:
    """The template context of one line."""
    if check_in is None:
        return {"milestone": milestone, "pairing": pairing}
    return {
        "check_in": check_in,
        "number": queries.number_of(check_in),
        "pairing": pairing,
        "moment_now": now(),
    }


def _line(pairing: Pairing, **one: Any) -> Response:
    """One line alone for htmx, otherwise a redirect to the pair's page."""
    (name,) = one
    back = url_for("pair.show", pairing_id=pairing.id, _anchor=_id_of(**one))
    return answer(f"schedule/_{name}.html", back_to=back, **_context(pairing, **one))


def _id_of(*, check_in: CheckIn | None = None, milestone: Milestone | None = None) -> str:
    """The HTML id of a line."""
    return f"check-in-{check_in.id}" if check_in else f"milestone-{milestone.id}" if milestone else ""


def _changed(pairing: Pairing, **one: Any) -> Response:
    """The line after a change, or the whole timeline if htmx asks from the page that shows it."""
    if urlsplit(request.headers.get("HX-Current-URL", "")).path != url_for(
        "pair.show", pairing_id=pairing.id
    ):
        return _line(pairing, **one)
    lines = queries.timeline(pairing)
    context: dict[str, Any] = {
        "timeline": lines,
        "pairing": pairing,
        "moment_now": now(),
        "focus_on": _id_of(**one),
    }
    response = answer("schedule/_timeline.html", back_to="", **context)
    response.headers["HX-Retarget"] = "#timeline"
    response.headers["HX-Trigger"] = CHANGED
    return response


def _move_answer(check_in: CheckIn, pairing: Pairing, form: MoveForm, status: int = 200) -> Response:
    context: dict[str, Any] = {**_context(pairing, check_in=check_in), "form": form}
    page = partial(render_template, "schedule/move.html", **context)
    return answer("schedule/_check_in_edit.html", page=page, status=status, **context)


def _day_answer(milestone: Milestone, pairing: Pairing, form: DayForm, status: int = 200) -> Response:
    context: dict[str, Any] = {"milestone": milestone, "pairing": pairing, "form": form}
    page = partial(render_template, "schedule/move_day.html", **context)
    return answer("schedule/_milestone_edit.html", page=page, status=status, **context)


def _step_conflict(check_in: CheckIn, pairing: Pairing, error: Stale) -> Response:
    """The check-in as it is now beside what the reader wanted it to be."""
    conflict = Conflict(
        id=f"check-in-{check_in.id}",
        message=error.message,
        differences=[
            Difference(
                _("Check-in %(number)s", number=queries.number_of(check_in)),
                theirs=f"{words.STATES[check_in.state]}, {moment(check_in.starts_at, WHEN)}",
                yours=words.STATES[str(error.yours["state"])],
            )
        ],
        values={"seen": check_in.version},
        keep_url=request.path,
        leave_url=url_for("timeline.show_check_in", check_in_id=check_in.id),
    )
    return conflict_answer(conflict, _around(pairing))


def _move_conflict(check_in: CheckIn, pairing: Pairing, form: MoveForm, error: Stale) -> Response:
    yours: Any = error.yours["starts_at"]
    sent = {name: request.form.get(name, "") for name in (form.day.name, form.at.name)}
    conflict = Conflict(
        id=f"check-in-{check_in.id}",
        message=error.message,
        differences=[
            Difference(_("When"), theirs=moment(check_in.starts_at, WHEN), yours=moment(yours, WHEN))
        ],
        values={**sent, form.seen.name: check_in.version},
        keep_url=url_for("timeline.save", check_in_id=check_in.id),
        leave_url=url_for("timeline.show_check_in", check_in_id=check_in.id),
    )
    return conflict_answer(conflict, _around(pairing))


def _day_conflict(milestone: Milestone, pairing: Pairing, form: DayForm, error: Stale) -> Response:
    conflict = Conflict(
        id=f"milestone-{milestone.id}",
        message=error.message,
        differences=[Difference(_("Day"), theirs=day(milestone.due_on), yours=day(form.due_on.data))],
        values={form.due_on.name: request.form.get(form.due_on.name, ""), form.seen.name: milestone.version},
        keep_url=url_for("timeline.save_day", milestone_id=milestone.id),
        leave_url=url_for("timeline.show_milestone", milestone_id=milestone.id),
    )
    return conflict_answer(conflict, _around(pairing))


def _around(pairing: Pairing) -> ConflictPage:
    return ConflictPage(
        _("Two of you changed the same"), url_for("pair.show", pairing_id=pairing.id), _("Your page")
    )
