"""The partner's answer to a request for another time: agree, or keep the check-in as it is."""

from flask import Blueprint, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.db import transaction
from portal.errors import Invalid
from portal.schedule.move_requests import requests
from portal.web.access import signed_in
from portal.web.htmx import redirect_to
from portal.web.toasts import toast

blueprint = Blueprint("answers", __name__, url_prefix="/schedule/requests")


@blueprint.post("/<id:request_id>/agree")
@signed_in
def agree(request_id: int) -> Response:
    """Move or skip the check-in as the partner asked."""
    return _answer(request_id, requests.agree, _("Agreed. Both calendars follow."))


@blueprint.post("/<id:request_id>/decline")
@signed_in
def decline(request_id: int) -> Response:
    """Leave the check-in as it is."""
    return _answer(request_id, requests.decline, _("It stays as it was. We have told your partner."))


def _answer(request_id: int, verb: requests.Verb, message: str) -> Response:
    _request, pairing = requests.request_for(request_id, current_user)
    back = url_for("pair.show", pairing_id=pairing.id)
    try:
        with transaction():
            done = verb(*requests.request_for(request_id, current_user), by=current_user, at=now())
        toast(message if done else _("This was settled already."), tone="" if done else "warn")
    except Invalid as error:
        toast(error.message, tone="warn")
    return redirect_to(back)
