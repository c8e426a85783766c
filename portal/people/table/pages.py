"""Staff's table of people, edited in the row; adding a person, and the field that suggests managers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_sqlalchemy.pagination import Pagination
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid
from portal.people import actions as editing
from portal.people import listing, queries
from portal.people.accounts import actions
from portal.people.languages import format_languages
from portal.people.models import Person
from portal.people.profile.forms import STYLE_LABELS
from portal.people.table.forms import LABELS, ROLE_LABELS, NewPersonForm, PersonRowForm, row_form
from portal.web.access import may, requires
from portal.web.htmx import answer, redirect_to
from portal.web.inline_rows import Empty, Header, InlineTable
from portal.web.numbers import id_in
from portal.web.toasts import toast

blueprint = Blueprint("people", __name__, url_prefix="/people")


class PeopleTable(InlineTable[Person, listing.PeopleQuery]):
    """Everybody in the directory."""

    item, kind = "person", editing.KIND
    templates, html_table, query = "people/table", "people-table", listing.PeopleQuery
    caption = _l("People")
    headers = (
        Header(_l("Name"), sort="name"),
        Header(_l("Department"), sort="department"),
        Header(_l("Grade"), sort="grade", number=True),
        Header(_l("Manager"), sort="manager"),
        Header(_l("Hours")),
        Header(_l("State")),
    )
    empty = Empty(
        _l("Nobody fits"), _l("Nobody in the directory fits what you asked for."), _l("Show everybody")
    )
    partials: Mapping[str, str] = {
        "people-count": "people/table/_count.html",
        "people-sort": "people/table/_sort.html",
    }
    few = 6
    labels = LABELS
    people_fields = ("manager_id",)
    nothing_yet = _l("Changes to this person will be listed here.")
    action_words: Mapping[str, Any] = {
        "person.signed_up": _l("signed up"),
        "person.confirmed": _l("confirmed the address"),
        "person.added": _l("added this person"),
        "person.invited_again": _l("invited this person again"),
        "person.edited": _l("changed this"),
        "person.password_changed": _l("changed the password"),
        "person.roles_changed": _l("changed the roles"),
        "person.erased": _l("erased this person"),
    }

    def find(self, row_id: int) -> Person | None:
        return listing.one(row_id)

    def rows(self, query: listing.PeopleQuery, per_page: int | None) -> Pagination:
        return listing.find(query, per_page=per_page or listing.PER_PAGE)

    def form(self, row: Person, *, fresh: bool = False) -> PersonRowForm:
        return row_form(row, with_roles=may(May.GIVE_ROLES), fresh=fresh)

    def change(self, row: Person, form: PersonRowForm) -> audit.AuditEntry | None:
        return editing.edit(
            row,
            seen=form.seen(),
            by=current_user.id,
            at=now(),
            reason=form.reason.data or "",
            may_give_roles=may(May.GIVE_ROLES),
            **form.values(),
        )

    def take_back(self, entry: audit.AuditEntry) -> None:
        power = may(May.GIVE_ROLES)
        editing.undo(entry.position, by=current_user.id, at=now(), may_give_roles=power)

    def name(self, row: Person) -> str:
        return row.name

    def names_of(self, person_ids: set[int]) -> dict[int, str]:
        return listing.names_of(person_ids)

    def overtaken(self, row: Person, who: str) -> str:
        return _(
            "%(who)s saved %(name)s while you were editing. "
            "Nothing of yours is lost; choose what should stand.",
            who=who,
            name=row.name,
        )

    def saved(self, row: Person) -> str:
        return _("%(name)s is saved.", name=row.name)

    def undone(self, row: Person) -> str:
        return _("Undone: %(name)s is as before.", name=row.name)

    def last_change(self, row: Person) -> audit.AuditEntry | None:
        return editing.who_changed_last(row.id)

    def page_context(self) -> dict[str, Any]:
        departments, sites = listing.departments_and_sites()
        return {"departments": departments, "sites": sites, "role_labels": ROLE_LABELS}

    def history_back(self, row: Person) -> str:
        return url_for(".index", q=row.email)

    def can_be_undone(self, entry: audit.AuditEntry, row: Person) -> bool:
        roles_allow = may(May.GIVE_ROLES) or "roles" not in (entry.before or {})
        return may(May.EDIT_PEOPLE) and roles_allow and editing.can_be_undone(entry, row)

    def in_words(self, name: str, value: Any, names: Mapping[int, str]) -> str:
        if name == "manager_id" and value:
            return names.get(value, _("somebody who has left"))
        if name == "languages" and isinstance(value, list):
            return format_languages(value, str(get_locale() or "en"))
        if name == "roles" and isinstance(value, list):
            return ", ".join(str(ROLE_LABELS.get(role, role)) for role in value) or _("none")
        if name == "disabled":
            return _("yes") if value else _("no")
        if name == "style":
            return str(STYLE_LABELS.get(value, value))
        return super().in_words(name, value, names)


PeopleTable().add_routes(blueprint, see=May.SEE_PEOPLE, edit=May.EDIT_PEOPLE)


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


@blueprint.route("/invite", methods=["GET", "POST"])
@requires(May.EDIT_PEOPLE)
def invite() -> Response | str:
    """Send the welcoming letter again to all of a list who have not chosen a password yet."""
    asked = listing.PeopleQuery.of(request.values)
    if request.method == "POST":
        with transaction():
            many = actions.invite_again(listing.invited(asked), by=current_user.id, at=now())
        toast(
            ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", many)
            if many
            else _("Everybody has chosen a password by now, so nobody was written to.")
        )
        return redirect_to(url_for("people.index", **replace(asked, state="invited").args()))
    return render_template("people/table/invite.html", people=listing.invited(asked), asked=asked)


@blueprint.get("/managers")
@requires(May.EDIT_PEOPLE)
def managers() -> Response:
    """People whose name or address begins as typed, for the manager's field of whichever row asks."""
    field, typed = next(
        ((name, text) for name, text in request.args.items() if name.endswith("-manager")), ("", "")
    )
    person_id = field.removeprefix("person-").removesuffix("-manager")
    known = id_in(person_id)
    context: dict[str, Any] = {
        "people": queries.suggestions(typed, but=known),
        "list_id": f"{field}-list" if known else "manager-list",
    }
    return answer(
        "people/table/_managers.html",
        page=lambda: render_template("people/table/managers.html", **context),
        **context,
    )
