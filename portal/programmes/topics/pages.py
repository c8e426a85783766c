"""Staff's table of topics, edited inline like that of people; adding one, retiring one, merging two."""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now
from portal.core.matching.topics.index import AREAS
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid, NotFound, Stale
from portal.people import listing as people
from portal.programmes.models import Topic
from portal.programmes.topics import actions as topics
from portal.programmes.topics import forms as topic_forms
from portal.programmes.topics import index as topic_index
from portal.programmes.topics import listing as topic_list
from portal.programmes.topics.forms import EDITED, LABELS, NewTopicForm, TopicRowForm, WhichForm, row_form
from portal.web.access import requires
from portal.web.htmx import answer, redirect_to
from portal.web.numbers import version_in
from portal.web.toasts import toast

blueprint = Blueprint("topics", __name__, url_prefix="/programmes/topics")
COLUMNS, FEW = 5, 6


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {"AREAS": AREAS, "columns": COLUMNS}


@blueprint.get("")
@requires(May.RUN_PROGRAMMES)
def index() -> Response:
    """The list."""
    asked = topic_list.Asked.of(request.args)
    rows = topic_list.find(asked)
    return answer(
        "programmes/topics/found.html", page=lambda: _list(asked, rows=rows), asked=asked, rows=rows
    )


@blueprint.get("/<topic_id>/row")
@requires(May.RUN_PROGRAMMES)
def row(topic_id: str) -> Response:
    """One row as it is; where an edit is left."""
    return _row_answer(topic_id)


@blueprint.get("/<topic_id>/edit")
@requires(May.RUN_PROGRAMMES)
def edit(topic_id: str) -> Response:
    """One row as a form."""
    listed = _one(topic_id)
    return _form_answer(listed, row_form(listed.topic))


@blueprint.post("/<topic_id>")
@requires(May.RUN_PROGRAMMES)
def save(topic_id: str) -> Response:
    """Save a row. A stale one is answered with both values; what is typed is never lost."""
    form = row_form(_one(topic_id).topic)
    if not form.sent():
        return _form_answer(_one(topic_id), form, 422)
    try:
        with transaction():
            topic = _one(topic_id).topic
            values = topic_forms.values_of(form, topic)
            entry = topics.edit(topic, seen=form.seen(), by=current_user.id, at=now(), **values)
    except Stale:
        return _conflict(_one(topic_id).topic, form)
    except Invalid as error:
        form.take(error)
        return _form_answer(_one(topic_id), form, 422)
    return _row_answer(topic_id, entry, _("“%(topic)s” is saved."))


@blueprint.post("/<topic_id>/retire")
@requires(May.RUN_PROGRAMMES)
def retire(topic_id: str) -> Response:
    """Offer a topic no more; those who chose it keep it."""
    with transaction():
        entry = topics.retire(_one(topic_id).topic, by=current_user.id, at=now())
    return _row_answer(topic_id, entry, _("“%(topic)s” is retired. Those who chose it keep it."))


@blueprint.post("/<topic_id>/back")
@requires(May.RUN_PROGRAMMES)
def bring_back(topic_id: str) -> Response:
    """Offer a retired topic again."""
    try:
        with transaction():
            entry = topics.bring_back(_one(topic_id).topic, by=current_user.id, at=now())
    except Invalid as error:
        toast(error.message, tone="warn")
        return _row_answer(topic_id)
    return _row_answer(topic_id, entry, _("“%(topic)s” is offered again."))


@blueprint.post("/undo/<id:position>")
@requires(May.RUN_PROGRAMMES)
def undo(position: int) -> Response:
    """Take a change back; the answer is the row as it is then."""
    entry = audit.at(position)
    if entry is None or entry.object_kind != topics.KIND:
        raise NotFound
    try:
        with transaction():
            topics.undo(position, by=current_user.id, at=now())
        toast(_("Undone: it is as before."))
    except Invalid as error:
        toast(error.message, tone="warn")
    if topic_list.one(entry.object_id) is None:
        return redirect_to(url_for(".index"))
    return _row_answer(entry.object_id)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(May.RUN_PROGRAMMES)
def new() -> Response:
    """Add a topic."""
    form = NewTopicForm()
    if form.sent():
        try:
            with transaction():
                topic, entry = topics.add(**form.values(), by=current_user.id, at=now())
                added = {"id": topic.id, "label": topic.label, "position": entry.position}
            undo_url = url_for(".undo", position=added["position"])
            toast(_("“%(topic)s” is added.", topic=added["label"]), undo_url=undo_url)
            return redirect_to(url_for(".index", q=added["label"]))
        except Invalid as error:
            form.take(error)
    return make_response(
        render_template("programmes/topics/new.html", form=form), 422 if form.errors else 200
    )


@blueprint.get("/<topic_id>/merge")
@requires(May.RUN_PROGRAMMES)
def merge_into(topic_id: str) -> str:
    """Choose the topic that this one is another name of, and see whom it touches."""
    typed = request.args.get("text", "").strip()[:120]
    form = WhichForm(formdata=None, data={"text": typed})
    into_id = request.args.get("into", "") or topic_index.recognised(typed) or ""
    into = topic_list.one(into_id) if into_id else None
    if into is not None and into.topic.id == topic_id:
        form.take(Invalid(_("A topic cannot be merged into itself. Choose another."), field="text"))
        into = None
    elif typed and into is None:
        form.take(Invalid(_("We do not know that one yet. Is it one of these?"), field="text"))
    return _merge_page(_one(topic_id), into, form, typed)


@blueprint.post("/<topic_id>/merger")
@requires(May.RUN_PROGRAMMES)
def merge(topic_id: str) -> Response:
    """Make a topic another name of a second one, which everybody who chose it then has."""
    _one(topic_id)
    seen = {name: version_in(request.form.get(name, "")) for name in ("seen", "seen_into")}
    into_id = request.form.get("into", "")
    try:
        with transaction():
            into = _one(into_id).topic
            topics.merge(_one(topic_id).topic, into=into, **seen, by=current_user.id, at=now())
            label = into.label
    except (Stale, Invalid) as error:
        form = WhichForm(formdata=None)
        form.take(Invalid(error.message, field="text"))
        return make_response(_merge_page(_one(topic_id), _one(into_id), form, ""), error.status)
    toast(_("Merged: “%(topic)s” has its names and everybody who chose it.", topic=_(label)))
    return redirect_to(url_for(".index", q=_(label)))


def _merge_page(
    listed: topic_list.Listed, into: topic_list.Listed | None, form: WhichForm, typed: str
) -> str:
    offers = (
        [each.topic for each in topic_index.suggestions(typed) if each.topic.id != listed.topic.id]
        if not into
        else []
    )
    both = topic_list.people_of_both(listed.topic.id, into.topic.id) if into else 0
    return render_template(
        "programmes/topics/merge.html", listed=listed, into=into, form=form, offers=offers, both=both
    )


def _one(topic_id: str) -> topic_list.Listed:
    listed = topic_list.one(topic_id)
    if listed is None:
        raise NotFound
    return listed


def _query() -> dict[str, Any]:
    """The list's query, which travels along while a row is edited."""
    return topic_list.Asked.of(request.args).args()


def _list_url(topic: Topic) -> str:
    return url_for(".index", **_query(), _anchor=f"topic-{topic.id}")


def _list(asked: topic_list.Asked, **more: Any) -> str:
    per_page = FEW if "editing" in more else topic_list.PER_PAGE
    rows = more.pop("rows", None) or topic_list.find(asked, per_page=per_page)
    waiting = topic_list.suggestions_waiting()
    return render_template("programmes/topics/index.html", asked=asked, rows=rows, waiting=waiting, **more)


def _row_answer(topic_id: str, entry: audit.AuditEntry | None = None, said: str = "") -> Response:
    listed = _one(topic_id)
    if said and entry is None:
        toast(_("Nothing was changed."))
    elif entry is not None:
        undo_url = url_for(".undo", position=entry.position, **_query())
        toast(said % {"topic": _(listed.topic.label)}, undo_url=undo_url, undo_target=f"#topic-{topic_id}")
    return answer(
        "programmes/topics/_row.html", back_to=_list_url(listed.topic), listed=listed, list_query=_query()
    )


def _form_answer(listed: topic_list.Listed, form: TopicRowForm, status: int = 200) -> Response:
    about: dict[str, Any] = {"listed": listed, "form": form, "list_query": _query()}
    asked = topic_list.Asked.of(request.args)
    page = lambda: _list(asked, editing=listed.topic.id, **about)  # noqa: E731  # it needs no name elsewhere
    return answer("programmes/topics/_row_edit.html", page=page, status=status, **about)


def _conflict(topic: Topic, form: TopicRowForm) -> Response:
    """Both values of what differs. Saving mine keeps what the other changed elsewhere in the row."""
    kept = row_form(topic, fresh=True)
    mine, saved = form.mine(), kept.shown()
    differing = [name for name, value in form.shown().items() if saved[name] != value and name in mine]
    values = {form[name].name: form[name].data if name in mine else saved[name] for name in EDITED}
    last = next(iter(audit.history(topics.KIND, topic.id, limit=1)), None)
    who = people.names_of({last.actor_id}).get(last.actor_id) if last and last.actor_id else None
    message = _(
        "%(who)s saved “%(topic)s” while you were editing. "
        "Nothing of yours is lost; choose what should stand.",
        who=who or _("Somebody"),
        topic=_(topic.label),
    )
    about: dict[str, Any] = {
        "id": f"topic-{topic.id}",
        "message": message,
        "differences": [
            {"label": LABELS[name], "yours": _said(name, form[name].data), "theirs": _said(name, saved[name])}
            for name in differing
        ],
        "values": {**values, kept.version.name: kept.version.data, kept.was.name: kept.was.data},
        "keep_url": url_for(".save", topic_id=topic.id, **_query()),
        "leave_url": url_for(".row", topic_id=topic.id, **_query()),
    }
    page = lambda: render_template("programmes/topics/conflict.html", **about)  # noqa: E731  # it needs no name elsewhere
    return answer("_conflict.html", page=page, status=409, **about)


def _said(name: str, value: Any) -> str:
    if name == "area":
        return _(AREAS[value]) if value in AREAS else str(value)
    return str(value or _("nothing"))
