"""Staff's table of people, edited inline: the pattern of every later table.

A row is drawn by `_row.html`, edited by `_row_edit.html`, and both have the same id. htmx swaps the one for
the other; without it the same addresses answer the whole list, with the row being edited in its place. The
list's query travels along.
"""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid, NotFound, Stale
from portal.people import actions as editing
from portal.people import listing as directory
from portal.people import queries
from portal.people.accounts import actions
from portal.people.languages import format_languages
from portal.people.models import Person
from portal.people.profile.forms import STYLE_LABELS
from portal.people.table.forms import EDITED, LABELS, ROLE_LABELS, NewPersonForm, RowForm, row_form
from portal.web.access import may, requires
from portal.web.htmx import answer, is_htmx, redirect_to
from portal.web.numbers import id_in, version_in
from portal.web.toasts import toast

blueprint = Blueprint("people", __name__, url_prefix="/people")
COLUMNS = 7
FEW = 6
"""So many rows beside one that is edited without htmx, since its form is long and pages are to stay small."""


@blueprint.get("")
@requires(May.SEE_PEOPLE)
def index() -> Response:
    """The list."""
    asked = directory.Asked.of(request.args)
    rows = directory.find(asked)
    return answer("people/table/found.html", page=lambda: _list(asked, rows=rows), asked=asked, rows=rows)


@blueprint.get("/<id:person_id>/row")
@requires(May.SEE_PEOPLE)
def row(person_id: int) -> Response:
    """One row as it is; where an edit is left."""
    person = _one(person_id)
    return answer("people/table/_row.html", back_to=_list_url(person), person=person, list_query=_query())


@blueprint.get("/<id:person_id>/edit")
@requires(May.EDIT_PEOPLE)
def edit(person_id: int) -> Response:
    """One row as a form."""
    person = _one(person_id)
    return _form_answer(person, row_form(person, with_roles=may(May.GIVE_ROLES)))


@blueprint.post("/<id:person_id>")
@requires(May.EDIT_PEOPLE)
def save(person_id: int) -> Response:
    """Save a row. A stale one is answered with both values; what is typed is never lost."""
    form = row_form(_one(person_id), with_roles=may(May.GIVE_ROLES))
    if not form.sent():
        return _form_answer(_one(person_id), form, 422)
    try:
        with transaction():
            about = {"by": current_user.id, "at": now(), "reason": form.reason.data or ""}
            power = may(May.GIVE_ROLES)
            entry = editing.edit(
                _one(person_id), seen=_seen(form), may_give_roles=power, **about, **form.values()
            )
    except Stale:
        return _conflict(_one(person_id), form)
    except Invalid as error:
        form.take(error)
        return _form_answer(_one(person_id), form, 422)
    person = _one(person_id)
    if entry is None:
        toast(_("Nothing was changed."))
    else:
        toast(
            _("%(name)s is saved.", name=person.name),
            undo_url=_undo_url(entry),
            undo_target=f"#person-{person.id}",
        )
    return answer("people/table/_row.html", back_to=_list_url(person), person=person, list_query=_query())


@blueprint.post("/undo/<id:position>")
@requires(May.EDIT_PEOPLE)
def undo(position: int) -> Response:
    """Take an edit back; the answer is the row as it is then."""
    try:
        with transaction():
            person = editing.undo(position, by=current_user.id, at=now(), may_give_roles=may(May.GIVE_ROLES))
            person_id = person.id
    except Invalid as error:
        toast(error.message, tone="warn")
        return _after_undo(_person_of(position))
    toast(_("Undone: %(name)s is as before.", name=_one(person_id).name))
    return _after_undo(_one(person_id))


@blueprint.get("/<id:person_id>/history")
@requires(May.SEE_PEOPLE)
def history(person_id: int) -> str:
    """What was changed on a person, by whom and when."""
    person = _one(person_id)
    entries = audit.history("person", person.id)
    ids = {each.actor_id for each in entries if each.actor_id}
    managers = {value for each in entries for value in _managers_in(each)}
    names = directory.names_of(ids | managers)
    return render_template(
        "people/table/history.html",
        person=person,
        entries=entries,
        names=names,
        differences=lambda entry: _differences(entry.before or {}, entry.after or {}, names),
        undoable=lambda entry: (
            may(May.EDIT_PEOPLE) and editing.can_be_undone(entry, person) and _roles_allow(entry)
        ),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(May.EDIT_PEOPLE)
def new() -> Response | tuple[str, int]:
    """Add a person; a letter asks them to choose their password."""
    form = NewPersonForm()
    if form.sent():
        try:
            with transaction():
                person = actions.add_person(
                    email=form.email.data, name=form.name.data, by=current_user.id, at=now()
                )
                actions.invite(person, at=now())
            toast(_("%(name)s is added. A letter asks them to choose a password.", name=person.name))
            return redirect_to(url_for("people.index", q=person.email))
        except Invalid as error:
            form.take(error)
    return render_template("people/table/new.html", form=form), 422 if form.errors else 200


@blueprint.get("/managers")
@requires(May.EDIT_PEOPLE)
def managers() -> Response:
    """People whose name or address begins as typed, for the manager's field of whichever row asks."""
    field, typed = next(
        ((name, text) for name, text in request.args.items() if name.endswith("-manager")), ("", "")
    )
    person_id = field.removeprefix("person-").removesuffix("-manager")
    known = id_in(person_id)
    found = queries.suggestions(typed, but=known)
    about: dict[str, Any] = {"people": found, "list_id": f"{field}-list" if known else "manager-list"}
    page = lambda: render_template("people/table/managers.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("people/table/_managers.html", page=page, **about)


def _one(person_id: int) -> Person:
    person = directory.one(person_id)
    if person is None:
        raise NotFound
    return person


def _query() -> dict[str, Any]:
    """The list's query, which travels along while a row is edited."""
    return directory.Asked.of(request.args).args()


def _list_url(person: Person) -> str:
    return url_for("people.index", **_query(), _anchor=f"person-{person.id}")


def _list(asked: directory.Asked, **more: Any) -> str:
    departments, sites = directory.departments_and_sites()
    rows = more.pop("rows", None) or directory.find(
        asked, per_page=FEW if "editing" in more else directory.PER_PAGE
    )
    about = {"departments": departments, "sites": sites, "role_labels": ROLE_LABELS}
    return render_template("people/table/index.html", asked=asked, rows=rows, **about, **more)


def _form_answer(person: Person, form: RowForm, status: int = 200) -> Response:
    about: dict[str, Any] = {"person": person, "form": form, "list_query": _query(), "columns": COLUMNS}
    asked = directory.Asked.of(request.args)
    return answer(
        "people/table/_row_edit.html",
        page=lambda: _list(asked, editing=person.id, **about),
        status=status,
        **about,
    )


def _seen(form: RowForm) -> int:
    text = (form.version.raw_data or [""])[0]  # what was sent; the field's data would be the present version
    return version_in(text)


def _undo_url(entry: audit.AuditEntry) -> str:
    return url_for("people.undo", position=entry.position, **_query())


def _person_of(position: int) -> Person | None:
    entry = audit.at(position)
    return _one(int(entry.object_id)) if entry and entry.object_kind == "person" else None


def _after_undo(person: Person | None) -> Response:
    if person is None:
        raise NotFound
    if not is_htmx() and request.form.get("from") == "history":
        return redirect_to(url_for("people.history", person_id=person.id))
    return answer("people/table/_row.html", back_to=_list_url(person), person=person, list_query=_query())


def _conflict(person: Person, form: RowForm) -> Response:
    """Both values of what differs. Saving mine keeps what the other changed elsewhere in the row."""
    kept = row_form(person, with_roles="roles" in form, fresh=True)
    mine, saved = form.mine(), kept.shown()
    differing = [name for name, value in form.shown().items() if saved[name] != value]
    message = _conflict_message(person, [str(LABELS[name]) for name in differing if name not in mine])
    differing = [name for name in differing if name in mine]
    values = {
        form[name].name: form[name].data if name in mine else saved[name] for name in EDITED if name in form
    }
    values = {
        name: ["y"] if value is True else [] if value is False else value for name, value in values.items()
    }
    about: dict[str, Any] = {
        "id": f"person-{person.id}",
        "message": message,
        "differences": [
            {"label": LABELS[name], "yours": _in_form(form, name), "theirs": _in_form(kept, name)}
            for name in differing
        ],
        "values": {**values, **{each.name: each.data for each in (kept.version, kept.was, form.reason)}},
        "keep_url": url_for("people.save", person_id=person.id, **_query()),
        "leave_url": url_for("people.row", person_id=person.id, **_query()),
    }
    page = lambda: render_template("people/table/conflict.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("_conflict.html", page=page, status=409, columns=COLUMNS, **about)


def _conflict_message(person: Person, only_theirs: list[str]) -> str:
    """Who was faster, and what they changed that is in no question: it stays whatever the reader chooses."""
    last = editing.who_changed_last(person.id)
    who = directory.names_of({last.actor_id}).get(last.actor_id) if last and last.actor_id else None
    message = _(
        "%(who)s saved %(name)s while you were editing. Nothing of yours is lost; choose what should stand.",
        who=who or _("Somebody"),
        name=person.name,
    )
    if not only_theirs:
        return message
    stays = _("What they changed elsewhere stays: %(fields)s.", fields=", ".join(only_theirs))
    return f"{message} {stays}"


def _in_form(form: RowForm, name: str) -> str:
    value = form[name].data
    if name == "disabled":
        return _("yes") if value else _("no")
    if name == "roles":
        return ", ".join(str(ROLE_LABELS[each]) for each in value or []) or _("none")
    if name == "style":
        return str(STYLE_LABELS.get(value, value))
    return _("nothing") if value in (None, "") else str(value)


def _managers_in(entry: audit.AuditEntry) -> list[int]:
    return [each["manager_id"] for each in (entry.before, entry.after) if each and each.get("manager_id")]


def _roles_allow(entry: audit.AuditEntry) -> bool:
    return may(May.GIVE_ROLES) or "roles" not in (entry.before or {})


def _differences(
    before: dict[str, Any], after: dict[str, Any], names: dict[int, str]
) -> list[tuple[str, str, str]]:
    """What an entry changed, as (what, from, to) in words."""
    return [
        (str(LABELS[name]), _in_words(name, before.get(name), names), _in_words(name, after.get(name), names))
        for name in LABELS
        if name in before or name in after
    ]


def _in_words(name: str, value: Any, names: dict[int, str]) -> str:
    if name == "manager_id" and value:
        return names.get(value, _("somebody who has left"))
    if name == "languages" and isinstance(value, list):
        return format_languages(value, str(get_locale() or "en"))
    if name == "roles" and isinstance(value, list):
        return ", ".join(str(ROLE_LABELS.get(each, each)) for each in value) or _("none")
    if name == "disabled":
        return _("yes") if value else _("no")
    if name == "style":
        return str(STYLE_LABELS.get(value, value))
    return _("nothing") if value in (None, "", []) else str(value)
