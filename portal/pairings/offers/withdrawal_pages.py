"""Pages for withdrawing from a programme. They are in this package, not in programmes,
because withdrawing also ends the person's pairings.
"""

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.core.lifecycle import EnrolmentState
from portal.db import transaction
from portal.errors import NotFound
from portal.pairings.offers import withdrawal
from portal.pairings.queries import BEGUN, pairings_of
from portal.programmes.models import Enrolment
from portal.programmes.queries import own_enrolment
from portal.web.access import signed_in
from portal.web.htmx import redirect_to
from portal.web.toasts import toast

blueprint = Blueprint("withdrawing", __name__, url_prefix="/join")


@blueprint.get("/<id:programme_id>/withdraw")
@signed_in
def ask(programme_id: int) -> Response:
    """Ask once before somebody leaves, and say which pairings end by it."""
    enrolment = _own(programme_id)
    if enrolment.state == EnrolmentState.WITHDRAWN:
        return redirect(_standing(programme_id), 303)
    ending = [
        pairing
        for pairing in pairings_of(current_user.id)
        if pairing.programme_id == programme_id and pairing.state in BEGUN
    ]
    return make_response(
        render_template("pairings/offers/withdraw.html", programme=enrolment.programme, ending=ending)
    )


@blueprint.post("/<id:programme_id>/withdraw")
@signed_in
def withdraw(programme_id: int) -> Response:
    with transaction():
        withdrawal.withdraw(_own(programme_id, hold=True), at=now())
    toast(_("You have left the programme. You can join again whenever sign-up is open."))
    return redirect_to(_standing(programme_id))


def _own(programme_id: int, *, hold: bool = False) -> Enrolment:
    enrolment = own_enrolment(programme_id, current_user.id, hold=hold)
    if enrolment is None:
        raise NotFound
    return enrolment


def _standing(programme_id: int) -> str:
    return url_for("standing.show", programme_id=programme_id)
