"""Taking a change back from the letter that told of it: a page that says what was and what is, and one
button.

The link holds the version of the check-in that the change made. As long as nothing else has changed it, one
press puts it back; otherwise the page says how things stand now.
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
    """Say what was and what is, and ask whether it shall be as before."""
    found, pairing = _found(pairing_id, check_in_id)
    return _drawn(found, pairing)


@blueprint.post("/<id:pairing_id>/check-ins/<id:check_in_id>/back")
@signed_in
def put_back(pairing_id: int, check_in_id: int) -> Response:
    """Have it as before."""
    about = {"by": current_user, "at": now(), "seen": version_in(request.args.get("seen", ""))}
    try:
        with transaction():
            found, pairing = _found(pairing_id, check_in_id)
            before = _before()
            if before is None:
                planning.restore(found, pairing, **about)
            else:
                planning.reschedule(found, pairing, starts_at=before, **about)
    except Invalid as error:
        return _drawn(*_found(pairing_id, check_in_id), refusal=error.message, status=422)
    except Stale:
        return _drawn(*_found(pairing_id, check_in_id), status=409)
    toast(_("The check-in is as before. Both calendars follow."))
    return redirect_to(url_for("pair.show", pairing_id=pairing_id, _anchor=f"check-in-{check_in_id}"))


def _found(pairing_id: int, check_in_id: int) -> tuple[CheckIn, Pairing]:
    found, pairing = queries.check_in_for(check_in_id, current_user)
    if pairing.id != pairing_id:
        raise NotFound
    return found, pairing


def _before() -> datetime | None:
    """When it was before, as the link says; None when it was skipped. Raises NotFound for a link that is none
    of ours.
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


def _drawn(found: CheckIn, pairing: Pairing, *, refusal: str = "", status: int = 200) -> Response:
    before, skipped = _before(), found.state == CheckInState.SKIPPED
    given: dict[str, Any] = {
        "check_in": found,
        "pairing": pairing,
        "before": before,
        "skipped": skipped,
        "number": queries.number_of(found),
        "refusal": refusal,
        "is_as_before": not skipped and before in (None, found.starts_at),
        "stale": found.version != version_in(request.args.get("seen", "")),
        "action": request.full_path,
    }
    return make_response(render_template("schedule/back.html", **given), status)
