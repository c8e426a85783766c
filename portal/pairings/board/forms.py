"""Forms of the board: a pairing being edited in its row, and a pair made by hand.

A row's form remembers what it first showed (`was`), so that a conflict knows which values are the reader's
own.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.form import _Auto
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from portal.audit import AuditEntry
from portal.core.lifecycle import PairingState
from portal.pairings import words
from portal.pairings.board.actions import EDITED, next_states
from portal.pairings.models import Pairing
from portal.people.models import Person
from portal.people.person_field import MISSING, one_person, shown
from portal.web.forms import PortalForm
from portal.web.numbers import version_in

LABELS = {
    "mentor": _l("Mentor"),
    "mentee": _l("Learns from them"),
    "mentor_id": _l("Mentor"),
    "mentee_id": _l("Learns from them"),
    "state": _l("State"),
    "locked": _l("Locked"),
    "remark": _l("Remark"),
}
IN_ROW = ("mentor", "mentee", "state", "locked", "remark")
MOVED = "pairing.moved"
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


class PairingForm(PortalForm):
    """One pairing, in the row. Who the two are, and the lock, are there while it is a draft."""

    version = HiddenField()
    was = HiddenField()
    mentor = _person_field(LABELS["mentor"])
    mentee = _person_field(LABELS["mentee"])
    state = SelectField(LABELS["state"])
    locked = BooleanField(_l("Locked: the next run of the matching keeps these two together"))
    remark = _remark_field()
    reason = StringField(_l("Reason"), [Length(max=300, message=_l("Use at most 300 characters."))])

    def values(self) -> dict[str, Any]:
        """What the form says, as a pairing keeps it; call it when the form is right."""
        values: dict[str, Any] = {"state": self.state.data, "remark": self.remark.data or ""}
        if "mentor" in self:
            values |= {"mentor_id": self.mentor.person.id, "mentee_id": self.mentee.person.id}
            values["locked"] = bool(self.locked.data)
        return values

    def shown(self) -> dict[str, Any]:
        """The fields as the page has them, for `was`."""
        return {name: self[name].data for name in IN_ROW if name in self}

    def mine(self) -> set[str]:
        """The fields that the reader changed, as far as the form remembers; all of them when it does not."""
        try:
            was = json.loads(self.was.data or "")
        except ValueError:
            was = {}
        now = self.shown()
        return {
            name for name in now if not isinstance(was, dict) or name not in was or was[name] != now[name]
        }

    def seen(self) -> int:
        """The version that was on the page; 0 when none was sent."""
        return version_in((self.version.raw_data or [""])[0])


def pairing_form(pairing: Pairing, *, fresh: bool = False, with_people: bool = False) -> PairingForm:
    """The row's form, with what was just sent if something was; with what is kept otherwise, or when `fresh`.

    The two people are in it while the pairing is a draft, or when they were sent, or if wanted.
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
    with_people = with_people or (not fresh and f"{prefix}mentor" in request.form)
    if pairing.state != PairingState.DRAFT and not with_people:
        for name in DRAFTS_ONLY:
            del form[name]
    if not form.was.data:
        form.was.data = json.dumps(form.shown())
    return form


def _choices(pairing: Pairing, sent: str | None) -> list[SelectChoice]:
    """What staff may do with it now; a state that was sent is let through, for the action to say why it
    cannot be.
    """
    here = pairing.state
    allowed = [str(each) for each in next_states(pairing)]
    if sent in list(PairingState) and sent not in allowed:
        allowed.append(str(sent))
    return [SelectChoice(state, STEPS.get((here, state), words.STATES[state])) for state in allowed]


def in_words(name: str, value: Any, names: Mapping[int, str]) -> str:
    """A value of a pairing as people read it, out of a form or out of the audit; `names` are those of people
    by id.
    """
    if name == "state":
        return str(words.STATES.get(value, value))
    if name == "locked":
        return _("yes") if value else _("no")
    if name in ("mentor_id", "mentee_id") and value:
        return names.get(value, _("somebody who has left"))
    return _("nothing") if value in (None, "") else str(value)


def differences(entry: AuditEntry, names: Mapping[int, str]) -> list[tuple[str, str, str]]:
    """What an entry of the audit changed, as (what, from, to) in words."""
    before, after = entry.before or {}, entry.after or {}
    return [
        (str(LABELS[name]), in_words(name, before.get(name), names), in_words(name, after.get(name), names))
        for name in LABELS
        if name in before and before[name] != after.get(name)
    ]


def told(entries: Sequence[AuditEntry]) -> list[AuditEntry]:
    """A pairing's history without the lines that say the same twice: staff's edit of the state, and the step
    it led to.
    """
    edited = {each.position for each in entries if each.action == EDITED and "state" in (each.after or {})}
    return [each for each in entries if each.action != MOVED or each.position + 1 not in edited]


def people_in(entries: Sequence[AuditEntry]) -> set[int]:
    """The ids of the people whom the entries name."""
    values = [each for entry in entries for each in (entry.before, entry.after) if each]
    return {each[name] for each in values for name in ("mentor_id", "mentee_id") if each.get(name)}


def conflict_of(form: PairingForm, pairing: Pairing, *, who: str) -> dict[str, Any]:
    """What `_conflict.html` wants to know of a form that came too late; `who` was faster.

    Only what the reader changed is in question; what the other changed elsewhere stays, and the message names
    it.
    """
    kept = pairing_form(pairing, fresh=True, with_people="mentor" in form)
    mine, saved = form.mine(), {**form.shown(), **kept.shown()}
    differing = [name for name, value in form.shown().items() if saved[name] != value]
    values = {
        form[name].name: form[name].data if name in mine else saved[name] for name in IN_ROW if name in form
    }
    values = {
        name: ["y"] if value is True else [] if value is False else value for name, value in values.items()
    }
    return {
        "message": _too_late(pairing, who, [str(LABELS[name]) for name in differing if name not in mine]),
        "differences": [
            {"label": LABELS[name], "yours": _said(form, name), "theirs": _said(kept, name)}
            for name in differing
            if name in mine
        ],
        "values": {**values, **{each.name: each.data for each in (kept.version, kept.was, form.reason)}},
    }


def _too_late(pairing: Pairing, who: str, stays: Sequence[str]) -> str:
    message = _(
        "%(who)s changed %(mentor)s and %(mentee)s meanwhile. Nothing of yours is lost; choose what should"
        " stand.",
        who=who or _("Somebody"),
        mentor=pairing.mentor.name,
        mentee=pairing.mentee.name,
    )
    if not stays:
        return message
    return f"{message} {_('What they changed elsewhere stays: %(fields)s.', fields=', '.join(stays))}"


def _said(form: PairingForm, name: str) -> str:
    return in_words(name, form[name].data, {})


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
