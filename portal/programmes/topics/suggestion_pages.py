"""Staff's list of what people typed that no topic answers to: add it, say what it means, or pass over it, in
the row.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now
from portal.core.permissions import May
from portal.db import db, transaction
from portal.errors import Invalid, NotFound
from portal.programmes.models import Topic, TopicSuggestion
from portal.programmes.topics import index as topic_index
from portal.programmes.topics import listing as topic_list
from portal.programmes.topics import suggestions as suggesting
from portal.programmes.topics.forms import NewTopicForm, WhichForm
from portal.web.access import requires
from portal.web.htmx import answer
from portal.web.toasts import toast

blueprint = Blueprint("suggestions", __name__, url_prefix="/programmes/topics/suggestions")
COLUMNS, NEAREST, FEW = 4, 3, 3


@blueprint.context_processor
def _given() -> dict[str, Any]:
    return {"columns": COLUMNS, "nearest": _nearest, "list_query": _query()}


@blueprint.get("")
@requires(May.RUN_PROGRAMMES)
def index() -> Response:
    """What waits; or what was decided."""
    return answer("programmes/topics/suggestions/_table.html", page=_list, **_listed())


@blueprint.get("/<id:suggestion_id>/row")
@requires(May.RUN_PROGRAMMES)
def row(suggestion_id: int) -> Response:
    """One row as it is; where an edit is left."""
    return _row_answer(suggestion_id)


@blueprint.get("/<id:suggestion_id>/edit")
@requires(May.RUN_PROGRAMMES)
def edit(suggestion_id: int) -> Response:
    """One row as two forms: a new topic, or the one it means."""
    return _form_answer(suggestion_id)


@blueprint.post("/<id:suggestion_id>/add")
@requires(May.RUN_PROGRAMMES)
def add(suggestion_id: int) -> Response:
    """Make a topic of it."""
    form = _new_form(_one(suggestion_id))
    if not form.sent():
        return _form_answer(suggestion_id, form, status=422)
    try:
        with transaction():
            about = {"by": current_user.id, "at": now()}
            entry = suggesting.add_as_topic(_one(suggestion_id), **form.values(), **about)
    except Invalid as error:
        form.take(error)
        return _form_answer(suggestion_id, form, status=422)
    return _row_answer(suggestion_id, entry, _("“%(topic)s” is added.", topic=form.label.data))


@blueprint.post("/<id:suggestion_id>/means")
@requires(May.RUN_PROGRAMMES)
def means(suggestion_id: int) -> Response:
    """Make it another name of a topic: of the one that was chosen, or that was typed if there is no doubt."""
    which = _which_form(_one(suggestion_id))
    typed = (which.text.data or "") if which.sent() else ""
    topic_id = request.form.get("topic_id", "") or topic_index.recognised(typed) or ""
    try:
        with transaction():
            topic = db.session.get(Topic, topic_id)
            if topic is None:
                raise Invalid(_("Choose the topic it means, or type its name."), field="text")
            label = topic.label
            entry = suggesting.means(_one(suggestion_id), topic, by=current_user.id, at=now())
    except Invalid as error:
        which.take(Invalid(error.message, field="text"))
        return _form_answer(suggestion_id, which=which, status=422)
    said = _("“%(typed)s” now means “%(topic)s”.", typed=_one(suggestion_id).typed, topic=_(label))
    return _row_answer(suggestion_id, entry, said)


@blueprint.post("/<id:suggestion_id>/pass")
@requires(May.RUN_PROGRAMMES)
def pass_over(suggestion_id: int) -> Response:
    """Do nothing with it."""
    return _decide(
        suggestion_id, lambda one: suggesting.pass_over(one, by=current_user.id, at=now()), _("Passed over.")
    )


@blueprint.post("/<id:suggestion_id>/again")
@requires(May.RUN_PROGRAMMES)
def look_again(suggestion_id: int) -> Response:
    """Have one that was passed over wait again."""

    def change(one: TopicSuggestion) -> None:
        suggesting.look_again(one, by=current_user.id)

    return _decide(suggestion_id, change, _("It waits for a decision again."))


@blueprint.post("/undo/<id:position>")
@requires(May.RUN_PROGRAMMES)
def undo(position: int) -> Response:
    """Take a decision back; the answer is the row as it is then."""
    entry = audit.at(position)
    if entry is None or entry.object_kind != suggesting.KIND:
        raise NotFound
    return _decide(
        int(entry.object_id),
        lambda _one: suggesting.undo(position, by=current_user.id, at=now()),
        _("Undone: it is as before."),
    )


def _decide(suggestion_id: int, change: Callable[[TopicSuggestion], Any], said: str) -> Response:
    """Change one, and answer its row; what cannot be done is said in a toast."""
    _one(suggestion_id)
    try:
        with transaction():
            done = change(_one(suggestion_id))
    except Invalid as error:
        toast(error.message, tone="warn")
        return _row_answer(suggestion_id)
    if isinstance(done, audit.AuditEntry):
        return _row_answer(suggestion_id, done, said)
    toast(said)
    return _row_answer(suggestion_id)


def _one(suggestion_id: int) -> TopicSuggestion:
    found = topic_list.suggestion(suggestion_id)
    if found is None:
        raise NotFound
    return found


def _nearest(typed: str) -> list[Any]:
    """The topics that a text may mean, the likeliest first."""
    return [each.topic for each in topic_index.suggestions(typed, NEAREST)]


def _new_form(suggestion: TopicSuggestion) -> NewTopicForm:
    form = NewTopicForm(prefix=f"suggestion-{suggestion.id}-new-", data={"label": suggestion.typed})
    form.label.description = form.aliases.description = ""
    return form


def _which_form(suggestion: TopicSuggestion) -> WhichForm:
    return WhichForm(prefix=f"suggestion-{suggestion.id}-")


def _query() -> dict[str, Any]:
    """The list's query, which travels along while a row is edited."""
    args = {name: request.args.get(name, "") for name in ("show", "page")}
    return {name: value for name, value in args.items() if value and len(value) < 8}


def _listed() -> dict[str, Any]:
    rows = topic_list.suggestions(request.args)
    labels = topic_list.labels_of({each.topic_id for each in rows.items if each.topic_id})
    return {"rows": rows, "labels": labels, "settled": request.args.get("show") == "settled"}


def _list(**more: Any) -> str:
    return render_template("programmes/topics/suggestions/index.html", **_listed(), **more)


def _row_answer(suggestion_id: int, entry: audit.AuditEntry | None = None, said: str = "") -> Response:
    suggestion = _one(suggestion_id)
    if entry is not None:
        undo_url = url_for(".undo", position=entry.position, **_query())
        toast(said, undo_url=undo_url, undo_target=f"#suggestion-{suggestion_id}")
    labels = topic_list.labels_of({suggestion.topic_id} if suggestion.topic_id else set())
    back = url_for(".index", **_query(), _anchor=f"suggestion-{suggestion_id}")
    return answer(
        "programmes/topics/suggestions/_row.html", back_to=back, suggestion=suggestion, labels=labels
    )


def _form_answer(
    suggestion_id: int, new: NewTopicForm | None = None, *, which: WhichForm | None = None, status: int = 200
) -> Response:
    """The row as two forms; the one that was not sent is as new."""
    suggestion = _one(suggestion_id)
    about: dict[str, Any] = {"suggestion": suggestion, "new": new, "which": which}
    if new is None:
        about["new"] = NewTopicForm(
            None, prefix=f"suggestion-{suggestion_id}-new-", data={"label": suggestion.typed}
        )
        about["new"].label.description = about["new"].aliases.description = ""
    if which is None:
        about["which"] = WhichForm(None, prefix=f"suggestion-{suggestion_id}-")
    page = lambda: _list(editing=suggestion_id, **about)  # noqa: E731  # it needs no name elsewhere
    return answer("programmes/topics/suggestions/_row_edit.html", page=page, status=status, **about)
