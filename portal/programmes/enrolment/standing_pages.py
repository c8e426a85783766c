"""Where one stands: waiting since when, what one said, and how to pause and come back."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now, today
from portal.db import transaction
from portal.errors import Invalid
from portal.programmes import queries, words
from portal.programmes.enrolment import actions as enrolling
from portal.programmes.enrolment.steps import next_place, own, summary_of
from portal.programmes.forms import PauseForm
from portal.programmes.models import Enrolment
from portal.settings import current
from portal.web.access import signed_in
from portal.web.htmx import redirect_to
from portal.web.template_globals import day, readers_zone
from portal.web.toasts import toast

blueprint = Blueprint("standing", __name__, url_prefix="/join")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return words.vocabulary()


@blueprint.get("/<id:programme_id>/standing")
@signed_in
def show(programme_id: int) -> Response:
    """Where the reader stands; those who have not joined yet are led to their next step."""
    enrolment = own(programme_id)
    if enrolment.state == "begun":
        return redirect(next_place(enrolment), 303)
    return make_response(_draw(enrolment))


@blueprint.post("/<id:programme_id>/pause")
@signed_in
def pause(programme_id: int) -> Response:
    """Stay out of matching until a day."""
    form = PauseForm()
    if not form.sent():
        return make_response(_draw(own(programme_id), form), 422)
    try:
        with transaction():
            enrolling.pause(own(programme_id, hold=True), until=form.until.data, at=now())
    except Invalid as error:
        form.take(error)
        return make_response(_draw(own(programme_id), form), 422)
    toast(_("You are paused until %(day)s.", day=day(form.until.data)))
    return redirect_to(url_for(".show", programme_id=programme_id))


@blueprint.post("/<id:programme_id>/resume")
@signed_in
def come_back(programme_id: int) -> Response:
    """End the pause now."""
    with transaction():
        enrolling.resume(own(programme_id, hold=True), by=current_user.id)
    toast(_("Welcome back. You are waiting for a match again."))
    return redirect_to(url_for(".show", programme_id=programme_id))


def _draw(enrolment: Enrolment, form: PauseForm | None = None) -> str:
    return render_template(
        "programmes/enrolment/standing.html",
        enrolment=enrolment,
        programme=enrolment.programme,
        missing=queries.next_step(enrolment),
        can_join=queries.takes_sign_ups(enrolment.programme, today(ZoneInfo(current().default_time_zone))),
        form=form or PauseForm(formdata=None),
        earliest=today(readers_zone()) + timedelta(days=1),
        latest=today(readers_zone()) + enrolling.LONGEST_PAUSE,
        **summary_of(enrolment),
    )
