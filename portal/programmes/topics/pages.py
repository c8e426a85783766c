"""Staff's topics, edited in the row; adding one, retiring one, merging two."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now
from portal.core.matching.topics.index import AREAS
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid, Stale
from portal.people import listing as people
from portal.programmes.topics import actions as topics
from portal.programmes.topics import index as topic_index
from portal.programmes.topics import listing
from portal.programmes.topics.forms import NewTopicForm, TopicRowForm, WhichForm, row_form, values_of
from portal.programmes.topics.listing import Listed, TopicQuery
from portal.web.access import requires
from portal.web.htmx import redirect_to
from portal.web.inline_rows import Empty, Header, InlineTable
from portal.web.list_queries import Rows
from portal.web.numbers import version_in
from portal.web.toasts import toast

blueprint = Blueprint("topics", __name__, url_prefix="/programmes/topics")


class TopicsTable(InlineTable[Listed, TopicQuery]):
    """All topics, each with the number of people who chose it."""

    item, kind, converter = "topic", topics.KIND, ""
    templates, html_table, query = "programmes/topics", "topics-table", TopicQuery
    caption = _l("Topics")
    headers = (
        Header(_l("Name")),
        Header(_l("Area")),
        Header(_l("Also called")),
        Header(_l("Chosen by"), number=True),
    )
    empty = Empty(
        _l("No topic fits"),
        _l("Nothing is called that yet. You can add it."),
        *(_l("Add a topic"), ".new"),
    )
    partials: Mapping[str, str] = {"topics-count": "programmes/topics/_count.html"}
    few = 6

    def find(self, row_id: str) -> Listed | None:
        return listing.one(row_id)

    def rows(self, query: TopicQuery, per_page: int | None) -> Rows[Listed]:
        return listing.find(query, per_page=per_page or listing.PER_PAGE)

    def form(self, row: Listed, *, fresh: bool = False) -> TopicRowForm:
        return row_form(row.topic, fresh=fresh)

    def change(self, row: Listed, form: TopicRowForm) -> audit.AuditEntry | None:
        values = values_of(form, row.topic)
        return topics.edit(row.topic, seen=form.seen(), by=current_user.id, at=now(), **values)

    def take_back(self, entry: audit.AuditEntry) -> None:
        topics.undo(entry.position, by=current_user.id, at=now())

    def id_of(self, row: Listed) -> str:
        return row.topic.id

    def name(self, row: Listed) -> str:
        return _(row.topic.label)

    def names_of(self, person_ids: set[int]) -> dict[int, str]:
        return people.names_of(person_ids)

    def overtaken(self, row: Listed, who: str) -> str:
        return _(
            "%(who)s saved “%(topic)s” while you were editing. "
            "Nothing of yours is lost; choose what should stand.",
            who=who,
            topic=self.name(row),
        )

    def saved(self, row: Listed) -> str:
        return _("“%(topic)s” is saved.", topic=self.name(row))

    def page_context(self) -> dict[str, Any]:
        return {"waiting": listing.suggestions_waiting()}


table = TopicsTable()
table.add_routes(blueprint, see=May.RUN_PROGRAMMES, edit=May.RUN_PROGRAMMES, without=["history"])


@blueprint.context_processor
def _areas() -> dict[str, Any]:
    return {"AREAS": AREAS}


@blueprint.post("/<topic_id>/retire")
@requires(May.RUN_PROGRAMMES)
def retire(topic_id: str) -> Response:
    """Offer a topic no more; those who chose it keep it."""
    with transaction():
        entry = topics.retire(table.get(topic_id).topic, by=current_user.id, at=now())
    row = table.get(topic_id)
    message = _("“%(topic)s” is retired. Those who chose it keep it.", topic=table.name(row))
    return table.changed(row, entry, message)


@blueprint.post("/<topic_id>/back")
@requires(May.RUN_PROGRAMMES)
def bring_back(topic_id: str) -> Response:
    """Offer a retired topic again."""
    try:
        with transaction():
            entry = topics.bring_back(table.get(topic_id).topic, by=current_user.id, at=now())
    except Invalid as error:
        toast(error.message, tone="warn")
        return table.row_answer(table.get(topic_id))
    row = table.get(topic_id)
    return table.changed(row, entry, _("“%(topic)s” is offered again.", topic=table.name(row)))


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
    into = listing.one(into_id) if into_id else None
    if into is not None and into.topic.id == topic_id:
        form.take(Invalid(_("A topic cannot be merged into itself. Choose another."), field="text"))
        into = None
    elif typed and into is None:
        form.take(Invalid(_("We do not know that one yet. Is it one of these?"), field="text"))
    return _merge_page(table.get(topic_id), into, form, typed)


@blueprint.post("/<topic_id>/merger")
@requires(May.RUN_PROGRAMMES)
def merge(topic_id: str) -> Response:
    """Make a topic another name of a second one, which everybody who chose it then has."""
    table.get(topic_id)
    seen = {name: version_in(request.form.get(name, "")) for name in ("seen", "seen_into")}
    into_id = request.form.get("into", "")
    try:
        with transaction():
            into = table.get(into_id).topic
            topics.merge(table.get(topic_id).topic, into=into, **seen, by=current_user.id, at=now())
            label = into.label
    except (Stale, Invalid) as error:
        form = WhichForm(formdata=None)
        form.take(Invalid(error.message, field="text"))
        return make_response(_merge_page(table.get(topic_id), table.get(into_id), form, ""), error.status)
    toast(_("Merged: “%(topic)s” has its names and everybody who chose it.", topic=_(label)))
    return redirect_to(url_for(".index", q=_(label)))


def _merge_page(listed: Listed, into: Listed | None, form: WhichForm, typed: str) -> str:
    offers = (
        [near.topic for near in topic_index.suggestions(typed) if near.topic.id != listed.topic.id]
        if not into
        else []
    )
    both = listing.people_of_both(listed.topic.id, into.topic.id) if into else 0
    return render_template(
        "programmes/topics/merge.html", listed=listed, into=into, form=form, offers=offers, both=both
    )
