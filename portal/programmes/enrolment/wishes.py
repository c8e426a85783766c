"""Subjects that somebody teaches or learns: which, in which order and at which level."""

from flask_babel import gettext as _

from portal.db import db
from portal.errors import Invalid
from portal.programmes import models
from portal.programmes.enrolment.actions import check_open
from portal.programmes.models import MOST_WISHES, Enrolment, Wish

SIDES = {"teach": "teaches", "learn": "learns"}


def of_side(enrolment: Enrolment, side: str) -> list[Wish]:
    """The wishes of one side, in their order."""
    return sorted(
        (each for each in enrolment.wishes if each.side == side), key=lambda each: (each.rank, each.id or 0)
    )


def add(enrolment: Enrolment, *, side: str, topic_id: str, level: int = 2) -> bool:
    """Add a topic at the end; whether it is new. Raises Invalid beyond MOST_WISHES and for a topic that is
    not offered.
    """
    check_open(enrolment)
    wishes = of_side(enrolment, side)
    if any(each.topic_id == topic_id for each in wishes):
        return False
    if len(wishes) >= MOST_WISHES:
        raise Invalid(_("Eight subjects are the most. Remove one to add another."), field="text")
    topic = db.session.get(models.Topic, topic_id)
    if topic is None or topic.retired_at is not None:
        raise Invalid(_("That subject is not on our list. Choose another."), field="text")
    rank = max((each.rank for each in wishes), default=0) + 1
    enrolment.wishes.append(Wish(side=side, topic_id=topic_id, level=_level(level), rank=rank))
    return True


def remove(enrolment: Enrolment, *, side: str, topic_id: str) -> Wish | None:
    """Take a topic away; the wish it was, or None."""
    check_open(enrolment)
    wish = _find(enrolment, side, topic_id)
    if wish is not None:
        enrolment.wishes.remove(wish)
    return wish


def move(enrolment: Enrolment, *, side: str, topic_id: str, up: bool) -> bool:
    """Move a topic one place up or down; whether it moved."""
    check_open(enrolment)
    wishes = of_side(enrolment, side)
    at = next((place for place, each in enumerate(wishes) if each.topic_id == topic_id), None)
    then = None if at is None else at + (-1 if up else 1)
    if at is None or then is None or not 0 <= then < len(wishes):
        return False
    wishes[at], wishes[then] = wishes[then], wishes[at]
    for rank, each in enumerate(wishes, start=1):
        each.rank = rank
    return True


def set_level(enrolment: Enrolment, *, side: str, topic_id: str, level: int) -> bool:
    """Say how well one knows a topic, or how much one wants it; whether the topic is there."""
    check_open(enrolment)
    wish = _find(enrolment, side, topic_id)
    if wish is not None:
        wish.level = _level(level)
    return wish is not None


def _find(enrolment: Enrolment, side: str, topic_id: str) -> Wish | None:
    return next((each for each in of_side(enrolment, side) if each.topic_id == topic_id), None)


def _level(level: int) -> int:
    if level not in (1, 2, 3):
        raise Invalid(_("Choose one of the three levels."))
    return level
