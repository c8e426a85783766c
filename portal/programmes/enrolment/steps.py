"""The five steps of signing up as they are drawn: whose they are, whose turn it is, and what a step's page
holds.
"""

from collections.abc import Mapping
from typing import Any

from flask import render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.errors import NotFound
from portal.people.languages import format_languages
from portal.programmes import queries, words
from portal.programmes.enrolment import wishes as wishing
from portal.programmes.forms import BoundariesForm, NameForm, RoleForm, SeenForm, TopicForm, WorkingForm
from portal.programmes.models import Enrolment


def own(programme_id: int, *, hold: bool = False) -> Enrolment:
    """The reader's own enrolment; raises NotFound when there is none."""
    enrolment = queries.own_enrolment(programme_id, current_user.id, hold=hold)
    if enrolment is None:
        raise NotFound
    return enrolment


def too_early(enrolment: Enrolment, step: str) -> str | None:
    """Where to go first when a step's turn has not come; those who withdrew see where they stand."""
    if enrolment.state == "withdrawn":
        return url_for("standing.show", programme_id=enrolment.programme_id)
    if queries.STEPS.index(step) <= enrolment.steps_done:
        return None
    return url_for("joining.step", programme_id=enrolment.programme_id, step=queries.next_step(enrolment))


def next_place(enrolment: Enrolment) -> str:
    """The step that comes next, or where the reader stands once nothing is missing."""
    step = queries.next_step(enrolment)
    if step is None:
        return url_for("standing.show", programme_id=enrolment.programme_id)
    return url_for("joining.step", programme_id=enrolment.programme_id, step=step)


def form_of(step: str, enrolment: Enrolment | None = None) -> SeenForm:
    """A step's form: what was sent, or else what is saved."""
    if step in ("teach", "learn"):
        return SeenForm()
    if enrolment is None:
        return {"role": RoleForm, "working": WorkingForm, "boundaries": BoundariesForm}[step]()
    seen = {"seen": enrolment.version}
    if step == "role":
        role = words.role_of(enrolment.as_mentor, enrolment.as_mentee)
        capacities = {
            "mentor_capacity": enrolment.mentor_capacity,
            "mentee_capacity": enrolment.mentee_capacity,
        }
        return RoleForm(role=role or None, **capacities, **seen)
    if step == "boundaries":
        return BoundariesForm(off_the_table=enrolment.off_the_table, **seen)
    person = enrolment.person
    theirs = {name: getattr(person, name) for name in ("time_zone", "hours", "style")}
    languages = format_languages(person.languages, str(get_locale() or "en"))
    return WorkingForm(
        near=(person.time_zone,),
        **theirs,
        languages=languages,
        place=enrolment.place,
        person_seen=person.version,
        **seen,
    )


def draw_step(enrolment: Enrolment, step: str, *, form: SeenForm | None = None, **more: Any) -> str:
    """The page of one step."""
    given: dict[str, Any] = {
        "enrolment": enrolment,
        "programme": enrolment.programme,
        "step": step,
        "number": queries.STEPS.index(step) + 1,
        "form": form or form_of(step, enrolment),
        "before": queries.STEPS[max(queries.STEPS.index(step) - 1, 0)],
        "joined": enrolment.joined_at is not None,
    }
    if step in wishing.SIDES:
        given |= {"wishes": wishing.of_side(enrolment, wishing.SIDES[step]), "topic_form": TopicForm()}
    if step == "boundaries":
        given |= {"name_form": NameForm(), **summary_of(enrolment)}
    return render_template(f"programmes/enrolment/step_{step}.html", **{**given, **more})


def summary_of(enrolment: Enrolment) -> dict[str, Any]:
    """What somebody said, for the summary."""
    return {
        "teaches": wishing.of_side(enrolment, "teaches"),
        "learns": wishing.of_side(enrolment, "learns"),
        "languages": format_languages(enrolment.person.languages, str(get_locale() or "en")),
    }


def in_words(name: str, value: Any) -> str:
    """A stored value as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "languages":
        return format_languages(value, str(get_locale() or "en"))
    tables: dict[str, Mapping[str, Any]] = {"place": words.PLACES, "style": words.STYLES}
    return str(tables.get(name, {}).get(value, value)) or "–"
