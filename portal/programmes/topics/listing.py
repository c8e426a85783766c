"""Staff's lists of topics and who chose them, and of what people typed that no topic answers to."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.core.matching.topics.index import AREAS, normalise
from portal.db import db
from portal.programmes.models import Enrolment, Topic, TopicSuggestion, Wish
from portal.web.list_queries import ListQuery, Rows

PER_PAGE, SUGGESTIONS_PER_PAGE = 20, 12
STATES = ("ours", "changed", "retired")


@dataclass(frozen=True)
class TopicQuery(ListQuery):
    """What the list of topics was asked for; it is always by name."""

    choices = {"area": tuple(AREAS), "state": STATES}
    q: str = ""
    area: str = ""
    state: str = ""
    page: int = 1


@dataclass(frozen=True)
class SuggestionQuery(ListQuery):
    """Which suggestions: those that wait, or those that were decided."""

    choices = {"show": ("settled",)}
    show: str = ""
    page: int = 1

    @property
    def settled(self) -> bool:
        """Whether those are asked for that staff decided."""
        return self.show == "settled"


@dataclass(frozen=True)
class Listed:
    """A topic and how many people chose it."""

    topic: Topic
    people: int


def find(asked: TopicQuery, *, per_page: int = PER_PAGE) -> Rows[Listed]:
    """A page of topics by their label in the reader's language; two queries, however many there are."""
    topics = [topic for topic in db.session.scalars(select(Topic)) if _fits(topic, asked)]
    topics.sort(key=lambda topic: (normalise(_(topic.label)), topic.id))
    page = Rows.cut(topics, page=asked.page, per_page=per_page)
    counts = people_of({topic.id for topic in page.items})
    rows = [Listed(topic, counts.get(topic.id, 0)) for topic in page.items]
    return Rows(rows, page.page, page.pages, page.total, per_page)


def one(topic_id: str) -> Listed | None:
    """One topic as it is now."""
    topic = db.session.get(Topic, topic_id, populate_existing=True)
    return Listed(topic, people_of({topic_id}).get(topic_id, 0)) if topic else None


def people_of(topic_ids: set[str]) -> dict[str, int]:
    """How many people chose each of these topics, in any programme."""
    rows = db.session.execute(
        select(Wish.topic_id, func.count(func.distinct(Enrolment.person_id)))
        .join(Enrolment, Enrolment.id == Wish.enrolment_id)
        .where(Wish.topic_id.in_(topic_ids))
        .group_by(Wish.topic_id)
    )
    return {row[0]: row[1] for row in rows}


def people_of_both(one_id: str, other_id: str) -> int:
    """How many enrolments have both topics on one side, so that a merger makes one wish of two."""
    sides = select(Wish.enrolment_id, Wish.side).where(Wish.topic_id.in_([one_id, other_id]))
    both = sides.group_by(Wish.enrolment_id, Wish.side).having(func.count() > 1).subquery()
    return db.session.scalar(select(func.count()).select_from(both)) or 0


def suggestion(suggestion_id: int) -> TopicSuggestion | None:
    """One suggestion as it is now."""
    return db.session.get(TopicSuggestion, suggestion_id, populate_existing=True)


def suggestions(asked: SuggestionQuery) -> Rows[TopicSuggestion]:
    """A page of what waits, the most frequent first; or of what staff decided, the latest first."""
    is_settled = TopicSuggestion.settled_at.is_not(None)
    where = is_settled if asked.settled else ~is_settled
    order = TopicSuggestion.settled_at.desc() if asked.settled else TopicSuggestion.times.desc()
    total = _count(where)
    pages = max(1, -(-total // SUGGESTIONS_PER_PAGE))
    page = min(asked.page, pages)
    rows = db.session.scalars(
        select(TopicSuggestion)
        .where(where)
        .order_by(order, TopicSuggestion.id)
        .limit(SUGGESTIONS_PER_PAGE)
        .offset((page - 1) * SUGGESTIONS_PER_PAGE)
    )
    return Rows(list(rows), page, pages, total, SUGGESTIONS_PER_PAGE)


def suggestions_waiting() -> int:
    """How many suggestions nobody has looked at."""
    return _count(TopicSuggestion.settled_at.is_(None))


def labels_of(topic_ids: set[str]) -> dict[str, str]:
    """Labels by id, in the reader's language, in one query."""
    rows = db.session.execute(select(Topic.id, Topic.label).where(Topic.id.in_(topic_ids)))
    return {topic_id: _(label) for topic_id, label in rows}


def _count(where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(TopicSuggestion).where(where)) or 0


def _fits(topic: Topic, asked: TopicQuery) -> bool:
    if asked.area and topic.area != asked.area:
        return False
    states = {
        "": topic.retired_at is None,
        "ours": topic.retired_at is None and not topic.shipped,
        "changed": topic.retired_at is None and topic.shipped and topic.edited_at is not None,
        "retired": topic.retired_at is not None,
    }
    names = (topic.id, topic.label, _(topic.label), *topic.aliases)
    sought = normalise(asked.q)
    return states[asked.state] and (
        not asked.q or (bool(sought) and any(sought in normalise(name) for name in names))
    )
