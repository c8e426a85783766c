"""Pages for planning the check-ins of a pairing: the form, its dates, and the booking.

A booking redirects to the pair's page, of the blueprint `pair`, which shows the timeline.
"""

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now, today
from portal.core.hours.cadence import Planned
from portal.core.lifecycle import PairingState
from portal.db import transaction
from portal.errors import Invalid, Stale
from portal.pairings.models import Pairing
from portal.pairings.queries import pairing_for
from portal.schedule import planning, queries, words
from portal.schedule.forms import PlanForm, plan_form
from portal.web.access import signed_in
from portal.web.htmx import answer, redirect_to
from portal.web.toasts import toast

blueprint = Blueprint("schedule", __name__, url_prefix="/schedule")


@blueprint.get("/<id:pairing_id>/plan")
@signed_in
def plan(pairing_id: int) -> Response:
    """The form in which the two, or staff, book all check-ins at once."""
    pairing = pairing_for(pairing_id, current_user)
    if pairing.state != PairingState.ACTIVE:
        return redirect_to(_page(pairing_id))
    return _drawn(pairing, _plan_form(pairing, proposed=request.args))


@blueprint.post("/<id:pairing_id>/plan")
@signed_in
def book(pairing_id: int) -> Response:
    """Book the series, or just show its dates."""
    pairing = pairing_for(pairing_id, current_user)
    form = _plan_form(pairing)
    if not form.sent():
        return _drawn(pairing, form, 422)
    if request.form.get("do") == "show":
        dates = _dates(pairing, form)
        return _drawn(pairing, form, 422 if form.errors else 200, dates=dates)
    try:
        with transaction():
            pairing = pairing_for(pairing_id, current_user)
            planning.plan(
                pairing,
                rule=form.rule(),
                minutes=form.minutes.data or 0,
                place=form.place.data or "",
                link=form.link.data or "",
                by=current_user,
                at=now(),
                seen=form.version() or None,
            )
    except Invalid as error:
        form.take(error)
        return _drawn(pairing_for(pairing_id, current_user), form, 422)
    except Stale as error:
        return _conflict(pairing_for(pairing_id, current_user), form, error)
    toast(_("Your check-ins are planned. They go into both calendars now."))
    return redirect_to(_page(pairing_id))


@blueprint.get("/<id:pairing_id>/preview")
@signed_in
def preview(pairing_id: int) -> Response:
    """The dates that the values in the form would give."""
    pairing = pairing_for(pairing_id, current_user)
    form = _plan_form(pairing, values=request.args)
    dates = _dates(pairing, form) if form.validate_without_token() else ()
    context: dict[str, Any] = {"dates": dates, "pairing": pairing, "form": form}
    page = partial(render_template, "schedule/preview.html", **context)
    return answer("schedule/_preview.html", page=page, **context)


def _page(pairing_id: int) -> str:
    return url_for("pair.show", pairing_id=pairing_id)


def _plan_form(pairing: Pairing, **options: Any) -> PlanForm:
    day = today(ZoneInfo(current_user.time_zone))
    return plan_form(pairing, current_user, queries.current_series(pairing.id), today=day, **options)


def _dates(pairing: Pairing, form: PlanForm) -> tuple[Planned, ...]:
    """The dates of the form; if there can be none, empty and an error at its field."""
    try:
        return planning.proposed(pairing, form.rule(), minutes=form.minutes.data or 0, at=now())
    except Invalid as error:
        form.take(error)
        return ()


def _drawn(pairing: Pairing, form: PlanForm, status: int = 200, **more: Any) -> Response:
    return make_response(render_template("schedule/plan.html", pairing=pairing, form=form, **more), status)


def _conflict(pairing: Pairing, form: PlanForm, error: Stale) -> Response:
    """The form with the reader's plan, which may still replace the present one that is shown above it."""
    series = queries.current_series(pairing.id)
    form.seen.data = str(series.version) if series else ""
    theirs = words.plan(series) if series else _("nothing")
    return _drawn(pairing, form, 409, dates=_dates(pairing, form), message=error.message, theirs=theirs)
