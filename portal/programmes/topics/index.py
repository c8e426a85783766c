"""The topics in the table, ready for what people type: by spelling, and by meaning where the portal is set
to.

Each process keeps an index for each language and makes it anew as soon as the table is another: a stamp of it
is asked for each time, which is one small question, so that a topic that staff just added is found by the
next key somebody presses.
"""

from typing import Any

from flask import current_app
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.core.matching.topics import index as core
from portal.core.matching.topics.index import CATALOGUE, Index, Suggestion
from portal.db import db
from portal.programmes.models import Topic
from portal.programmes.topics import semantic as nearness
from portal.programmes.topics.semantic import Meanings

OFFERED = 6
KEPT = "topic indexes"
SHIPPED_LABELS = {each.label for each in CATALOGUE}


def index() -> Index:
    """The topics that can be chosen, with their labels in the reader's language as further names.

    Not for use inside a transaction that changes topics: what is not committed yet would be kept.
    """
    return _kept()[1]


def suggestions(text: str, most: int = OFFERED) -> tuple[Suggestion, ...]:
    """The topics that `text` may mean, best first."""
    _stamp, spelling, meaning = _kept()
    spelled = core.suggest(text, spelling, most)
    if meaning is None or any(each.sure for each in spelled):
        return spelled
    return nearness.joined(spelled, meaning.near(text), most)


def recognised(text: str) -> str | None:
    """The id of the one topic that `text` surely means."""
    topic = core.recognise(text, index())
    return topic.id if topic else None


def _kept() -> tuple[tuple[Any, ...], Index, Meanings | None]:
    """The stamp, the index and the meanings for the reader's language, made anew when the
    table is another.
    """
    kept: dict[str, tuple[tuple[Any, ...], Index, Meanings | None]] = current_app.extensions.setdefault(
        KEPT, {}
    )
    locale, stamp = str(get_locale() or "en"), _stamp()
    found = kept.get(locale)
    if found is None or found[0] != stamp:
        rows = db.session.scalars(select(Topic).where(Topic.retired_at.is_(None)))
        topics = [_with_names(each) for each in rows]
        found = kept[locale] = (stamp, Index(topics), nearness.meanings(topics))
    return found


def _stamp() -> tuple[Any, ...]:
    """Another one whenever a topic was added, changed, retired or taken away."""
    return tuple(
        db.session.execute(select(func.count(), func.sum(Topic.version), func.max(Topic.edited_at))).one()
    )


def _with_names(topic: Topic) -> core.Topic:
    """A topic with its label in the reader's language, and with the labels of topics that were merged into
    it.
    """
    aliases = list(topic.aliases)
    translated = [_(each) for each in (topic.label, *aliases) if each in SHIPPED_LABELS]
    return core.Topic(topic.id, topic.area, topic.label, (*aliases, *translated))
