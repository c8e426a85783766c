"""The offer as its two people see it, each alone: accept, decline, and later
end the pairing, without giving a reason.
"""

from dataclasses import dataclass

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
from portal.pairings.offers import actions as offers
from portal.pairings.queries import BEGUN, pairing_for, partner, side_of, was_asked
from portal.people.models import Person
from portal.programmes.topics.labels import topic_labels
from portal.programmes.words import cadence
from portal.web.access import signed_in
from portal.web.htmx import redirect_to
from portal.web.toasts import toast

blueprint = Blueprint("offers", __name__, url_prefix="/pairings")


@dataclass(frozen=True)
class OfferPage:
    """What one of the two reads about an offer."""

    pairing: Pairing
    partner: Person
    side: str | None
    my_turn: bool
    reasons: list[str]
    subjects: list[tuple[str, str]]
    """The subjects that led to the match, each with the side that teaches it."""
    cadence: str


@blueprint.get("/<id:pairing_id>/offer")
@signed_in
def show(pairing_id: int) -> Response:
    """Who the other is and why these two, what a yes means and until when to answer;
    or that it is the other's turn, or over.
    """
    pairing = _asked(pairing_id)
    if pairing is None:
        return make_response(render_template("pairings/offers/over.html"))
    if pairing.state != PairingState.OFFERED:
        return redirect_to(url_for("pair.show", pairing_id=pairing.id))
    return make_response(render_template("pairings/offers/offer.html", page=_offer_page(pairing)))


@blueprint.post("/<id:pairing_id>/offer/accept")
@signed_in
def accept(pairing_id: int) -> Response:
    with transaction():
        pairing = _still_asked(pairing_id)
        changed = offers.accept(pairing, by=current_user, at=now())
        other, active = partner(pairing, current_user.id).name, pairing.state == PairingState.ACTIVE
    if changed and active:
        toast(_("You and %(name)s are a pair. The next thing to do is to find your times.", name=other))
    elif changed:
        toast(_("Thank you. Now we ask %(name)s.", name=other))
    return redirect_to(url_for("pair.show", pairing_id=pairing_id))


@blueprint.get("/<id:pairing_id>/offer/decline")
@signed_in
def ask_to_decline(pairing_id: int) -> Response:
    """Ask whether they are sure; no reason is asked."""
    pairing = _asked(pairing_id)
    if pairing is None or not _is_their_turn(pairing):
        return redirect_to(url_for("offers.show", pairing_id=pairing_id))
    return make_response(render_template("pairings/offers/decline.html", page=_offer_page(pairing)))


@blueprint.post("/<id:pairing_id>/offer/decline")
@signed_in
def decline(pairing_id: int) -> Response:
    with transaction():
        offers.decline(_still_asked(pairing_id), by=current_user, at=now())
    toast(_("Thank you for telling us. You wait for another match, and we go on looking."))
    return redirect_to(url_for("front.home"))


@blueprint.get("/<id:pairing_id>/end")
@signed_in
def ask_to_end(pairing_id: int) -> Response:
    """Ask whether to end a pairing; the same page for each of the two, and for staff."""
    pairing = pairing_for(pairing_id, current_user)
    if pairing.state not in BEGUN:
        return redirect_to(url_for("pair.show", pairing_id=pairing_id))
    side, other = side_of(pairing, current_user.id), partner(pairing, current_user.id)
    return make_response(
        render_template("pairings/offers/end.html", pairing=pairing, side=side, partner=other)
    )


@blueprint.post("/<id:pairing_id>/end")
@signed_in
def end(pairing_id: int) -> Response:
    with transaction():
        pairing = pairing_for(pairing_id, current_user)
        offers.end(pairing, by=current_user, at=now())
        side = side_of(pairing, current_user.id)
        names = {"mentor": pairing.mentor.name, "mentee": pairing.mentee.name}
    if side:
        toast(_("It is over, and nobody has to explain anything. Both of you get a letter."))
    else:
        toast(_("The pairing of %(mentor)s and %(mentee)s is over. Both get a letter.", **names))
    return redirect_to(url_for("pair.show", pairing_id=pairing_id))


def _asked(pairing_id: int) -> Pairing | None:
    """The pairing for one of its two; None when they were asked and that is
    over. Raises NotFound for all others.
    """
    stored = db.session.get(Pairing, pairing_id)
    if stored is not None and _is_over(stored) and was_asked(stored, current_user.id):
        return None
    pairing = pairing_for(pairing_id, current_user)
    if side_of(pairing, current_user.id) is None:
        raise NotFound
    return pairing


def _still_asked(pairing_id: int) -> Pairing:
    """The pairing whose offer is answered. One that is over is loaded too: the action says
    so, or takes the same answer twice for once.
    """
    return _asked(pairing_id) or db.session.get_one(Pairing, pairing_id)


def _is_over(pairing: Pairing) -> bool:
    """Whether it never began and will not. Then an old letter's link leads
    to a page that says so, not to 404.
    """
    ended = pairing.state == PairingState.ENDED and pairing.active_at is None
    return ended or pairing.state == PairingState.DECLINED


def _is_their_turn(pairing: Pairing) -> bool:
    turn = offers.turn_of(pairing)
    return turn is not None and turn.id == current_user.id


def _offer_page(pairing: Pairing) -> OfferPage:
    side = side_of(pairing, current_user.id)
    return OfferPage(
        pairing=pairing,
        partner=partner(pairing, current_user.id),
        side=side,
        my_turn=_is_their_turn(pairing),
        reasons=words.reasons(pairing, side or "staff"),
        subjects=_subjects(pairing),
        cadence=cadence(pairing.programme),
    )


def _subjects(pairing: Pairing) -> list[tuple[str, str]]:
    subjects: dict[tuple[str, str], None] = {}  # in order, each once
    for part in pairing.parts:
        side = {"interests": "mentor", "giveback": "mentee"}.get(part["name"])
        if side and part["points"] > 0 and "topic" in part["args"]:
            topic: str = part["args"]["topic"]
            subjects[topic_labels().get(topic, topic), side] = None
    return list(subjects)
