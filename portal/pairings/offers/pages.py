"""The question put to two people, and the end of what came of it: for the two alone, without blame on either
side.
"""

from typing import Any

from flask import Blueprint, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.core.lifecycle import PairingState
from portal.db import db, transaction
from portal.errors import NotFound
from portal.pairings import words
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as asking
from portal.pairings.queries import pairing_for, partner, side_of, was_asked
from portal.programmes.words import cadence
from portal.web.access import signed_in
from portal.web.htmx import redirect_to
from portal.web.toasts import toast

blueprint = Blueprint("offers", __name__, url_prefix="/pairings")
BEGUN = (PairingState.ACTIVE, PairingState.PAUSED)


@blueprint.get("/<id:pairing_id>/offer")
@signed_in
def show(pairing_id: int) -> Response:
    """Why the two, who the other is, what a yes means and until when; or that it is the other's turn, or
    over.
    """
    pairing = _asked(pairing_id)
    if pairing is None:
        return make_response(render_template("pairings/offers/over.html"))
    if pairing.state != PairingState.OFFERED:
        return redirect_to(url_for("pair.show", pairing_id=pairing.id))
    return make_response(render_template("pairings/offers/offer.html", **_about(pairing)))


@blueprint.post("/<id:pairing_id>/offer/accept")
@signed_in
def accept(pairing_id: int) -> Response:
    """Say yes."""
    with transaction():
        pairing = _still_asked(pairing_id)
        changed = asking.accept(pairing, by=current_user, at=now())
        other, active = partner(pairing, current_user.id).name, pairing.state == PairingState.ACTIVE
    if changed and active:
        toast(_("You and %(name)s are a pair. The next thing to do is to find your times.", name=other))
    elif changed:
        toast(_("Thank you. Now we ask %(name)s.", name=other))
    return redirect_to(url_for("pair.show", pairing_id=pairing_id))


@blueprint.get("/<id:pairing_id>/offer/decline")
@signed_in
def ask_to_decline(pairing_id: int) -> Response:
    """Whether somebody is sure; no reason is asked."""
    pairing = _asked(pairing_id)
    if pairing is None or not _is_their_turn(pairing):
        return redirect_to(url_for("offers.show", pairing_id=pairing_id))
    return make_response(render_template("pairings/offers/decline.html", **_about(pairing)))


@blueprint.post("/<id:pairing_id>/offer/decline")
@signed_in
def decline(pairing_id: int) -> Response:
    """Say no."""
    with transaction():
        asking.decline(_still_asked(pairing_id), by=current_user, at=now())
    toast(_("Thank you for telling us. You wait for another match, and we go on looking."))
    return redirect_to(url_for("front.home"))


@blueprint.get("/<id:pairing_id>/end")
@signed_in
def ask_to_end(pairing_id: int) -> Response:
    """Whether to end a pairing; alike for each of the two, and for staff."""
    pairing = pairing_for(pairing_id, current_user)
    if pairing.state not in BEGUN:
        return redirect_to(url_for("pair.show", pairing_id=pairing_id))
    side = side_of(pairing, current_user.id)
    return make_response(
        render_template("pairings/offers/end.html", pairing=pairing, side=side, **_partner_of(pairing))
    )


@blueprint.post("/<id:pairing_id>/end")
@signed_in
def end(pairing_id: int) -> Response:
    """End a pairing. Its past stays, its future goes."""
    with transaction():
        pairing = pairing_for(pairing_id, current_user)
        asking.end(pairing, by=current_user, at=now())
        side = side_of(pairing, current_user.id)
        names = {"mentor": pairing.mentor.name, "mentee": pairing.mentee.name}
    if side:
        toast(_("It is over, and nobody has to explain anything. Both of you get a letter."))
    else:
        toast(_("The pairing of %(mentor)s and %(mentee)s is over. Both get a letter.", **names))
    return redirect_to(url_for("pair.show", pairing_id=pairing_id))


def _asked(pairing_id: int) -> Pairing | None:
    """The pairing for one of its two; None for one of them who was asked when that is over. NotFound for all
    others.
    """
    kept = db.session.get(Pairing, pairing_id)
    if kept is not None and _is_over(kept) and was_asked(kept, current_user.id):
        return None
    pairing = pairing_for(pairing_id, current_user)
    if side_of(pairing, current_user.id) is None:
        raise NotFound
    return pairing


def _still_asked(pairing_id: int) -> Pairing:
    """The pairing whose question is answered. One that is over is loaded too: the action says so, or takes it
    for twice.
    """
    return _asked(pairing_id) or db.session.get_one(Pairing, pairing_id)


def _is_over(pairing: Pairing) -> bool:
    """Whether it never began and will not, so that an old letter's link leads to words instead of nothing."""
    ended = pairing.state == PairingState.ENDED and pairing.active_at is None
    return ended or pairing.state == PairingState.DECLINED


def _is_their_turn(pairing: Pairing) -> bool:
    turn = asking.turn_of(pairing)
    return turn is not None and turn.id == current_user.id


def _about(pairing: Pairing) -> dict[str, Any]:
    return {
        "pairing": pairing,
        "side": side_of(pairing, current_user.id),
        "my_turn": _is_their_turn(pairing),
        "reasons": words.reasons(pairing.parts, side_of(pairing, current_user.id) or "staff"),
        "subjects": _subjects(pairing),
        "cadence": cadence(pairing.programme),
        **_partner_of(pairing),
    }


def _partner_of(pairing: Pairing) -> dict[str, Any]:
    return {"partner": partner(pairing, current_user.id)}


def _subjects(pairing: Pairing) -> list[tuple[str, str]]:
    """The subjects that led to the match, each with the side that teaches it."""
    found: dict[tuple[str, str], None] = {}
    for part in pairing.parts:
        side = {"interests": "mentor", "giveback": "mentee"}.get(part["name"])
        if side and part["points"] > 0 and "topic" in part["args"]:
            topic: str = part["args"]["topic"]
            found[_(topic), side] = None
    return list(found)
