"""The lists of steps 2, 3 and 5: subjects as they are typed, chosen, ordered and removed; people not to be
paired with.
"""

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid, NotFound
from portal.people import queries as people
from portal.people.models import Person
from portal.programmes import queries, words
from portal.programmes.enrolment import actions as enrolling
from portal.programmes.enrolment import wishes as wishing
from portal.programmes.enrolment.steps import draw_step
from portal.programmes.forms import NameForm, TopicForm
from portal.programmes.models import Enrolment
from portal.programmes.topics import index as topic_index
from portal.programmes.topics import suggestions as suggesting
from portal.web.access import signed_in
from portal.web.htmx import answer
from portal.web.numbers import id_in
from portal.web.toasts import toast

blueprint = Blueprint("wishes", __name__, url_prefix="/join")
SIDE = "<any(teach,learn):step>"
FIELD = re.compile(r"(suggestion-[0-9]{1,19}-)?text")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return words.vocabulary()


@blueprint.get("/topics")
@signed_in
def suggest() -> str:
    """Topics for what is typed so far, into whichever field asks: `text`, with more before it in rows of
    staff.
    """
    asked = ((name, typed) for name, typed in request.args.items() if FIELD.fullmatch(name))
    field, typed = next(asked, ("text", request.args.get("q", "")))
    items = [(_(each.topic.label), _(each.topic.label), "") for each in topic_index.suggestions(typed)]
    return render_template(
        "programmes/enrolment/_suggestions.html", items=items, id=f"{field}-list", label=_("Subjects")
    )


@blueprint.get("/people")
@signed_in
def suggest_people() -> str:
    """People for what is typed so far."""
    found = people.suggestions(request.args.get("name", ""), but=current_user.id)
    items = [(each.name, each.name, each.department) for each in found if each.is_active]
    return render_template(
        "programmes/enrolment/_suggestions.html", items=items, id="name-list", label=_("People")
    )


@blueprint.post(f"/<id:programme_id>/{SIDE}/topics")
@signed_in
def add(programme_id: int, step: str) -> Response:
    """Add a subject: the one that was chosen, or what was typed if there is no doubt. Never a guess."""
    form = TopicForm()
    chosen = request.values.get("topic_id", "") or (topic_index.recognised(form.text.data or "") or "")
    if not form.sent():
        return _topics(programme_id, step, form, status=422)
    if not chosen:
        return _not_known(programme_id, step, form)
    level = (
        int(request.values.get("level", "2")) if request.values.get("level", "2") in ("1", "2", "3") else 2
    )
    side = wishing.SIDES[step]
    return _change(
        programme_id, step, lambda mine: wishing.add(mine, side=side, topic_id=chosen, level=level), form
    )


@blueprint.post(f"/<id:programme_id>/{SIDE}/topics/suggest")
@signed_in
def suggest_to_staff(programme_id: int, step: str) -> Response:
    """None of the offered is meant: hand what was typed to those who keep the list. What is on it by now is
    added.
    """
    form = TopicForm()
    _mine(programme_id)
    if not form.sent():
        return _topics(programme_id, step, form, status=422)
    if topic_index.recognised(form.text.data or ""):
        return add(programme_id, step)
    try:
        with transaction():
            enrolling.check_open(_mine(programme_id))
            typed = suggesting.suggest(form.text.data or "", by=current_user.id, at=now()).typed
    except Invalid as error:
        form.take(Invalid(error.message, field="text"))
        return _topics(programme_id, step, form, status=422)
    thanks = _(
        "Thank you: “%(typed)s” is with the programme team. Choose what comes nearest for now.", typed=typed
    )
    toast(thanks)
    return _topics(programme_id, step)


@blueprint.post(f"/<id:programme_id>/{SIDE}/topics/<topic_id>/remove")
@signed_in
def remove(programme_id: int, step: str, topic_id: str) -> Response:
    """Take a subject away; the toast offers to put it back."""
    gone: dict[str, Any] = {}

    def change(mine: Enrolment) -> None:
        wish = wishing.remove(mine, side=wishing.SIDES[step], topic_id=topic_id)
        if wish is not None:
            gone.update(label=_(wish.topic.label), level=wish.level)

    return _change(programme_id, step, change, said=lambda: _undo(programme_id, step, topic_id, gone))


@blueprint.post(f"/<id:programme_id>/{SIDE}/topics/<topic_id>/move")
@signed_in
def move(programme_id: int, step: str, topic_id: str) -> Response:
    """One place up or down."""
    up, side = request.form.get("to") == "up", wishing.SIDES[step]
    return _change(programme_id, step, lambda mine: wishing.move(mine, side=side, topic_id=topic_id, up=up))


@blueprint.post(f"/<id:programme_id>/{SIDE}/topics/<topic_id>/level")
@signed_in
def level(programme_id: int, step: str, topic_id: str) -> Response:
    """How well one knows it, or how much one wants it."""
    text, side = request.form.get("level", ""), wishing.SIDES[step]
    wanted = int(text) if text in ("1", "2", "3") else 0
    return _change(
        programme_id, step, lambda mine: wishing.set_level(mine, side=side, topic_id=topic_id, level=wanted)
    )


@blueprint.post("/<id:programme_id>/avoided")
@signed_in
def avoid(programme_id: int) -> Response:
    """Name somebody not to be paired with; a name that several have is asked about."""
    form = NameForm()
    if not form.sent():
        return _people(programme_id, form, status=422)
    chosen = id_in(request.form.get("person_id"))
    typed = form.name.data or ""
    if chosen:
        person = db.session.get(Person, chosen)
        found = [person] if person else []
    else:
        found = people.as_typed(typed) if typed else []
    found = [each for each in found if each.is_active and each.id != current_user.id]
    if len(found) != 1:
        near = found or [each for each in people.suggestions(typed, but=current_user.id) if each.is_active]
        several = _("Several people are called that. Choose the one you mean.") if found else ""
        none = (
            _("Nobody is found by that name. Type a part of it.")
            if not near
            else _("Choose the one you mean.")
        )
        form.take(Invalid(several or none, field="name"))
        return _people(programme_id, form, status=422, offers=near)
    try:
        with transaction():
            enrolling.avoid(_mine(programme_id, hold=True), found[0])
    except Invalid as error:
        form.take(error)
        return _people(programme_id, form, status=422)
    return _people(programme_id)


@blueprint.post("/<id:programme_id>/avoided/<id:person_id>/remove")
@signed_in
def avoid_no_more(programme_id: int, person_id: int) -> Response:
    """Take somebody off the list."""
    with transaction():
        enrolling.avoid_no_more(_mine(programme_id, hold=True), person_id)
    return _people(programme_id)


def _mine(programme_id: int, *, hold: bool = False) -> Enrolment:
    enrolment = queries.own_enrolment(programme_id, current_user.id, hold=hold)
    if enrolment is None or enrolment.steps_done == 0:
        raise NotFound
    return enrolment


def _change(
    programme_id: int,
    step: str,
    change: Callable[[Enrolment], object],
    form: TopicForm | None = None,
    said: Callable[[], None] | None = None,
) -> Response:
    """Make one change to the list and answer the list."""
    try:
        with transaction():
            change(_mine(programme_id, hold=True))
    except Invalid as error:
        form = form or TopicForm()
        form.take(Invalid(error.message, field="text"))
        return _topics(programme_id, step, form, status=422)
    if said is not None:
        said()
    return _topics(programme_id, step)


def _undo(programme_id: int, step: str, topic_id: str, gone: dict[str, Any]) -> None:
    if gone:
        back = url_for(".add", programme_id=programme_id, step=step, topic_id=topic_id, level=gone["level"])
        toast(_("%(topic)s is removed.", topic=gone["label"]), undo_url=back, undo_target=f"#wishes-{step}")


def _not_known(programme_id: int, step: str, form: TopicForm) -> Response:
    """What was typed is no topic's name: offer the nearest, guess nothing."""
    typed = form.text.data or ""
    offers = [each.topic for each in topic_index.suggestions(typed)]
    if not typed:
        message = _("Type a subject first.")
    elif offers:
        message = _("We do not know that one yet. Is it one of these?")
    else:
        message = _("We do not know that one yet. Try another word for it.")
    form.take(Invalid(message, field="text"))
    return _topics(programme_id, step, form, status=422, offers=offers, unknown=typed)


def _topics(
    programme_id: int,
    step: str,
    form: TopicForm | None = None,
    *,
    status: int = 200,
    offers: list[Any] | None = None,
    unknown: str = "",
) -> Response:
    """The list of one side: alone for htmx, on its page when something is to be mended, else a way back
    there.
    """
    enrolment = _mine(programme_id)
    given = {
        "wishes": wishing.of_side(enrolment, wishing.SIDES[step]),
        "topic_form": form or TopicForm(formdata=None),
        "offers": offers or [],
        "unknown": unknown,
    }
    return _answer("programmes/enrolment/_wishes.html", enrolment, step, given, status)


def _people(
    programme_id: int, form: NameForm | None = None, *, status: int = 200, offers: list[Person] | None = None
) -> Response:
    given = {"name_form": form or NameForm(formdata=None), "offers": offers or []}
    return _answer("programmes/enrolment/_avoided.html", _mine(programme_id), "boundaries", given, status)


def _answer(fragment: str, enrolment: Enrolment, step: str, given: dict[str, Any], status: int) -> Response:
    def page() -> str:
        return draw_step(enrolment, step, **given)

    back = url_for("joining.step", programme_id=enrolment.programme_id, step=step)
    more = {**given, "enrolment": enrolment, "programme": enrolment.programme, "step": step}
    return answer(fragment, back_to=back, page=page if status != 200 else None, status=status, **more)
