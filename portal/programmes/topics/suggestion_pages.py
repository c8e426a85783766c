"""Staff's list of what people typed and no topic answers to: add it, say what it means, or pass over it."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now
from portal.core.matching.topics.index import Topic as CatalogueTopic
from portal.core.permissions import May
from portal.db import db, transaction
from portal.errors import Invalid
from portal.programmes.models import Topic, TopicSuggestion
from portal.programmes.topics import index as topic_index
from portal.programmes.topics import listing
from portal.programmes.topics import suggestions as suggesting
from portal.programmes.topics.forms import NewTopicForm, WhichForm
from portal.programmes.topics.listing import SuggestionQuery
from portal.web.access import requires
from portal.web.inline_rows import Empty, Header, InlineTable
from portal.web.list_queries import Rows
from portal.web.toasts import toast

blueprint = Blueprint("suggestions", __name__, url_prefix="/programmes/topics/suggestions")
NEAREST = 3


class SuggestionsTable(InlineTable[TopicSuggestion, SuggestionQuery]):
    """What waits, or what was decided. Its rows have no version: a decision is made once, or refused."""

    item, kind = "suggestion", suggesting.KIND
    templates, html_table, query = "programmes/topics/suggestions", "suggestions-table", SuggestionQuery
    caption = _l("Suggestions")
    headers = (Header(_l("Typed")), Header(_l("People"), number=True), Header(_l("It means")))

    def find(self, row_id: int) -> TopicSuggestion | None:
        return listing.suggestion(row_id)

    def rows(self, query: SuggestionQuery, per_page: int | None) -> Rows[TopicSuggestion]:
        return listing.suggestions(query)

    def edit(self, row_id: int) -> Response:
        """One row as two forms: a new topic, or the one it means."""
        return _forms_answer(self.get(row_id))

    def take_back(self, entry: audit.AuditEntry) -> None:
        suggesting.undo(entry.position, by=current_user.id, at=now())

    def rows_context(self, rows: Sequence[TopicSuggestion]) -> dict[str, Any]:
        return {"labels": listing.labels_of({row.topic_id for row in rows if row.topic_id})}

    def page_context(self) -> dict[str, Any]:
        return {"settled": SuggestionQuery.of(request.args).settled}

    def when_empty(self) -> Empty:
        if SuggestionQuery.of(request.args).settled:
            return Empty(_("Nothing here"), _("What you decide about a suggestion is kept here."))
        return Empty(_("Nothing here"), _("What people type and no topic answers to is kept here for you."))


table = SuggestionsTable()
table.add_routes(blueprint, see=May.RUN_PROGRAMMES, edit=May.RUN_PROGRAMMES, without=["save", "history"])


@blueprint.context_processor
def _nearest_topics() -> dict[str, Any]:
    return {"nearest": _nearest}


@blueprint.post("/<id:suggestion_id>/add")
@requires(May.RUN_PROGRAMMES)
def add(suggestion_id: int) -> Response:
    """Make a topic of it."""
    form = _new_form(table.get(suggestion_id))
    if not form.sent():
        return _forms_answer(table.get(suggestion_id), form, status=422)
    try:
        with transaction():
            suggestion = table.get(suggestion_id)
            entry = suggesting.add_as_topic(suggestion, **form.values(), by=current_user.id, at=now())
    except Invalid as error:
        form.take(error)
        return _forms_answer(table.get(suggestion_id), form, status=422)
    message = _("“%(topic)s” is added.", topic=form.label.data)
    return table.changed(table.get(suggestion_id), entry, message)


@blueprint.post("/<id:suggestion_id>/means")
@requires(May.RUN_PROGRAMMES)
def means(suggestion_id: int) -> Response:
    """Make it another name of a topic: of the one that was chosen, or that was typed if there is no doubt."""
    which = _which_form(table.get(suggestion_id))
    typed = (which.text.data or "") if which.sent() else ""
    topic_id = request.form.get("topic_id", "") or topic_index.recognised(typed) or ""
    try:
        with transaction():
            topic = db.session.get(Topic, topic_id)
            if topic is None:
                raise Invalid(_("Choose the topic it means, or type its name."), field="text")
            label = topic.label
            entry = suggesting.means(table.get(suggestion_id), topic, by=current_user.id, at=now())
    except Invalid as error:
        which.take(Invalid(error.message, field="text"))
        return _forms_answer(table.get(suggestion_id), which=which, status=422)
    row = table.get(suggestion_id)
    return table.changed(row, entry, _("“%(typed)s” now means “%(topic)s”.", typed=row.typed, topic=_(label)))


@blueprint.post("/<id:suggestion_id>/pass")
@requires(May.RUN_PROGRAMMES)
def pass_over(suggestion_id: int) -> Response:
    """Do nothing with it."""
    try:
        with transaction():
            entry = suggesting.pass_over(table.get(suggestion_id), by=current_user.id, at=now())
    except Invalid as error:
        return _refused(suggestion_id, error)
    return table.changed(table.get(suggestion_id), entry, _("Passed over."))


@blueprint.post("/<id:suggestion_id>/again")
@requires(May.RUN_PROGRAMMES)
def look_again(suggestion_id: int) -> Response:
    """Have one that was passed over wait again."""
    try:
        with transaction():
            suggesting.look_again(table.get(suggestion_id), by=current_user.id)
    except Invalid as error:
        return _refused(suggestion_id, error)
    toast(_("It waits for a decision again."))
    return table.row_answer(table.get(suggestion_id))


def _refused(suggestion_id: int, error: Invalid) -> Response:
    toast(error.message, tone="warn")
    return table.row_answer(table.get(suggestion_id))


def _nearest(typed: str) -> list[CatalogueTopic]:
    """The topics that a text may mean, the likeliest first."""
    return [near.topic for near in topic_index.suggestions(typed, NEAREST)]


def _new_form(suggestion: TopicSuggestion, **more: Any) -> NewTopicForm:
    prefix = f"suggestion-{suggestion.id}-new-"
    form = NewTopicForm(prefix=prefix, data={"label": suggestion.typed}, **more)
    form.label.description = form.aliases.description = ""
    return form


def _which_form(suggestion: TopicSuggestion, **more: Any) -> WhichForm:
    return WhichForm(prefix=f"suggestion-{suggestion.id}-", **more)


def _forms_answer(
    row: TopicSuggestion,
    new: NewTopicForm | None = None,
    *,
    which: WhichForm | None = None,
    status: int = 200,
) -> Response:
    """The row as two forms; the one that was not sent is as new."""
    new = new or _new_form(row, formdata=None)
    which = which or _which_form(row, formdata=None)
    return table.form_answer(row, status=status, new=new, which=which)
