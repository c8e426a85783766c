"""What items on a server say, and which of it the portal put there."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from portal.calendars.server import Item
from portal.core.calendar import comparing_lines as lines
from portal.core.calendar import documents
from portal.core.calendar import owner_edits as touches
from portal.core.calendar.sync_plan import Found, Known, Plan, Step
from portal.errors import Invalid


def found(item: Item) -> Found:
    """What an item says; `view` is None where it cannot be read with certainty."""
    view = None
    with suppress(Invalid):
        view = documents.view_of_text(item.text)
    return Found(item.etag, view, touches.revision_of(item.text))


def as_written(item: Item, before: Known, ours: bytes) -> Found:
    """What an item says that we wrote: what we meant it to, if it has our very lines; else it is read with
    care.
    """
    if before.intended is not None and lines.same(item.text, ours):
        return Found(item.etag, before.intended, touches.revision_of(item.text))
    return found(item)


def with_texts(plan: Plan, ours: Mapping[str, bytes], items: Mapping[str, Item]) -> Plan:
    """With what the portal is known to have put there."""

    def known(step: Step) -> Step:
        uid, item = step.after.uid, items.get(step.after.href)
        if uid not in ours or step.after.base is None or (item is None and step.after.texts):
            return step
        put = touches.put_there(ours[uid], item.text if item else None, step.after.texts)
        return replace(step, after=replace(step.after, texts=put))

    return replace(plan, steps={uid: known(step) for uid, step in plan.steps.items()})
