"""Forms of staff's table of people: a row being edited, and a new person."""

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.form import _Auto
from wtforms import BooleanField, EmailField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.permissions import Role
from portal.people import closing
from portal.people.accounts.forms import ADDRESS_MISSING, ADDRESS_WRONG, a_work_address, an_address
from portal.people.actions import value_of
from portal.people.addresses import LONGEST
from portal.people.languages import format_languages
from portal.people.models import Person
from portal.people.profile.forms import STYLE_LABELS, ProfileForm
from portal.web.forms import PortalForm, select_choices
from portal.web.row_forms import RowForm

TOO_LONG = _l("Use at most 120 characters.")
ROLE_LABELS = {
    Role.STAFF.value: _l("Staff"),
    Role.ADMIN.value: _l("Administrator"),
    Role.SPONSOR.value: _l("Sponsor"),
    Role.CONCERN_CONTACT.value: _l("Concern contact"),
}
LABELS = {
    "name": _l("Name"),
    "department": _l("Department"),
    "site": _l("Place of work"),
    "time_zone": _l("Time zone"),
    "country": _l("Country"),
    "hours": _l("Working hours"),
    "languages": _l("Languages"),
    "grade": _l("Grade"),
    "manager": _l("Manager"),
    "manager_id": _l("Manager"),
    "style": _l("In company"),
    "locale": _l("Language of this portal"),
    "roles": _l("Roles"),
    "disabled": _l("Account closed"),
}
EDITED = (
    "name",
    "department",
    "site",
    "time_zone",
    "hours",
    "languages",
    "grade",
    "manager",
    "style",
    "roles",
    "disabled",
)


class PersonRowForm(RowForm, ProfileForm):
    """One person, in the row. Roles are there only for those who give them."""

    edited = EDITED
    labels = LABELS
    person: Person
    locale = None
    roles = SelectMultipleField(
        _l("Roles"),
        choices=select_choices(ROLE_LABELS.items()),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    disabled = BooleanField(_l("Account closed: cannot sign in"))
    reason = StringField(_l("Reason"), [Length(max=300, message=_l("Use at most 300 characters."))])

    def values(self) -> dict[str, Any]:
        """What the form says, as a person keeps it; call it when the form is right."""
        values = super().values()
        values["disabled"] = bool(self.disabled.data)
        if "roles" in self:
            values["roles"] = sorted(self.roles.data or [])
        return values

    def in_words(self, name: str) -> str:
        """A field's value as people read it."""
        value = self[name].data
        if name == "disabled":
            return _("yes") if value else _("no")
        if name == "roles":
            return ", ".join(str(ROLE_LABELS[role]) for role in value or []) or _("none")
        if name == "style":
            return str(STYLE_LABELS.get(value, value))
        return super().in_words(name)

    def closing_would_end(self) -> list[str]:
        """What closing the account would end; nothing where it is closed."""
        return [] if self.person.disabled_at else closing.would_end(self.person)


def row_form(person: Person, *, with_roles: bool, fresh: bool = False) -> PersonRowForm:
    """The row's form, with what was just sent; or with what is saved, if nothing was or when `fresh`."""
    same = ("name", "department", "site", "time_zone", "hours", "grade", "style")
    form = PersonRowForm(
        formdata=None if fresh else _Auto,
        prefix=f"person-{person.id}-",
        data={
            **{name: getattr(person, name) for name in same},
            **{name: value_of(person, name) for name in ("roles", "disabled")},
            "version": person.version,
            "languages": format_languages(person.languages, str(get_locale() or "en")),
            "manager": person.manager.email if person.manager else "",
        },
    )
    form.person = person
    form.offer_zones()
    form.manager.label.text = LABELS["manager"]
    form.languages.label.text = LABELS["languages"]
    if not with_roles:
        del form.roles
    form.remember()
    return form


class NewPersonForm(PortalForm):
    """Somebody whom staff add; they choose their password by a letter."""

    name = StringField(
        LABELS["name"], [DataRequired(_l("Type the person's name.")), Length(max=120, message=TOO_LONG)]
    )
    email = EmailField(
        _l("Work e-mail address"),
        [
            DataRequired(ADDRESS_MISSING),
            Length(max=LONGEST, message=ADDRESS_WRONG),
            an_address,
            a_work_address,
        ],
        render_kw={"autocomplete": "off"},
    )
