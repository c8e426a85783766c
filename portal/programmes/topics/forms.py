"""Forms of staff's topics: a row being edited, a new topic, and the choice of another one by its
name.
"""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.form import _Auto
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.core.matching.topics.index import AREAS
from portal.programmes.models import Topic
from portal.web.forms import PortalForm, select_choices
from portal.web.row_forms import RowForm

EDITED = ("label", "area", "aliases")
LABELS = {"label": _l("Name"), "area": _l("Area"), "aliases": _l("Also called")}


class NewTopicForm(PortalForm):
    """A topic that staff add."""

    label = StringField(
        LABELS["label"],
        [DataRequired(_l("Give it a name.")), Length(max=80, message=_l("Use at most 80 characters."))],
        description=_l("As it reads in a list: short, and in plain words."),
    )
    area = SelectField(LABELS["area"])
    aliases = TextAreaField(
        LABELS["aliases"],
        [Length(max=3000, message=_l("Use at most 3,000 characters."))],
        description=_l("What people type when they mean it, brands and slang too; separated by semicolons."),
        render_kw={"rows": 2},
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.area.choices = select_choices((area, _(label)) for area, label in AREAS.items())

    def values(self) -> dict[str, Any]:
        """What the form says, as a topic keeps it; call it when the form is right."""
        return {
            "label": self.label.data,
            "area": self.area.data,
            "aliases": names_in(self.aliases.data or ""),
        }


class TopicRowForm(RowForm, NewTopicForm):
    """One topic, in the row."""

    edited = EDITED
    labels = LABELS

    def in_words(self, name: str) -> str:
        """A field's value as people read it."""
        area = self.area.data
        return _(AREAS[area]) if name == "area" and area in AREAS else super().in_words(name)


def row_form(topic: Topic, *, fresh: bool = False) -> TopicRowForm:
    """The row's form, with what was just sent; or with what is saved, if nothing was or when `fresh`."""
    form = TopicRowForm(
        formdata=None if fresh else _Auto,
        prefix=f"topic-{topic.id}-",
        data={
            "label": _(topic.label),
            "area": topic.area,
            "aliases": "; ".join(topic.aliases),
            "version": topic.version,
        },
    )
    form.label.description = form.aliases.description = ""
    if topic.area not in AREAS:
        form.area.choices = [*select_choices([(topic.area, topic.area)]), *form.area.choices]
    form.remember()
    return form


def values_of(form: TopicRowForm, topic: Topic) -> dict[str, Any]:
    """What a row's form says. A label that was not changed stays as it is kept, whichever language it was
    shown in.
    """
    values = form.values()
    if values["label"] == _(topic.label):
        values["label"] = topic.label
    return values


def names_in(text: str) -> list[str]:
    """The names in a text that separates them by semicolons, commas or lines."""
    names = (" ".join(piece.split()) for piece in re.split(r"[;,\n]", text))
    return [name for name in names if name]


class WhichForm(PortalForm):
    """Another topic, by any name of it."""

    text = StringField(_l("Topic"), [Length(max=120, message=_l("Make it shorter: a few words."))])
