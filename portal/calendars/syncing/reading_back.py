"""Read back: what the server made of what was written; only what is seen to have arrived counts as done."""

from dataclasses import replace

from portal.calendars.syncing import items
from portal.calendars.syncing.context import SyncContext
from portal.calendars.syncing.planning import RoundPlan
from portal.calendars.syncing.writing import Written
from portal.core.calendar import owner_edits, sync_plan
from portal.core.calendar.sync_plan import Step


def read_back(context: SyncContext, plan: RoundPlan, written: Written) -> dict[str, Step]:
    """The steps, by UID, of the writes that arrived and of the deletions after which nothing is there."""
    hrefs = {uid: plan.steps[uid].after.href for uid in (*written.puts, *written.deleted)}
    present = context.server.read(hrefs.values())
    arrived: dict[str, Step] = {}
    for uid, put in written.puts.items():
        item, before, ours = present.get(hrefs[uid]), plan.steps[uid].after, plan.wanted.texts[uid]
        if item is None:
            continue
        remote = items.as_written(item, before, ours)
        known = sync_plan.written(before, remote, etag=put.etag, hash=plan.wanted.entries[uid].hash)
        if known:
            texts = owner_edits.read_back(item.text, ours, put.owner_properties)
            arrived[uid] = Step(replace(known, texts=texts))
    for uid in written.deleted:
        if hrefs[uid] not in present:
            arrived[uid] = Step(sync_plan.gone(plan.steps[uid].after))
    return arrived
