"""What staff do with topics: add, change, retire and bring back, merge one into another; and taking a change
back.

A name means one topic at most, among all that can be chosen, or what people type would lead nowhere. A topic
that ships and that staff changed is theirs from then on: no new release overwrites it (`edited_at`), unless
they make it as it was.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, select, text, update
from sqlalchemy.orm import aliased

from portal import audit
from portal.core.matching.topics.index import AREAS, CATALOGUE, normalise
from portal.db import db
from portal.errors import Invalid, NotFound, Stale
from portal.programmes.models import Topic, TopicSuggestion, Wish

KIND = "topic"
ADDED, EDITED, MERGED, TOOK_IN = "topic.added", "topic.edited", "topic.merged", "topic.took in another"
FIELDS = ("label", "area", "aliases", "retired")
LONGEST_NAME, MOST_NAMES, LONGEST_ID = 80, 40, 60
RESERVED = ("new", "undo", "suggestions")
"""Words that stand where an id stands in the addresses of staff's pages."""
NAMES_LOCK = (
    0x746F70696373  # "topics": PostgreSQL's advisory lock, so that two names given at once see each other
)
SHIPPED = {each.id: each for each in CATALOGUE}


def add(
    *, label: str, area: str, aliases: Sequence[str], by: int, at: datetime
) -> tuple[Topic, audit.AuditEntry]:
    """A new topic, and the audit's entry; raises Invalid for a name that another one has and for an area
    there is not.
    """
    hold_names()
    aliases = _cleaned(label, aliases)
    _check_area(area)
    _check_names("", label, aliases)
    topic = Topic(id=_new_id(label), area=area, label=label, aliases=aliases, shipped=False, edited_at=at)
    db.session.add(topic)
    db.session.flush()
    after = {"label": label, "area": area, "aliases": aliases}
    return topic, audit.write(action=ADDED, on=KIND, id=topic.id, by=by, after=after)


def edit(topic: Topic, *, seen: int, by: int, at: datetime, **values: Any) -> audit.AuditEntry | None:
    """Change label, area or aliases, as seen in version `seen`; the audit's entry, or None when nothing
    differs.

    Raises Stale with both values when somebody was faster, and Invalid as `add` does.
    """
    hold_names()
    if "aliases" in values:
        values["aliases"] = _cleaned(values.get("label", topic.label), values["aliases"])
    changed = {name: value for name, value in values.items() if value_of(topic, name) != value}
    if not changed:
        return None
    before = {name: value_of(topic, name) for name in changed}
    if seen != topic.version:
        raise Stale(_("Somebody changed this while you were editing."), theirs=before, yours=changed)
    return _change(topic, before, changed, by=by, at=at)


def retire(topic: Topic, *, by: int, at: datetime) -> audit.AuditEntry | None:
    """Offer a topic no more; those who chose it keep it. None when it is retired already."""
    if topic.retired_at is not None:
        return None
    return _change(topic, {"retired": False}, {"retired": True}, by=by, at=at)


def bring_back(topic: Topic, *, by: int, at: datetime) -> audit.AuditEntry | None:
    """Offer a retired topic again; raises Invalid when one of its names belongs to another by now."""
    if topic.retired_at is None:
        return None
    hold_names()
    return _change(topic, {"retired": True}, {"retired": False}, by=by, at=at)


def merge(topic: Topic, *, into: Topic, seen: int, seen_into: int, by: int, at: datetime) -> int:
    """Make `topic` another name of `into`: wishes move over, its names too, and it is retired; how many
    wishes moved.

    Who chose both keeps the higher level and the better place. Raises Stale when either is not as it was
    seen.
    """
    hold_names()
    if topic.id == into.id:
        raise Invalid(_("A topic cannot be merged into itself. Choose another."), field="text")
    if (topic.version, into.version) != (seen, seen_into):
        raise Stale(_("One of the two was changed in the meantime. Look at both again."))
    check_offered(into)
    moved = _move_wishes(topic.id, into.id)
    taken = {plain for owner, plain, _said in _names_in_use() if owner not in (topic.id, into.id)}
    names = [each for each in (*into.aliases, topic.label, *topic.aliases) if normalise(each) not in taken]
    before = list(into.aliases)
    into.aliases, topic.retired_at = _cleaned(into.label, names, most=None), topic.retired_at or at
    topic.edited_at = into.edited_at = at
    db.session.execute(
        update(TopicSuggestion)
        .where(TopicSuggestion.topic_id == topic.id)
        .values(topic_id=into.id)
        .execution_options(synchronize_session=False)
    )
    audit.write(action=MERGED, on=KIND, id=topic.id, by=by, after={"into": into.id, "wishes": moved})
    audit.write(
        action=TOOK_IN,
        on=KIND,
        id=into.id,
        by=by,
        before={"aliases": before},
        after={"aliases": into.aliases},
    )
    return moved


def undo(position: int, *, by: int, at: datetime) -> str:
    """Take the change with that audit position back; the topic's id. Raises Invalid when it cannot be (any
    more).
    """
    entry = audit.at(position)
    if entry is None or entry.object_kind != KIND or entry.action not in (ADDED, EDITED) or not entry.after:
        raise NotFound
    topic = db.session.get(Topic, entry.object_id)
    if topic is None:
        raise Invalid(_("This is undone already."))
    hold_names()
    if entry.action == ADDED:
        take_away(topic, by=by)
        return topic.id
    before, after = dict(entry.before or {}), dict(entry.after)
    present = {name: value_of(topic, name) for name in before}
    if present == before:
        raise Invalid(_("This is undone already."))
    if present != after:
        raise Invalid(
            _("This was changed again since, so it cannot be undone by itself. Edit the row instead.")
        )
    _change(topic, present, before, by=by, at=at)
    return topic.id


def take_away(topic: Topic, *, by: int) -> None:
    """Undo that a topic was added; raises Invalid once somebody chose it."""
    if db.session.scalar(select(Wish.id).where(Wish.topic_id == topic.id).limit(1)) is not None:
        raise Invalid(
            _("Somebody has chosen “%(topic)s” by now, so it stays. You can retire it.", topic=topic.label)
        )
    before = {"label": topic.label, "area": topic.area, "aliases": list(topic.aliases)}
    db.session.delete(topic)
    audit.write(action="topic.taken away", on=KIND, id=topic.id, by=by, before=before)


def value_of(topic: Topic, name: str) -> Any:
    """A field's present value, as the audit keeps it."""
    if name == "retired":
        return topic.retired_at is not None
    value = getattr(topic, name)
    return list(value) if name == "aliases" else value


def check_offered(topic: Topic) -> None:
    """Raise Invalid when a topic is retired, so that nothing more can be put into it."""
    if topic.retired_at is not None:
        retired = _("“%(topic)s” is retired. Bring it back first, or choose another.", topic=_(topic.label))
        raise Invalid(retired, field="text")


def hold_names() -> None:
    """Have whoever gives names at the same time wait until this transaction ends; SQLite has one writer
    anyway.
    """
    session = db.session()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": NAMES_LOCK})


def _change(
    topic: Topic, before: dict[str, Any], after: dict[str, Any], *, by: int, at: datetime
) -> audit.AuditEntry:
    if "area" in after and after["area"] != topic.area:
        _check_area(after["area"])
    if "retired" in after:
        topic.retired_at = at if after["retired"] else None
    for name in set(after) - {"retired"}:
        setattr(topic, name, after[name])
    if topic.retired_at is None:
        _check_names(topic.id, topic.label, topic.aliases)
    topic.edited_at = None if _as_shipped(topic) else at
    return audit.write(action=EDITED, on=KIND, id=topic.id, by=by, before=before, after=after)


def _as_shipped(topic: Topic) -> bool:
    shipped = SHIPPED.get(topic.id) if topic.shipped and topic.retired_at is None else None
    facts = (topic.label, topic.area, tuple(topic.aliases))
    return shipped is not None and facts == (shipped.label, shipped.area, shipped.aliases)


def _check_area(area: str) -> None:
    if area not in AREAS:
        raise Invalid(_("Choose one of the areas."), field="area")


def _check_names(topic_id: str, label: str, aliases: Sequence[str]) -> None:
    """Raise Invalid, saying whose it is, when one of the names belongs to another topic
    that can be chosen.
    """
    owners = {plain: said for owner, plain, said in _names_in_use() if owner != topic_id}
    for name in (label, *aliases):
        owner = owners.get(normalise(name))
        if owner is not None:
            message = _(
                "“%(name)s” is a name of “%(topic)s” already. Take it away there first.",
                name=name,
                topic=owner,
            )
            raise Invalid(message, field="label" if name == label else "aliases")


def _names_in_use() -> Iterable[tuple[str, str, str]]:
    """Every name of every topic that can be chosen: whose it is (id), as compared, and the owner's label."""
    with db.session.no_autoflush:
        rows = db.session.scalars(select(Topic).where(Topic.retired_at.is_(None))).all()
    for topic in rows:
        said = _(topic.label)
        for name in (topic.id, topic.label, said, *topic.aliases):
            yield topic.id, normalise(name), said


def _cleaned(label: str, aliases: Iterable[str], most: int | None = MOST_NAMES) -> list[str]:
    """The aliases without doubles and without the label; raises Invalid for what is no name."""
    if not normalise(label):
        raise Invalid(_("Use letters or digits in the name."), field="label")
    found: dict[str, str] = {}
    for alias in aliases:
        plain = normalise(alias)
        if not plain or len(alias) > LONGEST_NAME:
            message = _(
                "“%(name)s” cannot be a name: use letters or digits, 80 at most.", name=alias[:LONGEST_NAME]
            )
            raise Invalid(message, field="aliases")
        if plain != normalise(label):
            found.setdefault(plain, alias)
    if most is not None and len(found) > most:
        raise Invalid(_("Forty names are the most. Keep those that people really type."), field="aliases")
    return list(found.values())


def _new_id(label: str) -> str:
    """A lasting slug made from a label, unlike all others."""
    plain = "-".join("".join(each for each in word if each.isascii()) for word in normalise(label).split())
    slug = "-".join(filter(None, plain.split("-")))[: LONGEST_ID - 4].rstrip("-") or "topic"
    taken = {*RESERVED, *SHIPPED, *db.session.scalars(select(Topic.id).where(Topic.id.startswith(slug)))}
    numbered = (f"{slug}-{number}" for number in range(2, len(taken) + 3))
    return slug if slug not in taken else next(each for each in numbered if each not in taken)


def _move_wishes(old_id: str, new_id: str) -> int:
    """Have everybody who chose the one choose the other, once; how many wishes moved or fell together."""
    old, new = aliased(Wish), aliased(Wish)
    both = and_(old.enrolment_id == new.enrolment_id, old.side == new.side, new.topic_id == new_id)
    doubled = db.session.execute(select(old, new).join(new, both).where(old.topic_id == old_id)).all()
    for gone, kept in doubled:
        kept.level, kept.rank = max(kept.level, gone.level), min(kept.rank, gone.rank)
        db.session.delete(gone)
    db.session.flush()
    moved: Any = db.session.execute(
        update(Wish)
        .where(Wish.topic_id == old_id)
        .values(topic_id=new_id)
        .execution_options(synchronize_session=False)
    )
    return len(doubled) + int(moved.rowcount)
