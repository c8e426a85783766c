"""The pair's page: why the two, when they meet, what is next."""

from flask import Blueprint, make_response, render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.calendars.accounts.actions import account_of
from portal.calendars.by_mail.invitations import answers_to
from portal.clock import now
from portal.core.lifecycle import PairingState
from portal.front.queries import pair_of
from portal.pairings import words
from portal.pairings.queries import pairing_for
from portal.schedule.move_requests.requests import open_requests
from portal.schedule.queries import timeline
from portal.web.access import signed_in
from portal.web.htmx import redirect_to

blueprint = Blueprint("pair", __name__, url_prefix="/pairings")


@blueprint.get("/<id:pairing_id>")
@signed_in
def show(pairing_id: int) -> Response:
    """One pairing, for the two of it and for its programme's staff."""
    pairing = pairing_for(pairing_id, current_user)
    pair = pair_of(pairing, current_user, now())
    if pair.asked:
        return redirect_to(f"/pairings/{pairing.id}/offer")
    return make_response(
        render_template(
            "front/pair.html",
            pair=pair,
            pairing=pairing,
            reasons=words.explained(pairing, pair.side),
            timeline=timeline(pairing),
            asked=open_requests(pairing.id) if pair.side else [],
            may_change=pairing.state == PairingState.ACTIVE,
            moment_now=pair.at,
            calendar=account_of(current_user.id),
            answers=answers_to(pair.following) if pair.side and pair.following else {},
        )
    )
