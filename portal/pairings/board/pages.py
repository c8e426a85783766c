"""Staff's board: a programme's pairings in a table, edited inline as people are (people/table.py), drawn by
small fragments.

A row is drawn by `_row.html`, edited by `_row_edit.html`, and both have the same id; its reasons open in a
row below it.
"""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid, NotFound, Stale
from portal.pairings import listing as directory
from portal.pairings import words
from portal.pairings.board import actions, forms
from portal.pairings.board.forms import PairingForm, pairing_form
from portal.pairings.matching.suggestions import may_be_chosen
from portal.pairings.models import Pairing
from portal.pairings.offers import publishing
from portal.pairings.queries import staffs_pairing
from portal.people import person_field
from portal.people.listing import names_of
from portal.programmes.models import Programme
from portal.programmes.queries import programme_for
from portal.web.access import requires
from portal.web.conflicts import Conflict, ConflictPage, conflict_answer
from portal.web.htmx import answer, is_htmx, redirect_to
from portal.web.numbers import id_in, page_in, version_in
from portal.web.toasts import toast

blueprint = Blueprint("board", __name__, url_prefix="/pairings/board")
COLUMNS, FEW, LETTERS = 6, 3, 12
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
def _given() -> dict[str, Any]:
    return {
        "words": words,
        "columns": COLUMNS,
        "exact": lambda points: format_decimal(points / 100, "0.##"),
        "is_below": lambda pairing: pairing.score < directory.line_of(pairing.programme),
    }


@blueprint.get("")
@requires(May.EDIT_PAIRINGS)
def index() -> Response:
    """The board of one programme: the one asked for, or the one that is on."""
    programmes = directory.programmes_of(current_user)
    if not programmes:
        return make_response(render_template("pairings/board/nothing.html"))
    asked = directory.Asked.of(request.args)
    programme = _programme(asked.programme) if asked.programme else programmes[0]
    about = _listed(programme, asked)
    return answer("pairings/board/found.html", page=lambda: _page(programmes=programmes, **about), **about)


@blueprint.get("/<id:pairing_id>/row")
@requires(May.EDIT_PAIRINGS)
def row(pairing_id: int) -> Response:
    """One row as it is, where an edit is left; or the row below it, closed."""
    pairing = staffs_pairing(pairing_id, current_user)
    if request.args.get("drawer") == "closed":
        return answer("pairings/board/_drawer_closed.html", back_to=_list_url(pairing), pairing=pairing)
    return _row_answer(pairing)


@blueprint.get("/<id:pairing_id>/reasons")
@requires(May.EDIT_PAIRINGS)
def reasons(pairing_id: int) -> Response:
    """Every part of the score with its points and its sentence."""
    pairing = staffs_pairing(pairing_id, current_user)
    page = lambda: render_template("pairings/board/reasons.html", pairing=pairing)  # noqa: E731  # it needs no name elsewhere
    return answer("pairings/board/_reasons.html", page=page, pairing=pairing)


@blueprint.get("/<id:pairing_id>/edit")
@requires(May.EDIT_PAIRINGS)
def edit(pairing_id: int) -> Response:
    """One row as a form."""
    pairing = staffs_pairing(pairing_id, current_user)
    return _form_answer(pairing, pairing_form(pairing))


@blueprint.post("/<id:pairing_id>")
@requires(May.EDIT_PAIRINGS)
def save(pairing_id: int) -> Response:
    """Save a row. A stale one is answered with both values; what is typed is never lost."""
    form = pairing_form(staffs_pairing(pairing_id, current_user))
    if not form.sent():
        return _form_answer(staffs_pairing(pairing_id, current_user), form, 422)
    try:
        with transaction():
            about = {"seen": form.seen(), "by": current_user, "at": now(), "reason": form.reason.data or ""}
            entry = actions.edit(staffs_pairing(pairing_id, current_user), **about, **form.values())
    except Stale:
        return _conflict(staffs_pairing(pairing_id, current_user), form)
    except Invalid as error:
        form.take(error)
        return _form_answer(staffs_pairing(pairing_id, current_user), form, 422)
    return _saved(staffs_pairing(pairing_id, current_user), entry, _("Saved."))


@blueprint.post("/<id:pairing_id>/discard")
@requires(May.EDIT_PAIRINGS)
def discard(pairing_id: int) -> Response:
    """Take a draft off the board."""
    seen = version_in(request.form.get("version"))
    with transaction():
        entry = actions.discard(
            staffs_pairing(pairing_id, current_user), seen=seen, by=current_user, at=now()
        )
    return _saved(staffs_pairing(pairing_id, current_user), entry, _("The draft is discarded."))


@blueprint.post("/undo/<id:position>")
@requires(May.EDIT_PAIRINGS)
def undo(position: int) -> Response:
    """Take an edit back; the answer is the row as it is then."""
    entry = audit.at(position)
    if entry is None or entry.object_kind != actions.KIND:
        raise NotFound
    pairing_id = int(entry.object_id)
    staffs_pairing(pairing_id, current_user)
    try:
        with transaction():
            actions.undo(position, by=current_user, at=now())
        toast(_("Undone: it is as before."))
    except Invalid as error:
        toast(error.message, tone="warn")
    if not is_htmx() and request.form.get("from") == "history":
        return redirect_to(url_for("board.history", pairing_id=pairing_id))
    return _row_answer(staffs_pairing(pairing_id, current_user))


@blueprint.get("/<id:pairing_id>/history")
@requires(May.EDIT_PAIRINGS)
def history(pairing_id: int) -> str:
    """What was done to a pairing, by whom and when."""
    pairing = staffs_pairing(pairing_id, current_user)
    entries = forms.told(audit.history(actions.KIND, pairing.id))
    names = names_of({each.actor_id for each in entries if each.actor_id} | forms.people_in(entries))
    return render_template(
        "pairings/board/history.html",
        pairing=pairing,
        entries=entries,
        names=names,
        differences=lambda entry: forms.differences(entry, names),
        undoable=lambda entry: actions.can_be_undone(entry, pairing),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(May.EDIT_PAIRINGS)
def add() -> Response:
    """Put two people together by hand."""
    programme = _programme(id_in(request.args.get("programme")))
    form = forms.NewPairForm()
    if form.sent():
        try:
            with transaction():
                pairing = actions.add(
                    _programme(programme.id),
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
        form.offer(directory.enrolled(programme.id, person), request.args.get("side", ""))
    return make_response(
        render_template("pairings/board/new.html", programme=programme, form=form),
        422 if form.errors else 200,
    )


@blueprint.get("/people")
@requires(May.EDIT_PAIRINGS)
def people() -> str:
    """Those who may be chosen for one side of a row, or of a new pair, and whose name holds
    what was typed.
    """
    side, other = ("mentee", "mentor") if request.args.get("side") == "mentee" else ("mentor", "mentee")
    pairing_id = id_in(request.args.get("pairing"))
    pairing = staffs_pairing(pairing_id, current_user) if pairing_id else None
    programme = pairing.programme if pairing else _programme(id_in(request.args.get("programme")))
    prefix = f"pairing-{pairing.id}-" if pairing else ""
    typed, opposite = (request.args.get(f"{prefix}{each}", "") for each in (side, other))
    person = person_field.meant(opposite)
    chosen = may_be_chosen(programme, side, typed, opposite=person, pairing=pairing, on=now().date())
    found = [(person_field.shown(each.person), each.person.name, each.more) for each in chosen]
    return render_template(
        "pairings/board/_people.html", list_id=f"{prefix}{side}-list", side=side, found=found
    )


@blueprint.get("/waiting")
@requires(May.EDIT_PAIRINGS)
def waiting() -> Response:
    """All who wait without a pair, and why."""
    programme = _programme(id_in(request.args.get("programme")))
    left = directory.waiting(programme.id, page=page_in(request.args.get("page")))
    return make_response(render_template("pairings/board/waiting.html", programme=programme, left=left))


@blueprint.route("/publish", methods=["GET", "POST"])
@requires(May.EDIT_PAIRINGS)
def publish() -> Response:
    """Which letters would go to whom; sent are exactly those, or none when the drafts changed meanwhile."""
    programme = _programme(id_in(request.args.get("programme")))
    changed = False
    if request.method == "POST":
        digest = request.form.get("digest", "")
        try:
            with transaction():
                sent = publishing.publish(_programme(programme.id), digest=digest, by=current_user, at=now())
            toast(ngettext("%(num)s letter is on its way.", "%(num)s letters are on their way.", sent))
            return redirect_to(url_for("board.index", programme=programme.id, show="offered"))
        except Stale:
            changed = True
    preview = publishing.preview(_programme(programme.id), at=now())
    if changed and not preview.sendings:  # sent by somebody else, or by the first of two clicks
        toast(_("There is no draft left to publish. These wait for an answer."), tone="warn")
        return redirect_to(url_for("board.index", programme=programme.id, show="offered"))
    page = page_in(request.args.get("page"))
    letters = directory.Sliced(every=preview.sendings, page=page, per_page=LETTERS, error_out=False)
    about = {
        "letters": letters,
        "many": len(preview.sendings),
        "digest": preview.digest,
        "kept_back": preview.kept_back,
    }
    html = render_template("pairings/board/publish.html", programme=programme, changed=changed, **about)
    return make_response(html, 409 if changed else 200)


def _programme(programme_id: int) -> Programme:
    """A programme that the reader runs; raises NotFound for all others."""
    programme = programme_for(programme_id, current_user)
    if programme is None:
        raise NotFound
    return programme


def _listed(programme: Programme, asked: directory.Asked) -> dict[str, Any]:
    """What the list's fragment shows."""
    numbers = directory.numbers(programme)
    presets = [
        (key, PRESETS[key], numbers[key])
        for key in directory.SHOWN
        if numbers[key] or key in ("", asked.show)
    ]
    rows = directory.find(programme, asked)
    return {"programme": programme, "asked": asked, "rows": rows, "numbers": numbers, "presets": presets}


def _page(**about: Any) -> str:
    """The whole board; a row being edited comes along in `about`."""
    programme = about["programme"]
    left = directory.waiting(programme.id, per_page=FEW)
    programmes = about.pop("programmes", None) or directory.programmes_of(current_user)
    return render_template("pairings/board/index.html", programmes=programmes, left=left, **about)


def _query(pairing: Pairing) -> dict[str, Any]:
    """The list's query, which travels along while a row is edited without htmx."""
    return {**directory.Asked.of(request.args).args(), "programme": pairing.programme_id}


def _list_url(pairing: Pairing) -> str:
    return url_for("board.index", **_query(pairing), _anchor=f"pairing-{pairing.id}")


def _row_answer(pairing: Pairing) -> Response:
    back_to, query = _list_url(pairing), _query(pairing)
    return answer("pairings/board/_row.html", back_to=back_to, pairing=pairing, list_query=query)


def _saved(pairing: Pairing, entry: audit.AuditEntry | None, said: str) -> Response:
    if entry is None:
        toast(_("Nothing was changed."))
    else:
        undo_url = url_for("board.undo", position=entry.position, **_query(pairing))
        toast(said, undo_url=undo_url, undo_target=f"#pairing-{pairing.id}")
    return _row_answer(pairing)


def _form_answer(pairing: Pairing, form: PairingForm, status: int = 200) -> Response:
    about: dict[str, Any] = {"pairing": pairing, "form": form, "list_query": _query(pairing)}

    def whole() -> str:
        listed = _listed(pairing.programme, directory.Asked.of(request.args))
        return _page(editing=pairing.id, **listed, **about)

    return answer("pairings/board/_row_edit.html", page=whole, status=status, **about)


def _conflict(pairing: Pairing, form: PairingForm) -> Response:
    """Both values of what differs. Saving mine keeps what the other changed elsewhere in the row."""
    last = next(iter(audit.history(actions.KIND, pairing.id, limit=1)), None)
    who = names_of({last.actor_id}).get(last.actor_id, "") if last and last.actor_id else ""
    leave_url = url_for("board.row", pairing_id=pairing.id, **_query(pairing))
    conflict = Conflict(
        id=f"pairing-{pairing.id}",
        keep_url=url_for("board.save", pairing_id=pairing.id, **_query(pairing)),
        leave_url=leave_url,
        columns=COLUMNS,
        **forms.conflict_of(form, pairing, who=who),
    )
    return conflict_answer(
        conflict, ConflictPage(_("Two of you edited the same row"), leave_url, _("Pairings"))
    )
