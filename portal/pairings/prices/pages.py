"""What another mentor would cost, as staff see it: every mentor for one draft, the cheapest first, and who
would move.

The list opens below a row that is edited, or as a page. While prices are worked out it looks again by itself.
And what one more seat would be worth: whom to ask to take two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from portal.clock import now
from portal.core.lifecycle import PairingState
from portal.core.matching.prices.edits import Chain, Change, seat_values
from portal.core.matching.prices.price_board import PriceBoard
from portal.core.permissions import May
from portal.db import db, transaction
from portal.errors import Invalid, NotFound, Stale
from portal.pairings import listing as directory
from portal.pairings import words
from portal.pairings.models import Pairing
from portal.pairings.prices import actions as chains
from portal.pairings.prices import tables as pricing
from portal.pairings.queries import staffs_pairing
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.programmes.queries import programme_for
from portal.web.access import requires
from portal.web.htmx import answer, redirect_to
from portal.web.numbers import id_in, page_in, version_in
from portal.web.toasts import toast

blueprint = Blueprint("prices", __name__, url_prefix="/pairings/prices")
PER_PAGE, FEW, SEATS = 15, 4, 10


@dataclass(frozen=True)
class Move:
    """What becomes of one person's place: whom they meet now, and whom they would meet."""

    name: str
    before: str
    then: str


@dataclass(frozen=True)
class Offer:
    """One mentor who could be chosen: who, the points of the pair, what it costs in words, and who would
    move.
    """

    person: Person
    points: int
    says: tuple[str, ...]
    tone: str
    moves: tuple[Move, ...] = ()


@blueprint.context_processor
def _given() -> dict[str, Any]:
    return {"words": words, "FEW": FEW}


@blueprint.get("/<id:pairing_id>")
@requires(May.EDIT_PAIRINGS)
def show(pairing_id: int) -> Response:
    """All mentors for a draft, priced; or that it is being worked out."""
    return _list(staffs_pairing(pairing_id, current_user))


@blueprint.get("/<id:pairing_id>/with/<id:mentor_id>")
@requires(May.EDIT_PAIRINGS)
def one(pairing_id: int, mentor_id: int) -> Response:
    """All who would move if this mentor were chosen."""
    pairing = staffs_pairing(pairing_id, current_user)
    board = pricing.board_now(pairing.programme) if pairing.state == PairingState.DRAFT else None
    if board is None:
        return redirect_to(url_for("prices.show", pairing_id=pairing.id))
    prices, row = chains.prices_of(pairing, board), board.rows.get(mentor_id)
    if prices is None or row is None or not prices.priced[row]:
        raise NotFound
    offer = _offers(pairing, board, [(row, prices.change(row), prices.chain(row))])[0]
    about = {"pairing": pairing, "offer": offer, "stamp": pricing.stamp_made(pairing.programme_id)}
    return make_response(render_template("pairings/prices/one.html", **about))


@blueprint.post("/<id:pairing_id>/choose")
@requires(May.EDIT_PAIRINGS)
def choose(pairing_id: int) -> Response:
    """Choose another mentor; whoever has to make room moves along. Old prices are answered with new ones,
    twice is once.
    """
    staffs_pairing(pairing_id, current_user)
    mentor_id, seen = id_in(request.form.get("mentor")), version_in(request.form.get("version"))
    try:
        with transaction():
            pairing = staffs_pairing(pairing_id, current_user)
            stamp = request.form.get("stamp", "")
            about = {"mentor_id": mentor_id, "seen": seen, "stamp": stamp, "by": current_user, "at": now()}
            position = chains.choose(pairing, **about).position
    except (Stale, Invalid) as error:
        position = chains.chosen(
            staffs_pairing(pairing_id, current_user), mentor_id=mentor_id, by=current_user
        )
        if not position:
            return _list(staffs_pairing(pairing_id, current_user), said=error.message, status=error.status)
    pairing, moved = staffs_pairing(pairing_id, current_user), chains.moved_along(position)
    chosen = _("%(mentor)s mentors %(mentee)s now.", mentor=pairing.mentor.name, mentee=pairing.mentee.name)
    along = (
        ngettext("%(num)s other draft moved along.", "%(num)s other drafts moved along.", moved)
        if moved
        else ""
    )
    toast(f"{chosen} {along}".strip(), undo_url=url_for("prices.undo", position=position))
    return redirect_to(_on_board(pairing))


@blueprint.post("/undo/<id:position>")
@requires(May.EDIT_PAIRINGS)
def undo(position: int) -> Response:
    """Take a choice back with all that had moved along."""
    pairing = staffs_pairing(chains.begun_with(position), current_user)
    try:
        with transaction():
            chains.undo(position, by=current_user, at=now())
        toast(_("Undone: all of them are as before."))
    except (Invalid, Stale) as error:
        toast(error.message, tone="warn")
    return redirect_to(_on_board(staffs_pairing(pairing.id, current_user)))


@blueprint.get("/seats")
@requires(May.EDIT_PAIRINGS)
def seats() -> Response:
    """Whom to ask to take one more: what one more seat at each mentor would be worth."""
    programme = programme_for(id_in(request.args.get("programme")), current_user)
    if programme is None:
        raise NotFound
    board = pricing.board_now(programme)
    here = url_for("prices.seats", programme=programme.id)
    about: dict[str, Any] = {"programme": programme, "again": here, **_waiting(programme, board)}
    if board is not None:
        values = seat_values(board)[0]
        best = [(row, values.change(row), values.chain(row)) for row in values.order()[:SEATS]]
        about["offers"] = _offers(None, board, best)
    return answer(
        "pairings/prices/_seats.html",
        page=lambda: render_template("pairings/prices/seats.html", **about),
        **about,
    )


def _list(pairing: Pairing, *, said: str = "", status: int = 200) -> Response:
    """The list of mentors, with what went wrong if something did."""
    is_draft = pairing.state == PairingState.DRAFT
    board = pricing.board_now(pairing.programme) if is_draft else None
    q = request.args.get("q", "").strip()[:120]
    about: dict[str, Any] = {"pairing": pairing, "q": q, "said": said, "is_draft": is_draft}
    about["again"] = url_for("prices.show", pairing_id=pairing.id, q=q or None)
    if is_draft:
        about |= _waiting(pairing.programme, board)
    if board is not None:
        about |= _priced(pairing, board, q)
    page = lambda: render_template("pairings/prices/prices.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("pairings/prices/_prices.html", page=page, status=status, **about)


def _waiting(programme: Programme, board: PriceBoard | None) -> dict[str, Any]:
    """Whether prices are being worked out, or why there are none. Whoever finds neither asks for them."""
    if board is not None:
        return {"working": False, "problem": None}
    problem = pricing.problem_now(programme)
    if problem is None and not pricing.under_way(programme, at=now()):
        programme_id = programme.id
        with transaction():
            pricing.wanted(programme_id, at=now())
    return {"working": problem is None, "problem": problem}


def _priced(pairing: Pairing, board: PriceBoard, q: str) -> dict[str, Any]:
    """A page of mentors, the cheapest first."""
    prices = chains.prices_of(pairing, board)
    if prices is None:
        return {
            "problem": _(
                "One of these two does not wait for a match at present, so there is nothing to compare."
            )
        }
    order = prices.order()
    if q:
        named = set(
            db.session.scalars(
                select(Person.id).where(
                    Person.id.in_(board.mentor_ids.tolist()), Person.name.icontains(q, autoescape=True)
                )
            )
        )
        order = [row for row in order if int(board.mentor_ids[row]) in named]
    page = page_in(request.args.get("page"))
    rows = directory.Sliced(every=order, page=page, per_page=PER_PAGE, error_out=False)
    offers = _offers(pairing, board, [(row, prices.change(row), prices.chain(row)) for row in rows.items])
    both = int(prices.both_ways.sum())
    return {
        "rows": rows,
        "offers": offers,
        "both_ways": both,
        "many": int(prices.priced.sum()),
        "stamp": pricing.stamp_made(pairing.programme_id),
        "could_be_added": len(board.planned - board.present),
    }


def _offers(
    pairing: Pairing | None, board: PriceBoard, found: Sequence[tuple[int, Change, Chain]]
) -> list[Offer]:
    """What each mentor (row) would change and who would move; one query for all names."""
    moving = {row: chains.people_in(chain, board) for row, _change, chain in found}
    ids = {each for made, parted in moving.values() for pair in (*made, *parted) for each in pair}
    ids |= {int(board.mentor_ids[row]) for row in moving}
    people = {each.id: each for each in db.session.scalars(select(Person).where(Person.id.in_(ids)))}
    names = {each.id: each.name for each in people.values()}
    offers = []
    for row, change, _chain in found:
        person = people.get(int(board.mentor_ids[row]))
        if person is None:
            continue
        points = int(board.scores[row, board.columns[pairing.mentee_id]]) if pairing else 0
        moves = _moves(*moving[row], names, but=pairing.mentee_id if pairing else 0)
        offers.append(Offer(person, points, tuple(in_words(change)), _tone(change), moves))
    return offers


def _moves(
    made: Sequence[tuple[int, int]], parted: Sequence[tuple[int, int]], names: dict[int, str], *, but: int
) -> tuple[Move, ...]:
    """Mentee by mentee: whom they meet now and whom they would meet; then mentors who would be without."""
    mentees = sorted(
        {mentee for _mentor, mentee in (*made, *parted)} - {but}, key=lambda each: names.get(each, "")
    )

    def told(pairs: Sequence[chains.Pair], mentee: int) -> str:
        return ", ".join(names.get(mentor, "") for mentor, other in pairs if other == mentee)

    left = {mentor for mentor, _mentee in parted} - {mentor for mentor, _mentee in made}
    found = [Move(names.get(each, ""), told(parted, each), told(made, each)) for each in mentees]
    return (*found, *(Move(names.get(each, ""), "", "") for each in sorted(left)))


def in_words(change: Change) -> list[str]:
    """What a change costs, goal by goal, in short sentences."""
    if change == Change():
        return [_("Just as good as it is now.")]
    return [*_people_said(change), *_line_said(change.below_line), *_points_said(change.points)]


def _people_said(change: Change) -> list[str]:
    mentees, mentors = change.mentees_unmet, change.mentors_unmet
    said = []
    if mentees > 0:
        said.append(
            ngettext(
                "%(num)s person who wants to learn would be left without a mentor.",
                "%(num)s people who want to learn would be left without a mentor.",
                mentees,
            )
        )
    if mentees < 0:
        said.append(
            ngettext("%(num)s more person gets a mentor.", "%(num)s more people get a mentor.", -mentees)
        )
    if mentors > 0:
        said.append(
            ngettext(
                "%(num)s mentor would be left without anybody.",
                "%(num)s mentors would be left without anybody.",
                mentors,
            )
        )
    if mentors < 0:
        said.append(
            ngettext("%(num)s more mentor gets somebody.", "%(num)s more mentors get somebody.", -mentors)
        )
    return said or [_("Nobody is left out.")]


def _line_said(below: int) -> list[str]:
    if not below:
        return []
    if below > 0:
        return [ngettext("%(num)s more pair below the line.", "%(num)s more pairs below the line.", below)]
    return [ngettext("%(num)s pair fewer below the line.", "%(num)s pairs fewer below the line.", -below)]


def _points_said(points: int) -> list[str]:
    if not points:
        return []
    many = format_decimal(abs(points) / 100, "#,##0" if abs(points) >= 1000 else "0.##")
    return [
        _("%(points)s points more.", points=many) if points > 0 else _("%(points)s points less.", points=many)
    ]


def _tone(change: Change) -> str:
    """How the cost is coloured: bad when somebody is left out, warn when a pair falls below the line."""
    if change.mentees_unmet > 0 or change.mentors_unmet > 0:
        return "bad"
    return "warn" if change.below_line > 0 else "good" if change.cost <= Change().cost else ""


def _on_board(pairing: Pairing) -> str:
    """The row on the board, with the filter that was on if the choice was made there."""
    here, query = (request.referrer or "").partition("?")[::2]
    asked = directory.Asked.of(dict(parse_qsl(query)) if here.endswith(url_for("board.index")) else {})
    return url_for(
        "board.index", **asked.args() | {"programme": pairing.programme_id}, _anchor=f"pairing-{pairing.id}"
    )
