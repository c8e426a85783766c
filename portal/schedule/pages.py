"""Pages of the schedule: planning a series, and changing one check-in or milestone in its row.

The pair's own page, which shows the timeline, is the front's; changes come back to it.
"""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now, today
from portal.core import cadence
from portal.core.cadence import Planned
from portal.core.lifecycle import PairingState
from portal.db import transaction
from portal.errors import Invalid, Stale
from portal.pairings.models import Pairing
from portal.pairings.queries import pairing_for
from portal.schedule import milestones, planning, queries
from portal.schedule.forms import DayForm, MoveForm, PlanForm, day_form, move_form, plan_form
from portal.schedule.models import CheckIn, Milestone
from portal.schedule.words import vocabulary
from portal.web.access import signed_in
from portal.web.furniture import day, moment
from portal.web.htmx import answer, redirect_to
from portal.web.toasts import toast

room = Blueprint("schedule", __name__, url_prefix="/schedule")


@room.app_context_processor
def _words() -> dict[str, Any]:
    return vocabulary()


@room.get("/<id:pairing_id>/plan")
@signed_in
def plan(pairing_id: int) -> Response:
    """The form with which the two, or staff, book all check-ins at once."""
    pairing = pairing_for(pairing_id, current_user)
    if pairing.state != PairingState.ACTIVE:
        return redirect_to(_page(pairing_id))
    return make_response(_draw(pairing, _plan_form(pairing)))


@room.post("/<id:pairing_id>/plan")
@signed_in
def book(pairing_id: int) -> Response:
    """Book the series, or only show its dates."""
    pairing = pairing_for(pairing_id, current_user)
    form = _plan_form(pairing)
    if not form.sent():
        return make_response(_draw(pairing, form), 422)
    if request.form.get("do") == "show":
        return make_response(_draw(pairing, form, dates=_dates(pairing, form)), 422 if form.errors else 200)
    try:
        with transaction():
            pairing = pairing_for(pairing_id, current_user)
            facts = {"minutes": form.minutes.data, "place": form.place.data or "", "link": form.link.data or ""}
            planning.plan(pairing, rule=form.rule(), by=current_user, at=now(), seen=form.version(), **facts)
    except Invalid as error:
        form.take(error)
        return make_response(_draw(pairing_for(pairing_id, current_user), form), 422)
    except Stale as error:
        form.form_errors.append(error.message)
        form.seen.raw_data = None
        fresh = queries.current_series(pairing_id)
        form.seen.data = str(fresh.version) if fresh else ""
        return make_response(_draw(pairing_for(pairing_id, current_user), form), 409)
    toast(_("Your check-ins are planned. They go into both calendars now."))
    return redirect_to(_page(pairing_id))


@room.get("/<id:pairing_id>/preview")
@signed_in
def preview(pairing_id: int) -> Response:
    """The dates that the form as it stands would give."""
    pairing = pairing_for(pairing_id, current_user)
    form = plan_form(pairing, current_user, None, today=_today(), given=request.args)
    dates = _dates(pairing, form) if form.validate_without_token() else []
    given: dict[str, Any] = {"dates": dates, "pairing": pairing, "form": form}
    page = lambda: render_template("schedule/preview.html", **given)  # noqa: E731  # it needs no name elsewhere
    return answer("schedule/_preview.html", page=page, **given)


@room.get("/check-ins/<id:check_in_id>")
@signed_in
def check_in(check_in_id: int) -> Response:
    """One check-in as it is; where moving it is left."""
    found, pairing = queries.check_in_for(check_in_id, current_user)
    return _check_in_answer(found, pairing)


@room.get("/check-ins/<id:check_in_id>/move")
@signed_in
def move(check_in_id: int) -> Response:
    """One check-in as a form."""
    found, pairing = queries.check_in_for(check_in_id, current_user)
    return _move_answer(found, pairing, move_form(found, current_user.time_zone))


@room.post("/check-ins/<id:check_in_id>/move")
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
            about = {"starts_at": starts_at, "by": current_user, "at": now(), "seen": form.version() or 0}
            position = planning.reschedule(found, pairing, **about)
    except Invalid as error:
        form.take(error)
        return _move_answer(*queries.check_in_for(check_in_id, current_user), form, 422)
    except Stale as error:
        return _conflict(*queries.check_in_for(check_in_id, current_user), form, error)
    found, pairing = queries.check_in_for(check_in_id, current_user)
    if position is not None:
        back = url_for(".put_back", check_in_id=check_in_id, position=position)
        said = _("The check-in is moved to %(when)s.", when=moment(found.starts_at, "EEEE, d MMMM, HH:mm"))
        toast(said, undo_url=back, undo_target=f"#check-in-{check_in_id}")
    return _check_in_answer(found, pairing)


@room.post("/check-ins/<id:check_in_id>/move/undo/<id:position>")
@signed_in
def put_back(check_in_id: int, position: int) -> Response:
    """Take a move back."""
    return _do(
        check_in_id,
        lambda found, pairing: planning.put_back(found, pairing, position=position, by=current_user, at=now()),
        lambda: toast(_("The check-in is back where it was.")),
    )


@room.post("/check-ins/<id:check_in_id>/skip")
@signed_in
def skip(check_in_id: int) -> Response:
    """Leave one out."""
    undo = url_for(".restore", check_in_id=check_in_id)
    return _do(
        check_in_id,
        lambda found, pairing: planning.skip(found, pairing, by=current_user, at=now(), seen=_seen(found)),
        lambda: toast(_("Skipped. Both calendars follow."), undo_url=undo, undo_target=f"#check-in-{check_in_id}"),
    )


@room.post("/check-ins/<id:check_in_id>/restore")
@signed_in
def restore(check_in_id: int) -> Response:
    """Have one take place after all, or take “we met” back."""
    return _do(
        check_in_id,
        lambda found, pairing: planning.restore(found, pairing, by=current_user, at=now(), seen=_seen(found)),
        lambda: toast(_("The check-in is planned again.")),
    )


@room.post("/check-ins/<id:check_in_id>/met")
@signed_in
def met(check_in_id: int) -> Response:
    """Say that the two met."""
    undo = url_for(".restore", check_in_id=check_in_id)
    return _do(
        check_in_id,
        lambda found, pairing: planning.met(found, pairing, by=current_user, at=now(), seen=_seen(found)),
        lambda: toast(_("Good that you met."), undo_url=undo, undo_target=f"#check-in-{check_in_id}"),
    )


@room.get("/milestones/<id:milestone_id>")
@signed_in
def milestone(milestone_id: int) -> Response:
    """One milestone as it is; where moving it is left."""
    found, pairing = queries.milestone_for(milestone_id, current_user)
    return _milestone_answer(found, pairing)


@room.get("/milestones/<id:milestone_id>/move")
@signed_in
def move_day(milestone_id: int) -> Response:
    """One milestone as a form."""
    found, pairing = queries.milestone_for(milestone_id, current_user)
    return _day_answer(found, pairing, day_form(found))


@room.post("/milestones/<id:milestone_id>/move")
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
            about = {"due_on": form.due_on.data, "by": current_user, "at": now(), "seen": form.version() or 0}
            milestones.move(found, pairing, **about)
    except Invalid as error:
        form.take(error)
        return _day_answer(*queries.milestone_for(milestone_id, current_user), form, 422)
    except Stale as error:
        return _day_conflict(*queries.milestone_for(milestone_id, current_user), form, error)
    toast(_("The day is moved. Both calendars follow."))
    return _milestone_answer(*queries.milestone_for(milestone_id, current_user))


def _page(pairing_id: int, anchor: str | None = None) -> str:
    return url_for("pair.show", pairing_id=pairing_id, _anchor=anchor)


def _today() -> Any:
    return today(ZoneInfo(current_user.time_zone))


def _plan_form(pairing: Pairing) -> PlanForm:
    return plan_form(pairing, current_user, queries.current_series(pairing.id), today=_today())


def _dates(pairing: Pairing, form: PlanForm) -> tuple[Planned, ...]:
    """The dates of the form; empty, with the reason beside its field, when there can be none."""
    try:
        rule = form.rule()
        return cadence.planned(rule, holidays=planning.holidays_of(pairing, rule.first_on))
    except Invalid as error:
        form.take(error)
        return ()


def _draw(pairing: Pairing, form: PlanForm, *, dates: tuple[Planned, ...] = ()) -> str:
    return render_template("schedule/plan.html", pairing=pairing, form=form, dates=dates)


def _seen(check_in: CheckIn) -> int:
    """The version the button was drawn with; an undo, which carries none, is about whatever is there."""
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else check_in.version


def _do(check_in_id: int, change: Callable[[CheckIn, Pairing], object], say: Callable[[], None]) -> Response:
    """Make one change to a check-in, say so, and answer its row; a refusal is said as well."""
    try:
        with transaction():
            changed = change(*queries.check_in_for(check_in_id, current_user))
        if changed is not False:
            say()
    except (Invalid, Stale) as error:
        toast(error.message, tone="warn")
    return _check_in_answer(*queries.check_in_for(check_in_id, current_user))


def _check_in_answer(found: CheckIn, pairing: Pairing) -> Response:
    about: dict[str, Any] = {"check_in": found, "number": queries.number_of(found), "pairing": pairing, "moment_now": now()}
    return answer("schedule/_check_in.html", back_to=_page(pairing.id, f"check-in-{found.id}"), **about)


def _move_answer(found: CheckIn, pairing: Pairing, form: MoveForm, status: int = 200) -> Response:
    about: dict[str, Any] = {"check_in": found, "number": queries.number_of(found), "pairing": pairing, "form": form}
    page = lambda: render_template("schedule/move.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("schedule/_check_in_edit.html", page=page, status=status, **about)


def _milestone_answer(found: Milestone, pairing: Pairing) -> Response:
    back = _page(pairing.id, f"milestone-{found.id}")
    return answer("schedule/_milestone.html", back_to=back, milestone=found, pairing=pairing)


def _day_answer(found: Milestone, pairing: Pairing, form: DayForm, status: int = 200) -> Response:
    about: dict[str, Any] = {"milestone": found, "pairing": pairing, "form": form}
    page = lambda: render_template("schedule/move_day.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("schedule/_milestone_edit.html", page=page, status=status, **about)


def _conflict(found: CheckIn, pairing: Pairing, form: MoveForm, error: Stale) -> Response:
    when = "EEEE, d MMMM, HH:mm"
    yours: Any = error.yours["starts_at"]
    sent = {name: request.form.get(name, "") for name in (form.day.name, form.at.name)}
    return _both(
        f"check-in-{found.id}",
        error,
        {"label": _("When"), "theirs": moment(found.starts_at, when), "yours": moment(yours, when)},
        pairing,
        values={**sent, form.seen.name: found.version},
        keep_url=url_for(".save", check_in_id=found.id),
        leave_url=url_for(".check_in", check_in_id=found.id),
    )


def _day_conflict(found: Milestone, pairing: Pairing, form: DayForm, error: Stale) -> Response:
    return _both(
        f"milestone-{found.id}",
        error,
        {"label": _("Day"), "theirs": day(found.due_on), "yours": day(form.due_on.data)},
        pairing,
        values={form.due_on.name: request.form.get(form.due_on.name, ""), form.seen.name: found.version},
        keep_url=url_for(".save_day", milestone_id=found.id),
        leave_url=url_for(".milestone", milestone_id=found.id),
    )


def _both(id: str, error: Stale, difference: dict[str, str], pairing: Pairing, **links: Any) -> Response:
    """Both values, and the reader's choice; `links` are values, keep_url and leave_url."""
    about: dict[str, Any] = {"id": id, "message": error.message, "differences": [difference], **links}
    page = lambda: render_template("schedule/conflict.html", pairing=pairing, **about)  # noqa: E731  # as above
    return answer("_conflict.html", page=page, status=409, **about)
