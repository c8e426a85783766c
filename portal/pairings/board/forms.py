"""Forms of the board: a pairing being edited in its row, and a pair made by hand."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.form import _Auto
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from portal.core.lifecycle import PairingState
from portal.pairings import words
from portal.pairings.board.actions import next_states
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.people.person_field import MISSING, one_person, shown
from portal.web.forms import PortalForm
from portal.web.row_forms import RowForm

LABELS = {
    "mentor": _l("Mentor"),
    "mentee": _l("Learns from them"),
    "mentor_id": _l("Mentor"),
    "mentee_id": _l("Learns from them"),
    "state": _l("State"),
    "locked": _l("Locked"),
    "remark": _l("Remark"),
}
DRAFTS_ONLY = ("mentor", "mentee", "locked")
STEPS: dict[tuple[str, str], Any] = {
    (PairingState.DRAFT, PairingState.OFFERED): _l("Offer it now: a letter goes out"),
    (PairingState.DRAFT, PairingState.ENDED): _l("Discard it"),
    (PairingState.OFFERED, PairingState.DRAFT): _l("Take the offer back"),
    (PairingState.ACTIVE, PairingState.PAUSED): _l("Pause it"),
    (PairingState.ACTIVE, PairingState.ENDED): _l("End it"),
    (PairingState.PAUSED, PairingState.ACTIVE): _l("Let it go on"),
    (PairingState.PAUSED, PairingState.ENDED): _l("End it"),
    (PairingState.ENDED, PairingState.ACTIVE): _l("Let it go on after all"),
    (PairingState.ENDED, PairingState.DRAFT): _l("Make it a draft again"),
    (PairingState.DECLINED, PairingState.DRAFT): _l("Make it a draft again"),
}
LONGEST_REMARK = 500


def _person_field(label: Any) -> StringField:
    return StringField(label, [DataRequired(MISSING), Length(max=400, message=MISSING), one_person])


def _remark_field() -> TextAreaField:
    return TextAreaField(
        LABELS["remark"], [Length(max=LONGEST_REMARK, message=_l("Use at most 500 characters."))]
    )


class PairingForm(RowForm):
    """One pairing, in the row. The two people and the lock are there while it is a draft."""

    edited = ("mentor", "mentee", "state", "locked", "remark")
    labels = LABELS
    mentor = _person_field(LABELS["mentor"])
    mentee = _person_field(LABELS["mentee"])
    state = SelectField(LABELS["state"])
    locked = BooleanField(_l("Locked: the next run of the matching keeps these two together"))
    remark = _remark_field()
    reason = StringField(_l("Reason"), [Length(max=300, message=_l("Use at most 300 characters."))])

    def values(self) -> dict[str, Any]:
        """The values of a form that is valid, as a pairing has them."""
        values: dict[str, Any] = {"state": self.state.data, "remark": self.remark.data or ""}
        if "mentor" in self:
            values |= {"mentor_id": self.mentor.person.id, "mentee_id": self.mentee.person.id}
            values["locked"] = bool(self.locked.data)
        return values

    def in_words(self, name: str) -> str:
        """A field's value as people read it."""
        return value_in_words(name, self[name].data, {})


def pairing_form(pairing: Pairing, *, fresh: bool = False) -> PairingForm:
    """The row's form, with what was just sent; or with what is saved, if nothing was or when `fresh`.

    The two people are in it while the pairing is a draft, or when they were sent, or when `fresh`.
    """
    prefix = f"pairing-{pairing.id}-"
    form = PairingForm(
        formdata=None if fresh else _Auto,
        prefix=prefix,
        data={
            "version": pairing.version,
            "mentor": shown(pairing.mentor),
            "mentee": shown(pairing.mentee),
            "state": pairing.state,
            "locked": pairing.locked,
            "remark": pairing.remark,
        },
    )
    form.state.choices = _choices(pairing, None if fresh else request.form.get(f"{prefix}state"))
    if pairing.state != PairingState.DRAFT and not fresh and f"{prefix}mentor" not in request.form:
        for name in DRAFTS_ONLY:
            del form[name]
    form.remember()
    return form


def _choices(pairing: Pairing, sent: str | None) -> list[SelectChoice]:
    """The states that staff may give it now. A sent one is let through: the action says what is wrong."""
    allowed = [str(state) for state in next_states(pairing)]
    if sent in list(PairingState) and sent not in allowed:
        allowed.append(str(sent))
    return [SelectChoice(state, STEPS.get((pairing.state, state), words.STATES[state])) for state in allowed]


def value_in_words(name: str, value: Any, names: Mapping[int, str]) -> str:
    """A value of a form or of the audit as people read it; `names` are those of people by id."""
    if name == "state":
        return str(words.STATES.get(value, value))
    if name == "locked":
        return str(_("yes") if value else _("no"))
    if name in ("mentor_id", "mentee_id") and value:
        return str(names.get(value, _("somebody who has left")))
    return str(_("nothing") if value in (None, "") else value)


class NewPairForm(PortalForm):
    """Two people whom staff put together."""

    mentor = _person_field(_l("Mentor, who teaches"))
    mentee = _person_field(_l("Mentee, who learns"))
    locked = BooleanField(_l("Locked: the next run of the matching keeps these two together"))
    remark = _remark_field()

    def offer(self, person: Person | None, side: str) -> None:
        """Put somebody who waits into their side."""
        if person is not None and side in self:
            self[side].data = shown(person)
