"""Home: the one next thing to do."""

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.calendars.accounts.actions import account_of
from portal.clock import now
from portal.core.permissions import May
from portal.errors import NotFound
from portal.front.queries import has_match, numbers, pairs_of, places_of, why_not
from portal.pairings import words
from portal.programmes.queries import own_enrolment
from portal.programmes.words import ROLES
from portal.schedule.move_requests.requests import to_answer
from portal.web.access import may, public, signed_in
from portal.web.htmx import is_htmx
from portal.web.template_globals import readers_zone

blueprint = Blueprint("front", __name__)
NOON, EVENING = 12, 18


@blueprint.get("/")
@public
def home() -> str | Response:
    """What to do next; strangers are told what this is."""
    if not current_user.is_authenticated:
        return redirect(url_for("joining.index"), 303)
    moment = now()
    return render_template(
        "front/home.html",
        greeting=greeting(moment.astimezone(readers_zone()).hour),
        pairs=pairs_of(current_user, moment),
        places=places_of(current_user),
        reasons=words.explained,
        ROLES=ROLES,
        asked=to_answer(current_user.id),
        calendar=account_of(current_user.id),
        numbers=numbers(current_user) if may(May.SEE_PEOPLE) else None,
    )


@blueprint.get("/join/<id:programme_id>/why")
@signed_in
def why(programme_id: int) -> Response:
    """Why nobody was found for the reader yet, and what would change it; or that there is somebody."""
    enrolment = own_enrolment(programme_id, current_user.id)
    if enrolment is None:
        raise NotFound
    matched = has_match(current_user, enrolment)
    facts = {
        "programme": enrolment.programme,
        "enrolment": enrolment,
        "why": why_not(current_user, [enrolment]).get(programme_id, ()),
        "ROLES": ROLES,
        "matched": matched,
    }
    if not is_htmx():
        return make_response(render_template("front/why_not.html", **facts))
    if not matched:
        return make_response(render_template("front/_why_not.html", **facts))
    response = make_response(render_template("front/_matched.html"))
    response.headers["HX-Retarget"] = "#where"
    return response


def greeting(hour: int) -> str:
    """What one says at that hour of the day."""
    if hour < NOON:
        return _("Good morning")
    return _("Good afternoon") if hour < EVENING else _("Good evening")
