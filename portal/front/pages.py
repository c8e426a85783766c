"""Home: the one next thing to do."""

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.calendars.accounts import account_of
from portal.clock import now
from portal.core.permissions import May
from portal.front.queries import numbers, pairs_of, places_of
from portal.pairings import words
from portal.web.access import may, public
from portal.web.furniture import readers_zone

room = Blueprint("front", __name__)
NOON, EVENING = 12, 18


@room.get("/")
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
        reasons=words.reasons,
        calendar=account_of(current_user.id),
        numbers=numbers(current_user) if may(May.SEE_PEOPLE) else None,
    )


def greeting(hour: int) -> str:
    """What one says at that hour of the day."""
    if hour < NOON:
        return _("Good morning")
    return _("Good afternoon") if hour < EVENING else _("Good evening")
