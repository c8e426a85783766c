"""What items on a server say, and which of it the portal put there."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from portal.calendars.server import Item
from portal.core.calendar import comparing_lines, documents, owner_edits
from portal.core.calendar.sync_plan import Known, RemoteItem, Step
from portal.errors import Invalid


def remote_item(item: Item) -> RemoteItem:
    """What an item says; its `view` is None where it cannot be read with certainty."""
    view = None
    with suppress(Invalid):
        view = documents.view_of_text(item.text)
    return RemoteItem(item.etag, view, owner_edits.revision_of(item.text))


def as_written(item: Item, before: Known, ours: bytes) -> RemoteItem:
    """What an item says that we wrote: with our very lines in it, what we intended; else it is expanded."""
    if before.intended is not None and comparing_lines.same(item.text, ours):
        return RemoteItem(item.etag, before.intended, owner_edits.revision_of(item.text))
    return remote_item(item)


def with_texts(
    steps: Mapping[str, Step], ours: Mapping[str, bytes], items: Mapping[str, Item]
) -> dict[str, Step]:
    """The steps with what the portal is known to have put into each entry."""

    def completed(step: Step) -> Step:
        uid, item = step.after.uid, items.get(step.after.href)
        if uid not in ours or step.after.base is None or (item is None and step.after.texts):
            return step
        texts = owner_edits.put_there(ours[uid], item.text if item else None, step.after.texts)
        return replace(step, after=replace(step.after, texts=texts))

    return {uid: completed(step) for uid, step in steps.items()}
