"""Pages of prices: every mentor for one draft, the cheapest first, with who would move; and
what one more seat at each mentor would be worth.

The list opens below a row that is edited, or as a page. While prices are worked out it polls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from portal.clock import now
from portal.core.lifecycle import PairingState
from portal.core.permissions import May
from portal.db import db, transaction
from portal.errors import Invalid, NotFound, Stale
from portal.pairings import listing, words
from portal.pairings.matching import engine
from portal.pairings.matching.problem import Pair
from portal.pairings.models import Pairing
from portal.pairings.prices import actions as board_changes
from portal.pairings.prices import tables
from portal.pairings.queries import staffs_pairing
from portal.people.models import Person
from portal.programmes.models import Programme
from portal.programmes.queries import programme_for
from portal.web.access import requires
from portal.web.htmx import answer, redirect_to
from portal.web.numbers import id_in, page_in, version_in
from portal.web.toasts import toast

if TYPE_CHECKING:
    from portal.core.matching.prices.edits import Chain, Change
    from portal.core.matching.prices.price_board import PriceBoard

blueprint = Blueprint("prices", __name__, url_prefix="/pairings/prices")
PER_PAGE, MOST_MOVES, MOST_SEATS = 15, 4, 10


@dataclass(frozen=True)
class Move:
    """One person's partners now and after the change, as names; both are
    "" for a mentor who would have nobody.
    """

    name: str
    before: str
    then: str


@dataclass(frozen=True)
class Choice:
    """One mentor who could be chosen: the points of the pair (0..10000), what
    it costs in words, and who would move.
    """

    person: Person
    points: int
    says: tuple[str, ...]
    tone: str
    moves: tuple[Move, ...] = ()


@blueprint.context_processor
def _template_context() -> dict[str, Any]:
    return {"words": words, "MOST_MOVES": MOST_MOVES}


@blueprint.get("/<id:pairing_id>")
@requires(May.EDIT_PAIRINGS)
def show(pairing_id: int) -> Response:
    """All mentors for a draft, priced; or that it is being worked out."""
    return _list(staffs_pairing(pairing_id, current_user))


@blueprint.get("/<id:pairing_id>/with/<id:mentor_id>", endpoint="one")
@requires(May.EDIT_PAIRINGS)
def show_choice(pairing_id: int, mentor_id: int) -> Response:
    """All who would move if this mentor were chosen."""
    pairing = staffs_pairing(pairing_id, current_user)
    board = tables.board_now(pairing.programme) if pairing.state == PairingState.DRAFT else None
    if board is None:
        return redirect_to(url_for("prices.show", pairing_id=pairing.id))
    prices, row = board_changes.prices_of(pairing, board), board.rows.get(mentor_id)
    if prices is None or row is None or not prices.priced[row]:
        raise NotFound
    choice = _choices(pairing, board, [(row, prices.change(row), prices.chain(row))])[0]
    stamp = tables.stamp_made(pairing.programme_id)
    return make_response(
        render_template("pairings/prices/one.html", pairing=pairing, choice=choice, stamp=stamp)
    )


@blueprint.post("/<id:pairing_id>/choose")
@requires(May.EDIT_PAIRINGS)
def choose(pairing_id: int) -> Response:
    """Choose another mentor; whoever has to make room moves along. Prices that are out of date are answered
    with new ones. A choice that is sent twice is made once.
    """
    staffs_pairing(pairing_id, current_user)
    mentor_id, seen = id_in(request.form.get("mentor")), version_in(request.form.get("version"))
    try:
        with transaction():
            entry = board_changes.choose(
                staffs_pairing(pairing_id, current_user),
                mentor_id=mentor_id,
                seen=seen,
                stamp=request.form.get("stamp", ""),
                by=current_user,
                at=now(),
            )
            position = entry.position
    except (Stale, Invalid) as error:
        pairing = staffs_pairing(pairing_id, current_user)
        position = board_changes.chosen(pairing, mentor_id=mentor_id, by=current_user)
        if not position:
            return _list(pairing, error=error.message, status=error.status)
    pairing = staffs_pairing(pairing_id, current_user)
    toast(_chosen_text(pairing, position), undo_url=url_for("prices.undo", position=position))
    return redirect_to(_on_board(pairing))


def _chosen_text(pairing: Pairing, position: int) -> str:
    text = _("%(mentor)s mentors %(mentee)s now.", mentor=pairing.mentor.name, mentee=pairing.mentee.name)
    moved = board_changes.moved_along(position)
    if not moved:
        return str(text)
    along = ngettext("%(num)s other draft moved along.", "%(num)s other drafts moved along.", moved)
    return f"{text} {along}"


@blueprint.post("/undo/<id:position>")
@requires(May.EDIT_PAIRINGS)
def undo(position: int) -> Response:
    """Undo a choice with all that had moved along."""
    pairing = staffs_pairing(board_changes.begun_with(position), current_user)
    try:
        with transaction():
            board_changes.undo(position, by=current_user, at=now())
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
    board = tables.board_now(programme)
    poll_url = url_for("prices.seats", programme=programme.id)
    context: dict[str, Any] = {"programme": programme, "poll_url": poll_url, **_progress(programme, board)}
    if board is not None:
        values = engine.edits.seat_values(board)[0]
        best = [(row, values.change(row), values.chain(row)) for row in values.order()[:MOST_SEATS]]
        context["choices"] = _choices(None, board, best)
    return answer(
        "pairings/prices/_seats.html",
        page=lambda: render_template("pairings/prices/seats.html", **context),
        **context,
    )


def _list(pairing: Pairing, *, error: str = "", status: int = 200) -> Response:
    """The list of mentors, with what went wrong if something did."""
    is_draft = pairing.state == PairingState.DRAFT
    board = tables.board_now(pairing.programme) if is_draft else None
    q = request.args.get("q", "").strip()[:120]
    poll_url = url_for("prices.show", pairing_id=pairing.id, q=q or None)
    context: dict[str, Any] = {"pairing": pairing, "q": q, "error": error, "is_draft": is_draft}
    context["poll_url"] = poll_url
    if is_draft:
        context |= _progress(pairing.programme, board)
    if board is not None:
        context |= _priced(pairing, board, q)
    return answer(
        "pairings/prices/_prices.html",
        page=lambda: render_template("pairings/prices/prices.html", **context),
        status=status,
        **context,
    )


def _progress(programme: Programme, board: "PriceBoard | None") -> dict[str, Any]:
    """Whether prices are being worked out, or why there are none. When it is neither, ask for them."""
    if board is not None:
        return {"working": False, "problem": None}
    problem = tables.problem_now(programme)
    if problem is None and not tables.under_way(programme, at=now()):
        programme_id = programme.id
        with transaction():
            tables.request_table(programme_id, at=now())
    return {"working": problem is None, "problem": problem}


def _priced(pairing: Pairing, board: "PriceBoard", q: str) -> dict[str, Any]:
    """A page of mentors, the cheapest first."""
    prices = board_changes.prices_of(pairing, board)
    if prices is None:
        return {
            "problem": _(
                "One of these two does not wait for a match at present, so there is nothing to compare."
            )
        }
    order = prices.order()
    if q:
        query = select(Person.id).where(
            Person.id.in_(board.mentor_ids.tolist()), Person.name.icontains(q, autoescape=True)
        )
        matching_ids = set(db.session.scalars(query))
        order = [row for row in order if int(board.mentor_ids[row]) in matching_ids]
    page = page_in(request.args.get("page"))
    rows = listing.Sliced(items=order, page=page, per_page=PER_PAGE, error_out=False)
    return {
        "rows": rows,
        "choices": _choices(
            pairing, board, [(row, prices.change(row), prices.chain(row)) for row in rows.items]
        ),
        "both_ways": int(prices.both_ways.sum()),
        "count": int(prices.priced.sum()),
        "stamp": tables.stamp_made(pairing.programme_id),
        "could_be_added": len(board.planned - board.present),
    }


def _choices(
    pairing: Pairing | None, board: "PriceBoard", priced: "Sequence[tuple[int, Change, Chain]]"
) -> list[Choice]:
    """What each mentor (row) would change and who would move; one query for all names. `pairing` is the draft
    that is to have the mentor, None when it is about one more seat.
    """
    moving = {row: board_changes.people_in(chain, board) for row, _change, chain in priced}
    ids = {person_id for pairs in moving.values() for pair in (*pairs[0], *pairs[1]) for person_id in pair}
    ids |= {int(board.mentor_ids[row]) for row in moving}
    people = {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))}
    names = {person.id: person.name for person in people.values()}
    choices = []
    for row, change, _chain in priced:
        mentor = people.get(int(board.mentor_ids[row]))
        if mentor is None:
            continue
        points = int(board.scores[row, board.columns[pairing.mentee_id]]) if pairing else 0
        moves = _moves(*moving[row], names, but=pairing.mentee_id if pairing else 0)
        choices.append(Choice(mentor, points, tuple(in_words(change)), _tone(change), moves))
    return choices


def _moves(
    made: Sequence[Pair], parted: Sequence[Pair], names: dict[int, str], *, but: int
) -> tuple[Move, ...]:
    """The moves of all mentees, `but` the one it is about, by name; then
    those of mentors who would have nobody.
    """
    mentees = {mentee for _mentor, mentee in (*made, *parted)} - {but}

    def mentors_of(mentee: int, pairs: Sequence[Pair]) -> str:
        return ", ".join(names.get(mentor, "") for mentor, paired in pairs if paired == mentee)

    alone = {mentor for mentor, _mentee in parted} - {mentor for mentor, _mentee in made}
    return (
        *(
            Move(names.get(mentee, ""), mentors_of(mentee, parted), mentors_of(mentee, made))
            for mentee in sorted(mentees, key=lambda mentee: names.get(mentee, ""))
        ),
        *(Move(names.get(mentor, ""), "", "") for mentor in sorted(alone)),
    )


def in_words(change: "Change") -> list[str]:
    """What a change costs, goal by goal, in short sentences."""
    if not any(change):
        return [_("Just as good as it is now.")]
    return [*_people_texts(change), *_line_texts(change.below_line), *_points_texts(change.points)]


def _people_texts(change: "Change") -> list[str]:
    mentees, mentors = change.mentees_unmet, change.mentors_unmet
    texts = []
    if mentees > 0:
        texts.append(
            ngettext(
                "%(num)s person who wants to learn would be left without a mentor.",
                "%(num)s people who want to learn would be left without a mentor.",
                mentees,
            )
        )
    if mentees < 0:
        texts.append(
            ngettext("%(num)s more person gets a mentor.", "%(num)s more people get a mentor.", -mentees)
        )
    if mentors > 0:
        texts.append(
            ngettext(
                "%(num)s mentor would be left without anybody.",
                "%(num)s mentors would be left without anybody.",
                mentors,
            )
        )
    if mentors < 0:
        texts.append(
            ngettext("%(num)s more mentor gets somebody.", "%(num)s more mentors get somebody.", -mentors)
        )
    return texts or [_("Nobody is left out.")]


def _line_texts(below: int) -> list[str]:
    if not below:
        return []
    if below > 0:
        return [ngettext("%(num)s more pair below the line.", "%(num)s more pairs below the line.", below)]
    return [ngettext("%(num)s pair fewer below the line.", "%(num)s pairs fewer below the line.", -below)]


def _points_texts(points: int) -> list[str]:
    if not points:
        return []
    text = format_decimal(abs(points) / 100, "#,##0" if abs(points) >= 1000 else "0.##")
    return [
        _("%(points)s points more.", points=text) if points > 0 else _("%(points)s points less.", points=text)
    ]


def _tone(change: "Change") -> str:
    """How the cost is coloured: bad when somebody is left out, warn when a pair falls below the line,
    good when the whole is at least as good as now.
    """
    if change.mentees_unmet > 0 or change.mentors_unmet > 0:
        return "bad"
    return "warn" if change.below_line > 0 else "good" if change.cost <= (0, 0, 0, 0) else ""


def _on_board(pairing: Pairing) -> str:
    """The address of the row on the board, with the board's filter if the choice was made there."""
    referrer, query = (request.referrer or "").partition("?")[::2]
    is_board = referrer.endswith(url_for("board.index"))
    asked = listing.BoardQuery.of(dict(parse_qsl(query)) if is_board else {})
    return url_for(
        "board.index", **asked.args() | {"programme": pairing.programme_id}, _anchor=f"pairing-{pairing.id}"
    )
