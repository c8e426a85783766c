"""The form of a trial: weights, rules, and pairs that are to be kept together or apart."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField, HiddenField, SelectField, StringField, ValidationError
from wtforms.validators import Length

from portal.pairings.matching.problem import Pair
from portal.pairings.trials.actions import LONGEST_TITLE
from portal.people.models import Person
from portal.people.person_field import MISSING, one_person, shown
from portal.programmes.forms import MatchingForm
from portal.web.forms import PortalForm, select_choices

MOST_PAIRS = 12
HOW = {"lock": _l("together"), "forbid": _l("apart")}


def _somebody(form: PortalForm, field: StringField) -> None:
    """One person, unless the whole row is empty."""
    if not form.is_empty():
        if not field.data:
            raise ValidationError(MISSING)
        one_person(form, field)


class PairRow(PortalForm):
    """Two people, and whether to keep them together or apart in the trial. A row without names is ignored."""

    class Meta(PortalForm.Meta):
        """The form around the row has the CSRF token."""

        csrf = False

    how = SelectField(_l("Keep them"), choices=select_choices(HOW.items()), default="lock")
    mentor = StringField(_l("Mentor"), [Length(max=400, message=MISSING), _somebody])
    mentee = StringField(_l("Learns from them"), [Length(max=400, message=MISSING), _somebody])

    def is_empty(self) -> bool:
        return not (self.mentor.data or self.mentee.data)

    def validate_mentee(self, field: StringField) -> None:
        """Nobody is kept together with themselves."""
        mentor = getattr(self.mentor, "person", None)
        if mentor is not None and mentor is getattr(field, "person", None):
            raise ValidationError(_l("Choose two different people."))


class TrialForm(MatchingForm):
    """Weights, rules and pairs of one trial."""

    class Meta(MatchingForm.Meta):
        """Drops fields of rows whose number WTForms could not read, or would read for very long."""

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            data = super().wrap_formdata(form, formdata)
            if not data:
                return data
            odd = [
                name
                for name in data
                if name.startswith("pairs") and not re.fullmatch(r"pairs-[0-9]{1,3}-[a-z]+", name)
            ]
            if not odd:
                return data
            return MultiDict([(name, value) for name, value in data.items(multi=True) if name not in odd])

    programme = HiddenField()
    title = StringField(
        _l("Name of this trial"),
        [Length(max=LONGEST_TITLE, message=_l("Make it shorter: 80 characters at most."))],
        description=_l("So that you find it again, like “more weight on time”."),
    )
    pairs = FieldList(FormField(PairRow), max_entries=MOST_PAIRS)

    def rows(self) -> list[Any]:
        """The rows of pairs, each a FormField around a PairRow."""
        return list(self.pairs.entries)

    def change_rows(self, *, add: bool = False, remove: int | None = None) -> None:
        """Add an empty row, or take one away; the others keep what was typed."""
        rows = [row.data for number, row in enumerate(self.rows()) if number != remove]
        self.show_pairs(rows + ([{}] if add and len(rows) < MOST_PAIRS else []))

    def show_pairs(self, rows: list[dict[str, Any]]) -> None:
        """Replace the rows by these."""
        while self.pairs.entries:
            self.pairs.pop_entry()
        self.pairs.last_index = -1
        for row in rows:
            self.pairs.append_entry(
                {name: row.get(name) or "" for name in ("mentor", "mentee")}
                | {"how": row.get("how") or "lock"}
            )

    def chosen(self, how: str) -> set[Pair]:
        """The pairs that are to be kept together ("lock") or apart ("forbid"), of a form that is valid."""
        forms = [row.form for row in self.rows() if not row.form.is_empty() and row.form.how.data == how]
        return {(form.mentor.person.id, form.mentee.person.id) for form in forms}


def row_of(mentor: Person, mentee: Person, how: str) -> dict[str, Any]:
    """A pair as a row shows it."""
    return {"mentor": shown(mentor), "mentee": shown(mentee), "how": how}


def sum_text(total: int) -> str:
    """What the weights sum to, in words."""
    if total == 100:
        text = _("Together: 100. That is right.")
    elif total < 100:
        text = _("Together: %(total)s. %(more)s are missing to 100.", total=total, more=100 - total)
    else:
        text = _("Together: %(total)s. That is %(less)s too many.", total=total, less=total - 100)
    return str(text)
