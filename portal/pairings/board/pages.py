"""Staff's board: a programme's pairings in a table that is edited inline, reasons in a drawer below a
row, pairing by hand with suggestions of people, and publishing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, g, make_response, render_template, request, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_sqlalchemy.pagination import Pagination
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now
from portal.core.permissions import May
from portal.db import db, transaction
from portal.errors import Invalid, NotFound, Stale
from portal.pairings import listing, words
from portal.pairings.board import actions, forms
from portal.pairings.board.forms import PairingForm, pairing_form
from portal.pairings.matching.suggestions import may_be_chosen
from portal.pairings.models import Pairing
from portal.pairings.offers import publishing
from portal.pairings.queries import staffs_pairing, staffs_programme
from portal.people import person_field
from portal.people.listing import names_of
from portal.programmes.models import Programme
from portal.web.access import requires
from portal.web.htmx import answer, redirect_to
from portal.web.inline_rows import Empty, Header, InlineTable
from portal.web.numbers import id_in, page_in, version_in
from portal.web.toasts import toast

blueprint = Blueprint("board", __name__, url_prefix="/pairings/board")
MOST_WAITING, LETTERS_PER_PAGE = 3, 12
MOVED = "pairing.moved"
PRESETS = {
    "": _l("Open"),
    "draft": _l("Drafts"),
    "offered": _l("Waiting for an answer"),
    "active": _l("Active"),
    "paused": _l("Paused"),
    "below": _l("Below the line"),
    "locked": _l("Locked"),
    "over": _l("Over"),
}


@blueprint.context_processor
def _template_context() -> dict[str, Any]:
    return {
        "words": words,
        "exact": lambda points: format_decimal(points / 100, "0.##"),
        "is_below": lambda pairing: pairing.score < listing.line_of(pairing.programme),
    }


def _programmes() -> list[Programme]:
    """The programmes that the reader runs, the current one first; one query in a request."""
    if "programmes" not in g:
        g.programmes = listing.programmes_of(current_user)
    programmes: list[Programme] = g.programmes
    return programmes


class Board(InlineTable[Pairing, listing.BoardQuery]):
    """The pairings of one programme: the one asked for, or the current one."""

    item, kind = "pairing", actions.KIND
    templates, html_table, query = "pairings/board", "board", listing.BoardQuery
    css_class = "cards pairs"
    caption = _l("Pairings")
    headers = (
        Header(_l("Mentor"), sort="mentor"),
        Header(_l("Learns from them"), sort="mentee"),
        Header(_l("Match"), sort="score"),
        Header(_l("Because")),
        Header(_l("State"), sort="state"),
    )
    empty = Empty(
        _l("No pairing fits"),
        _l("No pairing of this programme fits what you asked for."),
        _l("Show all that are open"),
    )
    below_row = "pairings/board/_drawer_closed.html"
    partials: Mapping[str, str] = {
        "board-presets": "pairings/board/_presets.html",
        "board-kept": "pairings/board/_kept.html",
    }
    labels = forms.LABELS
    people_fields = ("mentor_id", "mentee_id")
    nothing_yet = _l(
        "This pairing came from a run of the matching; what is changed by hand will be listed here."
    )
    action_words: Mapping[str, Any] = {
        "pairing.added": _l("put these two together"),
        "pairing.edited": _l("changed this"),
        MOVED: _l("moved it on"),
        "pairing.accepted": _l("said yes"),
        "pairing.chain": _l("chose a mentor, and others moved along"),
        "pairing.moved_along": _l("moved this along with another change"),
    }

    def find(self, row_id: int) -> Pairing:
        return staffs_pairing(row_id, current_user)

    def asked(self, edited: Pairing | None) -> listing.BoardQuery:
        query = super().asked(edited)
        if edited is not None:
            return replace(query, programme=edited.programme_id)
        ids = [programme.id for programme in _programmes()]
        if query.programme and query.programme not in ids:
            raise NotFound
        return replace(query, programme=query.programme or ids[0])

    def rows(self, query: listing.BoardQuery, per_page: int | None) -> Pagination:
        return listing.find(db.session.get_one(Programme, query.programme), query)

    def list_context(self, edited: Pairing | None = None) -> dict[str, Any]:
        context = super().list_context(edited)
        query: listing.BoardQuery = context["asked"]
        programme = db.session.get_one(Programme, query.programme)
        numbers = listing.count_presets(programme)
        presets = [
            (key, PRESETS[key], numbers[key])
            for key in listing.SHOWN
            if numbers[key] or key in ("", query.show)
        ]
        return {**context, "programme": programme, "numbers": numbers, "presets": presets}

    def page(self, context: dict[str, Any]) -> str:
        left = listing.waiting(context["programme"].id, per_page=MOST_WAITING)
        return super().page({**context, "left": left, "programmes": _programmes()})

    def empty_url(self) -> str:
        return url_for(".index", programme=id_in(request.args.get("programme")) or None)

    def form(self, row: Pairing, *, fresh: bool = False) -> PairingForm:
        return pairing_form(row, fresh=fresh)

    def change(self, row: Pairing, form: PairingForm) -> audit.AuditEntry | None:
        reason = form.reason.data or ""
        return actions.edit(row, seen=form.seen(), by=current_user, at=now(), reason=reason, **form.values())

    def take_back(self, entry: audit.AuditEntry) -> None:
        self.find(id_in(entry.object_id))
        actions.undo(entry.position, by=current_user, at=now())

    def name(self, row: Pairing) -> str:
        return str(_("%(mentor)s and %(mentee)s", mentor=row.mentor.name, mentee=row.mentee.name))

    def names_of(self, person_ids: set[int]) -> dict[int, str]:
        return names_of(person_ids)

    def overtaken(self, row: Pairing, who: str) -> str:
        message = _(
            "%(who)s changed %(mentor)s and %(mentee)s meanwhile. Nothing of yours is lost; choose what"
            " should stand.",
            who=who,
            mentor=row.mentor.name,
            mentee=row.mentee.name,
        )
        return str(message)

    def list_args(self, row: Pairing | None = None) -> dict[str, Any]:
        args = super().list_args()
        if row is not None:
            args = {**args, "programme": row.programme_id}
        return dict(sorted(args.items(), key=lambda arg: arg[0] == "programme"))

    def history_back(self, row: Pairing) -> str:
        return url_for(".index", programme=row.programme_id, _anchor=self.html_id(row))

    def history_entries(self, row: Pairing) -> list[audit.AuditEntry]:
        # staff's edit of the state and the step it led to are two entries, which say the same
        entries = super().history_entries(row)
        edits = {
            entry.position
            for entry in entries
            if entry.action == actions.EDITED and "state" in (entry.after or {})
        }
        return [entry for entry in entries if entry.action != MOVED or entry.position + 1 not in edits]

    def differences(self, entry: audit.AuditEntry, names: Mapping[int, str]) -> list[tuple[str, str, str]]:
        # an entry of a choice has the two people too when they stay, and a new pair has nothing before
        return [
            difference
            for difference in super().differences(entry, names)
            if entry.before and difference[1] != difference[2]
        ]

    def can_be_undone(self, entry: audit.AuditEntry, row: Pairing) -> bool:
        return actions.can_be_undone(entry, row)

    def in_words(self, name: str, value: Any, names: Mapping[int, str]) -> str:
        return forms.value_in_words(name, value, names)


board = Board()
board.add_routes(blueprint, see=May.EDIT_PAIRINGS, edit=May.EDIT_PAIRINGS, without=("index", "row"))


@blueprint.get("")
@requires(May.EDIT_PAIRINGS)
def index() -> Response:
    """The board of one programme, or a page for somebody who runs none."""
    if not _programmes():
        return make_response(render_template("pairings/board/nothing.html"))
    return board.index()


@blueprint.get("/<id:pairing_id>/row")
@requires(May.EDIT_PAIRINGS)
def row(pairing_id: int) -> Response:
    """One row as it is, when an edit is left; or the drawer below it, closed."""
    pairing = staffs_pairing(pairing_id, current_user)
    if request.args.get("drawer") == "closed":
        return answer("pairings/board/_drawer_closed.html", back_to=board.list_url(pairing), row=pairing)
    return board.row_answer(pairing)


@blueprint.get("/<id:pairing_id>/reasons")
@requires(May.EDIT_PAIRINGS)
def reasons(pairing_id: int) -> Response:
    """Every part of the score with its points and its sentence."""
    pairing = staffs_pairing(pairing_id, current_user)
    page = lambda: render_template("pairings/board/reasons.html", pairing=pairing)  # noqa: E731  # it needs no name elsewhere
    return answer("pairings/board/_reasons.html", page=page, pairing=pairing, columns=board.columns)


@blueprint.post("/<id:pairing_id>/discard")
@requires(May.EDIT_PAIRINGS)
def discard(pairing_id: int) -> Response:
    """Take a draft off the board."""
    seen = version_in(request.form.get("version"))
    with transaction():
        entry = actions.discard(
            staffs_pairing(pairing_id, current_user), seen=seen, by=current_user, at=now()
        )
    return board.changed(staffs_pairing(pairing_id, current_user), entry, _("The draft is discarded."))


@blueprint.route("/new", methods=["GET", "POST"])
@requires(May.EDIT_PAIRINGS)
def add() -> Response:
    """Put two people together by hand."""
    programme = staffs_programme(id_in(request.args.get("programme")), current_user)
    form = forms.NewPairForm()
    if form.sent():
        try:
            with transaction():
                pairing = actions.add(
                    staffs_programme(programme.id, current_user),
                    mentor_id=form.mentor.person.id,
                    mentee_id=form.mentee.person.id,
                    locked=form.locked.data,
                    remark=form.remark.data or "",
                    by=current_user.id,
                    at=now(),
                )
                anchor = f"pairing-{pairing.id}"
            toast(_("The two are a draft now."))
            return redirect_to(url_for("board.index", programme=programme.id, show="draft", _anchor=anchor))
        except Invalid as error:
            form.take(error)
    if request.method == "GET" and (person := id_in(request.args.get("person"))):
        form.offer(listing.enrolled(programme.id, person), request.args.get("side", ""))
    return make_response(
        render_template("pairings/board/new.html", programme=programme, form=form),
        422 if form.errors else 200,
    )


@blueprint.get("/people")
@requires(May.EDIT_PAIRINGS)
def people() -> str:
    """Suggest people for one side of a row, or of a new pair, whose name holds what was typed."""
    side, other = ("mentee", "mentor") if request.args.get("side") == "mentee" else ("mentor", "mentee")
    pairing_id = id_in(request.args.get("pairing"))
    pairing = staffs_pairing(pairing_id, current_user) if pairing_id else None
    programme = (
        pairing.programme if pairing else staffs_programme(id_in(request.args.get("programme")), current_user)
    )
    prefix = f"pairing-{pairing.id}-" if pairing else ""
    typed, opposite = (request.args.get(f"{prefix}{name}", "") for name in (side, other))
    person = person_field.meant(opposite)
    choices = may_be_chosen(programme, side, typed, opposite=person, pairing=pairing, on=now().date())
    return render_template(
        "pairings/board/_people.html",
        list_id=f"{prefix}{side}-list",
        side=side,
        suggestions=[
            (person_field.shown(choice.person), choice.person.name, choice.more) for choice in choices
        ],
    )


@blueprint.get("/waiting")
@requires(May.EDIT_PAIRINGS)
def waiting() -> Response:
    """All who wait without a pair, and why."""
    programme = staffs_programme(id_in(request.args.get("programme")), current_user)
    left = listing.waiting(programme.id, page=page_in(request.args.get("page")))
    return make_response(render_template("pairings/board/waiting.html", programme=programme, left=left))


@blueprint.route("/publish", methods=["GET", "POST"])
@requires(May.EDIT_PAIRINGS)
def publish() -> Response:
    """Show which letters would go to whom; send exactly those, or none when the drafts changed meanwhile."""
    programme_id = id_in(request.args.get("programme"))
    staffs_programme(programme_id, current_user)
    changed = False
    if request.method == "POST":
        digest = request.form.get("digest", "")
        try:
            with transaction():
                programme = staffs_programme(programme_id, current_user)
                sent = publishing.publish(programme, digest=digest, by=current_user, at=now())
            toast(ngettext("%(num)s letter is on its way.", "%(num)s letters are on their way.", sent))
            return redirect_to(url_for("board.index", programme=programme_id, show="offered"))
        except Stale:
            changed = True
    programme = staffs_programme(programme_id, current_user)
    preview = publishing.preview(programme, at=now())
    if changed and not preview.sendings:  # sent by somebody else, or by the first of two clicks
        toast(_("There is no draft left to publish. These wait for an answer."), tone="warn")
        return redirect_to(url_for("board.index", programme=programme.id, show="offered"))
    page = page_in(request.args.get("page"))
    letters = listing.Sliced(items=preview.sendings, page=page, per_page=LETTERS_PER_PAGE, error_out=False)
    html = render_template(
        "pairings/board/publish.html",
        programme=programme,
        changed=changed,
        letters=letters,
        preview=preview,
    )
    return make_response(html, 409 if changed else 200)
