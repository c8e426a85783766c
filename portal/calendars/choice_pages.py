"""The page where people choose how their calendar behaves: reminders, busy times, invitations by e-mail."""

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice

from portal.calendars import choices
from portal.calendars.accounts import actions as accounts
from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid, Stale
from portal.people.models import Person
from portal.settings import current
from portal.web.access import signed_in
from portal.web.conflicts import Conflict, ConflictPage, Difference, conflict_answer
from portal.web.forms import PortalForm
from portal.web.htmx import answer
from portal.web.numbers import whole_number
from portal.web.toasts import toast

blueprint = Blueprint("calendar_choices", __name__, url_prefix="/calendars/choices")
NEVER = ""
REMINDERS = {
    NEVER: _l("No reminder"),
    "5": _l("5 minutes before"),
    "10": _l("10 minutes before"),
    "15": _l("15 minutes before"),
    "30": _l("30 minutes before"),
    "60": _l("1 hour before"),
    "1440": _l("1 day before"),
}


class ChoiceForm(PortalForm):
    """The choice of a person, as seen in `version`."""

    version = HiddenField()
    alarm_minutes = SelectField(
        _l("Remind me of a check-in"),
        choices=[SelectChoice(*choice) for choice in REMINDERS.items()],
        description=_l("Milestones remind you at nine the morning before, unless you want no reminder."),
    )
    busy = BooleanField(
        _l("“Find a time” may ask my connected calendar when I am busy"),
        description=_l("It asks only for busy or free, never for what, and nothing is kept."),
    )
    invitations = BooleanField(
        _l("Send me each check-in as an invitation by e-mail"),
        description=_l(
            "For Outlook and Gmail. If your calendar is connected or subscribed already, you would see each"
            " check-in twice."
        ),
    )

    def values(self) -> dict[str, Any]:
        """The arguments for `choices.change`."""
        minutes = int(self.alarm_minutes.data) if self.alarm_minutes.data else None
        return {"alarm_minutes": minutes, "busy": self.busy.data, "invitations": self.invitations.data}


@blueprint.get("")
@signed_in
def index() -> Response:
    """The form."""
    return _shown(_form())


@blueprint.post("")
@signed_in
def save() -> Response:
    """Save it; if it was changed in another window meanwhile, show both values."""
    form = _form()
    if not form.sent():
        return _shown(form, 422)
    version = whole_number(form.version.data)
    seen = -1 if version is None else version  # 0 is the version of a choice that nobody made yet
    try:
        with transaction():
            person = db.session.get_one(Person, current_user.id)
            changed = choices.change(person, **form.values(), by=person.id, at=now(), seen=seen)
    except Stale as stale:
        return _conflict(stale, form)
    except Invalid as error:
        form.take(error)
        return _shown(form, 422)
    toast(_("Saved. Your calendar follows.") if changed else _("That is how it was already."))
    return _answer(_form(fresh=True), back_to=url_for("calendar_choices.index"))


def _form(*, fresh: bool = False) -> ChoiceForm:
    """The form as sent, or as it is saved."""
    choice = choices.choice_of(current_user.id)
    minutes = NEVER if choice.alarm_minutes is None else str(choice.alarm_minutes)
    facts = {
        "version": choice.version,
        "alarm_minutes": minutes,
        "busy": choice.busy,
        "invitations": choice.invitations,
    }
    return ChoiceForm(None, data=facts) if fresh else ChoiceForm(data=facts)


def _shown(form: ChoiceForm, status: int = 200) -> Response:
    context = _context(form)
    page = lambda: render_template("calendars/choices.html", **context)  # noqa: E731 - it needs no name elsewhere
    return answer("calendars/_choices.html", page=page, status=status, **context)


def _answer(form: ChoiceForm, *, back_to: str) -> Response:
    return answer("calendars/_choices.html", back_to=back_to, **_context(form))


def _context(form: ChoiceForm) -> dict[str, Any]:
    account = accounts.account_of(current_user.id)
    connected = account is not None and account.state == "connected"
    return {"form": form, "connected": connected, "reads_answers": current().reads_answers}


def _conflict(stale: Stale, form: ChoiceForm) -> Response:
    """Show both values of what differs; keeping yours sends the form again, with the present version."""
    ticked = {name: "y" if form[name].data else "" for name in ("busy", "invitations")}
    version = choices.choice_of(current_user.id).version
    conflict = Conflict(
        id="choices",
        message=stale.message,
        differences=[
            Difference(
                form[name].label.text, yours=_words(name, yours), theirs=_words(name, stale.theirs[name])
            )
            for name, yours in stale.yours.items()
        ],
        values={"version": version, "alarm_minutes": form.alarm_minutes.data, **ticked},
        keep_url=url_for("calendar_choices.save"),
        leave_url=url_for("calendar_choices.index"),
    )
    title = _("How your calendar behaves")
    page = ConflictPage(title, conflict.leave_url, title, title=title, css_class="narrow stack")
    return conflict_answer(conflict, page)


def _words(name: str, value: object) -> str:
    if name == "alarm_minutes":
        return str(REMINDERS[NEVER if value is None else str(value)])
    return _("yes") if value else _("no")
