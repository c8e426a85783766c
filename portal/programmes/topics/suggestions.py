"""Subjects that people type and that no topic answers to: kept for staff, who add each, say what it means, or
pass over it.

What is shown to staff is the text and how many people typed it, never who. A person counts once for a text,
however often they press the button: the audit knows who did. Whoever typed it first is forgotten once staff
settled it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import audit
from portal.core.matching.topics.index import normalise
from portal.db import db
from portal.errors import Invalid, NotFound
from portal.programmes.models import Topic, TopicSuggestion
from portal.programmes.topics import actions as topics

KIND = "topic suggestion"
SUGGESTED = "topic suggestion.made"
AS_TOPIC, MEANT, PASSED = "topic suggestion.added", "topic suggestion.merged", "topic suggestion.passed over"
LONGEST, MOST_WAITING = 80, 20


def suggest(typed: str, *, by: int, at: datetime) -> TopicSuggestion:
    """Keep what `by` typed, or count it once more; raises Invalid for text without letters, or too much of
    it.
    """
    typed = " ".join(typed.split())[:LONGEST].strip()
    plain = normalise(typed)[:LONGEST].strip()
    if not plain:
        raise Invalid(_("Type a subject first."), field="text")
    topics.hold_names()
    found = db.session.scalar(select(TopicSuggestion).where(TopicSuggestion.plain == plain))
    if found is None:
        _check_not_too_many(by)
        found = TopicSuggestion(plain=plain, typed=typed, times=1, by_id=by, created_at=at)
        db.session.add(found)
        db.session.flush()
    elif _suggested_by(found, by):
        return found
    else:
        found.times += 1
        if found.settled_at is not None and found.topic_id is not None:
            found.settled_at = found.topic_id = None  # it meant a topic once, and does no more
    audit.write(action=SUGGESTED, on=KIND, id=found.id, by=by)
    return found


def add_as_topic(
    suggestion: TopicSuggestion, *, label: str, area: str, aliases: Sequence[str], by: int, at: datetime
) -> audit.AuditEntry:
    """Make a topic of it, with what was typed among its names; raises Invalid as `topics.add` does."""
    _check_waiting(suggestion)
    names = [*aliases, suggestion.typed]
    topic, _entry = topics.add(label=label, area=area, aliases=names, by=by, at=at)
    return _settle(suggestion, AS_TOPIC, {"topic": topic.id}, by=by, at=at)


def means(suggestion: TopicSuggestion, topic: Topic, *, by: int, at: datetime) -> audit.AuditEntry:
    """Make it another name of `topic`; raises Invalid when the topic is retired or the name is another's."""
    _check_waiting(suggestion)
    topics.check_offered(topic)
    aliases = [*topic.aliases, suggestion.typed]
    entry = topics.edit(topic, seen=topic.version, by=by, at=at, aliases=aliases)
    return _settle(suggestion, MEANT, {"topic": topic.id, "named": entry is not None}, by=by, at=at)


def pass_over(suggestion: TopicSuggestion, *, by: int, at: datetime) -> audit.AuditEntry:
    """Do nothing with it."""
    _check_waiting(suggestion)
    return _settle(suggestion, PASSED, {}, by=by, at=at)


def look_again(suggestion: TopicSuggestion, *, by: int) -> bool:
    """Have one that was passed over wait again; whether it did not already."""
    if suggestion.settled_at is None:
        return False
    if suggestion.topic_id is not None:
        raise Invalid(_("It is a name of a topic. Take it away there instead."))
    _reopen(suggestion, by=by)
    return True


def undo(position: int, *, by: int, at: datetime) -> int:
    """Take what staff decided with that audit position back; the suggestion's id. Raises Invalid when that
    cannot be.
    """
    entry = audit.at(position)
    if (
        entry is None
        or entry.object_kind != KIND
        or entry.action not in (AS_TOPIC, MEANT, PASSED)
        or entry.after is None
    ):
        raise NotFound
    suggestion = db.session.get(TopicSuggestion, int(entry.object_id))
    if suggestion is None:
        raise NotFound
    decided = entry.after
    if suggestion.settled_at is None or suggestion.topic_id != decided.get("topic"):
        raise Invalid(_("This is undone already."))
    topic = db.session.get(Topic, decided["topic"]) if "topic" in decided else None
    topics.hold_names()
    if topic is not None and entry.action == AS_TOPIC:
        suggestion.topic_id = None
        db.session.flush()
        topics.take_away(topic, by=by)
    elif topic is not None and decided.get("named"):
        aliases = [each for each in topic.aliases if normalise(each) != suggestion.plain]
        topics.edit(topic, seen=topic.version, by=by, at=at, aliases=aliases)
    _reopen(suggestion, by=by)
    return suggestion.id


def _settle(
    suggestion: TopicSuggestion, action: str, decided: dict[str, Any], *, by: int, at: datetime
) -> audit.AuditEntry:
    suggestion.settled_at, suggestion.topic_id, suggestion.by_id = at, decided.get("topic"), None
    return audit.write(action=action, on=KIND, id=suggestion.id, by=by, after=decided)


def _reopen(suggestion: TopicSuggestion, *, by: int) -> None:
    suggestion.settled_at = suggestion.topic_id = None
    audit.write(action="topic suggestion.opened again", on=KIND, id=suggestion.id, by=by)


def _check_waiting(suggestion: TopicSuggestion) -> None:
    if suggestion.settled_at is not None:
        raise Invalid(_("Somebody has decided about this already."))


def _check_not_too_many(person_id: int) -> None:
    mine = TopicSuggestion.by_id == person_id, TopicSuggestion.settled_at.is_(None)
    if (
        db.session.scalar(select(func.count()).select_from(TopicSuggestion).where(*mine)) or 0
    ) >= MOST_WAITING:
        many = _("Twenty suggestions of yours are waiting already. Choose the nearest subject for now.")
        raise Invalid(many, field="text")


def _suggested_by(suggestion: TopicSuggestion, person_id: int) -> bool:
    entry = audit.AuditEntry
    about = entry.object_kind == KIND, entry.object_id == str(suggestion.id), entry.actor_id == person_id
    return (
        db.session.scalar(select(entry.position).where(*about, entry.action == SUGGESTED).limit(1))
        is not None
    )
