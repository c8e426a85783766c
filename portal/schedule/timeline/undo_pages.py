"""Undoing a change from the letter about it: a page with the check-in before and now, and one button.

The link contains the version of the check-in after the change. While that is the present version, the button
undoes the change; otherwise the page shows the check-in as it is now.
"""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.core.lifecycle import CheckInState
from portal.db import transaction
from portal.errors import Invalid, NotFound, Stale
from portal.pairings.models import Pairing
from portal.schedule import planning, queries
from portal.schedule.letters import MOMENT
from portal.schedule.models import CheckIn
from portal.web.access import signed_in
from portal.web.htmx import redirect_to
from portal.web.numbers import version_in
from portal.web.toasts import toast

blueprint = Blueprint("undoing", __name__, url_prefix="/pairings")


@blueprint.get("/<id:pairing_id>/check-ins/<id:check_in_id>/back")
@signed_in
def ask(pairing_id: int, check_in_id: int) -> Response:
    """Show the check-in before and now, and ask whether to undo the change."""
    return _drawn(*_check_in(pairing_id, check_in_id))


@blueprint.post("/<id:pairing_id>/check-ins/<id:check_in_id>/back")
@signed_in
def put_back(pairing_id: int, check_in_id: int) -> Response:
    """Undo the change."""
    seen, at = version_in(request.args.get("seen", "")), now()
    try:
        with transaction():
            check_in, pairing = _check_in(pairing_id, check_in_id)
            before = _before()
            if before is None:
                planning.restore(check_in, pairing, by=current_user, at=at, seen=seen)
            else:
                planning.reschedule(check_in, pairing, starts_at=before, by=current_user, at=at, seen=seen)
    except Invalid as error:
        return _drawn(*_check_in(pairing_id, check_in_id), refusal=error.message, status=422)
    except Stale:
        return _drawn(*_check_in(pairing_id, check_in_id), status=409)
    toast(_("The check-in is as before. Both calendars follow."))
    return redirect_to(url_for("pair.show", pairing_id=pairing_id, _anchor=f"check-in-{check_in_id}"))


def _check_in(pairing_id: int, check_in_id: int) -> tuple[CheckIn, Pairing]:
    check_in, pairing = queries.check_in_for(check_in_id, current_user)
    if pairing.id != pairing_id:
        raise NotFound
    return check_in, pairing


def _before() -> datetime | None:
    """The time before the change, from the link; None if the change skipped the check-in. Raises NotFound for
    links that are not ours.
    """
    text = request.args.get("to")
    if text is None:
        return None
    try:
        moment = datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise NotFound from None
    if not 2000 <= moment.year <= 2200:
        raise NotFound
    return moment


def _drawn(check_in: CheckIn, pairing: Pairing, *, refusal: str = "", status: int = 200) -> Response:
    before, skipped = _before(), check_in.state == CheckInState.SKIPPED
    context: dict[str, Any] = {
        "check_in": check_in,
        "pairing": pairing,
        "before": before,
        "skipped": skipped,
        "number": queries.number_of(check_in),
        "refusal": refusal,
        "is_as_before": not skipped and before in (None, check_in.starts_at),
        "stale": check_in.version != version_in(request.args.get("seen", "")),
        "action": request.full_path,
    }
    return make_response(render_template("schedule/back.html", **context), status)
