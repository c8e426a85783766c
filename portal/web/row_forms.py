"""The form of a row that is edited in its table, and what it knows when somebody else was faster."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from flask_babel import gettext as _
from wtforms import HiddenField

from portal.web.forms import PortalForm
from portal.web.numbers import version_in


class RowForm(PortalForm):
    """A row being edited. `version` is the one its reader saw; `was` holds the values it first showed, so
    that a conflict knows which are the reader's own.
    """

    edited: ClassVar[tuple[str, ...]] = ()
    labels: ClassVar[Mapping[str, Any]] = {}
    version = HiddenField()
    was = HiddenField()

    def shown(self) -> dict[str, Any]:
        """The fields as the page has them, for `was`."""
        return {name: self[name].data for name in self.edited if name in self}

    def remember(self) -> None:
        """Note what is shown first, unless the reader's browser sent it back."""
        if not self.was.data:
            self.was.data = json.dumps(self.shown())

    def mine(self) -> set[str]:
        """The fields that the reader changed, as far as the form remembers; all of them when it does not."""
        try:
            was = json.loads(self.was.data or "")
        except ValueError:
            was = {}
        shown = self.shown()
        was = was if isinstance(was, dict) else {}
        return {name for name in shown if name not in was or was[name] != shown[name]}

    def seen(self) -> int:
        """The version that was sent; the field's data would be the present one. 0 when none was."""
        return version_in((self.version.raw_data or [""])[0])

    def in_words(self, name: str) -> str:
        """A field's value as people read it."""
        value = self[name].data
        return _("nothing") if value in (None, "") else str(value)

    def differing(self, saved: "RowForm") -> list[str]:
        """The fields in which this form differs from the one of what is saved now."""
        theirs = {**self.shown(), **saved.shown()}
        return [name for name, value in self.shown().items() if theirs[name] != value]

    def values_to_keep(self, saved: "RowForm") -> dict[str, Any]:
        """What the browser sends to save the reader's own changes after all, over what is saved now."""
        mine, theirs = self.mine(), {**self.shown(), **saved.shown()}
        values = {self[name].name: self[name].data if name in mine else theirs[name] for name in self.shown()}
        values = {name: _as_sent(value) for name, value in values.items()}
        hidden = [saved.version, saved.was, *(self[name] for name in ("reason",) if name in self)]
        return {**values, **{field.name: field.data for field in hidden}}


def _as_sent(value: Any) -> Any:
    """A tick box is sent as "y", or not at all."""
    return (["y"] if value else []) if isinstance(value, bool) else value
