"""The bench's form: weights, rules, and pairs that are to be kept together or apart, for one trial."""

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
    """Two people, and what is to become of them in the trial. A row without names counts for nothing."""

    class Meta(PortalForm.Meta):
        """The whole form has the token."""

        csrf = False

    how = SelectField(_l("Keep them"), choices=select_choices(HOW.items()), default="lock")
    mentor = StringField(_l("Mentor"), [Length(max=400, message=MISSING), _somebody])
    mentee = StringField(_l("Learns from them"), [Length(max=400, message=MISSING), _somebody])

    def is_empty(self) -> bool:
        """Whether nobody is named."""
        return not (self.mentor.data or self.mentee.data)

    def validate_mentee(self, field: StringField) -> None:
        """Nobody is kept together with themselves."""
        mentor = getattr(self.mentor, "person", None)
        if mentor is not None and mentor is getattr(field, "person", None):
            raise ValidationError(_l("Choose two different people."))


class TrialForm(MatchingForm):
    """What one trial is to go by."""

    class Meta(MatchingForm.Meta):
        """Rows are told apart by small numbers; fields with any other are not looked at."""

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            given = super().wrap_formdata(form, formdata)
            if not given:
                return given
            odd = [
                name
                for name in given
                if name.startswith("pairs") and not re.fullmatch(r"pairs-[0-9]{1,3}-[a-z]+", name)
            ]
            return (
                MultiDict([each for each in given.items(multi=True) if each[0] not in odd]) if odd else given
            )

    programme = HiddenField()
    title = StringField(
        _l("Name of this trial"),
        [Length(max=LONGEST_TITLE, message=_l("Make it shorter: 80 characters at most."))],
        description=_l("So that you find it again, like “more weight on time”."),
    )
    pairs = FieldList(FormField(PairRow), max_entries=MOST_PAIRS)

    def rows(self) -> list[Any]:
        """The rows of the pairs, each a field around a PairRow."""
        return list(self.pairs.entries)

    def change_rows(self, *, add: bool = False, remove: int | None = None) -> None:
        """Add an empty row, or take one away; what stands in the others stays."""
        kept = [each.data for number, each in enumerate(self.rows()) if number != remove]
        self.show_pairs(kept + ([{}] if add and len(kept) < MOST_PAIRS else []))

    def show_pairs(self, rows: list[dict[str, Any]]) -> None:
        """Put these rows in the place of those there are."""
        while self.pairs.entries:
            self.pairs.pop_entry()
        self.pairs.last_index = -1
        for each in rows:
            self.pairs.append_entry(
                {name: each.get(name) or "" for name in ("mentor", "mentee")}
                | {"how": each.get("how") or "lock"}
            )

    def chosen(self, how: str) -> set[Pair]:
        """The pairs that are to be kept together ("lock") or apart ("forbid"); call it when the form is
        right.
        """
        rows = [each.form for each in self.rows() if not each.form.is_empty() and each.form.how.data == how]
        return {(each.mentor.person.id, each.mentee.person.id) for each in rows}


def row_of(mentor: Person, mentee: Person, how: str) -> dict[str, Any]:
    """A pair as a row shows it."""
    return {"mentor": shown(mentor), "mentee": shown(mentee), "how": how}


def sum_said(total: int) -> str:
    """What the weights come to."""
    if total == 100:
        return _("Together: 100. That is right.")
    if total < 100:
        return _("Together: %(total)s. %(more)s are missing to 100.", total=total, more=100 - total)
    return _("Together: %(total)s. That is %(less)s too many.", total=total, less=total - 100)
